//! Uploads: kept, described, attached to posts, and gone when nobody needs them.

use std::time::Duration;

use phiomia_model::{
    AccountId, Error, Job, MediaId, Noun, Refusal, StatusId, Time,
    account::ProfilePicture,
    limits::LIMITS,
    media::{Colors, Media, MediaFile, MediaKind, MediaWords, Playing, Unfinished},
};
use phiomia_store::{
    Query, Tx,
    db::{
        accounts,
        media::{self as rows, MediaRow},
    },
};

/// How long an upload waits for its post, as in Mastodon.
const LOOSE_LIFE: Duration = Duration::from_secs(24 * 3_600);
/// After this an upload that began is there, or will not come: its files are looked after.
const UPLOAD_LIFE: Duration = Duration::from_secs(3_600);
/// How long the `Idempotency-Key` of an upload is remembered.
const KEY_LIFE: Duration = Duration::from_secs(3_600);
/// Uploads that one run takes away.
const BATCH: i64 = 200;

/// Says that files are about to be put on the shelf. If their upload does not come, they go again.
///
/// # Errors
/// The database failed.
pub fn begin(tx: &Tx<'_>, keys: &[String]) -> Result<MediaId, Error> {
    let media = MediaId(tx.new_id());
    begin_again(tx, media, keys)?;
    Ok(media)
}

/// Says that another file of an upload is about to be put on the shelf.
///
/// # Errors
/// The database failed.
pub fn begin_again(tx: &Tx<'_>, media: MediaId, keys: &[String]) -> Result<(), Error> {
    tx.enqueue_at(&Job::CheckUpload { media, keys: keys.to_vec() }, tx.now().plus(UPLOAD_LIFE))?;
    Ok(())
}

/// Puts another small picture in the place of the one there is, whose file goes.
///
/// # Errors
/// As [`describe`].
pub fn replace_preview(
    tx: &Tx<'_>,
    me: AccountId,
    id: MediaId,
    poster: Poster,
    words: &MediaWords,
) -> Result<Media, Error> {
    let mut row = own(tx, me, id)?;
    say(&mut row.media, words)?;
    if let Some(old) = poster.stand_for(&mut row.media) {
        tx.enqueue(&Job::DropFiles { keys: vec![old.key] })?;
    }
    rows::write(tx, &row.media)?;
    Ok(row.media)
}

/// What somebody's key gave within the last hour.
///
/// # Errors
/// The database failed.
pub fn given_before(q: &Query<'_>, me: AccountId, key: &str, now: Time) -> Result<Option<Media>, Error> {
    Ok(rows::keyed(q, me, key, now.minus(KEY_LIFE))?.map(|row| row.media))
}

/// Keeps an upload whose files are on the shelf. One that browsers cannot play yet is left to be converted. If the same
/// upload came meanwhile, by its key, that one is given, and the files of this one go again.
///
/// # Errors
/// The database failed.
pub fn keep(tx: &Tx<'_>, me: AccountId, media: &Media, key: Option<&str>) -> Result<Media, Error> {
    rows::insert(tx, me, media)?;
    if let Some(key) = key
        && !rows::claim(tx, me, key, media.id, tx.now().minus(KEY_LIFE))?
        && let Some(other) = given_before(tx, me, key, tx.now())?
    {
        rows::delete(tx, media.id)?;
        return Ok(other);
    }
    if media.unfinished == Some(Unfinished::Waiting) {
        tx.enqueue(&Job::ConvertMedia { media: media.id })?;
    }
    Ok(media.clone())
}

/// An upload that is to be converted. `None`: it was, or nobody wants it any more.
///
/// # Errors
/// The database failed.
pub fn waiting(q: &Query<'_>, id: MediaId) -> Result<Option<Media>, Error> {
    let media = rows::find(q, id)?.map(|row| row.media);
    Ok(media.filter(|media| media.unfinished == Some(Unfinished::Waiting)))
}

/// A picture that stands for an upload.
#[derive(Clone, Debug)]
pub struct Poster {
    /// Its file.
    pub file: MediaFile,
    /// Its placeholder.
    pub blurhash: Option<String>,
    /// Its colours.
    pub colors: Option<Colors>,
}

impl Poster {
    /// Puts it in the place of the one there is, which is given back.
    fn stand_for(self, media: &mut Media) -> Option<MediaFile> {
        (media.blurhash, media.colors) = (self.blurhash, self.colors);
        media.preview.replace(self.file)
    }
}

