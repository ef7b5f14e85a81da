//! Deleting.

use phiomia_model::{Event, StatusId, Viewer, Visibility};
use phiomia_social::statuses;
use phiomia_store::db::inspect;
use phiomia_testkit::on_both_engines;

use super::{ALICE, BOB, CAROL, Village, refusal};

impl Village {
    async fn deletes(&self, id: StatusId) -> Result<statuses::Deleted, phiomia_model::Error> {
        self.does(move |tx| statuses::delete(tx, ALICE, id)).await
    }
    async fn make_jobs_due(&self) {
        let settings = self.data.settings.clone();
        tokio::task::spawn_blocking(move || inspect::run(&settings, "update jobs set run_at = 0"))
            .await
            .unwrap()
            .unwrap();
    }
}

on_both_engines! {
    async fn a_deleted_post_is_gone_at_once_and_gives_its_text_back(village: Village) {
        let mut village = village;
        let id = village.posts(ALICE, "oops #a @bob").await;
        village.announced();
        assert_eq!(village.deletes(id).await.unwrap().text, "oops #a @bob");
        for viewer in [Viewer::Anonymous, Viewer::Account(ALICE), Viewer::Account(BOB)] {
            assert!(village.view(id, viewer).await.is_none());
        }
        assert!(village.home(ALICE).await.is_empty());
        assert_eq!(village.told(BOB).await, []);
        let gone = village.announced().into_iter().find(|e| matches!(e, Event::StatusDeleted { .. }));
        assert_eq!(gone, Some(Event::StatusDeleted {
            status: id,
            author: ALICE,
            visibility: Visibility::Public,
            tags: vec!["a".into()],
            mentioned: vec![BOB],
            is_reblog: false,
            is_local: true,
        }));
    }

    async fn what_hangs_on_a_deleted_post_goes_too_and_answers_stay(village: Village) {
        village.follows(BOB, ALICE).await;
        let root = village.posts(ALICE, "root").await;
        let answer = village.answers(CAROL, root, "hello").await;
        let boost = village.boosts(BOB, root).await.unwrap();
        village.does(move |tx| statuses::favourite(tx, CAROL, root)).await.unwrap();
        village.works().await;
        village.deletes(root).await.unwrap();
        for _ in 0..4 {
            village.make_jobs_due().await;
            village.works().await;
        }
        assert!(village.view(boost, Viewer::Account(BOB)).await.is_none());
        assert!(!village.home(BOB).await.contains(&root) && !village.home(BOB).await.contains(&boost));
        let answer = village.view(answer, Viewer::Anonymous).await.unwrap();
        assert_eq!(answer.body.in_reply_to_id, None);
        let bob = village.view(village.posts(BOB, "x").await, Viewer::Anonymous).await.unwrap().author;
        assert_eq!(bob.statuses_count, 1, "the boost no longer counts");
        let settings = village.data.settings.clone();
        // Nothing hangs in the air.
        assert_eq!(tokio::task::spawn_blocking(move || inspect::damage(&settings)).await.unwrap().unwrap(), Vec::<String>::new());
    }

    async fn deleting_an_answer_moves_the_counter_back(village: Village) {
        let root = village.posts(BOB, "root").await;
        let answer = village.answers(ALICE, root, "hello").await;
        village.deletes(answer).await.unwrap();
        let root = village.view(root, Viewer::Anonymous).await.unwrap();
        assert_eq!(root.body.replies_count, 0);
    }

    async fn nobody_deletes_what_is_not_theirs(village: Village) {
        let id = village.posts(BOB, "mine").await;
        assert_eq!(refusal(village.deletes(id).await), "Record not found");
        assert!(village.view(id, Viewer::Anonymous).await.is_some());
    }

    async fn an_account_that_goes_takes_its_posts_along(village: Village) {
        let ids = [village.posts(ALICE, "1").await, village.posts(ALICE, "2").await];
        village.does(|tx| statuses::sweep_account(tx, ALICE)).await.unwrap();
        for id in ids {
            assert!(village.view(id, Viewer::Account(ALICE)).await.is_none());
        }
    }
}
