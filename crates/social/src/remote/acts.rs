//! What people elsewhere do with posts: boost, pin, vote; what they show on their profiles.

use phiomia_model::{
    AccountId, Error, Event, NotificationType, Noun, QuotePolicy, Refusal, StatusId, Time, Visibility,
};
use phiomia_store::{
    Tx,
    db::{
        accounts, featured_tags,
        federation::{posts, received},
        relationships,
        statuses::{self, Counter, NewStatus},
    },
};

use super::arrivals::NEWS;
use crate::{
    Social,
    notifications::notify,
    tags::made,
    timelines::{self, Posted},
};

/// `who` boosts a post; `uri` names the `Announce`. Twice is once.
///
/// # Errors
/// Refused when `who` may not see it, or it must not travel.
pub fn reblog(
    tx: &Tx<'_>,
    who: AccountId,
    original: StatusId,
    uri: &str,
    visibility: Visibility,
    published: Option<Time>,
) -> Result<Option<StatusId>, Error> {
    posts::hold_names(tx, &[uri.to_owned()])?;
    if let Some((known, owner, _)) = posts::owner(tx, uri)? {
        return Ok((owner == who && !statuses::is_deleted(tx, known)?).then_some(known));
    }
    if received::is_buried(tx, uri)? {
        return Ok(None);
    }
    let row = statuses::source(tx, original)?.ok_or(Refusal::NotFound(Noun::Status))?;
    let may_travel = match row.visibility {
        Visibility::Public | Visibility::Unlisted => true,
        Visibility::Private => row.author == who,
        Visibility::Direct => false,
    };
    let is_blocked = relationships::is_blocking(tx, row.author, who)?;
    if !may_travel || is_blocked || row.reblog_of_id.is_some() {
        return Err(Refusal::Forbidden("This action is not allowed").into());
    }
    if let Some(known) = statuses::reblog_of(tx, who, original)? {
        return Ok(Some(known));
    }
    let published = published.unwrap_or(tx.now()).min(tx.now());
    let boost = StatusId(tx.new_id_at(published));
    let visibility = if row.visibility == Visibility::Private { Visibility::Private } else { visibility };
    statuses::insert(
        tx,
        &NewStatus {
            id: boost,
            author: who,
            uri: Some(uri),
            url: None,
            text: "",
            spoiler_text: "",
            visibility,
            is_sensitive: false,
            is_local: false,
            language: None,
            in_reply_to: None,
            reblog_of: Some(original),
            conversation: None,
            app: None,
            quote_policy: QuotePolicy::Nobody,
            media: &[],
            has_remote_media: false,
            created_at: published,
        },
    )?;
    statuses::count(tx, original, Counter::Reblogs, 1)?;
    accounts::count_posted(tx, who, 1, published.as_days())?;
    notify(tx, row.author, who, NotificationType::Reblog, Some(original))?;
    if published > tx.now().minus(NEWS) {
        tx.announce(Event::StatusPosted {
            status: boost,
            author: who,
            visibility,
            tags: Vec::new(),
            is_reblog: true,
            is_reply: false,
            is_local: false,
        });
        let reblog_of = Some((original, row.author));
        let (answered, language, is_held) = (None, None, false);
        let posted = Posted { status: boost, author: who, reblog_of, answered, language, visibility, is_held };
        timelines::fan_out_or_leave(tx, &[posted])?;
    }
    tx.announce(Event::StatusTouched { status: original });
    tx.announce(Event::AccountTouched { account: who });
    Ok(Some(boost))
}

/// `who` pins a post of theirs.
///
/// # Errors
/// Refused when it is not theirs.
pub fn pin(tx: &Tx<'_>, social: &Social, who: AccountId, status: StatusId) -> Result<(), Error> {
    crate::statuses::pin(tx, social, who, status).map(|_| ())
}

/// They no longer do.
///
/// # Errors
/// Refused when it is not theirs.
pub fn unpin(tx: &Tx<'_>, who: AccountId, status: StatusId) -> Result<(), Error> {
    crate::statuses::unpin(tx, who, status).map(|_| ())
}

/// Tags on the profile of somebody elsewhere; beyond, they are let go.
const MOST_FEATURED_TAGS: usize = 20;

/// `who` shows a tag on their profile. Twice is once.
///
/// # Errors
/// The database failed.
pub fn feature_tag(tx: &Tx<'_>, who: AccountId, name: &str) -> Result<(), Error> {
    let Some(tag) = made(tx, name)? else { return Ok(()) };
    if featured_tags::of_account(tx, who)?.len() < MOST_FEATURED_TAGS {
        featured_tags::insert(tx, who, tag.id)?;
    }
    Ok(())
}

/// They no longer do.
///
/// # Errors
/// The database failed.
pub fn unfeature_tag(tx: &Tx<'_>, who: AccountId, name: &str) -> Result<(), Error> {
    if let Some(tag) = made(tx, name)? {
        featured_tags::delete_tag(tx, who, tag.id)?;
    }
    Ok(())
}

/// `who`, elsewhere, votes for one choice, by its title, in a poll from here. The author's server tells everybody else.
///
/// # Errors
/// Refused when `who` may not see the post, or the vote does not hold.
pub fn vote(tx: &Tx<'_>, who: AccountId, status: StatusId, title: &str) -> Result<(), Error> {
    let (poll, titles) = statuses::poll_of(tx, status)?.ok_or(Refusal::NotFound(Noun::Record))?;
    let choice = titles.iter().position(|known| known == title).and_then(|n| i64::try_from(n).ok());
    let choice = choice.ok_or_else(|| Refusal::validation("The chosen vote option does not exist"))?;
    crate::polls::vote(tx, who, poll.id, &[choice]).map(|_| ())
}
