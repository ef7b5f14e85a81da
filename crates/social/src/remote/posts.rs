//! Posts from elsewhere: how they change and go, and what they find when they come.

use phiomia_model::{
    AccountId, Error, Event, Job, NotificationType, Noun, PollId, QuotePolicy, QuoteState, Refusal, StatusId, Time,
    Visibility,
    remote::{RemoteDraft, RemotePoll},
    status::Revision,
};
use phiomia_store::{
    Tx,
    db::{
        featured_tags,
        federation::{
            early,
            posts::{self, Overtaken},
        },
        statuses::{self, Counter, Edited, PollRow},
        tags,
    },
};

use crate::{
    notifications::notify,
    search,
    statuses::delete::{self, Tells},
};

use super::quotes;

/// Most people told that a post they boosted has changed.
const MOST_TOLD: i64 = 500;

/// Keeps the words by which posts are found.
pub(super) fn index(tx: &Tx<'_>, posts: &[(StatusId, &RemoteDraft)]) -> Result<(), Error> {
    let words = |(id, draft): &(StatusId, &RemoteDraft)| {
        let choices: Vec<String> =
            draft.poll.iter().flat_map(|poll| &poll.options).map(|(title, _)| title.clone()).collect();
        (*id, draft.author, search::words(&phiomia_text::plain(&draft.text), &draft.spoiler_text, &choices))
    };
    search::keep(tx, posts.iter().map(words).collect())
}

/// Writes what a post refers to; gives the people it names, each once.
pub(super) fn refer(tx: &Tx<'_>, id: StatusId, draft: &RemoteDraft) -> Result<Vec<AccountId>, Error> {
    let mut people = Vec::new();
    for (account, handle) in &draft.mentions {
        if !people.contains(account) {
            statuses::add_mention(tx, id, *account, handle)?;
            people.push(*account);
        }
    }
    for account in &draft.addressed {
        statuses::add_silent_mention(tx, id, *account)?;
    }
    let tags: Vec<(String, String)> = draft.tags.iter().map(|tag| (phiomia_text::tag_key(tag), tag.clone())).collect();
    tags::tag_status(tx, id, &tags)?;
    Ok(people)
}

pub(super) fn attach_poll(tx: &Tx<'_>, status: StatusId, poll: &RemotePoll) -> Result<(), Error> {
    let titles: Vec<String> = poll.options.iter().map(|(title, _)| title.clone()).collect();
    let row = PollRow {
        id: PollId(tx.new_id()),
        status,
        is_multiple: poll.is_multiple,
        hides_totals: false,
        expires_at: poll.closed_at.or(poll.expires_at),
        closed_at: None,
    };
    statuses::insert_poll(tx, &row, &titles)?;
    let votes: Vec<i64> = poll.options.iter().map(|(_, n)| *n).collect();
    statuses::set_votes(tx, row.id, &votes, poll.voters.or_else(|| sum(&votes, poll.is_multiple)))?;
    close_in_time(tx, row.id, row.expires_at)
}

/// Who voted here is told of the end.
fn close_in_time(tx: &Tx<'_>, poll: PollId, end: Option<Time>) -> Result<(), Error> {
    match end.filter(|end| *end > tx.now()) {
        Some(end) => Ok(tx.enqueue_at(&Job::ClosePoll { poll, after: None }, end)?),
        None => Ok(()),
    }
}

/// In a poll of one choice each vote is a voter.
fn sum(votes: &[i64], is_multiple: bool) -> Option<i64> {
    (!is_multiple).then(|| votes.iter().copied().fold(0_i64, i64::saturating_add))
}

/// Answers and quotes that were here before what they are about find it now, and what people did with it is worked through
/// once more.
pub(super) fn adopt_waiting(
    tx: &Tx<'_>,
    overtaken: Overtaken,
    (id, author): (StatusId, AccountId),
    conversation: i64,
    uri: &str,
) -> Result<(), Error> {
    let waiting = if overtaken.has_replies { posts::waiting_for(tx, uri)? } else { Vec::new() };
    let above = if waiting.is_empty() { Vec::new() } else { statuses::ancestors(tx, id)? };
    for (child, visibility) in waiting {
        // Whoever answers themselves, by whatever detour, answers nobody: a thread has a beginning.
        if child == id || above.contains(&child) {
            continue;
        }
        adopt(tx, (child, Visibility::from_code(visibility)), (id, author), conversation)?;
    }
    let quotes = if overtaken.has_quotes { statuses::quotes_waiting_for(tx, uri)? } else { Vec::new() };
    for quoting in quotes {
        statuses::set_quoted(tx, quoting, id, author)?;
        let quote = statuses::quote_of(tx, quoting)?;
        if quote.as_ref().is_some_and(|quote| quote.state == QuoteState::Accepted) {
            statuses::count(tx, id, Counter::Quotes, 1)?;
        }
        if let Some(quote) = quote {
            tx.announce(Event::StatusEdited { status: quoting, author: quote.author });
        }
    }
    let activities = if overtaken.has_activities { early::take(tx, uri)? } else { Vec::new() };
    for (signer, body) in activities {
        tx.enqueue(&Job::Receive { signer, body })?;
    }
    Ok(())
}

