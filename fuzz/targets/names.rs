//! Names of people and things: handles, what WebFinger is asked for and what it answers, addresses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phiomia_activitypub::{
    Uri, Web, nodeinfo,
    webfinger::{Jrd, Resource},
};
use phiomia_model::Handle;

fuzz_target!(|data: &[u8]| {
    let _ = Jrd::parse(data);
    let _ = nodeinfo::read_discovery(data, Web::Https);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(handle) = text.parse::<Handle>() {
        // What was understood is understood again when it is written down.
        assert_eq!(handle.to_string().parse::<Handle>().ok(), Some(handle));
    }
    for web in [Web::Https, Web::HttpToo] {
        let _ = Resource::parse(text, web);
        if let Ok(uri) = Uri::parse(text, web) {
            let again = Uri::parse(uri.normal(), web).expect("a normal form is an address");
            assert_eq!(again.normal(), uri.normal(), "the normal form of a normal form is itself");
        }
    }
});
