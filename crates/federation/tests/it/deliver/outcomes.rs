//! What becomes of one delivery.

use std::time::{Duration, Instant};

use phiomia_activitypub::signature::Dialect;
use phiomia_model::{AccountId, StatusId};
use phiomia_store::db::{federation::deliveries, relationships};
use phiomia_testkit::on_both_engines;

use crate::{
    neighbour::{Answer, Neighbour},
    town::{Letter, Town, until},
};

on_both_engines! {
    async fn a_delivery_goes_out_signed_and_is_gone_afterwards(town: Town) {
        let (one, other) = (Neighbour::friendly().await, Neighbour::friendly().await);
        town.introduces_itself(&[&one, &other]).await;
        let mut town = town;
        town.begins();
        // The same inbox twice counts once.
        town.sends(&Letter::post("hello"), &[one.inbox("/inbox"), other.inbox("/inbox"), one.inbox("/inbox")]).await;
        town.is_done().await;
        assert_eq!(town.n_activities().await, 0, "the text is gone with its last delivery");
        for neighbour in [&one, &other] {
            let came = neighbour.came();
            assert_eq!(neighbour.bodies(), ["hello"]);
            assert_eq!((came[0].is_genuine, came[0].dialect), (true, Some(Dialect::Cavage)));
            assert_eq!(came[0].headers["content-type"], "application/activity+json");
            assert_eq!(came[0].headers["accept"], "application/activity+json");
            let host = town.host(&neighbour.host()).await.unwrap();
            assert!(host.last_succeeded_at.is_some() && host.next_at.is_none() && host.failures == 0, "{host:?}");
        }
        town.stops().await;
    }

    async fn what_fails_is_tried_again_after_growing_waits(town: Town) {
        let neighbour = Neighbour::open(|_, n| Answer::status(if n < 3 { 500 } else { 202 }).saying("out of order")).await;
        let mut town = town;
        town.begins();
        town.sends(&Letter::post("hello"), &[neighbour.inbox("/inbox")]).await;
        until("it failed", async || town.host(&neighbour.host()).await.is_some_and(|host| host.failures > 0)).await;
        let host = town.host(&neighbour.host()).await.unwrap();
        assert_eq!(host.last_error.as_deref(), Some("500 Internal Server Error: out of order"));
        town.is_done().await;
        let came = neighbour.came();
        let waits: Vec<Duration> = came.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
        assert_eq!(came.len(), 4);
        // 60 ms, 240 ms, 1200 ms, each a quarter more or less.
        assert!(waits[0] >= Duration::from_millis(45) && waits[1] >= Duration::from_millis(180), "{waits:?}");
        assert!(waits[2] >= Duration::from_millis(900) && waits[2] < Duration::from_secs(4), "{waits:?}");
        let host = town.host(&neighbour.host()).await.unwrap();
        assert_eq!((host.failures, host.failed_days), (0, 0));
        assert!(host.last_error.is_some(), "what went wrong is still told");
        town.stops().await;
    }

    async fn what_will_never_be_taken_is_sent_once(town: Town) {
        let mut town = town;
        town.begins();
        for status in [400, 403, 404, 413, 422, 501] {
            let neighbour = Neighbour::open(move |_, _| Answer::status(status)).await;
            town.sends(&Letter::post("hello"), &[neighbour.inbox("/inbox")]).await;
            town.is_done().await;
            assert_eq!(neighbour.came().len(), 1, "{status}");
            let host = town.host(&neighbour.host()).await.unwrap();
            assert_eq!(host.failures, 0, "{status}: it answers, so it lives");
        }
        assert_eq!(town.n_activities().await, 0);
        town.stops().await;
    }

    async fn what_may_pass_is_tried_again(town: Town) {
        let mut town = town;
        town.begins();
        for status in [401, 408, 425, 429, 500, 502, 504] {
            // With 401 the other kind of signature is tried at once.
            let n_refused = if status == 401 { 2 } else { 1 };
            let neighbour = Neighbour::open(move |_, n| Answer::status(if n < n_refused { status } else { 202 })).await;
            town.sends(&Letter::post("hello"), &[neighbour.inbox("/inbox")]).await;
            town.is_done().await;
            assert_eq!(neighbour.came().len(), n_refused + 1, "{status}");
        }
        town.stops().await;
    }

    async fn a_gone_inbox_forgets_its_follower_and_a_shared_one_nobody(town: Town) {
        let neighbour = Neighbour::open(|_, _| Answer::status(410)).await;
        let (alice, bob, carol) = (AccountId(1), 22, 33);
        town.follower(bob, &neighbour.inbox("/bob"), "", alice).await;
        let shared = neighbour.inbox("/shared").url;
        town.follower(carol, &neighbour.inbox("/shared"), &shared, alice).await;
        let mut town = town;
        town.begins();
        town.sends(&Letter::post("hello"), &[neighbour.inbox("/bob"), neighbour.inbox("/shared")]).await;
        town.is_done().await;
        let db = &town.database.db;
        let counted = db.write(move |tx| {
            let follows = |who| relationships::is_following(tx, AccountId(who), alice);
            let counted = |who| Ok::<_, phiomia_model::Fault>(relationships::lock_pair(tx, who, who)?.0.unwrap());
            let (hers, his) = (counted(alice)?, counted(AccountId(bob))?);
            Ok((follows(bob)?, follows(carol)?, hers.followers_count, his.following_count))
        });
        assert_eq!(counted.await.unwrap(), (false, true, 1, 0));
        town.stops().await;
    }

    async fn the_other_signature_is_tried_and_remembered(town: Town) {
        let mut town = town;
        town.begins();
        for (status, words) in [(401, ""), (403, "Invalid Signature"), (400, "the request must be signed as in RFC 9421")] {
            let modern = Neighbour::open(move |came, _| match came.dialect {
                Some(Dialect::Rfc9421) if came.is_genuine => Answer::status(202),
                _ => Answer::status(status).saying(words),
            }).await;
            town.introduces_itself(&[&modern]).await;
            town.sends(&Letter::post("one"), &[modern.inbox("/inbox")]).await;
            town.is_done().await;
            assert_eq!(modern.bodies(), ["one", "one"], "{status}");
            assert_eq!(town.host(&modern.host()).await.unwrap().dialect, "rfc9421");
            town.sends(&Letter::post("two"), &[modern.inbox("/inbox")]).await;
            town.is_done().await;
            assert_eq!(modern.bodies(), ["one", "one", "two"], "{status}: at once as it is taken");
        }
        town.stops().await;
    }

    async fn retry_after_is_obeyed_by_the_whole_host(town: Town) {
        let neighbour = Neighbour::open(|_, n| match n {
            0 => Answer::status(429).with("retry-after", 2),
            _ => Answer::status(202),
        }).await;
        let mut town = town;
        town.begins();
        town.sends(&Letter::post("one"), &[neighbour.inbox("/inbox")]).await;
        until("it came", async || neighbour.came().len() == 1).await;
        until("it is noted", async || town.host(&neighbour.host()).await.is_some_and(|host| host.blocked_until.0 > 0)).await;
        town.sends(&Letter::post("two"), &[neighbour.inbox("/inbox")]).await;
        town.is_done().await;
        let came = neighbour.came();
        assert_eq!(came.len(), 3);
        assert!(came[1].at - came[0].at >= Duration::from_millis(1_900), "{:?}", came[1].at - came[0].at);
        town.stops().await;
    }

    async fn what_is_offered_for_too_long_expires_and_is_counted_for_its_author(town: Town) {
        let neighbour = Neighbour::friendly().await;
        let status = StatusId(77);
        let mut letter = Letter::post("hello");
        letter.status = Some(status);
        town.sends(&letter, &[neighbour.inbox("/a"), neighbour.inbox("/b")]).await;
        town.sql("update deliveries set expires_at = 1").await;
        let mut town = town;
        town.begins();
        town.is_done().await;
        assert_eq!(neighbour.came().len(), 0);
        let n_expired = town.database.db.read(move |q| Ok(deliveries::n_expired(q, status)?)).await.unwrap();
        assert_eq!((n_expired, town.n_activities().await), (2, 0));
        assert_eq!(town.host(&neighbour.host()).await.unwrap().n_expired, 2);
        town.stops().await;
    }

    async fn what_fails_until_its_time_is_over_is_counted_for_its_host_and_its_author(town: Town) {
        let neighbour = Neighbour::open(|_, _| Answer::status(500)).await;
        let status = StatusId(78);
        let mut letter = Letter::post("hello");
        letter.status = Some(status);
        town.sends(&letter, &[neighbour.inbox("/inbox")]).await;
        // The next try would come too late.
        let soon = town.database.db.clock().now().plus(Duration::from_millis(30));
        town.sql(&format!("update deliveries set expires_at = {}", soon.0)).await;
        let mut town = town;
        town.begins();
        town.is_done().await;
        let facts = town.database.db.read(move |q| Ok(phiomia_social::hosts::of_post(q, status, None)?)).await.unwrap();
        assert_eq!((facts.waiting, facts.expired), (0, 1));
        assert_eq!(town.host(&neighbour.host()).await.unwrap().n_expired, 1);
        town.stops().await;
    }

    async fn an_inbox_that_is_no_address_or_of_a_private_network_stops_nobody(town: Town) {
        let neighbour = Neighbour::friendly().await;
        let mut bad = neighbour.inbox("/inbox");
        bad.url = "no address at all".to_owned();
        let mut private = neighbour.inbox("/inbox");
        private.url = "http://10.0.0.1/inbox".to_owned();
        let mut town = town;
        town.begins();
        let begun = Instant::now();
        town.sends(&Letter::post("hello"), &[bad, private, neighbour.inbox("/inbox")]).await;
        town.is_done().await;
        assert_eq!(neighbour.bodies(), ["hello"]);
        assert!(begun.elapsed() < Duration::from_secs(5));
        town.stops().await;
    }
}
