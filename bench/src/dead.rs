//! Living hosts beside many dead ones: how long a delivery to the living takes with and without the dead.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::{
    fanout::{account, post},
    figures::resident_mb,
    neighbours::{Neighbours, SETTINGS},
    server::Site,
};

/// What is to be measured.
pub struct Plan {
    pub server: PathBuf,
    pub postgres: Option<String>,
    pub n_living: usize,
    pub n_dead: usize,
    pub n_posts: usize,
}

/// Between two posts.
const PAUSE: Duration = Duration::from_secs(1);

pub async fn run(plan: &Plan) {
    let site = Site::new(&plan.server, plan.postgres.as_deref());
    site.run(&["db", "migrate"]);
    site.run(&["settings", "set", "rate_limits", "off"]);
    let tokens = site.people(2);
    let neighbours = Neighbours::begin().await;
    let running = site.start_with(&SETTINGS).await;
    let [writer, unlucky] = [0, 1].map(|n| tokens.get(n).cloned().unwrap_or_default());
    neighbours.follow(&site, account(&site, &writer).await, 5_000_000, plan.n_living, 0).await;
    neighbours.follow(&site, account(&site, &unlucky).await, 7_000_000, 0, plan.n_dead).await;
    post(&site, &writer, "warm").await;
    assert!(neighbours.have("warm", plan.n_living, Duration::from_secs(60)).await, "not everybody has the first post");
    println!("{} living hosts, {} dead ones; {} posts, one a second", plan.n_living, plan.n_dead, plan.n_posts);
    println!("| dead | p50 ms | p90 ms | p99 ms | longest ms | missing | resident MB |");
    println!("|---|---|---|---|---|---|---|");
    for has_dead in [false, true] {
        let n_dead = if has_dead { plan.n_dead } else { 0 };
        if has_dead {
            post(&site, &unlucky, "lost").await;
        }
        let mut latencies = Vec::new();
        let mut sent = Vec::new();
        for n in 0..plan.n_posts {
            let text = format!("post {n} beside {n_dead}");
            sent.push((text.clone(), Instant::now()));
            post(&site, &writer, &text).await;
            tokio::time::sleep(PAUSE).await;
        }
        let mut n_missing = 0;
        for (text, begun) in sent {
            if !neighbours.have(&text, plan.n_living, Duration::from_secs(30)).await {
                n_missing += plan.n_living - neighbours.came(&text).len();
            }
            latencies.extend(neighbours.came(&text).into_iter().map(|at| at.duration_since(begun)));
        }
        latencies.sort_unstable();
        let at = |percent: usize| {
            let index = latencies.len().saturating_sub(1) * percent / 100;
            latencies.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
        };
        println!(
            "| {n_dead} | {:.0} | {:.0} | {:.0} | {:.0} | {n_missing} | {:.0} |",
            at(50),
            at(90),
            at(99),
            at(100),
            resident_mb(running.process()),
        );
    }
    running.kill();
}