/// What came of an upload.
#[derive(Clone, Debug)]
pub struct Converted {
    /// What it is now.
    pub kind: MediaKind,
    /// Its file.
    pub original: MediaFile,
    /// A picture of it.
    pub poster: Option<Poster>,
    /// What else is known of it.
    pub playing: Playing,
}

/// Puts what came of an upload into its place; what came goes. Nobody wants it any more: its files go.
///
/// # Errors
/// The database failed.
pub fn converted(tx: &Tx<'_>, id: MediaId, made: Converted) -> Result<(), Error> {
    let mut gone = Vec::new();
    if let Some(mut media) = waiting(tx, id)? {
        gone.push(std::mem::replace(&mut media.original, made.original).key);
        match made.poster {
            Some(poster) if media.preview.is_none() => drop(poster.stand_for(&mut media)),
            // One was given meanwhile.
            poster => gone.extend(poster.map(|poster| poster.file.key)),
        }
        (media.kind, media.playing, media.unfinished) = (made.kind, Some(made.playing), None);
        rows::write(tx, &media)?;
    } else {
        gone.push(made.original.key);
        gone.extend(made.poster.map(|poster| poster.file.key));
    }
    Ok(tx.enqueue(&Job::DropFiles { keys: gone })?)
}

/// Says why nothing came of an upload. A picture that moves stays what it was.
///
/// # Errors
/// The database failed.
pub fn unconverted(tx: &Tx<'_>, id: MediaId, why: String) -> Result<(), Error> {
    let Some(mut media) = waiting(tx, id)? else { return Ok(()) };
    if media.kind == MediaKind::Gifv {
        (media.kind, media.unfinished) = (MediaKind::Image, None);
    } else {
        media.unfinished = Some(Unfinished::Failed(why));
        tx.enqueue(&Job::DropFiles { keys: vec![media.original.key.clone()] })?;
    }
    Ok(rows::write(tx, &media)?)
}

/// Says that files of a picture of `me` are about to be put on the shelf. If it is never hung, they go again.
///
/// # Errors
/// The database failed.
pub fn begin_picture(tx: &Tx<'_>, me: AccountId, keys: &[String]) -> Result<(), Error> {
    tx.enqueue_at(&Job::CheckPictures { account: me, keys: keys.to_vec() }, tx.now().plus(UPLOAD_LIFE))?;
    Ok(())
}

/// Which files of pictures do not hang. Part of [`Job::CheckPictures`].
///
/// # Errors
/// The database failed.
pub fn unhung(q: &Query<'_>, account: AccountId, keys: &[String]) -> Result<Vec<String>, Error> {
    let view = accounts::view(q, account)?;
    let pictures = view.iter().flat_map(|view| view.own_avatar.iter().chain(&view.own_header));
    let named: Vec<&str> = pictures.flat_map(ProfilePicture::files).map(|file| file.key.as_str()).collect();
    Ok(keys.iter().filter(|key| !named.contains(&key.as_str())).cloned().collect())
}

/// Which files of an upload that began belong to nobody. Part of [`Job::CheckUpload`].
///
/// # Errors
/// The database failed.
pub fn abandoned(q: &Query<'_>, media: MediaId, keys: &[String]) -> Result<Vec<String>, Error> {
    let row = rows::find(q, media)?;
    let named: Vec<&str> = row.iter().flat_map(|row| row.media.files()).map(|file| file.key.as_str()).collect();
    Ok(keys.iter().filter(|key| !named.contains(&key.as_str())).cloned().collect())
}

/// One of `me`'s uploads that belongs to no post yet.
///
/// # Errors
/// Refused when it is not there, not `me`'s or attached (`404`).
pub fn own(q: &Query<'_>, me: AccountId, id: MediaId) -> Result<MediaRow, Error> {
    let found = rows::find(q, id)?.filter(|row| row.account == me && row.status.is_none());
    found.ok_or_else(|| Refusal::NotFound(Noun::Record).into())
}

/// Says something of an upload.
///
/// # Errors
/// Refused as by [`own`], and for a description that is too long (`422`).
pub fn describe(tx: &Tx<'_>, me: AccountId, id: MediaId, words: &MediaWords) -> Result<Media, Error> {
    let mut row = own(tx, me, id)?;
    say(&mut row.media, words)?;
    rows::write(tx, &row.media)?;
    Ok(row.media)
}

