//! People: what a profile holds and what may be changed about it.

use serde::{Deserialize, Serialize};

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
    /// Sites that may credit the account.
    pub attribution_domains: Option<Vec<String>>,
    /// Default visibility.
    pub default_visibility: Option<Visibility>,
    /// Default sensitivity.
    pub default_sensitive: Option<bool>,
    /// Default language; `Some(None)` for none.
    pub default_language: Option<Option<String>>,
    /// Default for who may quote.
    pub default_quote_policy: Option<QuotePolicy>,
}
