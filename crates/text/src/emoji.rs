//! Custom emoji as they are typed.

use std::collections::HashSet;

use phiomia_model::limits::LIMITS;
use unicode_properties::{EmojiStatus, UnicodeEmoji as _};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::{
    characters::{is_alnum, run},
    render::push_escaped,
};

/// The longest emoji of Unicode (a family of four with skin tones) has 41 bytes.
const MOST_BYTES: usize = 64;

/// Names that may be custom emoji, without their colons, in order of first appearance, without doubles, at most
/// `LIMITS.references`. At least two letters, digits or underscores; no letter, digit or colon on either side.
#[must_use]
pub fn shortcodes(text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut before = None;
    let mut at = 0_usize;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty() && found.len() < LIMITS.references) {
        let mut len = rest.chars().next().map_or(1, char::len_utf8);
        if let Some(name) = shortcode(rest, before) {
            if seen.insert(name) {
                found.push(name.to_owned());
            }
            len = name.len().saturating_add(2);
        }
        let end = at.saturating_add(len);
        before = text.get(at..end).and_then(|t| t.chars().next_back());
        at = end;
    }
    found
}

/// Whether a text is one emoji of Unicode and nothing else: `👍`, `👍🏽`, `🇩🇪`, `1️⃣`, but neither `1` nor `👍👍`.
#[must_use]
pub fn is_emoji(text: &str) -> bool {
    let is_one = text.graphemes(true).nth(1).is_none();
    let is_drawn = |c: char| match c.emoji_status() {
        EmojiStatus::NonEmoji | EmojiStatus::NonEmojiButEmojiComponent => false,
        // The digits of keycaps are one with what says so.
        EmojiStatus::EmojiOtherAndEmojiComponent => text.contains(['\u{fe0f}', '\u{20e3}']),
        _ => true,
    };
    is_one && text.len() <= MOST_BYTES && text.chars().next().is_some_and(is_drawn)
}

/// HTML that is safe already, with custom emoji drawn: `:name:` in its text, not in its tags, becomes a picture when
/// `picture` knows an address for it.
#[must_use]
pub fn emojify<'a>(html: &str, picture: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(html.len());
    let (mut before, mut place, mut at) = (None, Place::Text, 0_usize);
    while let Some(rest) = html.get(at..).filter(|r| !r.is_empty()) {
        let c = rest.chars().next().unwrap_or_default();
        let name = if place == Place::Text { shortcode(rest, before) } else { None };
        let found = name.and_then(|name| Some((name, picture(name)?)));
        let len = match found {
            Some((name, url)) => {
                push_picture(&mut out, name, url);
                name.len().saturating_add(2)
            }
            None => {
                out.push(c);
                c.len_utf8()
            }
        };
        place = place.after(c);
        let end = at.saturating_add(len);
        // What stands before a tag does not touch what comes after it.
        before = html.get(at..end).and_then(|t| t.chars().next_back()).filter(|&last| last != '>');
        at = end;
    }
    out
}

/// Where in HTML one is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Tag,
    /// In an attribute's value between quotes of this kind, where `>` ends nothing.
    Value(char),
}

impl Place {
    fn after(self, c: char) -> Place {
        match (self, c) {
            (Place::Text, '<') => Place::Tag,
            (Place::Tag, '>') => Place::Text,
            (Place::Tag, '"' | '\'') => Place::Value(c),
            (Place::Value(quote), _) if c == quote => Place::Tag,
            (place, _) => place,
        }
    }
}

fn push_picture(html: &mut String, name: &str, url: &str) {
    html.push_str("<img class=\"emoji\" src=\"");
    push_escaped(html, url);
    html.push_str("\" alt=\":");
    push_escaped(html, name);
    html.push_str(":\" title=\":");
    push_escaped(html, name);
    html.push_str(":\" width=\"20\" height=\"20\" draggable=\"false\">");
}

fn shortcode(rest: &str, before: Option<char>) -> Option<&str> {
    let is_joined = |c: char| c == ':' || is_alnum(c);
    let body = rest.strip_prefix(':').filter(|_| !before.is_some_and(is_joined))?;
    let name = body.get(..run(body, |c| c.is_ascii_alphanumeric() || c == '_')).filter(|n| n.len() >= 2)?;
    let after = body.get(name.len()..)?.strip_prefix(':')?;
    (!after.starts_with(is_joined)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcodes_stand_alone() {
        let cases: [(&str, &[&str]); 9] = [
            (":cat: and :Dog_1:, :cat:", &["cat", "Dog_1"]),
            ("x:cat:", &[]),
            (":cat:x", &[]),
            (":cat::dog:", &[]),
            (":c:", &[]),
            ("12:30:45", &[]),
            ("(:cat:)", &["cat"]),
            (":cat: :dog:", &["cat", "dog"]),
            ("日:cat:", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(shortcodes(text), expected, "{text}");
        }
    }

    #[test]
    fn one_emoji_is_told_from_text_and_from_two() {
        for one in ["👍", "👍🏽", "🇩🇪", "1️⃣", "❤️", "❤", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "™️"]
        {
            assert!(is_emoji(one), "{one}");
        }
        for other in
            ["", "1", "#", "a", "ä", "👍👍", "👍a", "blobcat", "🇩🇪🇫🇷", "\u{200d}", "\u{fe0f}", &"\u{301}".repeat(9)]
        {
            assert!(!is_emoji(other), "{other:?}");
        }
    }

    #[test]
    fn emoji_are_drawn_in_text_and_not_in_tags() {
        let draw = |html: &str| emojify(html, |name| (name == "cat").then_some("https://a.example/\"cat&1.png"));
        let cat = r#"<img class="emoji" src="https://a.example/&quot;cat&amp;1.png" alt=":cat:" title=":cat:" width="20" height="20" draggable="false">"#;
        assert_eq!(draw("<p>:cat: :dog: x:cat: é</p>"), format!("<p>{cat} :dog: x:cat: é</p>"));
        assert_eq!(draw("<p>:cat:<br />:cat:</p>"), format!("<p>{cat}<br />{cat}</p>"));
        let link = r#"<a href="https://a.example/ :cat: ">&lt;:cat:</a>"#;
        assert_eq!(draw(link), format!(r#"<a href="https://a.example/ :cat: ">&lt;{cat}</a>"#));
        let link = r#"<a href="https://a.example/> :cat: onclick=x">b</a>"#;
        assert_eq!(draw(link), link);
        assert_eq!(draw("a > b :cat:"), format!("a > b {cat}"));
    }

    #[test]
    fn a_flood_of_shortcodes_is_cut() {
        let flood: String = (0..500).map(|n| format!(":e{n}: ")).collect();
        assert_eq!(shortcodes(&flood).len(), LIMITS.references);
    }
}
