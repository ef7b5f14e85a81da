//! An author changes a post.

use phiomia_model::{
    AccountId, Error, Event, NotificationType, Outgoing, QuotePolicy, Refusal, StatusId, Visibility,
    media::Media,
    status::{Edit, Revision},
};
use phiomia_store::{
    Tx,
    db::{
        defaults, featured_tags, media as rows,
        search::choices,
        statuses::{self, Edited},
        tags,
    },
};

use super::{check_length, check_says, is_language, meant, own, quotes, write_references};
use crate::{Social, cards, conversations, media, notifications::notify, outgoing::tell, polls, search};

/// Most people told that a post they boosted has changed; beyond, it is news by itself.
const MOST_TOLD: i64 = 500;

/// Edits a post. What does not change anything leaves no mark. Edits never widen the audience: whoever was mentioned
/// before can still read it, and only the newly mentioned are told.
///
/// # Errors
/// Refused when it is not `me`'s (`404`), and for a text that is empty or too long (`422`).
pub fn edit(tx: &Tx<'_>, social: &Social, me: AccountId, id: StatusId, change: &Edit) -> Result<(), Error> {
    let old = own(tx, me, id)?;
    if old.reblog_of_id.is_some() {
        return Err(Refusal::NotFound(phiomia_model::Noun::Status).into());
    }
    let mut new = old.clone();
    if let Some(text) = &change.text {
        new.text.clone_from(text);
    }
    if let Some(spoiler_text) = &change.spoiler_text {
        new.spoiler_text.clone_from(spoiler_text);
    }
    if new.text.trim().is_empty() && !new.spoiler_text.is_empty() {
        new.text = std::mem::take(&mut new.spoiler_text);
    }
    new.media = shown(tx, me, id, &old, change)?;
    check_says(&new.text, statuses::quote_of(tx, id)?.is_some() || !new.media.is_empty())?;
    check_length(social, &new.text, &new.spoiler_text)?;
    new.is_sensitive = change.is_sensitive.unwrap_or(new.is_sensitive) || !new.spoiler_text.is_empty();
    if let Some(language) = &change.language {
        if !is_language(language) {
            return Err(Refusal::validation("Language is not valid").into());
        }
        new.language = Some(language.clone());
    }
    if let Some(policy) = change.quote_policy {
        new.quote_policy = if new.visibility.is_open() { policy } else { QuotePolicy::Nobody };
    }
    let poll = polls::edit(tx, social, id, &change.poll)?;
    let is_revision = poll.is_changed
        || (&old.text, &old.spoiler_text, old.is_sensitive, &old.media)
            != (&new.text, &new.spoiler_text, new.is_sensitive, &new.media);
    let is_change = is_revision || (&old.language, old.quote_policy) != (&new.language, new.quote_policy);
    if !is_change {
        return Ok(());
    }
    if is_revision {
        new.edited_at = Some(tx.now());
        keep(tx, id, &old, &new, poll)?;
        search::index(tx, id, me, &new.text, &new.spoiler_text, &choices(tx, id)?)?;
    }
    statuses::update(tx, id, &new)?;
    if old.text != new.text {
        refer_anew(tx, social, id, &new)?;
        cards::look(tx, social, id, &new.text, true)?;
    }
    if is_revision {
        for (_, booster) in statuses::reblogs_batch(tx, id, MOST_TOLD)? {
            notify(tx, booster, me, NotificationType::Update, Some(id))?;
        }
        quotes::tell_quoters(tx, me, id)?;
    }
    tell(tx, Outgoing::Edited { status: id })?;
    tx.announce(Event::StatusEdited { status: id, author: me });
    Ok(())
}

/// What the post shows after the edit; what is said of it anew is written into the uploads, too.
fn shown(tx: &Tx<'_>, me: AccountId, id: StatusId, old: &Edited, change: &Edit) -> Result<Vec<Media>, Error> {
    let mut shown = match &change.media {
        None => old.media.clone(),
        Some(ids) => media::wanted(tx, me, ids, Some(id))?,
    };
    for one in &mut shown {
        // What the post says of it is newer than what the upload said, or the same.
        if let Some(known) = old.media.iter().find(|known| known.id == one.id) {
            one.clone_from(known);
        }
        if let Some((_, words)) = change.media_words.iter().find(|(media, _)| *media == one.id) {
            media::say(one, words)?;
            rows::write(tx, one)?;
        }
    }
    rows::attach(tx, &shown.iter().map(|one| one.id).collect::<Vec<_>>(), id)?;
    Ok(shown)
}

/// Changes who may quote a post, without an edit mark; `None`: those who may by the author's defaults, as in Mastodon.
///
/// # Errors
/// Refused when it is not `me`'s (`404`).
pub fn set_quote_policy(tx: &Tx<'_>, me: AccountId, id: StatusId, policy: Option<QuotePolicy>) -> Result<(), Error> {
    let mut row = own(tx, me, id)?;
    let policy = match policy {
        _ if !row.visibility.is_open() => QuotePolicy::Nobody,
        Some(policy) => policy,
        None => defaults::find(tx, me)?.map_or(row.quote_policy, |defaults| defaults.quote_policy),
    };
    if policy != row.quote_policy {
        row.quote_policy = policy;
        statuses::update(tx, id, &row)?;
        tell(tx, Outgoing::Edited { status: id })?;
        tx.announce(Event::StatusEdited { status: id, author: me });
    }
    Ok(())
}

/// Keeps the first text when it is edited for the first time, and each new one.
fn keep(tx: &Tx<'_>, id: StatusId, old: &Edited, new: &Edited, poll: polls::Edited) -> Result<(), Error> {
    let revision = |row: &Edited, created_at, poll_options| Revision {
        text: row.text.clone(),
        spoiler_text: row.spoiler_text.clone(),
        is_sensitive: row.is_sensitive,
        created_at,
        poll_options,
        media: row.media.clone(),
    };
    if statuses::edits(tx, id)?.is_empty() {
        statuses::record_edit(tx, id, &revision(old, old.created_at, poll.before))?;
    }
    statuses::record_edit(tx, id, &revision(new, tx.now(), poll.after))?;
    Ok(())
}

fn refer_anew(tx: &Tx<'_>, social: &Social, id: StatusId, row: &Edited) -> Result<(), Error> {
    let before: Vec<AccountId> = statuses::mentioned(tx, id)?.into_iter().map(|(account, _)| account).collect();
    statuses::age_mentions(tx, id)?;
    if row.visibility.is_open() {
        featured_tags::uncount(tx, row.author, id)?;
    }
    tags::untag_status(tx, id)?;
    let people = write_references(tx, id, &meant(tx, social, row.author, &row.text, tx.now())?)?;
    if row.visibility.is_open() {
        featured_tags::count(tx, row.author, id)?;
    }
    for person in people.iter().filter(|person| !before.contains(person)) {
        let is_told = notify(tx, *person, row.author, NotificationType::Mention, Some(id))?;
        if let Some(thread) = row.conversation.filter(|_| is_told && row.visibility == Visibility::Direct) {
            conversations::add(tx, id, thread, row.author, &people, *person)?;
        }
    }
    Ok(())
}
