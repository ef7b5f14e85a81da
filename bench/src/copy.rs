//! A server moves from SQLite to PostgreSQL and back, beside people who read there: how long they find nobody.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::{
    beside::{Readers, lived, run as run_command},
    figures::load,
    server::{Running, Site},
};

/// What is to be measured.
pub struct Plan {
    pub server: PathBuf,
    /// Of an empty database.
    pub postgres: String,
    pub n_posts: usize,
    pub n_people: usize,
}

pub async fn run(plan: &Plan) {
    let (mut site, tokens) = lived(&plan.server, None, plan.n_posts, plan.n_people).await;
    let (n_posts, n_bytes) = site.weigh().await;
    println!("{n_posts} posts and boosts of {} people, {:.0} MB on SQLite\n", plan.n_people, n_bytes / 1e6);
    println!(
        "| | ahead, beside the server | peak MB | home p50 ms | p99 | slowest | failed | posts made since | last copy | nobody answers |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let back = format!("sqlite:{}", site.data.join("back.sqlite3").display());
    for (name, to) in [("SQLite to PostgreSQL", plan.postgres.clone()), ("PostgreSQL to SQLite", back)] {
        let running = site.start().await;
        let readers = Readers::begin(&site.address, &tokens);
        tokio::time::sleep(Duration::from_secs(5)).await;
        println!("| nothing beside | | | {} | | | |", readers.end().await.columns());
        let readers = Readers::begin(&site.address, &tokens);
        let mut command = site.command();
        command.args(["db", "copy", "--ahead", "--to", &to]);
        let ahead = run_command(command).await;
        let felt = readers.end().await;
        let made = write(&site, &running, &tokens).await;
        let begun = Instant::now();
        running.stop();
        let mut command = site.command();
        command.args(["db", "copy", "--to", &to]);
        let last = run_command(command).await;
        site.move_to(&to);
        let running = site.start().await;
        println!(
            "| {name} | {:.1} s | {:.0} | {} | {made} | {:.1} s | {:.1} s |",
            ahead.seconds,
            ahead.peak_mb.max(last.peak_mb),
            felt.columns(),
            last.seconds,
            begun.elapsed().as_secs_f64()
        );
        running.stop();
    }
}

/// What a day of a few people leaves: written after the copy that was made ahead.
async fn write(site: &Site, running: &Running, tokens: &[String]) -> usize {
    let posting = load(&site.address, running.process(), tokens, 4, 1, |n| {
        ("/api/v1/statuses".to_owned(), Some(format!("status=since+then+{n}")))
    });
    let n_made = posting.await.n_requests;
    while site.has_jobs().await {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    n_made
}
