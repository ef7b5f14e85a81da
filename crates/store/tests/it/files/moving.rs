//! Files that move between a disk and a bucket, whatever happens on the way.

use std::fs;

use phiomia_store::files::{FileKey, Files, Place, Shelf, Tally};
use phiomia_testkit::S3Server;

use super::{Folder, key};

/// Files on the disk, and an empty bucket beside them.
async fn with_files(server: &S3Server, folder: &Folder, n_files: u128) -> (Files, Vec<FileKey>) {
    let files = Files::with_bucket(&folder.0, server.settings(), Place::at(Shelf::Disk)).await.unwrap();
    // Spread over the shards, as random bits are.
    let keys: Vec<FileKey> = (0..n_files).map(|n| key((n << 120) | n, "original.png")).collect();
    for (n, key) in keys.iter().enumerate() {
        files.put(key, "x".repeat(n + 1)).await.unwrap();
    }
    (files, keys)
}

fn is_on_disk(folder: &Folder, key: &FileKey) -> bool {
    folder.0.join(key.as_str()).is_file()
}

fn is_in_bucket(server: &S3Server, key: &FileKey) -> bool {
    server.folder().join(key.as_str()).is_file()
}

#[tokio::test]
async fn while_they_move_files_are_read_from_both_and_written_to_the_new_place() {
    let (server, folder) = (S3Server::open().await, Folder::new());
    let (files, keys) = with_files(&server, &folder, 1).await;
    files.set_place(Place::moving_to(Shelf::S3)).unwrap();
    let new = key(77, "original.png");
    files.put(&new, "new").await.unwrap();
    assert!(is_in_bucket(&server, &new) && !is_on_disk(&folder, &new));
    for (key, content) in [(&keys[0], "x"), (&new, "new")] {
        assert_eq!(files.get(key).await.unwrap().unwrap(), content);
        assert!(files.exists(key).await.unwrap() && files.open(key).await.unwrap().is_some());
        assert!(files.elsewhere(key).await.unwrap().is_none(), "nobody is sent away before all files are there");
    }
    assert!(files.delete(&keys[0]).await.unwrap());
    assert!(files.get(&keys[0]).await.unwrap().is_none());
}

#[tokio::test]
async fn a_move_that_the_server_cut_short_goes_on_where_it_was() {
    let (mut server, folder) = (S3Server::open().await, Folder::new());
    let (files, keys) = with_files(&server, &folder, 20).await;
    files.set_place(Place::moving_to(Shelf::S3)).unwrap();
    server.die_after(30);
    assert!(files.copy_missing(Shelf::S3, |_| {}).await.is_err());
    server.stop().await;
    let n_there = keys.iter().filter(|key| is_in_bucket(&server, key)).count();
    assert!((1..20).contains(&n_there), "{n_there} of 20 arrived");
    assert!(keys.iter().all(|key| is_on_disk(&folder, key)), "the old place keeps everything");
    assert_eq!(files.copy_missing(Shelf::S3, |_| {}).await.ok(), None, "nobody listens");
    server.start().await;
    // One that arrived in another length is not taken for the file.
    fs::write(server.folder().join(keys[0].as_str()), "half a file").unwrap();
    let mut told = Vec::new();
    let copied = files.copy_missing(Shelf::S3, |tally| told.push(tally.n_files)).await.unwrap();
    assert_eq!(copied.n_files, u64::try_from(20 - n_there + 1).unwrap());
    assert_eq!(told.last(), Some(&copied.n_files));
    assert_eq!(files.copy_missing(Shelf::S3, |_| {}).await.unwrap(), Tally::default(), "nothing is left to do");
    files.set_place(Place::at(Shelf::S3)).unwrap();
    assert_eq!(files.delete_copied(Shelf::Disk).await.unwrap(), Tally { n_files: 20, n_bytes: 210 });
    for (n, key) in keys.iter().enumerate() {
        assert!(!is_on_disk(&folder, key));
        assert_eq!(files.get(key).await.unwrap().unwrap(), "x".repeat(n + 1));
    }
}

#[tokio::test]
async fn files_come_back_to_the_disk_and_the_old_place_is_not_emptied_of_what_did_not_arrive() {
    let (server, folder) = (S3Server::open().await, Folder::new());
    let (files, _) = with_files(&server, &folder, 0).await;
    files.set_place(Place::at(Shelf::S3)).unwrap();
    let (small, large, left) = (key(1, "original.png"), key(2, "film.mp4"), key(3, "original.png"));
    let film = vec![7_u8; 900_000];
    files.put(&small, "picture").await.unwrap();
    files.put(&large, film.clone()).await.unwrap();
    files.set_place(Place::moving_to(Shelf::Disk)).unwrap();
    assert_eq!(files.copy_missing(Shelf::Disk, |_| {}).await.unwrap(), Tally { n_files: 2, n_bytes: 900_007 });
    files.set_place(Place::at(Shelf::S3)).unwrap();
    files.put(&left, "not copied").await.unwrap();
    files.set_place(Place::at(Shelf::Disk)).unwrap();
    assert_eq!(files.delete_copied(Shelf::S3).await.unwrap().n_files, 2);
    assert!(is_in_bucket(&server, &left) && !is_in_bucket(&server, &small));
    assert_eq!(files.get(&small).await.unwrap().unwrap(), "picture");
    assert!(files.get(&large).await.unwrap().unwrap() == film, "the content is another");
    assert!(fs::read_dir(folder.0.join(".unfinished")).unwrap().next().is_none(), "nothing half-written stays");
}

#[tokio::test]
async fn a_file_deleted_after_a_move_leaves_no_copy_behind() {
    let (server, folder) = (S3Server::open().await, Folder::new());
    let (files, keys) = with_files(&server, &folder, 1).await;
    files.copy_missing(Shelf::S3, |_| {}).await.unwrap();
    files.set_place(Place::at(Shelf::S3)).unwrap();
    files.delete(&keys[0]).await.unwrap();
    assert!(!is_in_bucket(&server, &keys[0]) && !is_on_disk(&folder, &keys[0]));
}
