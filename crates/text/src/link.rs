//! Where a link that begins here ends.
//!
//! Only links with a scheme are found: `https://`, `http://`, six rarer ones, `xmpp:` and `magnet:`. The host must
//! end in a top-level domain that exists, so `http://localhost` and `http://127.0.0.1` stay text, as in Mastodon.
//! Source: Mastodon's `config/initializers/twitter_regex.rb`.

use crate::characters::{cut, run};

/// Longest link that becomes one, in bytes.
const MAX_BYTES: usize = 4_096;
/// Longest host, in bytes.
const MAX_DOMAIN_BYTES: usize = 253;

const SCHEMES: [&str; 9] =
    ["https://", "http://", "dat://", "dweb://", "ipfs://", "ipns://", "ssb://", "gopher://", "gemini://"];

/// What begins at a place in a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// A web link of so many bytes.
    Web(usize),
    /// An `xmpp:` or `magnet:` address of so many bytes; counted as text.
    Other(usize),
    /// A link that is too long to be one; that many bytes are not looked at again, which keeps time linear.
    TooLong(usize),
}

/// The link at the start of `text`, where `before` is the character in front of it.
pub(crate) fn at_start(text: &str, before: Option<char>) -> Option<Match> {
    if before.is_some_and(|c| {
        c.is_ascii_alphanumeric() || matches!(c, '@' | '＠' | '$' | '#' | '＃' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    }) {
        return None;
    }
    let window = cut(text, MAX_BYTES);
    let scheme = SCHEMES.iter().find(|s| starts_with(window, s));
    let (len, is_web) = match scheme {
        Some(scheme) => (scheme.len().saturating_add(web(window.get(scheme.len()..)?)?), true),
        None if starts_with(window, "xmpp:") => (5_usize.saturating_add(xmpp(window.get(5..)?)?), false),
        None if starts_with(window, "magnet:?") => (7_usize.saturating_add(query(window.get(7..)?)?), false),
        None => return None,
    };
    Some(match () {
        () if len == window.len() && window.len() < text.len() => Match::TooLong(len),
        () if is_web => Match::Web(len),
        () => Match::Other(len),
    })
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|t| t.eq_ignore_ascii_case(prefix))
}

/// Host, port, path and query.
fn web(text: &str) -> Option<usize> {
    let mut end = domain(text)?;
    if let Some(port) = text.get(end..).and_then(|t| t.strip_prefix(':')) {
        let digits = run(port, |c| c.is_ascii_digit());
        if digits > 0 {
            end = end.saturating_add(1).saturating_add(digits);
        }
    }
    if let Some(rest) = text.get(end..).and_then(|t| t.strip_prefix('/')) {
        end = end.saturating_add(1).saturating_add(path(rest));
    }
    Some(end.saturating_add(text.get(end..).and_then(query).unwrap_or(0)))
}

/// The longest host at the start that ends in a known top-level domain.
fn domain(text: &str) -> Option<usize> {
    let mut found = None;
    let mut start = 0_usize;
    let mut previous = "_";
    while start <= MAX_DOMAIN_BYTES {
        let rest = text.get(start..)?;
        let label = rest.get(..run(rest, |c| is_domain_char(c) || matches!(c, '-' | '_')))?;
        if !previous.contains('_') {
            found = top_level(rest, label).map(|len| start.saturating_add(len)).or(found);
        }
        let is_whole = !label.is_empty() && !label.starts_with(['-', '_']) && !label.ends_with(['-', '_']);
        if !is_whole || !rest.get(label.len()..)?.starts_with('.') {
            break;
        }
        start = start.saturating_add(label.len()).saturating_add(1);
        previous = label;
    }
    found.filter(|&len| len <= MAX_DOMAIN_BYTES)
}

