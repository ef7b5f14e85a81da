//! Pictures of other servers: under addresses of ours, fetched once, within a budget, or not at all.

use std::{
    collections::HashMap,
    io::Cursor,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::Uri, response::IntoResponse};
use http::StatusCode;
use image::{DynamicImage, ImageFormat, RgbImage};
use phiomia_federation::{OutboundSettings, Settings, media::Version};
use phiomia_model::{AccountId, Addresses, Error};
use phiomia_social::{
    emojis::{self, Offer},
    remote,
};
use phiomia_store::{
    db::{federation::domains::Severity, remote_files},
    files::Files,
};
use phiomia_testkit::{Engine, on_both_engines};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::recorded::{comes, created, follows, somebody};
use crate::kit::{Answer, House, Person};

type Shelf = Arc<Mutex<HashMap<String, (u16, Vec<u8>)>>>;

/// A house beside a server with pictures, of which somebody is followed from here.
struct Museum {
    house: House,
    alice: Person,
    bob: AccountId,
    shelf: Shelf,
    asked: Arc<Mutex<Vec<String>>>,
    at: String,
    serving: JoinHandle<()>,
}

async fn give(State((shelf, asked)): State<(Shelf, Arc<Mutex<Vec<String>>>)>, uri: Uri) -> impl IntoResponse {
    asked.lock().unwrap().push(uri.path().to_owned());
    let found = shelf.lock().unwrap().get(uri.path()).cloned();
    // Long enough for others to come meanwhile.
    tokio::time::sleep(Duration::from_millis(30)).await;
    let (status, body) = found.unwrap_or((404, Vec::new()));
    (
        StatusCode::from_u16(status).unwrap(),
        [("content-type", "image/png"), ("location", "http://10.0.0.1/a.png")],
        body,
    )
}

