//! What the allocator of static builds keeps: pages that were given back to it and are dirty.
//!
//! It gives them to the system as time passes, and looks at the time only where somebody allocates. Threads that wait do not:
//! a server that became idle would keep for ever what its last busy minute took. Its own thread for that does not run with musl.

use std::time::Duration;

use tikv_jemalloc_ctl::{Access, AsName as _, Result, arenas};
use tokio::time::MissedTickBehavior;

use crate::shutdown::Shutdown;

/// As long as it keeps them itself where it notices.
const EVERY: Duration = Duration::from_secs(10);

/// Sees to it that nothing is kept for longer. Ends with the server.
pub async fn give_back(shutdown: Shutdown) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stopping = shutdown.stopping();
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            _ = ticks.tick() => {}
        }
        if let Ok(Err(error)) = tokio::task::spawn_blocking(purge).await {
            tracing::debug!("what the allocator keeps stays with it: {error}");
        }
    }
}

fn purge() -> Result<()> {
    for arena in 0..arenas::narenas::read()? {
        let name = format!("arena.{arena}.dirty_decay_ms\0");
        let name = name.as_bytes().name();
        // One that nobody has used yet has no such value.
        let Ok(kept) = Access::<isize>::read(name) else { continue };
        // Keeping nothing gives back what there is at once.
        name.write(0_isize)?;
        name.write(kept)?;
    }
    Ok(())
}
