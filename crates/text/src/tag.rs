//! Hashtags: what a name may be, and how two spellings are compared.

use unicode_normalization::UnicodeNormalization;

use crate::characters::{is_alnum, is_alpha, is_tag_separator, is_word, run};

/// The form in which hashtags are compared and stored: compatibility-normalised (NFKC, which folds full and half
/// width), lower case, Latin accents of the first two Latin blocks taken off (`é` is `e`, `ł` is `l`), and without
/// characters no tag may have. So `#Ｃａｆé`, `#Café` and `#cafe` are one tag.
#[must_use]
pub fn tag_key(tag: &str) -> String {
    // Letter by letter: Mastodon's lower case knows no final sigma.
    tag.nfkc()
        .flat_map(char::to_lowercase)
        .map(fold_accent)
        .filter(|&c| is_alnum(c) || is_tag_separator(c) || is_thai_sign(c))
        // Marks may have become neighbours: in their one order again, so that a key is its own key.
        .nfc()
        .collect()
}

/// Whether a name, without `#`, is one a hashtag may have.
#[must_use]
pub fn is_valid_tag(tag: &str) -> bool {
    !tag.is_empty() && name_len(tag) == tag.len()
}

/// How many bytes at the start of `text` are a hashtag's name; 0 when none is there.
///
/// A name is either word characters with a letter among them, or begins and ends with a word character and has a
/// letter or separator between: `#a·b` and `#1_2` are tags, `#12` and `#·a` are not, `#a·` is the tag `a`.
pub(crate) fn name_len(text: &str) -> usize {
    let whole = text.get(..run(text, |c| is_word(c) || is_tag_separator(c))).unwrap_or_default();
    let separated = whole.trim_end_matches(|c| !is_word(c));
    let mut inside = separated.chars();
    let first = inside.next();
    inside.next_back();
    if first.is_some_and(is_word) && inside.any(|c| is_alpha(c) || is_tag_separator(c)) {
        return separated.len();
    }
    let word = whole.get(..run(whole, is_word)).unwrap_or_default();
    if word.chars().any(is_alpha) { word.len() } else { 0 }
}

/// Thai vowel and tone signs, which are not alphabetic by property but without which Thai tags lose their meaning.
fn is_thai_sign(c: char) -> bool {
    ('\u{e47}'..='\u{e4e}').contains(&c)
}

/// The ASCII letter below an accented letter of Latin-1 or Latin Extended-A; other characters as they are.
/// Only lower case arrives here.
fn fold_accent(c: char) -> char {
    match c {
        'ð' | 'đ' => 'd',
        'ħ' => 'h',
        'ı' => 'i',
        'ĸ' => 'k',
        'ł' => 'l',
        'ŋ' => 'n',
        'ø' => 'o',
        'ŧ' => 't',
        '\u{c0}'..='\u{17f}' => std::iter::once(c).nfd().next().filter(char::is_ascii_lowercase).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_a_letter_or_a_separator_inside() {
        for good in [
            "a",
            "foo",
            "foo1",
            "1foo",
            "12a",
            "1_2",
            "a·b",
            "コーヒー・豆",
            "भारत",
            "日本",
            "a_",
            "_a",
            "___",
            "ไทยแลนด์",
            "خانه\u{200c}ها",
        ] {
            assert!(is_valid_tag(good), "{good}");
        }
        for bad in ["", "1", "123", "_", "__", "·a", "a·", "a b", "a-b", "a#", "²", "a²", "😀", "a."] {
            assert!(!is_valid_tag(bad), "{bad}");
        }
    }

    #[test]
    fn a_name_ends_where_its_characters_do() {
        for (text, name) in [
            ("foo.", "foo"),
            ("foo-bar", "foo"),
            ("a· b", "a"),
            ("a·b·", "a·b"),
            ("12", ""),
            ("12·", ""),
            ("taghttp://x", "taghttp"),
        ] {
            assert_eq!(text.get(..name_len(text)), Some(name), "{text}");
        }
    }

    #[test]
    fn spellings_of_one_tag_share_a_key() {
        for (tag, key) in [
            ("FooBar", "foobar"),
            ("Café", "cafe"),
            ("Ｃａｆé", "cafe"),
            ("ｶﾌｪ", "カフェ"),
            ("Łódź", "lodz"),
            ("ÅØÆ", "aoæ"),
            ("ΣΑΣ", "σασ"),
            ("ไม่", "ไม่"),
            ("a-b c", "abc"),
            ("Straße", "straße"),
            ("a·B", "a·b"),
            ("İ", "i"),
        ] {
            assert_eq!(tag_key(tag), key, "{tag}");
            assert_eq!(tag_key(&tag_key(tag)), key, "{tag} twice");
        }
    }
}
