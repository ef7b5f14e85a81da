//! Uploads that browsers do not play become ones that they do: a job, which begins anew when it was cut off.

use std::time::Duration;

use phiomia_media::{Picture, Unfit};
use phiomia_model::{
    Error, Fault, MediaId,
    media::{Media, MediaKind},
};
use phiomia_social::media::{self as verbs, Converted};
use phiomia_store::files::{FileKey, FileKind};
use phiomia_workshop::{Spoiled, Spooled};

use super::{
    Shelved,
    films::{Reel, first_picture, wave},
    random,
};
use crate::state::Api;

/// How often it is looked whether somebody still wants it.
const LOOK: Duration = Duration::from_secs(1);

/// Converts an upload. Running it twice is harmless. What is deleted meanwhile is given up at once.
///
/// # Errors
/// A fault; what is wrong with the file is written into the upload.
pub async fn run(api: &Api, id: MediaId) -> Result<(), Error> {
    let Some(media) = api.db.read(move |q| verbs::waiting(q, id)).await? else { return Ok(()) };
    let work = async {
        match convert(api, &media).await {
            Ok(()) => Ok(()),
            Err(Spoiled::Broken(fault)) => Err(fault.into()),
            Err(Spoiled::Unfit(unfit)) => {
                let why = format!("File {unfit}");
                api.db.write(move |tx| verbs::unconverted(tx, id, why.clone())).await
            }
        }
    };
    // What is dropped here kills the program that converts.
    tokio::select! {
        done = Box::pin(work) => done,
        () = unwanted(api, id) => Ok(()),
    }
}

/// Comes to an end when the upload does not wait any more.
async fn unwanted(api: &Api, id: MediaId) {
    loop {
        tokio::time::sleep(LOOK).await;
        if matches!(api.db.read(move |q| verbs::waiting(q, id)).await, Ok(None)) {
            return;
        }
    }
}

async fn convert(api: &Api, media: &Media) -> Result<(), Spoiled> {
    if api.workshop.converter().await.is_none() {
        return Err(Spoiled::Unfit(Unfit::Unconverted("this server has no ffmpeg any more".to_owned())));
    }
    let source = fetched(api, media).await?;
    let foreign = api.workshop.foreign(&source).await?;
    let made = api.workshop.convert(&source, &foreign).await?;
    let poster = if media.preview.is_some() {
        None
    } else if foreign.film.is_some() {
        first_picture(api, &made.film).await
    } else if foreign.has_cover {
        api.workshop.poster(&source, false).await.ok()
    } else {
        wave(api, &made.film, made.playable.playing.duration_ms).await
    };
    let mut reel = Reel::playable(made.playable);
    if media.kind == MediaKind::Gifv {
        reel.kind = MediaKind::Gifv;
    }
    keep(api, media.id, &made.film, reel, poster).await.map_err(Spoiled::Broken)
}

/// What came, from the shelf.
async fn fetched(api: &Api, media: &Media) -> Result<Spooled, Spoiled> {
    let key: FileKey = media.original.key.parse().map_err(Spoiled::Broken)?;
    let gone = || Spoiled::Unfit(Unfit::Unconverted("it is not there any more".to_owned()));
    let mut body = api.files.open(&key).await.map_err(Spoiled::Broken)?.ok_or_else(gone)?;
    let mut spool = api.workshop.spool().await.map_err(Spoiled::Broken)?;
    let full = |error| Spoiled::Broken(Fault::because("bringing a film to where it is converted", error).transient());
    while let Some(chunk) = body.chunk().await.map_err(Spoiled::Broken)? {
        spool.write(&chunk).await.map_err(full)?;
    }
    spool.finish().await.map_err(full)
}

/// Puts what was made on the shelf, then into its place. Only whole files come there.
async fn keep(api: &Api, id: MediaId, film: &Spooled, reel: Reel, poster: Option<Picture>) -> Result<(), Fault> {
    let random = random(api).map_err(fault)?;
    let key = FileKey::new(FileKind::Media, random, &reel.label)?;
    let preview = poster.map(|poster| Shelved::poster(random, poster)).transpose().map_err(fault)?;
    let keys: Vec<String> =
        std::iter::once(key.to_string()).chain(preview.iter().map(|(file, _)| file.key.to_string())).collect();
    api.db.write(move |tx| verbs::begin_again(tx, id, &keys)).await.map_err(fault)?;
    let (kind, playing) = (reel.kind, reel.playing.clone().unwrap_or_default());
    let original = reel.put(api, &key, film).await.map_err(fault)?;
    let poster = match preview {
        Some((preview, impression)) => Some(impression.poster(preview.put(api).await.map_err(fault)?)),
        None => None,
    };
    let made = Converted { kind, original, poster, playing };
    api.db.write(move |tx| verbs::converted(tx, id, made.clone())).await.map_err(fault)
}

/// Nothing of this is refused to anybody.
fn fault(error: Error) -> Fault {
    match error {
        Error::Broken(fault) => fault,
        Error::Refused(refusal) => Fault::because("keeping what was converted", refusal),
    }
}
