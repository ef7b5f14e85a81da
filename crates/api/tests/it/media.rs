//! Uploads, and posts that have some.

use std::{io::Cursor, time::Duration};

use http::Method;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use insta::assert_json_snapshot;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{Answer, House, Person};

const UPLOADS: &str = "/api/v2/media";
const NOT_FOUND: &str = "Record not found";

fn file(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture =
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| Rgb([if x < 50 { 250 } else { 5 }, 9, 90])));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg() -> Vec<u8> {
    file(900, 600, ImageFormat::Jpeg)
}

async fn uploads(who: &Person, texts: &[(&str, &str)]) -> Value {
    who.upload(Method::POST, UPLOADS, texts, &[("file", &jpeg())]).await.ok().json()
}

/// The path of an address here.
fn path(address: &Value) -> &str {
    address.as_str().unwrap().strip_prefix("https://phiomia.example").unwrap_or_else(|| panic!("{address}"))
}

async fn fetches(house: &House, address: &Value) -> Answer {
    house.get(path(address)).await
}

fn without_names(mut entity: Value) -> Value {
    entity["id"] = json!("VARIES");
    for name in ["url", "preview_url"] {
        let ending = entity[name].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        entity[name] = json!(format!("VARIES/{ending}"));
    }
    entity
}