/// Takes an upload away, with its files.
///
/// # Errors
/// Refused as by [`own`]; in use by a post that waits (`422`).
pub fn discard(tx: &Tx<'_>, me: AccountId, id: MediaId) -> Result<(), Error> {
    let row = own(tx, me, id)?;
    if row.scheduled.is_some() {
        return Err(Refusal::Invalid("Media attachment is currently used by a status".to_owned()).into());
    }
    drop_rows(tx, &[row])
}

/// Writes words into what an upload is.
///
/// # Errors
/// A description that is too long (`422`).
pub fn say(media: &mut Media, words: &MediaWords) -> Result<(), Refusal> {
    if let Some(description) = &words.description {
        let description = description.trim();
        let most = LIMITS.description_characters;
        if phiomia_text::length(description) > most {
            return Err(Refusal::validation(&format!("Description is too long (maximum is {most} characters)")));
        }
        media.description = (!description.is_empty()).then(|| description.to_owned());
    }
    if let Some((x, y)) = words.focus {
        let within = |part: f64| if part.is_finite() { part.clamp(-1.0, 1.0) } else { 0.0 };
        media.focus = Some((within(x), within(y)));
    }
    Ok(())
}

/// The uploads that a post of `me` wants, in its order; those of `status` already may stay.
///
/// # Errors
/// In Mastodon's words, `422`: too many, not there, or films among pictures.
pub(crate) fn wanted(
    q: &Query<'_>,
    me: AccountId,
    ids: &[MediaId],
    status: Option<StatusId>,
) -> Result<Vec<Media>, Error> {
    if ids.len() > LIMITS.attachments {
        return Err(Refusal::validation(&format!("Cannot attach more than {} files", LIMITS.attachments)).into());
    }
    let found = rows::find_all(q, ids)?;
    let is_free = |row: &&MediaRow| {
        row.account == me && row.scheduled.is_none() && (row.status.is_none() || row.status == status)
    };
    let find = |id: &MediaId| found.iter().filter(is_free).find(|row| row.media.id == *id).map(|row| row.media.clone());
    let missing: Vec<String> = ids.iter().filter(|id| find(id).is_none()).map(ToString::to_string).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(
            Refusal::validation(&format!("Media {missing} not found or already attached to another post")).into()
        );
    }
    let mut media: Vec<Media> = Vec::with_capacity(ids.len());
    for one in ids.iter().filter_map(find) {
        if media.iter().all(|known| known.id != one.id) {
            media.push(one);
        }
    }
    if media.len() > 1 && media.iter().any(|one| matches!(one.kind, MediaKind::Video | MediaKind::Audio)) {
        return Err(Refusal::validation("Cannot attach a video to a post that already contains images").into());
    }
    for one in &media {
        match &one.unfinished {
            None => {}
            Some(Unfinished::Failed(why)) => return Err(Refusal::validation(why).into()),
            Some(Unfinished::Waiting) => {
                let not_ready = "Cannot attach files that have not finished processing. Try again in a moment!";
                return Err(Refusal::validation(not_ready).into());
            }
        }
    }
    Ok(media)
}

/// Takes away uploads that no post came for, and keys whose time is over. Part of [`Job::Tidy`].
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Error> {
    rows::forget_keys(tx, tx.now().minus(KEY_LIFE))?;
    let old = rows::loose(tx, tx.now().minus(LOOSE_LIFE), BATCH)?;
    drop_rows(tx, &old)
}

/// Takes away what an account uploaded, a batch a run; whether there is more.
///
/// # Errors
/// The database failed.
pub fn sweep(tx: &Tx<'_>, account: AccountId) -> Result<bool, Error> {
    let batch = rows::of_account(tx, account, BATCH)?;
    drop_rows(tx, &batch)?;
    Ok(!batch.is_empty())
}

/// Takes away what is attached to a post.
pub(crate) fn drop_of(tx: &Tx<'_>, status: StatusId) -> Result<(), Error> {
    drop_rows(tx, &rows::of_status(tx, status)?)
}

/// The rows go now and the files when that is committed: a file without a row is found again, a row without a file not.
fn drop_rows(tx: &Tx<'_>, gone: &[MediaRow]) -> Result<(), Error> {
    if gone.is_empty() {
        return Ok(());
    }
    for row in gone {
        rows::delete(tx, row.media.id)?;
    }
    let keys = gone.iter().flat_map(|row| row.media.files()).map(|file| file.key.clone()).collect();
    tx.enqueue(&Job::DropFiles { keys })?;
    Ok(())
}
