//! Keeping somebody away.

use phiomia_model::{Event, Job};
use phiomia_social::relationships;
use phiomia_testkit::on_both_engines;

use crate::people::{ALICE, BOB, CAROL, Town};

on_both_engines! {
    async fn a_block_ends_everything_between_the_two(town: Town) {
        let mut town = town;
        town.follows(ALICE, BOB).await;
        town.follows(BOB, ALICE).await;
        let (_, _) = (town.jobs().await, town.0.announced());
        town.does(|tx| relationships::block(tx, ALICE, BOB)).await.unwrap();
        let (mine, theirs) = (town.between(ALICE, BOB).await, town.between(BOB, ALICE).await);
        assert!(mine.blocking && !mine.following && !mine.followed_by && !mine.blocked_by);
        assert!(theirs.blocked_by && !theirs.blocking);
        assert_eq!((town.counters(ALICE).await, town.counters(BOB).await), ((0, 0), (0, 0)));
        assert_eq!(
            town.jobs().await,
            vec![Job::SweepHome { account: ALICE, author: BOB }, Job::SweepHome { account: BOB, author: ALICE }]
        );
        let events = town.0.announced();
        for account in [ALICE, BOB] {
            assert!(events.contains(&Event::RelationsChanged { account }), "{account:?}'s streams look again");
        }
        town.does(|tx| relationships::block(tx, ALICE, BOB)).await.unwrap();
        assert_eq!(town.jobs().await, vec![], "blocking twice is blocking once");
    }

    async fn a_block_takes_requests_back_both_ways(town: Town) {
        town.follows(ALICE, CAROL).await;
        town.does(|tx| relationships::block(tx, CAROL, ALICE)).await.unwrap();
        assert!(!town.between(ALICE, CAROL).await.requested);
        town.does(|tx| relationships::unblock(tx, CAROL, ALICE)).await.unwrap();
        town.follows(ALICE, CAROL).await;
        town.does(|tx| relationships::block(tx, ALICE, CAROL)).await.unwrap();
        assert!(!town.between(CAROL, ALICE).await.requested_by);
    }

    async fn an_unblocked_account_follows_anew_and_is_not_followed_by_itself(town: Town) {
        town.follows(ALICE, BOB).await;
        town.does(|tx| relationships::block(tx, BOB, ALICE)).await.unwrap();
        town.does(|tx| relationships::unblock(tx, BOB, ALICE)).await.unwrap();
        assert!(!town.between(ALICE, BOB).await.following);
        town.follows(ALICE, BOB).await;
        assert_eq!(town.counters(BOB).await, (1, 0));
    }

    async fn a_suspended_account_can_still_be_blocked_and_nobody_blocks_themselves(town: Town) {
        town.sql(format!("update accounts set suspended_at = 1 where id = {BOB}")).await;
        town.does(|tx| relationships::block(tx, ALICE, BOB)).await.unwrap();
        assert!(town.between(ALICE, BOB).await.blocking);
        town.does(|tx| relationships::block(tx, ALICE, ALICE)).await.unwrap();
        assert!(!town.between(ALICE, ALICE).await.blocking);
    }
}
