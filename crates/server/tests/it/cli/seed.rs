//! `phiomia seed`: what it adds is seen where it belongs.

use std::fs;

use phiomia_store::db::{emojis, promoted, server, terms};
use phiomia_testkit::{beside, on_both_engines, settings};

use super::kit::{Place, png};

on_both_engines! {
    async fn everything_that_is_sown_is_there(place: Place) {
        fs::write(place.folder.join("cat.png"), png()).unwrap();
        fs::write(place.folder.join("terms.html"), "<p>Be well.</p>").unwrap();
        assert_eq!(place.says(&["seed", "emoji", "blobcat", "cat.png", "--category", "Cats"]), "");
        place.says(&["seed", "rule", "Be kind", "--hint", "Always", "--translation", "de=Sei nett", "--hint-translation", "de=Immer"]);
        place.says(&["seed", "terms", "--effective", "2026-12-01", "terms.html"]);
        place.says(&["seed", "trend", "tag", "#Caturday"]);
        place.says(&["account", "create", "alice", "--print-id"]);
        let bob = place.says(&["account", "create", "bob", "--print-id"]);
        place.says(&["seed", "suggestion", "--for", "alice", "bob"]);

        let opened = beside(&settings(&place.database)).await;
        let alice = place.json(&["account", "show", "alice", "--json"])["id"].as_str().unwrap().parse().unwrap();
        let (emojis, rules, terms, tags, suggested) = opened.db.read(move |q| {
            let emojis = emojis::all(q)?;
            Ok((emojis, server::rules(q)?, terms::all(q)?, promoted::tags(q)?, promoted::suggestions(q, alice)?))
        }).await.unwrap();
        opened.db.close();
        assert_eq!((emojis[0].shortcode.as_str(), emojis[0].content_type.as_str()), ("blobcat", "image/png"));
        assert!(fs::read(place.folder.join("phiomia-data/files").join(&emojis[0].file)).unwrap().starts_with(b"\x89PNG"));
        let translations: serde_json::Value = serde_json::from_str(&rules[0].translations).unwrap();
        assert_eq!(translations, serde_json::json!({ "de": { "text": "Sei nett", "hint": "Immer" } }));
        assert_eq!((terms[0].effective_date.as_str(), terms[0].text.as_str()), ("2026-12-01", "<p>Be well.</p>"));
        assert_eq!(tags, ["caturday"]);
        assert_eq!(suggested, [bob.parse().unwrap()]);
    }

    async fn what_makes_no_sense_is_not_sown(place: Place) {
        fs::write(place.folder.join("page.png"), "<svg/>").unwrap();
        fs::write(place.folder.join("large.png"), [png(), vec![0; 256 * 1024]].concat()).unwrap();
        let emoji = |name: &str, file: &str| place.refuses(&["seed", "emoji", name, file]);
        assert_eq!(emoji("cat", "page.png"), "the file is of a kind that is not supported");
        assert_eq!(emoji("cat", "large.png"), "the file is larger than 256 kB");
        assert!(emoji("blob-cat", "large.png").contains("letters, digits and underscores"));
        assert!(emoji("cat", "missing.png").starts_with("reading missing.png failed"));
        assert_eq!(place.refuses(&["seed", "rule", " "]), "a rule cannot be empty");
        assert!(place.refuses(&["seed", "rule", "x", "--hint-translation", "de=y"]).contains("no translation into de"));
        assert!(place.refuses(&["seed", "terms", "--effective", "soon", "page.png"]).starts_with("--effective must be"));
        assert_eq!(place.refuses(&["seed", "trend", "tag", "1"]), "1 can be no hashtag");
        place.says(&["account", "create", "alice", "--print-id"]);
        assert!(place.refuses(&["seed", "suggestion", "--for", "alice", "alice"]).contains("themselves"));
    }
}
