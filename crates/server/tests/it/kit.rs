//! What workers stand on in tests: everything a handler needs, over a test's database.

use std::sync::Arc;

use phiomia_api::{Api, Parts};
use phiomia_model::Addresses;
use phiomia_social::users::Passwords;
use phiomia_store::{Entropy, files::Files, live::Live, seal::Sealer};
use phiomia_testkit::TestDatabase;
use phiomia_workshop::Workshop;

pub async fn api(db: &TestDatabase) -> Api {
    let addresses = Addresses::new("https", "example.org", "example.org");
    let federation = phiomia_testkit::federation(&db.db, addresses.clone());
    let files = Files::disk(std::env::temp_dir().join("phiomia_workers_files")).await.unwrap();
    Api::new(Parts {
        gallery: phiomia_testkit::gallery(&federation, &files, 0),
        db: db.db.clone(),
        live: Live::memory(),
        files,
        federation,
        workshop: Workshop::inside(),
        addresses: Arc::new(addresses),
        entropy: Entropy::system(),
        passwords: Passwords::new(Entropy::system()),
        sealer: Sealer::new(&[7; 32]).unwrap(),
        sends_mail: false,
        source_url: None,
        single_user: None,
        doctor: None,
    })
}
