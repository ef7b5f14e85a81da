//! What the server offers to everybody: emoji, rules, announcements.

use std::collections::BTreeMap;

use phiomia_mastodon::entities::{self, ShallowTag};
use phiomia_store::db::server::{AnnouncementView, CustomEmojiView, RuleView};
use serde::Deserialize;

use super::Cx;

/// One custom emoji.
#[must_use]
pub fn custom_emoji(view: &CustomEmojiView, cx: &Cx) -> entities::CustomEmoji {
    let url = cx.addresses.file_url(&view.file);
    entities::CustomEmoji {
        shortcode: view.shortcode.clone(),
        url: url.clone(),
        static_url: url,
        visible_in_picker: view.is_visible,
        category: view.category.clone(),
        featured: view.category.is_some().then_some(false),
    }
}

/// All that pickers may offer, by name.
#[must_use]
pub fn picker_emojis(cx: &Cx) -> Vec<entities::CustomEmoji> {
    let mut emojis: Vec<_> = cx.emojis.values().map(|view| custom_emoji(view, cx)).collect();
    emojis.sort_by(|a, b| a.shortcode.cmp(&b.shortcode));
    emojis
}

#[derive(Deserialize)]
struct Translation {
    text: String,
    #[serde(default)]
    hint: String,
}

/// A rule with its translations.
#[must_use]
pub fn rule(view: &RuleView) -> entities::Rule {
    let translations: BTreeMap<String, Translation> = serde_json::from_str(&view.translations).unwrap_or_default();
    let entity = |t: Translation| entities::RuleTranslation { text: t.text, hint: t.hint };
    entities::Rule {
        id: view.id,
        text: view.text.clone(),
        hint: view.hint.clone(),
        translations: translations.into_iter().map(|(language, t)| (language, entity(t))).collect(),
    }
}

/// An announcement; `is_read` says whether the viewer dismissed it.
#[must_use]
pub fn announcement(view: &AnnouncementView, is_read: bool, cx: &Cx) -> entities::Announcement {
    let references = phiomia_text::references(&view.text, &cx.addresses.own_domains());
    let tag = |name: &String| {
        let key = phiomia_text::tag_key(name);
        ShallowTag { url: cx.addresses.tag_url(&key), name: key }
    };
    entities::Announcement {
        id: view.id,
        content: phiomia_text::render_status(&view.text, &cx.text(&[])),
        starts_at: view.starts_at.map(Into::into),
        ends_at: view.ends_at.map(Into::into),
        all_day: view.is_all_day,
        published_at: view.published_at.into(),
        updated_at: view.updated_at.into(),
        read: Some(is_read),
        mentions: Vec::new(),
        statuses: Vec::new(),
        tags: references.tags.iter().map(tag).collect(),
        emojis: cx.emojis_in([view.text.as_str()]),
        reactions: Vec::new(),
    }
}
