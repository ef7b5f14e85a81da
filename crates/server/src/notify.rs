//! Tells systemd how we are, when it is systemd that started us.

use sd_notify::NotifyState;

use crate::shutdown::Shutdown;

/// Says that we listen, keeps the watchdog quiet if one was asked for, and says when we stop.
/// Without systemd nothing happens.
pub async fn tell(shutdown: Shutdown) {
    say(&NotifyState::Ready);
    // Twice within the span systemd waits, so that one late tick kills nobody.
    match sd_notify::watchdog_enabled().map(|span| span / 2).filter(|span| !span.is_zero()) {
        None => shutdown.wait().await,
        Some(span) => {
            let mut ticks = tokio::time::interval(span);
            let mut stopping = shutdown.stopping();
            loop {
                tokio::select! {
                    () = stopping.wait() => break,
                    _ = ticks.tick() => say(&NotifyState::Watchdog),
                }
            }
        }
    }
    say(&NotifyState::Stopping);
}

fn say(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::warn!(%error, "systemd does not hear us: {error}");
    }
}
