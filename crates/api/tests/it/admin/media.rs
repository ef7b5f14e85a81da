//! What takes the room on the files shelf.

use std::{io::Cursor, time::Duration};

use http::Method;
use image::{ImageFormat, RgbImage};
use phiomia_model::Role;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use crate::kit::House;

const USAGE: &str = "/api/v1/admin/media/usage";

fn png() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::new(700, 500).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

on_both_engines! {
    async fn staff_reads_what_takes_the_room(house: House) {
        let (owner, alice) = (house.staff("owner", Role::Owner).await, house.person("alice").await);
        let usage = async || owner.get(USAGE).await.ok().json();
        let upload = async || alice.upload(Method::POST, "/api/v2/media", &[], &[("file", &png())]).await.ok().json();
        let one = upload().await;
        let said = usage().await;
        let kinds = said["kinds"].as_object().unwrap();
        let names = ["attachments", "avatars", "cache", "emoji", "headers", "previews", "site"];
        assert_eq!(kinds.keys().collect::<Vec<_>>(), names);
        assert_eq!((&kinds["attachments"]["files"], &kinds["previews"]["files"]), (&json!(1), &json!(1)));
        let path = one["url"].as_str().unwrap().strip_prefix("https://phiomia.example").unwrap();
        assert_eq!(kinds["attachments"]["bytes"], json!(house.get(path).await.ok().body.len()));
        assert_eq!(said["remote"]["bytes"], json!(0));
        assert!(said["remote"]["budget"].as_u64().is_some_and(|budget| budget > 0), "{said}");
        assert_eq!((&said["remote"]["by_kind"], &said["remote"]["by_origin"]), (&json!([]), &json!([])));

        upload().await;
        let n = |said: &Value| said["kinds"]["attachments"]["files"].clone();
        assert_eq!(n(&usage().await), json!(1), "files are counted once in ten minutes");
        house.wait(Duration::from_secs(601));
        assert_eq!(n(&usage().await), json!(2));
    }
}
