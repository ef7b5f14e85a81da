//! Notes and endorsements.

use phiomia_model::{Error, Page, Viewer};
use phiomia_social::relationships;
use phiomia_store::db::relationships as table;
use phiomia_testkit::on_both_engines;

use crate::people::{ALICE, BOB, Town};

on_both_engines! {
    async fn a_note_is_for_its_writers_eyes_and_an_empty_one_is_none(town: Town) {
        town.does(|tx| relationships::note(tx, ALICE, BOB, "met at the fair")).await.unwrap();
        town.does(|tx| relationships::note(tx, ALICE, BOB, "met at the zoo")).await.unwrap();
        assert_eq!(town.between(ALICE, BOB).await.note, "met at the zoo");
        assert_eq!(town.between(BOB, ALICE).await.note, "");
        let long = "ä".repeat(2_001);
        let outcome = town.does(move |tx| relationships::note(tx, ALICE, BOB, &long)).await;
        assert!(matches!(outcome, Err(Error::Refused(r)) if r.to_string().contains("maximum is 2000")));
        town.does(|tx| relationships::note(tx, ALICE, BOB, "")).await.unwrap();
        assert_eq!(town.between(ALICE, BOB).await.note, "");
    }

    async fn only_who_is_followed_is_endorsed_and_only_as_long(town: Town) {
        let outcome = town.does(|tx| relationships::endorse(tx, ALICE, BOB)).await;
        assert!(matches!(outcome, Err(Error::Refused(r)) if r.to_string().contains("already following")));
        town.follows(ALICE, BOB).await;
        town.does(|tx| relationships::endorse(tx, ALICE, BOB)).await.unwrap();
        town.does(|tx| relationships::endorse(tx, ALICE, BOB)).await.unwrap();
        assert!(town.between(ALICE, BOB).await.endorsed);
        let shown = town.sees(|q| Ok(table::endorsements(q, ALICE, Viewer::Anonymous, &Page::first(40))?)).await;
        assert_eq!(shown.iter().map(|row| row.account).collect::<Vec<_>>(), vec![BOB]);
        town.does(|tx| relationships::unfollow(tx, ALICE, BOB)).await.unwrap();
        assert!(!town.between(ALICE, BOB).await.endorsed);
    }

    async fn an_endorsement_can_be_taken_back(town: Town) {
        town.follows(ALICE, BOB).await;
        town.does(|tx| relationships::endorse(tx, ALICE, BOB)).await.unwrap();
        town.does(|tx| relationships::unendorse(tx, ALICE, BOB)).await.unwrap();
        let mine = town.between(ALICE, BOB).await;
        assert!(mine.following && !mine.endorsed);
    }
}