on_both_engines! {
    async fn a_picture_is_uploaded_and_shown(house: House) {
        let alice = house.person("alice").await;
        let texts = [("description", " Dunes at dusk "), ("focus", "0.5,-2")];
        let upload = uploads(&alice, &texts).await;
        assert_json_snapshot!("upload", without_names(upload.clone()));
        let shown = fetches(&house, &upload["url"]).await.ok();
        assert_eq!((shown.header("content-type"), shown.header("cache-control")), ("image/jpeg", "public, max-age=31536000, immutable"));
        assert_eq!((shown.header("x-content-type-options"), shown.header("access-control-allow-origin")), ("nosniff", "*"));
        assert!(shown.header("content-security-policy").contains("sandbox"));
        let picture = image::load_from_memory(&shown.body).unwrap();
        assert_eq!((picture.width(), picture.height()), (900, 600));
        let small = fetches(&house, &upload["preview_url"]).await.ok();
        assert_eq!(image::load_from_memory(&small.body).unwrap().width(), 588);
        // Only its owner is told of it by its number.
        let one = format!("/api/v1/media/{}", upload["id"].as_str().unwrap());
        assert_eq!(alice.get(&one).await.ok().json(), upload);
        let bob = house.person("bob").await;
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            assert_eq!(bob.ask(method, &one, None).await.refusal(), (404, NOT_FOUND.to_owned()));
        }
    }

    async fn files_are_served_in_parts_and_not_twice(house: House) {
        let alice = house.person("alice").await;
        let upload = uploads(&alice, &[]).await;
        let address = path(&upload["url"]).to_owned();
        let whole = alice.get(&address).await.ok();
        let tag = whole.header("etag").to_owned();
        let part = alice.ask_with(Method::GET, &address, None, &[("range", "bytes=2-5")]).await;
        assert_eq!((part.status.as_u16(), part.body), (206, whole.body[2..6].to_vec()));
        assert_eq!(part.headers["content-range"], format!("bytes 2-5/{}", whole.body.len()));
        let beyond = alice.ask_with(Method::GET, &address, None, &[("range", "bytes=9999999-")]).await;
        assert_eq!((beyond.status.as_u16(), beyond.header("content-range")), (416, &*format!("bytes */{}", whole.body.len())));
        let known = alice.ask_with(Method::GET, &address, None, &[("if-none-match", &tag)]).await;
        assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
        assert_eq!(known.header("cache-control"), "public, max-age=31536000, immutable");
        let made_up = "/system/media/00/000000000000000000000000000000/original.jpg";
        assert_eq!(alice.ask_with(Method::GET, made_up, None, &[("if-none-match", "*")]).await.status.as_u16(), 404);
        let head = alice.ask(Method::HEAD, &address, None).await.ok();
        assert_eq!((head.header("content-length"), head.body.len()), (&*whole.body.len().to_string(), 0));
        for strange in ["/system/media/00/00000000000000000000000000000f/original.jpg", "/system/media/../../phiomia.toml/x"] {
            assert_eq!(alice.get(strange).await.status.as_u16(), 404);
        }
    }

    async fn what_is_no_picture_is_refused_with_the_cause(house: House) {
        let alice = house.person("alice").await;
        let refused = async |files: &[(&str, &[u8])], texts: &[(&str, &str)]| {
            alice.upload(Method::POST, UPLOADS, texts, files).await.refusal()
        };
        let said = |text: &str| (422, format!("Validation failed: {text}"));
        assert_eq!(refused(&[], &[]).await, said("File can't be blank"));
        assert_eq!(refused(&[("file", b"")], &[]).await, said("File can't be blank"));
        assert_eq!(refused(&[("file", b"<svg/>")], &[]).await, said("File content type is invalid, File is invalid"));
        let (status, cause) = refused(&[("file", &jpeg()[..40])], &[]).await;
        assert_eq!(status, 422);
        assert!(cause.starts_with("Validation failed: File is damaged"), "{cause}");
        let long = "a".repeat(1_501);
        assert_eq!(refused(&[("file", &jpeg())], &[("description", &long)]).await,
            said("Description is too long (maximum is 1500 characters)"));
        // A file in a form that takes none is no file.
        assert_eq!(house.ask(Method::POST, UPLOADS).await.status.as_u16(), 401);
        let mut reader = house.person("reader").await;
        reader.token = house.token(Some(reader.account), "read").await;
        assert_eq!(reader.upload(Method::POST, UPLOADS, &[], &[("file", &jpeg())]).await.status.as_u16(), 403);
    }

    async fn an_upload_that_is_sent_once_more_is_the_same_one(house: House) {
        let alice = house.person("alice").await;
        let send = async |who: &Person, key: &str| {
            let key = [("idempotency-key", key)];
            who.upload_with(Method::POST, UPLOADS, &[], &[("file", &jpeg())], &key).await.ok().json()
        };
        let first = send(&alice, "one").await;
        assert_eq!(send(&alice, "one").await, first);
        let other = send(&alice, "two").await;
        assert_ne!(other["id"], first["id"]);
        let (here, there) = tokio::join!(send(&alice, "both"), send(&alice, "both"));
        assert_eq!(here["id"], there["id"], "also when they come at the same time");
        assert_ne!(send(&house.person("bob").await, "one").await["id"], first["id"]);
        alice.ask(Method::DELETE, &format!("/api/v1/media/{}", first["id"].as_str().unwrap()), None).await.ok();
        let anew = send(&alice, "one").await;
        assert_ne!(anew["id"], first["id"], "what was deleted is sent anew");
        house.wait(Duration::from_secs(3_601));
        assert_ne!(send(&alice, "two").await["id"], other["id"], "a key is remembered for an hour");
    }

    async fn an_upload_is_described_given_another_picture_and_taken_away(house: House) {
        let alice = house.person("alice").await;
        let upload = uploads(&alice, &[]).await;
        let one = format!("/api/v1/media/{}", upload["id"].as_str().unwrap());
        let told = alice.put(&one, json!({"description": "A dune", "focus": "-0.1,0.2"})).await.ok().json();
        assert_eq!((&told["description"], &told["meta"]["focus"]), (&json!("A dune"), &json!({"x": -0.1, "y": 0.2})));
        let small = file(60, 60, ImageFormat::Png);
        let other = alice.upload(Method::PUT, &one, &[], &[("thumbnail", &small)]).await.ok().json();
        assert_ne!(other["preview_url"], told["preview_url"]);
        assert_eq!((&other["description"], &other["meta"]["small"]["width"]), (&json!("A dune"), &json!(60)));
        alice.delete(&one).await.ok();
        assert_eq!(alice.get(&one).await.refusal(), (404, NOT_FOUND.to_owned()));
        house.work().await;
        for address in [&upload["url"], &upload["preview_url"], &other["preview_url"]] {
            assert_eq!(fetches(&house, address).await.status.as_u16(), 404, "{address}");
        }
    }

    async fn a_post_shows_what_was_uploaded_for_it_in_its_order(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let (one, two) = (uploads(&alice, &[("description", "one")]).await, uploads(&alice, &[]).await);
        let post = alice.post("/api/v1/statuses", json!({"media_ids": [two["id"], one["id"]]})).await.ok().json();
        assert_eq!(post["media_attachments"], json!([two, one]));
        assert_eq!(post["content"], "");
        let seen = bob.get(&format!("/api/v1/statuses/{}", post["id"].as_str().unwrap())).await.ok().json();
        assert_eq!(seen["media_attachments"], post["media_attachments"]);
        // It belongs to this post now.
        let path = format!("/api/v1/media/{}", one["id"].as_str().unwrap());
        assert_eq!(alice.put(&path, json!({"description": "x"})).await.refusal(), (404, NOT_FOUND.to_owned()));
        let again = alice.post("/api/v1/statuses", json!({"status": "x", "media_ids": [one["id"]]})).await.refusal();
        let missing = format!("Validation failed: Media {} not found or already attached to another post", one["id"].as_str().unwrap());
        assert_eq!(again, (422, missing));
        let without = alice.says("without", "public").await;
        for (question, expected) in [
            ("from:me has:media", vec![&post["id"]]),
            ("from:me has:image", vec![&post["id"]]),
            ("from:me has:video", vec![]),
            ("from:me -has:media", vec![&json!(without)]),
            ("without has:media", vec![]),
        ] {
            let found = alice.get(&format!("/api/v2/search?type=statuses&q={}", question.replace(' ', "%20"))).await.ok();
            let found = found.json()["statuses"].as_array().unwrap().iter().map(|s| s["id"].clone()).collect::<Vec<_>>();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{question}");
        }
        for list in [
            format!("/api/v1/accounts/{}/statuses?only_media=true", alice.account),
            "/api/v1/timelines/public?only_media=true".into(),
            "/api/v1/timelines/public?only_media=true&local=true".into(),
        ] {
            assert_eq!(bob.get(&list).await.ok().ids(), [post["id"].as_str().unwrap()], "{list}");
        }
    }

    async fn nobody_attaches_too_many_or_those_of_others(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let theirs = uploads(&bob, &[]).await["id"].clone();
        let refused = alice.post("/api/v1/statuses", json!({"status": "mine", "media_ids": [theirs]})).await.refusal();
        assert_eq!(refused.0, 422);
        let many: Vec<String> = (1..6).map(|n| n.to_string()).collect();
        let refused = alice.post("/api/v1/statuses", json!({"status": "many", "media_ids": many})).await.refusal();
        assert_eq!(refused, (422, "Validation failed: Cannot attach more than 4 files".to_owned()));
        let refused = alice.post("/api/v1/statuses", json!({"status": "odd", "media_ids": ["what"]})).await.refusal();
        assert_eq!(refused.0, 422);
        assert_eq!(alice.get(&format!("/api/v1/accounts/{}/statuses", alice.account)).await.ok().json(), json!([]));
    }

    async fn an_edit_changes_what_is_shown_and_what_is_said_of_it(house: House) {
        let alice = house.person("alice").await;
        let (one, two) = (uploads(&alice, &[("description", "one")]).await, uploads(&alice, &[]).await);
        let id = alice.posts(json!({"status": "first", "media_ids": [one["id"]]})).await;
        let path = format!("/api/v1/statuses/{id}");
        let change = json!({
            "status": "second", "media_ids": [one["id"], two["id"]],
            "media_attributes": [{"id": one["id"], "description": "better", "focus": "0.1,0.1"}],
        });
        let edited = alice.put(&path, change).await.ok().json();
        let said: Vec<&Value> = edited["media_attachments"].as_array().unwrap().iter().map(|m| &m["description"]).collect();
        assert_eq!(said, [&json!("better"), &Value::Null]);
        let gallery = "/api/v1/timelines/public?only_media=true";
        assert_eq!(alice.get(gallery).await.ok().ids(), [id.as_str()]);
        // As with polls, an edit that names none takes them away; earlier texts still show them.
        let bare = alice.put(&path, json!({"status": "third"})).await.ok().json();
        assert_eq!(bare["media_attachments"], json!([]));
        assert_eq!(alice.get(gallery).await.ok().json(), json!([]));
        let history = alice.get(&format!("{path}/history")).await.ok().json();
        let shown: Vec<Vec<Value>> = history.as_array().unwrap().iter()
            .map(|edit| edit["media_attachments"].as_array().unwrap().iter().map(|m| m["description"].clone()).collect())
            .collect();
        assert_eq!(shown, [vec![json!("one")], vec![json!("better"), Value::Null], vec![]]);
        // Nothing to say and nothing to show is nothing to post.
        assert_eq!(alice.put(&path, json!({"status": ""})).await.refusal().0, 422);
        assert_eq!(alice.put(&path, json!({"status": "", "media_ids": [two["id"]]})).await.ok().json()["content"], "");
        assert_eq!(alice.get(gallery).await.ok().ids(), [id]);
    }

    async fn what_was_deleted_with_its_pictures_has_none_any_more(house: House) {
        let alice = house.person("alice").await;
        let one = uploads(&alice, &[]).await;
        let id = alice.posts(json!({"status": "typo", "media_ids": [one["id"]]})).await;
        fetches(&house, &one["url"]).await.ok();
        let deleted = alice.delete(&format!("/api/v1/statuses/{id}?delete_media=true")).await.ok().json();
        assert_eq!((&deleted["text"], &deleted["media_attachments"]), (&json!("typo"), &json!([one])));
        house.work().await;
        assert_eq!(fetches(&house, &one["url"]).await.status, 404);
        let anew = json!({"status": "better", "media_ids": [one["id"]]});
        assert_eq!(alice.post("/api/v1/statuses", anew).await.refusal().0, 422);
    }

    async fn what_was_deleted_can_be_written_anew_with_its_pictures_for_a_day(house: House) {
        let alice = house.person("alice").await;
        let one = uploads(&alice, &[]).await;
        let id = alice.posts(json!({"status": "typo", "media_ids": [one["id"]]})).await;
        let deleted = alice.delete(&format!("/api/v1/statuses/{id}")).await.ok().json();
        assert_eq!(deleted["media_attachments"], json!([one]));
        house.work().await;
        house.wait(Duration::from_secs(23 * 3_600));
        house.tidy().await;
        let id = alice.posts(json!({"status": "right", "media_ids": [one["id"]]})).await;
        alice.delete(&format!("/api/v1/statuses/{id}")).await.ok();
        house.wait(Duration::from_secs(25 * 3_600));
        house.tidy().await;
        assert_eq!(fetches(&house, &one["url"]).await.status.as_u16(), 404);
        let gone = alice.post("/api/v1/statuses", json!({"status": "late", "media_ids": [one["id"]]})).await;
        assert_eq!(gone.status.as_u16(), 422);
    }

    async fn a_post_that_waits_keeps_its_pictures(house: House) {
        let alice = house.person("alice").await;
        let one = uploads(&alice, &[]).await;
        let body = json!({"status": "later", "media_ids": [one["id"]], "scheduled_at": "2026-11-28T12:00:00Z"});
        let waiting = alice.post("/api/v1/statuses", body).await.ok().json();
        assert_eq!((&waiting["media_attachments"], &waiting["params"]["media_ids"]), (&json!([one]), &json!([one["id"]])));
        let taken = alice.post("/api/v1/statuses", json!({"status": "now", "media_ids": [one["id"]]})).await;
        assert_eq!(taken.status.as_u16(), 422);
        let path = format!("/api/v1/media/{}", one["id"].as_str().unwrap());
        assert_eq!(alice.delete(&path).await.refusal(), (422, "Media attachment is currently used by a status".to_owned()));
        house.wait(Duration::from_secs(2 * 86_400));
        house.tidy().await;
        house.wait(Duration::from_secs(2 * 86_400));
        house.work().await;
        let posted = alice.get(&format!("/api/v1/accounts/{}/statuses", alice.account)).await.ok().json();
        assert_eq!(posted[0]["media_attachments"], json!([one]));
    }

    async fn files_of_an_upload_that_never_came_go_again(house: House) {
        let alice = house.person("alice").await;
        let kept = uploads(&alice, &[]).await;
        let key = format!("media/ab/{}/original.jpg", "0".repeat(30));
        house.api.files.put(&key.parse().unwrap(), jpeg()).await.unwrap();
        let begun = vec![key.clone()];
        house.api.db.write(move |tx| phiomia_social::media::begin(tx, &begun)).await.unwrap();
        let address = json!(format!("https://phiomia.example/system/{key}"));
        house.work().await;
        fetches(&house, &address).await.ok();
        house.wait(Duration::from_secs(3_601));
        house.work().await;
        assert_eq!(fetches(&house, &address).await.status.as_u16(), 404);
        fetches(&house, &kept["url"]).await.ok();
    }
}

