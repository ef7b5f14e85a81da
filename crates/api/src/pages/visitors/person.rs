//! Somebody as pages show them.

use std::collections::HashMap;

use phiomia_mastodon::entities;

use crate::render::Cx;

/// Name, handle and picture.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Person {
    /// The name as text.
    pub(in crate::pages) name: String,
    /// The same with custom emoji drawn, as HTML.
    pub(in crate::pages) name_html: String,
    /// `@alice@example.org`.
    pub(in crate::pages) handle: String,
    /// Their page.
    pub(in crate::pages) url: String,
    /// Their picture.
    pub(in crate::pages) avatar: String,
    /// What the picture shows, in words; may be empty.
    pub(in crate::pages) avatar_description: String,
}

impl Person {
    pub(super) fn of(account: &entities::Account, cx: &Cx) -> Person {
        let name = match account.display_name.trim() {
            "" => account.username.as_str(),
            name => name,
        };
        let handle = match account.acct.split_once('@') {
            None => format!("@{}@{}", account.acct, cx.addresses.local_domain),
            Some(_) => format!("@{}", account.acct),
        };
        Person {
            name: name.to_owned(),
            name_html: drawn(&escaped(name), &account.emojis),
            handle,
            url: account.url.clone().unwrap_or_else(|| account.uri.clone()),
            avatar: account.avatar_static.clone(),
            avatar_description: account.avatar_description.clone(),
        }
    }
}

/// Safe HTML with custom emoji drawn.
pub(super) fn drawn(html: &str, emojis: &[entities::CustomEmoji]) -> String {
    if emojis.is_empty() {
        return html.to_owned();
    }
    let by_name: HashMap<&str, &str> = emojis.iter().map(|e| (e.shortcode.as_str(), e.static_url.as_str())).collect();
    phiomia_text::emojify(html, |name| by_name.get(name).copied())
}

/// Text as HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // HTML has no place for NUL.
            '\0' => {}
            _ => html.push(c),
        }
    }
    html
}
