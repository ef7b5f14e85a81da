//! One walk over a text that finds its links, mentions and hashtags.

use crate::characters::{is_latin_accent, is_word, run};
use crate::link::{self, Match};
use crate::tag;

/// Longest domain of a mention, in characters.
const MAX_DOMAIN: usize = 253;

/// Something in a text that is more than its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entity<'t> {
    /// A web address, as typed.
    Link(&'t str),
    /// An `xmpp:` or `magnet:` address, as typed.
    OtherLink(&'t str),
    /// `@username` or `@username@domain`, as typed.
    Mention { username: &'t str, domain: Option<&'t str> },
    /// A hashtag's name, as typed.
    Tag(&'t str),
}

/// A stretch of the text: plain, or an entity with the text it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Text(&'t str),
    Entity(Entity<'t>, &'t str),
}

/// The whole text in pieces, in order. Entities never overlap: the earlier one wins.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut plain_from = 0_usize;
    let mut at = 0_usize;
    let mut before = None;
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        let (len, entity) = look(rest, before);
        let end = at.saturating_add(len);
        if let Some(entity) = entity {
            push_text(&mut pieces, text.get(plain_from..at));
            pieces.push(Piece::Entity(entity, text.get(at..end).unwrap_or_default()));
            plain_from = end;
        }
        before = text.get(at..end).and_then(|t| t.chars().next_back());
        at = end;
    }
    push_text(&mut pieces, text.get(plain_from..));
    pieces
}

/// The entities of a text alone, in order.
pub(crate) fn entities(text: &str) -> impl Iterator<Item = Entity<'_>> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Entity(entity, _) => Some(entity),
    })
}

fn push_text<'t>(pieces: &mut Vec<Piece<'t>>, text: Option<&'t str>) {
    pieces.extend(text.filter(|t| !t.is_empty()).map(Piece::Text));
}

/// What stands at the start of `rest`, and how many bytes (at least one character) to move on.
fn look(rest: &str, before: Option<char>) -> (usize, Option<Entity<'_>>) {
    let first = rest.chars().next().unwrap_or_default();
    let one = first.len_utf8();
    match first {
        '@' => mention(rest, before),
        '#' | '＃' => hashtag(rest, one, before),
        _ if first.is_ascii_alphabetic() => match link::at_start(rest, before) {
            Some(Match::Web(len)) => (len, rest.get(..len).map(Entity::Link)),
            Some(Match::Other(len)) => (len, rest.get(..len).map(Entity::OtherLink)),
            Some(Match::TooLong(len)) => (len, None),
            None => (one, None),
        },
        _ => (one, None),
    }
}

/// Not after a word character, `/` or `=`. The name is ASCII; the domain may be any script.
/// A port is read only with four or five digits, as development servers have them: `@a@b.example:30` ends before
/// the colon.
fn mention(rest: &str, before: Option<char>) -> (usize, Option<Entity<'_>>) {
    if before.is_some_and(|c| is_word(c) || matches!(c, '/' | '=')) {
        return (1, None);
    }
    let body = rest.get(1..).unwrap_or_default();
    let username = body.get(..dotted(body, |c| c.is_ascii_alphanumeric() || c == '_')).unwrap_or_default();
    if username.is_empty() {
        return (1, None);
    }
    let mut end = username.len().saturating_add(1);
    let mut domain = None;
    if let Some(after) = rest.get(end..).and_then(|t| t.strip_prefix('@')) {
        let mut len = dotted(after, is_word);
        if len > 0 {
            len = len.saturating_add(port(after.get(len..).unwrap_or_default()));
            domain = after.get(..len);
            end = end.saturating_add(1).saturating_add(len);
        }
    }
    let after = rest.get(end..).unwrap_or_default();
    let goes_on = after.starts_with("://") || after.starts_with(|c| matches!(c, '@' | '＠') || is_latin_accent(c));
    if goes_on || domain.is_some_and(|d| d.chars().count() > MAX_DOMAIN) {
        return (end, None);
    }
    (end, Some(Entity::Mention { username, domain }))
}

/// Length of words joined by dots and hyphens; it begins and ends with a word.
fn dotted(text: &str, is_word: impl Fn(char) -> bool) -> usize {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        if is_word(c) {
            end = at.saturating_add(c.len_utf8());
        } else if at == 0 || !matches!(c, '.' | '-') {
            break;
        }
    }
    end
}

fn port(text: &str) -> usize {
    let Some(digits) = text.strip_prefix(':') else {
        return 0;
    };
    let len = run(digits, is_word);
    let is_port = (4..=5).contains(&len) && digits.bytes().take(len).all(|b| b.is_ascii_digit());
    if is_port { len.saturating_add(1) } else { 0 }
}

/// At the start of a line or after a space. Source: `HASHTAG_RE` in Mastodon's `Tag` model.
fn hashtag(rest: &str, sign: usize, before: Option<char>) -> (usize, Option<Entity<'_>>) {
    let body = rest.get(sign..).unwrap_or_default();
    if before.is_some_and(|c| !c.is_whitespace()) {
        return (sign, None);
    }
    let mut len = tag::name_len(body);
    // `#tagshttps://…` is the tag with a link glued to it.
    if body.get(len..).is_some_and(|t| t.starts_with("://")) {
        let name = body.get(..len).unwrap_or_default();
        let shorter = name.strip_suffix("https").or_else(|| name.strip_suffix("http")).unwrap_or(name);
        if tag::is_valid_tag(shorter) {
            len = shorter.len();
        }
    }
    let name = body.get(..len).filter(|n| !n.is_empty());
    (sign.saturating_add(len), name.map(Entity::Tag))
}
