//! A command beside a running server: how long it takes, how much memory it has, and what people who read their home
//! timelines meanwhile feel of it.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{
    client::Connection,
    figures::{count, peak_mb},
    server::Site,
    world::{World, settings},
};

/// Who read, and how often each: 200 requests a second together, a tenth of what the server can do.
const READERS: usize = 8;
const EVERY: Duration = Duration::from_millis(40);

/// A server that people have written on, not running, and the tokens of some of them.
pub async fn lived(server: &Path, postgres: Option<&str>, n_posts: usize, n_people: usize) -> (Site, Vec<String>) {
    let site = Site::new(server, postgres);
    site.run(&["db", "migrate"]);
    site.run(&["settings", "set", "rate_limits", "off"]);
    let mut world = World::begin(settings(&site.data, postgres), &site.address, n_people).await;
    world.grow(n_posts, World::step(n_posts)).await;
    site.forget_jobs().await;
    let tokens = world.tokens.clone();
    world.db.close();
    (site, tokens)
}

/// What a command took.
pub struct Done {
    pub seconds: f64,
    pub peak_mb: f64,
    /// Its last line.
    pub said: String,
}

/// Runs a command to its end.
pub async fn run(command: Command) -> Done {
    tokio::task::spawn_blocking(move || watch(command)).await.unwrap()
}

fn watch(mut command: Command) -> Done {
    let begun = Instant::now();
    let mut child: Child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut most = 0.0_f64;
    let status = loop {
        most = most.max(peak_mb(child.id()));
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?} failed");
    let said = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
    Done { seconds, peak_mb: most, said: said.trim().lines().last().unwrap_or_default().to_owned() }
}

/// People who read their home timelines until they are told to stop.
pub struct Readers {
    is_over: Arc<AtomicBool>,
    reading: JoinSet<(Vec<Duration>, usize)>,
}

/// What they felt: from the moment at which each wanted to ask until the answer was there.
pub struct Felt {
    latencies: Vec<Duration>,
    pub n_failed: usize,
}

impl Readers {
    pub fn begin(address: &str, tokens: &[String]) -> Readers {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut reading = JoinSet::new();
        for token in tokens.iter().take(READERS) {
            reading.spawn(read(address.to_owned(), token.clone(), is_over.clone()));
        }
        Readers { is_over, reading }
    }

    pub async fn end(self) -> Felt {
        self.is_over.store(true, Ordering::Relaxed);
        let (mut latencies, mut n_failed) = (Vec::new(), 0);
        for (some, failed) in self.reading.join_all().await {
            latencies.extend(some);
            n_failed += failed;
        }
        latencies.sort_unstable();
        Felt { latencies, n_failed }
    }
}

async fn read(address: String, token: String, is_over: Arc<AtomicBool>) -> (Vec<Duration>, usize) {
    let mut connection = Connection::open(&address).await.ok().expect("a connection");
    let (mut latencies, mut n_failed) = (Vec::new(), 0);
    let mut ticks = interval(EVERY);
    // Who is late asks as often as the others: what a slow answer delays counts.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while !is_over.load(Ordering::Relaxed) {
        let wanted = ticks.tick().await;
        match connection.get("/api/v1/timelines/home", Some(&token)).await {
            Ok(answer) if answer.status == 200 => latencies.push(wanted.elapsed()),
            _ => n_failed += 1,
        }
    }
    (latencies, n_failed)
}

impl Felt {
    /// `p50 | p99 | slowest | failed` in milliseconds.
    pub fn columns(&self) -> String {
        let last = self.latencies.len().saturating_sub(1);
        let at = |percent: usize| self.latencies.get(last * percent / 100).map_or(0.0, |l| l.as_secs_f64() * 1e3);
        format!("{:.1} | {:.1} | {:.0} | {} of {}", at(50), at(99), at(100), self.n_failed, count(self.latencies.len()))
    }
}
