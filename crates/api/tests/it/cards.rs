//! What is shown of pages that posts link to.

use std::time::Duration;

use phiomia_model::{Error, Job, StatusId};
use phiomia_social::{Social, cards};
use phiomia_store::db::jobs;
use phiomia_testkit::{Engine, on_both_engines};
use serde_json::{Value, json};

use crate::street::Street;

/// The same, but what lies beside it is a private network.
struct Guarded(Street);

impl Guarded {
    async fn open(engine: Engine) -> Guarded {
        Guarded(Street::with(engine, false).await)
    }
}

const ARTICLE: &str = "<html lang=en-GB><head><title>No</title>
    <meta property='og:title' content='Dunes &amp; dusk'><meta property='og:description' content='Sand at night.'>
    <meta property='og:site_name' content='The Camel'><meta property='og:image' content='/dune.png'>
    <meta property='og:image:width' content=800><meta property='og:image:height' content=600>
    <meta property='og:image:alt' content='A dune'>
    <meta property='article:published_time' content='2026-11-20T10:00:00Z'>
    <meta name='fediverse:creator' content='@bob@phiomia.example'></head><body>";

on_both_engines! {
    async fn a_link_gets_the_card_that_its_page_describes(street: Street) {
        street.puts("/a", "text/html; charset=utf-8", ARTICLE);
        street.puts("/dune.png", "image/png", include_bytes!("../../src/pictures/avatar.png").to_vec());
        let (_, card) = street.says(&format!("Read {}/a now", street.at)).await;
        let image = card["image"].as_str().unwrap().strip_prefix("https://phiomia.example").unwrap();
        assert!(image.starts_with("/media_proxy/"), "{image}");
        assert_eq!((street.house.get(image).await.status, street.n_asked("/dune.png")), (http::StatusCode::OK, 1));
        let expected = json!({
            "url": format!("{}/a", street.at), "title": "Dunes & dusk", "description": "Sand at night.",
            "type": "link", "authors": [], "author_name": "", "author_url": "", "provider_name": "The Camel",
            "provider_url": "", "html": "", "width": 800, "height": 600, "image": card["image"],
            "embed_url": "", "blurhash": null, "missing_attribution": null,
            "published_at": "2026-11-20T10:00:00.000Z", "language": "en", "image_description": "A dune",
        });
        assert_eq!(card, expected);
    }

    async fn a_page_is_asked_once_however_many_link_to_it(street: Street) {
        street.puts("/a", "text/html", ARTICLE);
        let text = format!("{}/a", street.at);
        let (first, _) = street.says(&text).await;
        street.looks(&first).await;
        let (_, card) = street.says(&text).await;
        assert_eq!((card["title"].as_str(), street.n_asked("/a")), (Some("Dunes & dusk"), 1));
        street.house.wait(Duration::from_secs(15 * 86_400));
        street.puts("/a", "text/html", "<title>Later</title>");
        let (_, card) = street.says(&text).await;
        assert_eq!((card["title"].as_str(), street.n_asked("/a")), (Some("Later"), 2));
        assert_eq!(street.card(&first).await["title"], "Later");
    }

    async fn a_page_that_is_not_there_is_not_asked_again_soon(street: Street) {
        let text = format!("{}/lost", street.at);
        let (_, card) = street.says(&text).await;
        street.says(&text).await;
        assert_eq!((card, street.n_asked("/lost")), (Value::Null, 1));
        street.house.wait(Duration::from_secs(2 * 86_400));
        street.puts("/lost", "text/html", "<title>Found</title>");
        assert_eq!(street.says(&text).await.1["title"], "Found");
    }

    async fn an_edit_changes_the_card_with_the_link(street: Street) {
        street.puts("/a", "text/html", ARTICLE);
        street.puts("/b", "text/html", "<title>B</title>");
        let (id, _) = street.says(&format!("{0}/a and {0}/b", street.at)).await;
        let path = format!("/api/v1/statuses/{id}");
        street.alice.put(&path, json!({ "status": format!("{}/b", street.at) })).await.ok();
        street.looks(&id).await;
        assert_eq!(street.card(&id).await["title"], "B");
        street.alice.put(&path, json!({ "status": "no more" })).await.ok();
        street.looks(&id).await;
        assert_eq!(street.card(&id).await, Value::Null);
    }

    async fn who_waits_gets_the_page_at_once_and_others_at_various_times_within_a_minute(street: Street) {
        let db = street.house.api.db.clone();
        let due = async || {
            let claimed = db.write(|tx| {
                let lane = Job::FetchCard { status: StatusId(1) }.lane();
                Ok::<_, Error>(jobs::claim(tx, lane, 100, Duration::from_secs(600), "test")?)
            });
            let claimed = claimed.await.unwrap();
            claimed.iter().filter(|claimed| matches!(claimed.job, Ok(Job::FetchCard { .. }))).count()
        };
        let come = async |n: i64, is_local: bool| {
            let social = Social::new(street.house.api.addresses.clone());
            let text = if is_local { "https://dunes.org/a" } else { r#"<a href="https://dunes.org/a">a</a>"# };
            db.write(move |tx| (1..=n).try_for_each(|n| cards::look_first(tx, &social, StatusId(n), text, is_local)))
                .await
                .unwrap();
        };
        come(1, true).await;
        assert_eq!(due().await, 1);
        come(90, false).await;
        let mut each = Vec::new();
        for _ in 0..6 {
            street.house.wait(Duration::from_secs(10));
            each.push(due().await);
        }
        assert_eq!(each.iter().sum::<usize>(), 90, "{each:?}");
        assert!(each.iter().all(|n| (1..50).contains(n)), "{each:?}");
    }

    async fn our_own_pages_and_people_get_no_card(street: Street) {
        let (_, card) = street.says("https://phiomia.example/@alice and @alice #tag").await;
        assert_eq!((card, street.n_asked_in_all()), (Value::Null, 0));
    }

    async fn nothing_is_asked_of_a_private_network(street: Guarded) {
        street.0.puts("/a", "text/html", ARTICLE);
        let card = street.0.hears().await;
        assert_eq!((card, street.0.n_asked("/a")), (Value::Null, 0));
    }

    async fn a_post_from_elsewhere_gets_a_card_of_its_link_and_not_of_people(street: Street) {
        street.puts("/a", "text/html", ARTICLE);
        assert_eq!(street.hears().await["title"], "Dunes & dusk");
        assert_eq!(street.n_asked_in_all(), 1);
    }

    async fn a_page_in_an_old_encoding_is_read(street: Street) {
        let mut page = b"<meta charset=windows-1251><title>".to_vec();
        page.extend([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]);
        street.puts("/ru", "text/html", page);
        assert_eq!(street.says(&format!("{}/ru", street.at)).await.1["title"], "Привет");
    }

    async fn a_file_that_is_no_page_gets_no_card_and_a_long_page_is_read_as_far_as_allowed(street: Street) {
        street.puts("/z", "application/zip", "<title>Zip</title>");
        assert_eq!(street.says(&format!("{}/z", street.at)).await.1, Value::Null);
        street.puts("/long", "text/html", format!("<title>Long</title>{}", "x".repeat(3 << 20)));
        assert_eq!(street.says(&format!("{}/long", street.at)).await.1["title"], "Long");
    }

    async fn pictures_and_films_are_shown_as_their_sites_say(street: Street) {
        let head = "<title>t</title><link rel=alternate type=application/json+oembed href=/o>";
        street.puts("/film", "text/html", head);
        let html = "<script>evil()</script><iframe src='https://v.example/e?a=1&b=2' width=640 height=360 onload=x></iframe>";
        let film = json!({ "version": "1.0", "type": "video", "title": "Film", "html": html, "author_name": "Ann",
            "thumbnail_url": "https://v.example/t.jpg", "provider_name": "V", "provider_url": "https://v.example/" });
        street.puts("/o", "application/json", film.to_string());
        let (id, card) = street.says(&format!("{}/film", street.at)).await;
        assert_eq!((&card["type"], &card["title"], &card["width"]), (&json!("video"), &json!("Film"), &json!(640)));
        let other = street.says(&format!("{}/nothing", street.at)).await.0;
        for (question, expected) in [("has:embed", vec![&id]), ("-has:embed", vec![&other]), ("has:link", vec![&other, &id])] {
            let found = street.alice.get(&format!("/api/v2/search?type=statuses&q=from:me%20{question}")).await.ok().json();
            let found: Vec<&str> = found["statuses"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
            assert_eq!(found, expected, "{question}");
        }
        let frame = card["html"].as_str().unwrap();
        assert!(frame.starts_with("<iframe src=\"https://v.example/e?a=1&amp;b=2\" width=\"640\" height=\"360\""), "{frame}");
        assert!(frame.contains("sandbox=\"allow-scripts") && !frame.contains("onload") && !frame.contains("evil"));
        assert_eq!(card["authors"], json!([{ "name": "Ann", "url": "", "account": null }]));
        let photo = json!({ "type": "photo", "url": "https://v.example/p.jpg", "width": "30", "height": 20 });
        street.puts("/o", "application/json", photo.to_string());
        street.puts("/photo", "text/html", head);
        let (_, card) = street.says(&format!("{}/photo", street.at)).await;
        assert_eq!((&card["type"], &card["embed_url"]), (&json!("photo"), &json!("https://v.example/p.jpg")));
        assert_eq!((&card["width"], &card["html"]), (&json!(30), &json!("")));
    }

    async fn an_author_is_named_when_they_say_that_they_write_there(street: Street) {
        let bob = street.house.person("bob").await;
        street.puts("/a", "text/html", ARTICLE);
        let (id, card) = street.says(&format!("{}/a", street.at)).await;
        assert_eq!(card["authors"], json!([]));
        bob.patch("/api/v1/accounts/update_credentials", json!({ "attribution_domains": ["dunes.org"] })).await.ok();
        let authors = street.card(&id).await["authors"].clone();
        assert_eq!(authors[0]["account"]["acct"], "bob");
    }

    async fn the_picture_of_a_card_has_its_placeholder_once_somebody_has_looked_at_it(street: Street) {
        street.puts("/a", "text/html", ARTICLE);
        street.puts("/dune.png", "image/png", png(60, 40));
        let (a, card) = street.says(&format!("{}/a", street.at)).await;
        assert_eq!((&card["blurhash"], &card["width"]), (&Value::Null, &json!(800)));
        street.sees(&card).await;
        let card = street.card(&a).await;
        assert!(card["blurhash"].as_str().is_some_and(|hash| hash.len() > 20), "{card}");
        assert_eq!((&card["width"], &card["height"]), (&json!(800), &json!(600)), "as the page says");

        street.puts("/b", "text/html", "<title>B</title><meta property='og:image' content='/dune.png'>");
        let (_, other) = street.says(&format!("{}/b", street.at)).await;
        assert_eq!(other["blurhash"], card["blurhash"], "somebody has looked at it already");
        assert_eq!((&other["width"], &other["height"]), (&json!(60), &json!(40)));
        assert_eq!(street.n_asked("/dune.png"), 1);
    }

    async fn who_looks_at_a_picture_that_lies_here_lets_its_page_know(street: Street) {
        street.puts("/p.png", "image/png", png(30, 30));
        let page = "<title>C</title><meta property='og:image' content='/p.png'>";
        street.puts("/c", "text/html", page);
        street.puts("/d", "text/html", page);
        let (c, first) = street.says(&format!("{}/c", street.at)).await;
        let (d, second) = street.says(&format!("{}/d", street.at)).await;
        street.sees(&first).await;
        assert!(street.card(&c).await["blurhash"].is_string());
        assert_eq!(street.card(&d).await["blurhash"], Value::Null);
        street.sees(&second).await;
        assert!(street.card(&d).await["blurhash"].is_string());
        assert_eq!(street.n_asked("/p.png"), 1);
    }
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let picture =
        image::RgbImage::from_fn(width, height, |x, _| image::Rgb([200, if x < width / 2 { 160 } else { 20 }, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}
