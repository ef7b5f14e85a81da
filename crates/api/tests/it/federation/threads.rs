//! Answers and threads as collections.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use super::{collections::walk, document, fetch, path};
use crate::kit::{House, Person};

fn uri(person: &Person, id: &str) -> serde_json::Value {
    json!(format!("https://phiomia.example/ap/users/{}/statuses/{id}", person.account))
}

async fn answers(who: &Person, to: &str, visibility: &str) -> String {
    who.posts(json!({"status": "an answer", "in_reply_to_id": to, "visibility": visibility})).await
}

on_both_engines! {
    async fn answers_are_told_the_authors_own_first(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let root = alice.says("root", "public").await;
        let mut wanted = Vec::new();
        let of_bob = answers(&bob, &root, "public").await;
        for _ in 0..22 {
            wanted.push(uri(&alice, &answers(&alice, &root, "unlisted").await));
        }
        answers(&alice, &root, "private").await;
        answers(&bob, &root, "direct").await;
        answers(&bob, &of_bob, "public").await;
        wanted.push(uri(&bob, &of_bob));
        let own = format!("/ap/users/{}/statuses/{root}", alice.account);
        assert_eq!(walk(&house, &format!("{own}/replies")).await, wanted);
        let note = document(&house, &own, &[]).await;
        assert_eq!(note["replies"]["first"]["items"].as_array().unwrap(), &wanted[..5]);
        let next = document(&house, &path(&note["replies"]["first"]["next"]), &[]).await;
        assert_eq!(next["items"][0], wanted[5], "the document's own page goes on where it ends");
    }

    async fn a_thread_is_told_oldest_first_as_far_as_it_is_seen(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let root = alice.says("root", "public").await;
        let mut wanted = vec![uri(&alice, &root)];
        let mut above = root.clone();
        for n in 0..25 {
            let who = if n % 2 == 0 { &bob } else { &alice };
            above = answers(who, &above, "public").await;
            wanted.push(uri(who, &above));
        }
        answers(&bob, &above, "private").await;
        let note = document(&house, &format!("/ap/users/{}/statuses/{root}", alice.account), &[]).await;
        assert_eq!(note["context"], note["conversation"]);
        let context = path(&note["context"]);
        assert_eq!(walk(&house, &context).await, wanted);
        let collection = document(&house, &context, &[]).await;
        assert_eq!(collection["attributedTo"], format!("https://phiomia.example/ap/users/{}", alice.account));
        let answer = document(&house, &path(&wanted[25]), &[]).await;
        assert_eq!(answer["context"], note["context"]);
    }

    async fn a_thread_that_is_for_few_is_for_others_not_there(house: House) {
        let (alice, _bob) = (house.person("alice").await, house.person("bob").await);
        let root = alice.says("@bob psst", "direct").await.parse::<phiomia_model::StatusId>().unwrap();
        let source = house.api.db.read(move |q| Ok(phiomia_store::db::statuses::source(q, root)?)).await.unwrap();
        let own = format!("/ap/contexts/{}", source.unwrap().conversation.unwrap());
        let nothing = fetch(&house, "/ap/contexts/12345").await;
        for end in ["", "?page=true", "?min_id=0&page=true"] {
            let answer = fetch(&house, &format!("{own}{end}")).await;
            assert_eq!((answer.status.as_u16(), &answer.body), (404, &nothing.body), "{end}");
        }
    }
}
