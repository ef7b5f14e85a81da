//! The server's long texts.

use serde::Serialize;

use super::scalar::{IsoDay, IsoMillis};

/// The long description of the server.
/// Source: <https://docs.joinmastodon.org/entities/ExtendedDescription/>.
#[derive(Serialize, Debug, Clone)]
pub struct ExtendedDescription {
    /// When it last changed. Since 4.0.0.
    pub updated_at: IsoMillis,
    /// HTML text. Since 4.0.0.
    pub content: String,
}

/// The privacy policy.
/// Source: <https://docs.joinmastodon.org/entities/PrivacyPolicy/>.
#[derive(Serialize, Debug, Clone)]
pub struct PrivacyPolicy {
    /// When it last changed. Since 4.0.0.
    pub updated_at: IsoMillis,
    /// HTML text. Since 4.0.0.
    pub content: String,
}

/// The terms of service.
/// Source: <https://docs.joinmastodon.org/entities/TermsOfService/>.
#[derive(Serialize, Debug, Clone)]
pub struct TermsOfService {
    /// In force from. Since 4.4.0.
    pub effective_date: IsoDay,
    /// In force now. Since 4.4.0.
    pub effective: bool,
    /// HTML text. Since 4.4.0.
    pub content: String,
    /// First day of newer terms. `null`: these are the newest. Since 4.4.0.
    pub succeeded_by: Option<IsoDay>,
}
