//! The one door in: accepts connections, bounds what they may cost, and ends them in order when the process stops.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    future::pending,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::Path,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use listenfd::ListenFd;
use phiomia_api::peer::Stopping;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener, UnixStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, Sleep, sleep, timeout},
};

use crate::{
    answers::Answers,
    config::value::Listen,
    forwarded::Fronts,
    linger::Lingering,
    plain::Plain,
    proxy_protocol,
    shutdown::{self, Shutdown},
    threshold::{Peer, Threshold},
    tls::Tls,
};

/// How long a connection that is new when the process is to stop may take until it says something: what it asks may be on
/// its way, and whoever has been let in is served.
const FIRST_WORD: Duration = Duration::from_secs(1);

/// How long it is waited for the next bytes of a body: as long as nginx waits.
const BODY_REST: Duration = Duration::from_secs(60);

/// Bounds and manners of a listener.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose word about clients is believed.
    pub fronts: Fronts,
    /// Every connection begins with a header of the PROXY protocol.
    pub proxy_protocol: bool,
    /// Where those are led who came to a front over plain http; `None`: they are served.
    pub plain_leads_to: Option<Plain>,
    /// Whether our addresses begin with `https`: then browsers are told to stay with it.
    pub https: bool,
    /// What every connection speaks TLS with; `None`: plain HTTP.
    pub tls: Option<Tls>,
    /// Connections open at the same time.
    pub max_connections: usize,
    /// Requests of one client in hand at the same time.
    pub max_requests_per_client: usize,
    /// Until the head of a connection's first request is complete.
    pub header_timeout: Duration,
    /// Rest between two requests.
    pub keep_alive: Duration,
    /// Until an answer begins, once the body is there; what comes at 16 kB a second or more has the time it takes.
    pub request_timeout: Duration,
    /// How long it is waited for the next bytes of a request's body.
    pub body_rest: Duration,
    /// Until requests in hand are given up after a stop.
    pub grace: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            fronts: Fronts::default(),
            proxy_protocol: false,
            plain_leads_to: None,
            https: false,
            tls: None,
            max_connections: 1024,
            max_requests_per_client: 64,
            header_timeout: Duration::from_secs(20),
            keep_alive: Duration::from_secs(75),
            request_timeout: Duration::from_secs(300),
            body_rest: BODY_REST,
            grace: shutdown::REQUESTS,
        }
    }
}

/// All but the certificates, which have to be read first.
impl From<&crate::config::Config> for Options {
    fn from(config: &crate::config::Config) -> Options {
        Options {
            fronts: Fronts { trusted: config.server.trusted_proxies.clone(), header: config.server.forwarded_header },
            proxy_protocol: config.server.proxy_protocol,
            plain_leads_to: config.server.redirect_http.then(|| Plain::of(config)),
            https: config.is_https(),
            tls: None,
            max_connections: config.server.max_connections.0,
            max_requests_per_client: config.server.max_requests_per_client.0,
            header_timeout: config.server.header_timeout,
            keep_alive: config.server.keep_alive,
            request_timeout: config.server.request_timeout,
            body_rest: BODY_REST,
            grace: shutdown::REQUESTS,
        }
    }
}

/// Sockets that are open and wait for connections.
#[derive(Debug, Default)]
pub struct Door {
    tcp: Vec<TcpListener>,
    unix: Vec<UnixListener>,
}

impl Door {
    /// Sockets handed over by systemd or `systemfd` (`LISTEN_FDS`); `None` when there are none.
    ///
    /// # Errors
    /// When one of them is no socket that listens.
    pub fn inherited() -> io::Result<Option<Door>> {
        let mut handed = ListenFd::from_env();
        let mut door = Door::default();
        for index in 0..handed.len() {
            // The library refuses a socket of the other kind without taking it.
            if let Ok(Some(socket)) = handed.take_unix_listener(index) {
                socket.set_nonblocking(true)?;
                door.unix.push(UnixListener::from_std(socket)?);
            } else if let Some(socket) = handed.take_tcp_listener(index)? {
                socket.set_nonblocking(true)?;
                door.tcp.push(TcpListener::from_std(socket)?);
            }
        }
        Ok((!door.is_nowhere()).then_some(door))
    }

