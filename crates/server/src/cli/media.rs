//! `phiomia media`: where files are, how much they take, and which nobody needs.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use clap::{Subcommand, ValueEnum};
use futures_util::TryStreamExt as _;
use phiomia_store::{
    db::named_files,
    files::{FileKind, Files, Place, Shelf, Stored, Tally},
};
use serde_json::json;

use super::{Failure, Global, desk::Desk, print};
use crate::house::{ffmpeg, shelf};

/// Longer than a running server needs to hear where new files go.
const HEARD: Duration = Duration::from_millis(1_200);
/// Times that the old place is gone through for what came there meanwhile.
const PASSES: usize = 5;
/// Files younger than this may belong to something that is still being written.
const YOUNG: Duration = Duration::from_secs(86_400);

/// What is done with files.
#[derive(Debug, Subcommand)]
pub enum Media {
    /// Write, read and delete a file where files are, and say what is missing; say whether films are converted
    Check,
    /// Bring all files to the bucket or back to the disk while the server runs; begun again, it goes on where it was
    Move {
        /// Where to
        #[arg(long)]
        to: To,
        /// Delete what arrived from the old place
        #[arg(long)]
        delete: bool,
    },
    /// Print how many files there are of each kind, and their bytes
    Usage {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// List files older than a day that nothing names
    Orphans {
        /// Delete them
        #[arg(long)]
        delete: bool,
    },
}

/// Where files can be.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum To {
    /// The data folder
    Disk,
    /// The bucket of the section s3
    S3,
}

impl Media {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| {
            let files = desk.files().await?;
            match *self {
                Media::Check => check(desk, &files).await,
                Media::Move { to: To::Disk, delete } => bring(desk, &files, Shelf::Disk, delete).await,
                Media::Move { to: To::S3, delete } => bring(desk, &files, Shelf::S3, delete).await,
                Media::Usage { json } => usage(&files, json).await,
                Media::Orphans { delete } => orphans(desk, &files, delete).await,
            }
        })
    }
}

async fn check(desk: &Desk, files: &Files) -> Result<(), Failure> {
    let place = files.place();
    files.check(shelf::random(&desk.entropy)?).await?;
    if place == Place::at(Shelf::S3) {
        files.check_public(shelf::random(&desk.entropy)?).await?;
    }
    print(&format!("{place}: {} takes files, gives them and lets go of them", files.name(place.shelf)))?;
    print(&ffmpeg::find(&desk.config).await.sentence)
}

async fn bring(desk: &Desk, files: &Files, to: Shelf, delete: bool) -> Result<(), Failure> {
    if files.place() == Place::at(to) && !delete {
        return print(&format!("all files are in {}", files.name(to)));
    }
    if !files.has_bucket() {
        return Err(Failure("there is no bucket: set s3.enabled and what belongs to it".to_owned()));
    }
    files.check_shelf(to, shelf::random(&desk.entropy)?).await?;
    if files.place() != Place::at(to) {
        put_at(desk, files, Place::moving_to(to)).await?;
        tokio::time::sleep(HEARD).await;
        for _ in 0..PASSES {
            if copy(files, to).await? == 0 {
                break;
            }
        }
        put_at(desk, files, Place::at(to)).await?;
    }
    // What was on its way to the old place when this began.
    copy(files, to).await?;
    if delete {
        let deleted = files.delete_copied(to.other()).await?;
        print(&format!("deleted {} from {}", words(deleted), files.name(to.other())))?;
    }
    print(&format!("all files are in {}", files.name(to)))
}

async fn put_at(desk: &Desk, files: &Files, place: Place) -> Result<(), Failure> {
    shelf::put_at(&desk.db, place).await?;
    Ok(files.set_place(place)?)
}

/// How many files were copied.
async fn copy(files: &Files, to: Shelf) -> Result<u64, Failure> {
    let mut told = 0;
    let copied = files.copy_missing(to, |so_far| {
        // A line for every thousand files. Whether somebody reads it is not what the move depends on.
        if so_far.n_files / 1_000 > told {
            told = so_far.n_files / 1_000;
            let _ = print(&format!("copied {} so far", words(so_far)));
        }
    });
    let copied = copied.await?;
    if copied.n_files > 0 {
        print(&format!("copied {} to {}", words(copied), files.name(to)))?;
    }
    Ok(copied.n_files)
}

fn words(tally: Tally) -> String {
    let files = if tally.n_files == 1 { "file" } else { "files" };
    format!("{} {files} ({} bytes)", tally.n_files, tally.n_bytes)
}

/// What a file is to who asks what takes the room.
fn word(file: &Stored) -> &'static str {
    match file.key.kind() {
        FileKind::Media if file.key.label().starts_with("original") => "attachments",
        FileKind::Media => "previews",
        kind => kind.as_str(),
    }
}

async fn usage(files: &Files, as_json: bool) -> Result<(), Failure> {
    let mut all: BTreeMap<&str, (u64, u64)> =
        ["attachments", "previews", "avatars", "headers", "emoji"].map(|word| (word, (0, 0))).into();
    let place = files.place();
    for kind in FileKind::ALL {
        let mut seen = HashSet::new();
        for shelf in shelves(place) {
            let mut pages = files.pages(shelf, kind)?;
            while let Some(page) = pages.try_next().await? {
                for file in page {
                    let (n_files, n_bytes) = all.entry(word(&file)).or_default();
                    // While they move some are in both places.
                    if !place.is_moving || seen.insert(file.key) {
                        *n_files = n_files.saturating_add(1);
                        *n_bytes = n_bytes.saturating_add(file.n_bytes);
                    }
                }
            }
        }
    }
    if as_json {
        let kinds = all.iter().map(|(kind, (n_files, n_bytes))| (*kind, json!({ "files": n_files, "bytes": n_bytes })));
        let kinds: serde_json::Map<_, _> = kinds.map(|(kind, facts)| (kind.to_owned(), facts)).collect();
        return print(&json!({ "place": place.to_string(), "kinds": kinds }).to_string());
    }
    print(&all.iter().map(|(kind, (n, bytes))| format!("{kind}\t{n} files\t{bytes} bytes\n")).collect::<String>())
}

/// Where files may be.
fn shelves(place: Place) -> Vec<Shelf> {
    if place.is_moving { vec![place.shelf, place.shelf.other()] } else { vec![place.shelf] }
}

async fn orphans(desk: &Desk, files: &Files, delete: bool) -> Result<(), Failure> {
    // First what is there, then what is named: a row written meanwhile counts.
    let before = desk.db.clock().now().minus(YOUNG);
    let mut old = Vec::new();
    for shelf in shelves(files.place()) {
        for kind in FileKind::ALL {
            let mut pages = files.pages(shelf, kind)?;
            while let Some(page) = pages.try_next().await? {
                old.extend(page.into_iter().filter(|file| file.modified_at < before));
            }
        }
    }
    let named = named(desk).await?;
    old.retain(|file| !named.contains(&file.key.random()));
    old.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    old.dedup_by(|a, b| a.key == b.key);
    for file in &old {
        if delete {
            files.delete(&file.key).await?;
        }
        print(&format!("{}\t{} bytes", file.key, file.n_bytes))?;
    }
    Ok(())
}

/// The random bits of every file that a row names.
async fn named(desk: &Desk) -> Result<HashSet<u128>, Failure> {
    let mut named = HashSet::new();
    for naming in named_files::NAMING {
        let mut after = 0;
        while let Some((last, some)) = desk.db.read(move |q| Ok(named_files::page(q, naming, after)?)).await? {
            named.extend(some);
            after = last;
        }
    }
    Ok(named)
}
