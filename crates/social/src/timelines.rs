//! Home feeds and lists: written by jobs after somebody posted, rebuilt when somebody comes back.

use std::{collections::HashMap, time::Duration};

use phiomia_model::{AccountId, Error, Event, Job, ListId, NotificationType, StatusId, Time, Visibility};
use phiomia_store::{
    Query, Tx,
    db::{
        accounts,
        federation::posts,
        lists, statuses, timelines,
        timelines::{Audience, FanOut},
    },
};

use crate::notifications::notify;

/// Feeds of people who did not look for so long are not written; they are rebuilt when they come back.
const AWAY: Duration = Duration::from_secs(14 * 86_400);
/// Posts that come into a feed no later than this are told to open streams, even when they come with older ones.
const NEWS: Duration = Duration::from_secs(60);
/// A look at the home feed is written down at most this often.
const SEEN_EVERY: Duration = Duration::from_secs(3_600);
/// Feeds named in one event.
const ACCOUNTS_PER_EVENT: usize = 500;
/// Up to so many feeds are written with the post itself: a job, taken, run and crossed off, costs more.
const FEW: i64 = 32;

/// Writes a status into the feeds of the author's local followers and of those who follow its tags, into the lists that
/// have the author, wakes their streams, and rings the bells.
/// Running it again is harmless: rows and notifications are there once.
///
/// # Errors
/// The database failed.
pub fn fan_out(tx: &Tx<'_>, status: StatusId) -> Result<(), Error> {
    // Deleted before its turn came.
    let Some(row) = statuses::source(tx, status)? else { return Ok(()) };
    let reblog_of = match row.reblog_of_id {
        None => None,
        Some(original) => match statuses::author_and_policy(tx, original)? {
            Some((author, _)) => Some((original, author)),
            None => return Ok(()),
        },
    };
    let is_held = !row.is_local && posts::answers_unknown(tx, status)?;
    let language = row.language.as_deref();
    let (author, visibility, answered) = (row.author, row.visibility, row.in_reply_to_account_id);
    let posted = Posted { status, author, reblog_of, answered, language, visibility, is_held };
    let audience = timelines::audiences(tx, &[(status, author)], 1)?.remove(&status).unwrap_or_default();
    spread(tx, &[(&posted, audience)])
}

/// A post that feeds may get.
#[derive(Clone, Copy, Debug)]
pub struct Posted<'a> {
    /// Which.
    pub status: StatusId,
    /// Its author.
    pub author: AccountId,
    /// What it boosts, and whose that is.
    pub reblog_of: Option<(StatusId, AccountId)>,
    /// Whom it answers.
    pub answered: Option<AccountId>,
    /// An ISO 639 code.
    pub language: Option<&'a str>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whose post it answers is not known, and so neither who wants to see the answer.
    pub is_held: bool,
}

/// The same for some posts, at once where few are to get one; otherwise a job is left.
///
/// # Errors
/// The database failed.
pub fn fan_out_or_leave(tx: &Tx<'_>, posts: &[Posted<'_>]) -> Result<(), Error> {
    let authors: Vec<(StatusId, AccountId)> = posts.iter().map(|post| (post.status, post.author)).collect();
    let audiences = timelines::audiences(tx, &authors, FEW + 1)?;
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for post in posts {
        let audience = audiences.get(&post.status).copied().unwrap_or_default();
        match audience.followers + audience.lists + audience.tags {
            0 => {}
            1..=FEW => few.push((post, audience)),
            _ => many.push(Job::FanOut { status: post.status }),
        }
    }
    tx.enqueue_each(&many)?;
    spread(tx, &few)
}

fn spread(tx: &Tx<'_>, posts: &[(&Posted<'_>, Audience)]) -> Result<(), Error> {
    let seen_since = tx.now().minus(AWAY);
    let for_home: Vec<FanOut<'_>> =
        posts.iter().filter(|(post, to)| to.followers > 0 && !post.is_held).map(|(post, _)| post.fan_out()).collect();
    let mut home: HashMap<StatusId, Vec<AccountId>> = HashMap::new();
    for (status, account) in timelines::fan_out(tx, &for_home, seen_since)? {
        home.entry(status).or_default().push(account);
    }
    for (post, to) in posts {
        let Posted { status, author, .. } = **post;
        for accounts in home.remove(&status).unwrap_or_default().chunks(ACCOUNTS_PER_EVENT) {
            tx.announce(Event::HomeGained { accounts: accounts.to_vec(), status });
        }
        if to.lists > 0 && !post.is_held {
            for lists in timelines::fan_out_to_lists(tx, &post.fan_out(), seen_since)?.chunks(ACCOUNTS_PER_EVENT) {
                tx.announce(Event::ListGained { lists: lists.to_vec(), status });
            }
        }
        // What the whole server is shown, under a tag as everywhere.
        let is_open = post.visibility == Visibility::Public && post.reblog_of.is_none();
        if to.tags > 0 && is_open && !is_silenced(tx, author)? {
            for accounts in timelines::fan_out_to_tags(tx, status, author, seen_since)?.chunks(ACCOUNTS_PER_EVENT) {
                tx.announce(Event::HomeGained { accounts: accounts.to_vec(), status });
            }
        }
        if to.bells > 0 && post.rings() {
            for follower in timelines::bells(tx, author)? {
                notify(tx, follower, author, NotificationType::Status, Some(status))?;
            }
        }
    }
    Ok(())
}

