//! Pictures of another server that stream in, each looked at once: how much of the disk they hold at any moment, beside
//! what they may, and what the server and its children take of memory.

use std::{
    io::Cursor,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Path as Piece, State},
    routing::get,
};
use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    client::Connection,
    figures::{count, cpu, resident_mb},
    neighbours::SETTINGS,
    server::Site,
};

/// What is to be measured.
pub struct Plan {
    pub server: PathBuf,
    pub postgres: Option<String>,
    pub n_pictures: usize,
    /// Megabytes that may be kept.
    pub budget: u64,
}

/// Who look, at the same time.
const LOOKERS: usize = 8;
/// Attachments of a post.
const A_POST: usize = 10;
/// The id of who shows them, and of the first post: below all that are made by the clock.
const AUTHOR: usize = 5_000_000;
/// Bytes of what settings call a megabyte.
const MEGABYTE: u64 = 1_024 * 1_024;
/// How often the disk and the memory are looked at.
const PAUSE: Duration = Duration::from_millis(20);
/// Most memory of the whole: `docs/PERFORMANCE.md`.
const MOST_MB: f64 = 256.0;

/// What was seen so far.
#[derive(Default)]
struct Seen {
    most_bytes: AtomicU64,
    /// Kilobytes of the server and its children together.
    most_memory: AtomicU64,
    n_samples: AtomicUsize,
    is_over: AtomicBool,
}

pub async fn run(plan: &Plan) {
    let site = Site::new(&plan.server, plan.postgres.as_deref());
    let disk = rustix::fs::statvfs(&site.data).unwrap();
    let is_roomy = disk.f_bavail > disk.f_blocks / 10 + plan.budget * 2_000_000 / disk.f_frsize;
    assert!(
        is_roomy,
        "the server leaves the last tenth of a disk to others, and this one is fuller: set TMPDIR to another"
    );
    site.run(&["db", "migrate"]);
    site.run(&["settings", "set", "rate_limits", "off"]);
    let token = site.people(1).pop().unwrap();
    let n_asked = Arc::new(AtomicUsize::new(0));
    let host = begin(n_asked.clone()).await;
    site.execute(&rows(plan, &host)).await;
    let budget = format!("{}MB", plan.budget);
    let running = site.start_with(&[SETTINGS[0], SETTINGS[1], ("media.remote_budget", &budget)]).await;
    let pid = running.process();
    let addresses = addresses(&site.address, &token).await;
    assert_eq!(addresses.len(), plan.n_pictures, "every picture is shown");
    let seen = Arc::new(Seen::default());
    let watching = std::thread::spawn({
        let (seen, folder) = (seen.clone(), site.data.join("files"));
        let budget = plan.budget * MEGABYTE;
        move || watch(&seen, &folder, budget, pid)
    });
    let (begun, cpu_before) = (Instant::now(), cpu(pid));
    let n_shown = look(&site.address, &addresses).await;
    let (took, used) = (begun.elapsed(), cpu(pid).saturating_sub(cpu_before));
    seen.is_over.store(true, Ordering::Relaxed);
    watching.join().unwrap();
    // What went is fetched anew, what stayed is not.
    let before = n_asked.load(Ordering::Relaxed);
    let (oldest, newest) = (addresses.first().unwrap(), addresses.last().unwrap());
    assert_eq!(look(&site.address, &[oldest.clone(), newest.clone()]).await, 2);
    let n_again = n_asked.load(Ordering::Relaxed) - before;
    running.kill();
    report(plan, &seen, n_shown, took, used, n_again);
    assert_eq!(before, plan.n_pictures, "each was asked for once");
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a benchmark are far below 2^52")]
fn report(plan: &Plan, seen: &Seen, n_shown: usize, took: Duration, used: Duration, n_again: usize) {
    let budget = (plan.budget * MEGABYTE) as f64;
    let share = seen.most_bytes.load(Ordering::Relaxed) as f64 / budget * 100.0;
    let memory = seen.most_memory.load(Ordering::Relaxed) as f64 / 1_024.0;
    println!("| {} pictures, budget of {} MB | |\n|---|---|", plan.n_pictures, plan.budget);
    println!("| shown | {n_shown} |");
    println!("| a second | {:.0} |", count(n_shown) / took.as_secs_f64());
    println!(
        "| processor of the server each, without its children | {:.2} ms |",
        used.as_secs_f64() * 1e3 / count(n_shown.max(1))
    );
    println!("| most on the disk, of {} looks | {share:.2} % of the budget |", seen.n_samples.load(Ordering::Relaxed));
    println!("| most memory of server and children | {memory:.0} MB (at most {MOST_MB} MB) |");
    println!("| fetched again: the first, and not the last | {n_again} |");
    assert_eq!(n_shown, plan.n_pictures, "every picture is shown");
    assert!(share <= 101.0, "more lay on the disk than may");
    assert!(share >= 80.0, "the budget was never nearly full: look at more pictures, or give less");
    assert!(memory <= MOST_MB, "more memory than may be");
    assert_eq!(n_again, 1, "what is looked at last stays, what was looked at first went");
}

/// Another server, and its name.
async fn begin(n_asked: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let router = Router::new().route("/pictures/{n}", get(give)).with_state(n_asked);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    host
}

async fn give(
    State(n_asked): State<Arc<AtomicUsize>>,
    Piece(n): Piece<u32>,
) -> ([(&'static str, &'static str); 1], Vec<u8>) {
    n_asked.fetch_add(1, Ordering::Relaxed);
    ([("content-type", "image/jpeg")], picture(n))
}

/// No two are the same, nor as long: between 300 and 800 pixels wide, with grain.
fn picture(n: u32) -> Vec<u8> {
    photograph(n, 300 + n * 37 % 500, 200 + n * 23 % 300)
}

/// A picture with grain, another one for each `n`.
pub fn photograph(n: u32, width: u32, height: u32) -> Vec<u8> {
    let mut grain = n.wrapping_mul(2_654_435_761).max(1);
    let picture = RgbImage::from_fn(width, height, |x, y| {
        grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [noise, ..] = grain.to_be_bytes();
        let [.., slope] = (x / 4 + n).to_be_bytes();
        let [.., other] = (y / 3).to_be_bytes();
        Rgb([slope / 2 + noise / 8, other / 2 + noise / 8, 90 + noise / 8])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 85)).unwrap();
    bytes.into_inner()
}

/// Posts of somebody there, each with some of the pictures.
fn rows(plan: &Plan, host: &str) -> String {
    let uri = format!("http://{host}/u/painter");
    let mut sql = format!(
        "begin;
        insert into accounts (id, username, username_key, domain, uri, url, created_at)
            values ({AUTHOR}, 'painter', 'painter', '{host}', '{uri}', '{uri}', 0);
        insert into actors (account_id, host, inbox, shared_inbox, fetched_at)
            values ({AUTHOR}, '{host}', '{uri}/inbox', 'http://{host}/inbox', 0);"
    );
    for (post, first) in (0..plan.n_pictures).step_by(A_POST).enumerate() {
        let id = AUTHOR + 1 + post * (A_POST + 1);
        let shown = first..plan.n_pictures.min(first + A_POST);
        let attachments: Vec<serde_json::Value> = shown
            .map(|n| serde_json::json!({ "kind": "image", "url": format!("http://{host}/pictures/{n}") }))
            .collect();
        let attachments = serde_json::Value::from(attachments);
        sql.push_str(&format!(
            "insert into statuses (id, account_id, uri, text, visibility, is_local, created_at)
                values ({id}, {AUTHOR}, '{uri}/{post}', '', 0, false, 0);
            insert into remote_statuses (status_id, attachments, fetched_at) values ({id}, '{attachments}', 0);"
        ));
    }
    sql.push_str("commit;");
    sql
}

/// Where this server shows them, the newest post first.
async fn addresses(address: &str, token: &str) -> Vec<String> {
    let mut connection = Connection::open(address).await.ok().expect("a connection");
    let (mut found, mut older) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/accounts/{AUTHOR}/statuses?limit=40{older}");
        let page = connection.get(&path, Some(token)).await.ok().expect("an answer").json();
        let page = page.as_array().cloned().unwrap_or_default();
        let Some(last) = page.last().and_then(|post| post.get("id")?.as_str()) else { return found };
        older = format!("&max_id={last}");
        for attachment in page.iter().filter_map(|post| post.get("media_attachments")?.as_array()).flatten() {
            let preview = attachment.get("preview_url").and_then(|url| url.as_str()).expect("an address");
            let path = preview.find("/media_proxy/").and_then(|at| preview.get(at..)).expect("an address of ours");
            found.push(path.to_owned());
        }
    }
}

