//! The daily look for posts of other servers that nobody here touched.

use std::{collections::HashSet, time::Duration};

use phiomia_model::{Error, Job, StatusId};
use phiomia_social::statuses::retention::{self, Bounds};
use phiomia_store::{Db, db::jobs};

/// Posts of a window: some milliseconds of work for the one who writes.
const WINDOW: i64 = 40;
/// Windows of a run; the next run goes on.
const WINDOWS_A_RUN: usize = 50;
/// Between two windows, for those who wait to write.
const PAUSE: Duration = Duration::from_millis(20);

/// Which posts are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Days.
    pub days: u64,
    /// Also those of people who are followed from here go.
    pub with_followed: bool,
}

/// Leaves the daily look for its lane, unless the last one goes on still.
pub(super) async fn begin(db: &Db) -> Result<(), Error> {
    let job = Job::PruneStatuses { below: None };
    if db.read(|q| Ok(jobs::is_waiting(q, Job::PruneStatuses { below: None }.kind())?)).await? {
        return Ok(());
    }
    db.write(move |tx| Ok(tx.enqueue(&job)?)).await
}

/// Some windows from the newest down.
pub(super) async fn run(db: &Db, retention: Retention, below: Option<StatusId>) -> Result<(), Error> {
    let bounds = Bounds::of_days(db.clock().now(), retention.days, retention.with_followed);
    let mut below = below.unwrap_or(bounds.top());
    for _ in 0..WINDOWS_A_RUN {
        // Most windows are looked through in vain: who writes is not asked for that.
        let going = db.read(move |q| retention::look(q, &bounds, below, WINDOW, &HashSet::new())).await?;
        let next = if going.posts.is_empty() {
            going.next
        } else {
            db.write(move |tx| retention::prune(tx, &bounds, below, WINDOW)).await?.1
        };
        let Some(next) = next else { return Ok(()) };
        below = next;
        tokio::time::sleep(PAUSE).await;
    }
    db.write(move |tx| Ok(tx.enqueue(&Job::PruneStatuses { below: Some(below) })?)).await
}
