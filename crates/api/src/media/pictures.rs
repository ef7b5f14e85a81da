//! Pictures of people.

use phiomia_media::Purpose;
use phiomia_model::{AccountId, Error, account::ProfilePicture};
use phiomia_social::media as verbs;
use phiomia_store::files::FileKind;

use super::{Shelved, made, random};
use crate::{gate::Upload, state::Api};

/// Where a picture hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The square one.
    Avatar,
    /// The broad one.
    Header,
}

/// The picture that came, on the shelf; if nobody hangs it, its files go again.
///
/// # Errors
/// What is wrong with it (`422`), or a fault.
pub(crate) async fn taken(
    api: &Api,
    me: AccountId,
    file: Option<&Upload>,
    place: Place,
) -> Result<Option<ProfilePicture>, Error> {
    let Some(file) = file else { return Ok(None) };
    let (purpose, kind) = match place {
        Place::Avatar => (Purpose::Avatar, FileKind::Avatar),
        Place::Header => (Purpose::Header, FileKind::Header),
    };
    let made = made(api, file, purpose).await?;
    let random = random(api)?;
    let shown = Shelved::of(kind, random, "original", made.original)?;
    let still = made.still.map(|version| Shelved::of(kind, random, "static", version)).transpose()?;
    let keys: Vec<String> = std::iter::once(&shown).chain(&still).map(|file| file.key.to_string()).collect();
    api.db.write(move |tx| verbs::begin_picture(tx, me, &keys)).await?;
    let file = shown.put(api).await?;
    let still = match still {
        Some(still) => Some(still.put(api).await?),
        None => None,
    };
    Ok(Some(ProfilePicture { file, still, description: String::new() }))
}
