//! English words in their other forms: whoever looks for `apples` finds `apple`, as in Mastodon.
//!
//! The stem of a word is Porter's (M. F. Porter, An algorithm for suffix stripping, 1980). Posts keep their words as they
//! are; a question asks for all forms that have the same stem.

/// Words that are asked for in place of one.
const MOST_FORMS: usize = 24;
/// Shorter words have no forms: they mean too many things.
const SHORTEST: usize = 3;
/// What forms end with.
const ENDINGS: [&str; 10] = ["", "s", "es", "d", "ed", "ing", "er", "ers", "ly", "e"];

/// Other forms of a word that was folded: those with its stem. None of what is no English word.
pub(crate) fn forms(word: &str) -> Vec<String> {
    if word.len() < SHORTEST || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return Vec::new();
    }
    let stem = stem(word);
    let mut roots = vec![word.to_owned(), stem.clone()];
    roots.extend(stem.strip_suffix('e').map(ToOwned::to_owned));
    roots.extend(stem.chars().last().filter(|_| ends_short(&stem)).map(|last| format!("{stem}{last}")));
    let from_y = stem.strip_suffix('i').or_else(|| word.strip_suffix('y')).unwrap_or_default();
    let with_y = ["y", "ies", "ied", "ying", "ily"].map(|ending| format!("{from_y}{ending}"));
    let all = roots.iter().flat_map(|root| ENDINGS.map(|ending| format!("{root}{ending}")));
    let mut forms: Vec<String> = Vec::new();
    for form in with_y.into_iter().filter(|_| !from_y.is_empty()).chain(all) {
        if form != word && form.len() >= SHORTEST && !forms.contains(&form) && self::stem(&form) == stem {
            forms.push(form);
        }
    }
    forms.truncate(MOST_FORMS);
    forms
}

/// Which letters are consonants: `y` is one at the beginning and behind a vowel.
fn consonants(word: &str) -> Vec<bool> {
    let mut before = false;
    let kind = |letter| {
        before = match letter {
            'a' | 'e' | 'i' | 'o' | 'u' => false,
            'y' => !before,
            _ => true,
        };
        before
    };
    word.chars().map(kind).collect()
}

/// How often a consonant follows a vowel.
fn measure(word: &str) -> usize {
    let kinds = consonants(word);
    kinds.iter().zip(kinds.iter().skip(1)).filter(|(before, after)| !**before && **after).count()
}

fn has_vowel(word: &str) -> bool {
    consonants(word).contains(&false)
}

fn ends_double(word: &str) -> bool {
    let mut letters = word.chars().rev();
    letters.next().zip(letters.next()).is_some_and(|(last, before)| last == before)
        && consonants(word).last() == Some(&true)
}

/// Ends with consonant, vowel and a consonant that is not `w`, `x` or `y`.
fn ends_short(word: &str) -> bool {
    consonants(word).ends_with(&[true, false, true]) && !word.ends_with(['w', 'x', 'y'])
}

/// The first ending that fits is put into the other's place, where the rest is as long as it must be.
fn replaced(word: &str, endings: &[(&str, &str)], most: usize) -> String {
    for (ending, other) in endings {
        if let Some(rest) = word.strip_suffix(ending) {
            let is_ion = *ending != "ion" || rest.ends_with(['s', 't']);
            return if measure(rest) > most && is_ion { format!("{rest}{other}") } else { word.to_owned() };
        }
    }
    word.to_owned()
}

fn stem(word: &str) -> String {
    if word.len() < SHORTEST {
        return word.to_owned();
    }
    let word = without_plural(word);
    let mut word = without_past(&word);
    if let Some(rest) = word.strip_suffix('y').filter(|rest| has_vowel(rest)) {
        word = format!("{rest}i");
    }
    let word = replaced(&word, &SECOND, 0);
    let word = replaced(&word, &THIRD, 0);
    let mut word = replaced(&word, &FOURTH, 1);
    if let Some(rest) = word.strip_suffix('e')
        && (measure(rest) > 1 || measure(rest) == 1 && !ends_short(rest))
    {
        word = rest.to_owned();
    }
    if word.ends_with("ll") && measure(&word) > 1 {
        word.pop();
    }
    word
}

