//! Editing.

use phiomia_model::{StatusId, Viewer, Visibility, status::Edit};
use phiomia_social::statuses;
use phiomia_store::db::statuses as rows;
use phiomia_testkit::on_both_engines;

use super::{ALICE, BOB, CAROL, Village, refusal};

impl Village {
    async fn edits(&self, id: StatusId, change: Edit) -> Result<(), phiomia_model::Error> {
        let social = self.social.clone();
        self.does(move |tx| statuses::edit(tx, &social, ALICE, id, &change)).await
    }
}

fn text(text: &str) -> Edit {
    Edit { text: Some(text.into()), ..Edit::default() }
}

on_both_engines! {
    async fn an_edit_keeps_every_revision_and_its_time(village: Village) {
        let id = village.posts(ALICE, "one #a").await;
        village.edits(id, text("two #b")).await.unwrap();
        village.edits(id, text("three #b")).await.unwrap();
        let body = village.view(id, Viewer::Anonymous).await.unwrap().body;
        assert_eq!((body.text.as_str(), body.tags.as_slice()), ("three #b", ["b".to_owned()].as_slice()));
        let history = village.sees(move |q| Ok(rows::edits(q, id)?)).await;
        assert_eq!(history.iter().map(|r| r.text.as_str()).collect::<Vec<_>>(), ["one #a", "two #b", "three #b"]);
        assert_eq!(history[0].created_at, body.created_at);
        assert_eq!(Some(history[2].created_at), body.edited_at);
    }

    async fn an_edit_that_changes_nothing_leaves_no_mark(village: Village) {
        let id = village.posts(ALICE, "same").await;
        village.edits(id, text("same")).await.unwrap();
        assert_eq!(village.view(id, Viewer::Anonymous).await.unwrap().body.edited_at, None);
    }

    async fn whoever_was_mentioned_before_an_edit_can_still_read_it(village: Village) {
        village.follows(BOB, ALICE).await;
        village.follows(CAROL, ALICE).await;
        let id = village.posts_as(ALICE, "@bob psst", Visibility::Direct).await;
        village.edits(id, text("@carol psst")).await.unwrap();
        assert!(village.view(id, Viewer::Account(BOB)).await.is_some());
        assert_eq!(village.told(CAROL).await, [("mention".to_owned(), ALICE)]);
        assert_eq!(village.told(BOB).await.len(), 1);
        let body = village.view(id, Viewer::Account(CAROL)).await.unwrap().body;
        let loud: Vec<_> = body.mentions.iter().filter(|m| !m.is_silent).map(|m| m.account).collect();
        assert_eq!(loud, [CAROL]);
    }

    async fn people_who_boosted_are_told_of_the_edit(village: Village) {
        let id = village.posts(ALICE, "first").await;
        village.boosts(BOB, id).await.unwrap();
        village.edits(id, text("second")).await.unwrap();
        assert_eq!(village.told(BOB).await, [("update".to_owned(), ALICE)]);
    }

    async fn nobody_edits_what_is_not_theirs(village: Village) {
        let id = village.posts(BOB, "mine").await;
        assert_eq!(refusal(village.edits(id, text("yours")).await), "Record not found");
        assert_eq!(village.view(id, Viewer::Anonymous).await.unwrap().body.text, "mine");
    }
}
