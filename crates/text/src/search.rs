//! Words as search knows them, and what somebody asks for. Both databases keep and are asked for these words, so that both
//! find the same.
//!
//! Scripts without blanks between words are cut into pairs of characters, and the last character of a run stands once
//! more by itself: so every part of a run is found, whatever its length.

use std::iter::Peekable;

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::{characters::is_alnum, stem::forms};

/// Longest word kept, in characters: what is longer is no word that anybody types.
const WORD_CHARACTERS: usize = 64;
/// Most words of one text.
const MOST_WORDS: usize = 4_000;
/// Most parts of a question.
const MOST_PARTS: usize = 32;

/// The words of a text in their order: folded to small letters without accents.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for run in runs(text) {
        match run {
            Run::Word(word) => words.push(word),
            Run::Pairs(characters) => pairs(&characters, &mut words),
        }
        if words.len() >= MOST_WORDS {
            break;
        }
    }
    words.truncate(MOST_WORDS);
    words
}

/// One condition on the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Words that follow each other.
    pub words: Vec<String>,
    /// Words that stand for the only one as well, for they are forms of it; none within quotes.
    pub forms: Vec<String>,
    /// The last of them may go on.
    pub is_beginning: bool,
    /// They must not be there.
    pub is_negated: bool,
}

/// One condition beside the text, as written: `from:me`, `-is:reply`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// `from`
    pub name: String,
    /// `me`
    pub value: String,
    /// With a minus in front.
    pub is_negated: bool,
}

/// What somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// All must hold.
    pub terms: Vec<Term>,
    /// All must hold.
    pub operators: Vec<Operator>,
}

/// The operators of Mastodon's search. A word before a colon that is none of them is a word.
/// Source: <https://docs.joinmastodon.org/user/network/#search>.
const OPERATORS: [&str; 8] = ["has", "is", "language", "from", "before", "after", "during", "in"];

/// Reads what somebody typed: words, `"phrases"`, `-without`, and operators.
#[must_use]
pub fn question(text: &str) -> Question {
    let mut question = Question::default();
    let mut characters = text.chars().peekable();
    for _ in 0..MOST_PARTS {
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        if characters.peek().is_none() {
            break;
        }
        part(&mut characters, &mut question);
    }
    question
}

fn part(characters: &mut Peekable<std::str::Chars<'_>>, question: &mut Question) {
    let sign = characters.next_if(|c| matches!(c, '-' | '+'));
    let is_negated = sign == Some('-');
    if characters.next_if(|c| is_quote(*c)).is_some() {
        let phrase = until(characters, is_quote);
        characters.next();
        return question.terms.extend(terms(&phrase, is_negated));
    }
    let word = until(characters, char::is_whitespace);
    match word.split_once(':') {
        Some((name, value)) if OPERATORS.contains(&name.to_lowercase().as_str()) && !value.is_empty() => {
            let value = value.trim_matches(is_quote).to_owned();
            question.operators.push(Operator { name: name.to_lowercase(), value, is_negated });
        }
        _ => question.terms.extend(terms(&word, is_negated).into_iter().map(with_forms)),
    }
}

fn with_forms(term: Term) -> Term {
    let forms = match term.words.as_slice() {
        [word] if !term.is_beginning => forms(word),
        _ => Vec::new(),
    };
    Term { forms, ..term }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}

fn until(characters: &mut Peekable<std::str::Chars<'_>>, is_end: impl Fn(char) -> bool) -> String {
    let mut text = String::new();
    while let Some(c) = characters.next_if(|c| !is_end(*c)) {
        text.push(c);
    }
    text
}

/// The terms of what stands together; none without a letter or digit in it. After a run without blanks a new one begins:
/// there the kept words do not follow each other as those asked for do.
fn terms(text: &str, is_negated: bool) -> Vec<Term> {
    let (mut terms, mut words) = (Vec::new(), Vec::new());
    let mut end = |words: &mut Vec<String>, is_beginning| {
        let mut words = std::mem::take(words);
        words.truncate(MOST_PARTS);
        if !words.is_empty() {
            terms.push(Term { words, forms: Vec::new(), is_beginning, is_negated });
        }
    };
    for run in runs(text) {
        match run {
            Run::Word(word) => words.push(word),
            Run::Pairs(characters) => {
                match characters.as_slice() {
                    [one] => words.push(one.to_string()),
                    _ => words.extend(characters.windows(2).map(|pair| pair.iter().collect::<String>())),
                }
                end(&mut words, characters.len() == 1);
            }
        }
    }
    end(&mut words, false);
    terms
}

