//! `phiomia serve`: brings the server up, keeps it up, takes it down.

use axum::Router;
use clap::Args;

use super::{Failure, Global, log_notes, runtime};
use crate::{
    config::Config,
    listen::{self, Door},
    logs, metrics, notify,
    shutdown::Shutdown,
};

/// Serves until a signal comes.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen: host:port, a port, or unix:/path
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

impl Serve {
    /// # Errors
    /// When the server does not come up.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        let loaded = global.load(&[("server.listen", self.listen.as_deref())])?;
        logs::start(&loaded.config.logs).map_err(Failure)?;
        log_notes(&loaded.notes);
        let runtime = runtime()?;
        let done = runtime.block_on(serve(loaded.config));
        // Work that does not end by itself does not keep the process.
        runtime.shutdown_background();
        done
    }
}

async fn serve(config: Config) -> Result<(), Failure> {
    let shutdown = Shutdown::on_signals().map_err(|e| Failure::because("listening for signals", e))?;
    if let Some(address) = &config.metrics.listen {
        let handle = metrics::install().map_err(Failure)?;
        let door = Door::bind(address).await.map_err(|e| Failure::because(&format!("listening on {address}"), e))?;
        tokio::spawn(metrics::serve(handle, door, shutdown.clone()));
    }
    let address = &config.server.listen;
    let door = Door::open(address).await.map_err(|e| Failure::because(&format!("listening on {address}"), e))?;
    tracing::info!("listening on {}, reached as {}", door.addresses().join(" and "), config.addresses().base());
    tokio::spawn(notify::tell(shutdown.clone()));
    listen::serve(Router::new(), door, listen::Options::from(&config), shutdown).await;
    tracing::info!("stopped");
    Ok(())
}
