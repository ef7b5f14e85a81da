//! Announcements to everybody here, and reactions to them.

use std::sync::Arc;

use phiomia_mastodon::entities::{self, AnnouncementAccount, AnnouncementStatus, Reaction, ReactionNews, ShallowTag};
use phiomia_model::{AnnouncementId, Handle};
use phiomia_store::db::{
    accounts::AccountView,
    announcements::{AnnouncementView, ReactionView},
    statuses::StatusView,
};
use phiomia_text::MentionTarget;

use super::{Cx, status};

/// An announcement with all that it refers to.
#[derive(Debug)]
pub struct Announced {
    /// What was said.
    pub view: AnnouncementView,
    /// Whether the viewer has read it; `None` for nobody in particular.
    pub is_read: Option<bool>,
    /// Its hashtags, as written.
    pub tags: Vec<String>,
    /// Whom it names, by the handle it is written with.
    pub mentions: Vec<(Handle, Arc<AccountView>)>,
    /// Posts it links to.
    pub statuses: Vec<StatusView>,
    /// How people reacted.
    pub reactions: Vec<ReactionView>,
}

/// An announcement.
#[must_use]
pub fn announcement(announced: &Announced, cx: &Cx) -> entities::Announcement {
    let view = &announced.view;
    let tag = |name: &String| {
        let key = phiomia_text::tag_key(name);
        ShallowTag { url: cx.addresses.tag_url(&key), name: key }
    };
    let target = |(handle, person): &(Handle, Arc<AccountView>)| MentionTarget {
        handle: handle.clone(),
        url: person.url.clone(),
        username: person.username.clone(),
    };
    let targets: Vec<MentionTarget> = announced.mentions.iter().map(target).collect();
    let mention = |(_, person): &(Handle, Arc<AccountView>)| AnnouncementAccount {
        id: person.id,
        username: person.username.clone(),
        url: person.url.clone(),
        acct: person.acct(),
    };
    let post = |view: &StatusView| {
        let post = status(view, cx);
        AnnouncementStatus { id: post.id, url: post.url.unwrap_or(post.uri) }
    };
    entities::Announcement {
        id: view.id,
        content: phiomia_text::render_status(&view.text, &cx.text(&targets)),
        starts_at: view.starts_at.map(Into::into),
        ends_at: view.ends_at.map(Into::into),
        all_day: view.is_all_day,
        published_at: view.published_at.into(),
        updated_at: view.updated_at.into(),
        read: announced.is_read,
        mentions: announced.mentions.iter().map(mention).collect(),
        statuses: announced.statuses.iter().map(post).collect(),
        tags: announced.tags.iter().map(tag).collect(),
        emojis: cx.emojis_in([view.text.as_str()]),
        reactions: announced.reactions.iter().map(|one| reaction(one, announced.is_read.is_some(), cx)).collect(),
    }
}

/// How often an announcement got one emoji. `is_personal`: it says whether the viewer is among them.
fn reaction(view: &ReactionView, is_personal: bool, cx: &Cx) -> Reaction {
    let drawn = cx.emojis.get(&view.name).map(|emoji| super::custom_emoji(emoji, cx));
    let (url, static_url) = drawn.map(|emoji| (emoji.url, emoji.static_url)).unzip();
    let me = is_personal.then_some(view.is_mine);
    Reaction { name: view.name.clone(), count: view.count, me, url, static_url }
}

/// What streams tell of a reaction; the last one taken back leaves a count of 0.
#[must_use]
pub fn reaction_news(announcement: AnnouncementId, view: &ReactionView, cx: &Cx) -> ReactionNews {
    ReactionNews { reaction: reaction(view, false, cx), announcement_id: announcement }
}
