//! The character classes Mastodon's patterns are made of (Onigmo's, by Unicode property).

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// `[[:alpha:]]`: the property Alphabetic.
pub(crate) fn is_alpha(c: char) -> bool {
    c.is_alphabetic()
}

/// `[[:alnum:]]`: Alphabetic or a decimal digit. `²` and `½` are neither.
pub(crate) fn is_alnum(c: char) -> bool {
    c.is_alphabetic() || c.general_category() == GeneralCategory::DecimalNumber
}

/// `[[:word:]]`: letters, marks, decimal digits and connecting punctuation such as `_`.
pub(crate) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    c.is_alphabetic()
        || matches!(
            c.general_category(),
            GeneralCategory::NonspacingMark
                | GeneralCategory::SpacingMark
                | GeneralCategory::EnclosingMark
                | GeneralCategory::DecimalNumber
                | GeneralCategory::ConnectorPunctuation
        )
}

/// What may stand inside a hashtag beside word characters: underscore, middle dot, katakana middle dot,
/// zero-width non-joiner.
pub(crate) fn is_tag_separator(c: char) -> bool {
    matches!(c, '_' | '\u{b7}' | '\u{30fb}' | '\u{200c}')
}

/// Letters that show that a name went on when the pattern stopped: `@noël` is not `@no`.
/// The ranges are those of twitter-text, which Mastodon's extractor is built on.
pub(crate) fn is_latin_accent(c: char) -> bool {
    matches!(c,
        '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{24f}' | '\u{253}' | '\u{254}' | '\u{256}'
        | '\u{257}' | '\u{259}' | '\u{25b}' | '\u{263}' | '\u{268}' | '\u{26f}' | '\u{272}' | '\u{289}'
        | '\u{28b}' | '\u{2bb}' | '\u{300}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}')
}

/// How many bytes of `text` belong to characters of a class, from its start.
pub(crate) fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.char_indices().find(|&(_, c)| !belongs(c)).map_or(text.len(), |(at, _)| at)
}

/// `text` cut to at most `bytes`, at a character's border.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}
