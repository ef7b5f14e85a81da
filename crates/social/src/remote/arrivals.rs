//! Posts from elsewhere come in. Many come at the same moment: what is asked and written for each of them is asked and
//! written for all at once, and only what few of them have (polls, mentions, quotes) one by one.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use phiomia_model::{
    AccountId, Error, Event, Job, NotificationType, QuotePolicy, Refusal, StatusId, Time, Visibility,
    remote::RemoteDraft,
};
use phiomia_store::{
    Tx,
    db::{
        accounts::{self, AccountView},
        featured_tags,
        federation::{
            actors,
            posts::{self, Beside, Found},
            received,
        },
        statuses::{self, Counter, Edited, NewStatus},
    },
};

use super::{
    posts::{adopt_waiting, attach_poll, edit, index, refer},
    quotes,
};
use crate::{
    Social, cards, conversations,
    notifications::notify,
    timelines::{self, Posted},
};

/// A post that says it is older than this is not put before anybody.
pub(super) const NEWS: Duration = Duration::from_secs(86_400);
const FORBIDDEN: Refusal = Refusal::Forbidden("This action is not allowed");

/// How a post comes here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coming {
    /// Its server sent it: it goes into feeds, and who is named in it is told.
    Sent,
    /// We asked for it: it takes its place in the past, and nobody is told.
    Fetched,
}

/// A post that comes.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// What it says.
    pub draft: RemoteDraft,
    /// How it comes.
    pub coming: Coming,
}

impl Arrival {
    /// What it answers and quotes.
    fn refers_to(&self) -> impl Iterator<Item = &String> {
        self.draft.in_reply_to.iter().chain(self.draft.quote.iter().map(|quote| &quote.uri))
    }
}

/// What became of a post: its id, `None` for one that was deleted before, or why it is refused.
type Outcome = Result<Option<StatusId>, Refusal>;

/// Takes posts in, in this order. One that is known already is changed by what we asked for, and stays as it is when it was
/// sent as new: that is never newer than what is here. Refused are those whose author is not there, or whose id belongs to
/// somebody else.
///
/// # Errors
/// The database failed, or cannot write one of them: then nothing may be kept of any.
pub fn receive(tx: &Tx<'_>, social: &Social, arrivals: &[Arc<Arrival>]) -> Result<Vec<Outcome>, Error> {
    // A post and what it answers must find each other, also where another transaction writes one of them.
    let names: Vec<String> = arrivals.iter().flat_map(|a| a.refers_to().chain([&a.draft.uri])).cloned().collect();
    posts::hold_names(tx, &names)?;
    let (mut outcomes, mut rest) = (Vec::with_capacity(arrivals.len()), arrivals);
    while !rest.is_empty() {
        let (strangers, later) = rest.split_at(n_strangers(rest));
        outcomes.extend(receive_strangers(tx, social, strangers)?);
        rest = later;
    }
    Ok(outcomes)
}

/// How many of the first have nothing to do with each other: none is another, nor answers or quotes it.
fn n_strangers(arrivals: &[Arc<Arrival>]) -> usize {
    let (mut names, mut referred): (HashSet<&str>, HashSet<&str>) = (HashSet::new(), HashSet::new());
    for (n, arrival) in arrivals.iter().enumerate() {
        let uri = arrival.draft.uri.as_str();
        let others: Vec<&str> = arrival.refers_to().map(String::as_str).filter(|other| *other != uri).collect();
        if names.contains(uri) || referred.contains(uri) || others.iter().any(|other| names.contains(other)) {
            return n;
        }
        names.insert(uri);
        referred.extend(others);
    }
    arrivals.len()
}

