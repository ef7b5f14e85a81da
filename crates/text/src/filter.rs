//! The phrases of filters, found in the text of a post as Mastodon finds them: without regard to case, and at the
//! borders of words where that is asked for.
//!
//! A border is as in Ruby's `\b`: between a character of a word and one that is none. Only a phrase that begins (ends)
//! with a character of a word asks for a border there. Characters of words are letters, marks, decimal digits and
//! connectors, in any script. Source: Mastodon's `app/models/custom_filter_keyword.rb`.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Places in one text that are looked at: phrases within phrases could otherwise meet in more of them than anybody may
/// have worked through.
const MOST_PLACES: usize = 500_000;

/// What one group of phrases is: each phrase with whether it stands for whole words.
pub type Group<'a> = Vec<(&'a str, bool)>;

/// Groups of phrases, looked for all at once.
#[derive(Debug)]
pub struct Phrases {
    /// `None`: there is nothing to look for.
    automaton: Option<AhoCorasick>,
    phrases: Vec<Phrase>,
    n_groups: usize,
}

#[derive(Debug)]
struct Phrase {
    group: usize,
    /// Of two phrases that begin at one place the earlier one of the group is found.
    position: usize,
    /// A border must be where it begins.
    borders_before: bool,
    /// A border must be where it ends.
    borders_after: bool,
}

impl Phrases {
    /// Of these groups. An empty phrase is never found.
    #[must_use]
    pub fn new(groups: &[Group<'_>]) -> Phrases {
        let (mut folded, mut phrases) = (Vec::new(), Vec::new());
        for (group, members) in groups.iter().enumerate() {
            for (position, (text, is_whole_word)) in
                members.iter().enumerate().filter(|(_, (text, _))| !text.is_empty())
            {
                let borders = |c: Option<char>| *is_whole_word && c.is_some_and(is_word);
                let (borders_before, borders_after) = (borders(text.chars().next()), borders(text.chars().next_back()));
                folded.push(text.chars().flat_map(fold).collect::<String>());
                phrases.push(Phrase { group, position, borders_before, borders_after });
            }
        }
        // Not the fastest of automata, but the one whose size is in proportion to the phrases. Making it fails beyond
        // the size of memory, which the bounds of filters keep far away.
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(&folded).ok();
        Phrases { automaton: automaton.filter(|_| !phrases.is_empty()), phrases, n_groups: groups.len() }
    }

    /// For each group what the first match in the text is, as the text has it.
    #[must_use]
    pub fn find<'t>(&self, text: &'t str) -> Vec<Option<&'t str>> {
        let mut found: Vec<Option<Found>> = vec![None; self.n_groups];
        if let Some(automaton) = &self.automaton {
            let folded = Folded::of(text);
            for place in automaton.find_overlapping_iter(&folded.text).take(MOST_PLACES) {
                let Some(phrase) = self.phrases.get(place.pattern().as_usize()) else { continue };
                // Within what one character becomes nothing begins or ends.
                let (Some(begin), Some(end)) = (folded.origin(place.start()), folded.origin(place.end())) else {
                    continue;
                };
                if (phrase.borders_before && !is_border(text, begin)) || (phrase.borders_after && !is_border(text, end))
                {
                    continue;
                }
                let this = Found { begin, position: phrase.position, end };
                if let Some(best) = found.get_mut(phrase.group)
                    && best.is_none_or(|best| this < best)
                {
                    *best = Some(this);
                }
            }
        }
        found.into_iter().map(|found| found.and_then(|found| text.get(found.begin..found.end))).collect()
    }
}

/// A match; the first one is the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    begin: usize,
    position: usize,
    end: usize,
}

/// A text without its case, and where its characters were before.
struct Folded {
    text: String,
    /// Where each character begins, folded and before; `None` when nothing moved.
    moved: Option<Vec<(usize, usize)>>,
}

impl Folded {
    fn of(text: &str) -> Folded {
        if text.is_ascii() {
            return Folded { text: text.to_ascii_lowercase(), moved: None };
        }
        let mut folded = String::with_capacity(text.len() + text.len() / 8);
        let mut moved = Vec::with_capacity(text.len());
        for (at, c) in text.char_indices() {
            moved.push((folded.len(), at));
            folded.extend(fold(c));
        }
        moved.push((folded.len(), text.len()));
        Folded { text: folded, moved: Some(moved) }
    }

    /// Where a place of the folded text was; `None` within what one character became.
    fn origin(&self, at: usize) -> Option<usize> {
        match &self.moved {
            None => Some(at),
            Some(moved) => {
                moved.binary_search_by_key(&at, |pair| pair.0).ok().and_then(|n| moved.get(n)).map(|pair| pair.1)
            }
        }
    }
}

/// A character without its case, by Unicode's full folding: `ẞ`, `ß` and `ss` are one, `ı` and `i` are two.
fn fold(c: char) -> impl Iterator<Item = char> {
    // Its capital is the one of `i`, but it folds to itself.
    let is_dotless = c == 'ı';
    let kept = is_dotless.then_some(c);
    let moved = (!is_dotless).then(|| c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    kept.into_iter().chain(moved.into_iter().flatten())
}

/// Whether one side of a place is of a word and the other is not.
fn is_border(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|text| text.chars().next_back());
    let after = text.get(at..).and_then(|text| text.chars().next());
    before.is_some_and(is_word) != after.is_some_and(is_word)
}

