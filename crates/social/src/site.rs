//! Pictures that stand for the server itself: in lists of servers, and on the home screens of people who put it there.

use std::time::Duration;

use phiomia_media::Picture;
use phiomia_model::{
    Error, Event, Fault, Job,
    media::{MediaFile, SitePicture},
};
use phiomia_store::{
    Entropy, Tx,
    db::settings,
    files::{FileKey, FileKind, Files},
};

/// Pages that are open somewhere show an old picture for this long.
const GOODBYE: Duration = Duration::from_secs(86_400);

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteKind {
    /// The broad one.
    Thumbnail,
    /// The square one.
    Icon,
}

impl SiteKind {
    /// Its name among the settings.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            SiteKind::Thumbnail => "thumbnail",
            SiteKind::Icon => "icon",
        }
    }

    /// Its sizes in pixels, as Mastodon has them, the smallest first.
    #[must_use]
    pub const fn sizes(self) -> &'static [(u32, u32)] {
        match self {
            SiteKind::Thumbnail => &[(1_200, 630), (2_400, 1_260)],
            SiteKind::Icon => {
                &[(36, 36), (48, 48), (72, 72), (96, 96), (144, 144), (192, 192), (256, 256), (384, 384), (512, 512)]
            }
        }
    }
}

/// Puts the sizes of a picture on the shelf.
///
/// # Errors
/// A fault of the shelf.
pub async fn shelve(files: &Files, entropy: &Entropy, made: Vec<Picture>) -> Result<SitePicture, Error> {
    let mut random = [0_u8; 16];
    entropy.fill(&mut random)?;
    let random = u128::from_be_bytes(random);
    let blurhash = made.first().and_then(|picture| picture.blurhash.clone());
    let mut kept = Vec::new();
    for Picture { original, .. } in made {
        let label = format!("{}x{}.{}", original.width, original.height, original.format.extension());
        let key = FileKey::new(FileKind::Site, random, &label)?;
        kept.push(MediaFile {
            key: key.to_string(),
            media_type: original.format.media_type().to_owned(),
            n_bytes: i64::try_from(original.bytes.len()).unwrap_or(i64::MAX),
            width: Some(original.width),
            height: Some(original.height),
        });
        files.put(&key, original.bytes).await?;
    }
    Ok(SitePicture { files: kept, blurhash })
}

/// Shows a picture from now on, or none; the one before goes after a day. Caches hear of it as of any setting.
///
/// # Errors
/// The database failed.
pub fn show(tx: &Tx<'_>, kind: SiteKind, picture: Option<&SitePicture>) -> Result<(), Error> {
    let old = settings::get(tx, kind.word())?.and_then(|json| serde_json::from_str::<SitePicture>(&json).ok());
    if let Some(old) = old {
        let keys = old.files.into_iter().map(|file| file.key).collect();
        tx.enqueue_at(&Job::DropFiles { keys }, tx.now().plus(GOODBYE))?;
    }
    let json = picture.map(serde_json::to_string).transpose();
    let json = json.map_err(|e| Fault::because("writing the sizes of a picture", e))?;
    settings::set(tx, kind.word(), json.as_deref().unwrap_or_default())?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}
