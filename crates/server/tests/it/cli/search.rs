//! `phiomia search`.

use std::sync::Arc;

use phiomia_model::{Addresses, Handle, Page, Time, status::Draft};
use phiomia_social::{Social, statuses};
use phiomia_store::db::{accounts, search};
use phiomia_testkit::{beside, on_both_engines, settings};

use super::kit::Place;

on_both_engines! {
    async fn all_words_are_written_anew(place: Place) {
        place.says(&["account", "create", "alice", "--confirmed", "--approved"]);
        let opened = beside(&settings(&place.database)).await;
        let ids = opened.db.write(|tx| {
            let me = accounts::by_handle(tx, &Handle::local("alice"))?.unwrap();
            let addresses = Addresses::new("http", "a.example", "a.example");
            let social = Social::new(Arc::new(addresses));
            let mut ids = Vec::new();
            for text in ["one narwhal", "two narwhals"] {
                let id = statuses::post(tx, &social, me, &Draft { text: text.into(), ..Draft::default() })?;
                search::forget(tx, id)?;
                ids.push(id);
            }
            Ok(ids)
        }).await.unwrap();
        let found = || opened.db.read(|q| {
            let me = accounts::by_handle(q, &Handle::local("alice"))?.unwrap();
            let phrase = search::Phrase { words: vec!["narwhal".into()], is_beginning: true, ..search::Phrase::default() };
            let asked = search::StatusSearch { phrases: vec![phrase], in_library: true, ..search::StatusSearch::default() };
            Ok(search::statuses(q, me, &asked, &Page::first(20), 0, Time(0))?)
        });
        assert!(found().await.unwrap().is_empty());
        assert_eq!(place.says(&["search", "reindex", "--after", &ids[0].to_string()]), ids[1].to_string());
        assert_eq!(found().await.unwrap(), [ids[1]]);
        place.says(&["search", "reindex"]);
        assert_eq!(found().await.unwrap(), [ids[1], ids[0]]);
        opened.db.close();
    }
}
