//! Backups of a server that has lived, beside people who read there: made, verified, restored.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    beside::{Done, Readers, lived, run as run_command},
    client::Connection,
    figures::count,
    pictures::photograph,
    server::Site,
};

/// What is to be measured.
pub struct Plan {
    pub server: PathBuf,
    pub postgres: Option<String>,
    pub n_posts: usize,
    pub n_people: usize,
    /// Posts with a picture.
    pub n_files: usize,
}

pub async fn run(plan: &Plan) {
    let (site, tokens) = lived(&plan.server, plan.postgres.as_deref(), plan.n_posts, plan.n_people).await;
    let running = site.start().await;
    let begun = Instant::now();
    for n in 0..plan.n_files {
        show(&site.address, &tokens, n).await;
    }
    let (n_posts, n_bytes) = site.weigh().await;
    println!(
        "{n_posts} posts and boosts on {}, database {:.0} MB, {} pictures of 1600x1200 uploaded in {:.0} s\n",
        if site.is_postgres() { "PostgreSQL" } else { "SQLite" },
        n_bytes / 1e6,
        plan.n_files,
        begun.elapsed().as_secs_f64()
    );
    let (identity, recipient) = key(&site);
    println!("| | seconds | file MB | peak MB of its process | home p50 ms | p99 | slowest | failed |");
    println!("|---|---|---|---|---|---|---|---|");
    let readers = Readers::begin(&site.address, &tokens);
    tokio::time::sleep(Duration::from_secs(10)).await;
    println!("| nothing beside | | | | {} |", readers.end().await.columns());
    let mut backups = Vec::new();
    let ways: [(&str, &[&str]); 4] = [
        ("without files", &[]),
        ("without files, encrypted", &["--recipient", &recipient]),
        ("with files", &["--media"]),
        ("with files, encrypted", &["--media", "--recipient", &recipient]),
    ];
    for (n, (name, flags)) in ways.into_iter().enumerate() {
        let folder = site.data.join(format!("made{n}"));
        let mut command = site.command();
        command.args(["backup", "create", "--directory"]).arg(&folder).args(flags);
        let done = row(&site, &tokens, &format!("create, {name}"), command, &folder).await;
        assert!(!done.said.is_empty(), "it says where it is");
        let file = std::fs::read_dir(&folder).unwrap().flatten().next().expect("a backup").path();
        backups.push((name, file, flags.contains(&"--recipient")));
    }
    for (name, file, is_encrypted) in &backups {
        let mut command = site.command();
        command.args(["backup", "verify"]).arg(file);
        if *is_encrypted {
            command.arg("--identity").arg(&identity);
        }
        row(&site, &tokens, &format!("verify, {name}"), command, file).await;
    }
    running.kill();
    for (name, file, is_encrypted) in backups.iter().skip(2) {
        let new = site.empty().await;
        let mut command = new.command();
        command.args(["backup", "restore"]).arg(file);
        if *is_encrypted {
            command.arg("--identity").arg(&identity);
        }
        let done = run_command(command).await;
        let server = new.start().await;
        println!(
            "| restore, {name} | {:.1}, and {:.2} to the first answer | {:.1} | {:.0} | | | | |",
            done.seconds,
            server.ready_after.as_secs_f64(),
            megabytes(file),
            done.peak_mb
        );
        assert_eq!(new.weigh().await.0, n_posts, "every post is there again");
        server.kill();
    }
}

/// Runs it beside readers and prints what both felt.
async fn row(site: &Site, tokens: &[String], name: &str, command: Command, file: &Path) -> Done {
    let readers = Readers::begin(&site.address, tokens);
    let done = run_command(command).await;
    let felt = readers.end().await;
    println!("| {name} | {:.1} | {:.1} | {:.0} | {} |", done.seconds, megabytes(file), done.peak_mb, felt.columns());
    done
}

/// A key that opens, in a file, and the one that encrypts.
fn key(site: &Site) -> (PathBuf, String) {
    let key = site.run(&["backup", "keygen"]);
    let recipient = key.split_whitespace().find(|word| word.starts_with("age1")).expect("a recipient").to_owned();
    let path = site.data.join("identity.txt");
    std::fs::write(&path, key).unwrap();
    (path, recipient)
}

/// A post with a picture.
async fn show(address: &str, tokens: &[String], n: usize) {
    let token = tokens.get(n % tokens.len()).map(String::as_str).unwrap_or_default();
    let mut connection = Connection::open(address).await.ok().expect("a connection");
    let picture = photograph(u32::try_from(n).unwrap(), 1_600, 1_200);
    let media = connection.upload("/api/v2/media", token, &picture).await.ok().expect("an answer").json();
    let id = media.get("id").and_then(|id| id.as_str()).expect("an upload").to_owned();
    let form = format!("status=picture+number+{n}&media_ids%5B%5D={id}");
    let answer = connection.post("/api/v1/statuses", token, form).await.ok().expect("an answer");
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

/// Of a file, or of all in a folder.
fn megabytes(path: &Path) -> f64 {
    let files = std::fs::read_dir(path).map(|all| all.flatten().map(|entry| entry.path()).collect());
    let files: Vec<PathBuf> = files.unwrap_or_else(|_| vec![path.to_owned()]);
    let n_bytes: u64 = files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|m| m.len()).sum();
    count(usize::try_from(n_bytes).unwrap()) / 1e6
}
