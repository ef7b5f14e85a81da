//! Every read and the writes of a day on a server that has lived, at several sizes, each beside two limits measured in
//! the same run: the store's reads run inline, and a bare HTTP answer of the same bytes.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use phiomia_model::{AccountId, Error, Page, StatusId, Time, Viewer};
use phiomia_store::{
    Clock, Db, Query,
    db::{self, Opener, notifications, statuses, timelines},
};

use crate::{
    client::Connection,
    figures::{HEAD, Load, count, cpu, load, repeat, resident_mb},
    http::hello,
    server::{Running, Site},
    world::{PASSWORD, World, settings},
};

/// What is to be measured.
pub struct Plan {
    pub server: PathBuf,
    pub postgres: Option<String>,
    pub sizes: Vec<usize>,
    pub n_people: usize,
    pub seconds: u64,
    /// Only reads with this in their name.
    pub only: Option<String>,
}

const CLIENTS: [usize; 3] = [1, 16, 64];
/// How often a read is run inline.
const ROUNDS: usize = 400;

pub async fn run(plan: &Plan) {
    let site = Site::new(&plan.server, plan.postgres.as_deref());
    site.run(&["db", "migrate"]);
    site.run(&["settings", "set", "rate_limits", "off"]);
    let largest = plan.sizes.iter().copied().max().unwrap_or_default();
    let mut world = World::begin(settings(&site.data, plan.postgres.as_deref()), &site.address, plan.n_people).await;
    println!("{} people on {}", plan.n_people, if site.is_postgres() { "PostgreSQL" } else { "SQLite" });
    for size in &plan.sizes {
        let begun = Instant::now();
        world.grow(*size, World::step(largest)).await;
        site.forget_jobs().await;
        println!("\n## {size} posts (written in {:.0} s)\n", begun.elapsed().as_secs_f64());
        let (n_posts, n_bytes) = site.weigh().await;
        println!("- {n_posts} posts and boosts, database {:.0} MB: {:.0} bytes each", n_bytes / 1e6, n_bytes / n_posts);
        let running = started(&site).await;
        measure(plan, &site, &world, &running).await;
        running.kill();
    }
}

/// Starts it five times and keeps the last.
async fn started(site: &Site) -> Running {
    let mut starts = Vec::new();
    for _ in 0..4 {
        let running = site.start().await;
        starts.push(running.ready_after);
        running.kill();
    }
    let running = site.start().await;
    starts.push(running.ready_after);
    starts.sort_unstable();
    // Idle is a server that has nothing to do: the daily work of its first start is done, and what that took given back.
    tokio::time::sleep(Duration::from_secs(20)).await;
    println!(
        "- start to first 200: {:.0} ms (middle of 5); resident idle: {:.1} MB",
        starts.get(2).map_or(0.0, |d| d.as_secs_f64() * 1e3),
        resident_mb(running.process())
    );
    running
}

