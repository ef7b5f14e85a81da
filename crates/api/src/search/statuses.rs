//! Posts by their words and by Mastodon's operators.

use phiomia_model::{AccountId, Error, Handle, Page, StatusId, Time, Viewer, id};
use phiomia_store::{
    Query,
    db::{
        accounts,
        search::{self, Phrase, StatusSearch},
        statuses::{self, StatusView},
    },
};
use phiomia_text::search::{Operator, Question};

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// The posts that somebody finds, newest first. What asks for something that cannot be finds nothing.
///
/// # Errors
/// The database failed.
pub fn found(
    q: &Query<'_>,
    me: AccountId,
    question: &Question,
    from: Option<AccountId>,
    page: Page,
    offset: i64,
    now: Time,
) -> Result<Vec<StatusView>, Error> {
    let phrase = |term: &phiomia_text::search::Term| Phrase {
        words: term.words.clone(),
        is_beginning: term.is_beginning,
        is_negated: term.is_negated,
    };
    let search = StatusSearch {
        phrases: question.terms.iter().map(phrase).collect(),
        in_public: true,
        in_library: true,
        from,
        ..StatusSearch::default()
    };
    let mut reading = Reading { me, search, page };
    for operator in &question.operators {
        if !reading.takes(q, operator)? {
            return Ok(Vec::new());
        }
    }
    if reading.search.phrases.is_empty() && question.operators.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<StatusId> = search::statuses(q, me, &reading.search, &reading.page, offset, now)?;
    Ok(statuses::views(q, &ids, Viewer::Account(me), now)?)
}

struct Reading {
    me: AccountId,
    search: StatusSearch,
    page: Page,
}

impl Reading {
    /// Adds a condition; `false` when nothing can meet it.
    fn takes(&mut self, q: &Query<'_>, operator: &Operator) -> Result<bool, Error> {
        let (is, value) = (!operator.is_negated, operator.value.to_lowercase());
        let search = &mut self.search;
        match (operator.name.as_str(), value.as_str()) {
            ("has", "poll") => search.has_poll = Some(is),
            ("has", "link") => search.has_link = Some(is),
            ("has", "media") => search.media = Some((None, is)),
            ("has", "image") => search.media = Some((Some("image"), is)),
            ("has", "video") => search.media = Some((Some("video"), is)),
            ("has", "audio") => search.media = Some((Some("audio"), is)),
            // What is embedded is not looked for.
            ("has", "embed") => return Ok(!is),
            ("is", "reply") => search.is_reply = Some(is),
            ("is", "sensitive") => search.is_sensitive = Some(is),
            ("in", "all") => (search.in_public, search.in_library) = (true, true),
            ("in", "public") => (search.in_public, search.in_library) = (true, false),
            ("in", "library") => (search.in_public, search.in_library) = (false, true),
            ("language", code) if is => search.language = Some(code.to_owned()),
            ("from", _) if is => return self.from(q, &operator.value),
            ("before" | "after" | "during", date) if is => return Ok(self.dated(&operator.name, date)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn from(&mut self, q: &Query<'_>, name: &str) -> Result<bool, Error> {
        let who = match name {
            "me" => Some(self.me),
            name => match name.parse::<Handle>() {
                Ok(handle) => accounts::by_handle(q, &handle)?,
                Err(_) => None,
            },
        };
        let is_other = self.search.from.is_some_and(|known| Some(known) != who);
        self.search.from = who;
        Ok(who.is_some() && !is_other)
    }

    /// Bounds on ids, which sort by time: days of UTC.
    fn dated(&mut self, name: &str, date: &str) -> bool {
        let Some(day) = Time::parse(&format!("{date}T00:00:00Z")) else { return false };
        let (begin, end) = (id::first_of(day), id::first_of(Time(day.0 + DAY)));
        if matches!(name, "before" | "during") {
            let before = if name == "before" { begin } else { end };
            self.page.max_id = Some(self.page.max_id.map_or(before, |max| max.min(before)));
        }
        if matches!(name, "after" | "during") {
            let after = if name == "after" { end } else { begin } - 1;
            match &mut self.page.min_id {
                Some(min) => *min = (*min).max(after),
                None => self.page.since_id = Some(self.page.since_id.map_or(after, |since| since.max(after))),
            }
        }
        true
    }
}
