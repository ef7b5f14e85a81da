//! Kills the server without warning under posting load, starts it again, and counts what was acknowledged and is lost.

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
    server::{Running, Site},
};

const N_PEOPLE: usize = 8;
const N_CLIENTS: usize = 32;

pub async fn run(server: &Path, postgres: Option<&str>, n_rounds: usize) {
    let site = Site::new(server, postgres);
    site.run(&["db", "migrate"]);
    site.run(&["settings", "set", "rate_limits", "off"]);
    let tokens = site.people(N_PEOPLE);
    let mut running = site.start().await;
    follow_first(&site, &tokens).await;
    let acknowledged: Arc<Mutex<Vec<(String, usize)>>> = Arc::default();
    let mut slowest = Duration::ZERO;
    for round in 0..n_rounds {
        let is_over = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..N_CLIENTS)
            .map(|client| {
                let token = tokens.get(client % N_PEOPLE).cloned().unwrap_or_default();
                tokio::spawn(post(
                    site.address.clone(),
                    token,
                    client % N_PEOPLE,
                    round,
                    client,
                    acknowledged.clone(),
                    is_over.clone(),
                ))
            })
            .collect();
        tokio::time::sleep(moment(round)).await;
        running.kill();
        is_over.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.unwrap();
        }
        running = site.start().await;
        slowest = slowest.max(running.ready_after);
    }
    report(&site, running, &tokens, &acknowledged, n_rounds, slowest).await;
}

/// When a round is killed: between 50 and 850 ms after its beginning, different in each and the same in each run.
pub fn moment(round: usize) -> Duration {
    Duration::from_millis(u64::try_from(50 + (round * 7_919) % 800).unwrap_or(50))
}

/// Everybody follows the first person, so that every post of theirs leaves a job behind.
async fn follow_first(site: &Site, tokens: &[String]) {
    let mut connection = Connection::open(&site.address).await.ok().expect("a connection");
    let first = tokens.first().cloned().unwrap_or_default();
    let me = connection.get("/api/v1/accounts/verify_credentials", Some(&first)).await.ok().expect("an answer").json();
    let id = me.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
    for token in tokens.iter().skip(1) {
        let answer = connection.post(&format!("/api/v1/accounts/{id}/follow"), token, String::new()).await;
        assert!(answer.is_ok_and(|a| a.status == 200));
    }
}

async fn post(
    address: String,
    token: String,
    person: usize,
    round: usize,
    client: usize,
    acknowledged: Arc<Mutex<Vec<(String, usize)>>>,
    is_over: Arc<AtomicBool>,
) {
    let Ok(mut connection) = Connection::open(&address).await else { return };
    let mut n = 0;
    while !is_over.load(Ordering::Relaxed) {
        n += 1;
        let form = format!("status=round+{round}+client+{client}+post+{n}");
        match connection.post("/api/v1/statuses", &token, form).await {
            Ok(answer) if answer.status == 200 => {
                let id = answer.json().get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
                acknowledged.lock().unwrap().push((id, person));
            }
            Ok(answer) => panic!("posting was answered with {}", answer.status),
            Err(_) => return,
        }
    }
}

async fn report(
    site: &Site,
    running: Running,
    tokens: &[String],
    acknowledged: &Mutex<Vec<(String, usize)>>,
    n_rounds: usize,
    slowest: Duration,
) {
    let acknowledged = acknowledged.lock().unwrap().clone();
    let n_unique = acknowledged.iter().collect::<HashSet<_>>().len();
    let mut connection = Connection::open(&site.address).await.ok().expect("a connection");
    let mut lost = Vec::new();
    let reader = tokens.get(1).cloned().unwrap_or_default();
    for (id, _) in &acknowledged {
        let answer = connection.get(&format!("/api/v1/statuses/{id}"), Some(&reader)).await.ok().expect("an answer");
        if answer.status != 200 {
            lost.push(id.clone());
        }
    }
    let n_waiting = jobs_left(site).await;
    // The newest posts of the first person have to be in their followers' feeds once the jobs are done.
    let mut newest: Vec<&String> = acknowledged.iter().filter(|(_, person)| *person == 0).map(|(id, _)| id).collect();
    newest.sort_by_key(|id| std::cmp::Reverse(id.parse::<i64>().unwrap_or_default()));
    let feed = feed(&mut connection, &reader, 400).await;
    let n_expected = newest.iter().take(50).count();
    let n_missing = newest.iter().take(50).filter(|id| !feed.contains(**id)).count();
    let parked = site.run(&["jobs", "parked", "--json"]);
    println!(
        "{} killed {n_rounds} times without warning, {N_CLIENTS} clients posting",
        if site.is_postgres() { "PostgreSQL:" } else { "SQLite:" }
    );
    println!("acknowledged posts: {} ({n_unique} ids); lost: {}", acknowledged.len(), lost.len());
    println!(
        "jobs left after the last start: {n_waiting}; parked: {parked}; newest {n_expected} posts missing in a follower's feed: {n_missing}"
    );
    println!("slowest start after a kill: {:.0} ms", slowest.as_secs_f64() * 1e3);
    running.kill();
    assert!(lost.is_empty() && n_missing == 0 && n_unique == acknowledged.len(), "something acknowledged was lost");
}

/// Waits until the workers have nothing left; how many jobs remain after a minute.
async fn jobs_left(site: &Site) -> usize {
    let begun = Instant::now();
    loop {
        let counts: serde_json::Value = serde_json::from_str(&site.run(&["jobs", "--json"])).unwrap_or_default();
        let rows = counts.as_array().cloned().unwrap_or_default();
        let n = rows.iter().filter(|row| row.get("kind").and_then(|k| k.as_str()) == Some("fan_out")).count();
        if n == 0 || begun.elapsed() > Duration::from_secs(120) {
            return n;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn feed(connection: &mut Connection, token: &str, most: usize) -> HashSet<String> {
    let mut ids = HashSet::new();
    let mut oldest = String::new();
    while ids.len() < most {
        let from = if oldest.is_empty() { String::new() } else { format!("&max_id={oldest}") };
        let path = format!("/api/v1/timelines/home?limit=40{from}");
        let page = connection.get(&path, Some(token)).await.ok().expect("an answer").json();
        let page: Vec<String> = page
            .as_array()
            .map(|a| a.iter().filter_map(|s| s.get("id")?.as_str().map(str::to_owned)).collect())
            .unwrap_or_default();
        let Some(last) = page.last() else { break };
        oldest.clone_from(last);
        ids.extend(page);
    }
    ids
}
