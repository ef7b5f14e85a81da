//! The files shelf on a real disk.

use std::{
    fs, io,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use futures_util::TryStreamExt;
use phiomia_model::Time;
use phiomia_store::files::{FileKey, FileKind, FilePrefix, Files, Part, Span};

mod moving;
mod s3;

/// A folder that ends with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static N_FOLDERS: AtomicU32 = AtomicU32::new(0);
        let n = N_FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("phiomia-files-{}-{n}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder(path)
    }

    async fn files(&self) -> Files {
        Files::disk(&self.0).await.unwrap()
    }

    fn unfinished(&self) -> Vec<PathBuf> {
        fs::read_dir(self.0.join(".unfinished")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn key(random: u128, label: &str) -> FileKey {
    FileKey::new(FileKind::Media, random, label).unwrap()
}

#[tokio::test]
async fn a_file_is_kept_and_found_again_by_another_process() {
    let folder = Folder::new();
    let key = key(1, "original.png");
    folder.files().await.put(&key, "picture").await.unwrap();
    let other = folder.files().await;
    assert!(other.exists(&key).await.unwrap());
    assert_eq!(other.get(&key).await.unwrap().unwrap(), "picture");
    assert_eq!(folder.unfinished(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_missing_file_is_none_and_no_fault() {
    let folder = Folder::new();
    let files = folder.files().await;
    let key = key(1, "original.png");
    assert!(files.get(&key).await.unwrap().is_none());
    assert!(files.open(&key).await.unwrap().is_none());
    assert!(!files.exists(&key).await.unwrap());
    assert!(!files.delete(&key).await.unwrap());
    assert!(files.list(&FilePrefix::kind(FileKind::Media)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_large_file_comes_in_pieces_with_its_length_first() {
    let folder = Folder::new();
    let files = folder.files().await;
    let key = key(1, "film.mp4");
    let content: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let n_bytes = files.put_from(&key, io::Cursor::new(content.clone())).await.unwrap();
    assert_eq!(n_bytes, 1_200_000);
    let body = files.open(&key).await.unwrap().unwrap();
    assert_eq!(body.size_bytes(), 1_200_000);
    let pieces: Vec<Bytes> = body.into_stream().try_collect().await.unwrap();
    assert!(pieces.iter().all(|piece| piece.len() <= 64 * 1024));
    assert!(pieces.concat() == content, "the content is another");
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let folder = Folder::new();
    let files = folder.files().await;
    files.put(&key(1, "empty"), "").await.unwrap();
    assert_eq!(files.get(&key(1, "empty")).await.unwrap().unwrap(), "");
    let mut body = files.open(&key(1, "empty")).await.unwrap().unwrap();
    assert_eq!(body.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn readers_see_the_old_or_the_new_file_and_never_a_mixture() {
    let folder = Folder::new();
    let files = folder.files().await;
    let key = key(1, "avatar.webp");
    let versions: Vec<Vec<u8>> = (0..4_u8).map(|n| vec![n; 200_000]).collect();
    files.put(&key, versions.first().unwrap().clone()).await.unwrap();
    let writers: Vec<_> = versions
        .into_iter()
        .map(|version| {
            let (files, key) = (files.clone(), key.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    files.put(&key, version.clone()).await.unwrap();
                }
            })
        })
        .collect();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let seen = files.get(&key).await.unwrap().unwrap();
        assert_eq!(seen.len(), 200_000);
        assert!(seen.iter().all(|byte| Some(byte) == seen.first()), "two versions in one file");
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(folder.unfinished(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn an_open_file_stays_whole_when_it_is_replaced_and_deleted() {
    let folder = Folder::new();
    let files = folder.files().await;
    let key = key(1, "original.png");
    files.put(&key, vec![1; 200_000]).await.unwrap();
    let body = files.open(&key).await.unwrap().unwrap();
    files.put(&key, "short").await.unwrap();
    files.delete(&key).await.unwrap();
    let pieces: Vec<Bytes> = body.into_stream().try_collect().await.unwrap();
    assert_eq!(pieces.concat(), vec![1; 200_000]);
}

#[tokio::test]
async fn a_reader_that_fails_leaves_the_old_file_and_nothing_half_written() {
    struct Broken(usize);
    impl io::Read for Broken {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            into.fill(7);
            if self.0 > 3 { Err(io::Error::other("the upload broke off")) } else { Ok(into.len()) }
        }
    }
    let folder = Folder::new();
    let files = folder.files().await;
    let key = key(1, "original.png");
    files.put(&key, "old").await.unwrap();
    let fault = files.put_from(&key, Broken(0)).await.unwrap_err();
    assert_eq!(fault.chain(), "writing a file: the upload broke off");
    assert_eq!(files.get(&key).await.unwrap().unwrap(), "old");
    assert_eq!(folder.unfinished(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_deleted_file_is_gone_and_its_siblings_stay() {
    let folder = Folder::new();
    let files = folder.files().await;
    let (original, small) = (key(1, "original.png"), key(1, "small.webp"));
    files.put(&original, "o").await.unwrap();
    files.put(&small, "s").await.unwrap();
    assert!(files.delete(&original).await.unwrap());
    assert!(!files.exists(&original).await.unwrap());
    assert_eq!(files.list(&FilePrefix::siblings(&original)).await.unwrap(), std::slice::from_ref(&small));
    assert!(files.delete(&small).await.unwrap());
    files.put(&small, "again").await.unwrap();
    assert_eq!(files.get(&small).await.unwrap().unwrap(), "again");
}

#[tokio::test]
async fn writing_and_deleting_siblings_at_once_loses_no_file() {
    let folder = Folder::new();
    let files = folder.files().await;
    for _ in 0..30 {
        files.put(&key(1, "a"), "a").await.unwrap();
        let (deleting, writing) = (files.clone(), files.clone());
        let deleting = tokio::spawn(async move { deleting.delete(&key(1, "a")).await });
        let writing = tokio::spawn(async move { writing.put(&key(1, "b"), "b").await });
        assert!(deleting.await.unwrap().unwrap());
        writing.await.unwrap().unwrap();
        assert!(files.delete(&key(1, "b")).await.unwrap());
    }
}

#[tokio::test]
async fn a_listing_is_sorted_and_shows_our_files_alone() {
    let folder = Folder::new();
    let files = folder.files().await;
    let high = key(0xff << 120, "a.png");
    let keys = [key(1, "a.png"), key(1, "b.png"), key(2, "a.png"), high.clone()];
    for key in keys.iter().rev() {
        files.put(key, "x").await.unwrap();
    }
    files.put(&FileKey::new(FileKind::Avatar, 1, "a.png").unwrap(), "x").await.unwrap();
    fs::write(folder.0.join("media/00/.DS_Store"), "x").unwrap();
    fs::write(folder.0.join("media/README"), "x").unwrap();
    std::os::unix::fs::symlink("/etc", folder.0.join("media/etc")).unwrap();
    assert_eq!(files.list(&FilePrefix::kind(FileKind::Media)).await.unwrap(), keys);
    assert_eq!(files.list(&FilePrefix::shard(FileKind::Media, 0xff)).await.unwrap(), [high]);
    assert_eq!(files.list(&FilePrefix::siblings(&key(1, "c"))).await.unwrap().len(), 2);
}

#[tokio::test]
async fn no_name_leads_out_of_the_folder() {
    let folder = Folder::new();
    let files = folder.files().await;
    fs::write(folder.0.join("secret"), "x").unwrap();
    let zeros = "0".repeat(30);
    for text in ["secret", "../secret", "media/../secret", "/etc/passwd", &format!("media/00/{zeros}/../../../secret")]
    {
        assert!(text.parse::<FileKey>().is_err(), "{text}");
    }
    let key: FileKey = format!("media/00/{zeros}/a.png").parse().unwrap();
    files.put(&key, "x").await.unwrap();
    assert!(folder.0.join(key.as_str()).is_file());
}

#[tokio::test]
async fn what_a_crash_left_is_swept_after_a_day() {
    let folder = Folder::new();
    let files = folder.files().await;
    let left = folder.0.join(".unfinished/1-0");
    fs::write(&left, "half").unwrap();
    let written = fs::metadata(&left).unwrap().modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    let written = Time(0).plus(written);
    let hour = std::time::Duration::from_secs(3600);
    assert_eq!(files.sweep_unfinished(written.plus(hour * 23)).await.unwrap(), 0);
    assert_eq!(files.sweep_unfinished(written.plus(hour * 25)).await.unwrap(), 1);
    assert!(!left.exists());
}

#[tokio::test]
async fn of_a_part_no_more_is_read_and_one_behind_the_end_is_told_so() {
    let folder = Folder::new();
    let files = folder.files().await;
    let key = key(1, "film.mp4");
    files.put(&key, "0123456789").await.unwrap();
    assert_eq!(part(&files, &key, Span::Between(2, 4)).await, Some((2..5, 10, "234".to_owned())));
    assert_eq!(part(&files, &key, Span::From(7)).await, Some((7..10, 10, "789".to_owned())));
    assert_eq!(part(&files, &key, Span::Last(2)).await, Some((8..10, 10, "89".to_owned())));
    assert_eq!(part(&files, &key, Span::Between(5, 400)).await, Some((5..10, 10, "56789".to_owned())));
    assert_eq!(part(&files, &key, Span::From(10)).await, Some((10..10, 10, String::new())));
    assert!(part(&files, &self::key(2, "film.mp4"), Span::From(0)).await.is_none());
}

/// What of the file it is, how long the file is, and the part; an empty range at the end for what lies behind it.
async fn part(files: &Files, key: &FileKey, span: Span) -> Option<(std::ops::Range<u64>, u64, String)> {
    match files.open_part(key, span).await.unwrap()? {
        Part::Beyond { n_bytes } => Some((n_bytes..n_bytes, n_bytes, String::new())),
        Part::Body(body) => {
            let (range, n_bytes) = (body.range(), body.size_bytes());
            let pieces: Vec<Bytes> = body.into_stream().try_collect().await.unwrap();
            Some((range, n_bytes, String::from_utf8(pieces.concat()).unwrap()))
        }
    }
}
