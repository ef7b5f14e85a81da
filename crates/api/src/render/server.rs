//! What the server offers to everybody: emoji, rules.

use std::collections::BTreeMap;

use phiomia_mastodon::entities;
use phiomia_store::db::{emojis::CustomEmojiView, server::RuleView};
use serde::Deserialize;

use super::Cx;

/// One custom emoji.
#[must_use]
pub fn custom_emoji(view: &CustomEmojiView, cx: &Cx) -> entities::CustomEmoji {
    entities::CustomEmoji {
        shortcode: view.shortcode.clone(),
        url: cx.addresses.file_url(&view.file),
        static_url: cx.addresses.file_url(view.still.as_ref().unwrap_or(&view.file)),
        visible_in_picker: view.is_visible,
        category: view.category.clone(),
        featured: view.category.is_some().then_some(false),
    }
}

/// All that pickers may offer, by name; what is hidden there is known to who knows it.
#[must_use]
pub fn picker_emojis(cx: &Cx) -> Vec<entities::CustomEmoji> {
    let mut emojis: Vec<_> =
        cx.emojis.values().filter(|view| view.is_visible).map(|view| custom_emoji(view, cx)).collect();
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
