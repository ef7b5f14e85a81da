//! From a domain and a name to a server that can be started, by flags alone, as cloud-init runs it.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

use phiomia_testkit::{Engine, on_both_engines};

use super::kit::Place;

const ANSWERS: &[&str] = &[
    "--data",
    "kept",
    "init",
    "--yes",
    "--domain",
    "example.org",
    "--web-domain",
    "social.example.org",
    "--handle",
    "@me",
    "--email",
    "me@example.org",
    "--address",
    "203.0.113.7",
    "--address",
    "2001:db8::7",
];

/// What lies in a folder, by name, without what SQLite writes on every opening.
fn contents(place: &Place) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(place.folder.join("kept")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| !path.to_string_lossy().contains("sqlite3"));
    files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

on_both_engines! {
    async fn init_makes_the_file_and_the_owner_and_a_second_run_changes_nothing(place: Place) {
        let said = place.says(ANSWERS);
        let file = place.folder.join("kept/phiomia.toml");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&file).unwrap();
        for line in ["domain = \"example.org\"", "web_domain = \"social.example.org\"", "acme = true"] {
            assert!(text.contains(line), "{text}");
        }
        for line in [
            "social.example.org.  A     203.0.113.7",
            "social.example.org.  AAAA  2001:db8::7",
            "https://example.org/.well-known/webfinger  ->  https://social.example.org/.well-known/webfinger",
            "https://social.example.org/owner/",
            "serve",
        ] {
            assert!(said.contains(line), "{line}: {said}");
        }
        let accounts = ["--data", "kept", "account", "list", "--json"];
        let before = (contents(&place), place.says(&accounts));
        assert!(before.1.contains("\"role\":\"owner\"") && before.1.contains("me@example.org"), "{}", before.1);
        let again = place.says(ANSWERS);
        assert!(again.starts_with("Nothing had to be changed."), "{again}");
        assert!(!again.contains("/owner/"), "{again}");
        assert_eq!((contents(&place), place.says(&accounts)), before);
        // What is there is enough for the rest, and a name that is somebody else's is refused.
        let short = ["--data", "kept", "init", "--handle", "me", "--email", "me@example.org"];
        assert!(place.says(&short).starts_with("Nothing had to be changed."));
        let other = ["--data", "kept", "init", "--handle", "you", "--email", "you@example.org"];
        assert!(place.refuses(&other).contains("this server belongs to me already"));
    }
}

#[tokio::test]
async fn who_publishes_the_records_is_not_told_to_set_them() {
    let place = Place::open(Engine::Sqlite).await;
    let mut arguments = vec!["--set", "dns.provider=command", "--set", "dns.command=/usr/local/bin/records"];
    arguments.extend(ANSWERS);
    let said = place.says(&arguments);
    assert!(said.contains("writes its DNS records itself") && !said.contains("203.0.113.7"), "{said}");
}

#[tokio::test]
async fn what_is_missing_is_named_in_one_sentence_and_nothing_is_made() {
    let place = Place::open(Engine::Sqlite).await;
    for (args, missing) in [
        (&[][..], "--domain"),
        (&["--domain", "example.org"], "--handle"),
        (&["--handle", "@me@example.org"], "--email"),
    ] {
        let said = place.refuses(&[&["--data", "kept", "init"], args].concat());
        assert_eq!(said, format!("{missing} is missing, and there is nobody to ask"));
    }
    for (args, why) in [
        (&["--domain", "https://example.org"][..], "begins with a scheme"),
        (&["--domain", "example.org", "--handle", "m e"], "letters, digits and underscores"),
        (&["--domain", "example.org", "--handle", "admin"], "reserved"),
        (&["--domain", "example.org", "--handle", "@me@example.com"], "@example.com"),
        (&["--domain", "example.org", "--handle", "me", "--email", "me"], "must be an e-mail address"),
        (
            &["--domain", "example.org", "--handle", "me", "--email", "a@b.c", "--set", "server.listn=1"],
            "server.listen",
        ),
    ] {
        let said = place.refuses(&[&["--data", "kept", "init", "--yes"], args].concat());
        assert!(said.contains(why), "{said}");
    }
    assert!(!place.folder.join("kept").exists());
}

#[tokio::test]
async fn another_file_is_never_written_over() {
    let place = Place::open(Engine::Sqlite).await;
    fs::create_dir(place.folder.join("kept")).unwrap();
    let file = place.folder.join("kept/phiomia.toml");
    let text = "instance.domain = \"old.example\"\nserver.listen = \"127.0.0.1:4000\"\n";
    fs::write(&file, text).unwrap();
    let said = place.refuses(ANSWERS);
    assert!(said.contains("is not changed") && said.contains("(it says \"old.example\")"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert!(!place.folder.join("kept/secret.key").exists());
    // What it says beside the answers is its own affair.
    let fitting = ["--data", "kept", "init", "--yes", "--handle", "me", "--email", "me@example.org"];
    let said = place.says(&fitting);
    assert!(said.contains("phiomia.toml (as it was)") && said.contains("@me@old.example (made)"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn a_server_behind_a_front_has_no_certificate_and_the_bare_domain_gets_its_rules() {
    let place = Place::open(Engine::Sqlite).await;
    let said = place.says(&[
        "--config",
        "etc/phiomia.toml",
        "--data",
        "kept",
        "--set",
        "database.pool=7",
        "init",
        "--yes",
        "--front",
        "--domain",
        "example.org",
        "--web-domain",
        "social.example.org",
        "--handle",
        "me",
        "--email",
        "me@example.org",
        "--apex",
        "nginx",
    ]);
    assert!(said.contains("return 301 https://social.example.org$request_uri;"), "{said}");
    let printed = place.says(&["--config", "etc/phiomia.toml", "config", "print"]);
    for line in ["listen = \"127.0.0.1:3000\"", "/kept\""] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    let text = fs::read_to_string(place.folder.join("etc/phiomia.toml")).unwrap();
    assert!(text.contains("pool = 7\n") && !text.contains("acme"), "{text}");
}
