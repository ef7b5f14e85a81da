//! What another server delivers: read as the inbox reads it, and as a job reads it afterwards.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phiomia_activitypub::{
    Activity, Actor, Collection, Document, Envelope, Note, Object, QuoteAuthorization, Web, nodeinfo::NodeInfo, proof::Proof,
};

fuzz_target!(|body: &[u8]| {
    for web in [Web::Https, Web::HttpToo] {
        let _ = Envelope::parse(body, web);
        let Ok(document) = Document::parse(body, web) else { continue };
        let _ = Activity::read(&document);
        let _ = Object::read(&document);
        let _ = Actor::read(&document);
        let _ = Note::read(&document);
        let _ = Collection::read(&document);
        let _ = QuoteAuthorization::read(&document);
        let _ = Proof::read(&document);
    }
    let _ = NodeInfo::parse(body);
});
