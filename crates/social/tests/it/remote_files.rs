//! Room for other servers' pictures: who goes when there is none, and that a full disk is left alone.

use phiomia_model::Error;
use phiomia_social::remote::files::{Reserved, Room, gone, keep, reserve, too_much};
use phiomia_store::{
    Db,
    db::remote_files::{self as rows, NewVersion},
};
use phiomia_testkit::{TestDatabase, on_both_engines};

const PICTURE: i64 = 700;
const PREVIEW: i64 = 300;

/// A picture with its preview comes, if there is room.
async fn comes(db: &Db, name: &'static str, room: Room) -> Reserved {
    db.write(move |tx| {
        let id = rows::ask(tx, &format!("https://remote.example/{name}"), "attachment", "remote.example")?;
        let key = |version: &str| format!("cache/{name}.{version}");
        let new = [
            NewVersion { version: "original", key: key("original"), n_bytes: PICTURE, rank: 0 },
            NewVersion { version: "small", key: key("small"), n_bytes: PREVIEW, rank: 1 },
        ];
        let reserved = reserve(tx, id, &new, room)?;
        if reserved == Reserved::Granted {
            keep(tx, id, &[key("original"), key("small")])?;
        }
        Ok::<_, Error>(reserved)
    })
    .await
    .unwrap()
}

async fn goes(db: &Db, keys: Vec<String>) {
    db.write(move |tx| gone(tx, &keys)).await.unwrap();
}

on_both_engines! {
    async fn who_was_not_looked_at_for_longest_goes_first_and_previews_last(data: TestDatabase) {
        let db = &data.db;
        let room = Room { budget: 3_000, spare: None };
        for name in ["one", "two", "three"] {
            assert_eq!(comes(db, name, room).await, Reserved::Granted);
        }
        // Pictures go, the oldest first, before the oldest preview does.
        let Reserved::After(leaving) = comes(db, "four", room).await else { panic!("there was room") };
        assert_eq!(leaving, ["cache/one.original", "cache/two.original"]);
        // Until they are gone there is no room; what leaves is named once.
        assert_eq!(comes(db, "four", room).await, Reserved::After(vec!["cache/three.original".into(), "cache/one.small".into(), "cache/two.small".into()]));
        goes(db, leaving).await;
        assert_eq!(comes(db, "four", room).await, Reserved::Granted);
        assert_eq!(comes(db, "as large as all", Room { budget: 999, spare: None }).await, Reserved::Never);
    }

    async fn a_disk_that_is_full_is_left_to_others(data: TestDatabase) {
        let db = &data.db;
        let budget = 100_000;
        let with = move |spare| Room { budget, spare: Some(spare) };
        assert_eq!(comes(db, "one", with(1_000)).await, Reserved::Granted);
        assert_eq!(comes(db, "two", with(1_000)).await, Reserved::Granted);
        // What the disk lacks goes of what lies here, and when nothing lies here nothing comes.
        assert!(db.write(move |tx| too_much(tx, with(0))).await.unwrap().is_empty());
        let leaving = db.write(move |tx| too_much(tx, with(-800))).await.unwrap();
        assert_eq!(leaving, ["cache/one.original", "cache/two.original"]);
        goes(db, leaving).await;
        let Reserved::After(leaving) = comes(db, "three", with(-1)).await else { panic!("it came") };
        assert_eq!(leaving, ["cache/one.small", "cache/two.small"]);
        goes(db, leaving).await;
        assert_eq!(comes(db, "three", with(-1)).await, Reserved::Never);
        assert_eq!(comes(db, "three", with(1_000)).await, Reserved::Granted);
    }
}
