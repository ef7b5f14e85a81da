//! `phiomia host`.

use phiomia_store::db::federation::{hosts, key_pairs::SERVER};
use phiomia_testkit::{beside, has_failed, leave_for, on_both_engines, settings};

use super::kit::Place;

/// Leaves a post for two hosts, of which one failed before; another only ever wrote to us.
async fn three_hosts(place: &Place) {
    let opened = beside(&settings(&place.database)).await;
    let leaving = opened.db.write(|tx| {
        leave_for(tx, SERVER, None, &["broken.test", "new.test"])?;
        hosts::note_received(tx, &["chatty.test"])?;
        Ok(has_failed(tx, "broken.test")?)
    });
    leaving.await.unwrap();
    opened.db.close();
}

on_both_engines! {
    async fn hosts_are_listed_and_shown_in_plain_words(place: Place) {
        assert_eq!(place.says(&["host", "list"]), "");
        three_hosts(&place).await;
        let list = place.says(&["host", "list"]);
        let lines: Vec<&str> = list.lines().collect();
        assert!(lines[0].starts_with("broken.test\tleft alone until ") && lines[0].ends_with("\t1 waiting\t502 Bad Gateway"), "{list}");
        assert_eq!(lines[1..], ["chatty.test\twrites to us, nothing was sent there yet\t0 waiting\t", "new.test\tnothing is known yet\t1 waiting\t"]);
        assert_eq!(place.says(&["host", "list", "--failing"]).lines().count(), 1);
        let failing = place.json(&["host", "list", "--failing", "--json"]);
        assert_eq!((failing[0]["host"].as_str(), failing[0]["state"].as_str()), (Some("broken.test"), Some("left_alone")));

        let shown = place.says(&["host", "show", "broken.test"]);
        assert!(shown.contains("waiting\t1\n") && shown.contains("last error\t502 Bad Gateway ("), "{shown}");
        assert!(shown.contains("last received\tnever\n") && shown.contains("signature\tcavage\n"), "{shown}");
        let shown = place.json(&["host", "show", "https://Chatty.test/", "--json"]);
        assert!(shown["last_received_at"].is_string() && shown["next_try_at"].is_null(), "{shown}");
        assert!(place.refuses(&["host", "show", "nobody.test"]).starts_with("there is no host nobody.test"));
    }

    async fn a_host_is_tried_at_once_and_forgiven(place: Place) {
        three_hosts(&place).await;
        assert_eq!(place.says(&["host", "retry", "broken.test"]), "1");
        let shown = place.json(&["host", "show", "broken.test", "--json"]);
        assert_eq!((shown["state"].as_str(), shown["failures"].as_i64()), (Some("fails"), Some(3)), "its failures are remembered");
        assert_eq!(place.says(&["host", "reset", "broken.test"]), "");
        let shown = place.json(&["host", "show", "broken.test", "--json"]);
        assert_eq!((shown["state"].as_str(), shown["failures"].as_i64()), (Some("new"), Some(0)));
        assert!(shown["last_error"].is_null() && shown["next_try_at"].is_string(), "{shown}");
        for verb in ["retry", "reset"] {
            assert!(place.refuses(&["host", verb, "nobody.test"]).starts_with("there is no host nobody.test"));
        }
    }
}