enum Run {
    Word(String),
    /// Of a script without blanks between words.
    Pairs(Vec<char>),
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut word = String::new();
    let mut dense: Vec<char> = Vec::new();
    let folded = text.nfkd().filter(|c| c.general_category_group() != GeneralCategoryGroup::Mark || is_dense(*c));
    for c in folded.flat_map(char::to_lowercase).chain([' ']) {
        let (in_word, in_dense) = (is_alnum(c) && !is_dense(c), is_dense(c));
        if !in_word && !word.is_empty() {
            let cut: String = std::mem::take(&mut word).chars().take(WORD_CHARACTERS).collect();
            runs.push(Run::Word(cut));
        }
        if !in_dense && !dense.is_empty() {
            runs.push(Run::Pairs(std::mem::take(&mut dense)));
        }
        if in_word {
            word.push(c);
        } else if in_dense {
            dense.push(c);
        }
    }
    runs
}

fn pairs(characters: &[char], words: &mut Vec<String>) {
    words.extend(characters.windows(2).map(|pair| pair.iter().collect::<String>()));
    words.extend(characters.last().map(char::to_string));
}

/// Letters of scripts that put no blanks between words: Thai, Lao, Burmese, Khmer, kana, Han.
fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{e01}'..='\u{e4e}' | '\u{e81}'..='\u{ece}' | '\u{1000}'..='\u{103f}' | '\u{1780}'..='\u{17d3}'
        | '\u{3041}'..='\u{3096}' | '\u{3099}' | '\u{309a}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(words: &[&str], is_negated: bool) -> Term {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Term { words, forms: Vec::new(), is_beginning: false, is_negated }
    }

    #[test]
    fn a_word_stands_for_its_forms_and_a_quoted_one_for_itself() {
        let forms = |text| question(text).terms.into_iter().map(|term| term.forms).collect::<Vec<_>>();
        let [apples, none] = forms("apples 東京").try_into().unwrap_or_default();
        assert!(apples.contains(&"apple".to_owned()) && none.is_empty(), "{apples:?} {none:?}");
        assert_eq!(forms("\"apples\" apple-pie"), [[""; 0], [""; 0]]);
    }

    #[test]
    fn words_are_folded() {
        assert_eq!(words("Crème BRÛLÉE, don't! Straße №5"), ["creme", "brulee", "don", "t", "straße", "no5"]);
        assert_eq!(words("#CatsOfMastodon @alice@example.org"), ["catsofmastodon", "alice", "example", "org"]);
        assert_eq!(words("Ｆｕｌｌ ½"), ["full", "1", "2"]);
        assert_eq!(words("… !?"), [""; 0]);
    }

    #[test]
    fn scripts_without_blanks_are_cut_into_pairs() {
        assert_eq!(words("東京都 and 猫"), ["東京", "京都", "都", "and", "猫"]);
        let one = question("猫").terms;
        assert!(one.iter().all(|term| term.is_beginning && term.words == ["猫"]));
        assert_eq!(question("東京都").terms, [term(&["東京", "京都"], false)]);
    }

    #[test]
    fn a_question_has_words_phrases_and_operators() {
        let asked = question(r#"cats "new  York" -dogs from:me -is:reply http://a.b:80 un"closed"#);
        let expected = [
            term(&["cats"], false),
            term(&["new", "york"], false),
            term(&["dogs"], true),
            term(&["http", "a", "b", "80"], false),
            term(&["un", "closed"], false),
        ];
        let bare: Vec<Term> = asked.terms.into_iter().map(|term| Term { forms: Vec::new(), ..term }).collect();
        assert_eq!(bare, expected);
        let operator =
            |name: &str, value: &str, is_negated| Operator { name: name.into(), value: value.into(), is_negated };
        assert_eq!(asked.operators, [operator("from", "me", false), operator("is", "reply", true)]);
        assert_eq!(question("- : \" -"), Question::default());
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_words_without_anything_but_letters_and_digits(text in ".{0,200}") {
            for word in words(&text).into_iter().chain(question(&text).terms.into_iter().flat_map(|term| term.words)) {
                proptest::prop_assert!(!word.is_empty() && word.chars().all(|c| is_alnum(c) || is_dense(c)), "{word:?}");
                proptest::prop_assert!(word.chars().count() <= WORD_CHARACTERS);
            }
        }

        #[test]
        fn a_text_has_what_it_is_asked_for(text in "[a-zé東京都猫 ]{1,40}") {
            let all = words(&text);
            for term in question(&text).terms {
                let found = all.windows(term.words.len().max(1)).any(|window| {
                    let (last, before) = (window.last(), window.split_last().map(|(_, before)| before));
                    let begins = term.words.split_last().map(|(_, before)| before);
                    before == begins && last.zip(term.words.last()).is_some_and(|(is, asked)| {
                        is == asked || term.is_beginning && is.starts_with(asked.as_str())
                    })
                });
                proptest::prop_assert!(found, "{term:?} in {all:?}");
            }
        }
    }
}
