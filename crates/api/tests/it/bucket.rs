//! Files that lie in a bucket, and how those who look at them get them.

use std::sync::atomic::{AtomicU32, Ordering};

use http::Method;
use phiomia_model::{Addresses, address::PublicFiles};
use phiomia_store::files::{BucketSettings, FileKey, FileKind, Files, HandOut, Place, Shelf};
use phiomia_testkit::{Engine, S3Server};

use crate::kit::{House, Person};

/// A house whose files are in a bucket, and somebody in it.
async fn house(server: &S3Server, hand_out: HandOut) -> (House, Person) {
    static N_FOLDERS: AtomicU32 = AtomicU32::new(0);
    let n = N_FOLDERS.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("phiomia_api_bucket_{}_{n}", std::process::id()));
    let mut addresses = Addresses::new("https", "phiomia.example", "phiomia.example");
    addresses.public_files = match &hand_out {
        HandOut::Public(base) => PublicFiles::at(base),
        HandOut::Presigned => PublicFiles::signed(&server.public_address()),
        HandOut::Proxied => PublicFiles::default(),
    };
    addresses.public_files.set_complete(true);
    let settings = BucketSettings { hand_out, ..server.settings() };
    let files = Files::with_bucket(folder, settings, Place::at(Shelf::S3)).await.unwrap();
    let house = House::open_on(Engine::Sqlite, addresses, phiomia_federation::Settings::default(), files).await;
    let alice = house.person("alice").await;
    (house, alice)
}

/// What the file has in it: nobody looks whether it is a picture.
const CONTENT: &[u8] = b"0123456789";

async fn keeps(house: &House) -> (FileKey, String) {
    let key = FileKey::new(FileKind::Media, 7, "original.png").unwrap();
    house.api.files.put(&key, CONTENT).await.unwrap();
    (key.clone(), format!("/system/{key}"))
}

/// What somebody without any of our keys gets from the bucket.
async fn fetch(url: &str) -> (u16, Vec<u8>) {
    let url: http::Uri = url.parse().unwrap();
    let answer = phiomia_testkit::get(url.authority().unwrap().as_str(), url.path_and_query().unwrap().as_str()).await;
    (answer.0, answer.1)
}

#[tokio::test]
async fn a_proxied_file_comes_through_us_with_parts_and_headers_as_from_a_disk() {
    let server = S3Server::open().await;
    let (house, alice) = house(&server, HandOut::Proxied).await;
    let (_, address) = keeps(&house).await;
    let whole = alice.get(&address).await.ok();
    assert_eq!((whole.body.as_slice(), whole.header("content-length")), (CONTENT, "10"));
    assert_eq!(whole.header("content-type"), "image/png");
    assert_eq!(whole.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(whole.header("access-control-allow-origin"), "*");
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert!(whole.header("content-security-policy").contains("sandbox"));
    let tag = whole.header("etag").to_owned();
    for (range, part, place) in
        [("bytes=2-5", "2345", "bytes 2-5/10"), ("bytes=7-", "789", "bytes 7-9/10"), ("bytes=-2", "89", "bytes 8-9/10")]
    {
        let answer = alice.ask_with(Method::GET, &address, None, &[("range", range)]).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-range")), (206, place));
        assert_eq!(answer.body, part.as_bytes());
    }
    let beyond = alice.ask_with(Method::GET, &address, None, &[("range", "bytes=10-")]).await;
    assert_eq!((beyond.status.as_u16(), beyond.header("content-range")), (416, "bytes */10"));
    let known = alice.ask_with(Method::GET, &address, None, &[("if-none-match", &tag)]).await;
    assert_eq!(known.status.as_u16(), 304);
    assert_eq!(alice.get("/system/media/00/000000000000000000000000000008/original.png").await.status.as_u16(), 404);
}

#[tokio::test]
async fn of_a_presigned_file_we_give_the_address_and_the_bucket_the_file() {
    let server = S3Server::open().await;
    let (house, alice) = house(&server, HandOut::Presigned).await;
    let (key, address) = keeps(&house).await;
    let away = alice.get(&address).await;
    assert_eq!((away.status.as_u16(), away.header("access-control-allow-origin")), (302, "*"));
    assert_eq!(away.header("cache-control"), "public, max-age=3600");
    let (status, body) = fetch(away.header("location")).await;
    assert_eq!((status, body.as_slice()), (200, CONTENT));
    let unsigned = format!("{}/{key}", server.public_address());
    assert_eq!(fetch(&unsigned).await.0, 403, "without the signature the bucket is closed");
    let page = house.get("/@alice").await.ok();
    let origin = format!("http://{}", server.address);
    assert!(page.header("content-security-policy").contains(&format!("img-src 'self' {origin} data:")));
}

#[tokio::test]
async fn a_public_file_has_the_address_of_the_bucket_and_older_addresses_lead_there() {
    let server = S3Server::open().await;
    server.open_to_everybody(true);
    let (house, alice) = house(&server, HandOut::Public(server.public_address())).await;
    let picture = image::DynamicImage::new_rgb8(60, 40);
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let upload = alice.upload(Method::POST, "/api/v2/media", &[], &[("file", png.get_ref())]).await.ok().json();
    let url = upload["url"].as_str().unwrap();
    let key = url.strip_prefix(&format!("{}/", server.public_address())).unwrap();
    let (status, body) = fetch(url).await;
    assert_eq!(status, 200);
    assert!(body.starts_with(b"\x89PNG"));
    let other = alice.upload(Method::POST, "/api/v2/media", &[], &[("file", png.get_ref())]).await.ok().json();
    let post = alice.post("/api/v1/statuses", serde_json::json!({ "media_ids": [other["id"]] })).await.ok().json();
    let page = post["url"].as_str().unwrap().strip_prefix("https://phiomia.example").unwrap();
    let page = house.get(page).await.ok();
    let drawn = format!("<img class=\"u-photo\" src=\"{}\"", other["preview_url"].as_str().unwrap());
    assert!(String::from_utf8_lossy(&page.body).contains(&drawn), "the page draws it from there");
    let origin = format!("media-src 'self' http://{}", server.address);
    assert!(page.header("content-security-policy").contains(&origin));
    let older = alice.get(&format!("/system/{key}")).await;
    assert_eq!((older.status.as_u16(), older.header("location")), (302, url));
    // While files are on their way everybody comes to us.
    house.api.files.set_place(Place::moving_to(Shelf::S3)).unwrap();
    house.api.addresses.public_files.set_complete(false);
    let one = format!("/api/v1/media/{}", upload["id"].as_str().unwrap());
    let ours = alice.get(&one).await.ok().json();
    assert_eq!(ours["url"], format!("https://phiomia.example/system/{key}"));
    assert!(alice.get(&format!("/system/{key}")).await.ok().body == body);
}
