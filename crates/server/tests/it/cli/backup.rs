//! `phiomia backup`: a server in one file, and on another machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use phiomia_model::Job;
use phiomia_store::db::copy::Snapshot;
use phiomia_testkit::{
    Engine, KEY, KEY_ID, S3Server, beside, on_both_engines, settings,
    tokio::{spawn, task::spawn_blocking, time::sleep},
};

use super::{
    copy::{alice, other, post},
    kit::{Place, Running, png},
};

const LOOKUP: &str = "/api/v1/accounts/lookup?acct=alice";
const HOME: &str = "/api/v1/timelines/home";

/// The file whose place a command printed first.
fn made(said: &str) -> String {
    said.lines().next().unwrap().to_owned()
}

async fn n_statuses(place: &Place) -> u64 {
    let database = settings(&place.database);
    let counting = spawn_blocking(move || {
        let snapshot = Snapshot::take(&database).unwrap();
        let table = snapshot.tables.iter().find(|table| table.name == "statuses").unwrap();
        snapshot.lines(table, &mut |_| Ok(())).unwrap().n_rows
    });
    counting.await.unwrap()
}

/// Posts until it is told to stop; how many times.
async fn posting<T>(place: &Place, meanwhile: impl FnOnce() -> T + Send + 'static) -> (T, u32)
where
    T: Send + 'static,
{
    let is_over = Arc::new(AtomicBool::new(false));
    let over = is_over.clone();
    let working = spawn(async move {
        let done = spawn_blocking(meanwhile).await.unwrap();
        over.store(true, Ordering::SeqCst);
        done
    });
    let mut n_posts = 0;
    while !is_over.load(Ordering::SeqCst) {
        post(place, "written while the backup was made").await;
        n_posts += 1;
    }
    (working.await.unwrap(), n_posts)
}

on_both_engines! {
    async fn a_machine_that_had_nothing_is_the_server_again_on_either_engine(place: Place) {
        let token = alice(&place).await;
        fs::write(place.folder.join("cat.png"), png()).unwrap();
        place.says(&["emoji", "add", "blobcat", "cat.png"]);
        let server = place.serve();
        let mut command = place.command(&["backup", "create", "--media", "--directory", "kept"]);
        let (output, n_posts) = posting(&place, move || command.output().unwrap()).await;
        assert!(output.status.success() && n_posts > 0, "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("1 files") && said.contains("without its secrets; not encrypted"), "{said}");
        let archive = place.folder.join(made(&said));
        let emoji = server.get("/api/v1/custom_emojis", None).1;
        let picture = emoji.split("/system/").nth(1).unwrap().split('"').next().unwrap();
        let picture = format!("/system/{picture}");
        server.stop();
        let said = place.says(&["backup", "verify", archive.to_str().unwrap()]);
        assert!(said.starts_with("the backup is whole: ") && said.contains("1 files are in it"), "{said}");

        for engine in [place.engine(), other(place.engine())] {
            let there = Place::open(engine).await;
            let said = there.says(&["backup", "restore", archive.to_str().unwrap()]);
            assert!(said.contains("1 files are back") && !said.contains("instance.domain"), "{said}");
            let key = |place: &Place| fs::read(place.folder.join("phiomia-data/secret.key")).unwrap();
            assert_eq!(key(&there), key(&place));
            let configuration = fs::read_to_string(there.folder.join("phiomia-data/restored.toml")).unwrap();
            assert!(configuration.contains("[database]") && !configuration.contains(KEY));
            let server = there.serve();
            let (status, account) = server.get(LOOKUP, None);
            let account: serde_json::Value = serde_json::from_str(&account).unwrap();
            // A post and the number of posts are written together: whatever moment it was, they fit.
            assert_eq!((status, account["statuses_count"].as_u64()), (200, Some(n_statuses(&there).await)));
            assert!(account["statuses_count"].as_u64().unwrap() <= 3 + u64::from(n_posts));
            assert_eq!(server.get(HOME, Some(&token)).0, 200, "tokens work");
            assert_eq!(server.get(&picture, None).0, 200, "files are there");
            server.stop();
            let why = there.refuses(&["backup", "restore", archive.to_str().unwrap()]);
            assert!(why.contains("the target is not empty"), "{why}");
        }
    }
}

#[test]
fn a_damaged_or_cut_backup_is_refused_before_anything_is_made() {
    phiomia_testkit::run(Engine::Sqlite, async |engine| {
        let place = Place::open(engine).await;
        alice(&place).await;
        let said = place.says(&["backup", "create", "--directory", "kept"]);
        assert!(said.contains("a list of 0 files, not these themselves"), "{said}");
        let whole = fs::read(place.folder.join(made(&said))).unwrap();
        let there = Place::open(engine).await;
        let broken = there.folder.join("broken.tar.gz");
        let mut attempts: Vec<Vec<u8>> = vec![Vec::new(), b"no archive at all".repeat(100)];
        attempts.extend([20, whole.len() / 2, whole.len() - 5].map(|cut| whole[..cut].to_vec()));
        for at in [whole.len() / 3, whole.len() / 2, whole.len() - 6] {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            attempts.push(changed);
        }
        attempts.push(altered(&whole));
        for attempt in attempts {
            fs::write(&broken, attempt).unwrap();
            for command in ["verify", "restore"] {
                let why = there.refuses(&["backup", command, "broken.tar.gz"]);
                assert!(why.starts_with("the backup cannot be used: "), "{why}");
            }
        }
        let left: Vec<PathBuf> = fs::read_dir(there.folder.join("phiomia-data"))
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default();
        assert!(left.iter().all(|path| !path.to_string_lossy().contains("sqlite3")), "{left:?}");
    });
}

/// The archive as somebody would write it again who changed a text in it: every sum of its parts is right, but the one of
/// all.
fn altered(whole: &[u8]) -> Vec<u8> {
    use std::io::{Read as _, Write as _};
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(whole).read_to_end(&mut plain).unwrap();
    let at = plain.windows(16).position(|window| window == b"narwhal number 1").unwrap();
    plain[at] = b'N';
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&plain).unwrap();
    packed.finish().unwrap()
}

#[test]
fn an_encrypted_backup_is_opened_by_its_identity_alone() {
    phiomia_testkit::run(Engine::Sqlite, async |engine| {
        let place = Place::open(engine).await;
        alice(&place).await;
        let pair = place.says(&["backup", "keygen"]);
        let recipient = pair.lines().next().unwrap().strip_prefix("# public key: ").unwrap();
        fs::write(place.folder.join("identity.txt"), &pair).unwrap();
        fs::write(place.folder.join("other.txt"), place.says(&["backup", "keygen"])).unwrap();
        let said = place.says(&["backup", "create", "--recipient", recipient, "--secrets"]);
        assert!(said.contains("with its secrets; encrypted"), "{said}");
        let name = Path::new(&made(&said)).file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.ends_with(".tar.gz.age"), "{name}");
        assert!(place.refuses(&["backup", "verify", &name]).contains("say with --identity"));
        let why = place.refuses(&["backup", "verify", &name, "--identity", "other.txt"]);
        assert!(why.contains("it is for another identity"), "{why}");
        let said = place.says(&["backup", "verify", &name, "--identity", "identity.txt"]);
        assert!(said.contains("the configuration in it has its secrets"), "{said}");
    });
}

