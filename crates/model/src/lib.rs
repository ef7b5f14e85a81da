//! What the network is made of: ids, people, posts, the ways to say no, and the work that is left for later.
//!
//! A pure room: no clock, no randomness, no network, no disk.

pub mod account;
pub mod address;
pub mod card;
pub mod cidr;
pub mod error;
pub mod event;
pub mod filter;
pub mod handle;
pub mod id;
pub mod job;
pub mod limits;
pub mod list;
pub mod media;
pub mod notification;
pub mod outgoing;
pub mod page;
pub mod remote;
pub mod role;
pub mod scope;
pub mod severance;
pub mod status;
pub mod strike;
pub mod time;

pub use address::Addresses;
pub use cidr::Cidr;
pub use error::{Error, Fault, Noun, Refusal};
pub use event::Event;
pub use filter::{FilterAction, FilterContext};
pub use handle::Handle;
pub use id::{
    AccountId, AnnouncementId, AppId, CanonicalEmailBlockId, ConversationId, CustomEmojiId, DomainAllowId,
    DomainBlockId, EmailDomainBlockId, FilterId, FilterKeywordId, FilterStatusId, IpBlockId, JobId, ListId, MediaId,
    NotificationId, NotificationRequestId, PasskeyId, PollId, ReportId, RuleId, ScheduledStatusId, SessionId,
    SeveranceId, StatusId, StrikeId, TagId, TokenId,
};
pub use job::Job;
pub use list::RepliesPolicy;
pub use notification::{NotificationPolicy, NotificationPolicyChoice, NotificationType};
pub use outgoing::Outgoing;
pub use page::Page;
pub use role::{Permission, Role};
pub use scope::{Scope, Scopes};
pub use status::{QuotePolicy, QuoteState, Viewer, Visibility};
pub use time::Time;
