//! Where files are: what the configuration, the database and the disk say together, and hearing of a move.

use std::time::Duration;

use phiomia_model::{Addresses, Error, Event, Fault, address::PublicFiles};
use phiomia_social::server;
use phiomia_store::{
    Db, Entropy,
    db::settings,
    files::{FileKind, FilePrefix, Files, Place, Shelf},
    live::Live,
};
use tokio::time::timeout;

use crate::config::Config;

/// How often it is asked where files are when nothing is heard.
const LOOK: Duration = Duration::from_secs(60);

/// Opens the shelf where the files are. A bucket is not asked anything yet.
///
/// # Errors
/// A sentence, also when files lie in a bucket that the configuration does not know.
pub async fn open(config: &Config, db: &Db) -> Result<Files, String> {
    let folder = config.data().join("files");
    let said = said(db).await.map_err(|error| super::sentence(&error))?;
    let Some(bucket) = config.bucket_settings()? else {
        if let Some(place) = said.filter(|place| place.needs_bucket()) {
            return Err(format!(
                "files of this server lie in a bucket ({place}): set s3.enabled and what belongs to it, or bring them back \
                 with `phiomia media move --to disk` first"
            ));
        }
        let files = Files::disk(folder).await.map_err(|fault| fault.chain())?;
        files.keep_free(config.media.disk_reserve.0);
        return Ok(files);
    };
    let known = said.unwrap_or(Place::at(Shelf::Disk));
    let files = Files::with_bucket(folder, bucket, known).await.map_err(|fault| fault.chain())?;
    files.keep_free(config.media.disk_reserve.0);
    if said.is_none() {
        let place = first_place(&files).await.map_err(|fault| fault.chain())?;
        put_at(db, place).await.map_err(|error| super::sentence(&error))?;
        files.set_place(place).map_err(|fault| fault.chain())?;
    }
    Ok(files)
}

/// The same for whoever only looks: nothing is decided and written down.
///
/// # Errors
/// As [`open`].
pub async fn look(config: &Config, db: &Db) -> Result<Files, String> {
    let said = said(db).await.map_err(|error| super::sentence(&error))?;
    match config.bucket_settings()? {
        None => open(config, db).await,
        Some(bucket) => {
            let known = said.unwrap_or(Place::at(Shelf::S3));
            Files::with_bucket(config.data().join("files"), bucket, known).await.map_err(|fault| fault.chain())
        }
    }
}

/// The place of a shelf that got a bucket: who had files before goes on reading them.
async fn first_place(files: &Files) -> Result<Place, Fault> {
    for kind in FileKind::ALL {
        if !files.list(&FilePrefix::kind(kind)).await?.is_empty() {
            return Ok(Place::moving_to(Shelf::S3));
        }
    }
    Ok(Place::at(Shelf::S3))
}

/// Says where files are from now on; running servers hear of it.
///
/// # Errors
/// The database failed.
pub async fn put_at(db: &Db, place: Place) -> Result<(), Error> {
    db.write(move |tx| Ok(server::set(tx, Place::SETTING, &place.to_string())?)).await
}

/// Tries the shelf before anybody stands before it. What may pass by itself keeps nobody from starting.
///
/// # Errors
/// A sentence about what is missing.
pub async fn try_out(files: &Files, entropy: &Entropy) -> Result<(), String> {
    let random = random(entropy).map_err(|fault| fault.chain())?;
    match files.check(random).await {
        Err(fault) if fault.is_transient() => {
            tracing::warn!("files cannot be reached now: {}", fault.chain());
        }
        Err(fault) => return Err(fault.chain()),
        Ok(()) => {}
    }
    let place = files.place();
    if place.is_moving {
        tracing::warn!(
            "files are on their way to {}: `phiomia media move --to {}` brings the rest",
            files.name(place.shelf),
            place.shelf
        );
    } else if files.has_bucket() {
        tracing::info!("files are in {}", files.name(place.shelf));
    }
    Ok(())
}

/// 128 bits for the name of a file.
///
/// # Errors
/// When the system gives none.
pub fn random(entropy: &Entropy) -> Result<u128, Fault> {
    let mut random = [0_u8; 16];
    entropy.fill(&mut random)?;
    Ok(u128::from_be_bytes(random))
}

/// From where browsers fetch files, as it is now.
pub fn tell(files: &Files, addresses: &Addresses) {
    addresses.public_files.set_complete(files.place() == Place::at(Shelf::S3));
}

/// Hears of moves that a command makes beside this server. Ends with its task.
pub async fn follow(db: Db, live: Live, files: Files, public: PublicFiles) {
    let mut events = live.subscribe();
    loop {
        // Something that was missed may have been anything.
        if let Ok(Ok(event)) = timeout(LOOK, events.recv()).await
            && !matches!(*event, Event::SettingsChanged)
        {
            continue;
        }
        let place = match said(&db).await {
            Ok(Some(place)) => place,
            // Nobody said anything, or the database is away and others say so.
            Ok(None) | Err(_) => continue,
        };
        if place == files.place() {
            continue;
        }
        match files.set_place(place) {
            Ok(()) => tracing::info!("files: {place}"),
            Err(fault) => tracing::error!("files: {place}; start this server anew with s3.enabled: {}", fault.chain()),
        }
        public.set_complete(files.place() == Place::at(Shelf::S3));
    }
}

async fn said(db: &Db) -> Result<Option<Place>, Error> {
    let text = db.read(|q| Ok(settings::get(q, Place::SETTING)?)).await?;
    Ok(text.filter(|text| !text.is_empty()).map(|text| text.parse()).transpose()?)
}
