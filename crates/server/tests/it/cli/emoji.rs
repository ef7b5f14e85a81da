//! `phiomia emoji`: what it does is seen by a server that runs meanwhile.

use std::{
    fs,
    time::{Duration, Instant},
};

use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::kit::{LONG, Place, Running, gif, png};

/// The emoji that pickers are offered, once they are as wanted.
fn offered(running: &Running, is_good: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let emojis: Value = serde_json::from_str(&running.get("/api/v1/custom_emojis", None).1).unwrap();
        if is_good(&emojis) {
            return emojis;
        }
        assert!(started.elapsed() < LONG, "{emojis}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn names(emojis: &Value) -> Vec<&str> {
    emojis.as_array().unwrap().iter().map(|emoji| emoji["shortcode"].as_str().unwrap()).collect()
}

on_both_engines! {
    async fn a_running_server_shows_what_becomes_of_emoji(place: Place) {
        fs::write(place.folder.join("party.gif"), gif()).unwrap();
        fs::write(place.folder.join("cat.png"), png()).unwrap();
        let running = place.serve();
        assert_eq!(offered(&running, Value::is_array), json!([]));

        place.says(&["emoji", "add", "party", "party.gif", "--category", "Joy"]);
        let emojis = offered(&running, |emojis| emojis != &json!([]));
        let emoji = &emojis[0];
        assert_eq!((&emoji["shortcode"], &emoji["category"]), (&json!("party"), &json!("Joy")));
        let lies = |name: &str| {
            let path = emoji[name].as_str().unwrap().split("/system/").nth(1).unwrap().to_owned();
            assert_eq!(running.get(&format!("/system/{path}"), None).0, 200, "{path}");
            (fs::read(place.folder.join("phiomia-data/files").join(&path)).unwrap(), path)
        };
        let ((moving, old), (still, _)) = (lies("url"), lies("static_url"));
        assert!(moving.starts_with(b"GIF89a") && still.starts_with(b"\x89PNG"), "one moves, one does not");

        place.says(&["emoji", "add", "party", "cat.png"]);
        let emojis = offered(&running, |emojis| emojis[0]["url"] == emojis[0]["static_url"]);
        assert_eq!((names(&emojis), &emojis[0]["category"]), (vec!["party"], &Value::Null));
        assert_eq!(running.get(&format!("/system/{old}"), None).0, 200, "open pages show the old one for a while");

        place.says(&["emoji", "modify", "party", "--hidden", "--category", "Cats"]);
        offered(&running, |emojis| emojis == &json!([]));
        assert_eq!(place.says(&["emoji", "list"]), "party\tCats\thidden\tstill");
        place.says(&["emoji", "modify", "party", "--visible", "--category", ""]);
        let emojis = offered(&running, |emojis| emojis != &json!([]));
        assert_eq!(emojis[0]["category"], Value::Null);
        place.says(&["emoji", "remove", "party"]);
        offered(&running, |emojis| emojis == &json!([]));
        assert_eq!(place.refuses(&["emoji", "remove", "party"]), "there is no emoji party here");
        assert_eq!(place.refuses(&["emoji", "modify", "party", "--hidden"]), "there is no emoji party here");
    }

    async fn a_pack_goes_out_and_comes_in(place: Place) {
        let pack = place.folder.join("pack");
        fs::create_dir(&pack).unwrap();
        fs::write(pack.join("x1.png"), png()).unwrap();
        fs::write(pack.join("party.GIF"), gif()).unwrap();
        fs::write(pack.join("page.png"), "<svg/>").unwrap();
        fs::write(pack.join("._party.GIF"), "what macOS says").unwrap();
        let meta = json!({ "emojis": [{ "fileName": "x1.png", "emoji": { "name": "blobcat", "category": "Cats" } }] });
        fs::write(pack.join("meta.json"), meta.to_string()).unwrap();
        let said = place.says(&["emoji", "import", "pack"]);
        assert_eq!(said, "page.png: the file is of a kind that is not supported\nimported 2, skipped 0, failed to import 1");
        let all = "blobcat\tCats\tvisible\tstill\nparty\t\tvisible\tmoves";
        assert_eq!(place.says(&["emoji", "list"]), all);

        assert_eq!(place.says(&["emoji", "export", "all.tar.gz"]), "exported 2");
        assert!(place.refuses(&["emoji", "export", "all.tar.gz"]).contains("is there already"));
        assert_eq!(place.says(&["emoji", "export", "cats.tar", "--category", "Cats"]), "exported 1");
        assert_eq!(place.says(&["emoji", "import", "all.tar.gz"]), "imported 0, skipped 2, failed to import 0");
        let again = ["emoji", "import", "all.tar.gz", "--overwrite", "--unlisted", "--prefix", "old_", "--suffix", "2"];
        assert_eq!(place.says(&again), "imported 2, skipped 0, failed to import 0");
        let listed = place.json(&["emoji", "list", "--json"]);
        assert_eq!(names(&listed), ["blobcat", "old_blobcat2", "old_party2", "party"]);
        assert_eq!((&listed[1]["category"], &listed[1]["visible_in_picker"]), (&json!("Cats"), &json!(false)));
        assert!(listed[2]["url"] != listed[2]["static_url"], "what moved moves");
        assert_eq!(place.says(&["emoji", "import", "cats.tar", "--overwrite", "--category", "Felines"]), "imported 1, skipped 0, failed to import 0");
        assert_eq!(place.json(&["emoji", "list", "--json"])[0]["category"], "Felines");
        assert!(place.refuses(&["emoji", "import", "pack/x1.png"]).ends_with("it is no tar archive"));
    }
}
