//! The files shelf in a bucket of a real S3 server.

use std::io;

use bytes::Bytes;
use futures_util::TryStreamExt;
use phiomia_store::{
    Secret,
    files::{BucketSettings, FileKind, FilePrefix, Files, HandOut, Place, Shelf, Span},
};
use phiomia_testkit::S3Server;

use super::{Folder, key, part};

/// Files in a bucket alone.
async fn files(folder: &Folder, settings: BucketSettings) -> Files {
    Files::with_bucket(&folder.0, settings, Place::at(Shelf::S3)).await.unwrap()
}

#[tokio::test]
async fn a_file_in_a_bucket_is_kept_found_listed_and_deleted() {
    let (server, folder) = (S3Server::open().await, Folder::new());
    let files = files(&folder, BucketSettings { prefix: Some("ours".to_owned()), ..server.settings() }).await;
    let (original, small, other) = (key(1, "original.png"), key(1, "small.png"), key(2, "original.png"));
    for (key, content) in [(&original, "picture"), (&small, "pic"), (&other, "another")] {
        files.put(key, content).await.unwrap();
    }
    assert!(server.folder().join("ours").join(original.as_str()).is_file(), "it lies below the prefix");
    assert_eq!(files.get(&original).await.unwrap().unwrap(), "picture");
    assert_eq!(files.size(&original).await.unwrap(), Some(7));
    assert_eq!(files.list(&FilePrefix::siblings(&original)).await.unwrap(), [original.clone(), small.clone()]);
    assert_eq!(files.list(&FilePrefix::kind(FileKind::Media)).await.unwrap().len(), 3);
    assert!(files.delete(&original).await.unwrap());
    assert!(!files.exists(&original).await.unwrap());
    assert!(files.get(&original).await.unwrap().is_none());
    assert!(files.open(&original).await.unwrap().is_none());
    files.delete(&original).await.unwrap();
    assert_eq!(files.list(&FilePrefix::siblings(&small)).await.unwrap(), [small]);
}

#[tokio::test]
async fn of_a_file_in_a_bucket_parts_are_read() {
    let (server, folder) = (S3Server::open().await, Folder::new());
    let files = files(&folder, server.settings()).await;
    let film = key(1, "film.mp4");
    files.put(&film, "0123456789").await.unwrap();
    assert_eq!(part(&files, &film, Span::Between(2, 4)).await, Some((2..5, 10, "234".to_owned())));
    assert_eq!(part(&files, &film, Span::From(7)).await, Some((7..10, 10, "789".to_owned())));
    assert_eq!(part(&files, &film, Span::Last(2)).await, Some((8..10, 10, "89".to_owned())));
    assert_eq!(part(&files, &film, Span::Between(5, 400)).await, Some((5..10, 10, "56789".to_owned())));
    assert_eq!(part(&files, &film, Span::Last(0)).await, Some((10..10, 10, String::new())));
    assert_eq!(part(&files, &film, Span::From(10)).await, Some((10..10, 10, String::new())));
    assert!(part(&files, &key(2, "film.mp4"), Span::From(0)).await.is_none());
}

#[tokio::test]
async fn a_large_file_goes_in_parts_and_comes_back_whole() {
    let (server, folder) = (S3Server::open().await, Folder::new());
    let files = files(&folder, server.settings()).await;
    let film = key(1, "film.mp4");
    let content: Vec<u8> = (0..4_300_000_u32).flat_map(u32::to_le_bytes).collect();
    let n_bytes = files.put_from(&film, io::Cursor::new(content.clone())).await.unwrap();
    assert_eq!(n_bytes, 17_200_000);
    let body = files.open(&film).await.unwrap().unwrap();
    assert_eq!(body.size_bytes(), 17_200_000);
    let pieces: Vec<Bytes> = body.into_stream().try_collect().await.unwrap();
    assert!(pieces.concat() == content, "the content is another");
}

#[tokio::test]
async fn what_is_missing_is_said_in_a_sentence() {
    let (server, folder) = (S3Server::open().await, Folder::new());
    let check = async |settings: BucketSettings| {
        let checked = files(&folder, settings).await.check(1).await;
        checked.map_or_else(
            |fault| format!("{}{}", fault.chain(), if fault.is_transient() { " (passing)" } else { "" }),
            |()| "fine".to_owned(),
        )
    };
    let good = server.settings();
    assert_eq!(check(good.clone()).await, "fine");
    assert!(std::fs::read_dir(server.folder().join("check")).unwrap().next().is_none(), "the probe is gone");
    let sentence = check(BucketSettings { bucket: "elsewhere".to_owned(), ..good.clone() }).await;
    assert!(sentence.contains("there is no such bucket: make it, or correct s3.bucket"), "{sentence}");
    let sentence = check(BucketSettings { access_key_id: "AKIANOBODY".to_owned(), ..good.clone() }).await;
    assert!(sentence.contains("the key AKIANOBODY"), "{sentence}");
    let wrong = Secret::new("guessed");
    let sentence = check(BucketSettings { secret_access_key: wrong, ..good.clone() }).await;
    assert!(sentence.contains("the secret does not belong to the key"), "{sentence}");
    assert!(!sentence.contains("guessed"), "{sentence}");
    for (method, right) in [(http::Method::PUT, "s3:PutObject"), (http::Method::DELETE, "s3:DeleteObject")] {
        server.deny(Some(method));
        let sentence = check(good.clone()).await;
        assert!(sentence.contains(&format!("it needs the right {right}")), "{sentence}");
        server.deny(None);
    }
    let closed = "http://127.0.0.1:1".to_owned();
    let sentence = check(BucketSettings { endpoint: Some(closed), ..good.clone() }).await;
    assert!(sentence.contains("nobody answers at http://127.0.0.1:1") && sentence.ends_with("(passing)"), "{sentence}");
}

#[tokio::test]
async fn a_public_bucket_that_is_closed_is_found_out() {
    let (server, folder) = (S3Server::open().await, Folder::new());
    let hand_out = HandOut::Public(server.public_address());
    let files = files(&folder, BucketSettings { hand_out, prefix: Some("ours".to_owned()), ..server.settings() }).await;
    let sentence = files.check_public(1).await.unwrap_err().chain();
    assert!(sentence.contains("is answered there with 403"), "{sentence}");
    server.open_to_everybody(true);
    files.check_public(1).await.unwrap();
    let picture = key(1, "original.png");
    files.put(&picture, "picture").await.unwrap();
    let url = files.elsewhere(&picture).await.unwrap().unwrap().url;
    assert_eq!(url, format!("{}/ours/{picture}", server.public_address()));
}