on_both_engines! {
    async fn somebody_hangs_pictures_and_takes_them_down(house: House) {
        let mut house = house;
        let alice = house.person("alice").await;
        let update = "/api/v1/accounts/update_credentials";
        let bare = alice.get("/api/v1/accounts/verify_credentials").await.ok().json();
        assert!(bare["avatar"].as_str().unwrap().ends_with("/avatars/original/missing.png"));
        assert_eq!(alice.get("/api/v1/profile").await.ok().json()["avatar"], Value::Null);
        let texts = [("display_name", "Alice"), ("avatar_description", "Me in a hat")];
        let files: [(&str, &[u8]); 2] = [("avatar", &jpeg()), ("header", &file(900, 600, ImageFormat::Png))];
        let told = alice.upload(Method::PATCH, update, &texts, &files).await.ok().json();
        assert_eq!((&told["display_name"], &told["avatar_description"]), (&json!("Alice"), &json!("Me in a hat")));
        assert_eq!(told["avatar"], told["avatar_static"]);
        for (address, size) in [(&told["avatar"], (400, 400)), (&told["header"], (1_500, 500))] {
            let picture = image::load_from_memory(&fetches(&house, address).await.ok().body).unwrap();
            assert_eq!((picture.width(), picture.height()), size);
        }
        house.settle();
        let seen = house.get(&format!("/api/v1/accounts/{}", alice.account)).await.ok().json();
        assert_eq!((&seen["avatar"], &seen["header"]), (&told["avatar"], &told["header"]));
        assert_eq!(alice.get("/api/v1/profile").await.ok().json()["avatar"], told["avatar"]);
        // Whoever looks somebody up by WebFinger is led to it.
        let finger = "/.well-known/webfinger?resource=acct:alice@phiomia.example";
        let avatar = async || {
            let links = house.get(finger).await.ok().json()["links"].as_array().unwrap().clone();
            links.into_iter().find(|link| link["rel"] == "http://webfinger.net/rel/avatar")
        };
        let link = avatar().await.unwrap();
        assert_eq!((&link["href"], &link["type"]), (&told["avatar"], &json!("image/jpeg")));
        // After an hour it still hangs.
        house.wait(Duration::from_secs(3_700));
        house.work().await;
        fetches(&house, &told["avatar"]).await.ok();
        let other = alice.upload(Method::PATCH, "/api/v1/profile", &[], &[("avatar", &file(10, 10, ImageFormat::Png))]).await.ok();
        assert_eq!(other.json()["avatar_description"], "");
        house.work().await;
        assert_eq!(fetches(&house, &told["avatar"]).await.status.as_u16(), 404);
        let without = alice.delete("/api/v1/profile/avatar").await.ok().json();
        assert!(without["avatar"].as_str().unwrap().ends_with("/avatars/original/missing.png"));
        assert_eq!(without["header"], told["header"]);
        let links = house.get(finger).await.ok().json()["links"].clone();
        assert!(links.as_array().unwrap().iter().all(|link| link["rel"] != "http://webfinger.net/rel/avatar"));
        assert!(alice.delete("/api/v1/profile/header").await.ok().json()["header"].as_str().unwrap().contains("missing"));
        let refused = alice.upload(Method::PATCH, update, &[], &[("avatar", b"GIF89a no")]).await.refusal();
        assert_eq!(refused.0, 422);
    }
}

