//! Posts that wait for their time.

use phiomia_model::{QuotePolicy, StatusId, Visibility};
use serde::Serialize;

use super::media_attachment::MediaAttachment;
use super::scalar::{Id, IsoMillis};

/// A post that will be published later.
/// Source: <https://docs.joinmastodon.org/entities/ScheduledStatus/>.
#[derive(Serialize, Debug, Clone)]
pub struct ScheduledStatus {
    /// Identifier, a string to clients. Since 2.7.0.
    pub id: Id,
    /// When it will be published. Since 2.7.0.
    pub scheduled_at: IsoMillis,
    /// What was asked for. Since 2.7.0.
    pub params: ScheduledParams,
    /// Attached media. Since 2.7.0.
    pub media_attachments: Vec<MediaAttachment>,
}

/// What was asked for.
#[derive(Serialize, Debug, Clone)]
pub struct ScheduledParams {
    /// Text. Since 2.7.0.
    pub text: String,
    /// Attached poll. `null` without one. Since 2.8.0.
    pub poll: Option<ScheduledPoll>,
    /// Attachments. `null` without one. Since 2.7.0.
    pub media_ids: Option<Vec<Id>>,
    /// Marked sensitive. `null` without one. Since 2.7.0.
    pub sensitive: Option<bool>,
    /// Content warning. `null` without one. Since 2.7.0.
    pub spoiler_text: Option<String>,
    /// Visibility. Since 2.7.0.
    pub visibility: Visibility,
    /// Post answered, here a number. `null` without one. Since 2.7.0.
    pub in_reply_to_id: Option<i64>,
    /// Post quoted. `null` without one. Since 4.5.0.
    pub quoted_status_id: Option<StatusId>,
    /// Who may quote. `null` for the default. Since 4.5.0.
    pub quote_approval_policy: Option<QuotePolicy>,
    /// Language code. `null` without one. Since 2.7.0.
    pub language: Option<String>,
    /// The app, here a number. Since 2.7.0.
    pub application_id: i64,
    /// Always `null`: the time stands outside. Since 2.7.0.
    pub scheduled_at: (),
    /// Repeat guard. `null` without one. Since 2.7.0.
    pub idempotency: Option<String>,
    /// Kept for old clients. Since 2.7.0.
    pub with_rate_limit: bool,
}

/// The poll that was asked for.
#[derive(Serialize, Debug, Clone)]
pub struct ScheduledPoll {
    /// Choices. Since 2.8.0.
    pub options: Vec<String>,
    /// Seconds it will run. Since 2.8.0.
    pub expires_in: i64,
    /// Several choices. Left out where it does not apply. Since 2.8.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiple: Option<bool>,
    /// No numbers until the end. Left out where it does not apply. Since 2.8.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hide_totals: Option<bool>,
}
