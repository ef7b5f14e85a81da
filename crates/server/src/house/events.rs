//! Events on their way: from committed transactions to the live shelf, and from commands that ran beside the server.

use std::time::Duration;

use phiomia_model::Event;
use phiomia_store::{Db, db::foreign_events, live::Live};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{MissedTickBehavior, interval},
};

/// How soon the server sees what a command did.
const LOOK: Duration = Duration::from_millis(500);

/// Publishes what committed transactions announce, in their order, until the database is closed.
pub async fn publish(mut announced: UnboundedReceiver<Event>, live: Live) {
    while let Some(event) = announced.recv().await {
        live.publish(&event).await;
    }
}

/// Looks for events of commands that ran beside this process and announces them here. Ends with its task.
pub async fn look_for_foreign(db: Db) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        ticks.tick().await;
        match take_foreign(&db).await {
            Ok(()) => is_failing = false,
            // Said once: while the database is away everybody else says it too.
            Err(error) if !is_failing => {
                tracing::warn!(%error, "looking for events of commands failed: {error}");
                is_failing = true;
            }
            Err(_) => {}
        }
    }
}

async fn take_foreign(db: &Db) -> Result<(), phiomia_model::Error> {
    loop {
        let waiting = db.read(|q| Ok(foreign_events::waiting(q)?)).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        db.write(move |tx| Ok(foreign_events::adopt(tx, &waiting)?)).await?;
    }
}
