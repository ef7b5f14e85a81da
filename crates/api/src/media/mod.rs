//! Uploads: `/api/v1|v2/media`.

pub mod convert;
mod films;
pub(crate) mod pictures;
pub mod proxy;

use std::time::Duration;

use http::StatusCode;
use phiomia_mastodon::form::{Text, filled};
use phiomia_media::{Format, Picture, Purpose, Version};
use phiomia_model::{
    Error, MediaId, Noun, Refusal,
    media::{Colors, Media, MediaFile, MediaKind, MediaWords, Unfinished},
};
use phiomia_social::media as verbs;
use phiomia_store::files::{FileKey, FileKind};
use phiomia_workshop::Spoiled;
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Member, Upload, json},
    render,
    state::Api,
    statuses::idempotency_key,
};

/// How often it is looked whether an upload was converted.
const LOOK: Duration = Duration::from_millis(250);
/// How long a request waits for that: fronts give up after a minute.
const PATIENCE: Duration = Duration::from_secs(50);

#[derive(Deserialize)]
struct Words {
    description: Option<Text>,
    #[serde(default, deserialize_with = "filled")]
    focus: Option<Text>,
}

impl Words {
    fn into_words(self) -> MediaWords {
        MediaWords {
            description: self.description.map(|text| text.0),
            focus: self.focus.and_then(|text| focus(&text.0)),
        }
    }
}

/// `0.5,-0.25`; what is no point is passed over, as in Mastodon.
pub(crate) fn focus(text: &str) -> Option<(f64, f64)> {
    let (x, y) = text.split_once(',')?;
    Some((x.trim().parse().ok()?, y.trim().parse().ok()?))
}

/// `POST /api/v2/media`. What has to be converted is not ready when this answers: `202`.
pub async fn create(ask: Ask<Member>) -> Answer {
    let media = created(&ask).await?;
    answer(&media, &ask.api, StatusCode::ACCEPTED)
}

/// `POST /api/v1/media`: waits for what has to be converted, as long as fronts wait for an answer.
pub async fn create_and_wait(ask: Ask<Member>) -> Answer {
    let media = created(&ask).await?;
    let (id, me) = (media.id, ask.me.account);
    let done = async {
        loop {
            tokio::time::sleep(LOOK).await;
            let row = ask.api.db.read(move |q| verbs::own(q, me, id)).await?;
            if row.media.unfinished != Some(Unfinished::Waiting) {
                return Ok::<Media, Error>(row.media);
            }
        }
    };
    let media = match &media.unfinished {
        Some(_) => tokio::time::timeout(PATIENCE, done).await.unwrap_or(Ok(media))?,
        None => media,
    };
    answer(&media, &ask.api, StatusCode::ACCEPTED)
}

async fn created(ask: &Ask<Member>) -> Result<Media, Error> {
    // Whoever does not know whether it arrived sends it once more.
    if let Some(key) = idempotency_key(ask) {
        let (me, now) = (ask.me.account, ask.api.now());
        if let Some(known) = ask.api.db.read(move |q| verbs::given_before(q, me, &key, now)).await? {
            return Ok(known);
        }
    }
    let words = ask.decode::<Words>()?.into_words();
    let file = ask.upload("file").ok_or_else(|| Refusal::validation("File can't be blank"))?;
    // Refused before anything is decoded.
    let mut said = placeholder();
    verbs::say(&mut said, &words)?;
    if let Some(film) = &file.film {
        return films::create(ask, film, ask.upload("thumbnail"), said).await;
    }
    let made = made(&ask.api, file, Purpose::Attachment).await?;
    let thumbnail = match ask.upload("thumbnail") {
        Some(thumbnail) => Some(self::made(&ask.api, thumbnail, Purpose::Thumbnail).await?),
        None => None,
    };
    let random = random(&ask.api)?;
    // What stands for it says what it looks like.
    let impression = Impression::of(thumbnail.as_ref().unwrap_or(&made));
    let thumbnail = thumbnail.map(|thumbnail| thumbnail.original);
    let is_moving_gif = made.still.is_some() && made.original.format == Format::Gif;
    let original = Shelved::new(random, "original", made.original)?;
    let preview = thumbnail.or(made.preview).map(|version| Shelved::new(random, "small", version)).transpose()?;
    // As a film it is a tenth of the bytes.
    let becomes_film = is_moving_gif && ask.api.workshop.converter().await.is_some();
    let said = Media {
        kind: if becomes_film { MediaKind::Gifv } else { MediaKind::Image },
        unfinished: becomes_film.then_some(Unfinished::Waiting),
        blurhash: impression.blurhash,
        colors: impression.colors,
        ..said
    };
    let (api, key) = (ask.api.clone(), original.key.clone());
    shelve(ask, &key, async move || original.put(&api).await, preview, said).await
}

/// An upload of somebody, `unready` while it is being converted; why it could not be is told once and again.
fn answer(media: &Media, api: &Api, unready: StatusCode) -> Answer {
    let reply = json(&render::media(media, &api.addresses))?;
    match &media.unfinished {
        None => Ok(reply),
        Some(Unfinished::Waiting) => Ok(reply.status(unready)),
        Some(Unfinished::Failed(why)) => Err(Refusal::validation(why).into()),
    }
}

