//! What the databases find, beside what reading every post would find.

use phiomia_model::{AccountId, Page, StatusId, Time, status::Draft};
use phiomia_social::statuses;
use phiomia_store::db::search::{self, Phrase, StatusSearch};
use phiomia_testkit::on_both_engines;
use phiomia_text::search::{Term, question, words};

use crate::statuses::{ALICE, BOB, Village};

/// Parts of posts and of questions: accents, folded letters, scripts without blanks, signs that both engines have a
/// meaning for.
const PARTS: [&str; 16] = [
    "cat",
    "Crème",
    "creme",
    "STRASSE",
    "Straße",
    "new york",
    "york",
    "東京都",
    "京都",
    "猫",
    "สวัสดี",
    "วัส",
    "it's",
    "a:b",
    "#cats",
    "№5",
];

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn parts(&mut self, most: usize) -> Vec<&'static str> {
        (0..=self.below(most)).map(|_| PARTS[self.below(PARTS.len())]).collect()
    }

    fn question(&mut self) -> String {
        let parts = self.parts(3).into_iter().map(|part| match self.below(4) {
            0 => format!("-{}", part.split(' ').next().unwrap()),
            1 => format!("\"{part}\""),
            2 => format!("-\"{part}\""),
            _ => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join(" ")
    }
}

/// Whether a text has a term, by looking at every word of it.
fn has(text: &[String], term: &Term) -> bool {
    if text.iter().any(|word| term.forms.contains(word)) {
        return true;
    }
    let last = term.words.len() - 1;
    let same = |(at, (is, asked)): (usize, (&String, &String))| {
        is == asked || at == last && term.is_beginning && is.starts_with(asked.as_str())
    };
    text.windows(term.words.len()).any(|window| window.iter().zip(&term.words).enumerate().all(same))
}

fn asked(terms: &[Term], from: Option<AccountId>) -> StatusSearch {
    let phrase = |term: &Term| Phrase {
        words: term.words.clone(),
        forms: term.forms.clone(),
        is_beginning: term.is_beginning,
        is_negated: term.is_negated,
    };
    let phrases = terms.iter().map(phrase).collect();
    StatusSearch { phrases, in_public: true, in_library: true, from, ..StatusSearch::default() }
}

on_both_engines! {
    async fn both_databases_find_what_reading_every_post_finds(village: Village) {
        let mut dice = Dice(7);
        let texts: Vec<(AccountId, String)> =
            (0..150).map(|n| (if n % 3 == 0 { BOB } else { ALICE }, dice.parts(5).join(" "))).collect();
        let (posting, social) = (texts.clone(), village.social.clone());
        let ids = village.does(move |tx| {
            let post = |(author, text): &(AccountId, String)| {
                statuses::post(tx, &social, *author, &Draft { text: text.clone(), ..Draft::default() })
            };
            posting.iter().map(post).collect::<Result<Vec<StatusId>, _>>()
        }).await.unwrap();
        let mut n_found = 0;
        for n in 0..400 {
            let text = dice.question();
            let terms = question(&text).terms;
            let from = [None, Some(ALICE), Some(BOB)][n % 3];
            let fits = |(author, text): &(AccountId, String)| {
                let words = words(text);
                from.is_none_or(|from| from == *author) && terms.iter().all(|term| has(&words, term) != term.is_negated)
            };
            let mut expected: Vec<StatusId> =
                texts.iter().zip(&ids).filter(|(post, _)| fits(post)).map(|(_, id)| *id).collect();
            expected.reverse();
            n_found += expected.len();
            let search = asked(&terms, from);
            let page = Page::first(200);
            let found = village.sees(move |q| Ok(search::statuses(q, ALICE, &search, &page, 0, Time(0))?));
            assert_eq!(found.await, expected, "{text} from {from:?}");
        }
        assert!(n_found > 1_000, "the questions find too little to say anything: {n_found}");
    }

    async fn a_persons_old_post_is_found_behind_a_crowd_of_newer_ones(village: Village) {
        let id = village.posts(ALICE, "in the crowd").await;
        village.does(move |tx| {
            for n in 1..=10_200 {
                search::keep(tx, vec![(StatusId(id.0 + n), BOB, vec!["crowd".to_owned()])])?;
            }
            Ok(())
        }).await.unwrap();
        for text in ["crowd", "-silence"] {
            let search = asked(&question(text).terms, Some(ALICE));
            let found = village.sees(move |q| Ok(search::statuses(q, ALICE, &search, &Page::first(20), 0, Time(0))?));
            assert_eq!(found.await, [id], "{text}");
        }
    }
}
