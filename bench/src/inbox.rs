//! Signed posts from other servers, at the shared inbox: how many a second are believed, kept and seen by those who
//! follow their authors, and what each costs the server, beside what checking its signature alone costs in the same run.

use std::{
    cell::RefCell,
    collections::HashMap,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey},
};
use bytes::Bytes;
use hyper::{
    Method,
    header::{HeaderName, HeaderValue},
};
use phiomia_activitypub::{
    PUBLIC, Uri, Web,
    signature::{Dialect, PrivateKey, Signer, sign},
};
use phiomia_store::Clock;
use url::Url;

use crate::{
    client::Connection,
    figures::{count, cpu, resident_mb},
    neighbours::SETTINGS,
    server::Site,
    world::{World, settings},
};

/// What is to be measured.
pub struct Plan {
    pub server: PathBuf,
    pub postgres: Option<String>,
    /// Who send.
    pub n_actors: usize,
    /// Who live here.
    pub n_people: usize,
    pub n_notes: usize,
    /// Whether everybody here follows all of them, and not only one reader each.
    pub is_followed_by_all: bool,
}

const CLIENTS: usize = 64;
/// Each follows some of the actors, so that what is sent to one stays within what a feed keeps.
const READERS: usize = 20;
/// Hosts the actors live on.
const HOSTS: usize = 10;
/// The first id of an actor, below all that are made by the clock.
const FIRST: usize = 5_000_000;
/// Different keys; the server keeps one for each actor all the same.
const KEYS: usize = 8;
const LONGEST: Duration = Duration::from_secs(300);

/// A request that only has to be sent.
pub struct Signed {
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
}

/// Everything before the first request.
pub struct Stage {
    /// Tokens of those who follow the actors.
    pub readers: Vec<String>,
    pub requests: Vec<Signed>,
}

impl Stage {
    pub async fn set(plan: &Plan) -> (Site, Stage) {
        assert!(plan.n_people >= READERS, "at least {READERS} people");
        let site = Site::new(&plan.server, plan.postgres.as_deref());
        site.run(&["db", "migrate"]);
        site.run(&["settings", "set", "rate_limits", "off"]);
        let world = World::begin(settings(&site.data, plan.postgres.as_deref()), &site.address, plan.n_people).await;
        let people: Vec<i64> = world.people.iter().map(|person| person.0).collect();
        let readers: Vec<String> = world.tokens.iter().take(READERS).cloned().collect();
        drop(world);
        site.forget_jobs().await;
        let keys: Vec<PrivateKey> = (0..KEYS).map(|_| key()).collect();
        site.execute(&rows(plan, &people, &keys)).await;
        let requests = signed(plan, &site.address, &keys);
        (site, Stage { readers, requests })
    }
}

pub async fn run(plan: &Plan) {
    let (signs, verifies) = limits();
    println!("RSA-2048 on one core: {signs:.0} signatures/s, {verifies:.0} checks/s");
    let (site, Stage { readers, requests }) = Stage::set(plan).await;
    let running = site.start_with(&SETTINGS).await;
    let pid = running.process();
    let (cpu_before, begun) = (cpu(pid), Instant::now());
    let latencies = send(&site.address, requests).await;
    let accepted_after = begun.elapsed();
    while site.has_jobs().await && begun.elapsed() < LONGEST {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (visible_after, spent) = (begun.elapsed(), cpu(pid).saturating_sub(cpu_before));
    let n_lost = lost(&site.address, &readers, plan.n_notes).await;
    let at = |percent: usize| {
        let index = latencies.len().saturating_sub(1) * percent / 100;
        latencies.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    };
    println!(
        "| people | actors | notes | 202/s | visible notes/s | CPU ms per note | p50 ms | p99 ms | lost | resident MB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    println!(
        "| {} | {} | {} | {:.0} | {:.0} | {:.3} | {:.1} | {:.1} | {n_lost} | {:.0} |",
        plan.n_people,
        plan.n_actors,
        plan.n_notes,
        count(plan.n_notes) / accepted_after.as_secs_f64(),
        count(plan.n_notes) / visible_after.as_secs_f64(),
        spent.as_secs_f64() * 1e3 / count(plan.n_notes),
        at(50),
        at(99),
        resident_mb(pid),
    );
    running.kill();
    assert_eq!(n_lost, 0, "what was answered with 202 is seen by those who follow its author");
}

fn pair() -> KeyPair {
    KeyPair::generate(KeySize::Rsa2048).unwrap()
}

fn key() -> PrivateKey {
    let der: Pkcs8V1Der<'_> = pair().as_der().unwrap();
    PrivateKey::from_pkcs8(der.as_ref()).unwrap()
}

/// Signatures and checks a second, by processor time: the machine may have other things to do.
fn limits() -> (f64, f64) {
    let (pair, random) = (pair(), SystemRandom::new());
    let (text, mut signature) = (b"what is to be signed", vec![0; pair.public_modulus_len()]);
    let signs = rate(|| pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).unwrap());
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    (signs, rate(|| public.verify(text, &signature).unwrap()))
}

fn rate(mut act: impl FnMut()) -> f64 {
    let pid = std::process::id();
    let (cpu_before, begun, mut n) = (cpu(pid), Instant::now(), 0_usize);
    while begun.elapsed() < Duration::from_secs(1) {
        act();
        n += 1;
    }
    count(n) / cpu(pid).saturating_sub(cpu_before).as_secs_f64()
}

