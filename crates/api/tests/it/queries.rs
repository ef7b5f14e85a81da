//! A page costs the same number of statements however long it is.

use phiomia_model::{Event, StatusId};
use phiomia_store::Tx;
use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::{House, Person};

async fn n_statements(house: &House, who: &Person, path: &str) -> u64 {
    // Once before, so that nothing is read for the first time.
    who.get(path).await.ok();
    let before = house.api.db.n_statements();
    who.get(path).await.ok();
    house.api.db.n_statements() - before
}

on_both_engines! {
    async fn quotes_cost_a_page_a_fixed_number_of_questions(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        bob.follows(&alice).await;
        let target = alice.posts(json!({"status": "quote me", "quote_approval_policy": "public"})).await;
        let mut posts = vec![target.clone()];
        for n in 0..12 {
            let author = house.person(&format!("author{n}")).await;
            let inner = author.posts(json!({"status": "inside", "quoted_status_id": target})).await;
            let outer = json!({"status": format!("outside {n}"), "quoted_status_id": inner});
            posts.extend([alice.posts(outer).await, inner]);
        }
        house.work().await;
        let posts: Vec<StatusId> = posts.iter().map(|id| id.parse().unwrap()).collect();
        // Of posts that are not in memory, so that each of them has to be asked for.
        let cold = async |path: &str| {
            bob.get(path).await.ok();
            let posts = posts.clone();
            let forget = move |tx: &Tx<'_>| {
                posts.iter().for_each(|id| tx.announce(Event::StatusTouched { status: *id }));
                Ok(())
            };
            house.api.db.write(forget).await.unwrap();
            let before = house.api.db.n_statements();
            bob.get(path).await.ok();
            house.api.db.n_statements() - before
        };
        for path in ["/api/v1/timelines/home".to_owned(), format!("/api/v1/statuses/{target}/quotes")] {
            let (few, many) = (cold(&format!("{path}?limit=2")).await, cold(&format!("{path}?limit=12")).await);
            assert_eq!(few, many, "{path}");
            assert!((9..=20).contains(&many), "{path}: {many}");
        }
    }

    async fn a_longer_page_asks_no_more_questions(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        bob.follows(&alice).await;
        let root = alice.says("root", "public").await;
        for n in 0..12 {
            let poll = json!({"options": ["yes", "no"], "expires_in": 300});
            let post = json!({"status": format!("#tag{n} @bob {n}"), "in_reply_to_id": root, "poll": poll});
            let id = alice.posts(post).await;
            bob.post(&format!("/api/v1/statuses/{id}/favourite"), json!({})).await.ok();
            bob.post(&format!("/api/v1/statuses/{id}/bookmark"), json!({})).await.ok();
        }
        for n in 0..12 {
            alice.says(&format!("@bob {n}"), "direct").await;
        }
        for n in 0..4 {
            let person = house.person(&format!("person{n}")).await;
            person.follows(&bob).await;
        }
        house.work().await;
        for path in [
            "/api/v1/timelines/home".to_owned(),
            "/api/v1/timelines/public".to_owned(),
            format!("/api/v1/accounts/{}/statuses", alice.account),
            format!("/api/v1/accounts/{}/followers", bob.account),
            "/api/v1/favourites".to_owned(),
            "/api/v1/bookmarks".to_owned(),
            "/api/v1/notifications?types[]=mention".to_owned(),
            "/api/v1/conversations".to_owned(),
        ] {
            let mark = if path.contains('?') { '&' } else { '?' };
            let (short, long) = (format!("{path}{mark}limit=2"), format!("{path}{mark}limit=12"));
            let (few, many) = (n_statements(&house, &bob, &short).await, n_statements(&house, &bob, &long).await);
            assert_eq!(few, many, "{path}");
            assert!(many <= 12, "{path}: {many}");
        }
        let search = |limit: u32| format!("/api/v2/search?q=tag&limit={limit}");
        assert_eq!(n_statements(&house, &bob, &search(2)).await, n_statements(&house, &bob, &search(10)).await);
    }
}