impl Posted<'_> {
    fn fan_out(&self) -> FanOut<'_> {
        FanOut {
            status: self.status,
            author: self.author,
            reblog_of: self.reblog_of,
            answered: self.answered,
            language: self.language,
            mentioned_only: self.visibility == Visibility::Direct,
        }
    }

    /// Whether those are told of it who want to be told of every post.
    fn rings(&self) -> bool {
        self.visibility != Visibility::Direct
            && !self.is_held
            && self.reblog_of.is_none()
            && self.answered.is_none_or(|answered| answered == self.author)
    }
}

fn is_silenced(tx: &Tx<'_>, account: AccountId) -> Result<bool, Error> {
    Ok(accounts::view(tx, account)?.is_none_or(|view| view.is_silenced))
}

/// Whether looking at the home feed has to be written down, and whether the feed has to be rebuilt first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing to do.
    Fresh,
    /// Write it down.
    Due,
    /// Rebuild the feed: nothing was written into it for too long.
    Rebuild,
}

/// What a look at the home feed asks for.
///
/// # Errors
/// The database failed.
pub fn look(q: &Query<'_>, viewer: AccountId, now: Time) -> Result<Look, Error> {
    let Some(seen) = timelines::home_seen_at(q, viewer)? else { return Ok(Look::Fresh) };
    Ok(if seen < now.minus(AWAY) {
        Look::Rebuild
    } else if seen < now.minus(SEEN_EVERY) {
        Look::Due
    } else {
        Look::Fresh
    })
}

/// Writes a look at the home feed down, and rebuilds the feed of somebody who was away; their lists follow.
///
/// # Errors
/// The database failed.
pub fn note_look(tx: &Tx<'_>, viewer: AccountId) -> Result<(), Error> {
    if look(tx, viewer, tx.now())? == Look::Rebuild {
        rebuild(tx, viewer)?;
        for list in lists::of_owner(tx, viewer)? {
            tx.enqueue(&Job::RebuildList { list: list.id })?;
        }
    }
    timelines::see_home(tx, viewer)?;
    Ok(())
}

/// Fills a feed from the posts of the last two weeks.
///
/// # Errors
/// The database failed.
pub fn rebuild(tx: &Tx<'_>, feed: AccountId) -> Result<(), Error> {
    let since = tx.now().minus(AWAY);
    timelines::rebuild(tx, feed, since)?;
    timelines::rebuild_tags(tx, feed, since)?;
    Ok(())
}

/// Puts the newest posts of an author into a feed that follows them, and into its owner's lists that have them.
///
/// # Errors
/// The database failed.
pub fn merge(tx: &Tx<'_>, feed: AccountId, author: AccountId) -> Result<(), Error> {
    let since = tx.now().minus(AWAY);
    // What was posted just now may have its own fan-out yet to come, which will find it here and tell nobody.
    for status in timelines::merge(tx, feed, author, since, tx.now().minus(NEWS))? {
        tx.announce(Event::HomeGained { accounts: vec![feed], status });
    }
    for list in lists::with_member(tx, feed, author)? {
        timelines::merge_into_list(tx, feed, list.id, author, since)?;
    }
    Ok(())
}

/// Takes somebody's posts out of a feed and out of its owner's lists.
///
/// # Errors
/// The database failed.
pub fn sweep(tx: &Tx<'_>, feed: AccountId, author: AccountId) -> Result<(), Error> {
    timelines::sweep(tx, feed, author)?;
    timelines::sweep_lists(tx, feed, author)?;
    Ok(())
}

/// Puts the newest posts of a member into a list; nothing happens when either is gone meanwhile.
///
/// # Errors
/// The database failed.
pub fn merge_list(tx: &Tx<'_>, list: ListId, author: AccountId) -> Result<(), Error> {
    if let Some(list) = lists::get(tx, list)? {
        timelines::merge_into_list(tx, list.owner, list.id, author, tx.now().minus(AWAY))?;
    }
    Ok(())
}

/// Fills a list anew from its members' posts of the last two weeks.
///
/// # Errors
/// The database failed.
pub fn rebuild_list(tx: &Tx<'_>, list: ListId) -> Result<(), Error> {
    if let Some(list) = lists::get(tx, list)? {
        timelines::rebuild_list(tx, list.owner, list.id, tx.now().minus(AWAY))?;
    }
    Ok(())
}

/// A feed or list that has grown too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlong {
    /// Of a person.
    Home(AccountId),
    /// Of a list.
    List(ListId),
}

/// Which feeds and lists have grown too long.
///
/// # Errors
/// The database failed.
pub fn overlong(q: &Query<'_>) -> Result<Vec<Overlong>, Error> {
    let homes = timelines::overlong(q)?.into_iter().map(Overlong::Home);
    let lists = timelines::overlong_lists(q)?.into_iter().map(Overlong::List);
    Ok(homes.chain(lists).collect())
}

/// Takes at most so many of the oldest rows out of a feed that is too long; whether there may be more of them.
///
/// # Errors
/// The database failed.
pub fn trim(tx: &Tx<'_>, feed: Overlong, most: i64) -> Result<bool, Error> {
    let n_gone = match feed {
        Overlong::Home(account) => timelines::trim(tx, account, most)?,
        Overlong::List(list) => timelines::trim_list(tx, list, most)?,
    };
    Ok(i64::try_from(n_gone).is_ok_and(|n| n >= most))
}
