//! Text of strangers on its way to a browser.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phiomia_model::Addresses;
use phiomia_text::{Context, count, plain, references, render_field, render_note, render_status, sanitize, tag_key};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let safe = sanitize(text);
    for word in ["<script", "<iframe", "<style", "<svg", "<object"] {
        assert!(!safe.to_ascii_lowercase().contains(word), "{word} got through");
    }
    assert_eq!(sanitize(&safe), safe, "what is clean stays as it is");
    let _ = plain(text);
    let _ = count(text);
    let _ = tag_key(text);
    let domain = "phiomia.example".to_owned();
    let addresses = Addresses::new("https", domain.clone(), domain.clone());
    let _ = references(text, &[&domain, &domain]);
    let context = Context { mentions: &[], addresses: &addresses };
    for html in [render_status(text, &context), render_note(text, &context), render_field(text, &context)] {
        assert!(!html.to_ascii_lowercase().contains("<script"), "a text became a script");
    }
});