/// Takes in posts that have nothing to do with each other.
fn receive_strangers(tx: &Tx<'_>, social: &Social, arrivals: &[Arc<Arrival>]) -> Result<Vec<Outcome>, Error> {
    let names: Vec<String> =
        arrivals.iter().flat_map(|a| [Some(&a.draft.uri), a.draft.in_reply_to.as_ref()]).flatten().cloned().collect();
    let found = posts::found_each(tx, &names)?;
    let unknown: Vec<&Arc<Arrival>> = arrivals.iter().filter(|a| !found.contains_key(&a.draft.uri)).collect();
    let names: Vec<String> = unknown.iter().map(|a| a.draft.uri.clone()).collect();
    let buried = if names.is_empty() { HashSet::new() } else { received::buried(tx, &names)? };
    let authors = accounts::map(tx, &unknown.iter().map(|a| a.draft.author).collect::<Vec<_>>())?;

    let (mut outcomes, mut new) = (HashMap::new(), Vec::new());
    for (n, arrival) in arrivals.iter().enumerate() {
        let outcome = match found.get(&arrival.draft.uri) {
            Some(found) if found.owner != arrival.draft.author => Err(FORBIDDEN),
            Some(known) => {
                // Who is told of several is told of them in the order they came.
                take_in(tx, social, &std::mem::take(&mut new), &found, &mut outcomes)?;
                Ok(again(tx, social, arrival, known.id)?)
            }
            None if buried.contains(&arrival.draft.uri) => Ok(None),
            None => match may_write(authors.get(&arrival.draft.author)) {
                Ok(()) => {
                    new.push((n, arrival));
                    continue;
                }
                Err(refusal) => Err(refusal),
            },
        };
        outcomes.insert(n, outcome);
    }
    take_in(tx, social, &new, &found, &mut outcomes)?;
    Ok((0..arrivals.len()).map(|n| outcomes.remove(&n).unwrap_or(Ok(None))).collect())
}

fn may_write(author: Option<&Arc<AccountView>>) -> Result<(), Refusal> {
    let author = author.ok_or(Refusal::NotFound(phiomia_model::Noun::Account))?;
    if author.is_local() || author.is_suspended || author.is_deleted {
        return Err(FORBIDDEN);
    }
    Ok(())
}

/// A post that is here already, and theirs who sends it.
fn again(tx: &Tx<'_>, social: &Social, arrival: &Arrival, known: StatusId) -> Result<Option<StatusId>, Error> {
    let draft = &arrival.draft;
    let Some(row) = statuses::source(tx, known)? else { return Ok(None) };
    match arrival.coming {
        Coming::Fetched => {
            edit(tx, draft)?;
            if row.text != draft.text {
                cards::look(tx, social, known, &draft.text, false)?;
            }
        }
        // Somebody asked for it just before its server sent it: it is no less news for that.
        Coming::Sent if row.created_at > tx.now().minus(NEWS) => {
            // What is here counts, and not what comes along now: a post never gains readers by being sent again.
            let people: Vec<AccountId> =
                statuses::mentioned(tx, known)?.into_iter().map(|(person, _)| person).collect();
            let is_held = posts::answers_unknown(tx, known)?;
            if is_held {
                hold(tx, known, draft.author)?;
            }
            let news = News {
                draft,
                status: known,
                conversation: row.conversation.unwrap_or_default(),
                visibility: row.visibility,
                language: row.language.as_deref(),
                answered: row.in_reply_to_account_id,
                is_held,
                people,
            };
            put_before_people(tx, &[news])?;
        }
        Coming::Sent => {}
    }
    Ok(Some(known))
}

/// A post on its way into the database.
struct New<'a> {
    draft: &'a RemoteDraft,
    coming: Coming,
    id: StatusId,
    published: Time,
    parent: Option<(StatusId, Edited)>,
    /// What it answers, when that is not here.
    missing: Option<&'a str>,
    conversation: i64,
    is_news: bool,
}

