//! Polls: what makes a good one, voting, and their end.

use std::{collections::HashSet, time::Duration};

use phiomia_model::{
    AccountId, Error, Event, Job, NotificationType, Noun, Outgoing, PollId, Refusal, StatusId, Time, Viewer,
    status::{PollDraft, PollEdit},
};
use phiomia_store::{
    Tx,
    db::{
        accounts, jobs,
        statuses::{self, PollRow},
    },
};

use crate::{Social, notifications::notify, outgoing::tell};

/// Voters told in one run of the job.
const BATCH: i64 = 500;

/// A poll that holds: its choices without space around them, and when it ends.
pub(crate) struct Checked {
    options: Vec<String>,
    expires_at: Time,
    is_multiple: bool,
    hides_totals: bool,
}

impl Checked {
    /// What there will be to choose from.
    pub(crate) fn options(&self) -> &[String] {
        &self.options
    }
}

/// Looks whether a poll holds, in Mastodon's words. Everything that is wrong is told at once.
pub(crate) fn check(social: &Social, draft: &PollDraft, now: Time) -> Result<Checked, Refusal> {
    let limits = social.limits;
    let trimmed = draft.options.iter().map(|option| option.trim().to_owned());
    let options: Vec<String> = trimmed.filter(|option| !option.is_empty()).collect();
    let mut wrong: Vec<String> = Vec::new();
    if options.is_empty() {
        wrong.push("Choices can't be blank".to_owned());
    }
    if draft.expires_in.is_none() {
        wrong.push("Deadline can't be blank".to_owned());
    }
    if options.len() < 2 {
        wrong.push("Choices must have more than one item".to_owned());
    }
    if options.len() > limits.poll_options {
        wrong.push(format!("Choices can't contain more than {} items", limits.poll_options));
    }
    if options.iter().any(|option| phiomia_text::length(option) > limits.poll_option_characters) {
        wrong.push(format!("Choices cannot be longer than {} characters each", limits.poll_option_characters));
    }
    if options.iter().collect::<HashSet<_>>().len() < options.len() {
        wrong.push("Choices contain duplicate items".to_owned());
    }
    match draft.expires_in {
        Some(seconds) if seconds > limits.poll_max_seconds => {
            wrong.push("Deadline is too far into the future".to_owned());
        }
        Some(seconds) if seconds < limits.poll_min_seconds => wrong.push("Deadline is too soon".to_owned()),
        _ => {}
    }
    if !wrong.is_empty() {
        return Err(Refusal::validation(&wrong.join(", ")));
    }
    let runs_for = Duration::from_secs(draft.expires_in.and_then(|n| u64::try_from(n).ok()).unwrap_or_default());
    Ok(Checked {
        options,
        expires_at: now.plus(runs_for),
        is_multiple: draft.is_multiple,
        hides_totals: draft.hides_totals,
    })
}

/// Attaches a poll to a new post, and leaves its end for its time.
pub(crate) fn attach(tx: &Tx<'_>, status: StatusId, checked: &Checked) -> Result<(), Error> {
    let poll = PollRow {
        id: PollId(tx.new_id()),
        status,
        is_multiple: checked.is_multiple,
        hides_totals: checked.hides_totals,
        expires_at: Some(checked.expires_at),
        closed_at: None,
    };
    statuses::insert_poll(tx, &poll, &checked.options)?;
    tx.enqueue_at(&Job::ClosePoll { poll: poll.id, after: None }, checked.expires_at)?;
    Ok(())
}

/// The choices before and after an edit, and whether it changed the poll.
pub(crate) struct Edited {
    pub(crate) before: Option<Vec<String>>,
    pub(crate) after: Option<Vec<String>>,
    pub(crate) is_changed: bool,
}

/// Changes the poll of a post. Other choices, or another way to choose, and all votes are gone.
pub(crate) fn edit(tx: &Tx<'_>, social: &Social, status: StatusId, change: &PollEdit) -> Result<Edited, Error> {
    let (old, before) = statuses::poll_of(tx, status)?.unzip();
    let draft = match (change, &old) {
        (PollEdit::Set(draft), _) => draft,
        (PollEdit::Remove, Some(old)) => {
            statuses::erase_poll(tx, old.id)?;
            return Ok(Edited { before, after: None, is_changed: true });
        }
        (PollEdit::Remove, None) | (PollEdit::Keep, _) => {
            return Ok(Edited { after: before.clone(), before, is_changed: false });
        }
    };
    let checked = check(social, draft, tx.now())?;
    let Some(old) = old else {
        attach(tx, status, &checked)?;
        return Ok(Edited { before, after: Some(checked.options), is_changed: true });
    };
    let is_other = before.as_ref() != Some(&checked.options) || old.is_multiple != checked.is_multiple;
    let new = PollRow {
        is_multiple: checked.is_multiple,
        hides_totals: checked.hides_totals,
        expires_at: Some(checked.expires_at),
        closed_at: None,
        ..old
    };
    if new == old && !is_other {
        return Ok(Edited { after: before.clone(), before, is_changed: false });
    }
    statuses::update_poll(tx, &new, is_other.then_some(checked.options.as_slice()))?;
    tx.enqueue_at(&Job::ClosePoll { poll: old.id, after: None }, checked.expires_at)?;
    Ok(Edited { before, after: Some(checked.options), is_changed: true })
}