fn png(width: u32, height: u32, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    let noise = RgbImage::from_fn(width, height, |_, _| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        image::Rgb([(state & 255) as u8, (state >> 8 & 255) as u8, (state >> 16 & 255) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(noise).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Bytes of all files in a folder.
fn bytes_in(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
        Ok(metadata) => metadata.len(),
        // It went just now.
        Err(_) => 0,
    });
    bytes.sum()
}

impl Museum {
    async fn open(engine: Engine) -> Museum {
        let (shelf, asked) = (Shelf::default(), Arc::<Mutex<Vec<String>>>::default());
        let router = Router::new().fallback(give).with_state((shelf.clone(), asked.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        let outbound = OutboundSettings {
            allow_http: true,
            allowed_private_addresses: vec!["127.0.0.0/8".parse().unwrap()],
            ..OutboundSettings::default()
        };
        let addresses = Addresses::new("https", "phiomia.example", "phiomia.example");
        let house = House::open_at(engine, addresses, Settings { outbound, ..Settings::default() }).await;
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let alice = house.person("alice").await;
        let bob = somebody(&house, &format!("{at}/bob"), "bob", false).await;
        follows(&house, &alice, bob).await;
        Museum { house, alice, bob, shelf, asked, at, serving }
    }

    fn puts(&self, path: &str, body: impl Into<Vec<u8>>) {
        self.shelf.lock().unwrap().insert(path.to_owned(), (200, body.into()));
    }

    fn n_asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }

    /// Bob posts something with these attachments: as alice's app shows it.
    async fn posts(&self, n: usize, attachments: Value) -> Value {
        let at = &self.at;
        let note = json!({
            "id": format!("{at}/bob/{n}"), "type": "Note", "attributedTo": format!("{at}/bob"),
            "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [], "content": "<p>look :cat:</p>",
            "attachment": attachments,
            "tag": [{"type": "Emoji", "name": ":cat:", "icon": {"type": "Image", "url": format!("{at}/cat.png")}}],
        });
        comes(&self.house, self.bob, &created(&note)).await;
        self.newest().await
    }

    async fn newest(&self) -> Value {
        self.alice.get("/api/v1/timelines/home").await.ok().json()[0].clone()
    }

    /// Bob posts a picture that lies at a path; its attachment.
    async fn shows(&self, n: usize, path: &str) -> Value {
        let url = format!("{}{path}", self.at);
        let post = self.posts(n, json!([{"type": "Image", "mediaType": "image/png", "url": url}])).await;
        post["media_attachments"][0].clone()
    }

    async fn look(&self, address: &Value) -> Answer {
        let address = address.as_str().unwrap();
        let path = address.strip_prefix("https://phiomia.example").unwrap();
        assert!(path.starts_with("/media_proxy/"), "{path}");
        self.house.get(path).await
    }
}

impl Drop for Museum {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

on_both_engines! {
    async fn a_picture_of_another_server_is_fetched_at_the_first_look_and_once(museum: Museum) {
        museum.puts("/a.png", png(1_000, 500, 1));
        museum.puts("/cat.png", png(20, 20, 2));
        let shown = museum.shows(1, "/a.png").await;
        assert_eq!(shown["remote_url"], format!("{}/a.png", museum.at));
        assert_eq!(museum.n_asked("/a.png"), 0, "nobody has looked");
        let many: Vec<Answer> =
            futures_util::future::join_all((0..6).map(|_| museum.look(&shown["preview_url"]))).await;
        for answer in &many {
            assert_eq!((answer.status, answer.headers["content-type"].to_str().unwrap()), (StatusCode::OK, "image/webp"));
            assert!(answer.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
        }
        let original = museum.look(&shown["url"]).await;
        assert_eq!(image::load_from_memory(&original.body).unwrap().width(), 1_000);
        assert_eq!(museum.n_asked("/a.png"), 1);
        let post = museum.newest().await;
        let known = &post["media_attachments"][0];
        assert_eq!(known["meta"]["original"]["size"], "1000x500", "what its server did not say");
        assert!(known["blurhash"].is_string());
        let emoji = museum.look(&post["emojis"][0]["static_url"]).await;
        assert_eq!((emoji.status, museum.n_asked("/cat.png")), (StatusCode::OK, 1));
    }

    async fn what_is_not_there_or_no_picture_is_asked_for_once(museum: Museum) {
        museum.puts("/page.png", b"<!doctype html><script>alert(1)</script>".to_vec());
        museum.puts("/cut.png", png(64, 64, 3)[..900].to_vec());
        museum.puts("/large.png", vec![0; 17 * 1024 * 1024]);
        museum.shelf.lock().unwrap().insert("/inside.png".into(), (302, Vec::new()));
        let expected = [
            ("/none.png", StatusCode::NOT_FOUND),
            ("/page.png", StatusCode::FOUND),
            ("/cut.png", StatusCode::NOT_FOUND),
            ("/large.png", StatusCode::NOT_FOUND),
            ("/inside.png", StatusCode::NOT_FOUND),
        ];
        for (n, (path, status)) in expected.into_iter().enumerate() {
            let shown = museum.shows(n, path).await;
            for _ in 0..2 {
                let answer = museum.look(&shown["url"]).await;
                assert_eq!(answer.status, status, "{path}");
                if status == StatusCode::FOUND {
                    assert_eq!(answer.headers["location"], format!("{}{path}", museum.at));
                }
            }
            assert_eq!(museum.n_asked(path), 1, "{path}");
        }
    }

    async fn a_film_is_where_it_lies_and_its_picture_here(museum: Museum) {
        museum.puts("/film.jpg", png(300, 200, 4));
        let (film, icon) = (format!("{}/film.mp4", museum.at), format!("{}/film.jpg", museum.at));
        let post = museum
            .posts(1, json!([{"type": "Video", "mediaType": "video/mp4", "url": film, "icon": {"type": "Image", "url": icon}}]))
            .await;
        let shown = &post["media_attachments"][0];
        let answer = museum.look(&shown["url"]).await;
        assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (StatusCode::FOUND, film.as_str()));
        if shown["preview_url"].is_string() {
            assert_eq!(museum.look(&shown["preview_url"]).await.status, StatusCode::OK);
        }
        assert_eq!(museum.n_asked("/film.mp4"), 0);
    }

    async fn nobody_makes_us_fetch_what_no_row_names(museum: Museum) {
        museum.puts("/a.png", png(10, 10, 1));
        let shown = museum.shows(1, "/a.png").await;
        let good = shown["url"].as_str().unwrap().strip_prefix("https://phiomia.example").unwrap().to_owned();
        let (name, version) = good.rsplit_once('/').unwrap();
        let (row, mark) = name.rsplit_once('-').unwrap();
        let other = row.replace("-0", "-1");
        let forged = [
            format!("{row}-{}/{version}", "0".repeat(32)),
            format!("{row}-/{version}"),
            format!("{other}-{mark}/{version}"),
            format!("{name}/large"),
            format!("/media_proxy/eaHR0cDovLzEyNy4wLjAuMS9h-{mark}/{version}"),
        ];
        for path in forged {
            assert_eq!(museum.house.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(museum.n_asked("/a.png"), 0);
        assert_eq!(museum.house.get(&good).await.status, StatusCode::OK);
    }

    async fn of_a_domain_whose_media_is_rejected_nothing_is_fetched_or_shown(museum: Museum) {
        let mut museum = museum;
        museum.puts("/a.png", png(10, 10, 1));
        let shown = museum.shows(1, "/a.png").await;
        museum.house.api.db.write(|tx| remote::reject_media(tx, "127.0.0.1", true)).await.unwrap();
        museum.house.settle();
        assert_eq!(museum.look(&shown["url"]).await.status, StatusCode::NOT_FOUND);
        let post = museum.newest().await;
        assert_eq!((&post["media_attachments"], &post["emojis"]), (&json!([]), &json!([])));
        assert_eq!(museum.n_asked("/a.png"), 0);
        let nothing = remote::DomainDecision::of(Severity::Noop, None);
        museum.house.api.db.write(move |tx| remote::decide_domain(tx, "127.0.0.1", &nothing)).await.unwrap();
        museum.house.settle();
        assert_eq!(museum.look(&shown["url"]).await.status, StatusCode::OK);
    }

    async fn an_emoji_of_another_server_can_be_offered_here(museum: Museum) {
        let mut museum = museum;
        museum.puts("/cat.png", png(32, 32, 5));
        let post = museum.posts(1, json!([])).await;
        let domain = post["account"]["acct"].as_str().unwrap().split_once('@').unwrap().1.to_owned();
        let (gallery, api) = (museum.house.api.gallery.clone(), museum.house.api.clone());
        let picture = gallery.emoji(&domain, "cat").await.unwrap();
        let shelved = emojis::shelve(&api.files, &api.entropy, picture).await.unwrap();
        api.db.write(move |tx| {
            emojis::add(tx, "theircat", &shelved, &Offer { category: None, is_visible: true })
        }).await.unwrap();
        museum.house.settle();
        let ours = museum.house.get("/api/v1/custom_emojis").await.ok().json();
        assert_eq!(ours[0]["shortcode"], "theircat");
        let path = ours[0]["url"].as_str().unwrap().strip_prefix("https://phiomia.example/system/emoji/").unwrap();
        assert_eq!(museum.house.get(&format!("/system/emoji/{path}")).await.ok().header("content-type"), "image/png");

        let why = async |name: &str| match gallery.emoji(&domain, name).await {
            Err(Error::Refused(refusal)) => refusal.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(why("c_t").await.contains("no post or profile"), "an underscore is a letter like others");
        museum.shelf.lock().unwrap().clear();
        assert!(why("cat").await.ends_with("gives no picture: 404"));
        museum.house.api.db.write(|tx| remote::reject_media(tx, "127.0.0.1", true)).await.unwrap();
        assert_eq!(why("cat").await, format!("no pictures are taken from {domain}"));
    }

    async fn what_nobody_looked_at_goes_when_it_is_asked_for_and_comes_again(museum: Museum) {
        let mut shown = Vec::new();
        for n in 0..3 {
            let path = format!("/{n}.png");
            museum.puts(&path, png(60, 60, u32::try_from(n).unwrap() + 1));
            shown.push(museum.shows(n, &path).await["url"].clone());
            assert_eq!(museum.look(&shown[n]).await.status, StatusCode::OK);
        }
        let (gallery, db) = (&museum.house.api.gallery, &museum.house.api.db);
        let unused = async |domain: Option<&'static str>, idle: Duration| {
            let before = db.clock().now().minus(idle);
            db.read(move |q| Ok(remote_files::n_unused(q, domain, before)?)).await.unwrap()
        };
        let hour = Duration::from_secs(3_600);
        assert_eq!(unused(None, hour).await, (0, 0));
        assert_eq!(gallery.remove_unused(None, hour).await.unwrap(), (0, 0), "everything was just looked at");
        assert_eq!(gallery.remove_unused(Some("other.example"), Duration::ZERO).await.unwrap(), (0, 0));
        let of_host = db.read(|q| Ok(remote_files::by_host(q, 5)?)).await.unwrap();
        let host = museum.at.strip_prefix("http://").unwrap();
        assert_eq!((of_host.len(), of_host[0].0.as_str()), (1, host));
        let all = unused(Some("127.0.0.1"), Duration::ZERO).await;
        assert_eq!(all, (of_host[0].1, of_host[0].2), "what would go is what is there");
        assert_eq!(gallery.remove_unused(Some("127.0.0.1"), Duration::ZERO).await.unwrap(), all);
        assert_eq!(db.read(|q| Ok(remote_files::usage(q)?)).await.unwrap(), 0);
        assert_eq!(museum.look(&shown[0]).await.status, StatusCode::OK);
        assert_eq!(museum.n_asked("/0.png"), 2);
    }

    async fn the_budget_holds_at_every_moment_while_many_pictures_come(museum: Museum) {
        let budget = 400_000_u64;
        let folder = std::env::temp_dir().join(format!("phiomia_cache_{}_{}", std::process::id(), museum.at.rsplit(':').next().unwrap()));
        let files = Files::disk(folder.clone()).await.unwrap();
        let gallery = phiomia_testkit::gallery(&museum.house.api.federation, &files, budget);
        let mut names = Vec::new();
        for n in 0..24 {
            let path = format!("/{n}.png");
            museum.puts(&path, png(120, 90, u32::try_from(n).unwrap() + 7));
            let shown = museum.shows(n, &path).await;
            names.push(shown["url"].as_str().unwrap().split('/').nth(4).unwrap().to_owned());
        }
        // What lies on the disk is looked at all the time, also what is only half written.
        let most = Arc::new(AtomicU64::new(0));
        let watching = tokio::spawn({
            let (most, folder) = (most.clone(), folder.clone());
            async move {
                loop {
                    let mut lies = bytes_in(&folder);
                    // While it is added up, one may go that was counted and another come.
                    if lies > budget {
                        lies = lies.min(bytes_in(&folder));
                    }
                    most.fetch_max(lies, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        });
        for names in names.chunks(6) {
            let fetches = names.iter().map(async |name| {
                let phiomia_federation::media::Look::Wanted(wanted) = gallery.find(name, Version::Original).await.unwrap()
                else {
                    panic!("it lies here already")
                };
                gallery.fetch(wanted).await.unwrap();
            });
            futures_util::future::join_all(fetches).await;
        }
        watching.abort();
        let most = most.load(Ordering::Relaxed);
        assert!(most <= budget * 101 / 100, "{most} bytes lay there");
        assert!(most > budget * 8 / 10, "{most}: it was never full");
        let reading = museum.house.api.db.read(|q| Ok(remote_files::usage(q)?));
        assert_eq!(u64::try_from(reading.await.unwrap()).unwrap(), bytes_in(&folder));
        std::fs::remove_dir_all(&folder).unwrap();
        let reading = museum.house.api.db.read(|q| Ok(remote_files::by_purpose(q)?));
        let kept = reading.await.unwrap();
        let n_of = |version: &str| kept.iter().find(|(_, v, ..)| v == version).map_or(0, |(_, _, n, _)| *n);
        assert!(n_of("original") < 24 && n_of("small") > n_of("original"), "{kept:?}");
        let on_disk: i64 = kept.iter().map(|(.., n_bytes)| n_bytes).sum();
        let reading = museum.house.api.db.read(|q| Ok(remote_files::usage(q)?));
        assert_eq!(on_disk, reading.await.unwrap());
    }
}