fn without_plural(word: &str) -> String {
    let rest = |ending| word.strip_suffix(ending);
    match (rest("sses"), rest("ies")) {
        (Some(rest), _) => format!("{rest}ss"),
        (None, Some(rest)) => format!("{rest}i"),
        (None, None) if word.ends_with("ss") => word.to_owned(),
        (None, None) => rest("s").unwrap_or(word).to_owned(),
    }
}

fn without_past(word: &str) -> String {
    if let Some(rest) = word.strip_suffix("eed") {
        return if measure(rest) > 0 { format!("{rest}ee") } else { word.to_owned() };
    }
    let rest = word.strip_suffix("ed").or_else(|| word.strip_suffix("ing")).filter(|rest| has_vowel(rest));
    let Some(rest) = rest else { return word.to_owned() };
    if ["at", "bl", "iz"].iter().any(|ending| rest.ends_with(ending)) || measure(rest) == 1 && ends_short(rest) {
        return format!("{rest}e");
    }
    let mut rest = rest.to_owned();
    if ends_double(&rest) && !rest.ends_with(['l', 's', 'z']) {
        rest.pop();
    }
    rest
}

const SECOND: [(&str, &str); 20] = [
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("abli", "able"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
];

const THIRD: [(&str, &str); 7] =
    [("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

const FOURTH: [(&str, &str); 19] = [
    ("al", ""),
    ("ance", ""),
    ("ence", ""),
    ("er", ""),
    ("ic", ""),
    ("able", ""),
    ("ible", ""),
    ("ant", ""),
    ("ement", ""),
    ("ment", ""),
    ("ent", ""),
    ("ion", ""),
    ("ou", ""),
    ("ism", ""),
    ("ate", ""),
    ("iti", ""),
    ("ous", ""),
    ("ive", ""),
    ("ize", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Porter's own examples.
    #[test]
    fn stems_are_porters() {
        for (word, expected) in [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("cats", "cat"),
            ("agreed", "agre"),
            ("feed", "feed"),
            ("plastered", "plaster"),
            ("bled", "bled"),
            ("motoring", "motor"),
            ("sing", "sing"),
            ("conflated", "conflat"),
            ("sized", "size"),
            ("hopping", "hop"),
            ("falling", "fall"),
            ("hissing", "hiss"),
            ("filing", "file"),
            ("happy", "happi"),
            ("sky", "sky"),
            ("relational", "relat"),
            ("conditional", "condit"),
            ("rational", "ration"),
            ("digitizer", "digit"),
            ("vietnamization", "vietnam"),
            ("hopefulness", "hope"),
            ("formality", "formal"),
            ("triplicate", "triplic"),
            ("electrical", "electr"),
            ("goodness", "good"),
            ("revival", "reviv"),
            ("adjustable", "adjust"),
            ("replacement", "replac"),
            ("adoption", "adopt"),
            ("effective", "effect"),
            ("probate", "probat"),
            ("rate", "rate"),
            ("controlling", "control"),
            ("roll", "roll"),
        ] {
            assert_eq!(stem(word), expected, "{word}");
        }
    }

    #[test]
    fn forms_lead_to_each_other() {
        for (word, others) in [
            ("apples", &["apple"][..]),
            ("apple", &["apples"]),
            ("running", &["run", "runs"]),
            ("run", &["running", "runs"]),
            ("cities", &["city"]),
            ("city", &["cities"]),
            ("stop", &["stopped", "stopping", "stops"]),
            ("bake", &["baked", "bakes", "baking"]),
            ("baking", &["bake", "baked", "bakes"]),
            ("boxes", &["box"]),
            ("box", &["boxes"]),
        ] {
            let forms = forms(word);
            assert!(others.iter().all(|other| forms.contains(&(*other).to_owned())), "{word}: {forms:?}");
            assert!(forms.len() <= MOST_FORMS && !forms.contains(&word.to_owned()), "{word}");
        }
        for word in ["is", "東京", "über", "a1b", "42"] {
            assert_eq!(forms(word), Vec::<String>::new(), "{word}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_word_has_forms_of_letters_alone(word in "[a-z]{0,70}") {
            for form in forms(&word) {
                proptest::prop_assert!(form.bytes().all(|b| b.is_ascii_lowercase()));
                proptest::prop_assert_eq!(stem(&form), stem(&word));
            }
        }
    }
}
