//! Films and sounds: browsers play them as they are, so of the file only what tells too much is left out.

use bytes::Bytes;
use phiomia_media::{Picture, Playable, Purpose, Remade};
use phiomia_model::{
    Error, Fault,
    media::{Media, MediaFile, MediaKind},
};
use phiomia_store::files::{FileKey, FileKind};
use phiomia_workshop::Spooled;

use super::{Shelved, made, random, shelve, spoiled};
use crate::{
    gate::{Ask, Member, Upload},
    state::Api,
};

/// Keeps a film or a sound; what stands for it is the thumbnail that came along, or the picture that a sound carries.
///
/// # Errors
/// What is wrong with it (`422`), or a fault.
pub(super) async fn create(
    ask: &Ask<Member>,
    film: &Spooled,
    thumbnail: Option<&Upload>,
    said: Media,
) -> Result<Media, Error> {
    let api = &ask.api;
    let playable = api.workshop.film(film).await.map_err(spoiled)?;
    let poster = match thumbnail {
        Some(thumbnail) => Some(made(api, thumbnail, Purpose::Thumbnail).await?),
        None => cover(api, &playable).await,
    };
    let random = random(api)?;
    let key = FileKey::new(FileKind::Media, random, &format!("original.{}", playable.kept.extension()))?;
    let blurhash = poster.as_ref().and_then(|poster| poster.blurhash.clone());
    let preview = poster.map(|poster| Shelved::new(random, "small", poster.original)).transpose()?;
    let said = Media {
        kind: if playable.kept.is_film() { MediaKind::Video } else { MediaKind::Audio },
        playing: Some(playable.playing.clone()),
        blurhash,
        ..said
    };
    shelve(ask, &key, async || put(api, &key, film, playable).await, preview, said).await
}

/// The picture that came with a sound. One that cannot be read is no reason not to take the sound.
async fn cover(api: &Api, playable: &Playable) -> Option<Picture> {
    let cover = Bytes::from(playable.cover.clone()?);
    api.workshop.picture(cover, Purpose::Thumbnail).await.ok()
}

/// When this returns, the file outlives a loss of power.
async fn put(api: &Api, key: &FileKey, film: &Spooled, playable: Playable) -> Result<MediaFile, Error> {
    let file = film.open().map_err(|error| Fault::because("opening a film", error))?;
    let n_bytes = api.files.put_from(key, Remade::new(file, playable.pieces)).await?;
    Ok(MediaFile {
        key: key.to_string(),
        media_type: playable.kept.media_type().to_owned(),
        n_bytes: i64::try_from(n_bytes).unwrap_or(i64::MAX),
        width: playable.size.map(|(width, _)| width),
        height: playable.size.map(|(_, height)| height),
    })
}
