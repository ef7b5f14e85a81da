//! How large pages are: whoever wrote what, there are less than 30 kB before the first picture, styles included.

use http::Method;
use phiomia_model::{CustomEmojiId, Event};
use phiomia_store::db::emojis::{self, CustomEmojiView};
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::{between, ids, page};
use crate::kit::{House, Person};

/// Bytes before any picture and before compression.
const MOST_BYTES: usize = 30_000;

/// A page as a browser without an account has to fetch it; its HTML.
async fn small(house: &House, path: &str) -> String {
    let html = page(house, path).await;
    let mut n_bytes = html.len();
    for sheet in html.split("<link rel=\"stylesheet\" href=\"").skip(1) {
        n_bytes += house.get(sheet.split('"').next().unwrap()).await.ok().body.len();
    }
    assert!(n_bytes < MOST_BYTES, "{path}: {n_bytes}");
    html
}

/// The smallest picture that is one.
fn dot() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(1, 1).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Short words that are all different, as many as a post holds, each with something in front.
fn words(before: &str, after: &str, room: usize) -> String {
    let mut text = String::new();
    for n in 0_u32.. {
        let letters: String =
            [n / 26 % 26, n % 26].into_iter().filter_map(|l| char::from_u32('a' as u32 + l)).collect();
        let word = format!("{before}{letters}{after} ");
        if text.len() + word.len() > room {
            break;
        }
        text.push_str(&word);
    }
    text.trim_end().to_owned()
}

async fn draw_emoji(house: &mut House) {
    house
        .api
        .db
        .write(|tx| {
            for shortcode in ["aa", "bb"] {
                let emoji = CustomEmojiView {
                    id: CustomEmojiId(tx.new_id()),
                    shortcode: shortcode.into(),
                    file: format!("emoji/0123/0123456789abcdef0123456789abcdef/{shortcode}.png"),
                    content_type: "image/png".into(),
                    still: None,
                    category: None,
                    is_visible: true,
                };
                emojis::write(tx, &emoji)?;
            }
            tx.announce(Event::SettingsChanged);
            Ok(())
        })
        .await
        .unwrap();
    house.settle();
}

/// Somebody whose profile is as long as it may be.
async fn talker(house: &House) -> Person {
    let alice = house.person("alice").await;
    let field = |n: usize| json!({"name": format!("{n} {}", ":aa: ".repeat(50)), "value": words("#", "", 250)});
    let profile = json!({
        "display_name": ":aa: :bb: :aa: :bb: :aa: :bb:",
        "note": words("#", "", 500),
        "indexable": true,
        "fields_attributes": (1..=4).map(field).collect::<Vec<Value>>(),
    });
    alice.patch("/api/v1/accounts/update_credentials", profile).await.ok();
    alice
}

/// Posts of every kind that makes much of little.
fn long_posts() -> Vec<Value> {
    let addresses = (0..20).map(|n| format!("https://example.org/{n}/{}", "x".repeat(1_900))).collect::<Vec<_>>();
    let choices: Vec<String> = (0..4).map(|n| format!("{n}{}", "&".repeat(49))).collect();
    vec![
        json!({"status": words("#", "", 495)}),
        json!({"status": format!("{} #x", ":aa: :bb: ".repeat(49))}),
        json!({"status": format!("{} #x", addresses.join(" "))}),
        json!({"status": format!("{} #x", "<&>\"'".repeat(90))}),
        // One character to the eye, and two hundred to a computer.
        json!({"status": format!("{} #x", format!("a{}", "\u{301}".repeat(200)).repeat(100))}),
        json!({"status": format!("{} #x", words("https://e.org/", "", 270)), "spoiler_text": ":aa: ".repeat(19)}),
        json!({"status": "#x ?", "poll": {"options": choices, "expires_in": 600}}),
    ]
}