/// An answer finds what it answers, and goes into feeds when it waited for that.
fn adopt(
    tx: &Tx<'_>,
    (child, visibility): (StatusId, Visibility),
    parent: (StatusId, AccountId),
    conversation: i64,
) -> Result<(), Error> {
    posts::adopt(tx, child, parent, Some(conversation))?;
    if visibility.is_open() {
        statuses::count(tx, parent.0, Counter::Replies, 1)?;
    }
    if posts::release(tx, child)? {
        tx.enqueue(&Job::FanOut { status: child })?;
    }
    tx.announce(Event::StatusTouched { status: child });
    Ok(())
}

/// What an answer waits for is here: it finds it, if it has not yet. The two may have come at the same moment, so that
/// neither saw the other.
///
/// # Errors
/// The database failed.
pub fn find_parent(tx: &Tx<'_>, child: StatusId, parent: StatusId) -> Result<(), Error> {
    let (Some(row), Some(above)) = (statuses::source(tx, child)?, statuses::source(tx, parent)?) else { return Ok(()) };
    if row.in_reply_to_id.is_some() || parent == child || statuses::ancestors(tx, parent)?.contains(&child) {
        return Ok(());
    }
    let conversation = match above.conversation {
        Some(known) => known,
        None => statuses::insert_conversation(tx)?,
    };
    adopt(tx, (child, row.visibility), (parent, above.author), conversation)
}

/// A post elsewhere was changed by its author. What is older than what we have changes nothing; an edit never widens the
/// audience.
///
/// # Errors
/// Refused when it is not theirs.
pub fn edit(tx: &Tx<'_>, draft: &RemoteDraft) -> Result<(), Error> {
    let id = posts::by_uri(tx, &draft.uri)?.ok_or(Refusal::NotFound(Noun::Status))?;
    let old = statuses::source(tx, id)?.ok_or(Refusal::NotFound(Noun::Status))?;
    if old.author != draft.author || old.is_local {
        return Err(Refusal::Forbidden("This action is not allowed").into());
    }
    let known = old.edited_at.unwrap_or(old.created_at);
    if draft.edited.is_some_and(|at| at < known) {
        return Ok(());
    }
    let before = posts::find(tx, id)?;
    let poll = statuses::poll_of(tx, id)?;
    let choices = |poll: &RemotePoll| poll.options.iter().map(|(title, _)| title.clone()).collect::<Vec<_>>();
    let (old_choices, new_choices) =
        (poll.as_ref().map(|(_, titles)| titles.clone()), draft.poll.as_ref().map(choices));
    let is_other_poll = old_choices != new_choices;
    let is_revision = is_other_poll
        || (&old.text, &old.spoiler_text, old.is_sensitive) != (&draft.text, &draft.spoiler_text, draft.is_sensitive)
        || before.as_ref().is_some_and(|row| row.attachments != draft.attachments);
    let mut new = Edited {
        text: draft.text.clone(),
        spoiler_text: draft.spoiler_text.clone(),
        is_sensitive: draft.is_sensitive,
        language: draft.language.clone().or(old.language.clone()),
        quote_policy: if old.visibility.is_open() { draft.quote_policy } else { QuotePolicy::Nobody },
        ..old.clone()
    };
    let parent = before.as_ref().and_then(|row| row.in_reply_to.as_deref());
    posts::keep_each(tx, &[posts::Beside { status: id, draft, parent }])?;
    update_poll(tx, id, poll, draft.poll.as_ref(), is_other_poll)?;
    quotes::change(tx, id, draft)?;
    // Without `updated` it is no edit but news about counts: Mastodon sends polls so.
    let is_edit = is_revision && draft.edited.is_some();
    if is_edit {
        new.edited_at = Some(draft.edited.unwrap_or(tx.now()).min(tx.now()));
        keep_revisions(tx, id, &old, &new, (old_choices, new_choices))?;
        index(tx, &[(id, draft)])?;
    } else {
        new.text.clone_from(&old.text);
        new.spoiler_text.clone_from(&old.spoiler_text);
        new.is_sensitive = old.is_sensitive;
    }
    statuses::update(tx, id, &new)?;
    if is_edit {
        refer_anew(tx, id, draft)?;
        for (_, booster) in statuses::reblogs_batch(tx, id, MOST_TOLD)? {
            notify(tx, booster, draft.author, NotificationType::Update, Some(id))?;
        }
        for (quoting, quoter) in statuses::quoting_batch(tx, id, MOST_TOLD)? {
            notify(tx, quoter, draft.author, NotificationType::QuotedUpdate, Some(quoting))?;
        }
        tx.announce(Event::StatusEdited { status: id, author: draft.author });
    } else {
        tx.announce(Event::StatusTouched { status: id });
    }
    Ok(())
}