/// Votes. In a poll of several choices more may be added later; nothing is ever taken back. Gives the poll's post.
///
/// # Errors
/// Refused when `me` may not see the post (`404`), blocks its author (`403`), or the vote does not hold (`422`).
pub fn vote(tx: &Tx<'_>, me: AccountId, poll: PollId, choices: &[i64]) -> Result<StatusId, Error> {
    let row = statuses::poll(tx, poll)?.ok_or(Refusal::NotFound(Noun::Record))?;
    let view = statuses::view(tx, row.status, Viewer::Account(me), tx.now())?.ok_or(Refusal::NotFound(Noun::Record))?;
    if view.mine.as_ref().is_some_and(|mine| mine.stance.blocks || mine.stance.is_blocked_since.is_some()) {
        return Err(Refusal::Forbidden("This action is not allowed").into());
    }
    if choices.is_empty() {
        return Ok(row.status);
    }
    let n_options = view.body.poll.as_ref().map_or(0, |poll| poll.options.len());
    let exists = |choice: i64| usize::try_from(choice).is_ok_and(|n| n < n_options);
    let mut chosen = statuses::choices_for_voting(tx, poll, me)?;
    let is_first = chosen.is_empty();
    for choice in choices {
        let is_taken = if row.is_multiple { chosen.contains(choice) } else { !chosen.is_empty() };
        let wrong: Vec<&str> = [
            (view.is_poll_over, "The poll has already ended"),
            (!exists(*choice), "The chosen vote option does not exist"),
            (view.body.account == me, "You cannot vote in your own polls"),
            (is_taken, "You have already voted on this poll"),
        ]
        .into_iter()
        .filter_map(|(is_wrong, sentence)| is_wrong.then_some(sentence))
        .collect();
        if !wrong.is_empty() {
            return Err(Refusal::validation(&wrong.join(", ")).into());
        }
        chosen.push(*choice);
    }
    statuses::vote(tx, poll, me, choices, is_first)?;
    if !view.body.is_local && accounts::view(tx, me)?.is_some_and(|me| me.is_local()) {
        tell(tx, Outgoing::Voted { account: me, poll, choices: choices.to_vec() })?;
    }
    if view.body.is_local && !row.hides_totals {
        tell(tx, Outgoing::PollCounted { status: row.status })?;
    }
    tx.announce(Event::StatusTouched { status: row.status });
    Ok(row.status)
}

/// Tells the end of a poll: first its author and the streams, then those who voted, a batch a run. Running it again is
/// harmless. An edit that moved the end has left another job for it.
///
/// # Errors
/// The database failed.
pub fn close(tx: &Tx<'_>, poll: PollId, after: Option<AccountId>) -> Result<(), Error> {
    let Some(row) = statuses::poll(tx, poll)? else { return Ok(()) };
    let Some(end) = row.expires_at else { return Ok(()) };
    // It ends later by now; or the clock went back.
    if end > tx.now() {
        let job = Job::ClosePoll { poll, after };
        if !jobs::is_ahead(tx, &job)? {
            tx.enqueue_at(&job, end)?;
        }
        return Ok(());
    }
    let Some((author, _)) = statuses::author_and_policy(tx, row.status)? else { return Ok(()) };
    if after.is_none() {
        if row.closed_at.is_some() {
            return Ok(());
        }
        statuses::close_poll(tx, poll)?;
        notify(tx, author, author, NotificationType::Poll, Some(row.status))?;
        if statuses::source(tx, row.status)?.is_some_and(|source| source.is_local) {
            tell(tx, Outgoing::Edited { status: row.status })?;
        }
        tx.announce(Event::StatusEdited { status: row.status, author });
    }
    let voters = statuses::local_voters(tx, poll, after.unwrap_or(AccountId(0)), BATCH)?;
    for voter in &voters {
        notify(tx, *voter, author, NotificationType::Poll, Some(row.status))?;
    }
    if let Some(last) = voters.last() {
        tx.enqueue(&Job::ClosePoll { poll, after: Some(*last) })?;
    }
    Ok(())
}
