//! One post to the followers on many hosts: deliveries per second and what each costs, beside what its signature alone
//! costs in the same run.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::RSA_PKCS1_SHA256,
};

use crate::{
    client::Connection,
    figures::{count, cpu, resident_mb},
    neighbours::{Neighbours, SETTINGS},
    server::Site,
};

/// What is to be measured.
pub struct Plan {
    pub server: PathBuf,
    pub postgres: Option<String>,
    pub n_hosts: usize,
    pub n_rounds: usize,
}

pub async fn run(plan: &Plan) {
    let site = Site::new(&plan.server, plan.postgres.as_deref());
    site.run(&["db", "migrate"]);
    site.run(&["settings", "set", "rate_limits", "off"]);
    let token = site.people(1).pop().unwrap();
    let signs = signs_per_second();
    println!("RSA-2048 signatures on one core: {signs:.0}/s");
    let neighbours = Neighbours::begin().await;
    let running = site.start_with(&SETTINGS).await;
    let author = account(&site, &token).await;
    neighbours.follow(&site, author, 5_000_000, plan.n_hosts, 0).await;
    let pid = running.process();
    println!(
        "| round | hosts | deliveries/s | CPU ms per delivery | per core used, of its signing rate | resident MB |"
    );
    println!("|---|---|---|---|---|---|");
    for round in 0..=plan.n_rounds {
        let text = format!("round {round}");
        let (cpu_before, begun) = (cpu(pid), Instant::now());
        post(&site, &token, &text).await;
        assert!(neighbours.have(&text, plan.n_hosts, Duration::from_secs(120)).await, "not everybody has {text}");
        let took = begun.elapsed();
        // What is written down afterwards is part of the price.
        tokio::time::sleep(Duration::from_millis(700)).await;
        let each = cpu(pid).saturating_sub(cpu_before).as_secs_f64() / count(plan.n_hosts);
        println!(
            "| {} | {} | {:.0} | {:.3} | {:.0} % | {:.0} |",
            if round == 0 { "first contact".to_owned() } else { round.to_string() },
            plan.n_hosts,
            count(plan.n_hosts) / took.as_secs_f64(),
            each * 1e3,
            100.0 / (each * signs),
            resident_mb(pid),
        );
    }
    running.kill();
}

/// The id of whose token this is.
pub async fn account(site: &Site, token: &str) -> i64 {
    let mut connection = Connection::open(&site.address).await.ok().expect("a connection");
    let me = connection.get("/api/v1/accounts/verify_credentials", Some(token)).await.ok().expect("an answer").json();
    me.get("id").and_then(|id| id.as_str()).and_then(|id| id.parse().ok()).expect("an id")
}

/// Posts a text of words and numbers.
pub async fn post(site: &Site, token: &str, text: &str) {
    let mut connection = Connection::open(&site.address).await.ok().expect("a connection");
    let form = format!("status={}", text.replace(' ', "+"));
    let answer = connection.post("/api/v1/statuses", token, form).await.ok().expect("an answer");
    assert_eq!(answer.status, 200, "posting");
}

/// By processor time: the machine may have other things to do.
fn signs_per_second() -> f64 {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let (random, mut signature, mut n) = (SystemRandom::new(), vec![0; pair.public_modulus_len()], 0_usize);
    let (pid, begun) = (std::process::id(), Instant::now());
    let cpu_before = cpu(pid);
    while begun.elapsed() < Duration::from_secs(2) {
        pair.sign(&RSA_PKCS1_SHA256, &random, b"what is to be signed", &mut signature).unwrap();
        n += 1;
    }
    count(n) / cpu(pid).saturating_sub(cpu_before).as_secs_f64()
}
