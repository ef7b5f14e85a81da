//! What happens in public.

use phiomia_model::{
    Visibility,
    status::{Draft, Edit},
};
use phiomia_social::statuses;
use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::station::Station;

on_both_engines! {
    async fn a_public_post_shows_on_every_stream_it_belongs_to_as_strangers_see_it(station: Station) {
        let bob = station.person("bob").await;
        let mut radio = station.tune("bob", &["public", "public:local", "public:remote", "public:media"]).await;
        for (stream, tag) in [("hashtag", "Cats"), ("hashtag:local", "cats"), ("hashtag", "dogs")] {
            radio.say(json!({"type": "subscribe", "stream": stream, "tag": tag})).await;
        }
        radio.settle().await;
        station.says(bob, "#Cats!").await;
        let mut streams = Vec::new();
        for _ in 0..4 {
            let (stream, event, status) = radio.event().await;
            assert_eq!((event.as_str(), status.get("favourited")), ("update", None));
            streams.push(stream.join(","));
        }
        streams.sort();
        assert_eq!(streams, ["hashtag,Cats", "hashtag:local,cats", "public", "public:local"]);
        radio.hears_nothing().await;
    }

    async fn an_edit_and_a_deletion_show_where_the_post_did(station: Station) {
        let bob = station.person("bob").await;
        let mut radio = station.dial("?stream=public:local", &[]).await.unwrap();
        radio.settle().await;
        let id = station.says(bob, "frist").await;
        assert_eq!(radio.events(1).await, ["public:local update frist"]);
        let social = station.social.clone();
        let edit = Edit { text: Some("first".into()), ..Edit::default() };
        station.does(move |tx| statuses::edit(tx, &social, bob, id, &edit)).await;
        assert_eq!(radio.events(1).await, ["public:local status.update first"]);
        station.does(move |tx| statuses::delete(tx, bob, id)).await;
        assert_eq!(radio.events(1).await, [format!("public:local delete {id}")]);
    }

    async fn answers_and_unlisted_posts_stay_off_public_streams(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        let question = station.says(alice, "why").await;
        let mut radio = station.dial("?stream=public", &[]).await.unwrap();
        radio.say(json!({"type": "subscribe", "stream": "hashtag", "tag": "why"})).await;
        radio.settle().await;
        let draft = |text: &str| Draft { text: text.into(), ..Draft::default() };
        station.posts(bob, Draft { visibility: Some(Visibility::Unlisted), ..draft("quietly #why") }).await;
        station.posts(bob, Draft { in_reply_to: Some(question), ..draft("@alice because #why") }).await;
        let (stream, _, _) = radio.event().await;
        assert_eq!(stream, ["hashtag", "why"]);
        let more = station.posts(alice, Draft { in_reply_to: Some(question), ..draft("and what") }).await;
        let (stream, _, status) = radio.event().await;
        assert_eq!((stream, &status["id"]), (vec!["public".to_owned()], &json!(more.to_string())));
        radio.hears_nothing().await;
    }
}
