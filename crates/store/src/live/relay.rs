//! The two connections to Redis and the events between processes: how they are made, watched, lost and made again.
//!
//! Nobody waits for a lost connection: commands fail at once until the keeper has made a new one.

use std::{
    pin::pin,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, IntoConnectionInfo, Msg, RedisError, RedisResult,
    ServerErrorKind, TlsCertificates,
    aio::{MultiplexedConnection, PubSubSink, PubSubStream},
};
use futures_util::StreamExt;
use phiomia_model::{Event, Fault};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use super::{bus::Bus, redis::RedisSettings};

/// Name look-up, connection, TLS and greeting together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Every command of ours is answered in a fraction of a millisecond by a healthy server.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a quiet connection is asked whether it is alive.
const PING_EVERY: Duration = Duration::from_secs(5);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What commands and the keeper share.
pub(super) struct Link {
    client: Client,
    /// Host and port, for messages; without user and password.
    address: String,
    channel: String,
    /// Names this process in what it publishes, so that it knows its own events when they come back.
    process: String,
    bus: Bus,
    connection: RwLock<Option<Connection>>,
    /// Events that may not have got through to the others, who are to be told that they missed something.
    n_owed: AtomicU64,
    owing: Notify,
}

#[derive(Clone)]
struct Connection {
    commands: MultiplexedConnection,
    lost: Arc<Notify>,
}

/// The connection on which events come in.
pub(super) struct Incoming {
    sink: PubSubSink,
    messages: PubSubStream,
    lost: Arc<Notify>,
}

/// What one process tells the others: an event, or, without one, that they missed some.
#[derive(Serialize)]
struct Envelope<'a> {
    from: &'a str,
    event: Option<&'a Event>,
}

#[derive(Deserialize)]
struct Sender {
    from: String,
}

#[derive(Deserialize)]
struct Content {
    event: Option<Event>,
}