/// Posts that are not here, of authors who may write, none of them about another; each with its place among the outcomes.
fn take_in(
    tx: &Tx<'_>,
    social: &Social,
    arrivals: &[(usize, &Arc<Arrival>)],
    found: &HashMap<String, Found>,
    outcomes: &mut HashMap<usize, Outcome>,
) -> Result<(), Error> {
    if arrivals.is_empty() {
        return Ok(());
    }
    let new = placed(tx, arrivals, found)?;
    let rows: Vec<NewStatus<'_>> = new.iter().map(New::row).collect();
    statuses::insert_each(tx, &rows)?;
    let beside = new.iter().map(|new| Beside { status: new.id, draft: new.draft, parent: new.missing });
    posts::keep_each(tx, &beside.collect::<Vec<_>>())?;
    index(tx, &new.iter().map(|new| (new.id, new.draft)).collect::<Vec<_>>())?;
    let mut people = Vec::new();
    for new in &new {
        people.push(attach(tx, social, new)?);
    }
    count(tx, &new)?;
    let uris: Vec<String> = new.iter().map(|new| new.draft.uri.clone()).collect();
    let mut overtaken = posts::overtaken(tx, &uris)?;
    let mut news = Vec::new();
    for (new, people) in new.iter().zip(people) {
        if let Some(overtaken) = overtaken.remove(&new.draft.uri) {
            adopt_waiting(tx, overtaken, (new.id, new.draft.author), new.conversation, &new.draft.uri)?;
        }
        if new.is_news {
            if new.missing.is_some() {
                hold(tx, new.id, new.draft.author)?;
            }
            news.push(new.news(people));
        }
    }
    put_before_people(tx, &news)?;
    outcomes.extend(arrivals.iter().zip(&new).map(|((n, _), new)| (*n, Ok(Some(new.id)))));
    Ok(())
}

/// Where they belong: below what they answer, in their threads, at their time.
fn placed<'a>(
    tx: &Tx<'_>,
    arrivals: &[(usize, &'a Arc<Arrival>)],
    found: &HashMap<String, Found>,
) -> Result<Vec<New<'a>>, Error> {
    let mut new = Vec::new();
    for (_, arrival) in arrivals {
        let draft = &arrival.draft;
        let parent = draft.in_reply_to.as_ref().and_then(|uri| found.get(uri)).filter(|found| found.is_there);
        let parent = match parent {
            Some(found) => statuses::source(tx, found.id)?.map(|row| (found.id, row)),
            None => None,
        };
        let published = draft.published.unwrap_or(tx.now()).min(tx.now());
        new.push(New {
            draft,
            coming: arrival.coming,
            id: StatusId(tx.new_id_at(published)),
            published,
            missing: draft.in_reply_to.as_deref().filter(|_| parent.is_none()),
            parent,
            conversation: 0,
            is_news: arrival.coming == Coming::Sent && published > tx.now().minus(NEWS),
        });
    }
    let is_placed = |new: &New<'_>| new.parent.as_ref().is_some_and(|(_, parent)| parent.conversation.is_some());
    let named = new.iter().filter(|new| !is_placed(new)).filter_map(|new| new.draft.conversation.clone());
    let named = posts::conversations(tx, named.collect())?;
    let mut begun = Vec::new();
    for new in &mut new {
        let known = new.parent.as_ref().and_then(|(_, parent)| parent.conversation);
        let known = known.or_else(|| new.draft.conversation.as_ref().and_then(|name| named.get(name).copied()));
        new.conversation = known.unwrap_or_else(|| {
            let id = tx.new_id();
            begun.push(id);
            id
        });
    }
    statuses::insert_conversations(tx, &begun)?;
    Ok(new)
}

impl<'a> New<'a> {
    fn row(&self) -> NewStatus<'_> {
        let draft = self.draft;
        NewStatus {
            id: self.id,
            author: draft.author,
            uri: Some(&draft.uri),
            url: draft.url.as_deref(),
            text: &draft.text,
            spoiler_text: &draft.spoiler_text,
            visibility: draft.visibility,
            is_sensitive: draft.is_sensitive,
            is_local: false,
            language: draft.language.as_deref(),
            in_reply_to: self.parent.as_ref().map(|(id, parent)| (*id, parent.author)),
            reblog_of: None,
            conversation: Some(self.conversation),
            app: None,
            quote_policy: if draft.visibility.is_open() { draft.quote_policy } else { QuotePolicy::Nobody },
            media: &[],
            has_remote_media: !self.draft.attachments.is_empty(),
            created_at: self.published,
        }
    }

    fn news(&self, people: Vec<AccountId>) -> News<'a> {
        News {
            draft: self.draft,
            status: self.id,
            conversation: self.conversation,
            visibility: self.draft.visibility,
            language: self.draft.language.as_deref(),
            answered: self.parent.as_ref().map(|(_, parent)| parent.author),
            is_held: self.missing.is_some(),
            people,
        }
    }
}

