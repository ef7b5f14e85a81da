//! `phiomia media`: files go to a bucket and come back while a server stands in front of them.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Command, Output},
    time::{Duration, SystemTime},
};

use phiomia_testkit::{BUCKET, KEY, KEY_ID, S3Server, on_both_engines};

use super::kit::{LONG, Place, Running, png};

/// A command that knows the bucket.
fn command(place: &Place, server: &S3Server, args: &[&str]) -> Command {
    let mut command = place.command(args);
    command.env("S3_ENABLED", "true").env("S3_BUCKET", BUCKET).env("S3_ENDPOINT", format!("http://{}", server.address));
    command.env("AWS_ACCESS_KEY_ID", KEY_ID).env("AWS_SECRET_ACCESS_KEY", KEY).env("S3_RETRY_LIMIT", "0");
    command
}

fn says(place: &Place, server: &S3Server, args: &[&str]) -> String {
    let output = command(place, server, args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// As if a file had come to the bucket in 2001.
fn make_old(path: &PathBuf) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)).unwrap();
}

on_both_engines! {
    async fn files_move_to_a_bucket_and_back_while_the_server_runs(place: Place) {
        let server = S3Server::open().await;
        fs::write(place.folder.join("cat.png"), png()).unwrap();
        place.says(&["emoji", "add", "blobcat", "cat.png"]);
        let orphan = "media/00/000000000000000000000000000009/original.png";
        let running = Running::start(command(&place, &server, &["serve", "--listen", "127.0.0.1:0"]));
        running.wait_for_line("files are on their way to the bucket");
        let emoji = running.get("/api/v1/custom_emojis", None).1;
        let path = emoji.split("/system/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let on_disk = place.folder.join("phiomia-data/files").join(&path);
        let in_bucket = server.folder().join(&path);
        assert!(on_disk.is_file() && running.get(&format!("/system/{path}"), None).0 == 200);
        let n_bytes = fs::metadata(&on_disk).unwrap().len();

        let moved = says(&place, &server, &["media", "move", "--to", "s3", "--delete"]);
        assert!(moved.contains(&format!("copied 1 file ({n_bytes} bytes) to the bucket")) && moved.contains("deleted 1 file"), "{moved}");
        assert!(in_bucket.is_file() && !on_disk.exists());
        running.wait_for_line("files: s3");
        assert_eq!(running.get(&format!("/system/{path}"), None).0, 200);
        let usage: serde_json::Value = serde_json::from_str(&says(&place, &server, &["media", "usage", "--json"])).unwrap();
        assert_eq!((&usage["place"], &usage["kinds"]["emoji"]), (&"s3".into(), &serde_json::json!({"files": 1, "bytes": n_bytes})));
        assert_eq!(usage["remote"], serde_json::json!({"bytes": 0, "budget": 1_073_741_824, "by_kind": [], "by_origin": []}));
        assert_eq!(says(&place, &server, &["media", "remove", "--dry-run"]), "would remove 0 files (0 bytes)\n");
        assert_eq!(says(&place, &server, &["media", "remove", "--domain", "a.example"]), "removed 0 files (0 bytes)\n");
        let without = complaint(&place.command(&["media", "check"]).output().unwrap());
        assert!(without.contains("files of this server lie in a bucket (s3): set s3.enabled"), "{without}");

        let lost = server.folder().join(orphan);
        fs::create_dir_all(lost.parent().unwrap()).unwrap();
        fs::write(&lost, "nobody's").unwrap();
        assert_eq!(says(&place, &server, &["media", "orphans"]), "", "what is young may be somebody's soon");
        make_old(&lost);
        make_old(&in_bucket);
        assert_eq!(says(&place, &server, &["media", "orphans", "--delete"]), format!("{orphan}\t8 bytes\n"));
        assert!(!lost.exists() && in_bucket.is_file());

        says(&place, &server, &["media", "move", "--to", "disk", "--delete"]);
        assert!(on_disk.is_file() && !in_bucket.exists());
        assert_eq!(running.get(&format!("/system/{path}"), None).0, 200);
        assert!(place.says(&["media", "check"]).starts_with("disk: the folder "), "the bucket is not needed any more");
    }
}

on_both_engines! {
    async fn a_running_server_shows_the_pictures_it_was_given(place: Place) {
        fs::write(place.folder.join("logo.png"), png()).unwrap();
        fs::write(place.folder.join("page.png"), "<svg/>").unwrap();
        let running = place.serve();
        let instance = || serde_json::from_str::<serde_json::Value>(&running.get("/api/v2/instance", None).1).unwrap();
        let until = |is_good: &dyn Fn(&serde_json::Value) -> bool| {
            let started = std::time::Instant::now();
            loop {
                let instance = instance();
                if is_good(&instance) {
                    return instance;
                }
                assert!(started.elapsed() < LONG, "{instance}");
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        let missing = instance()["thumbnail"]["url"].clone();
        assert!(missing.as_str().unwrap().ends_with("/missing.png"));
        assert_eq!(place.refuses(&["media", "site", "icon", "page.png"]), "the file is of a kind that is not supported");
        place.says(&["media", "site", "thumbnail", "logo.png"]);
        place.says(&["media", "site", "icon", "logo.png"]);
        let shown = until(&|instance| instance["icon"].as_array().unwrap().len() == 9);
        assert_eq!((&shown["icon"][0]["size"], &shown["icon"][8]["size"]), (&"36x36".into(), &"512x512".into()));
        let thumbnail = &shown["thumbnail"];
        assert_eq!(thumbnail["url"], thumbnail["versions"]["@1x"]);
        assert!(thumbnail["versions"]["@2x"].as_str().unwrap().ends_with("/2400x1260.png") && thumbnail["blurhash"].is_string());
        for url in [&thumbnail["url"], &shown["icon"][4]["src"]] {
            let path = url.as_str().unwrap().split("/system/").nth(1).unwrap();
            assert_eq!(running.get(&format!("/system/{path}"), None).0, 200, "{path}");
            make_old(&place.folder.join("phiomia-data/files").join(path));
        }
        assert_eq!(place.says(&["media", "orphans"]), "", "what the server shows is somebody's");
        place.says(&["media", "site", "thumbnail", "--remove"]);
        until(&|instance| instance["thumbnail"]["url"] == missing);
    }
}

#[test]
fn a_server_with_a_bucket_that_is_not_there_does_not_start_and_says_why() {
    phiomia_testkit::run(phiomia_testkit::Engine::Sqlite, async |engine| {
        let (place, server) = (Place::open(engine).await, S3Server::open().await);
        for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["media", "check"]] {
            let said = complaint(&command(&place, &server, args).env("S3_BUCKET", "elsewhere").output().unwrap());
            assert!(said.contains("there is no such bucket: make it, or correct s3.bucket"), "{said}");
        }
        let check = says(&place, &server, &["media", "check"]);
        assert!(check.starts_with("s3: the bucket files at http://127.0.0.1:"), "{check}");
    });
}
