//! Plain text to HTML and back, as Mastodon 4.7 does it, and the one sanitiser for HTML from elsewhere.
//!
//! A pure room: no clock, no randomness, no network, no disk. Everything takes time in proportion to its input
//! and takes any input. What local people write is rendered ([`render_status`], [`render_note`],
//! [`render_field`]); what comes from elsewhere is sanitised ([`sanitize`]) and never rendered.

mod characters;
mod count;
mod emoji;
pub mod filter;
mod html;
mod link;
mod page;
mod references;
mod render;
mod scan;
pub mod search;
mod stem;
mod tag;

pub use count::{count, length};
pub use emoji::{emojify, is_emoji, shortcodes};
pub use html::{plain, sanitize};
pub use page::{PageHead, PageLink, frame, links, own_links, page_charset, page_head};
pub use references::{References, domain_name, references};
pub use render::{Context, MentionTarget, render_field, render_link, render_note, render_status, with_quote};
pub use tag::{is_valid_tag, tag_key};

#[cfg(test)]
mod properties;
