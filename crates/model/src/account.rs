//! People: what a profile holds and what may be changed about it.

use serde::{Deserialize, Serialize};

use crate::media::MediaFile;
use crate::status::{QuotePolicy, Visibility};
use crate::time::Time;

/// A name–value pair on a profile; the value as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Label.
    pub name: String,
    /// Raw value for local people, HTML for remote ones.
    pub value: String,
    /// When the page behind the value was seen to link back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Time>,
}

/// Somebody whom a profile names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileMention {
    /// As written: `bob`, `bob@example.org`.
    pub handle: String,
    /// The name to show, without `@`.
    pub username: String,
    /// Their page.
    pub url: String,
}

/// What was seen of fields before holds for those with the same value.
pub fn keep_verified(fields: &mut [Field], before: &[Field]) {
    for field in fields {
        let same = before.iter().find(|known| known.value == field.value);
        field.verified_at = field.verified_at.or(same.and_then(|known| known.verified_at));
    }
}

/// A picture of somebody here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfilePicture {
    /// The picture.
    pub file: MediaFile,
    /// One that does not move, where the picture does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub still: Option<MediaFile>,
    /// Alt text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl ProfilePicture {
    /// Its files on the shelf.
    pub fn files(&self) -> impl Iterator<Item = &MediaFile> {
        std::iter::once(&self.file).chain(&self.still)
    }
}

/// What becomes of a picture of somebody; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct PictureEdit {
    /// Another picture; `Some(None)` for none.
    pub picture: Option<Option<ProfilePicture>>,
    /// Alt text.
    pub description: Option<String>,
}

/// Which parts of a profile its owner wants to be shown. All of them, when nothing was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownTabs {
    /// A tab of posts with media.
    pub media: bool,
    /// Answers with media stand there, too.
    pub media_replies: bool,
    /// A tab of what is featured.
    pub featured: bool,
}

impl Default for ShownTabs {
    fn default() -> ShownTabs {
        ShownTabs { media: true, media_replies: true, featured: true }
    }
}

/// What somebody changes about their own profile and posting defaults; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileEdit {
    /// Shown name.
    pub display_name: Option<String>,
    /// Bio as typed.
    pub note: Option<String>,
    /// All fields, in order.
    pub fields: Option<Vec<Field>>,
    /// Follow requests need approval.
    pub is_locked: Option<bool>,
    /// Automated account.
    pub is_bot: Option<bool>,
    /// May be shown in discovery.
    pub is_discoverable: Option<bool>,
    /// Public posts may be found by anyone's search.
    pub is_indexable: Option<bool>,
    /// Does not show whom it follows and who follows it.
    pub hides_collections: Option<bool>,
    /// The profile has a tab of posts with media.
    pub shows_media: Option<bool>,
    /// Answers with media stand there, too.
    pub shows_media_replies: Option<bool>,
    /// The profile has a tab of what is featured.
    pub shows_featured: Option<bool>,
    /// Sites that may credit the account.
    pub attribution_domains: Option<Vec<String>>,
    /// The square one.
    pub avatar: PictureEdit,
    /// The broad one.
    pub header: PictureEdit,
    /// Default visibility.
    pub default_visibility: Option<Visibility>,
    /// Default sensitivity.
    pub default_sensitive: Option<bool>,
    /// Default language; `Some(None)` for none.
    pub default_language: Option<Option<String>>,
    /// Default for who may quote.
    pub default_quote_policy: Option<QuotePolicy>,
}
