//! People as clients see them.

use phiomia_model::{AccountId, QuotePolicy, Visibility};
use serde::Serialize;

use super::approval::FeatureApproval;
use super::custom_emoji::CustomEmoji;
use super::role::{AccountRole, Role};
use super::scalar::{IsoDay, IsoMillis};
use super::written::{self, Written};

/// Somebody's profile as anybody may see it.
/// Source: <https://docs.joinmastodon.org/entities/Account/>.
#[derive(Serialize, Debug, Clone)]
pub struct Account {
    /// Identifier, a string to clients. Since 0.1.0.
    pub id: AccountId,
    /// Name without the domain. Since 0.1.0.
    pub username: String,
    /// Handle: bare for local, name@domain for remote. Since 0.1.0.
    pub acct: String,
    /// Address of its web page. `null` where a remote account tells none. Since 0.1.0.
    pub url: Option<String>,
    /// Its ActivityPub id. Since 4.2.0.
    pub uri: String,
    /// Shown name. Since 0.1.0.
    pub display_name: String,
    /// Bio as HTML. Since 0.1.0.
    pub note: String,
    /// Picture. Since 0.1.0.
    pub avatar: String,
    /// The picture, not animated. Since 1.1.2.
    pub avatar_static: String,
    /// Alt text of the picture. Since 4.6.0.
    pub avatar_description: String,
    /// Banner; a placeholder address when unset. Since 0.1.0.
    pub header: String,
    /// The banner, not animated. Since 1.1.2.
    pub header_static: String,
    /// Alt text of the banner. Since 4.6.0.
    pub header_description: String,
    /// Follow requests need approval. Since 0.1.0.
    pub locked: bool,
    /// Name–value pairs on the profile. Since 2.4.0.
    pub fields: Vec<Field>,
    /// Custom emoji used in its texts. Since 2.4.0.
    pub emojis: Vec<CustomEmoji>,
    /// Automated account. Since 2.4.0.
    pub bot: bool,
    /// Group actor. Since 3.1.0.
    pub group: bool,
    /// May be shown in discovery. `null` while undecided. Since 3.1.0.
    pub discoverable: Option<bool>,
    /// Public posts may be found by anyone's search. Since 4.3.0.
    pub indexable: bool,
    /// Opted out of search engines. Left out for people elsewhere. Since 4.0.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noindex: Option<bool>,
    /// Account it moved to. Left out where it did not move, and within another account's `moved`. Since 2.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Written<Account>>,
    /// In memory of somebody. Left out unless true. Since 4.2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memorial: Option<bool>,
    /// Suspended. Left out unless true. Since 3.3.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended: Option<bool>,
    /// Limited by moderators: warn before showing. Left out unless true. Since 3.5.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limited: Option<bool>,
    /// When it was made. Since 0.1.0.
    pub created_at: IsoMillis,
    /// UTC day of the newest post known. `null` without one. Since 3.0.0.
    pub last_status_at: Option<IsoDay>,
    /// Number of posts. Since 0.1.0.
    pub statuses_count: i64,
    /// Number of followers. Since 0.1.0.
    pub followers_count: i64,
    /// Number followed. Since 0.1.0.
    pub following_count: i64,
    /// Hides whom it follows and who follows it. `null` where unknown. Since 4.3.0.
    pub hide_collections: Option<bool>,
    /// Wants a media tab. Since 4.6.0.
    pub show_media: bool,
    /// Media tab includes replies. Since 4.6.0.
    pub show_media_replies: bool,
    /// Wants a featured tab. Since 4.6.0.
    pub show_featured: bool,
    /// Highlighted roles. Left out for people elsewhere. Since 4.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<AccountRole>>,
    /// Who may put it into collections, and may I. Since 4.6.0.
    pub feature_approval: FeatureApproval,
    /// Whether the profile can be followed by e-mail. Left out where the server does not offer it. Since 4.6.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_subscriptions: Option<bool>,
    /// Its handle is known to belong to another account now. Left out unless true. Since 4.7.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid_handle: Option<bool>,
}

/// An account that the viewer mutes.
/// Source: <https://docs.joinmastodon.org/entities/Account/#MutedAccount>.
#[derive(Serialize, Debug, Clone)]
pub struct MutedAccount {
    /// The muted account.
    #[serde(flatten, serialize_with = "written::flat")]
    pub account: Written<Account>,
    /// When the mute ends. `null`: never. Since 3.3.0.
    pub mute_expires_at: Option<IsoMillis>,
}

/// The account that asks, with its raw profile, its posting defaults and its role.
/// Source: <https://docs.joinmastodon.org/entities/Account/#CredentialAccount>.
#[derive(Serialize, Debug, Clone)]
pub struct CredentialAccount {
    /// What anybody may see.
    #[serde(flatten, serialize_with = "written::flat")]
    pub account: Written<Account>,
    /// Raw profile and posting defaults. Since 2.4.0.
    pub source: CredentialSource,
    /// Role with its rights. Since 4.0.0.
    pub role: Role,
}

/// Raw profile and posting defaults, for an editor.
/// Source: <https://docs.joinmastodon.org/entities/Account/#CredentialAccount>.
#[derive(Serialize, Debug, Clone)]
pub struct CredentialSource {
    /// Sites that may credit this account. Since 4.4.0.
    pub attribution_domains: Vec<String>,
    /// Bio as plain text. Since 1.5.0.
    pub note: String,
    /// Fields as plain text. Since 2.4.0.
    pub fields: Vec<Field>,
    /// Default visibility. Since 1.5.0.
    pub privacy: Visibility,
    /// Default sensitivity. Since 1.5.0.
    pub sensitive: bool,
    /// Default language, an ISO 639 code. `null`: the interface's language. Since 2.4.2.
    pub language: Option<String>,
    /// Waiting follow requests. Since 3.0.0.
    pub follow_requests_count: i64,
    /// Hides whom it follows and who follows it. `null` while undecided. Since 4.1.0.
    pub hide_collections: Option<bool>,
    /// May be shown in discovery. `null` while undecided. Since 3.1.0.
    pub discoverable: Option<bool>,
    /// Public posts may be found by anyone's search. Since 4.3.0.
    pub indexable: bool,
    /// Default for who may quote. Since 4.5.0.
    pub quote_policy: QuotePolicy,
}

/// The little that is needed to draw somebody's avatar in a group of notifications.
/// Source: <https://docs.joinmastodon.org/methods/grouped_notifications/#PartialAccountWithAvatar>.
#[derive(Serialize, Debug, Clone)]
pub struct PartialAccountWithAvatar {
    /// Identifier, a string to clients. Since 4.3.0.
    pub id: AccountId,
    /// Handle: bare for local, name@domain for remote. Since 4.3.0.
    pub acct: String,
    /// Address of its web page. Since 4.3.0.
    pub url: String,
    /// Picture. Since 4.3.0.
    pub avatar: String,
    /// The picture, not animated. Since 4.3.0.
    pub avatar_static: String,
    /// Alt text of the picture. Since 4.6.0.
    pub avatar_description: String,
    /// Follow requests need approval. Since 4.3.0.
    pub locked: bool,
    /// Automated account. Since 4.3.0.
    pub bot: bool,
}

/// A name–value pair on a profile.
/// Source: <https://docs.joinmastodon.org/entities/Account/#Field>.
#[derive(Serialize, Debug, Clone)]
pub struct Field {
    /// Label. Since 2.4.0.
    pub name: String,
    /// HTML value. Since 2.4.0.
    pub value: String,
    /// When the page behind the value was seen to link back. `null`: not verified. Since 2.6.0.
    pub verified_at: Option<IsoMillis>,
}
