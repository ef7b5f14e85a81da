//! What is shown of the page that a post links to: asked for once per address, long after the post and at various times,
//! so that a page that is widely linked is not asked by everybody at once.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use phiomia_model::{
    AccountId, Error, Event, Job, StatusId,
    card::{Card, CardKind},
};
use phiomia_store::{
    Query, Tx,
    db::{
        accounts,
        cards::{self as rows, CardRow},
        remote_files::{self, Impression},
        statuses::{self, Edited},
    },
};
use phiomia_text::Context;

use crate::Social;

/// What is known of a page is good for this long.
const GOOD: Duration = Duration::from_secs(14 * 86_400);
/// A page that said nothing may be asked again.
const SILENCE: Duration = Duration::from_secs(86_400);
/// Until a page in a post from elsewhere is asked for, at most.
const MOST_WAIT_SECONDS: u64 = 60;
/// Posts that hear of news of their page.
const MOST_TOLD: i64 = 200;
/// What pictures of pages are kept as.
pub const PICTURE: &str = "card";
/// Bytes of an address.
const MOST_URL: usize = 2_048;

/// Leaves the page that a new or changed post links to for later, if it links to one.
///
/// # Errors
/// The database failed.
pub fn look(tx: &Tx<'_>, social: &Social, status: StatusId, text: &str, is_local: bool) -> Result<(), Error> {
    if has_link(social, text, is_local) || rows::shown(tx, status)?.is_some() {
        leave(tx, status, is_local)?;
    }
    Ok(())
}

/// The same for a post that was not there before.
///
/// # Errors
/// The database failed.
pub fn look_first(tx: &Tx<'_>, social: &Social, status: StatusId, text: &str, is_local: bool) -> Result<(), Error> {
    if has_link(social, text, is_local) { leave(tx, status, is_local) } else { Ok(()) }
}

fn has_link(social: &Social, text: &str, is_local: bool) -> bool {
    text.contains("://") && !links(social, text, is_local).is_empty()
}

fn leave(tx: &Tx<'_>, status: StatusId, is_local: bool) -> Result<(), Error> {
    // Everybody who got the post asks; who wrote it is waiting.
    let wait = if is_local { 0 } else { RandomState::new().hash_one(status) % (MOST_WAIT_SECONDS + 1) };
    Ok(tx.enqueue_at(&Job::FetchCard { status }, tx.now().plus(Duration::from_secs(wait)))?)
}

/// Puts the card of the page that a post links to under it; gives its number and address when the page has to be asked.
/// The first part of [`Job::FetchCard`].
///
/// # Errors
/// The database failed.
pub fn begin(tx: &Tx<'_>, social: &Social, status: StatusId) -> Result<Option<(i64, String)>, Error> {
    let Some(post) = statuses::source(tx, status)?.filter(|post| post.reblog_of_id.is_none()) else { return Ok(None) };
    let news = Event::StatusEdited { status, author: post.author };
    let Some(url) = link(tx, social, status, &post)? else {
        if rows::hide(tx, status)? {
            tx.announce(news);
        }
        return Ok(None);
    };
    let known = rows::find(tx, &url)?;
    let is_due = match known {
        None => true,
        Some(CardRow { is_known: true, asked_at, .. }) => asked_at < tx.now().minus(GOOD),
        // A process that died asks again.
        Some(CardRow { asked_for, asked_at, .. }) => asked_for == Some(status) || asked_at < tx.now().minus(SILENCE),
    };
    let id = match known.filter(|_| !is_due) {
        Some(row) => row.id,
        None => rows::ask(tx, &url, status)?,
    };
    if rows::shown(tx, status)? != Some(id) {
        rows::show(tx, status, id)?;
        if known.is_some_and(|row| row.is_known) {
            tx.announce(news);
        }
    }
    Ok(is_due.then_some((id, url)))
}

/// Keeps what a page was found to be; `None`: it says nothing. The second part of [`Job::FetchCard`].
///
/// # Errors
/// The database failed.
pub fn keep(tx: &Tx<'_>, id: i64, mut card: Option<Card>) -> Result<(), Error> {
    if let Some(card) = &mut card
        && let Some(image) = &card.image
        && let Some(seen) = remote_files::find(tx, image, PICTURE)?.and_then(|file| file.impression)
    {
        impress(card, &seen);
    }
    rows::keep(tx, id, card.as_ref())?;
    if card.is_some() {
        for (status, author) in rows::showing(tx, id, MOST_TOLD)? {
            tx.announce(Event::StatusEdited { status, author });
        }
    }
    Ok(())
}

/// Somebody has looked at the picture of the page under a post: what it looks like is told with the page from now on.
///
/// # Errors
/// The database failed.
pub fn seen(tx: &Tx<'_>, status: StatusId, image: &str, seen: &Impression) -> Result<(), Error> {
    let Some((id, mut card)) = rows::under(tx, status)?.filter(|(_, card)| card.image.as_deref() == Some(image)) else {
        return Ok(());
    };
    if impress(&mut card, seen) {
        rows::describe(tx, id, &card)?;
        for (status, _) in rows::showing(tx, id, MOST_TOLD)? {
            tx.announce(Event::StatusTouched { status });
        }
    }
    Ok(())
}

/// Whether something was not known of a card.
fn impress(card: &mut Card, seen: &Impression) -> bool {
    let is_new = seen.blurhash.is_some() && card.blurhash != seen.blurhash;
    if is_new {
        card.blurhash.clone_from(&seen.blurhash);
    }
    // Of a picture or a film the size is that of its frame.
    let has_no_size = card.kind == CardKind::Link && (card.width == 0 || card.height == 0);
    if has_no_size {
        (card.width, card.height) = (seen.width, seen.height);
    }
    is_new || has_no_size
}

/// Forgets pages that no post shows any more. Part of [`Job::Tidy`].
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Error> {
    Ok(rows::forget(tx, tx.now().minus(GOOD))?)
}

/// The page of a post: its first link that leads neither to somebody it names, nor to what it quotes, nor here.
fn link(q: &Query<'_>, social: &Social, status: StatusId, post: &Edited) -> Result<Option<String>, Error> {
    let links = links(social, &post.text, post.is_local);
    if links.is_empty() {
        return Ok(None);
    }
    let named: Vec<AccountId> = statuses::mentioned(q, status)?.into_iter().map(|(account, _)| account).collect();
    let named = accounts::map(q, &named)?;
    let quoted = statuses::quote_of(q, status)?.and_then(|quote| quote.quoted);
    let quoted = quoted.map(|id| statuses::source(q, id)).transpose()?.flatten();
    let quoted_name = statuses::quote_names(q, status)?.0;
    let is_known = |url: &String| {
        named.values().any(|person| person.url == *url || person.uri == *url)
            || quoted.as_ref().is_some_and(|quoted| quoted.uri == *url)
            || quoted_name.as_ref() == Some(url)
    };
    Ok(links.into_iter().find(|url| !is_known(url)))
}

/// Links of a text that lead to pages elsewhere.
fn links(social: &Social, text: &str, is_local: bool) -> Vec<String> {
    let found = if is_local {
        let html = phiomia_text::render_status(text, &Context { mentions: &[], addresses: &social.addresses });
        phiomia_text::links(&html)
    } else {
        phiomia_text::links(text)
    };
    let own = social.addresses.own_domains();
    let leads_away = |url: &String| {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).filter(|host| !host.is_empty());
        url.len() <= MOST_URL && host.is_some_and(|host| !own.iter().any(|own| own.eq_ignore_ascii_case(host)))
    };
    found.into_iter().filter(leads_away).collect()
}
