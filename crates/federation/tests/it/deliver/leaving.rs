//! What is left to send, and what is not.

use phiomia_model::{DomainBlockId, Time};
use phiomia_store::db::federation::{
    actors::Inbox,
    domains::{self, DomainBlock, Severity},
    hosts,
};
use phiomia_testkit::on_both_engines;

use crate::{
    neighbour::{Answer, Neighbour},
    town::{Letter, Town, until},
};

on_both_engines! {
    async fn a_post_to_thousands_takes_few_statements(town: Town) {
        let inboxes: Vec<Inbox> = (0..3_000)
            .map(|n| Inbox { url: format!("https://host{n}.test/inbox"), host: format!("host{n}.test") })
            .collect();
        let before = town.database.db.n_statements();
        town.sends(&Letter::post("hello"), &inboxes).await;
        let n_statements = town.database.db.n_statements() - before;
        assert!(n_statements <= 15, "{n_statements}");
        assert_eq!((town.n_waiting().await, town.n_activities().await), (3_000, 1));
    }

    async fn what_goes_to_nobody_is_not_kept(town: Town) {
        town.sends(&Letter::post("hello"), &[]).await;
        assert_eq!((town.n_waiting().await, town.n_activities().await), (0, 0));
    }

    async fn a_last_word_takes_the_place_of_what_still_waits(town: Town) {
        let (one, other) = (Neighbour::friendly().await, Neighbour::friendly().await);
        let object = "https://ours.test/1";
        let both = [one.inbox("/inbox"), other.inbox("/inbox")];
        town.sends(&Letter::post("create").about(object), &both).await;
        town.sends(&Letter::post("update").about(object), &both).await;
        town.sends(&Letter::post("another"), &both).await;
        town.sends(&Letter::post("delete").about(object).last_word(), &[one.inbox("/inbox")]).await;
        let mut town = town;
        town.begins();
        town.is_done().await;
        let mut seen = one.bodies();
        seen.sort();
        assert_eq!(seen, ["another", "delete"]);
        let seen = other.bodies();
        assert!(["create", "update", "another"].iter().all(|text| seen.contains(&(*text).to_owned())), "{seen:?}");
        town.stops().await;
    }

    async fn a_server_that_was_given_up_gets_last_words_until_it_is_heard_of(town: Town) {
        let neighbour = Neighbour::open(|_, _| Answer::status(500)).await;
        let (inbox, name) = (neighbour.inbox("/inbox"), neighbour.host());
        let mut town = town;
        town.begins();
        town.sends(&Letter::post("one"), std::slice::from_ref(&inbox)).await;
        until("it failed", async || town.host(&name).await.is_some_and(|host| host.failures > 0)).await;
        // It failed on six days before today.
        town.stops().await;
        town.sql("update hosts set failed_days = 6, last_failed_day = 1, blocked_until = 0").await;
        town.sql("update deliveries set run_at = 0").await;
        town.sql("update hosts set next_at = 0").await;
        town.begins();
        until("it is given up", async || town.host(&name).await.is_some_and(|host| host.unavailable_since.is_some())).await;
        assert!(town.host(&name).await.unwrap().blocked_until.0 > 0);

        let n_came = neighbour.came().len();
        town.sends(&Letter::post("two"), std::slice::from_ref(&inbox)).await;
        assert_eq!(town.n_waiting().await, 1, "nothing new is left for it");
        town.sends(&Letter::post("gone").last_word(), std::slice::from_ref(&inbox)).await;
        assert_eq!(town.n_waiting().await, 2);
        // What was left after it has come to somebody else meanwhile.
        let other = Neighbour::friendly().await;
        town.sends(&Letter::post("elsewhere"), &[other.inbox("/inbox")]).await;
        until("the other one got theirs", async || !other.came().is_empty()).await;
        assert_eq!(neighbour.came().len(), n_came, "it is left alone for a day");

        neighbour.now(|_, _| Answer::status(202));
        town.database.db.write(move |tx| Ok(hosts::note_received(tx, &[name.as_str()])?)).await.unwrap();
        town.is_done().await;
        let bodies = neighbour.bodies();
        assert!(bodies.contains(&"gone".to_owned()) && !bodies.contains(&"two".to_owned()), "{bodies:?}");
        let host = town.host(&neighbour.host()).await.unwrap();
        assert_eq!((host.unavailable_since, host.failed_days), (None, 0));
        assert!(host.last_received_at.is_some());
        town.stops().await;
    }

    async fn a_server_that_was_given_up_is_tried_with_something_new_once_a_day(town: Town) {
        let neighbour = Neighbour::friendly().await;
        let inbox = neighbour.inbox("/inbox");
        let mut town = town;
        town.sends(&Letter::post("one"), std::slice::from_ref(&inbox)).await;
        town.begins();
        town.is_done().await;
        let a_day_ago = "(select created_at from hosts) - 90000000000";
        town.sql(&format!("update hosts set standing = 2, failed_days = 9, unavailable_since = 1, last_failed_at = {a_day_ago}")).await;
        town.sends(&Letter::post("two"), std::slice::from_ref(&inbox)).await;
        town.is_done().await;
        assert_eq!(neighbour.bodies(), ["one", "two"]);
        assert_eq!(town.host(&neighbour.host()).await.unwrap().unavailable_since, None);
        town.stops().await;
    }

    async fn nothing_goes_to_a_suspended_domain(town: Town) {
        let (friend, enemy) = (Neighbour::friendly().await, Neighbour::friendly().await);
        let block = DomainBlock {
            id: DomainBlockId(1),
            domain: enemy.host(),
            severity: Severity::Suspend,
            rejects_media: false,
            rejects_reports: false,
            private_comment: None,
            public_comment: None,
            obfuscates: false,
            created_at: Time(0),
        };
        town.database.db.write(move |tx| Ok(domains::block(tx, &block)?)).await.unwrap();
        let mut town = town;
        town.begins();
        town.sends(&Letter::post("hello"), &[friend.inbox("/inbox"), enemy.inbox("/inbox")]).await;
        town.sends(&Letter::post("gone").last_word(), &[enemy.inbox("/inbox")]).await;
        town.is_done().await;
        assert_eq!((friend.bodies().len(), enemy.bodies().len(), town.n_activities().await), (1, 0, 0));
        town.stops().await;
    }
}
