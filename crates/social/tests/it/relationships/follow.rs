//! Following and what leads to it and away from it.

use phiomia_model::{AccountId, Error, Event, Job, Refusal};
use phiomia_social::relationships::{self, FollowOptions};
use phiomia_testkit::on_both_engines;

use crate::people::{ALICE, BOB, CAROL, DAVE, Town};

fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn plain() -> FollowOptions {
    FollowOptions::default()
}

on_both_engines! {
    async fn a_follow_is_counted_told_and_fills_the_home_feed(town: Town) {
        let mut town = town;
        town.follows(ALICE, BOB).await;
        let (mine, theirs) = (town.between(ALICE, BOB).await, town.between(BOB, ALICE).await);
        assert!(mine.following && mine.showing_reblogs && !mine.notifying && !mine.requested && mine.languages.is_none());
        assert!(theirs.followed_by && !theirs.following);
        assert_eq!((town.counters(ALICE).await, town.counters(BOB).await), ((0, 1), (1, 0)));
        assert_eq!(town.jobs().await, vec![Job::MergeHome { account: ALICE, author: BOB }]);
        let events = town.0.announced();
        assert!(events.contains(&Event::RelationsChanged { account: ALICE }));
        assert!(events.contains(&Event::AccountTouched { account: BOB }));
        assert!(events.iter().any(|e| matches!(e, Event::Notified { account, .. } if *account == BOB)));
    }

    async fn following_again_changes_only_what_is_said(town: Town) {
        let mut town = town;
        town.follows(ALICE, BOB).await;
        let (_, _) = (town.jobs().await, town.0.announced());
        let how = FollowOptions { shows_reblogs: Some(false), languages: Some(vec!["de".to_owned()]), ..plain() };
        town.does(move |tx| relationships::follow(tx, ALICE, BOB, &how)).await.unwrap();
        let how = FollowOptions { notifies: Some(true), ..plain() };
        town.does(move |tx| relationships::follow(tx, ALICE, BOB, &how)).await.unwrap();
        let mine = town.between(ALICE, BOB).await;
        assert!(!mine.showing_reblogs && mine.notifying);
        assert_eq!(mine.languages, Some(vec!["de".to_owned()]));
        assert_eq!((town.counters(BOB).await, town.jobs().await), ((1, 0), vec![]));
        assert_eq!(town.notifications(BOB), 0);
        let how = FollowOptions { languages: Some(vec![]), ..plain() };
        town.does(move |tx| relationships::follow(tx, ALICE, BOB, &how)).await.unwrap();
        assert_eq!(town.between(ALICE, BOB).await.languages, None);
    }

    async fn a_locked_account_is_asked_and_lets_in(town: Town) {
        let mut town = town;
        let how = FollowOptions { notifies: Some(true), ..plain() };
        town.does(move |tx| relationships::follow(tx, ALICE, CAROL, &how)).await.unwrap();
        let mine = town.between(ALICE, CAROL).await;
        assert!(mine.requested && !mine.following && mine.notifying && mine.showing_reblogs);
        assert!(town.between(CAROL, ALICE).await.requested_by);
        assert_eq!((town.counters(CAROL).await, town.jobs().await), ((0, 0), vec![]));
        assert_eq!(town.notifications(CAROL), 1);
        town.does(|tx| relationships::authorize_request(tx, CAROL, ALICE)).await.unwrap();
        let mine = town.between(ALICE, CAROL).await;
        assert!(mine.following && mine.notifying && !mine.requested);
        assert_eq!((town.counters(CAROL).await, town.counters(ALICE).await), ((1, 0), (0, 1)));
        assert_eq!(town.jobs().await, vec![Job::MergeHome { account: ALICE, author: CAROL }]);
        assert_eq!(town.notifications(CAROL), 1);
        let again = town.does(|tx| relationships::authorize_request(tx, CAROL, ALICE)).await;
        assert!(matches!(refusal(again), Refusal::NotFound(_)));
    }

    async fn a_rejected_request_is_gone_and_may_be_made_again(town: Town) {
        let mut town = town;
        town.follows(ALICE, CAROL).await;
        town.does(|tx| relationships::reject_request(tx, CAROL, ALICE)).await.unwrap();
        assert!(!town.between(ALICE, CAROL).await.requested);
        let again = town.does(|tx| relationships::reject_request(tx, CAROL, ALICE)).await;
        assert!(matches!(refusal(again), Refusal::NotFound(_)));
        assert_eq!(town.notifications(CAROL), 1);
        town.follows(ALICE, CAROL).await;
        assert_eq!(town.notifications(CAROL), 1, "the first notification went with the first request");
    }

    async fn unfollowing_takes_back_the_follow_the_count_and_the_notification(town: Town) {
        let mut town = town;
        town.follows(ALICE, BOB).await;
        let (_, _) = (town.jobs().await, town.0.announced());
        town.does(|tx| relationships::unfollow(tx, ALICE, BOB)).await.unwrap();
        assert!(!town.between(ALICE, BOB).await.following);
        assert_eq!((town.counters(ALICE).await, town.counters(BOB).await), ((0, 0), (0, 0)));
        assert_eq!(town.jobs().await, vec![Job::SweepHome { account: ALICE, author: BOB }]);
        town.does(|tx| relationships::unfollow(tx, ALICE, BOB)).await.unwrap();
        assert_eq!((town.counters(BOB).await, town.jobs().await), ((0, 0), vec![]));
        town.follows(ALICE, BOB).await;
        assert_eq!(town.notifications(BOB), 1, "the first notification went with the first follow");
    }

    async fn unfollowing_withdraws_a_request(town: Town) {
        town.follows(ALICE, CAROL).await;
        town.does(|tx| relationships::unfollow(tx, ALICE, CAROL)).await.unwrap();
        assert!(!town.between(ALICE, CAROL).await.requested);
        assert_eq!((town.counters(CAROL).await, town.jobs().await), ((0, 0), vec![]));
    }

    async fn nobody_follows_themselves_a_stranger_or_somebody_gone(town: Town) {
        let unknown = AccountId(999);
        town.sql(format!("update accounts set suspended_at = 1 where id = {BOB}")).await;
        for whom in [ALICE, unknown, BOB] {
            let outcome = town.does(move |tx| relationships::follow(tx, ALICE, whom, &plain())).await;
            assert!(matches!(refusal(outcome), Refusal::NotFound(_)), "{whom:?}");
        }
    }

    async fn neither_side_of_a_block_follows_the_other(town: Town) {
        town.does(|tx| relationships::block(tx, BOB, ALICE)).await.unwrap();
        for (who, whom) in [(ALICE, BOB), (BOB, ALICE)] {
            let outcome = town.does(move |tx| relationships::follow(tx, who, whom, &plain())).await;
            assert_eq!(refusal(outcome), Refusal::Forbidden("This action is not allowed"));
        }
    }

    async fn somebody_who_has_moved_is_not_followed_any_more(town: Town) {
        town.sql(format!("update accounts set moved_to_id = {CAROL} where id = {BOB}")).await;
        let outcome = town.does(|tx| relationships::follow(tx, ALICE, BOB, &plain())).await;
        assert!(matches!(refusal(outcome), Refusal::Forbidden(_)));
    }

    async fn whoever_follows_7500_people_follows_no_more_but_may_change_how(town: Town) {
        town.follows(ALICE, BOB).await;
        town.sql(format!("update accounts set following_count = 7500 where id = {ALICE}")).await;
        let outcome = town.does(|tx| relationships::follow(tx, ALICE, CAROL, &plain())).await;
        assert!(refusal(outcome).to_string().contains("more than 7500 people"));
        town.follows(ALICE, BOB).await;
    }

    async fn a_silenced_account_asks_everybody_and_a_remote_one_is_asked(town: Town) {
        let mut town = town;
        town.follows(ALICE, DAVE).await;
        assert!(town.between(ALICE, DAVE).await.requested);
        assert_eq!(town.notifications(DAVE), 0, "who lives elsewhere is told by their own server");
        town.sql(format!("update accounts set silenced_at = 1 where id = {ALICE}")).await;
        town.follows(ALICE, BOB).await;
        assert!(town.between(ALICE, BOB).await.requested);
    }

    async fn a_follower_sent_away_no_longer_follows(town: Town) {
        town.follows(ALICE, BOB).await;
        town.jobs().await;
        town.does(|tx| relationships::remove_from_followers(tx, BOB, ALICE)).await.unwrap();
        assert!(!town.between(ALICE, BOB).await.following);
        assert_eq!((town.counters(BOB).await, town.counters(ALICE).await), ((0, 0), (0, 0)));
        assert_eq!(town.jobs().await, vec![Job::SweepHome { account: ALICE, author: BOB }]);
        town.does(|tx| relationships::remove_from_followers(tx, BOB, ALICE)).await.unwrap();
        assert_eq!(town.counters(BOB).await, (0, 0));
    }

    async fn follows_and_blocks_at_the_same_time_leave_no_follow_through_a_block(town: Town) {
        for _ in 0..20 {
            let follow = town.does(|tx| relationships::follow(tx, ALICE, BOB, &plain()));
            let block = town.does(|tx| relationships::block(tx, BOB, ALICE));
            let (_, blocked) = tokio::join!(follow, block);
            blocked.unwrap();
            assert!(!town.between(ALICE, BOB).await.following);
            assert_eq!((town.counters(ALICE).await, town.counters(BOB).await), ((0, 0), (0, 0)));
            town.does(|tx| relationships::unblock(tx, BOB, ALICE)).await.unwrap();
        }
    }
}
