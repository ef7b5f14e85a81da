//! The head of a signed request: a line for each header, and the body after an empty line.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;
use phiomia_activitypub::{
    Web,
    signature::{Head, Signed},
    synchronization::CollectionSynchronization,
};
use phiomia_model::Time;
use url::Url;

fuzz_target!(|data: &[u8]| {
    let end = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    let (head, body) = data.split_at(end);
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n').take(40) {
        let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(at);
        let name = HeaderName::from_bytes(name);
        let value = HeaderValue::from_bytes(value.get(1..).unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let url = Url::parse("https://phiomia.example/inbox?page=1").expect("an address");
    // 2026-01-01.
    let now = Time(1_767_225_600_000_000);
    for (method, body) in [(Method::POST, Some(body.get(2..).unwrap_or_default())), (Method::GET, None)] {
        let head = Head { method: &method, url: &url, headers: &headers };
        if let Ok(signed) = Signed::examine(&head, body, now) {
            let _ = signed.key_uri(Web::Https);
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = CollectionSynchronization::parse(text, Web::Https);
    }
});