fn is_domain_char(c: char) -> bool {
    !c.is_ascii_punctuation()
        && !c.is_whitespace()
        && !c.is_control()
        && !matches!(c, '\u{180e}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// How much of a label is a top-level domain: its ASCII part when that is one (text may follow at once, as it does
/// in Japanese), else the whole of it.
fn top_level(rest: &str, label: &str) -> Option<usize> {
    let punycode: usize = if starts_with(label, "xn--") { 4 } else { 0 };
    let ascii = punycode.saturating_add(run(label.get(punycode..)?, |c| c.is_ascii_alphanumeric()));
    let len = if ascii == 0 { run(label, |c| !matches!(c, '-' | '_')) } else { ascii };
    let name = label.get(..len).filter(|n| !n.is_empty())?.to_lowercase();
    if rest.get(len..)?.starts_with('@') {
        return None;
    }
    let is_known = len > 4 && punycode == 4
        // Some top-level domains are listed only by what stands below them.
        || psl::suffix(format!("x.{name}").as_bytes()).is_some_and(|s| s.is_known());
    is_known.then_some(len)
}

/// The path after its first slash: everything up to a space, `<`, `>`, `?` or a bracket without partner, and then
/// back to the last character a link may end with.
fn path(text: &str) -> usize {
    let mut end = 0;
    let mut at = 0_usize;
    while let Some(c) = text.get(at..).and_then(|t| t.chars().next()) {
        if c == '(' {
            match text.get(at..).and_then(|t| brackets(t, 1)) {
                Some(len) => at = at.saturating_add(len),
                None => break,
            }
            end = at;
        } else if is_path_char(c) {
            at = at.saturating_add(c.len_utf8());
            if may_end_path(c) {
                end = at;
            }
        } else {
            break;
        }
    }
    end
}

/// Length of `(…)` at the start, not empty, with at most `depth` further levels inside.
fn brackets(text: &str, depth: usize) -> Option<usize> {
    let mut at = 1_usize;
    loop {
        let rest = text.get(at..)?;
        match rest.chars().next()? {
            ')' if at > 1 => return Some(at.saturating_add(1)),
            '(' if depth > 0 => at = at.saturating_add(brackets(rest, depth.saturating_sub(1))?),
            c if is_path_char(c) => at = at.saturating_add(c.len_utf8()),
            _ => return None,
        }
    }
}

fn is_path_char(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '<' | '>' | '(' | ')' | '?')
}

fn may_end_path(c: char) -> bool {
    !matches!(
        c,
        '!' | '*'
            | '"'
            | '\''
            | '「'
            | '」'
            | ';'
            | ':'
            | '='
            | ','
            | '.'
            | '$'
            | '%'
            | '['
            | ']'
            | '~'
            | '&'
            | '|'
            | '@'
    )
}

/// `?` and what follows, up to the last character a query may end with.
fn query(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('?')?;
    let is_wide = |c: char| !c.is_ascii() && !c.is_whitespace() && !c.is_control();
    let all =
        rest.get(..run(rest, |c| c.is_ascii_alphanumeric() || is_wide(c) || "!?*'();:&=+$/%#[]-_.,~|@^".contains(c)))?;
    let kept = all.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || is_wide(c) || "_&=#/-".contains(c)));
    (!kept.is_empty()).then(|| kept.len().saturating_add(1))
}

/// After `xmpp:`: maybe `//who@host/`, maybe `who@`, a host, maybe a resource, maybe a query.
fn xmpp(text: &str) -> Option<usize> {
    let is_node = |c: char| c.is_ascii_alphanumeric() || "-._~%!$()*+,;=".contains(c);
    let name = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        let len = run(rest, is_node);
        if len > 0 && rest.get(len..).is_some_and(|t| t.starts_with('@')) { len.saturating_add(1) } else { 0 }
    };
    let mut end = 0_usize;
    if text.starts_with("//") {
        end = 2_usize.saturating_add(name(2));
        end = end.saturating_add(domain(text.get(end..)?)?);
        text.get(end..)?.strip_prefix('/')?;
        end = end.saturating_add(1);
    }
    end = end.saturating_add(name(end));
    end = end.saturating_add(domain(text.get(end..)?)?);
    if let Some(rest) = text.get(end..).and_then(|t| t.strip_prefix('/')) {
        let len = run(rest, |c| is_node(c) || matches!(c, '&' | '\''));
        if len > 0 {
            end = end.saturating_add(1).saturating_add(len);
        }
    }
    Some(end.saturating_add(text.get(end..).and_then(query).unwrap_or(0)))
}
