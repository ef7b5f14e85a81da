//! How long a text is, as the limit of a post counts it.

use phiomia_model::limits::LIMITS;
use unicode_segmentation::UnicodeSegmentation;

use crate::scan::{Entity, Piece, pieces};

/// Characters as Mastodon counts them: a web link is 23 whatever its length, `@user@host` counts as `@user`,
/// everything else by what a reader sees as one character (grapheme clusters). A text of spaces counts 0.
/// A content warning counts its grapheme clusters (`count` on it would shorten its links); the caller adds them.
/// Source: <https://docs.joinmastodon.org/user/posting/#text>.
#[must_use]
pub fn count(text: &str) -> usize {
    if text.trim().is_empty() {
        return 0;
    }
    // Written out as it is counted, because a combining mark may follow a link.
    let mut counted = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Entity(Entity::Link(_), _) => counted.extend(std::iter::repeat_n('x', LIMITS.characters_per_link)),
            Piece::Entity(Entity::Mention { username, .. }, _) => {
                counted.push('@');
                counted.push_str(username);
            }
            Piece::Text(text) | Piece::Entity(_, text) => counted.push_str(text),
        }
    }
    counted.graphemes(true).count()
}

/// Grapheme clusters: how long a content warning is.
#[must_use]
pub fn length(text: &str) -> usize {
    text.graphemes(true).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_counts_what_a_reader_sees() {
        assert_eq!((length("https://example.com/long"), length("👩‍👩‍👧‍👦é")), (24, 2));
    }

    #[test]
    fn links_and_domains_do_not_cost_their_length() {
        for (text, expected) in [
            ("", 0),
            ("  \n", 0),
            ("hello", 5),
            ("a b", 3),
            ("a\nb", 3),
            ("a\r\nb", 3),
            ("https://example.com/a/very/long/path/that/goes/on?and=on", 23),
            ("http://a.de", 23),
            ("see https://a.de.", 28),
            ("@alice@example.com hi", 9),
            ("@alice hi", 9),
            ("👩‍👩‍👧‍👦🇩🇪é", 3),
            ("#tag", 4),
            ("http://localhost/", 17),
            ("magnet:?xt=urn:btih:c1", 22),
        ] {
            assert_eq!(count(text), expected, "{text:?}");
        }
    }
}