    /// Those of its sockets that are at this TCP port, as a door of their own; `None` when there are none.
    #[must_use]
    pub fn split_off(&mut self, port: u16) -> Option<Door> {
        let is_there = |socket: &TcpListener| socket.local_addr().is_ok_and(|address| address.port() == port);
        let (there, rest) = std::mem::take(&mut self.tcp).into_iter().partition(is_there);
        self.tcp = rest;
        let door = Door { tcp: there, unix: Vec::new() };
        (!door.is_nowhere()).then_some(door)
    }

    /// Whether it has no socket.
    #[must_use]
    pub fn is_nowhere(&self) -> bool {
        self.tcp.is_empty() && self.unix.is_empty()
    }

    /// One socket at the address. `localhost` listens on both loopback addresses where there are two.
    ///
    /// # Errors
    /// When the address is taken, not ours or does not resolve.
    pub async fn bind(listen: &Listen) -> io::Result<Door> {
        let mut door = Door::default();
        match listen {
            Listen::Unix(path) => {
                remove_stale(path).await?;
                let socket = UnixListener::bind(path)?;
                // The front runs as somebody else. Who may come as far as the socket is a matter of its folder.
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
                door.unix.push(socket);
            }
            Listen::Tcp(text) => {
                let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                let ephemeral = listen.port() == Some(0);
                // A hosts file may name one address twice.
                let addresses: BTreeSet<SocketAddr> = tokio::net::lookup_host(text.as_str()).await?.collect();
                for address in addresses {
                    // With port 0 a second socket would get another port.
                    if ephemeral && !door.tcp.is_empty() {
                        break;
                    }
                    match TcpListener::bind(address).await {
                        Ok(socket) => door.tcp.push(socket),
                        // Taken is taken: half a door would look open and answer for somebody else.
                        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
                        Err(error) => failure = error,
                    }
                }
                // A machine without IPv6: all addresses are then those of IPv4.
                if let (true, Some(port)) = (door.tcp.is_empty(), text.strip_prefix("[::]:"))
                    && failure.kind() != io::ErrorKind::PermissionDenied
                    && let Ok(socket) = TcpListener::bind(format!("0.0.0.0:{port}")).await
                {
                    door.tcp.push(socket);
                }
                if door.tcp.is_empty() {
                    return Err(failure);
                }
            }
        }
        Ok(door)
    }

    /// Where the sockets are, for the log and for tests that asked for port 0.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let tcp = self.tcp.iter().filter_map(|s| s.local_addr().ok()).map(|a| a.to_string());
        let unix = self.unix.iter().filter_map(|s| s.local_addr().ok());
        tcp.chain(unix.filter_map(|a| a.as_pathname().map(|p| format!("unix:{}", p.display())))).collect()
    }
}

/// A socket file that nobody listens on is left over from a crash.
async fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => match UnixStream::connect(path).await {
            Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody listens on this socket")),
            Err(_) => std::fs::remove_file(path),
        },
        _ => Ok(()),
    }
}

/// Serves until the process stops and the requests in hand are answered, or the grace is over.
/// Streams count as in hand as long as they keep the [`Stopping`] of their request.
pub fn serve(
    answers: impl Into<Answers>,
    door: Door,
    options: Options,
    shutdown: Shutdown,
) -> impl Future<Output = ()> + Send {
    keep_open(answers.into(), door, options, shutdown)
}

