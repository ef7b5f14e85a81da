//! Start-up, memory, reading and posting.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    client::Connection,
    figures::{HEAD, Load, fsyncs_per_second, load, resident_mb},
    server::Site,
};

/// What is to be measured.
pub struct Plan {
    pub server: PathBuf,
    pub postgres: Option<String>,
    pub n_posts: usize,
    pub seconds: u64,
}

/// People who post; one of them follows all others and reads.
const N_PEOPLE: usize = 20;

pub async fn run(plan: &Plan) {
    let site = Site::new(&plan.server, plan.postgres.as_deref());
    site.run(&["db", "migrate"]);
    site.run(&["settings", "set", "rate_limits", "off"]);
    let tokens = site.people(N_PEOPLE);
    let mut starts: Vec<Duration> = Vec::new();
    for _ in 0..5 {
        let running = site.start().await;
        starts.push(running.ready_after);
        running.kill();
    }
    starts.sort_unstable();
    let running = site.start().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = resident_mb(running.process());
    println!(
        "start to first 200: {:.0} ms (middle of 5); resident idle: {idle:.1} MB",
        starts.get(2).map_or(0.0, |d| d.as_secs_f64() * 1e3)
    );
    follow_everybody(&site, &tokens).await;

    let fsyncs = fsyncs_per_second(&site.data);
    println!("this disk: {fsyncs:.0} durable appends a second, one after the other\n\n{HEAD}");
    let pid = running.process();
    let mut posting = Load::default();
    for clients in [1, 16, 64] {
        posting = load(&site.address, pid, &tokens, clients, plan.seconds, |n| {
            ("/api/v1/statuses".to_owned(), Some(format!("status=post+number+{n}+about+%23topic{}", n % 50)))
        })
        .await;
        println!("{}", posting.row("post a status", clients));
    }
    println!(
        "\ndurable posts at 64 clients: {:.1} times what one fsync per post allows\n",
        posting.per_second() / fsyncs
    );
    fill(&site, &tokens, plan.n_posts).await;
    tokio::time::sleep(Duration::from_secs(3)).await;

    println!("{HEAD}");
    let reader: Vec<String> = tokens.first().cloned().into_iter().collect();
    let mut home = Load::default();
    for clients in [1, 16, 64] {
        home =
            load(&site.address, pid, &reader, clients, plan.seconds, |_| ("/api/v1/timelines/home".to_owned(), None))
                .await;
        println!("{}", home.row("home timeline of 20", clients));
    }
    for (name, path) in [
        ("public timeline of 20", "/api/v1/timelines/public"),
        ("notifications", "/api/v1/notifications"),
        ("verify_credentials", "/api/v1/accounts/verify_credentials"),
    ] {
        let figures = load(&site.address, pid, &reader, 16, plan.seconds, move |_| (path.to_owned(), None)).await;
        println!("{}", figures.row(name, 16));
    }
    let bytes = page_bytes(&site, &reader).await;
    let hello = hello(bytes, plan.seconds).await;
    println!("{}", hello.row(&format!("bare axum, {bytes} bytes"), 64));
    println!("\nresident after the loads: {:.1} MB", resident_mb(pid));
    println!("home timeline: {:.3} ms of CPU, a bare HTTP answer of its size {:.3} ms", home.cpu_ms(), hello.cpu_ms());
    running.kill();
    if plan.postgres.is_none() {
        crate::bare::report(&site.data.join("phiomia.sqlite3"), home.cpu_ms() - hello.cpu_ms());
    }
}

async fn follow_everybody(site: &Site, tokens: &[String]) {
    let mut connection = Connection::open(&site.address).await.ok().expect("the server takes connections");
    let reader = tokens.first().cloned().unwrap_or_default();
    for token in tokens.iter().skip(1) {
        let me =
            connection.get("/api/v1/accounts/verify_credentials", Some(token)).await.ok().expect("an answer").json();
        let id = me.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
        let answer = connection.post(&format!("/api/v1/accounts/{id}/follow"), &reader, String::new()).await;
        assert!(answer.is_ok_and(|a| a.status == 200), "following {id}");
    }
}

async fn fill(site: &Site, tokens: &[String], n_posts: usize) {
    let per_client = n_posts / 16;
    let mut tasks = Vec::new();
    for client in 0..16 {
        let (address, token) = (site.address.clone(), tokens.get(client % tokens.len()).cloned().unwrap_or_default());
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&address).await.ok().expect("a connection");
            for n in 0..per_client {
                let form = format!("status=filling+{client}+{n}+%40person{}+and+%23topic{}", n % 20, n % 50);
                let _ = connection.post("/api/v1/statuses", &token, form).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

async fn page_bytes(site: &Site, reader: &[String]) -> usize {
    let mut connection = Connection::open(&site.address).await.ok().expect("a connection");
    let page =
        connection.get("/api/v1/timelines/home", reader.first().map(String::as_str)).await.ok().expect("an answer");
    assert_eq!(page.json().as_array().map_or(0, Vec::len), 20, "a page of 20 posts");
    page.body.len()
}

pub async fn hello(bytes: usize, seconds: u64) -> Load {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["hello", "--listen", &address, "--bytes", &bytes.to_string()])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while Connection::open(&address).await.is_err() && begun.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let figures = load(&address, child.id(), &[], 64, seconds, |_| ("/hello".to_owned(), None)).await;
    let _ = child.kill();
    let _ = child.wait();
    figures
}