on_both_engines! {
    async fn a_page_is_small_however_much_is_said(house: House) {
        house.switch_off_rate_limits().await;
        let alice = talker(&house).await;
        let mut newest = String::new();
        for n in 0..25 {
            newest = alice.says(&format!("{n} {} #a #b #c #d", "Long words, ".repeat(39)), "public").await;
        }
        for n in 0..30 {
            alice.posts(json!({"status": format!("{n} {}", "Long words, ".repeat(40)), "in_reply_to_id": newest})).await;
        }
        for path in ["/@alice".to_owned(), "/@alice/with_replies".to_owned(), "/tags/a".to_owned(), "/".to_owned(), "/about".to_owned()] {
            small(&house, &path).await;
        }
        let html = small(&house, &format!("/@alice/{newest}")).await;
        assert!(ids(&html).len() > 5);
        let more = between(&html, "<a rel=\"next\" href=\"", "\"").to_owned();
        let rest = small(&house, &format!("/@alice/{newest}{more}")).await;
        assert!(ids(&rest).iter().all(|id| *id == newest || !ids(&html).contains(id)));
    }

    async fn a_page_is_small_whatever_makes_it_long(house: House) {
        let mut house = house;
        house.switch_off_rate_limits().await;
        draw_emoji(&mut house).await;
        let alice = talker(&house).await;
        for long in long_posts() {
            let mut all = Vec::new();
            for _ in 0..4 {
                all.push(alice.posts(long.clone()).await);
            }
            let parent = all[0].clone();
            let quote = json!({"status": long["status"], "quoted_status_id": parent, "in_reply_to_id": parent});
            let quote = alice.posts(quote).await;
            let answer = alice.posts(json!({"status": long["status"], "in_reply_to_id": quote})).await;
            for _ in 0..3 {
                alice.posts(json!({"status": long["status"], "in_reply_to_id": answer})).await;
            }
            for id in [&parent, &quote, &answer] {
                small(&house, &format!("/@alice/{id}")).await;
                small(&house, &format!("/@alice/{id}/embed")).await;
                small(&house, &format!("/@alice/{id}?after={id}")).await;
            }
            alice.post(&format!("/api/v1/statuses/{parent}/pin"), json!({})).await;
        }
        for start in ["/@alice", "/@alice/with_replies", "/tags/x", "/tags/aa", "/"] {
            // Every page of the list, and no post of it is left out.
            let (mut path, mut n_pages) = (start.to_owned(), 0);
            loop {
                let html = small(&house, &path).await;
                n_pages += 1;
                assert!(n_pages < 80, "{start} has no end");
                match between(&html, "rel=\"next\" href=\"", "\"") {
                    "" => break,
                    next => path = next.to_owned(),
                }
            }
            assert!(n_pages > 1 || start == "/", "{start}");
        }
    }

    async fn pictures_with_many_words_make_no_page_long(house: House) {
        house.switch_off_rate_limits().await;
        let alice = talker(&house).await;
        let mut posts = Vec::new();
        for _ in 0..3 {
            let mut media = Vec::new();
            for _ in 0..4 {
                let said = [("description", "What there is to see, and more. ".repeat(46))];
                let said = said.each_ref().map(|(name, text)| (*name, text.as_str()));
                media.push(alice.upload(Method::POST, "/api/v2/media", &said, &[("file", &dot())]).await.ok().id());
            }
            posts.push(alice.posts(json!({"status": words("#", "", 495), "media_ids": media})).await);
        }
        for path in ["/@alice", "/@alice/media"] {
            small(&house, path).await;
        }
        // Previews show the picture, and say how large it is and what there is to see, in a few words.
        let html = small(&house, &format!("/@alice/{}", posts[0])).await;
        let told = |name: &str| between(&html, &format!("<meta property=\"og:image{name}\" content=\""), "\"").to_owned();
        assert!(told("").starts_with("https://phiomia.example/system/media/"), "{}", told(""));
        assert_eq!((told(":width").as_str(), told(":height").as_str()), ("1", "1"));
        assert!(told(":alt").starts_with("What there is to see, and more. What") && told(":alt").chars().count() <= 201);
        assert!(html.contains("<meta name=\"twitter:card\" content=\"summary_large_image\">"));
    }

    async fn a_long_post_shows_its_beginning_in_a_list_and_all_of_it_on_its_page(house: House) {
        let mut house = house;
        draw_emoji(&mut house).await;
        let alice = house.person("alice").await;
        let id = alice.says(&format!("first {} last", ":aa: :bb: ".repeat(30)), "public").await;
        let list = page(&house, "/@alice").await;
        assert!(list.contains("<p>first :aa: :bb:") && !list.contains("last"), "{list}");
        assert!(list.contains(&format!("<a href=\"https://phiomia.example/@alice/{id}\">Read the whole post</a>")));
        let whole = page(&house, &format!("/@alice/{id}")).await;
        assert!(whole.contains("first") && whole.contains("last") && !whole.contains("Read the whole post"));
        // What is short stays as apps know it.
        alice.says("see #bees", "public").await;
        let list = page(&house, "/@alice").await;
        assert!(list.contains("<a href=\"https://phiomia.example/tags/bees\" class=\"mention hashtag\" rel=\"tag\">#<span>bees</span></a>"));
    }

    async fn many_hashtags_are_links_on_the_page_of_their_post(house: House) {
        let alice = house.person("alice").await;
        let text = words("#", "", 495);
        let id = alice.says(&text, "public").await;
        let whole = small(&house, &format!("/@alice/{id}")).await;
        for tag in text.split(' ') {
            assert!(whole.contains(&format!("<a href=\"/tags/{}\" rel=\"tag\">{tag}</a>", &tag[1..])), "{tag}: {whole}");
        }
    }
}
