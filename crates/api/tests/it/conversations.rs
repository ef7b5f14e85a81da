//! Conversations of direct posts, and muted threads.

use phiomia_model::Event;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::{House, Person};

/// Somebody to whom anybody may write.
async fn person(house: &House, name: &str) -> Person {
    let person = house.person(name).await;
    person.takes_private_mentions().await;
    person
}

async fn listed(who: &Person) -> Vec<Value> {
    who.get("/api/v1/conversations").await.ok().json().as_array().unwrap().clone()
}

async fn replies(who: &Person, to: &str, text: &str) -> String {
    who.posts(json!({"status": text, "in_reply_to_id": to, "visibility": "direct"})).await
}

on_both_engines! {
    async fn apps_of_old_read_the_posts_of_conversations_as_a_timeline(house: House) {
        let (alice, bob, carol) = (person(&house, "alice").await, person(&house, "bob").await, person(&house, "carol").await);
        let mut direct = Vec::new();
        for (who, text) in [(&alice, "@bob one"), (&bob, "@alice two"), (&carol, "@alice @bob three"), (&alice, "for me alone")] {
            direct.insert(0, who.says(text, "direct").await);
            who.says("for all @alice", "public").await;
        }
        let read = async |who: &Person, rest: &str| who.get(&format!("/api/v1/timelines/direct{rest}")).await.ok();
        assert_eq!(read(&alice, "").await.ids(), direct);
        assert_eq!(read(&bob, "").await.ids(), direct[1..]);
        assert_eq!(read(&carol, "").await.ids(), direct[1..2]);
        let page = read(&alice, "?limit=2").await;
        assert_eq!((page.ids(), page.header("deprecation")), (direct[..2].to_vec(), "@1570147200"));
        assert!(page.header("link").contains(&format!("max_id={}>; rel=\"next\"", direct[1])));
        assert_eq!(read(&alice, &format!("?limit=2&max_id={}", direct[1])).await.ids(), direct[2..]);
        assert_eq!(read(&alice, &format!("?limit=1&min_id={}", direct[3])).await.ids(), direct[2..3]);
        alice.post(&format!("/api/v1/accounts/{}/block", carol.account), json!({})).await.ok();
        assert!(!read(&alice, "").await.ids().contains(&direct[1]));
    }

    async fn a_direct_post_opens_a_conversation_for_both(house: House) {
        let (alice, bob, carol) = (person(&house, "alice").await, person(&house, "bob").await, person(&house, "carol").await);
        let id = alice.says("@bob psst", "direct").await;
        let (of_alice, of_bob) = (listed(&alice).await, listed(&bob).await);
        assert_eq!((of_alice.len(), of_bob.len(), listed(&carol).await.len()), (1, 1, 0));
        for (entry, is_unread, other) in [(&of_alice[0], false, &bob), (&of_bob[0], true, &alice)] {
            assert_eq!(entry["unread"], is_unread);
            assert_eq!(entry["accounts"].as_array().unwrap().len(), 1);
            assert_eq!(entry["accounts"][0]["id"], other.account.to_string());
            assert_eq!(entry["last_status"]["id"], id);
        }
        assert_ne!(of_alice[0]["id"], of_bob[0]["id"]);
    }

    async fn only_direct_posts_are_conversations(house: House) {
        let (alice, bob) = (person(&house, "alice").await, person(&house, "bob").await);
        for visibility in ["public", "unlisted", "private"] {
            alice.says("@bob hello", visibility).await;
        }
        assert_eq!((listed(&alice).await.len(), listed(&bob).await.len()), (0, 0));
    }

    async fn an_answer_keeps_the_conversation_and_somebody_new_opens_another(house: House) {
        let (alice, bob, carol) = (person(&house, "alice").await, person(&house, "bob").await, person(&house, "carol").await);
        let first = alice.says("@bob psst", "direct").await;
        let second = replies(&bob, &first, "@alice what").await;
        assert_eq!(listed(&alice).await.iter().map(|c| c["last_status"]["id"].clone()).collect::<Vec<_>>(), [json!(second)]);
        assert_eq!(listed(&alice).await[0]["unread"], true);
        assert_eq!(listed(&bob).await[0]["unread"], false);
        let third = replies(&alice, &second, "@bob @carol look").await;
        let of_bob = listed(&bob).await;
        assert_eq!(of_bob.iter().map(|c| c["last_status"]["id"].clone()).collect::<Vec<_>>(), [json!(third), json!(second)]);
        assert_eq!(of_bob[0]["accounts"].as_array().unwrap().len(), 2);
        assert_eq!(listed(&carol).await.len(), 1);
    }

    async fn a_note_to_oneself_is_a_conversation_with_oneself(house: House) {
        let alice = person(&house, "alice").await;
        alice.says("remember the milk", "direct").await;
        let entry = &listed(&alice).await[0];
        assert_eq!((&entry["accounts"][0]["id"], &entry["unread"]), (&json!(alice.account.to_string()), &json!(false)));
    }

    async fn a_conversation_is_marked_read_and_unread(house: House) {
        let (alice, bob) = (person(&house, "alice").await, person(&house, "bob").await);
        alice.says("@bob psst", "direct").await;
        let path = format!("/api/v1/conversations/{}", listed(&bob).await[0]["id"].as_str().unwrap());
        assert_eq!(bob.post(&format!("{path}/read"), json!({})).await.ok().json()["unread"], false);
        assert_eq!(listed(&bob).await[0]["unread"], false);
        assert_eq!(bob.post(&format!("{path}/unread"), json!({})).await.ok().json()["unread"], true);
        for act in ["read", "unread"] {
            let answer = alice.post(&format!("{path}/{act}"), json!({})).await;
            assert_eq!(answer.refusal(), (404, "Record not found".to_owned()));
        }
    }

    async fn a_hidden_conversation_comes_back_with_its_next_post(house: House) {
        let (alice, bob) = (person(&house, "alice").await, person(&house, "bob").await);
        let id = alice.says("@bob psst", "direct").await;
        let path = format!("/api/v1/conversations/{}", listed(&bob).await[0]["id"].as_str().unwrap());
        assert_eq!(alice.delete(&path).await.refusal(), (404, "Record not found".to_owned()));
        assert_eq!(bob.delete(&path).await.ok().json(), json!({}));
        assert_eq!((listed(&bob).await.len(), listed(&alice).await.len()), (0, 1));
        assert_eq!(bob.delete(&path).await.refusal(), (404, "Record not found".to_owned()));
        bob.get(&format!("/api/v1/statuses/{id}")).await.ok();
        let next = replies(&alice, &id, "@bob again").await;
        assert_eq!(listed(&bob).await[0]["last_status"]["id"], next);
    }

    async fn a_deleted_post_steps_the_conversation_back_and_the_last_one_ends_it(house: House) {
        let (alice, bob) = (person(&house, "alice").await, person(&house, "bob").await);
        let first = alice.says("@bob one", "direct").await;
        let second = replies(&alice, &first, "@bob two").await;
        alice.delete(&format!("/api/v1/statuses/{second}")).await.ok();
        for who in [&alice, &bob] {
            assert_eq!(listed(who).await[0]["last_status"]["id"], first);
        }
        alice.delete(&format!("/api/v1/statuses/{first}")).await.ok();
        assert_eq!((listed(&alice).await.len(), listed(&bob).await.len()), (0, 0));
        // Nothing holds the rows of the posts.
        house.work().await;
    }

    async fn somebody_mentioned_by_an_edit_gets_the_conversation(house: House) {
        let (alice, carol) = (person(&house, "alice").await, person(&house, "carol").await);
        let id = alice.says("psst", "direct").await;
        alice.put(&format!("/api/v1/statuses/{id}"), json!({"status": "@carol psst"})).await.ok();
        assert_eq!(listed(&carol).await[0]["last_status"]["id"], id);
    }

    async fn who_is_blocked_opens_no_conversation(house: House) {
        let (alice, bob) = (person(&house, "alice").await, person(&house, "bob").await);
        bob.post(&format!("/api/v1/accounts/{}/block", alice.account), json!({})).await.ok();
        alice.says("@bob psst", "direct").await;
        assert_eq!((listed(&alice).await.len(), listed(&bob).await.len()), (1, 0));
    }

    async fn conversations_are_paged_by_their_newest_post(house: House) {
        let (alice, bob) = (person(&house, "alice").await, person(&house, "bob").await);
        let mut posts = Vec::new();
        for n in 0..5 {
            posts.push(alice.says(&format!("@bob {n}"), "direct").await);
        }
        posts.reverse();
        let (mut seen, mut path) = (Vec::new(), "/api/v1/conversations?limit=2".to_owned());
        for _ in 0..3 {
            let page = bob.get(&path).await.ok();
            seen.extend(page.each("last_status").iter().map(|status| status["id"].as_str().unwrap().to_owned()));
            let last = seen.last().unwrap();
            assert!(seen.len() == 5 || page.header("link").contains(&format!("max_id={last}")), "{}", page.header("link"));
            path = format!("/api/v1/conversations?limit=2&max_id={last}");
        }
        assert_eq!(seen, posts);
        let page = bob.get(&format!("/api/v1/conversations?limit=2&min_id={}", posts[4])).await.ok();
        assert_eq!(page.each("last_status")[0]["id"], posts[2]);
    }

    async fn everybody_in_a_conversation_hears_of_its_change(house: House) {
        let mut house = house;
        let (alice, bob) = (person(&house, "alice").await, person(&house, "bob").await);
        let heard = |house: &mut House| -> Vec<_> {
            let changed = house.settle().into_iter().filter_map(|event| match event {
                Event::ConversationChanged { account, .. } => Some(account),
                _ => None,
            });
            changed.collect()
        };
        heard(&mut house);
        let first = alice.says("@bob psst", "direct").await;
        assert_eq!(heard(&mut house), [alice.account, bob.account]);
        let second = replies(&bob, &first, "@alice yes").await;
        assert_eq!(heard(&mut house), [bob.account, alice.account]);
        bob.delete(&format!("/api/v1/statuses/{second}")).await.ok();
        let mut both = heard(&mut house);
        both.sort_unstable();
        assert_eq!(both, [alice.account, bob.account]);
    }

    async fn a_muted_thread_tells_nothing_until_it_is_unmuted(house: House) {
        let (alice, bob) = (person(&house, "alice").await, person(&house, "bob").await);
        let root = alice.says("a long talk", "public").await;
        let path = format!("/api/v1/statuses/{root}");
        assert_eq!(alice.get(&path).await.ok().json()["muted"], false);
        assert_eq!(alice.post(&format!("{path}/mute"), json!({})).await.ok().json()["muted"], true);
        let answer = bob.posts(json!({"status": "@alice well", "in_reply_to_id": root})).await;
        bob.post(&format!("{path}/favourite"), json!({})).await.ok();
        assert_eq!(alice.get("/api/v1/notifications").await.ok().ids(), [""; 0]);
        // The whole thread is muted, for alice alone.
        assert_eq!(alice.get(&format!("/api/v1/statuses/{answer}")).await.ok().json()["muted"], true);
        assert_eq!(bob.get(&path).await.ok().json()["muted"], false);
        assert_eq!(alice.post(&format!("/api/v1/statuses/{answer}/unmute"), json!({})).await.ok().json()["muted"], false);
        bob.posts(json!({"status": "@alice still", "in_reply_to_id": answer})).await;
        assert_eq!(alice.get("/api/v1/notifications").await.ok().each("type"), [json!("mention")]);
    }

    async fn a_thread_is_muted_only_by_who_can_see_it(house: House) {
        let (alice, bob) = (person(&house, "alice").await, person(&house, "bob").await);
        let id = alice.says("for followers", "private").await;
        for act in ["mute", "unmute"] {
            let answer = bob.post(&format!("/api/v1/statuses/{id}/{act}"), json!({})).await;
            assert_eq!(answer.refusal(), (404, "Record not found".to_owned()));
        }
    }
}
