//! WebSockets that are open and hear nothing, as those of apps in pockets: what each of them costs the server.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{net::TcpStream, task::JoinSet, time::sleep};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

use crate::{
    client::Connection,
    figures::{count, cpu, resident_mb},
    server::Site,
    world::{MOST_TOKENS, World, settings},
};

/// What is to be measured.
pub struct Plan {
    pub server: PathBuf,
    pub postgres: Option<String>,
    pub n_sockets: usize,
    /// For how long they are left alone.
    pub seconds: u64,
}

/// Sockets that are being opened at the same time.
const AT_ONCE: usize = 64;

pub async fn run(plan: &Plan) {
    raise_open_files();
    let site = Site::new(&plan.server, plan.postgres.as_deref());
    site.run(&["db", "migrate"]);
    site.run(&["settings", "set", "rate_limits", "off"]);
    let world = World::begin(settings(&site.data, plan.postgres.as_deref()), &site.address, MOST_TOKENS).await;
    let tokens = Arc::new(world.tokens);
    world.db.close();
    site.forget_jobs().await;
    let running = site.start_with(&[("server.max_connections", &(plan.n_sockets + 64).to_string())]).await;
    let pid = running.process();
    sleep(Duration::from_secs(2)).await;
    let before = resident_mb(pid);
    println!("resident before the first socket: {before:.1} MB");

    let begun = Instant::now();
    let heard = Arc::new(AtomicUsize::new(0));
    let mut listening = JoinSet::new();
    let mut opened = 0;
    while opened < plan.n_sockets {
        let mut opening = JoinSet::new();
        for at in opened..plan.n_sockets.min(opened + AT_ONCE) {
            let (address, tokens) = (site.address.clone(), tokens.clone());
            opening.spawn(async move { open(&address, tokens.get(at % tokens.len()).unwrap()).await });
        }
        for socket in opening.join_all().await {
            listening.spawn(listen(socket, heard.clone()));
            opened += 1;
        }
    }
    println!("{opened} sockets open after {:.1} s", begun.elapsed().as_secs_f64());
    sleep(Duration::from_secs(2)).await;
    let busy = cpu(pid);
    sleep(Duration::from_secs(plan.seconds)).await;
    let idle_cpu = (cpu(pid) - busy).as_secs_f64() / Duration::from_secs(plan.seconds.max(1)).as_secs_f64() * 100.0;
    assert_eq!(listening.len(), opened);
    assert!(listening.try_join_next().is_none(), "a socket was closed");
    let after = resident_mb(pid);
    let each = (after - before) * 1024.0 * 1024.0 / count(opened);
    println!(
        "resident after {} s of silence: {after:.1} MB, {each:.0} bytes a socket; {idle_cpu:.1} % of a core",
        plan.seconds
    );

    let begun = Instant::now();
    let mut author = Connection::open(&site.address).await.ok().expect("a connection");
    let posted = author.post("/api/v1/statuses", tokens.first().unwrap(), "status=hello".to_owned()).await;
    assert!(posted.is_ok_and(|answer| answer.status == 200), "the post was refused");
    while heard.load(Ordering::Relaxed) < opened && begun.elapsed() < Duration::from_secs(30) {
        sleep(Duration::from_millis(1)).await;
    }
    let (n_heard, ms) = (heard.load(Ordering::Relaxed), begun.elapsed().as_secs_f64() * 1e3);
    println!(
        "one public post: heard by {n_heard} of {opened} after {ms:.0} ms; resident then: {:.1} MB",
        resident_mb(pid)
    );
    running.kill();
}

/// A socket on the public timeline, as an app opens it.
async fn open(address: &str, token: &str) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(address).await.expect("a connection: are there ports left?");
    let url = format!("ws://{address}/api/v1/streaming?stream=public&access_token={token}");
    // Small on our side too: we have as many.
    let config = WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0);
    let request = url.into_client_request().unwrap();
    client_async_with_config(request, stream, Some(config)).await.expect("the server takes the socket").0
}

/// Answers pings and counts what is told, until the other side closes.
async fn listen(mut socket: WebSocketStream<TcpStream>, heard: Arc<AtomicUsize>) {
    use futures_util::StreamExt as _;
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(_) = message {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn raise_open_files() {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).unwrap();
}