/// What few posts have; gives the people one names.
fn attach(tx: &Tx<'_>, social: &Social, new: &New<'_>) -> Result<Vec<AccountId>, Error> {
    let (id, draft) = (new.id, new.draft);
    if let Some(edited) = draft.edited.filter(|edited| *edited > new.published)
        && let Some(row) = statuses::source(tx, id)?
    {
        statuses::update(tx, id, &Edited { edited_at: Some(edited.min(tx.now())), ..row })?;
    }
    if new.missing.is_some() {
        posts::hold(tx, id, false)?;
    }
    if let Some(poll) = &draft.poll {
        attach_poll(tx, id, poll)?;
    }
    let people = refer(tx, id, draft)?;
    if draft.visibility.is_open() && !draft.tags.is_empty() {
        featured_tags::count(tx, draft.author, id)?;
    }
    quotes::attach(tx, id, draft, new.is_news)?;
    if let Some((parent, _)) = new.parent.as_ref().filter(|_| draft.visibility.is_open()) {
        statuses::count(tx, *parent, Counter::Replies, 1)?;
        tx.announce(Event::StatusTouched { status: *parent });
    }
    cards::look_first(tx, social, id, &draft.text, false)?;
    Ok(people)
}

/// Counts them with their authors.
fn count(tx: &Tx<'_>, new: &[New<'_>]) -> Result<(), Error> {
    let mut posted: Vec<(AccountId, i64, i64)> = Vec::new();
    for new in new.iter().filter(|new| new.draft.visibility != Visibility::Direct) {
        // What we asked for is in the origin's count, which we ask for too.
        let (n, day) = (i64::from(new.coming == Coming::Sent), new.published.as_days());
        match posted.iter_mut().find(|(author, ..)| *author == new.draft.author) {
            Some((_, n_before, last)) => (*n_before, *last) = (*n_before + n, day.max(*last)),
            None => posted.push((new.draft.author, n, day)),
        }
    }
    // In one order, so that nobody who waits for one of them holds another.
    posted.sort_unstable_by_key(|(author, ..)| author.0);
    accounts::count_posted_each(tx, &posted)?;
    for (account, ..) in posted {
        tx.announce(Event::AccountTouched { account });
    }
    Ok(())
}

/// A post whose place in feeds depends on what it answers waits for that, which is fetched where somebody waits for the
/// post.
fn hold(tx: &Tx<'_>, id: StatusId, author: AccountId) -> Result<(), Error> {
    posts::hold(tx, id, true)?;
    if actors::has_local_followers(tx, author)? {
        tx.enqueue(&Job::FetchParent { status: id })?;
    }
    Ok(())
}

/// A post that people are to hear of.
struct News<'a> {
    draft: &'a RemoteDraft,
    status: StatusId,
    conversation: i64,
    visibility: Visibility,
    language: Option<&'a str>,
    /// Whom it answers.
    answered: Option<AccountId>,
    /// What it answers is not here.
    is_held: bool,
    people: Vec<AccountId>,
}

/// Feeds get them, streams hear of them, and people here who are named are told; direct posts come into their
/// conversations. Twice is once.
fn put_before_people(tx: &Tx<'_>, all: &[News<'_>]) -> Result<(), Error> {
    let mut posted = Vec::new();
    for news in all {
        let (status, author, visibility) = (news.status, news.draft.author, news.visibility);
        tx.announce(Event::StatusPosted {
            status,
            author,
            visibility,
            tags: news.draft.tags.iter().map(|tag| phiomia_text::tag_key(tag)).collect(),
            is_reblog: false,
            is_reply: news.is_held || news.answered.is_some_and(|answered| answered != author),
            is_local: false,
        });
        for person in &news.people {
            let is_told = notify(tx, *person, author, NotificationType::Mention, Some(status))?;
            if is_told && visibility == Visibility::Direct {
                conversations::add(tx, status, news.conversation, author, &news.people, *person)?;
            }
        }
        let (answered, language, is_held) = (news.answered, news.language, news.is_held);
        posted.push(Posted { status, author, reblog_of: None, answered, language, visibility, is_held });
    }
    timelines::fan_out_or_leave(tx, &posted)
}
