//! What people elsewhere do here, as their servers tell it. The verbs are those of people here wherever they can be; what
//! is of its own is how a post comes in, and how it changes.
//!
//! Whoever calls has made sure that the one it is told of is the one who did it.

mod acts;
mod approvals;
mod arrivals;
mod domains;
pub mod files;
mod follows;
mod people;
mod posts;
pub mod purge;
mod quotes;
mod reactions;

pub use acts::{feature_tag, pin, reblog, unfeature_tag, unpin, vote};
pub use approvals::{Asking, approval_answered, ask_approval};
pub use arrivals::{Arrival, Coming, receive};
pub use domains::{
    Decision as DomainDecision, allow as allow_domain, decide as decide_domain, reject_media,
    take_back as take_back_domain,
};
pub use follows::{compare_followers, follow, follow_accepted, follow_rejected, forget_follower};
pub use people::{delete, moved, profile_changed, unreachable};
pub use posts::{edit, find_parent, remove};
pub use quotes::{QuoteAnswer, ask_quote, quote_allowed, quote_denied, quote_revoked, quote_stamped};
pub use reactions::{favourite, react, unreact};
