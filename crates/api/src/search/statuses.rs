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

/// Who searches, and where.
pub struct Searcher<'a> {
    /// Who.
    pub me: AccountId,
    /// Names of this server, which handles may have.
    pub own_domains: &'a [&'a str],
    /// Among the posts of this account alone.
    pub from: Option<AccountId>,
}

/// The posts that somebody finds, newest first. What asks for something that cannot be finds nothing.
///
/// # Errors
/// The database failed.
pub fn found(
    q: &Query<'_>,
    who: &Searcher<'_>,
    question: &Question,
    page: Page,
    offset: i64,
    now: Time,
) -> Result<Vec<StatusView>, Error> {
    let phrase = |term: &phiomia_text::search::Term| Phrase {
        words: term.words.clone(),
        forms: term.forms.clone(),
        is_beginning: term.is_beginning,
        is_negated: term.is_negated,
    };
    let search = StatusSearch {
        phrases: question.terms.iter().map(phrase).collect(),
        in_public: true,
        in_library: true,
        from: who.from,
        ..StatusSearch::default()
    };
    let mut reading = Reading { who, search, page };
    for operator in &question.operators {
        if !reading.takes(q, operator)? {
            return Ok(Vec::new());
        }
    }
    if reading.search.phrases.is_empty() && question.operators.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<StatusId> = search::statuses(q, who.me, &reading.search, &reading.page, offset, now)?;
    Ok(statuses::views(q, &ids, Viewer::Account(who.me), now)?)
}

struct Reading<'a> {
    who: &'a Searcher<'a>,
    search: StatusSearch,
    page: Page,
}

impl Reading<'_> {
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
            ("has", "embed") => search.has_embed = Some(is),
            ("is", "reply") => search.is_reply = Some(is),
            ("is", "sensitive") => search.is_sensitive = Some(is),
            ("in", "all") => (search.in_public, search.in_library) = (true, true),
            ("in", "public") => (search.in_public, search.in_library) = (true, false),
            ("in", "library") => (search.in_public, search.in_library) = (false, true),
            ("language", code) if is => search.language = Some(code.to_owned()),
            ("language", code) => search.not_in.push(code.to_owned()),
            ("from", _) => return self.from(q, &operator.value, is),
            ("before" | "after" | "during", date) => return Ok(self.dated(&operator.name, date, is)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn from(&mut self, q: &Query<'_>, name: &str, is: bool) -> Result<bool, Error> {
        let who = match name {
            "me" => Some(self.who.me),
            name => match name.parse::<Handle>() {
                Ok(handle) => accounts::by_handle(q, &handle.relative_to(self.who.own_domains))?,
                Err(_) => None,
            },
        };
        if !is {
            // Nobody has written nothing.
            self.search.not_from.extend(who);
            return Ok(true);
        }
        let is_other = self.search.from.is_some_and(|known| Some(known) != who);
        self.search.from = who;
        Ok(who.is_some() && !is_other)
    }

    /// Bounds on ids, which sort by time: days of UTC.
    fn dated(&mut self, name: &str, date: &str, is: bool) -> bool {
        let Some(day) = Time::parse(&format!("{date}T00:00:00Z")) else { return false };
        let (begin, end) = (id::first_of(day), id::first_of(Time(day.0 + DAY)));
        match (name, is) {
            ("before", true) => self.below(begin),
            ("before", false) => self.above(begin - 1),
            ("after", true) => self.above(end - 1),
            ("after", false) => self.below(end),
            (_, true) => {
                self.above(begin - 1);
                self.below(end);
            }
            // Of several days out of the middle the last one counts.
            (_, false) => self.search.not_between = Some((begin - 1, end)),
        }
        true
    }

    fn below(&mut self, id: i64) {
        self.page.max_id = Some(self.page.max_id.map_or(id, |max| max.min(id)));
    }

    fn above(&mut self, id: i64) {
        match &mut self.page.min_id {
            Some(min) => *min = (*min).max(id),
            None => self.page.since_id = Some(self.page.since_id.map_or(id, |since| since.max(id))),
        }
    }
}
