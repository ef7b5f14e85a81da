//! `phiomia media`: where files are, how much they take, and which nobody needs.

mod usage;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use clap::{Subcommand, ValueEnum};
use futures_util::TryStreamExt as _;
use phiomia_media::Purpose;
use phiomia_social::site::{self, SiteKind};
use phiomia_store::{
    db::{named_files, remote_files},
    files::{FileKind, Files, Place, Shelf, Tally},
};

use phiomia_workshop::Spoiled;

use crate::{
    cli::{Failure, Global, desk::Desk, federation::domain_name, print, seed::read},
    house::{ffmpeg, shelf},
};

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
    /// Print how many files there are of each kind, and their bytes; of other servers' also by where they are from
    Usage {
        /// Servers that are listed, those with most bytes first
        #[arg(long, default_value_t = 20)]
        servers: i64,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove pictures of other servers that nobody looked at for a while; who looks again has them fetched again
    Remove {
        /// Days; 7, and with --domain 0
        #[arg(long)]
        days: Option<u32>,
        /// Of this domain alone, and of what lies below it
        #[arg(long)]
        domain: Option<String>,
        /// Remove nothing and say what would go
        #[arg(long)]
        dry_run: bool,
    },
    /// Show a picture for the server itself, in all of Mastodon's sizes: JPEG, PNG, GIF or WebP of up to 8 MB
    Site {
        /// Which
        kind: Site,
        /// The picture; cut where it does not fit
        #[arg(required_unless_present = "remove")]
        file: Option<PathBuf>,
        /// Show none any more
        #[arg(long, conflicts_with = "file")]
        remove: bool,
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

/// What stands for the server.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Site {
    /// Broad, 1200x630: where the server is told of
    Thumbnail,
    /// Square, 512x512: on home screens
    Icon,
}

impl Media {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| {
            let files = desk.files().await?;
            match self {
                Media::Check => check(desk, &files).await,
                Media::Move { to: To::Disk, delete } => bring(desk, &files, Shelf::Disk, *delete).await,
                Media::Move { to: To::S3, delete } => bring(desk, &files, Shelf::S3, *delete).await,
                Media::Usage { servers, json } => usage::print_all(desk, &files, *servers, *json).await,
                Media::Remove { days, domain, dry_run } => remove(desk, *days, domain.as_deref(), *dry_run).await,
                Media::Site { kind, file, .. } => site(desk, &files, *kind, file.as_deref()).await,
                Media::Orphans { delete } => orphans(desk, &files, *delete).await,
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

async fn remove(desk: &Desk, days: Option<u32>, domain: Option<&str>, dry_run: bool) -> Result<(), Failure> {
    let days = days.unwrap_or(if domain.is_some() { 0 } else { 7 });
    let idle = Duration::from_secs(u64::from(days) * 86_400);
    let domain = domain.map(domain_name).transpose()?;
    let (n_files, n_bytes) = if dry_run {
        let before = desk.db.clock().now().minus(idle);
        desk.db.read(move |q| Ok(remote_files::n_unused(q, domain.as_deref(), before)?)).await?
    } else {
        desk.gallery().await?.remove_unused(domain.as_deref(), idle).await?
    };
    let files = if n_files == 1 { "file" } else { "files" };
    let done = if dry_run { "would remove" } else { "removed" };
    print(&format!("{done} {n_files} {files} ({n_bytes} bytes)"))
}

async fn site(desk: &Desk, files: &Files, kind: Site, file: Option<&Path>) -> Result<(), Failure> {
    let kind = match kind {
        Site::Thumbnail => SiteKind::Thumbnail,
        Site::Icon => SiteKind::Icon,
    };
    let mut shown = None;
    if let Some(file) = file {
        let bytes = Bytes::from(read(file, Purpose::Site(1, 1).max_bytes() as u64 + 1)?);
        let (workshop, mut made) = (desk.workshop()?, Vec::new());
        for (width, height) in kind.sizes() {
            let sized = workshop.picture(bytes.clone(), Purpose::Site(*width, *height)).await;
            made.push(sized.map_err(|spoiled| match spoiled {
                Spoiled::Unfit(unfit) => Failure(format!("the file {unfit}")),
                Spoiled::Broken(fault) => fault.into(),
            })?);
        }
        shown = Some(site::shelve(files, &desk.entropy, made).await?);
    }
    Ok(desk.db.write(move |tx| site::show(tx, kind, shown.as_ref())).await?)
}

async fn orphans(desk: &Desk, files: &Files, delete: bool) -> Result<(), Failure> {
    // First what is there, then what is named: a row written meanwhile counts.
    let before = desk.db.clock().now().minus(YOUNG);
    let mut old = Vec::new();
    for shelf in files.place().shelves() {
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
