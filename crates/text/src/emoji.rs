//! Custom emoji as they are typed.

use std::collections::HashSet;

use phiomia_model::limits::LIMITS;

use crate::characters::{is_alnum, run};

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
    fn a_flood_of_shortcodes_is_cut() {
        let flood: String = (0..500).map(|n| format!(":e{n}: ")).collect();
        assert_eq!(shortcodes(&flood).len(), LIMITS.references);
    }
}
