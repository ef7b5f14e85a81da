//! Announced events on their way to the streams, those of commands beside the server included.

use std::time::Duration;

use phiomia_model::Event;
use phiomia_store::{Db, db::foreign_events, live::Live};
use tokio::{sync::mpsc, time::MissedTickBehavior};

use super::told;

/// How often events of commands are looked for.
const LOOK: Duration = Duration::from_millis(500);

/// Hands what committed transactions announced to everybody who listens, in order.
pub(super) async fn pump(mut events: mpsc::UnboundedReceiver<Event>, live: Live) {
    while let Some(event) = events.recv().await {
        live.publish(&event).await;
    }
}

/// Takes what commands beside the server announced and announces it here.
pub(super) async fn collect(db: Db) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let waiting = match db.read(|q| Ok(foreign_events::waiting(q)?)).await {
            Ok(waiting) if waiting.is_empty() => continue,
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::debug!("events of commands cannot be read just now: {}", told(&error));
                continue;
            }
        };
        if let Err(error) = db.write(move |tx| Ok(foreign_events::adopt(tx, &waiting)?)).await {
            tracing::debug!("events of commands cannot be taken just now: {}", told(&error));
        }
    }
}