impl Link {
    pub(super) fn new(settings: RedisSettings, prefix: &str, bus: Bus) -> Result<Link, Fault> {
        let client = client(settings).map_err(|error| Fault::because("reading the address of Redis", error))?;
        let info = client.get_connection_info();
        let address = info.addr().to_string();
        // Channels are common to all databases of a server, so the database is part of the name.
        let channel = format!("{prefix}events:{}", info.redis_settings().db());
        // Not handed in: it never leaves the connection and decides nothing but "this is my own echo".
        let mut random = [0_u8; 16];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| Fault::new("drawing a random name for this process"))?;
        let process = format!("{:032x}", u128::from_be_bytes(random));
        let connection = RwLock::new(None);
        Ok(Link { client, address, channel, process, bus, connection, n_owed: AtomicU64::new(0), owing: Notify::new() })
    }

    /// Makes both connections. Events are not missed from the moment it returns.
    pub(super) async fn connect(&self) -> Result<Incoming, Fault> {
        let doing = || format!("connecting to Redis at {}", self.address);
        match timeout(CONNECT_TIMEOUT, self.try_connect()).await {
            Ok(made) => made.map_err(|error| Fault::because(doing(), error).transient()),
            Err(late) => Err(Fault::because(doing(), late).transient()),
        }
    }

    async fn try_connect(&self) -> RedisResult<Incoming> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(ANSWER_TIMEOUT));
        let mut commands = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        // A server that is still loading its data accepts connections but no commands.
        Cmd::new().arg("PING").exec_async(&mut commands).await?;
        let (mut sink, messages) = self.client.get_async_pubsub().await?.split();
        sink.subscribe(&self.channel).await?;
        let lost = Arc::new(Notify::new());
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) =
            Some(Connection { commands, lost: Arc::clone(&lost) });
        Ok(Incoming { sink, messages, lost })
    }

    /// Runs a command, on the connection there is.
    pub(super) async fn with<T>(
        &self,
        command: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, Fault> {
        let connection = self.connection.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(mut connection) = connection else {
            return Err(Fault::new(format!("Redis at {} is away", self.address)).transient());
        };
        match command(&mut connection.commands).await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                if ends_connection(&error) {
                    self.disconnect(&connection.lost);
                    connection.lost.notify_one();
                }
                Err(Fault::because(format!("asking Redis at {}", self.address), error).transient())
            }
        }
    }

    /// Tells the other processes. What fails, or is given up half-way, is owed to them as a gap.
    pub(super) async fn publish(&self, event: &Event) {
        let owed = Owed { by: Some(self) };
        if self.send(Some(event)).await.is_ok() {
            owed.paid();
        }
    }

    async fn pay_gap(&self) {
        let n_owed = self.n_owed.load(Ordering::Acquire);
        if n_owed > 0 && self.send(None).await.is_ok() {
            self.n_owed.fetch_sub(n_owed, Ordering::AcqRel);
        }
    }

    async fn send(&self, event: Option<&Event>) -> Result<(), Fault> {
        let envelope = serde_json::to_vec(&Envelope { from: &self.process, event })
            .map_err(|error| Fault::because("writing an event", error))?;
        let mut command = Cmd::new();
        command.arg("PUBLISH").arg(&self.channel).arg(envelope);
        let sent = self.with(async |connection| command.exec_async(connection).await).await;
        sent.inspect_err(|fault| tracing::debug!("an event did not reach other processes: {}", fault.chain()))
    }

    /// Hands an incoming message to this process' listeners, unless it is our own.
    fn hear(&self, message: &Msg) {
        let bytes = message.get_payload_bytes();
        if serde_json::from_slice::<Sender>(bytes).is_ok_and(|sender| sender.from == self.process) {
            return;
        }
        match serde_json::from_slice::<Content>(bytes) {
            Ok(Content { event: Some(event) }) => self.bus.send(event),
            Ok(Content { event: None }) => self.bus.gap(),
            Err(error) => {
                // Another version of this server may know events that we do not: what they changed is unknown.
                tracing::warn!("an event of another process is not understood: {error}");
                self.bus.gap();
            }
        }
    }

    /// Hears messages until the connection is lost. Returns why.
    async fn listen(&self, incoming: Incoming) -> String {
        let Incoming { mut sink, mut messages, lost } = incoming;
        let watch = async {
            let mut ticks = interval(PING_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    () = self.owing.notified() => {}
                }
                self.pay_gap().await;
                match timeout(PING_EVERY, sink.ping::<::redis::Value>()).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return error.to_string(),
                    Err(_) => return "no answer".to_owned(),
                }
            }
        };
        let mut watch = pin!(watch);
        let why = loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.hear(&message),
                    None => break "it closed the connection".to_owned(),
                },
                () = lost.notified() => break "a command got no answer".to_owned(),
                why = &mut watch => break why,
            }
        };
        self.disconnect(&lost);
        why
    }

    /// Forgets the connection, if it is still this one.
    fn disconnect(&self, lost: &Arc<Notify>) {
        let mut connection = self.connection.write().unwrap_or_else(PoisonError::into_inner);
        if connection.as_ref().is_some_and(|connection| Arc::ptr_eq(&connection.lost, lost)) {
            *connection = None;
        }
    }
}

/// Keeps the connections for as long as the process wants them.
pub(super) async fn keep(link: Arc<Link>, mut incoming: Incoming) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let since = Instant::now();
        let why = link.listen(incoming).await;
        tracing::warn!("Redis at {} is lost ({why}); this process goes on alone until it is back", link.address);
        if since.elapsed() > LONGEST_PAUSE * 2 {
            pause = SHORTEST_PAUSE;
        }
        incoming = loop {
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            match link.connect().await {
                Ok(incoming) => break incoming,
                Err(fault) => tracing::debug!("{}", fault.chain()),
            }
        };
        tracing::info!("Redis at {} is back", link.address);
        link.bus.gap();
    }
}

/// A debt unless it is paid, also when the future that holds it is dropped half-way: whoever asked for a change may
/// hang up between its commit and its events.
struct Owed<'a> {
    by: Option<&'a Link>,
}

impl Owed<'_> {
    fn paid(mut self) {
        self.by = None;
    }
}

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        if let Some(link) = self.by {
            link.n_owed.fetch_add(1, Ordering::AcqRel);
            link.owing.notify_one();
        }
    }
}

fn client(settings: RedisSettings) -> RedisResult<Client> {
    let info = settings.url.as_str().into_connection_info()?;
    if !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
        return Client::open(info);
    }
    // The client asks rustls for the provider of the process. The binary installs it first; who has it keeps it.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: settings.ca_pem })
}

/// Whether another connection may help: this one is broken, or its server has become a replica or is loading.
fn ends_connection(error: &RedisError) -> bool {
    let is_elsewhere = matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::BusyLoading)
    );
    is_elsewhere || error.is_io_error() || error.is_timeout() || error.is_unrecoverable_error()
}
