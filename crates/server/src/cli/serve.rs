//! `phiomia serve`: brings the server up, keeps it up, takes it down.

use std::{
    io::{self, Write as _},
    sync::Arc,
    time::Instant,
};

use clap::Args;
use phiomia_api::{Api, Parts, doctor::Doctor};

use super::{Failure, Global, log_notes, runtime};
use crate::{
    acme::Acme,
    backups::Backups,
    config::{Config, Loaded, LogFormat, Part, value::Listen},
    dns::Dns,
    doctor::Practice,
    house::House,
    listen::{self, Door, Options},
    logs, metrics, notify, open_files,
    plain::Plain,
    shutdown::Shutdown,
    tls::{self, Tls},
};

/// Serves until a signal comes.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen: host:port, a port, or unix:/path
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// What this process does, where several serve one instance: all, web, streaming or workers
    #[arg(long, value_name = "PART")]
    only: Option<String>,
}

impl Serve {
    /// # Errors
    /// When the server does not come up.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        let started = Instant::now();
        let loaded =
            global.load(&[("server.listen", self.listen.as_deref()), ("server.only", self.only.as_deref())])?;
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
        let done = runtime.block_on(serve(loaded, started));
        // Work that does not end by itself does not keep the process.
        runtime.shutdown_background();
        done
    }
}

async fn serve(loaded: Loaded, started: Instant) -> Result<(), Failure> {
    let backups = Backups::of(&loaded).map_err(Failure)?;
    let config = loaded.config;
    let shutdown = Shutdown::on_signals().map_err(|e| Failure::because("listening for signals", e))?;
    // Before everything else: a file that does not read stops the start.
    let own = Tls::from_config(&config).map_err(Failure)?;
    let dns = Dns::new(&config).map_err(Failure)?;
    let house = House::open(&config).await.map_err(Failure)?;
    let acme = Acme::new(&config, house.db.clone(), house.sealer.clone(), house.entropy.clone()).map_err(Failure)?;
    let is_alone = house.is_alone();
    let tls = match &acme {
        Some(acme) => Some(Tls::with_challenges(acme.challenges()).map_err(Failure)?),
        None => own,
    };
    if let Some(address) = &config.metrics.listen {
        let handle = metrics::install().map_err(Failure)?;
        let door = Door::bind(address).await.map_err(|e| Failure::because(&format!("listening on {address}"), e))?;
        tokio::spawn(metrics::serve(handle, door, shutdown.clone()));
    }
    let part = config.server.only;
    let (door, plain_door) = match part {
        Part::Workers => (Door::default(), None),
        Part::All | Part::Web | Part::Streaming => doors(&config).await?,
    };
    let practice = Arc::new(Practice::within(config.clone(), &house).map_err(Failure)?);
    let api = Api::new(Parts { doctor: Some(Doctor::new(practice.clone())), ..house.parts() });
    let site = phiomia_api::site(&api, |path| is_of(part, path));
    let owner_link = house.owner_link().await.map_err(Failure)?;
    let house = house.inhabit(&api, Some(backups), part).map_err(Failure)?;
    drop(api);
    let engine = house.engine_name();
    let place = match part {
        Part::Workers => "working".to_owned(),
        Part::All | Part::Web | Part::Streaming => format!("listening on {}", door.addresses().join(" and ")),
    };
    tracing::info!(
        "{place}, reached as {}, ready {} ms after the start, on {engine}",
        config.addresses().base(),
        started.elapsed().as_millis(),
    );
    if let Some(link) = owner_link {
        invite(&link, config.logs.format);
    }
    match practice.at_start().await {
        (true, told) => tracing::warn!("{told}"),
        (false, told) => tracing::info!("{told}"),
    }
    drop(practice);
    tokio::spawn(notify::tell(shutdown.clone()));
    #[cfg(target_env = "musl")]
    tokio::spawn(crate::memory::give_back(shutdown.clone()));
    if let Some(door) = plain_door {
        lead_to_https(&config, door, acme.as_ref().zip(tls.as_ref()), &shutdown);
    }
    let mut publishing = None;
    let mut arrival = None;
    // Only of a process that is reached the addresses are of interest.
    if let Some(dns) = dns.filter(|_| matches!(part, Part::All | Part::Web)) {
        let (work, arriving) = dns.keep_up(acme.is_some());
        publishing = Some(tokio::spawn(work));
        arrival = Some(arriving);
    }
    let looking_after = match (acme, tls.clone()) {
        // Another process, one that is reached, looks after certificates.
        _ if part == Part::Workers => None,
        (Some(acme), Some(tls)) => {
            let keeper = acme.keeper(tls, arrival).await;
            Some(tokio::spawn(keeper.keep_up(is_alone)))
        }
        (None, Some(tls)) => Some(tokio::spawn(tls.keep_up(tls::EVERY))),
        _ => None,
    };
    listen::serve(site, door, Options { tls, ..Options::from(&config) }, shutdown).await;
    if let Some(task) = publishing {
        task.abort();
    }
    if let Some(task) = looking_after {
        // It holds the database, which is about to close.
        task.abort();
    }
    house.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Whether a route belongs to a part of the server. Each says whether it is well.
fn is_of(part: Part, path: &str) -> bool {
    let is_health = matches!(path, "/health" | "/livez" | "/readyz");
    let is_stream = path.starts_with("/api/v1/streaming");
    match part {
        Part::All => true,
        Part::Web => !is_stream,
        Part::Streaming => is_stream || is_health,
        Part::Workers => false,
    }
}

/// Answers over plain http beside TLS, until the process stops.
fn lead_to_https(config: &Config, door: Door, acme: Option<(&Acme, &Tls)>, shutdown: &Shutdown) {
    let plain = Plain::of(config);
    let plain = match acme {
        Some((acme, tls)) => plain.waiting_for(acme.challenges(), tls.clone()),
        None => plain,
    };
    let options = Options { https: false, ..Options::from(config) };
    tracing::info!("leading from plain http on {} to https", door.addresses().join(" and "));
    tokio::spawn(listen::serve(plain.router(), door, options, shutdown.clone()));
}

/// The sockets to listen on: those that systemd handed over go before the settings. The second is for plain http.
async fn doors(config: &Config) -> Result<(Door, Option<Door>), Failure> {
    let address = config.listen();
    let taken = |address: &Listen, e: io::Error| Failure::because(&format!("listening on {address}"), e);
    let mut door = Door::inherited().map_err(|e| Failure::because("taking over sockets", e))?.unwrap_or_default();
    let is_handed_over = !door.is_nowhere();
    let plain = match config.http_listen() {
        None => None,
        Some((address, was_said)) => {
            let handed_over = address.port().and_then(|port| door.split_off(port));
            match (handed_over, was_said) {
                (Some(door), _) => Some(door),
                (None, true) => Some(Door::bind(&address).await.map_err(|e| taken(&address, e))?),
                // Who hands sockets over has decided which.
                (None, false) if is_handed_over => None,
                (None, false) => match Door::bind(&address).await {
                    Ok(door) => Some(door),
                    Err(error) => {
                        tracing::warn!("nobody is led to https: listening on {address} failed: {error}");
                        None
                    }
                },
            }
        }
    };
    if door.is_nowhere() {
        door = Door::bind(&address).await.map_err(|e| taken(&address, e))?;
    }
    Ok((door, plain))
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
