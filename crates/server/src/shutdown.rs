//! How the process ends: one signal asks it to finish what it does, a second one ends it at once.

use std::{process, time::Duration};

use phiomia_api::peer::Stopping;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// How long requests may go on after the first signal.
pub const REQUESTS: Duration = Duration::from_secs(10);

/// How long the whole process may go on after the first signal.
pub const PROCESS: Duration = Duration::from_secs(15);

/// Knows whether the process is to stop. Clones know the same.
#[derive(Clone, Debug)]
pub struct Shutdown {
    flag: watch::Sender<bool>,
}

impl Shutdown {
    /// One that stops when somebody calls [`Shutdown::stop`].
    #[must_use]
    pub fn new() -> Shutdown {
        Shutdown { flag: watch::Sender::new(false) }
    }

    /// One that stops with `SIGTERM` or `SIGINT`. A second signal, or 15 seconds, end the process whatever it does.
    ///
    /// # Errors
    /// When the system does not let us listen for signals.
    pub fn on_signals() -> std::io::Result<Shutdown> {
        let shutdown = Shutdown::new();
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let told = shutdown.clone();
        tokio::spawn(async move {
            either(&mut term, &mut int).await;
            tracing::info!("stopping: {} s for requests in hand", REQUESTS.as_secs());
            told.stop();
            tokio::select! {
                () = either(&mut term, &mut int) => tracing::warn!("second signal, ending at once"),
                () = tokio::time::sleep(PROCESS) => tracing::warn!("not done after {} s, ending", PROCESS.as_secs()),
            }
            process::exit(1);
        });
        Ok(shutdown)
    }

    /// Asks everybody to come to an end.
    pub fn stop(&self) {
        // Somebody who asks again changes nothing; nobody listening is fine.
        self.flag.send_replace(true);
    }

    /// Whether it was asked.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.flag.borrow()
    }

    /// Waits until it is asked.
    pub async fn wait(&self) {
        self.stopping().wait().await;
    }

    /// The form in which rooms below get it.
    #[must_use]
    pub fn stopping(&self) -> Stopping {
        Stopping::new(self.flag.subscribe())
    }
}

impl Default for Shutdown {
    fn default() -> Shutdown {
        Shutdown::new()
    }
}

async fn either(a: &mut Signal, b: &mut Signal) {
    tokio::select! {
        _ = a.recv() => {}
        _ = b.recv() => {}
    }
}
