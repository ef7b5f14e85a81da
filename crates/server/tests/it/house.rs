//! The order of the house: which room may import which, and what is deliberately absent.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Each room and what it may import. The same table as in docs/ARCHITECTURE.md.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("text", &["model"]),
    ("media", &["model"]),
    ("activitypub", &["model"]),
    ("mastodon", &["model"]),
    ("store", &["model"]),
    ("workshop", &["model", "media"]),
    ("social", &["model", "text", "media", "store"]),
    ("federation", &["model", "text", "media", "activitypub", "store", "social", "workshop"]),
    ("api", &["model", "text", "media", "mastodon", "store", "social", "federation", "workshop"]),
    (
        "server",
        &["model", "text", "media", "activitypub", "mastodon", "store", "social", "federation", "api", "workshop"],
    ),
    // The test kit furnishes a house; nothing but tests sees it.
    ("testkit", &["model", "text", "mastodon", "store", "social", "federation", "api", "workshop"]),
];

const PURE: [&str; 5] = ["model", "text", "media", "activitypub", "mastodon"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `phiomia-store` is the room `store`; the package of the binary is the room `server`.
fn room(package: &str) -> Option<&str> {
    if package == "phiomia" { Some("server") } else { package.strip_prefix("phiomia-") }
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Every file of Rust in a room's `src`, with its text up to the tests at its end and without comments.
fn sources(room: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("crates").join(room).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
                let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                found.push((path, lines.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    assert!(!found.is_empty(), "the room {room} has no sources");
    found
}

fn has_word(code: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(is_part)
            && !code[at + word.len()..].chars().next().is_some_and(is_part)
    })
}

/// What `use std::{…}` brings in, written out as `std::…`.
fn with_groups_of_std_written_out(code: &str) -> String {
    let mut out = code.to_owned();
    for group in code.split("use std::{").skip(1) {
        let group = group.split(';').next().unwrap_or_default();
        for name in group.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|name| !name.is_empty()) {
            out.push_str("\nstd::");
            out.push_str(name);
        }
    }
    out
}

#[test]
fn the_search_finds_words_and_not_parts_of_words() {
    assert!(has_word("pub async fn x()", "async") && !has_word("let asynchronous = 1;", "async"));
    let grouped = with_groups_of_std_written_out("use std::{\n    fmt,\n    fs::File,\n};\nuse std::io;");
    assert!(has_word(&grouped, "std::fs") && has_word(&grouped, "std::io") && !has_word(&grouped, "std::env"));
}

#[test]
fn imports_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    let mut seen = Vec::new();
    for package in packages() {
        let Some(from) = room(package["name"].as_str().unwrap()).map(str::to_owned) else { continue };
        // Benchmarks measure the house from outside.
        if from == "bench" {
            continue;
        }
        let Some(may) = allowed.get(from.as_str()) else { panic!("the room {from} is not in the table") };
        seen.push(from.clone());
        for dependency in package["dependencies"].as_array().unwrap() {
            let Some(to) = room(dependency["name"].as_str().unwrap()).filter(|to| allowed.contains_key(to)) else {
                continue;
            };
            let is_for_tests = dependency["kind"] == "dev";
            let is_kit = to == "testkit" && is_for_tests && !PURE.contains(&from.as_str());
            if !may.contains(&to) && !is_kit {
                wrong.push(format!("{from} -> {to}{}", if is_for_tests { " (for tests)" } else { "" }));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that are not in the table: {wrong:?}");
    seen.sort();
    let mut expected: Vec<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

#[test]
fn pure_rooms_never_wait() {
    let absent = [
        "async",
        "await",
        "tokio",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "std::env",
        "std::fs",
        "std::net::TcpStream",
        "std::net::TcpListener",
        "std::net::UdpSocket",
        "std::net::ToSocketAddrs",
        "std::thread",
        "std::process",
        "rand::fill",
    ];
    let mut wrong = Vec::new();
    for room in PURE {
        for (path, code) in sources(room) {
            let code = with_groups_of_std_written_out(&code);
            wrong.extend(absent.iter().filter(|word| has_word(&code, word)).map(|word| format!("{word} in {path:?}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sql_lives_in_the_store() {
    let mut wrong = Vec::new();
    for (room, _) in ARROWS.iter().filter(|(room, _)| !["store", "testkit"].contains(room)) {
        for (path, code) in sources(room) {
            for line in code.lines().map(str::to_lowercase) {
                let both = |a: &str, b: &str| line.find(a).is_some_and(|at| line[at..].contains(b));
                if both("select ", " from ")
                    || both("update ", " set ")
                    || both("insert ", " into ")
                    || both("delete ", " from ")
                {
                    wrong.push(format!("{path:?}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn one_door_in() {
    let mut wrong = Vec::new();
    // What stands in for other servers in tests listens too.
    for (room, _) in ARROWS.iter().filter(|(room, _)| *room != "testkit") {
        for (path, code) in sources(room) {
            let is_door = path.ends_with("server/src/listen.rs");
            if !is_door && ["TcpListener", "UnixListener"].iter().any(|word| has_word(&code, word)) {
                wrong.push(path);
            }
        }
    }
    assert!(wrong.is_empty(), "only server/listen.rs accepts connections: {wrong:#?}");
}

#[test]
fn configuration_is_read_once() {
    let mut wrong = Vec::new();
    for (room, _) in ARROWS.iter().filter(|(room, _)| *room != "testkit") {
        for (path, code) in sources(room) {
            let reads =
                ["env::var", "env::var_os", "env::vars", "env::vars_os"].iter().any(|word| has_word(&code, word));
            if reads && !path.ends_with("server/src/config/sources.rs") {
                wrong.push(path);
            }
        }
    }
    assert!(wrong.is_empty(), "only server/config reads the environment: {wrong:#?}");
}

#[test]
fn no_crate_of_ours_has_unsafe_code() {
    let read = |path: PathBuf| fs::read_to_string(path).unwrap().parse::<toml::Table>().unwrap();
    let workspace = read(root().join("Cargo.toml"));
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for package in packages() {
        let manifest = read(PathBuf::from(package["manifest_path"].as_str().unwrap()));
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(inherits, Some(true), "{} does not inherit the lints", package["name"]);
    }
}
