//! Posts as clients see them.

use phiomia_model::{AccountId, StatusId, Visibility};
use serde::Serialize;

use super::account::Account;
use super::approval::QuoteApproval;
use super::collection::Collection;
use super::custom_emoji::CustomEmoji;
use super::filter::FilterResult;
use super::media_attachment::MediaAttachment;
use super::poll::Poll;
use super::preview_card::PreviewCard;
use super::quote::StatusQuote;
use super::scalar::IsoMillis;
use super::tag::ShallowTag;
use super::written::Written;

/// A post, or a boost of one.
/// Source: <https://docs.joinmastodon.org/entities/Status/>.
#[derive(Serialize, Debug, Clone)]
pub struct Status {
    /// Identifier, a string to clients. Since 0.1.0.
    pub id: StatusId,
    /// Its ActivityPub id. Since 0.1.0.
    pub uri: String,
    /// When it was made. Since 0.1.0.
    pub created_at: IsoMillis,
    /// Its author; of a boost, who boosted. Since 0.1.0.
    pub account: Written<Account>,
    /// Its text as HTML; empty for a boost without one. Since 0.1.0.
    pub content: Written<String>,
    /// Public, unlisted, private or direct. Since 0.9.9.
    pub visibility: Visibility,
    /// Marked sensitive. Since 0.9.9.
    pub sensitive: bool,
    /// Content warning. Since 1.0.0.
    pub spoiler_text: String,
    /// Attached media. Since 0.6.0.
    pub media_attachments: Vec<MediaAttachment>,
    /// App it was written with. Left out where its author does not show it. Since 0.9.9.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<StatusApplication>,
    /// Mentioned accounts. Since 0.6.0.
    pub mentions: Written<Vec<Mention>>,
    /// Hashtags. Since 0.6.0.
    pub tags: Written<Vec<ShallowTag>>,
    /// Custom emoji used in its texts. Since 2.0.0.
    pub emojis: Written<Vec<CustomEmoji>>,
    /// Boosts. Since 0.1.0.
    pub reblogs_count: i64,
    /// Favourites. Since 0.1.0.
    pub favourites_count: i64,
    /// Accepted quotes. Since 4.5.0.
    pub quotes_count: i64,
    /// Replies known. Since 2.5.0.
    pub replies_count: i64,
    /// Web page. `null` without one. Since 0.1.0.
    pub url: Option<String>,
    /// Post answered. `null` without one. Since 0.1.0.
    pub in_reply_to_id: Option<StatusId>,
    /// Author answered. `null` without one. Since 0.1.0.
    pub in_reply_to_account_id: Option<AccountId>,
    /// Boosted post. `null` without one. Since 0.1.0.
    pub reblog: Option<Box<Status>>,
    /// Attached poll. `null` without one. Since 2.8.0.
    pub poll: Option<Poll>,
    /// Link preview. `null` without one. Since 2.6.0.
    pub card: Option<PreviewCard>,
    /// Language code. `null` without one. Since 1.4.0.
    pub language: Option<String>,
    /// Text as typed. Left out except in the answer to a deletion. Since 2.9.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Last edit. `null`: never edited. Since 3.5.0.
    pub edited_at: Option<IsoMillis>,
    /// What it quotes. `null` without one. Since 4.4.0.
    pub quote: Option<StatusQuote>,
    /// Who may quote, and may I. Since 4.5.0.
    pub quote_approval: QuoteApproval,
    /// I favourited it. Left out for anonymous viewers. Since 0.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favourited: Option<bool>,
    /// I boosted it. Left out for anonymous viewers. Since 0.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reblogged: Option<bool>,
    /// I muted its thread. Left out for anonymous viewers. Since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// I bookmarked it. Left out for anonymous viewers. Since 3.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bookmarked: Option<bool>,
    /// I pinned it. Left out except on own posts that can be pinned. Since 1.6.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    /// My filters that match. Left out for anonymous viewers. Since 4.0.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filtered: Option<Vec<FilterResult>>,
    /// Collections linked in the text. Since 4.6.0.
    pub tagged_collections: Vec<Collection>,
}

/// The app a post was written with.
#[derive(Serialize, Debug, Clone)]
pub struct StatusApplication {
    /// App's name. Since 0.9.9.
    pub name: String,
    /// App's page. `null` without one. Since 0.9.9.
    pub website: Option<String>,
}

/// Somebody mentioned in a post.
/// Source: <https://docs.joinmastodon.org/entities/Status/#Mention>.
#[derive(Serialize, Debug, Clone)]
pub struct Mention {
    /// Identifier, a string to clients. Since 0.6.0.
    pub id: AccountId,
    /// Name without the domain. Since 0.6.0.
    pub username: String,
    /// Web page. Since 0.6.0.
    pub url: String,
    /// Handle: bare for local, name@domain for remote. Since 0.6.0.
    pub acct: String,
}

/// What stands above and below a post.
/// Source: <https://docs.joinmastodon.org/entities/Context/>.
#[derive(Serialize, Debug, Clone)]
pub struct Context {
    /// Posts above, oldest first. Since 0.6.0.
    pub ancestors: Vec<Status>,
    /// Posts below, depth first. Since 0.6.0.
    pub descendants: Vec<Status>,
}

/// A post as typed, for an editor.
/// Source: <https://docs.joinmastodon.org/entities/StatusSource/>.
#[derive(Serialize, Debug, Clone)]
pub struct StatusSource {
    /// Identifier, a string to clients. Since 3.5.0.
    pub id: StatusId,
    /// Text as typed. Since 3.5.0.
    pub text: String,
    /// Content warning. Since 3.5.0.
    pub spoiler_text: String,
}
