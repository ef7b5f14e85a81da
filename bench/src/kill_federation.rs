//! Kills the server without warning while other servers deliver to it, and while it delivers to them: what was answered
//! with `202` is there afterwards, and every host has got everything, at most a few things twice.

use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    client::Connection,
    fanout::{account, post},
    inbox::{Plan, Signed, Stage},
    kill::moment,
    neighbours::{Neighbours, SETTINGS},
    server::Site,
};

const CLIENTS: usize = 16;
/// As many as can be taken before the latest kill.
const NOTES_A_ROUND: usize = 2_000;
/// Kills that count come while something is still to be done.
const HOSTS: usize = 4_000;
const LONGEST: Duration = Duration::from_secs(180);

/// Deliveries to the inbox.
pub async fn inbox(server: &Path, postgres: Option<&str>, n_rounds: usize) {
    let plan = Plan {
        server: server.to_owned(),
        postgres: postgres.map(str::to_owned),
        n_actors: 100,
        n_people: 20,
        n_notes: n_rounds * NOTES_A_ROUND,
        is_followed_by_all: false,
    };
    let (site, stage) = Stage::set(&plan).await;
    let waiting: Arc<Mutex<Vec<(usize, Signed)>>> =
        Arc::new(Mutex::new(stage.requests.into_iter().enumerate().collect()));
    let acknowledged: Arc<Mutex<Vec<usize>>> = Arc::default();
    let mut running = site.start_with(&SETTINGS).await;
    let mut n_under_load = 0;
    for round in 0..n_rounds {
        let is_over = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (address, waiting) = (site.address.clone(), waiting.clone());
                tokio::spawn(send(address, waiting, acknowledged.clone(), is_over.clone()))
            })
            .collect();
        tokio::time::sleep(moment(round)).await;
        running.kill();
        n_under_load += usize::from(!waiting.lock().unwrap().is_empty());
        is_over.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.unwrap();
        }
        running = site.start_with(&SETTINGS).await;
    }
    let begun = Instant::now();
    while site.has_jobs().await && begun.elapsed() < LONGEST {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let acknowledged = acknowledged.lock().unwrap().clone();
    // Feeds keep the newest alone: whether all are here is looked up among the posts, doubles among what is seen, too.
    let kept = site.texts("select text from statuses where not is_local").await;
    let n_kept = kept.len();
    let kept: HashSet<String> = kept.into_iter().collect();
    let lost = acknowledged.iter().filter(|n| !kept.contains(&crate::inbox::text(**n))).count();
    let seen = crate::inbox::seen(&site.address, &stage.readers).await;
    let doubled = n_kept - kept.len() + seen.values().filter(|times| **times > 1).count();
    println!(
        "{}: killed {n_rounds} times, {n_under_load} of them while {CLIENTS} connections delivered: {} notes answered \
         with 202, {lost} lost, {doubled} twice, {} jobs left",
        engine(&site),
        acknowledged.len(),
        site.n_jobs().await,
    );
    running.kill();
    assert!(lost == 0 && doubled == 0 && acknowledged.len() > n_rounds, "something acknowledged was lost or doubled");
}

fn engine(site: &Site) -> &'static str {
    if site.is_postgres() { "PostgreSQL" } else { "SQLite" }
}

/// Sends what waits until the connection breaks. What was sent and not answered is sent again, as other servers do.
async fn send(
    address: String,
    waiting: Arc<Mutex<Vec<(usize, Signed)>>>,
    acknowledged: Arc<Mutex<Vec<usize>>>,
    is_over: Arc<AtomicBool>,
) {
    let Ok(mut connection) = Connection::open(&address).await else { return };
    while !is_over.load(Ordering::Relaxed) {
        let Some((n, request)) = waiting.lock().unwrap().pop() else { return };
        match connection.deliver("/inbox", request.headers.clone(), request.body.clone()).await {
            Ok(answer) if answer.status == 202 => acknowledged.lock().unwrap().push(n),
            Ok(answer) => panic!("an activity was answered with {}", answer.status),
            Err(_) => return waiting.lock().unwrap().push((n, request)),
        }
    }
}

/// Deliveries to many hosts.
pub async fn fanout(server: &Path, postgres: Option<&str>, n_rounds: usize) {
    let site = Site::new(server, postgres);
    site.run(&["db", "migrate"]);
    site.run(&["settings", "set", "rate_limits", "off"]);
    let token = site.people(1).pop().unwrap();
    let neighbours = Neighbours::begin().await;
    let mut running = site.start_with(&SETTINGS).await;
    let author = account(&site, &token).await;
    neighbours.follow(&site, author, 5_000_000, HOSTS, 0).await;
    let mut n_under_load = 0;
    for round in 0..n_rounds {
        post(&site, &token, &format!("kill {round}")).await;
        tokio::time::sleep(moment(round)).await;
        running.kill();
        let n_came = neighbours.hosts_with(&format!("kill {round}")).len();
        n_under_load += usize::from(n_came < HOSTS);
        running = site.start_with(&SETTINGS).await;
    }
    let (mut missing, mut doubled) = (0, 0);
    for round in 0..n_rounds {
        let text = format!("kill {round}");
        let begun = Instant::now();
        while neighbours.hosts_with(&text).len() < HOSTS && begun.elapsed() < LONGEST {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let hosts = neighbours.hosts_with(&text);
        missing += HOSTS.saturating_sub(hosts.len());
        doubled += hosts.values().filter(|times| **times > 1).count();
    }
    println!(
        "{}: killed {n_rounds} times, {n_under_load} of them while a post went to {HOSTS} hosts: {missing} of {} deliveries missing, {doubled} \
         made twice (the other server knows the activity by its id)",
        engine(&site),
        HOSTS * n_rounds,
    );
    running.kill();
    assert_eq!(missing, 0, "every host gets every post");
}
