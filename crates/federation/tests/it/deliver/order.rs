//! What goes before what.

use std::time::Duration;

use phiomia_store::db::federation::deliveries::Priority;
use phiomia_testkit::on_both_engines;

use crate::{
    neighbour::{Answer, Neighbour},
    town::{Letter, Town},
};

on_both_engines! {
    async fn of_one_object_the_next_word_waits_until_the_first_got_through(town: Town) {
        let tries = std::sync::atomic::AtomicUsize::new(0);
        let neighbour = Neighbour::open(move |came, _| {
            // The first word fails for a while, all others are welcome.
            let fails = came.body == "create" && tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2;
            Answer::status(if fails { 503 } else { 202 })
        }).await;
        let (inbox, object) = (neighbour.inbox("/inbox"), "https://ours.test/1");
        town.sends(&Letter::post("create").about(object), std::slice::from_ref(&inbox)).await;
        town.sends(&Letter::post("update").about(object), std::slice::from_ref(&inbox)).await;
        town.sends(&Letter::post("another"), std::slice::from_ref(&inbox)).await;
        let mut town = town;
        town.begins();
        town.is_done().await;
        let bodies = neighbour.bodies();
        let last_create = bodies.iter().rposition(|body| body == "create").unwrap();
        let another = bodies.iter().position(|body| body == "another").unwrap();
        assert_eq!(bodies.iter().filter(|body| *body == "update").count(), 1, "{bodies:?}");
        assert_eq!(bodies.last().map(String::as_str), Some("update"), "{bodies:?}");
        assert!(another < last_create, "what is about something else does not wait: {bodies:?}");
        town.stops().await;
    }

    async fn deletions_go_before_posts_and_posts_before_favourites(town: Town) {
        let neighbour = Neighbour::open(|_, _| Answer::status(202).after(Duration::from_millis(150))).await;
        let inbox = [neighbour.inbox("/inbox")];
        // Our key is made now, and not while the first ones wait for it.
        town.introduces_itself(&[&neighbour]).await;
        for (word, priority) in [("like", Priority::Rest), ("post", Priority::Post), ("delete", Priority::Deletion)] {
            for n in 0..4 {
                town.sends(&Letter::post(&format!("{word}{n}")).with(priority), &inbox).await;
            }
        }
        let mut town = town;
        town.begins();
        town.is_done().await;
        let words: Vec<String> = neighbour.bodies().iter().map(|body| body.trim_end_matches(char::is_numeric).to_owned()).collect();
        assert_eq!(words[..4], ["delete"; 4], "{words:?}");
        assert_eq!(words[4..8], ["post"; 4], "{words:?}");
        assert_eq!(neighbour.most_at_once(), 4, "and no more at the same time");
        town.stops().await;
    }
}
