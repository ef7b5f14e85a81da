//! What tests stand on: databases on both engines, a clock that stands still.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up shall fail loudly"
)]

mod bucket;
mod database;
mod neighbours;
mod smtp;

use phiomia_federation::{
    Federation,
    media::{Gallery, GallerySettings},
};
use phiomia_store::{Entropy, seal::Sealer};

pub use bucket::{BUCKET, KEY, KEY_ID, S3Server, get};
pub use database::{Engine, Scratch, TestDatabase, beside, empty, empty_address, settings};
pub use neighbours::{has_failed, leave_for};
pub use smtp::{Received, SmtpSink};
pub use tokio;

/// Writes a test once and runs it on SQLite and on PostgreSQL, each with a fresh, empty database.
///
/// ```ignore
/// on_both_engines! {
///     async fn a_setting_is_kept(db: TestDatabase) { … }
/// }
/// ```
#[macro_export]
macro_rules! on_both_engines {
    ($(async fn $name:ident($house:ident: $kind:ty) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, clippy::wildcard_imports, clippy::allow_attributes, reason = "the tests of a file share its imports")]
            use super::*;
            async fn test($house: $kind) $body

            #[test]
            fn sqlite() {
                $crate::run($crate::Engine::Sqlite, async |engine| test(<$kind>::open(engine).await).await);
            }
            #[test]
            fn postgres() {
                $crate::run($crate::Engine::Postgres, async |engine| test(<$kind>::open(engine).await).await);
            }
        }
    )*};
}

/// Runs one test on a runtime of its own.
pub fn run(engine: Engine, test: impl AsyncFnOnce(Engine)) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test(engine));
}

/// Speaking with other servers, for tests in which nobody is spoken with.
#[must_use]
pub fn federation(db: &phiomia_store::Db, addresses: phiomia_model::Addresses) -> Federation {
    let sealer = Sealer::new(&[7; 32]).unwrap();
    let settings = phiomia_federation::Settings::default();
    Federation::new(db.clone(), std::sync::Arc::new(addresses), Entropy::system(), sealer, settings).unwrap()
}

/// What is kept of other servers' pictures, decoded within this process, however full the disk is.
#[must_use]
pub fn gallery(federation: &Federation, files: &phiomia_store::files::Files, budget: u64) -> Gallery {
    Gallery::new(
        federation.clone(),
        files.clone(),
        phiomia_workshop::Workshop::inside(),
        Entropy::system(),
        Sealer::new(&[7; 32]).unwrap(),
        GallerySettings { budget, left_to_others: 0 },
    )
}