fn update_poll(
    tx: &Tx<'_>,
    status: StatusId,
    old: Option<(PollRow, Vec<String>)>,
    new: Option<&RemotePoll>,
    is_other: bool,
) -> Result<(), Error> {
    match (old, new) {
        (None, Some(new)) => attach_poll(tx, status, new),
        (Some((old, _)), None) => Ok(statuses::erase_poll(tx, old.id)?),
        (Some((old, _)), Some(new)) => {
            let titles: Vec<String> = new.options.iter().map(|(title, _)| title.clone()).collect();
            let end = new.closed_at.or(new.expires_at);
            let has_moved = old.expires_at != end;
            if is_other || has_moved || old.is_multiple != new.is_multiple {
                let row = PollRow { is_multiple: new.is_multiple, expires_at: end, ..old };
                statuses::update_poll(tx, &row, is_other.then_some(titles.as_slice()))?;
                if new.closed_at.is_some() {
                    tx.enqueue(&Job::ClosePoll { poll: old.id, after: None })?;
                } else {
                    close_in_time(tx, old.id, end)?;
                }
            }
            let votes: Vec<i64> = new.options.iter().map(|(_, n)| *n).collect();
            Ok(statuses::set_votes(tx, old.id, &votes, new.voters.or_else(|| sum(&votes, new.is_multiple)))?)
        }
        (None, None) => Ok(()),
    }
}

fn keep_revisions(
    tx: &Tx<'_>,
    id: StatusId,
    old: &Edited,
    new: &Edited,
    choices: (Option<Vec<String>>, Option<Vec<String>>),
) -> Result<(), Error> {
    let revision = |row: &Edited, created_at, poll_options| Revision {
        text: row.text.clone(),
        spoiler_text: row.spoiler_text.clone(),
        is_sensitive: row.is_sensitive,
        created_at,
        poll_options,
        media: Vec::new(),
    };
    if statuses::edits(tx, id)?.is_empty() {
        statuses::record_edit(tx, id, &revision(old, old.created_at, choices.0))?;
    }
    statuses::record_edit(tx, id, &revision(new, new.edited_at.unwrap_or(tx.now()), choices.1))?;
    Ok(())
}

fn refer_anew(tx: &Tx<'_>, id: StatusId, draft: &RemoteDraft) -> Result<(), Error> {
    let before: Vec<AccountId> = statuses::mentioned(tx, id)?.into_iter().map(|(account, _)| account).collect();
    statuses::age_mentions(tx, id)?;
    let is_counted = statuses::source(tx, id)?.is_some_and(|row| row.visibility.is_open());
    if is_counted {
        featured_tags::uncount(tx, draft.author, id)?;
    }
    tags::untag_status(tx, id)?;
    let people = refer(tx, id, &RemoteDraft { addressed: Vec::new(), ..draft.clone() })?;
    if is_counted {
        featured_tags::count(tx, draft.author, id)?;
    }
    for person in people.iter().filter(|person| !before.contains(person)) {
        notify(tx, *person, draft.author, NotificationType::Mention, Some(id))?;
    }
    Ok(())
}

/// A post elsewhere was deleted by its author, or a boost taken back.
///
/// # Errors
/// Refused when it is not theirs.
pub fn remove(tx: &Tx<'_>, by: AccountId, id: StatusId) -> Result<(), Error> {
    let Some(row) = statuses::source(tx, id)? else { return Ok(()) };
    if row.author != by || row.is_local {
        return Err(Refusal::Forbidden("This action is not allowed").into());
    }
    delete::remove(tx, id, &row, Tells::Nothing)
}
