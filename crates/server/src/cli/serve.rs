//! `phiomia serve`: brings the server up, keeps it up, takes it down.

use std::{
    io::{self, Write as _},
    time::Instant,
};

use clap::Args;
use phiomia_api::Api;

use super::{Failure, Global, log_notes, runtime};
use crate::{
    config::{Config, LogFormat},
    house::House,
    listen::{self, Door, Options},
    logs, metrics, notify, open_files,
    shutdown::Shutdown,
    tls::{self, Tls},
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
        let started = Instant::now();
        let loaded = global.load(&[("server.listen", self.listen.as_deref())])?;
        logs::start(&loaded.config.logs).map_err(Failure)?;
        log_notes(&loaded.notes);
        let (wanted, granted) = (loaded.config.server.max_connections.0, open_files::raise());
        if granted.is_some_and(|granted| granted < u64::try_from(wanted).unwrap_or(u64::MAX)) {
            let granted = granted.unwrap_or_default();
            tracing::warn!(
                "the system lets this process open {granted} files and sockets: too few for server.max_connections \
                 ({wanted})"
            );
        }
        let runtime = runtime()?;
        let done = runtime.block_on(serve(loaded.config, started));
        // Work that does not end by itself does not keep the process.
        runtime.shutdown_background();
        done
    }
}

async fn serve(config: Config, started: Instant) -> Result<(), Failure> {
    let shutdown = Shutdown::on_signals().map_err(|e| Failure::because("listening for signals", e))?;
    let tls = Tls::from_config(&config).map_err(Failure)?;
    let house = House::open(&config).await.map_err(Failure)?;
    if let Some(address) = &config.metrics.listen {
        let handle = metrics::install().map_err(Failure)?;
        let door = Door::bind(address).await.map_err(|e| Failure::because(&format!("listening on {address}"), e))?;
        tokio::spawn(metrics::serve(handle, door, shutdown.clone()));
    }
    let address = &config.server.listen;
    let door = Door::open(address).await.map_err(|e| Failure::because(&format!("listening on {address}"), e))?;
    let api = Api::new(house.parts());
    let router = phiomia_api::router(&api);
    let owner_link = house.owner_link().await.map_err(Failure)?;
    let house = house.inhabit(&api).map_err(Failure)?;
    drop(api);
    let engine = house.engine_name();
    tracing::info!(
        "listening on {}, reached as {}, ready {} ms after the start, on {engine}",
        door.addresses().join(" and "),
        config.addresses().base(),
        started.elapsed().as_millis(),
    );
    if let Some(link) = owner_link {
        invite(&link, config.logs.format);
    }
    tokio::spawn(notify::tell(shutdown.clone()));
    if let Some(tls) = tls.clone() {
        tokio::spawn(tls.keep_up(tls::EVERY));
    }
    listen::serve(router, door, Options { tls, ..Options::from(&config) }, shutdown).await;
    house.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Nobody lives here: whoever opens the link first becomes the owner. For people it stands alone; a log that machines
/// read stays one.
fn invite(link: &str, format: LogFormat) {
    match format {
        LogFormat::Json => tracing::warn!("nobody lives here yet: whoever opens {link} becomes the owner"),
        LogFormat::Text => {
            let text =
                format!("\nNobody lives here yet. Open this link within a day to become the owner:\n\n    {link}\n\n");
            // Nobody who could read it: `phiomia account owner-link` makes another.
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }
}