/// Whether a character can be part of a word.
fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    c.is_alphabetic()
        || c.general_category_group() == GeneralCategoryGroup::Mark
        || matches!(c.general_category(), GeneralCategory::DecimalNumber | GeneralCategory::ConnectorPunctuation)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a single phrase finds.
    fn find<'t>(phrase: &str, is_whole_word: bool, text: &'t str) -> Option<&'t str> {
        Phrases::new(&[vec![(phrase, is_whole_word)]]).find(text).remove(0)
    }

    #[test]
    fn a_whole_word_stands_between_borders_of_words() {
        for (text, found) in [
            ("cat", true),
            ("a CAT!", true),
            ("#cat", true),
            ("cat's", true),
            ("cat-like", true),
            ("(cat)", true),
            ("«cat»", true),
            ("cats", false),
            ("concat", false),
            ("cat_", false),
            ("cat5", false),
            ("cat٣", false),
            ("écat", false),
            ("cate\u{301}", false),
            ("cat\u{301}", false),
            ("cat語", false),
            ("cat😀", true),
            ("concat cat", true),
        ] {
            assert_eq!(find("cat", true, text).is_some(), found, "{text:?}");
            assert!(find("cat", false, text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn borders_are_asked_for_only_where_the_phrase_is_of_a_word() {
        // `#cat` needs none in front, `:)` none at all.
        assert!(find("#cat", true, "my#cat").is_some());
        assert!(find("#cat", true, "my#cats").is_none());
        assert!(find(":)", true, "well:)well").is_some());
        assert!(find("@twitter.com", true, "bird@twitter.com").is_some());
        assert!(find("new york", true, "in New York City").is_some());
        assert!(find("new york", true, "in anew york").is_none());
        assert!(find("日本", true, "日本語").is_none());
        assert!(find("日本", false, "日本語").is_some());
    }

    #[test]
    fn case_is_nothing_in_any_script() {
        for (phrase, text) in [
            ("straße", "STRASSE"),
            ("STRASSE", "Straße"),
            ("ẞ", "ss"),
            ("ΣΟΦΟΣ", "σοφος"),
            ("σοφοσ", "Σοφος"),
            ("привет", "ПРИВЕТ"),
            ("ﬁne", "FINE"),
            ("\u{212a}elvin", "kelvin"),
        ] {
            assert_eq!(find(phrase, true, text), Some(text), "{phrase} in {text}");
        }
        assert_eq!(find("i", false, "ı"), None);
        // Half of a character is nothing.
        assert_eq!(find("s", false, "ß"), None);
        assert_eq!(find("sa", false, "ßa"), None);
    }

    #[test]
    fn of_each_group_the_first_match_is_told_as_the_text_has_it() {
        let groups =
            [vec![("tea", true), ("green", false)], vec![("milk", true)], vec![("GREEN tea", false), ("tea", true)]];
        let phrases = Phrases::new(&groups);
        assert_eq!(phrases.find("I like Green Tea"), [Some("Green"), None, Some("Green Tea")]);
        assert_eq!(phrases.find("TEA, then green tea"), [Some("TEA"), None, Some("TEA")]);
        assert_eq!(phrases.find(""), [None, None, None]);
        assert_eq!(Phrases::new(&[vec![], vec![("", true)]]).find("anything"), [None, None]);
        // Of two that begin together the earlier one, even if it is shorter.
        assert_eq!(Phrases::new(&[vec![("ab", false), ("abc", false)]]).find("xabc"), [Some("ab")]);
    }

    /// The same by trying every place, for one group.
    fn slowly<'t>(group: &Group<'_>, text: &'t str) -> Option<&'t str> {
        let folded = |text: &str| text.chars().flat_map(fold).collect::<String>();
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        for begin in &ends {
            for (phrase, is_whole_word) in group.iter().filter(|(phrase, _)| !phrase.is_empty()) {
                for end in ends.iter().filter(|end| *end > begin) {
                    let part = &text[*begin..*end];
                    let first = phrase.chars().next().is_some_and(is_word);
                    let last = phrase.chars().next_back().is_some_and(is_word);
                    let holds =
                        !is_whole_word || ((!first || is_border(text, *begin)) && (!last || is_border(text, *end)));
                    if holds && folded(part) == folded(phrase) {
                        return Some(part);
                    }
                }
            }
        }
        None
    }

    /// Short texts of few characters, so that phrases are found in them.
    fn word() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[abAB]{1,2}",
            Just(" ".to_owned()),
            Just("#".to_owned()),
            Just("_".to_owned()),
            Just("ß".to_owned()),
            Just("sS".to_owned()),
            Just("İ".to_owned()),
            Just("i".to_owned()),
            Just("\u{301}".to_owned()),
            Just("語".to_owned()),
            Just("٣".to_owned()),
            Just("😀".to_owned()),
            "\\PC",
        ];
        proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn what_is_found_is_what_trying_every_place_finds(
            groups in proptest::collection::vec(proptest::collection::vec((word(), any::<bool>()), 0..3), 1..4),
            text in proptest::collection::vec(word(), 0..6).prop_map(|pieces| pieces.concat()),
        ) {
            let groups: Vec<Group<'_>> =
                groups.iter().map(|group| group.iter().map(|(phrase, whole)| (phrase.as_str(), *whole)).collect()).collect();
            let expected: Vec<Option<&str>> = groups.iter().map(|group| slowly(group, &text)).collect();
            prop_assert_eq!(Phrases::new(&groups).find(&text), expected);
        }
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        let phrases: Vec<String> = (1..200).map(|n| "a".repeat(n)).collect();
        let group: Group<'_> = phrases.iter().map(|phrase| (phrase.as_str(), true)).collect();
        assert_eq!(Phrases::new(&[group]).find(&format!("{}b", "a".repeat(100_000))), [None]);
    }
}
