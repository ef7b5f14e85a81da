//! What happens to somebody, on their own streams.

use phiomia_model::{
    QuotePolicy, Role, StatusId, Viewer, Visibility,
    status::{Draft, Edit},
    strike::Action,
};
use phiomia_social::{
    announcements::{self, Announcement},
    conversations, lists,
    moderation::{self, Act, Moderator},
    relationships, statuses, timelines,
};
use phiomia_store::db::statuses as rows;
use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::station::Station;

on_both_engines! {
    async fn a_post_arrives_at_its_author_and_followers_as_each_of_them_sees_it(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        station.person("carol").await;
        station.follows(alice, bob).await;
        let (mut at_alice, mut at_bob, mut at_carol) = (
            station.tune("alice", &["user"]).await,
            station.tune("bob", &["user"]).await,
            station.tune("carol", &["user"]).await,
        );
        at_bob.hears_nothing().await;
        let id = station.says(bob, "good morning").await;

        let (stream, event, status) = at_alice.event().await;
        assert_eq!((stream, event.as_str()), (vec!["user".to_owned()], "update"));
        assert_eq!((&status["id"], &status["content"]), (&json!(id.to_string()), &json!("<p>good morning</p>")));
        assert_eq!((&status["favourited"], &status["account"]["acct"]), (&json!(false), &json!("bob")));
        assert_eq!(status.get("pinned"), None);

        let (_, _, own) = at_bob.event().await;
        assert_eq!((&own["id"], &own["pinned"]), (&json!(id.to_string()), &json!(false)));
        at_carol.hears_nothing().await;
        at_alice.hears_nothing().await;
    }

    async fn an_edit_and_a_deletion_arrive_where_the_post_is(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        station.person("carol").await;
        station.follows(alice, bob).await;
        let id = station.says(bob, "frist").await;
        let (mut at_alice, mut at_carol) =
            (station.tune("alice", &["user"]).await, station.tune("carol", &["user"]).await);
        let social = station.social.clone();
        let edit = Edit { text: Some("first".into()), ..Edit::default() };
        station.does(move |tx| statuses::edit(tx, &social, bob, id, &edit)).await;
        assert_eq!(at_alice.events(1).await, ["user status.update first"]);
        station.does(move |tx| statuses::delete(tx, bob, id)).await;
        let (stream, event, payload) = at_alice.event().await;
        assert_eq!((stream, event.as_str(), payload), (vec!["user".to_owned()], "delete", json!(id.0)));
        at_carol.hears_nothing().await;
    }

    async fn a_list_tells_what_its_members_post_edit_and_delete(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        let carol = station.person("carol").await;
        station.follows(alice, bob).await;
        station.follows(alice, carol).await;
        let how = lists::ListEdit { title: Some("Friends".into()), ..lists::ListEdit::default() };
        let list = station.does(move |tx| lists::create(tx, alice, &how)).await.id;
        station.does(move |tx| lists::add(tx, alice, list, &[bob])).await;
        let mut radio = station.tune("alice", &[]).await;
        radio.say(json!({"type": "subscribe", "stream": "list", "list": list.to_string()})).await;
        radio.settle().await;
        station.says(carol, "not on the list").await;
        let id = station.says(bob, "frist").await;
        let (stream, event, status) = radio.event().await;
        assert_eq!((stream, event.as_str()), (vec!["list".to_owned(), list.to_string()], "update"));
        assert_eq!(status["id"], json!(id.to_string()));
        let social = station.social.clone();
        let edit = Edit { text: Some("first".into()), ..Edit::default() };
        station.does(move |tx| statuses::edit(tx, &social, bob, id, &edit)).await;
        let (_, event, status) = radio.event().await;
        assert_eq!((event.as_str(), &status["content"]), ("status.update", &json!("<p>first</p>")));
        station.does(move |tx| statuses::delete(tx, bob, id)).await;
        let (_, event, payload) = radio.event().await;
        assert_eq!((event.as_str(), payload), ("delete", json!(id.0)));
        radio.hears_nothing().await;
    }

    async fn somebody_elses_list_is_not_streamed(station: Station) {
        let alice = station.person("alice").await;
        station.person("bob").await;
        let how = lists::ListEdit { title: Some("Friends".into()), ..lists::ListEdit::default() };
        let list = station.does(move |tx| lists::create(tx, alice, &how)).await.id;
        let mut radio = station.tune("bob", &[]).await;
        radio.say(json!({"type": "subscribe", "stream": "list", "list": list.to_string()})).await;
        assert_eq!(radio.hear().await, json!({"error": "Not authorized to stream this list", "status": 401}));
    }

    async fn a_quote_arrives_as_each_listener_may_see_it_and_again_when_it_is_taken_back(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        let (carol, dave) = (station.person("carol").await, station.person("dave").await);
        for listener in [carol, dave] {
            station.follows(listener, bob).await;
        }
        station.does(move |tx| relationships::block(tx, dave, alice)).await;
        let quotable = Draft { text: "quote me".into(), quote_policy: Some(QuotePolicy::Public), ..Draft::default() };
        let quoted = station.posts(alice, quotable).await;
        let mut at_alice = station.tune("alice", &["user"]).await;
        let (mut at_carol, mut at_dave) = (station.tune("carol", &["user"]).await, station.tune("dave", &["user"]).await);
        let quote = Draft { text: "look".into(), quoted: Some(quoted), ..Draft::default() };
        let quote = station.posts(bob, quote).await;
        let (_, event, told) = at_alice.event().await;
        assert_eq!((event.as_str(), &told["type"], &told["status"]["id"]), ("notification", &json!("quote"), &json!(quote.to_string())));
        let (_, event, status) = at_carol.event().await;
        assert_eq!((event.as_str(), &status["quote"]["state"]), ("update", &json!("accepted")));
        assert_eq!(status["quote"]["quoted_status"]["id"], json!(quoted.to_string()));
        let (_, _, status) = at_dave.event().await;
        assert_eq!(status["quote"]["state"], "blocked_account");
        station.does(move |tx| statuses::revoke_quote(tx, alice, quoted, quote)).await;
        for radio in [&mut at_carol, &mut at_dave] {
            let (_, event, status) = radio.event().await;
            assert_eq!((event.as_str(), &status["quote"]), ("status.update", &json!({"state": "revoked", "quoted_status": null})));
        }
    }

    async fn a_boost_carries_the_post_it_boosts(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        let carol = station.person("carol").await;
        station.follows(alice, bob).await;
        let original = station.says(carol, "worth reading").await;
        let mut at_alice = station.tune("alice", &["user", "public"]).await;
        let boost = station.does(move |tx| statuses::reblog(tx, bob, original, None)).await;
        station.does(move |tx| timelines::fan_out(tx, boost)).await;
        let (stream, event, status) = at_alice.event().await;
        assert_eq!((stream, event.as_str()), (vec!["user".to_owned()], "update"));
        assert_eq!(status["reblog"]["id"], json!(original.to_string()));
        at_alice.hears_nothing().await;
    }

    async fn a_private_or_direct_post_reaches_whom_it_is_for(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        let carol = station.person("carol").await;
        station.follows(alice, bob).await;
        station.follows(carol, bob).await;
        let all = ["user", "public", "public:local"];
        let (mut at_alice, mut at_carol) = (station.tune("alice", &all).await, station.tune("carol", &all).await);
        let mut anonymous = station.dial("?stream=public", &[]).await.unwrap();
        anonymous.settle().await;
        let to_alice = |text: &str, visibility| Draft { text: text.into(), visibility: Some(visibility), ..Draft::default() };
        station.posts(bob, to_alice("@alice psst", Visibility::Direct)).await;
        let told = at_alice.events(2).await;
        assert!(told[0].starts_with("user notification"), "{told:?}");
        assert!(told[1].starts_with("user update"), "{told:?}");
        station.posts(bob, to_alice("among us", Visibility::Private)).await;
        assert_eq!(at_alice.events(1).await, ["user update among us"]);
        assert_eq!(at_carol.events(1).await, ["user update among us"]);
        anonymous.hears_nothing().await;
    }

    async fn a_direct_post_moves_its_conversation_on_the_stream_of_conversations(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        station.person("carol").await;
        station.follows(alice, bob).await;
        let (mut at_alice, mut at_bob, mut at_carol) = (
            station.tune("alice", &["direct"]).await,
            station.tune("bob", &["direct"]).await,
            station.tune("carol", &["direct"]).await,
        );
        let draft = Draft { text: "@alice psst".into(), visibility: Some(Visibility::Direct), ..Draft::default() };
        let id = station.posts(bob, draft).await;
        for (radio, is_unread, other) in [(&mut at_alice, true, "bob"), (&mut at_bob, false, "alice")] {
            let (stream, event, conversation) = radio.event().await;
            assert_eq!((stream, event.as_str()), (vec!["direct".to_owned()], "conversation"));
            assert_eq!(conversation["last_status"]["id"], json!(id.to_string()));
            assert_eq!((&conversation["unread"], &conversation["accounts"][0]["acct"]), (&json!(is_unread), &json!(other)));
        }
        at_carol.hears_nothing().await;
    }

    async fn what_moderators_decide_arrives_on_the_stream(station: Station) {
        // Whoever comes first owns the server.
        let (mo, alice) = (station.person("mo").await, station.person("alice").await);
        let mut radio = station.tune("alice", &["user"]).await;
        station
            .does(move |tx| {
                let by = Moderator { account: mo, role: Role::Owner };
                let act = Act { action: Action::None, text: "careful".to_owned(), report: None, sends_mail: true };
                moderation::act(tx, by, alice, &act)
            })
            .await;
        let (_, event, told) = radio.event().await;
        assert_eq!((event.as_str(), &told["type"]), ("notification", &json!("moderation_warning")));
        assert_eq!(told["moderation_warning"]["text"], "careful");
    }

    async fn a_notification_arrives_on_both_streams_that_carry_it(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        let mut radio = station.tune("alice", &["user", "user:notification"]).await;
        station.follows(bob, alice).await;
        let mut told = vec![radio.event().await, radio.event().await];
        told.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!((told[0].0.clone(), told[1].0.clone()), (vec!["user".to_owned()], vec!["user:notification".to_owned()]));
        for (_, event, notification) in told {
            assert_eq!(event, "notification");
            assert_eq!((&notification["type"], &notification["account"]["acct"]), (&json!("follow"), &json!("bob")));
        }
    }

    async fn a_token_that_may_not_read_notifications_gets_the_posts_alone(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        station.token("narrow", alice, "read:statuses").await;
        station.follows(alice, bob).await;
        let mut radio = station.tune("narrow", &["user"]).await;
        station.says(bob, "@alice look").await;
        let (_, event, _) = radio.event().await;
        assert_eq!(event, "update");
        radio.hears_nothing().await;
        radio.say(json!({"type": "subscribe", "stream": "user:notification"})).await;
        let refusal = radio.hear().await;
        assert_eq!(refusal, json!({"error": "Access token does not have the required scopes", "status": 401}));
    }

    async fn what_one_blocks_or_mutes_says_nothing_on_public_streams(station: Station) {
        let (alice, bob) = (station.person("alice").await, station.person("bob").await);
        let (carol, dave) = (station.person("carol").await, station.person("dave").await);
        station.does(move |tx| relationships::block(tx, alice, bob)).await;
        station.does(move |tx| relationships::block(tx, carol, alice)).await;
        let mute = relationships::Mute::default();
        station.does(move |tx| relationships::mute(tx, alice, dave, mute)).await;
        let erin = station.person("erin").await;
        let mut at_alice = station.tune("alice", &["public"]).await;
        at_alice.say(json!({"type": "subscribe", "stream": "hashtag", "tag": "cats"})).await;
        at_alice.settle().await;
        let mut anonymous = station.dial("?stream=public", &[]).await.unwrap();
        anonymous.settle().await;
        for (who, text) in [
            (bob, "blocked #cats"),
            (carol, "blocks #cats"),
            (dave, "muted #cats"),
            (erin, "@dave names the muted #cats"),
        ] {
            station.says(who, text).await;
        }
        anonymous.events(4).await;
        at_alice.hears_nothing().await;
        station.does(move |tx| relationships::unblock(tx, alice, bob)).await;
        let id: StatusId = station.says(bob, "again").await;
        assert_eq!(at_alice.event().await.2["id"], json!(id.to_string()));
    }

    async fn many_viewers_at_once_see_what_each_would_see_alone(station: Station) {
        let mut people = Vec::new();
        for name in ["alice", "bob", "carol", "dave", "erin"] {
            people.push(station.person(name).await);
        }
        let [alice, bob, carol, dave, erin] = people[..] else { panic!("five people") };
        station.follows(alice, bob).await;
        station.follows(bob, carol).await;
        station.follows(dave, bob).await;
        let private = Draft { text: "@erin hello".into(), visibility: Some(Visibility::Private), ..Draft::default() };
        let private = station.posts(bob, private).await;
        let public = station.says(bob, "to all").await;
        let boost = station.does(move |tx| statuses::reblog(tx, alice, public, None)).await;
        station.does(move |tx| statuses::favourite(tx, carol, public)).await;
        station.does(move |tx| statuses::bookmark(tx, dave, private)).await;
        station.does(move |tx| conversations::mute(tx, alice, public)).await;
        station.does(move |tx| relationships::block(tx, bob, erin)).await;
        let now = station.api.now();
        for id in [private, public, boost] {
            let viewers = people.clone();
            let (mut together, mut alone) = station
                .database
                .db
                .read(move |q| {
                    let mut together = Vec::new();
                    for cohort in rows::cohorts(q, id, &viewers, now)? {
                        together.extend(cohort.viewers.iter().map(|who| (*who, format!("{:?}", cohort.view))));
                    }
                    let mut alone = Vec::new();
                    for who in &viewers {
                        let view = rows::view(q, id, Viewer::Account(*who), now)?;
                        alone.extend(view.map(|view| (*who, format!("{view:?}"))));
                    }
                    Ok((together, alone))
                })
                .await
                .unwrap();
            together.sort();
            alone.sort();
            assert!(together.len() > 2);
            assert_eq!(together, alone);
        }
    }

    async fn announcements_and_reactions_are_told_to_everybody(station: Station) {
        station.person("alice").await;
        let bob = station.person("bob").await;
        let (mut at_alice, mut at_bob) =
            (station.tune("alice", &["user"]).await, station.tune("bob", &["user"]).await);
        let said = Announcement { text: "Cake".into(), ..Announcement::default() };
        let id = station.does(move |tx| announcements::publish(tx, &said, None)).await;
        for radio in [&mut at_alice, &mut at_bob] {
            let (stream, event, told) = radio.event().await;
            assert_eq!((stream, event.as_str()), (vec!["user".to_owned()], "announcement"));
            assert_eq!((&told["id"], &told["content"]), (&json!(id.to_string()), &json!("<p>Cake</p>")));
            assert_eq!(told.get("read"), None);
        }
        station.does(move |tx| announcements::react(tx, bob, id, "🎂")).await;
        let (_, event, told) = at_alice.event().await;
        assert_eq!(event, "announcement.reaction");
        assert_eq!(told, json!({"name": "🎂", "count": 1, "announcement_id": id.to_string()}));
        station.does(move |tx| announcements::unreact(tx, bob, id, "🎂")).await;
        assert_eq!(at_alice.event().await.2["count"], json!(0));
        station.does(move |tx| announcements::take_down(tx, id)).await;
        let (_, event, told) = at_alice.event().await;
        assert_eq!((event.as_str(), told), ("announcement.delete", json!(id.0)));
    }
}
