//! Favourites, boosts, bookmarks and pins.

use phiomia_model::{Viewer, Visibility};
use phiomia_social::statuses;
use phiomia_testkit::on_both_engines;

use super::{ALICE, BOB, CAROL, Village, refusal};

on_both_engines! {
    async fn a_favourite_counts_once_is_told_once_and_can_be_taken_back(village: Village) {
        let id = village.posts(ALICE, "x").await;
        for _ in 0..2 {
            village.does(move |tx| statuses::favourite(tx, BOB, id)).await.unwrap();
        }
        let view = village.view(id, Viewer::Account(BOB)).await.unwrap();
        assert_eq!((view.body.favourites_count, view.mine.unwrap().is_favourited), (1, true));
        assert_eq!(village.told(ALICE).await, [("favourite".to_owned(), BOB)]);
        village.does(move |tx| statuses::unfavourite(tx, BOB, id)).await.unwrap();
        let view = village.view(id, Viewer::Account(BOB)).await.unwrap();
        assert_eq!((view.body.favourites_count, view.mine.unwrap().is_favourited), (0, false));
        assert_eq!(village.told(ALICE).await, []);
    }

    async fn a_boost_is_one_however_often_it_is_asked_for(village: Village) {
        let id = village.posts(ALICE, "x").await;
        let boost = village.boosts(BOB, id).await.unwrap();
        assert_eq!(village.boosts(BOB, id).await.unwrap(), boost);
        // Boosting a boost boosts what it boosts.
        let second = village.boosts(CAROL, boost).await.unwrap();
        let view = village.view(second, Viewer::Account(CAROL)).await.unwrap();
        assert_eq!(view.reblog.as_ref().map(|r| r.body.id), Some(id));
        assert!(view.mine.unwrap().is_reblogged);
        assert_eq!(view.reblog.unwrap().body.reblogs_count, 2);
        assert_eq!(village.told(ALICE).await.len(), 2);
    }

    async fn taking_a_boost_back_leaves_the_original_as_it_was(village: Village) {
        let id = village.posts(ALICE, "x").await;
        let boost = village.boosts(BOB, id).await.unwrap();
        assert_eq!(village.does(move |tx| statuses::unreblog(tx, BOB, id)).await.unwrap(), id);
        assert!(village.view(boost, Viewer::Account(BOB)).await.is_none());
        let view = village.view(id, Viewer::Account(BOB)).await.unwrap();
        assert_eq!((view.body.reblogs_count, view.mine.unwrap().is_reblogged), (0, false));
        assert!(!village.home(BOB).await.contains(&boost));
        assert!(village.boosts(BOB, id).await.is_ok(), "it can be boosted again");
    }

    async fn only_the_author_boosts_a_followers_only_post_and_nobody_a_direct_one(village: Village) {
        village.follows(BOB, ALICE).await;
        let private = village.posts_as(ALICE, "for followers", Visibility::Private).await;
        let direct = village.posts_as(ALICE, "@bob psst", Visibility::Direct).await;
        assert_eq!(refusal(village.boosts(BOB, private).await), "This action is not allowed");
        assert_eq!(refusal(village.boosts(BOB, direct).await), "This action is not allowed");
        let own = village.boosts(ALICE, private).await.unwrap();
        assert_eq!(village.view(own, Viewer::Account(BOB)).await.unwrap().body.visibility, Visibility::Private);
        assert!(village.view(own, Viewer::Anonymous).await.is_none());
        assert_eq!(refusal(village.boosts(CAROL, private).await), "Record not found");
    }

    async fn acts_on_what_one_may_not_see_find_nothing(village: Village) {
        let id = village.posts_as(ALICE, "psst", Visibility::Direct).await;
        assert_eq!(refusal(village.does(move |tx| statuses::favourite(tx, BOB, id)).await), "Record not found");
        assert_eq!(refusal(village.does(move |tx| statuses::bookmark(tx, BOB, id)).await), "Record not found");
        assert_eq!(refusal(village.boosts(BOB, id).await), "Record not found");
    }

    async fn five_posts_can_be_pinned_and_only_own_ones_that_others_can_see(village: Village) {
        let social = village.social.clone();
        let pin = |who, id| {
            let social = social.clone();
            village.does(move |tx| statuses::pin(tx, &social, who, id))
        };
        let mut last = village.posts(ALICE, "0").await;
        for n in 1..6 {
            pin(ALICE, last).await.unwrap();
            last = village.posts(ALICE, &n.to_string()).await;
        }
        assert_eq!(
            refusal(pin(ALICE, last).await),
            "Validation failed: You have already pinned the maximum number of posts"
        );
        assert_eq!(refusal(pin(BOB, last).await), "Validation failed: Someone else's post cannot be pinned");
        let direct = village.posts_as(ALICE, "psst", Visibility::Direct).await;
        assert_eq!(refusal(pin(BOB, direct).await), "Record not found");
        let sentence = "Validation failed: Posts that are only visible to mentioned users cannot be pinned";
        assert_eq!(refusal(pin(ALICE, direct).await), sentence);
    }
}

on_both_engines! {
    async fn what_one_did_can_be_taken_back_after_the_post_went_out_of_sight(village: Village) {
        let id = village.posts(ALICE, "x").await;
        village.does(move |tx| statuses::favourite(tx, BOB, id)).await.unwrap();
        village.boosts(BOB, id).await.unwrap();
        village.does(|tx| phiomia_social::relationships::block(tx, ALICE, BOB)).await.unwrap();
        assert!(village.view(id, Viewer::Account(BOB)).await.is_none());
        village.does(move |tx| statuses::unfavourite(tx, BOB, id)).await.unwrap();
        village.does(move |tx| statuses::unreblog(tx, BOB, id)).await.unwrap();
        let body = village.view(id, Viewer::Anonymous).await.unwrap().body;
        assert_eq!((body.favourites_count, body.reblogs_count), (0, 0));
        assert_eq!(refusal(village.does(move |tx| statuses::unfavourite(tx, BOB, id)).await), "Record not found");
    }

    async fn what_is_kept_in_memory_is_never_older_than_the_last_answer(village: Village) {
        let id = village.posts(ALICE, "x").await;
        for n in 1..=30_i64 {
            let social = village.social.clone();
            village.does(move |tx| {
                let change = phiomia_model::status::Edit { text: Some(format!("version {n}")), ..Default::default() };
                statuses::edit(tx, &social, ALICE, id, &change)
            }).await.unwrap();
            // Several readers fill the memory at the same time as the next edit is on its way.
            let (one, two) = tokio::join!(village.view(id, Viewer::Anonymous), village.view(id, Viewer::Account(BOB)));
            assert_eq!([one.unwrap().body.text.clone(), two.unwrap().body.text.clone()], [format!("version {n}"), format!("version {n}")]);
        }
        let before = village.data.db.n_statements();
        village.view(id, Viewer::Anonymous).await.unwrap();
        assert_eq!(village.data.db.n_statements(), before, "a visitor's view of a known post costs no statement");
    }
}