async fn measure(plan: &Plan, site: &Site, world: &World, running: &Running) {
    let (pid, reader) = (running.process(), world.tokens.iter().take(1).cloned().collect::<Vec<_>>());
    let inline = Inline::open(plan, site, world).await;
    println!("\n{HEAD} inline: CPU ms | bare HTTP: CPU ms |");
    for (name, path, what) in reads(world) {
        if plan.only.as_deref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        let bytes = answer_bytes(site, &reader, &path).await;
        let bare = hello(bytes, 1).await;
        let inline_ms = inline.cpu_ms(what).await;
        for clients in CLIENTS {
            let path = path.clone();
            let figures = load(&site.address, pid, &reader, clients, plan.seconds, move |_| (path.clone(), None)).await;
            let limits = format!(" {inline_ms:.3} | {:.3} |", bare.cpu_ms());
            println!("{}{limits}", figures.row(&format!("{name} ({bytes} bytes)"), clients));
        }
    }
    if plan.only.is_some() {
        return;
    }
    for clients in CLIENTS {
        println!("{}", sign_in(site, pid, clients, plan.seconds).await.row("sign-in (argon2)", clients));
    }
    for clients in CLIENTS {
        let posting = load(&site.address, pid, &world.tokens, clients, plan.seconds, |n| {
            ("/api/v1/statuses".to_owned(), Some(format!("status=post+number+{n}+about+%23topic{}", n % 50)))
        });
        println!("{}", posting.await.row("post a status", clients));
    }
    let before = cpu(pid);
    let waited = Instant::now();
    while site.has_jobs().await && waited.elapsed() < Duration::from_secs(120) {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    println!(
        "\n- jobs left by the posts were done after {:.1} s more, with {:.2} s of CPU",
        waited.elapsed().as_secs_f64(),
        cpu(pid).saturating_sub(before).as_secs_f64()
    );
    let at_once = resident_mb(pid);
    tokio::time::sleep(Duration::from_secs(20)).await;
    println!("- resident after the loads: {at_once:.1} MB, twenty seconds later {:.1} MB", resident_mb(pid));
}

/// What is read: name, path, and the same from the store.
fn reads(world: &World) -> [(&'static str, String, What); 8] {
    let thread = world.thread;
    [
        ("home timeline of 20", "/api/v1/timelines/home".to_owned(), What::Home(20)),
        ("home timeline of 40", "/api/v1/timelines/home?limit=40".to_owned(), What::Home(40)),
        ("public timeline of 20", "/api/v1/timelines/public".to_owned(), What::Public(20)),
        ("context of 100 replies", format!("/api/v1/statuses/{thread}/context"), What::Context(thread)),
        ("notifications of 20", "/api/v1/notifications?limit=20".to_owned(), What::Notifications(20)),
        ("grouped notifications of 20", "/api/v2/notifications?limit=20".to_owned(), What::Groups(20)),
        ("one status", format!("/api/v1/statuses/{thread}"), What::Status(thread)),
        ("verify_credentials", "/api/v1/accounts/verify_credentials".to_owned(), What::Account),
    ]
}

#[derive(Clone, Copy)]
enum What {
    Home(i64),
    Public(i64),
    Context(StatusId),
    Notifications(i64),
    Groups(i64),
    Status(StatusId),
    Account,
}

/// The store by itself: one connection, nothing remembered, no thread between asking and reading.
struct Inline {
    db: Db,
    reader: AccountId,
}

impl Inline {
    async fn open(plan: &Plan, site: &Site, world: &World) -> Inline {
        let settings = settings(&site.data, plan.postgres.as_deref());
        let opened = tokio::task::spawn_blocking(move || Db::open(settings, Clock::system(), Opener::Command));
        let db = opened.await.unwrap().expect("the database opens a second time").db;
        Inline { db, reader: world.people.first().copied().unwrap_or(AccountId(0)) }
    }

    /// Processor time of one read. For PostgreSQL without what the database spends itself.
    async fn cpu_ms(&self, what: What) -> f64 {
        let (me, now, own) = (self.reader, self.db.clock().now(), std::process::id());
        let spent = self.db.read(move |q| {
            let before = cpu(own);
            for _ in 0..ROUNDS {
                read(q, me, what, now)?;
            }
            Ok(cpu(own).saturating_sub(before))
        });
        spent.await.unwrap().as_secs_f64() * 1e3 / count(ROUNDS)
    }
}

fn read(q: &Query<'_>, me: AccountId, what: What, now: Time) -> Result<(), Error> {
    let viewer = Viewer::Account(me);
    let page = Page::first;
    match what {
        What::Home(limit) => {
            let ids = timelines::home(q, me, &page(limit))?;
            statuses::views(q, &ids, viewer, now)?;
        }
        What::Public(limit) => {
            let ids = timelines::public(q, viewer, timelines::Origin::Anywhere, false, &page(limit), now)?;
            statuses::views(q, &ids, viewer, now)?;
        }
        What::Context(id) => {
            let thread = statuses::thread(q, id, false)?;
            let ids: Vec<StatusId> = thread.ancestors.iter().chain(&thread.descendants).copied().collect();
            statuses::views(q, &ids, viewer, now)?;
        }
        What::Notifications(limit) => {
            notifications::page(q, me, &notifications::NotificationFilter::default(), &page(limit), now)?;
        }
        What::Groups(limit) => {
            let (all, folded) = (notifications::NotificationFilter::default(), notifications::Grouped::default());
            notifications::groups(q, me, &all, &folded, &page(limit), now)?;
        }
        What::Status(id) => {
            statuses::view(q, id, viewer, now)?;
        }
        What::Account => {
            db::accounts::view(q, me)?;
        }
    }
    Ok(())
}

/// Signs in by the page, each time with a new browser.
async fn sign_in(site: &Site, pid: u32, clients: usize, seconds: u64) -> Load {
    let mut connection = Connection::open(&site.address).await.ok().expect("a connection");
    let form = connection.get("/auth/sign_in", None).await.ok().expect("the page");
    let page = String::from_utf8_lossy(&form.body).into_owned();
    let token = page.split("authenticity_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let token: String = url_form(token.expect("a form with a token"));
    let cookie = form.cookie.expect("a cookie");
    let filled = format!(
        "authenticity_token={token}&user%5Bemail%5D=person0%40example.org&user%5Bpassword%5D={}",
        PASSWORD.replace(' ', "+")
    );
    let act = async move |connection: &mut Connection, _: usize| {
        connection.post_page("/auth/sign_in", &cookie, filled.clone()).await
    };
    repeat(&site.address, pid, clients, seconds, 302, act).await
}

fn url_form(text: &str) -> String {
    text.replace('+', "%2B").replace('=', "%3D").replace('/', "%2F")
}

async fn answer_bytes(site: &Site, reader: &[String], path: &str) -> usize {
    let mut connection = Connection::open(&site.address).await.ok().expect("a connection");
    let answer = connection.get(path, reader.first().map(String::as_str)).await.ok().expect("an answer");
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer.body.len()
}
