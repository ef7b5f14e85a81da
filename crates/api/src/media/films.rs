//! Films and sounds: what browsers play is kept as it is, without what tells too much; what they do not play waits to be
//! converted, where there is a converter.

use bytes::Bytes;
use phiomia_media::{Picture, Piece, Playable, Purpose, Remade, Unfit};
use phiomia_model::{
    Error, Fault,
    media::{Media, MediaFile, MediaKind, Playing, Unfinished},
};
use phiomia_store::files::{FileKey, FileKind};
use phiomia_workshop::{Spoiled, Spooled};

use super::{Impression, Shelved, made, random, shelve, spoiled};
use crate::{
    gate::{Ask, Member, Upload},
    state::Api,
};

/// Longest sound that is drawn: all of it has to be decoded for that.
const MOST_DRAWN_MS: u64 = 20 * 60 * 1_000;

/// A film or a sound as it is about to be put on the shelf.
pub(super) struct Reel {
    pub(super) kind: MediaKind,
    /// The end of its name.
    pub(super) label: String,
    media_type: &'static str,
    size: Option<(u32, u32)>,
    pieces: Vec<Piece>,
    pub(super) playing: Option<Playing>,
    pub(super) cover: Option<Vec<u8>>,
}

impl Reel {
    /// One that browsers play.
    pub(super) fn playable(playable: Playable) -> Reel {
        Reel {
            kind: if playable.kept.is_film() { MediaKind::Video } else { MediaKind::Audio },
            label: format!("original.{}", playable.kept.extension()),
            media_type: playable.kept.media_type(),
            size: playable.size,
            pieces: playable.pieces,
            playing: Some(playable.playing),
            cover: playable.cover,
        }
    }

    /// One as it came. Under this name nothing is served.
    fn raw(kind: MediaKind, n_bytes: u64) -> Reel {
        Reel {
            kind,
            label: "source.bin".to_owned(),
            media_type: "application/octet-stream",
            size: None,
            pieces: vec![Piece::Copy(0, n_bytes)],
            playing: None,
            cover: None,
        }
    }

    /// When this returns, the file outlives a loss of power.
    pub(super) async fn put(self, api: &Api, key: &FileKey, film: &Spooled) -> Result<MediaFile, Error> {
        let file = film.open().map_err(|error| Fault::because("opening a film", error))?;
        let n_bytes = api.files.put_from(key, Remade::new(file, self.pieces)).await?;
        Ok(MediaFile {
            key: key.to_string(),
            media_type: self.media_type.to_owned(),
            n_bytes: i64::try_from(n_bytes).unwrap_or(i64::MAX),
            width: self.size.map(|(width, _)| width),
            height: self.size.map(|(_, height)| height),
        })
    }
}

/// Keeps a film or a sound; what stands for it is the thumbnail that came along, the picture that a sound carries, or
/// the first one of a film.
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
    let reel = reel(api, film).await?;
    let poster = match thumbnail {
        Some(thumbnail) => Some(made(api, thumbnail, Purpose::Thumbnail).await?),
        None => poster(api, film, &reel).await,
    };
    let random = random(api)?;
    let key = FileKey::new(FileKind::Media, random, &reel.label)?;
    let (preview, impression) = poster.map(|poster| Shelved::poster(random, poster)).transpose()?.unzip();
    let Impression { blurhash, colors } = impression.unwrap_or_default();
    let said = Media {
        kind: reel.kind,
        playing: reel.playing.clone(),
        unfinished: reel.playing.is_none().then_some(Unfinished::Waiting),
        blurhash,
        colors,
        ..said
    };
    shelve(ask, &key, async || reel.put(api, &key, film).await, preview, said).await
}

/// What a file is, and whether it is kept as it is.
async fn reel(api: &Api, film: &Spooled) -> Result<Reel, Error> {
    match api.workshop.film(film).await {
        Ok(playable) => return Ok(Reel::playable(playable)),
        Err(Spoiled::Unfit(Unfit::Foreign { .. })) if api.workshop.converter().await.is_some() => {}
        Err(why) => return Err(spoiled(why)),
    }
    // What cannot be converted is refused now; what can be says so later.
    let foreign = api.workshop.foreign(film).await.map_err(spoiled)?;
    let kind = if foreign.film.is_some() { MediaKind::Video } else { MediaKind::Audio };
    Ok(Reel::raw(kind, film.size_bytes()))
}

/// A picture that cannot be read or made is no reason not to take the file.
async fn poster(api: &Api, film: &Spooled, reel: &Reel) -> Option<Picture> {
    reel.playing.as_ref()?;
    match &reel.cover {
        Some(cover) => api.workshop.picture(Bytes::from(cover.clone()), Purpose::Thumbnail).await.ok(),
        None if reel.kind == MediaKind::Video => first_picture(api, film).await,
        None => wave(api, film, reel.playing.as_ref()?.duration_ms).await,
    }
}

/// How a sound looks that has no picture, where there is a program that draws it; not of those that take long.
pub(super) async fn wave(api: &Api, sound: &Spooled, duration_ms: u64) -> Option<Picture> {
    api.workshop.converter().await.filter(|_| duration_ms <= MOST_DRAWN_MS)?;
    api.workshop.wave(sound).await.ok()
}

/// The first picture of a film, as far as somebody makes it: the program of others, which knows all kinds and their
/// colours, or else our own decoders.
pub(super) async fn first_picture(api: &Api, film: &Spooled) -> Option<Picture> {
    if api.workshop.converter().await.is_some()
        && let Ok(picture) = api.workshop.poster(film, true).await
    {
        return Some(picture);
    }
    api.workshop.first_picture(film).await.ok()
}