fn host(actor: usize) -> String {
    format!("127.9.0.{}", 1 + actor % HOSTS)
}

fn uri(actor: usize) -> String {
    format!("http://{}/u/{actor}", host(actor))
}

/// The actors, known with their keys, and who follows them.
fn rows(plan: &Plan, people: &[i64], keys: &[PrivateKey]) -> String {
    let pems: Vec<String> = keys.iter().map(PrivateKey::public_pem).collect();
    let mut sql = String::from("begin;");
    for actor in 0..plan.n_actors {
        let (id, host, uri) = (FIRST + actor, host(actor), uri(actor));
        let pem = pems.get(actor % KEYS).map(String::as_str).unwrap_or_default();
        sql.push_str(&format!(
            "insert into accounts (id, username, username_key, domain, uri, url, created_at)
                values ({id}, 'a{actor}', 'a{actor}', '{host}', '{uri}', '{uri}', 0);
            insert into actors (account_id, host, inbox, shared_inbox, followers, fetched_at)
                values ({id}, '{host}', '{uri}/inbox', 'http://{host}/inbox', '{uri}/followers', 0);
            insert into actor_keys (id, account_id, form, material) values ('{uri}#key', {id}, 'pem', '{pem}');"
        ));
        for (n, person) in people.iter().enumerate() {
            let is_follower = if n < READERS { actor % READERS == n } else { plan.is_followed_by_all };
            if is_follower {
                let name = FIRST + actor * people.len() + n;
                sql.push_str(&format!(
                    "insert into follows (account_id, target_id, id, created_at) values ({person}, {id}, {name}, 0);"
                ));
            }
        }
    }
    sql.push_str("commit;");
    sql
}

/// All requests, signed before any is sent: the price is paid by other servers, not by the one that is measured.
fn signed(plan: &Plan, address: &str, keys: &[PrivateKey]) -> Vec<Signed> {
    let url = Url::parse(&format!("http://{address}/inbox")).unwrap();
    let now = Clock::system().now();
    (0..plan.n_notes)
        .map(|n| {
            let actor = n % plan.n_actors;
            let author = uri(actor);
            let key_id = Uri::parse(&format!("{author}#key"), Web::HttpToo).unwrap();
            let body = serde_json::json!({
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": format!("{author}/notes/{n}/activity"),
                "type": "Create",
                "actor": author,
                "to": [PUBLIC],
                "cc": [format!("{author}/followers")],
                "object": {
                    "id": format!("{author}/notes/{n}"),
                    "type": "Note",
                    "attributedTo": author,
                    "to": [PUBLIC],
                    "cc": [format!("{author}/followers")],
                    "content": text(n),
                },
            });
            let body = Bytes::from(body.to_string());
            let signer = Signer { key_id: &key_id, key: keys.get(actor % KEYS).unwrap() };
            let headers = sign(Dialect::Cavage, &Method::POST, &url, Some(&body), signer, now).unwrap();
            Signed { headers, body }
        })
        .collect()
}

/// Sends all; how long each `202` took, sorted.
async fn send(address: &str, requests: Vec<Signed>) -> Vec<Duration> {
    let left = Rc::new(RefCell::new(requests));
    let clients = tokio::task::LocalSet::new();
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (left, address) = (left.clone(), address.to_owned());
            clients.spawn_local(async move {
                let mut connection = Connection::open(&address).await.ok().expect("a connection");
                let mut latencies = Vec::new();
                loop {
                    let next = left.borrow_mut().pop();
                    let Some(Signed { headers, body }) = next else { return latencies };
                    let sent = Instant::now();
                    let answer = connection.deliver("/inbox", headers, body).await.ok().expect("an answer");
                    assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
                    latencies.push(sent.elapsed());
                }
            })
        })
        .collect();
    let mut all = clients
        .run_until(async {
            let mut all = Vec::new();
            for task in tasks {
                all.extend(task.await.unwrap());
            }
            all
        })
        .await;
    all.sort_unstable();
    all
}

/// How many notes are in no reader's home timeline.
async fn lost(address: &str, readers: &[String], n_notes: usize) -> usize {
    let seen = seen(address, readers).await;
    (0..n_notes).filter(|n| !seen.contains_key(&text(*n))).count()
}

/// The text of a note.
pub fn text(n: usize) -> String {
    format!("<p>note {n}</p>")
}

/// How often each text stands in the readers' home timelines, all together.
pub async fn seen(address: &str, readers: &[String]) -> HashMap<String, usize> {
    let mut connection = Connection::open(address).await.ok().expect("a connection");
    let mut seen: HashMap<String, usize> = HashMap::new();
    for reader in readers {
        let mut oldest = String::new();
        loop {
            let path = format!("/api/v1/timelines/home?limit=40{oldest}");
            let page = connection.get(&path, Some(reader)).await.ok().expect("an answer").json();
            let page = page.as_array().cloned().unwrap_or_default();
            let text = |status: &serde_json::Value, field: &str| {
                status.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
            };
            let Some(last) = page.last() else { break };
            oldest = format!("&max_id={}", text(last, "id"));
            for status in &page {
                *seen.entry(text(status, "content")).or_default() += 1;
            }
        }
    }
    seen
}