async fn keep_open(answers: Answers, door: Door, options: Options, shutdown: Shutdown) {
    let options = Arc::new(options);
    let room = Arc::new(Semaphore::new(options.max_connections));
    let streams = watch::Sender::new(false);
    let threshold = Threshold::before(answers, &options, Stopping::new(streams.subscribe()));
    let mut loops = JoinSet::new();
    for socket in door.tcp {
        let keeper = Keeper::new(&threshold, &options, &shutdown, &room);
        loops.spawn(keeper.run(async move || {
            let (stream, address) = socket.accept().await?;
            // Answers are small and written whole; waiting for more to send only costs time.
            stream.set_nodelay(true)?;
            Ok((stream, address.ip()))
        }));
    }
    for socket in door.unix {
        let keeper = Keeper::new(&threshold, &options, &shutdown, &room);
        loops.spawn(keeper.run(async move || {
            let (stream, _) = socket.accept().await?;
            Ok((stream, IpAddr::V4(Ipv4Addr::LOCALHOST)))
        }));
    }
    drop(threshold);
    shutdown.wait().await;
    streams.send_replace(true);
    // A WebSocket is no longer a connection of HTTP: that it is done shows in the last receiver of the flag.
    let all = async {
        while loops.join_next().await.is_some() {}
        streams.closed().await;
    };
    if timeout(options.grace, all).await.is_err() {
        tracing::warn!("some requests or streams did not end in time and are given up");
    }
}

/// What one accept loop needs.
struct Keeper {
    threshold: Arc<Threshold>,
    options: Arc<Options>,
    shutdown: Shutdown,
    room: Arc<Semaphore>,
}

impl Keeper {
    fn new(threshold: &Arc<Threshold>, options: &Arc<Options>, shutdown: &Shutdown, room: &Arc<Semaphore>) -> Keeper {
        let (threshold, options) = (threshold.clone(), options.clone());
        Keeper { threshold, options, shutdown: shutdown.clone(), room: room.clone() }
    }

    /// Accepts until the stop, then waits for the open connections.
    async fn run<S>(self, accept: impl AsyncFn() -> io::Result<(S, IpAddr)>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut connections = JoinSet::new();
        loop {
            let next = async {
                let permit = self.room.clone().acquire_owned().await;
                (permit, accept().await)
            };
            tokio::select! {
                () = self.shutdown.wait() => break,
                // Ended connections are taken out as we go, or the set would only grow.
                Some(_) = connections.join_next() => {}
                (permit, accepted) = next => match accepted {
                    Ok((stream, address)) => {
                        let threshold = self.threshold.clone();
                        let peer = Peer(address.to_canonical());
                        let connection = receive(stream, threshold, peer, self.options.clone(), self.shutdown.clone());
                        connections.spawn(async move {
                            let _permit = permit;
                            metrics::gauge!("http_connections").increment(1.0);
                            connection.await;
                            metrics::gauge!("http_connections").decrement(1.0);
                        });
                    }
                    Err(error) => pause(&error).await,
                },
            }
        }
        // Closes the socket: whoever comes now goes to the next process, or is refused.
        drop(accept);
        while connections.join_next().await.is_some() {}
    }
}

/// A connection that broke before we took it says nothing about the next one. Out of descriptors: wait for some.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "accepting a connection failed: {error}");
        sleep(Duration::from_millis(200)).await;
    }
}