/// A command that keeps backups in a bucket.
fn in_bucket(place: &Place, server: &S3Server, args: &[&str]) -> Command {
    let mut command = place.command(args);
    command.env("S3_ENDPOINT", format!("http://{}", server.address)).env("S3_RETRY_LIMIT", "0");
    command.env("AWS_ACCESS_KEY_ID", KEY_ID).env("AWS_SECRET_ACCESS_KEY", KEY);
    command.args(["--set", "backup.bucket=kept", "--set", "backup.key_prefix=phiomia"]);
    command
}

#[test]
fn the_server_makes_its_backups_itself_and_keeps_as_many_as_it_is_told_on_sqlite() {
    phiomia_testkit::run(Engine::Sqlite, kept_as_told);
}

#[test]
fn the_server_makes_its_backups_itself_and_keeps_as_many_as_it_is_told_on_postgres() {
    phiomia_testkit::run(Engine::Postgres, kept_as_told);
}

async fn kept_as_told(engine: Engine) {
    let bucket = S3Server::open().await;
    let below = bucket.folder().parent().unwrap().join("kept/phiomia");
    fs::create_dir_all(&below).unwrap();
    for keeps_in_bucket in [false, true] {
        let place = Place::open(engine).await;
        alice(&place).await;
        let command = |args: &[&str]| match keeps_in_bucket {
            true => in_bucket(&place, &bucket, args),
            false => place.command(args),
        };
        let folder = if keeps_in_bucket { below.clone() } else { place.folder.join("phiomia-data/backups") };
        fs::create_dir_all(&folder).unwrap();
        for year in 2020..2023 {
            fs::write(folder.join(format!("phiomia-localhost_3000-{year}0101T000000Z.tar.gz")), "old").unwrap();
        }
        let others = folder.join("phiomia-elsewhere.example-20200101T000000Z.tar.gz");
        fs::write(&others, "of another server").unwrap();
        let mut serve = command(&["serve", "--listen", "127.0.0.1:0"]);
        serve.args(["--set", "backup.schedule=daily at 03:00", "--set", "backup.keep=2"]);
        serve.args(["--set", "instance.domain=localhost:3000"]);
        let server = Running::start(serve);
        let planned = loop {
            let jobs = place.says(&["jobs"]);
            if jobs.contains("back_up") {
                break jobs;
            }
            sleep(std::time::Duration::from_millis(20)).await;
        };
        assert!(planned.contains("backup"), "{planned}");
        let opened = beside(&settings(&place.database)).await;
        opened.db.write(|tx| Ok(tx.enqueue(&Job::BackUp)?)).await.unwrap();
        opened.db.close();
        server.wait_for_line("20200101T000000Z.tar.gz was deleted");
        server.wait_for_line("20210101T000000Z.tar.gz was deleted");
        server.wait_for_line("a backup of ");
        server.stop();

        let output = command(&["backup", "list"]).output().unwrap();
        let listed = String::from_utf8(output.stdout).unwrap();
        let names: Vec<&str> = listed.lines().map(|line| line.split('\t').next().unwrap()).collect();
        assert_eq!((names.len(), names[0]), (2, "phiomia-localhost_3000-20220101T000000Z.tar.gz"), "{listed}");
        assert!(others.exists());
        let output = command(&["backup", "verify", names[1]]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let output = command(&["backup", "verify", "phiomia-none.tar.gz"]).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "phiomia: there is no backup phiomia-none.tar.gz\n");
    }
}
