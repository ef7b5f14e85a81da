//! What staff sees: people with their addresses, reports, and what is decided about servers and sign-ups.

use phiomia_model::AccountId;
use serde::{Deserialize, Serialize};

use super::{
    account::Account,
    report::ReportCategory,
    role::Role,
    rule::Rule,
    scalar::{Decimal, Id, IsoMillis},
    status::Status,
    written::Written,
};

/// An account as staff sees it. Of somebody elsewhere the texts that only their own server knows are empty.
/// Source: <https://docs.joinmastodon.org/entities/Admin_Account/>.
#[derive(Serialize, Debug, Clone)]
pub struct AdminAccount {
    /// Identifier, a string to clients. Since 2.9.1.
    pub id: AccountId,
    /// Name without the domain. Since 2.9.1.
    pub username: String,
    /// Domain of a remote account. `null` without one. Since 2.9.1.
    pub domain: Option<String>,
    /// When it was made. Since 2.9.1.
    pub created_at: IsoMillis,
    /// E-mail address. Since 2.9.1.
    pub email: String,
    /// Last address used. `null` without one. Since 2.9.1.
    pub ip: Option<String>,
    /// Addresses used. Since 3.5.0.
    pub ips: Vec<AdminIp>,
    /// Interface language. Since 2.9.1.
    pub locale: String,
    /// Why they want in. `null` without one. Since 2.9.1.
    pub invite_request: Option<String>,
    /// Role with its rights. Since 2.9.1.
    pub role: Role,
    /// E-mail confirmed. Since 2.9.1.
    pub confirmed: bool,
    /// Let in. Since 2.9.1.
    pub approved: bool,
    /// Cannot log in. Since 2.9.1.
    pub disabled: bool,
    /// Media forced sensitive. Since 4.0.0.
    pub sensitized: bool,
    /// Limited. Since 2.9.1.
    pub silenced: bool,
    /// Suspended. Since 2.9.1.
    pub suspended: bool,
    /// Public side of the account. Since 2.9.1.
    pub account: Written<Account>,
    /// App that signed it up. Since 2.9.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by_application_id: Option<Id>,
    /// Who invited. Since 2.9.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_by_account_id: Option<Id>,
}

/// An address somebody used.
/// Source: <https://docs.joinmastodon.org/entities/Admin_Ip/>.
#[derive(Serialize, Debug, Clone)]
pub struct AdminIp {
    /// Address. Since 3.5.0.
    pub ip: String,
    /// Last used. Since 3.5.0.
    pub used_at: IsoMillis,
}

/// A report as staff sees it.
/// Source: <https://docs.joinmastodon.org/entities/Admin_Report/>.
#[derive(Serialize, Debug, Clone)]
pub struct AdminReport {
    /// Identifier, a string to clients. Since 2.9.1.
    pub id: Id,
    /// Handled. Since 2.9.1.
    pub action_taken: bool,
    /// When handled. `null` without one. Since 2.9.1.
    pub action_taken_at: Option<IsoMillis>,
    /// Reason class. Since 3.5.0.
    pub category: ReportCategory,
    /// Reason given. Since 2.9.1.
    pub comment: String,
    /// Passed on to the other server. Since 4.0.0.
    pub forwarded: bool,
    /// When it was made. Since 2.9.1.
    pub created_at: IsoMillis,
    /// When it last changed. Since 2.9.1.
    pub updated_at: IsoMillis,
    /// Who reported. Since 2.9.1.
    pub account: AdminAccount,
    /// Account it is against. Since 2.9.1.
    pub target_account: AdminAccount,
    /// Moderator on it. `null` without one. Since 2.9.1.
    pub assigned_account: Option<AdminAccount>,
    /// Moderator who handled it. `null` without one. Since 2.9.1.
    pub action_taken_by_account: Option<AdminAccount>,
    /// Posts referred to. Since 2.9.1.
    pub statuses: Vec<Status>,
    /// Server rules. Since 3.5.0.
    pub rules: Vec<Rule>,
}

/// A blocked or limited domain as staff sees it.
/// Source: <https://docs.joinmastodon.org/entities/Admin_DomainBlock/>.
#[derive(Serialize, Debug, Clone)]
pub struct AdminDomainBlock {
    /// Identifier, a string to clients. Since 4.0.0.
    pub id: Id,
    /// Domain name. Since 4.0.0.
    pub domain: String,
    /// SHA-256 of the domain. Since 4.3.0.
    pub digest: String,
    /// When it was made. Since 4.0.0.
    pub created_at: IsoMillis,
    /// How hard the rule is. Since 4.0.0.
    pub severity: DomainBlockSeverity,
    /// Refuse its media. Since 4.0.0.
    pub reject_media: bool,
    /// Refuse its reports. Since 4.0.0.
    pub reject_reports: bool,
    /// Note for moderators. `null` without one. Since 4.0.0.
    pub private_comment: Option<String>,
    /// Published reason. `null` without one. Since 4.0.0.
    pub public_comment: Option<String>,
    /// Publish the name with parts starred out. Since 4.0.0.
    pub obfuscate: bool,
}

