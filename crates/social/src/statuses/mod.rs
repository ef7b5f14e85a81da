//! Posting, editing, deleting, and what people do with posts.

mod acts;
mod allowed;
pub(crate) mod approvals;
pub(crate) mod delete;
mod edit;
mod post;
mod quotes;
mod reblog;
pub mod retention;

pub use acts::{bookmark, favourite, pin, unbookmark, unfavourite, unpin};
pub use delete::{Deleted, delete, delete_with_media, sweep, sweep_account};
pub use edit::{edit, set_quote_policy};
pub use post::{check, given_before, post, remember, tidy};
pub use quotes::revoke_quote;
pub(crate) use quotes::withdraw as withdraw_quote;
pub use reblog::{reblog, unreblog};

use std::sync::Arc;

use phiomia_model::{AccountId, Error, Handle, Noun, Refusal, StatusId, Time, Viewer};
use phiomia_store::{
    Query, Tx,
    db::{
        accounts, relationships,
        statuses::{self, StatusBody},
        tags,
        visibility::Stances,
    },
};

use crate::Social;

/// The status, if `me` may see it; a boost stands for what it boosts, as in Mastodon.
fn seen(q: &Query<'_>, me: AccountId, id: StatusId, now: Time) -> Result<Arc<StatusBody>, Error> {
    let body = statuses::visible(q, id, Viewer::Account(me), now)?.ok_or(Refusal::NotFound(Noun::Status))?;
    match body.reblog_of_id {
        None => Ok(body),
        Some(original) => {
            let original = statuses::visible(q, original, Viewer::Account(me), now)?;
            original.ok_or_else(|| Refusal::NotFound(Noun::Status).into())
        }
    }
}

/// Refuses what somebody would do with a post of whom they block, as Mastodon does.
fn check_not_blocking(q: &Query<'_>, me: AccountId, author: AccountId) -> Result<(), Error> {
    if relationships::is_blocking(q, me, author)? {
        return Err(Refusal::Forbidden("This action is not allowed").into());
    }
    Ok(())
}

/// What an act that takes something back means: what `me` did before is found even when the post can no longer be seen.
fn undone(
    tx: &Tx<'_>,
    me: AccountId,
    id: StatusId,
    is_done: impl Fn(&Tx<'_>, StatusId) -> Result<bool, phiomia_model::Fault>,
) -> Result<(StatusId, AccountId), Error> {
    if let Some(row) = statuses::source(tx, id)? {
        let (meant, author) = match row.reblog_of_id {
            None => (id, Some(row.author)),
            Some(original) => (original, statuses::author_and_policy(tx, original)?.map(|(author, _)| author)),
        };
        if let Some(author) = author
            && is_done(tx, meant)?
        {
            return Ok((meant, author));
        }
    }
    seen(tx, me, id, tx.now()).map(|body| (body.id, body.account))
}

/// The status, if it is `me`'s own.
fn own(q: &Query<'_>, me: AccountId, id: StatusId) -> Result<statuses::Edited, Error> {
    match statuses::source(q, id)? {
        Some(row) if row.author == me => Ok(row),
        _ => Err(Refusal::NotFound(Noun::Status).into()),
    }
}

/// What a text refers to, looked up: people we know and tags.
struct Meant {
    mentions: Vec<(Handle, AccountId)>,
    /// (key, as written)
    tags: Vec<(String, String)>,
}

fn meant(q: &Query<'_>, social: &Social, author: AccountId, text: &str, now: Time) -> Result<Meant, Error> {
    let found = phiomia_text::references(text, &social.addresses.own_domains());
    let mut mentions = accounts::by_handles(q, &found.mentions)?;
    if !mentions.is_empty() {
        // Whom the author keeps away is not called: the name stays text, as in Mastodon.
        let people = mentions.iter().map(|(_, account)| *account).collect();
        let stances = Stances::load(q, Viewer::Account(author), &people, now)?;
        mentions.retain(|(_, account)| !stances.to(*account).keeps_away());
    }
    let tags = found.tags.into_iter().map(|tag| (phiomia_text::tag_key(&tag), tag)).collect();
    Ok(Meant { mentions, tags })
}

/// Writes what a text refers to beside the status; gives the people mentioned, each once.
fn write_references(tx: &Tx<'_>, status: StatusId, meant: &Meant) -> Result<Vec<AccountId>, Error> {
    let mut people: Vec<AccountId> = Vec::new();
    for (handle, account) in &meant.mentions {
        if !people.contains(account) {
            statuses::add_mention(tx, status, *account, &handle.to_string())?;
            people.push(*account);
        }
    }
    tags::tag_status(tx, status, &meant.tags)?;
    Ok(people)
}

/// Refuses a post that says nothing: neither by a text nor by what it quotes. In Mastodon's words.
fn check_says(text: &str, quotes: bool) -> Result<(), Refusal> {
    if text.trim().is_empty() && !quotes { Err(Refusal::validation("Text can't be blank")) } else { Ok(()) }
}

/// Refuses a text that is too long, in Mastodon's words.
fn check_length(social: &Social, text: &str, spoiler_text: &str) -> Result<(), Refusal> {
    let most = social.limits.status_characters;
    let length = phiomia_text::count(text).saturating_add(phiomia_text::length(spoiler_text));
    if length > most {
        return Err(Refusal::validation(&format!("Text character limit of {most} exceeded")));
    }
    Ok(())
}

/// `en`, `pt-BR`, `zh-Hant`: letters and digits in parts; anything else is no language.
fn is_language(code: &str) -> bool {
    let mut parts = code.split('-');
    parts.next().is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()))
        && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}