/// One connection from its first byte: who it is from where a front says it, TLS where it is spoken, then requests.
async fn receive<S>(mut stream: S, threshold: Arc<Threshold>, mut peer: Peer, options: Arc<Options>, shutdown: Shutdown)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if options.proxy_protocol {
        if !options.fronts.trusts(peer.0) {
            tracing::debug!("{} is no trusted proxy, and nobody else may say who they are", peer.0);
            return;
        }
        match timeout(options.header_timeout, proxy_protocol::read(&mut stream)).await {
            Ok(Ok(Some(address))) => peer = Peer(address.to_canonical()),
            // It looks whether we live.
            Ok(Ok(None)) => {}
            Ok(Err(error)) => return tracing::debug!(%error, "{} is hung up on: {error}", peer.0),
            Err(_) => return tracing::debug!("{} did not say who it is in time", peer.0),
        }
    }
    let Some(tls) = options.tls.clone() else {
        return converse(stream, threshold, peer, options, shutdown).await;
    };
    let hello = timeout(options.header_timeout, tls.accept(stream));
    let leave = async {
        shutdown.wait().await;
        sleep(FIRST_WORD).await;
    };
    let greeted = tokio::select! {
        greeted = hello => greeted,
        // Nothing was asked yet, so nothing is cut off.
        () = leave => return,
    };
    match greeted {
        Ok(Ok(Some(stream))) => converse(stream, threshold, peer, options, shutdown).await,
        Ok(Ok(None)) => tracing::info!("an authority has looked at the answer to its challenge"),
        // Scanners, plain HTTP, an authority that is not trusted: the client's affair.
        Ok(Err(error)) => tracing::debug!(%error, "TLS did not come about: {error}"),
        Err(_) => tracing::debug!("TLS did not come about in time"),
    }
}

/// How lively a connection is. One clock for a connection, which looks at it now and then, is cheaper than one for each
/// request.
struct Pulse {
    opened: Instant,
    n_requests: AtomicU64,
    /// Milliseconds after `opened`: when a request was read to the end of its head, or an answer began.
    last: AtomicU64,
}

impl Pulse {
    fn new() -> Pulse {
        Pulse { opened: Instant::now(), n_requests: AtomicU64::new(0), last: AtomicU64::new(0) }
    }

    fn beat(&self) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    fn rest(&self) -> Duration {
        self.opened.elapsed().saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)))
    }

    fn is_new(&self) -> bool {
        self.n_requests.load(Ordering::Relaxed) == 0
    }
}

/// One connection from its first request to its last byte.
async fn converse<S>(stream: S, threshold: Arc<Threshold>, peer: Peer, options: Arc<Options>, shutdown: Shutdown)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pulse = Arc::new(Pulse::new());
    let felt = pulse.clone();
    let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let (pulse, threshold) = (felt.clone(), threshold.clone());
        pulse.n_requests.fetch_add(1, Ordering::Relaxed);
        pulse.beat();
        async move {
            let answer = threshold.pass(Lingering::of(request), peer).await;
            pulse.beat();
            Ok::<_, Infallible>(answer)
        }
    });
    let builder = builder();
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let mut stopping = shutdown.stopping();
    let mut is_ending = false;
    let mut leave_in: Option<Pin<Box<Sleep>>> = None;
    let mut patience = options.header_timeout;
    loop {
        tokio::select! {
            biased;
            // What goes wrong on a connection is the client's: it went away, or spoke no HTTP.
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended: {error}");
                }
                return;
            }
            () = async { if is_ending { pending().await } else { stopping.wait().await } } => {
                is_ending = true;
                if pulse.is_new() {
                    leave_in = Some(Box::pin(sleep(FIRST_WORD)));
                } else {
                    connection.as_mut().graceful_shutdown();
                }
            }
            () = async { match leave_in.as_mut() { Some(leave) => leave.await, None => pending().await } } => {
                leave_in = None;
                connection.as_mut().graceful_shutdown();
            }
            () = sleep(patience) => {
                // Also covers the bytes by which HTTP/1 and HTTP/2 are told apart, which hyper waits for without an end.
                if pulse.is_new() {
                    return;
                }
                let left = options.keep_alive.saturating_sub(pulse.rest());
                // Nothing new for a while: a connection is closed once what is in hand is done. What has come of the
                // next request does not count: a head that drips would keep it for ever.
                if left.is_zero() {
                    connection.as_mut().graceful_shutdown();
                }
                patience = if left.is_zero() { options.keep_alive } else { left };
            },
        }
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        // How long a head may take is looked at for the connection as a whole.
        .header_read_timeout(None)
        .max_buf_size(64 * 1024)
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(128)
        .max_header_list_size(64 * 1024);
    builder
}