/// The answer to a decision about a domain that was decided about already.
/// Source: <https://docs.joinmastodon.org/methods/admin/domain_blocks/#create>.
#[derive(Serialize, Debug, Clone)]
pub struct ExistingDomainBlockError {
    /// One sentence.
    pub error: String,
    /// What is decided.
    pub existing_domain_block: AdminDomainBlock,
}

/// A blocked or limited domain as everybody sees it.
/// Source: <https://docs.joinmastodon.org/entities/DomainBlock/>.
#[derive(Serialize, Debug, Clone)]
pub struct DomainBlock {
    /// Domain, maybe starred out. Since 4.0.0.
    pub domain: String,
    /// SHA-256 of the domain. Since 4.0.0.
    pub digest: String,
    /// How hard the rule is. Since 4.0.0.
    pub severity: DomainBlockSeverity,
    /// Reason given. Since 4.0.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// How hard a rule about a domain is.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum DomainBlockSeverity {
    /// Its people are seen by their followers alone.
    Silence,
    /// Nothing is taken from it or sent to it.
    Suspend,
    /// Only what else is said about it.
    Noop,
}

/// A domain allowed by hand.
/// Source: <https://docs.joinmastodon.org/entities/Admin_DomainAllow/>.
#[derive(Serialize, Debug, Clone)]
pub struct AdminDomainAllow {
    /// Identifier, a string to clients. Since 4.0.0.
    pub id: Id,
    /// Domain name. Since 4.0.0.
    pub domain: String,
    /// When it was made. Since 4.0.0.
    pub created_at: IsoMillis,
}

/// An e-mail domain nobody signs up with.
/// Source: <https://docs.joinmastodon.org/entities/Admin_EmailDomainBlock/>.
#[derive(Serialize, Debug, Clone)]
pub struct AdminEmailDomainBlock {
    /// Identifier, a string to clients. Since 4.0.0.
    pub id: Id,
    /// Domain name. Since 4.0.0.
    pub domain: String,
    /// When it was made. Since 4.0.0.
    pub created_at: IsoMillis,
    /// Tries per day, last week, newest first. Since 4.0.0.
    pub history: Vec<SignUpTries>,
    /// Sign-ups go to review instead of being refused. Since 4.3.0.
    pub allow_with_approval: bool,
}

/// Tries to sign up on one day.
#[derive(Serialize, Debug, Clone, Copy)]
pub struct SignUpTries {
    /// Midnight of the day, UTC, in seconds since 1970. Since 4.0.0.
    pub day: Decimal,
    /// By how many different addresses. Since 4.0.0.
    pub accounts: Decimal,
    /// How many. Since 4.0.0.
    pub uses: Decimal,
}

/// Network addresses under a rule.
/// Source: <https://docs.joinmastodon.org/entities/Admin_IpBlock/>.
#[derive(Serialize, Debug, Clone)]
pub struct AdminIpBlock {
    /// Identifier, a string to clients. Since 4.0.0.
    pub id: Id,
    /// Address range. Since 4.0.0.
    pub ip: String,
    /// How hard the rule is. Since 4.0.0.
    pub severity: IpBlockSeverity,
    /// Reason given. Since 4.0.0.
    pub comment: String,
    /// When it was made. Since 4.0.0.
    pub created_at: IsoMillis,
    /// When it stops applying. `null` without one. Since 4.0.0.
    pub expires_at: Option<IsoMillis>,
}

/// How hard a rule about network addresses is.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum IpBlockSeverity {
    /// Sign-ups are looked at by staff.
    SignUpRequiresApproval,
    /// No sign-ups.
    SignUpBlock,
    /// Nothing at all.
    NoAccess,
}

/// An e-mail address nobody signs up with.
/// Source: <https://docs.joinmastodon.org/entities/Admin_CanonicalEmailBlock/>.
#[derive(Serialize, Debug, Clone)]
pub struct AdminCanonicalEmailBlock {
    /// Identifier, a string to clients. Since 4.0.0.
    pub id: Id,
    /// SHA-256 of the normalised address, in hexadecimal. Since 4.0.0.
    pub canonical_email_hash: String,
}
