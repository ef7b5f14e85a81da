//! What other servers read here: who somebody is, what they wrote, where things are found.

mod actors;
mod fetcher;
mod reader;
mod statuses;
mod well_known;

pub use actors::{
    featured, featured_tags, followers, followers_synchronization, following, outbox, server, server_outbox, show,
};
pub use fetcher::Fetcher;
pub use reader::{Reader, account, status};
pub use statuses::{
    activity, announce_authorization, context, like_authorization, likes, note, quote_authorization, replies,
    reply_authorization, shares,
};
pub use well_known::{host_meta, host_meta_json, nodeinfo_2_0, nodeinfo_2_1, nodeinfo_links, webfinger};