/// Keeps an upload: says which files are about to come, puts them on the shelf, and writes the row that has them.
async fn shelve(
    ask: &Ask<Member>,
    key: &FileKey,
    put: impl AsyncFnOnce() -> Result<MediaFile, Error>,
    preview: Option<Shelved>,
    said: Media,
) -> Result<Media, Error> {
    let api = &ask.api;
    let keys = [Some(key), preview.as_ref().map(|file| &file.key)].into_iter().flatten();
    let keys: Vec<String> = keys.map(FileKey::to_string).collect();
    let id = api.db.write(move |tx| verbs::begin(tx, &keys)).await?;
    let original = put().await?;
    let preview = match preview {
        Some(preview) => Some(preview.put(api).await?),
        None => None,
    };
    let media = Media { id, original, preview, ..said };
    let (me, key) = (ask.me.account, idempotency_key(ask));
    api.db.write(move |tx| verbs::keep(tx, me, &media, key.as_deref())).await
}

/// `GET /api/v1/media/:id`
pub async fn show(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<MediaId>(Noun::Record)?, ask.me.account);
    let row = ask.api.db.read(move |q| verbs::own(q, me, id)).await?;
    answer(&row.media, &ask.api, StatusCode::PARTIAL_CONTENT)
}

/// `PUT /api/v1/media/:id`
pub async fn update(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<MediaId>(Noun::Record)?, ask.me.account);
    let words = ask.decode::<Words>()?.into_words();
    let Some(thumbnail) = ask.upload("thumbnail") else {
        let media = ask.api.db.write(move |tx| verbs::describe(tx, me, id, &words)).await?;
        return answer(&media, &ask.api, StatusCode::PARTIAL_CONTENT);
    };
    ask.api.db.read(move |q| verbs::own(q, me, id)).await?;
    let made = made(&ask.api, thumbnail, Purpose::Thumbnail).await?;
    let (preview, impression) = Shelved::poster(random(&ask.api)?, made)?;
    let keys = vec![preview.key.to_string()];
    // Its files are looked after by the same job: a preview that no row names goes again.
    ask.api.db.write(move |tx| verbs::begin_again(tx, id, &keys)).await?;
    let poster = impression.poster(preview.put(&ask.api).await?);
    let media = ask.api.db.write(move |tx| verbs::replace_preview(tx, me, id, poster.clone(), &words)).await?;
    answer(&media, &ask.api, StatusCode::PARTIAL_CONTENT)
}

/// `DELETE /api/v1/media/:id`
pub async fn delete(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<MediaId>(Noun::Record)?, ask.me.account);
    ask.api.db.write(move |tx| verbs::discard(tx, me, id)).await?;
    json(&serde_json::json!({}))
}

/// What a file becomes, or why not.
pub(crate) async fn made(api: &Api, file: &Upload, purpose: Purpose) -> Result<Picture, Error> {
    api.workshop.picture(file.bytes.clone(), purpose).await.map_err(spoiled)
}

/// Why nothing came of a file, in Mastodon's words and then in ours.
fn spoiled(spoiled: Spoiled) -> Error {
    match spoiled {
        Spoiled::Broken(fault) => fault.into(),
        Spoiled::Unfit(phiomia_media::Unfit::UnknownKind) => {
            Refusal::validation("File content type is invalid, File is invalid").into()
        }
        Spoiled::Unfit(unfit) => Refusal::validation(&format!("File {unfit}")).into(),
    }
}

pub(crate) fn random(api: &Api) -> Result<u128, Error> {
    let mut bytes = [0_u8; 16];
    api.entropy.fill(&mut bytes)?;
    Ok(u128::from_be_bytes(bytes))
}

/// What a picture looks like from afar.
#[derive(Clone, Debug, Default)]
pub(crate) struct Impression {
    blurhash: Option<String>,
    colors: Option<Colors>,
}

impl Impression {
    fn of(picture: &Picture) -> Impression {
        Impression { blurhash: picture.blurhash.clone(), colors: picture.colors.clone() }
    }

    /// With its file, when that is on the shelf.
    fn poster(self, file: MediaFile) -> verbs::Poster {
        verbs::Poster { file, blurhash: self.blurhash, colors: self.colors }
    }
}

/// A file that is about to be put on the shelf.
pub(crate) struct Shelved {
    pub(crate) key: FileKey,
    version: Version,
}

impl Shelved {
    pub(crate) fn new(random: u128, label: &str, version: Version) -> Result<Shelved, Error> {
        Shelved::of(FileKind::Media, random, label, version)
    }

    /// A picture that stands for an upload.
    fn poster(random: u128, picture: Picture) -> Result<(Shelved, Impression), Error> {
        let impression = Impression::of(&picture);
        Ok((Shelved::new(random, "small", picture.original)?, impression))
    }

    pub(crate) fn of(kind: FileKind, random: u128, label: &str, version: Version) -> Result<Shelved, Error> {
        let key = FileKey::new(kind, random, &format!("{label}.{}", version.format.extension()))?;
        Ok(Shelved { key, version })
    }

    /// When this returns, the file outlives a loss of power.
    pub(crate) async fn put(self, api: &Api) -> Result<MediaFile, Error> {
        let Shelved { key, version } = self;
        let file = MediaFile {
            key: key.to_string(),
            media_type: version.format.media_type().to_owned(),
            n_bytes: i64::try_from(version.bytes.len()).unwrap_or(i64::MAX),
            width: Some(version.width),
            height: Some(version.height),
        };
        api.files.put(&key, version.bytes).await?;
        Ok(file)
    }
}

/// Nothing yet, for words to be written into.
fn placeholder() -> Media {
    let original = MediaFile { key: String::new(), media_type: String::new(), n_bytes: 0, width: None, height: None };
    Media {
        id: MediaId(0),
        kind: MediaKind::Unknown,
        original,
        preview: None,
        description: None,
        focus: None,
        blurhash: None,
        colors: None,
        playing: None,
        unfinished: None,
    }
}
