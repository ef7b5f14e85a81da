//! The entities: what stands in answers to client apps, one file per noun.
//!
//! `Option` fields are either written as `null` or left out, as Mastodon does for each; the field says which.

mod account;
mod activity;
mod admin;
mod announcement;
mod application;
mod approval;
mod async_refresh;
mod collection;
mod conversation;
mod custom_emoji;
mod error;
mod filter;
mod instance;
mod instance_v1;
mod language;
mod list;
mod marker;
mod media_attachment;
mod moderation;
mod notification;
mod notification_group;
mod notification_policy;
mod oembed;
mod poll;
mod preferences;
mod preview_card;
mod profile;
mod quote;
mod relationship;
mod report;
mod role;
mod rule;
mod scalar;
mod scheduled_status;
mod search;
mod status;
mod status_edit;
mod suggestion;
mod tag;
mod texts;
mod written;

pub use account::{Account, CredentialAccount, CredentialSource, Field, MutedAccount, PartialAccountWithAvatar};
pub use activity::InstanceActivity;
pub use admin::{
    AdminAccount, AdminCanonicalEmailBlock, AdminDomainAllow, AdminDomainBlock, AdminEmailDomainBlock, AdminIp,
    AdminIpBlock, AdminReport, DomainBlock, DomainBlockSeverity, ExistingDomainBlockError, IpBlockSeverity,
    SignUpTries,
};
pub use announcement::{Announcement, AnnouncementAccount, AnnouncementStatus, Reaction, ReactionNews};
pub use application::{Application, CredentialApplication, Token};
pub use approval::{ApprovedGroup, CurrentUserApproval, FeatureApproval, QuoteApproval};
pub use async_refresh::{AsyncRefresh, AsyncRefreshState};
pub use collection::{Collection, CollectionItem, CollectionItemState};
pub use conversation::Conversation;
pub use custom_emoji::CustomEmoji;
pub use error::{Error, ErrorDetail};
pub use filter::{Filter, FilterKeyword, FilterResult, FilterStatus, FilterV1};
pub use instance::{
    FeedAccess, Instance, InstanceAccounts, InstanceApiVersions, InstanceConfiguration, InstanceContact,
    InstanceFeedAccess, InstanceIcon, InstanceMediaAttachments, InstancePolls, InstanceRegistrations, InstanceStatuses,
    InstanceThumbnail, InstanceThumbnailVersions, InstanceTimelinesAccess, InstanceTranslation, InstanceUrls,
    InstanceUsage, InstanceUsers, InstanceVapid,
};
pub use instance_v1::{
    InstanceV1, InstanceV1Accounts, InstanceV1Configuration, InstanceV1MediaAttachments, InstanceV1Stats,
    InstanceV1Urls,
};
pub use language::{LANGUAGES, Language, language_code};
pub use list::List;
pub use marker::{Marker, Markers};
pub use media_attachment::{Focus, MediaAttachment, MediaColors, MediaMeta, MediaSize, MediaType};
pub use moderation::{
    AccountWarning, AccountWarningAction, Appeal, AppealState, RelationshipSeveranceEvent, RelationshipSeveranceType,
};
pub use notification::{Notification, NotificationFallback};
pub use notification_group::{AnnualReportYear, GroupedNotificationsResults, NotificationGroup};
pub use notification_policy::{
    NotificationPolicy, NotificationPolicySummary, NotificationPolicyV1, NotificationRequest,
};
pub use oembed::OEmbed;
pub use poll::{Poll, PollOption};
pub use preferences::{ExpandMedia, Preferences};
pub use preview_card::{PreviewCard, PreviewCardAuthor, PreviewCardType, TrendsLink};
pub use profile::Profile;
pub use quote::{Quote, QuoteState, ShallowQuote, StatusQuote};
pub use relationship::{FamiliarFollowers, Relationship};
pub use report::{Report, ReportCategory};
pub use role::{AccountRole, Role};
pub use rule::{Rule, RuleTranslation};
pub use scalar::{Decimal, Id, IsoDay, IsoMillis};
pub use scheduled_status::{ScheduledParams, ScheduledPoll, ScheduledStatus};
pub use search::Search;
pub use status::{Context, Mention, Status, StatusApplication, StatusSource};
pub use status_edit::{StatusEdit, StatusEditPoll, StatusEditPollOption};
pub use suggestion::{Suggestion, SuggestionReason, SuggestionSource};
pub use tag::{FeaturedTag, ShallowTag, Tag, UseHistory};
pub use texts::{ExtendedDescription, PrivacyPolicy, TermsOfService};
pub use written::Written;