/// Looks at all, in their order; how many were shown.
async fn look(address: &str, paths: &[String]) -> usize {
    let (next, paths) = (Arc::new(AtomicUsize::new(0)), Arc::new(paths.to_vec()));
    let mut lookers = JoinSet::new();
    for _ in 0..LOOKERS {
        let (next, paths, address) = (next.clone(), paths.clone(), address.to_owned());
        lookers.spawn(async move {
            let mut connection = Connection::open(&address).await.ok().expect("a connection");
            let mut n_shown = 0;
            while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = connection.get(path, None).await.ok().expect("an answer");
                n_shown += usize::from(answer.status == 200 && answer.body.starts_with(b"RIFF"));
            }
            n_shown
        });
    }
    lookers.join_all().await.into_iter().sum()
}

fn watch(seen: &Seen, folder: &Path, budget: u64, pid: u32) {
    while !seen.is_over.load(Ordering::Relaxed) {
        let mut lies = bytes_in(folder);
        // While it is added up, a file may go that was counted and another come: what really lies there lies there twice.
        if lies > budget {
            lies = lies.min(bytes_in(folder));
        }
        seen.most_bytes.fetch_max(lies, Ordering::Relaxed);
        let memory: f64 = family(pid).into_iter().map(resident_mb).sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundred megabytes")]
        seen.most_memory.fetch_max((memory * 1_024.0) as u64, Ordering::Relaxed);
        seen.n_samples.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(PAUSE);
    }
}

/// Bytes of all files in a folder, also of those that are being written. Nothing else lies there: nobody here uploads.
fn bytes_in(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
        Ok(metadata) => metadata.len(),
        // It went just now.
        Err(_) => 0,
    });
    sizes.sum()
}

/// A process and those it started.
fn family(pid: u32) -> Vec<u32> {
    let mut family = vec![pid];
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for thread in threads {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        family.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
    }
    family
}