on_both_engines! {
    async fn films_and_sounds_are_told_of_played_in_parts_and_posted(house: House) {
        let alice = house.person("alice").await;
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        for (name, kind, content_type) in [
            ("film/a.mp4", "video", "video/mp4"),
            ("film/a.webm", "video", "video/webm"),
            ("sound/a.mp3", "audio", "audio/mpeg"),
            ("sound/a.ogg", "audio", "audio/ogg"),
            ("sound/a.flac", "audio", "audio/flac"),
            ("sound/a.wav", "audio", "audio/wav"),
            ("sound/a.m4a", "audio", "audio/mp4"),
        ] {
            let came = std::fs::read(corpus.join(name)).unwrap();
            let upload = alice.upload(Method::POST, UPLOADS, &[("description", name)], &[("file", &came)]).await.ok().json();
            assert_eq!((&upload["type"], &upload["description"]), (&json!(kind), &json!(name)));
            let meta = &upload["meta"];
            assert!(meta["duration"].as_f64().is_some_and(|seconds| seconds > 0.0), "{name}: {meta}");
            assert_eq!(kind == "video", meta["width"].as_i64().is_some_and(|n| n > 0), "{name}: {meta}");
            let address = path(&upload["url"]).to_owned();
            let whole = alice.get(&address).await.ok();
            assert_eq!(whole.header("content-type"), content_type);
            let part = alice.ask_with(Method::GET, &address, None, &[("range", "bytes=4-99")]).await;
            assert_eq!((part.status.as_u16(), part.body), (206, whole.body[4..100].to_vec()), "{name}");
            let post = alice.post("/api/v1/statuses", json!({ "status": name, "media_ids": [upload["id"]] })).await.ok().json();
            assert_eq!(post["media_attachments"][0]["url"], upload["url"]);
        }
    }

    async fn the_cover_of_a_sound_is_its_preview_and_its_colors_are_told(house: House) {
        let alice = house.person("alice").await;
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        let sound = std::fs::read(corpus.join("sound/a.mp3")).unwrap();
        let cover = file(300, 300, ImageFormat::Png);
        let frame = [&b"\0image/png\0\x03\0"[..], &cover].concat();
        let length = u32::try_from(frame.len()).unwrap();
        let sevens = |n: u32| [n >> 21, n >> 14, n >> 7, n].map(|part| u8::try_from(part & 0x7f).unwrap());
        let tag = [&b"ID3\x03\0\0"[..], &sevens(length + 10), b"APIC", &length.to_be_bytes(), &[0, 0], &frame].concat();
        let with_cover = [tag, sound.clone()].concat();
        let upload = alice.upload(Method::POST, UPLOADS, &[], &[("file", &with_cover)]).await.ok().json();
        assert_eq!((&upload["type"], &upload["meta"]["small"]["size"]), (&json!("audio"), &json!("300x300")));
        let colors = &upload["meta"]["colors"];
        assert_eq!((&colors["background"], &colors["foreground"]), (&json!("#04095a"), &json!("#fa095a")));
        assert!(colors["accent"].is_string(), "{colors}");
        let preview = fetches(&house, &upload["preview_url"]).await.ok();
        assert_eq!(image::load_from_memory(&preview.body).unwrap().width(), 300);
        let bare = alice.upload(Method::POST, UPLOADS, &[], &[("file", &sound)]).await.ok().json();
        assert_eq!((&bare["preview_url"], &bare["meta"]["colors"]), (&Value::Null, &Value::Null));
        // Another thumbnail has colours and a placeholder of its own.
        let one = format!("/api/v1/media/{}", upload["id"].as_str().unwrap());
        let other = alice.upload(Method::PUT, &one, &[], &[("thumbnail", &file(40, 40, ImageFormat::Png))]).await.ok().json();
        assert_eq!(other["meta"]["colors"]["background"], "#fa095a");
        assert_ne!(other["blurhash"], upload["blurhash"]);
        let post = alice.post("/api/v1/statuses", json!({ "media_ids": [upload["id"]] })).await.ok().json();
        assert_eq!(post["media_attachments"][0]["meta"]["colors"], other["meta"]["colors"]);
    }

    async fn what_browsers_do_not_play_is_named(house: House) {
        let alice = house.person("alice").await;
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        let mut foreign = std::fs::read(corpus.join("film/a.mp4")).unwrap();
        let at = foreign.windows(4).position(|four| four == b"avc1" ).unwrap();
        let entry = foreign.windows(4).rposition(|four| four == b"avc1").unwrap();
        for place in [at, entry] {
            foreign[place..place + 4].copy_from_slice(b"hvc1");
        }
        let (status, cause) = alice.upload(Method::POST, UPLOADS, &[], &[("file", &foreign)]).await.refusal();
        assert_eq!(status, 422);
        assert!(cause.contains("HEVC"), "{cause}");
        let cut = &std::fs::read(corpus.join("film/a.mp4")).unwrap()[..900];
        assert_eq!(alice.upload(Method::POST, UPLOADS, &[], &[("file", cut)]).await.refusal().0, 422);
    }
}
