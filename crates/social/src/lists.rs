//! Lists of people somebody follows, each with a timeline of its own. Nobody but the owner knows of a list.

use phiomia_model::{AccountId, Error, Fault, Job, ListId, Noun, Refusal, RepliesPolicy, limits::LIMITS};
use phiomia_store::{
    Tx,
    db::{accounts, lists, lists::ListView, relationships, timelines},
};

/// What is to be different about a list; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListEdit {
    /// What it is called.
    pub title: Option<String>,
    /// Which replies it shows.
    pub replies_policy: Option<RepliesPolicy>,
    /// Its members do not show in home.
    pub is_exclusive: Option<bool>,
}

/// `me` makes a list.
///
/// # Errors
/// Refused when its title is none, or `me` has as many lists as one may (`422`).
pub fn create(tx: &Tx<'_>, me: AccountId, how: &ListEdit) -> Result<ListView, Error> {
    let title = checked_title(how.title.as_deref().unwrap_or_default())?;
    if lists::n_of_owner(tx, me)? >= LIMITS.lists {
        return Err(Refusal::validation("You have reached the maximum number of lists").into());
    }
    let list = ListView {
        id: ListId(tx.new_id()),
        owner: me,
        title: title.to_owned(),
        replies_policy: how.replies_policy.unwrap_or_default(),
        is_exclusive: how.is_exclusive.unwrap_or_default(),
    };
    lists::insert(tx, &list)?;
    Ok(list)
}

/// `me` changes a list. Other replies in it mean that it is filled anew; what an exclusive list has leaves home, and
/// comes back when the list no longer is.
///
/// # Errors
/// Refused when `me` has no such list (`404`) or its title is none (`422`).
pub fn update(tx: &Tx<'_>, me: AccountId, id: ListId, how: &ListEdit) -> Result<ListView, Error> {
    let old = own(tx, me, id)?;
    let list = ListView {
        title: how.title.as_deref().map_or(Ok(old.title.as_str()), checked_title)?.to_owned(),
        replies_policy: how.replies_policy.unwrap_or(old.replies_policy),
        is_exclusive: how.is_exclusive.unwrap_or(old.is_exclusive),
        ..old
    };
    lists::update(tx, &list)?;
    if list.replies_policy != old.replies_policy {
        tx.enqueue(&Job::RebuildList { list: id })?;
    }
    match (old.is_exclusive, list.is_exclusive) {
        (false, true) => timelines::add_exclusive(tx, me, id)?,
        (true, false) => tx.enqueue(&Job::RebuildHome { account: me })?,
        _ => {}
    }
    Ok(list)
}

/// `me` deletes a list.
///
/// # Errors
/// Refused when `me` has no such list (`404`).
pub fn delete(tx: &Tx<'_>, me: AccountId, id: ListId) -> Result<(), Error> {
    let list = own(tx, me, id)?;
    lists::delete(tx, id)?;
    if list.is_exclusive {
        tx.enqueue(&Job::RebuildHome { account: me })?;
    }
    Ok(())
}

/// `me` puts people on a list: all of them or, when one cannot be, nobody.
///
/// # Errors
/// Refused when `me` has no such list, or neither follows nor asked to follow one of them (`404`), or one is on the list
/// already (`422`).
pub fn add(tx: &Tx<'_>, me: AccountId, id: ListId, members: &[AccountId]) -> Result<(), Error> {
    let list = own(tx, me, id)?;
    // None of them is there for others: all are looked at before the first is added.
    if accounts::views(tx, members)?.iter().filter(|view| !view.is_deleted).count() < members.len() {
        return Err(Refusal::NotFound(Noun::Account).into());
    }
    for member in members {
        let is_known = *member == me
            || relationships::is_following(tx, me, *member)?
            || relationships::is_requested(tx, me, *member)?;
        if !is_known {
            return Err(Refusal::NotFound(Noun::Record).into());
        }
        if !lists::add(tx, &list, *member)? {
            return Err(Refusal::validation("Account has already been taken").into());
        }
        tx.enqueue(&Job::MergeList { list: id, author: *member })?;
    }
    if list.is_exclusive {
        timelines::add_exclusive(tx, me, id)?;
    }
    Ok(())
}

/// `me` takes people off a list; those who are not on it are passed over.
///
/// # Errors
/// Refused when `me` has no such list (`404`).
pub fn remove(tx: &Tx<'_>, me: AccountId, id: ListId, members: &[AccountId]) -> Result<(), Error> {
    let list = own(tx, me, id)?;
    for member in members {
        if lists::remove(tx, id, *member)? {
            timelines::sweep_list(tx, id, *member)?;
            if list.is_exclusive && relationships::is_following(tx, me, *member)? {
                tx.enqueue(&Job::MergeHome { account: me, author: *member })?;
            }
        }
    }
    Ok(())
}

/// Deletes all lists of somebody whose account is erased.
///
/// # Errors
/// The database failed.
pub fn erase_all(tx: &Tx<'_>, owner: AccountId) -> Result<(), Fault> {
    for list in lists::of_owner(tx, owner)? {
        lists::delete(tx, list.id)?;
    }
    Ok(())
}

fn own(tx: &Tx<'_>, me: AccountId, id: ListId) -> Result<ListView, Error> {
    Ok(lists::find(tx, me, id)?.ok_or(Refusal::NotFound(Noun::Record))?)
}

fn checked_title(title: &str) -> Result<&str, Refusal> {
    let most = LIMITS.list_title_characters;
    if title.trim().is_empty() {
        return Err(Refusal::validation("Title can't be blank"));
    }
    if title.chars().count() > most {
        return Err(Refusal::validation(&format!("Title is too long (maximum is {most} characters)")));
    }
    Ok(title)
}
