//! Not hearing somebody.

use std::time::Duration;

use phiomia_model::Job;
use phiomia_social::relationships::{self, Mute};
use phiomia_testkit::on_both_engines;

use crate::people::{ALICE, BOB, Town};

on_both_engines! {
    async fn a_mute_hides_posts_and_notifications_and_is_nobody_elses_business(town: Town) {
        let mut town = town;
        town.does(|tx| relationships::mute(tx, ALICE, BOB, Mute::default())).await.unwrap();
        let mine = town.between(ALICE, BOB).await;
        assert!(mine.muting && mine.muting_notifications && mine.muting_expires_at.is_none());
        assert!(!town.between(BOB, ALICE).await.muting);
        assert_eq!(town.jobs().await, vec![Job::SweepHome { account: ALICE, author: BOB }]);
        town.follows(BOB, ALICE).await;
        assert_eq!(town.notifications(ALICE), 0);
    }

    async fn a_mute_that_spares_notifications_lets_them_through(town: Town) {
        let mut town = town;
        let how = Mute { hides_notifications: false, ..Mute::default() };
        town.does(move |tx| relationships::mute(tx, ALICE, BOB, how)).await.unwrap();
        assert!(!town.between(ALICE, BOB).await.muting_notifications);
        town.follows(BOB, ALICE).await;
        assert_eq!(town.notifications(ALICE), 1);
    }

    async fn a_timed_mute_ends_by_its_job_and_not_before(town: Town) {
        let how = Mute { duration: Duration::from_secs(300), ..Mute::default() };
        let now = town.does(move |tx| { relationships::mute(tx, ALICE, BOB, how)?; Ok(tx.now()) }).await.unwrap();
        let end = town.between(ALICE, BOB).await.muting_expires_at;
        assert_eq!(end, Some(now.plus(Duration::from_secs(300))));
        let due = town.jobs().await;
        assert!(!due.contains(&Job::EndMute { account: ALICE, target: BOB }), "{due:?}");
        town.does(|tx| relationships::end_lapsed(tx, ALICE, BOB)).await.unwrap();
        assert!(town.between(ALICE, BOB).await.muting, "its time is not over");
        town.sql("update mutes set expires_at = 1".to_owned()).await;
        town.does(|tx| relationships::end_lapsed(tx, ALICE, BOB)).await.unwrap();
        assert!(!town.between(ALICE, BOB).await.muting);
    }

    async fn the_end_of_a_first_mute_spares_a_second_one_for_good(town: Town) {
        let how = Mute { duration: Duration::from_secs(1), ..Mute::default() };
        town.does(move |tx| relationships::mute(tx, ALICE, BOB, how)).await.unwrap();
        town.does(|tx| relationships::mute(tx, ALICE, BOB, Mute::default())).await.unwrap();
        town.does(|tx| relationships::end_lapsed(tx, ALICE, BOB)).await.unwrap();
        let mine = town.between(ALICE, BOB).await;
        assert!(mine.muting && mine.muting_expires_at.is_none());
    }

    async fn the_posts_of_somebody_followed_come_back_after_unmuting(town: Town) {
        town.follows(ALICE, BOB).await;
        town.does(|tx| relationships::mute(tx, ALICE, BOB, Mute::default())).await.unwrap();
        town.jobs().await;
        town.does(|tx| relationships::unmute(tx, ALICE, BOB)).await.unwrap();
        assert!(!town.between(ALICE, BOB).await.muting);
        assert_eq!(town.jobs().await, vec![Job::MergeHome { account: ALICE, author: BOB }]);
        town.does(|tx| relationships::unmute(tx, ALICE, BOB)).await.unwrap();
        assert_eq!(town.jobs().await, vec![]);
    }
}
