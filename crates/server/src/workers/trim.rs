//! The daily cutting of feeds that have grown too long.

use std::time::Duration;

use phiomia_model::Error;
use phiomia_social::timelines;
use phiomia_store::Db;

/// Rows of a transaction. Each lies on another page of an index, and SQLite remembers each page that a transaction changes:
/// all feeds at once were a gigabyte on a server of a million posts, and a second in which nobody else wrote.
const ROWS: i64 = 500;
/// Between two transactions, for those who wait to write.
const PAUSE: Duration = Duration::from_millis(5);

/// Cuts them all. What could not be cut now is looked for again tomorrow.
pub(super) async fn run(db: &Db) -> Result<(), Error> {
    for feed in db.read(timelines::overlong).await? {
        while db.write(move |tx| timelines::trim(tx, feed, ROWS)).await? {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}
