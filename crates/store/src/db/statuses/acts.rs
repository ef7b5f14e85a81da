//! What people do with posts: favourites, bookmarks, boosts, pins.

use phiomia_model::{AccountId, Fault, Page, StatusId};

use crate::db::{
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, blocks_domain, queries},
    value::Value,
};

queries! {
    FAVOURITE = Sql::Same("insert into favourites (account_id, status_id, id, created_at) values ($1, $2, $3, $4)
        on conflict (account_id, status_id) do nothing");
    UNFAVOURITE = Sql::Same("delete from favourites where account_id = $1 and status_id = $2");
    BOOKMARK = Sql::Same("insert into bookmarks (account_id, status_id, id, created_at) values ($1, $2, $3, $4)
        on conflict (account_id, status_id) do nothing");
    UNBOOKMARK = Sql::Same("delete from bookmarks where account_id = $1 and status_id = $2");
    PIN = Sql::Same("insert into pins (account_id, status_id, id, created_at) values ($1, $2, $3, $4)
        on conflict (account_id, status_id) do nothing");
    UNPIN = Sql::Same("delete from pins where account_id = $1 and status_id = $2");
    N_PINS = Sql::Same("select count(*) from pins where account_id = $1 and status_id <> $2");
    IS_FAVOURITED = Sql::Same("select 1 from favourites where account_id = $1 and status_id = $2");
    IS_BOOKMARKED = Sql::Same("select 1 from bookmarks where account_id = $1 and status_id = $2");
    REBLOG_OF = Sql::Same("select id from statuses where account_id = $1 and reblog_of_id = $2 and deleted_at is null");
}

keysets! {
    FAVOURITED_BY = "f.id", concat!("select f.id, f.account_id from favourites f join accounts a on a.id = f.account_id
        where f.status_id = $4 and a.suspended_at is null and not f.is_pending
            and not exists (select 1 from blocks b where b.account_id = f.account_id and b.target_id = $5)
            and not exists (select 1 from blocks b where b.account_id = $5 and b.target_id = f.account_id)
            and not ", blocks_domain!("$5", "a.domain"));
    REBLOGGED_BY = "s.id", concat!("select s.id, s.account_id from statuses s join accounts a on a.id = s.account_id
        where s.reblog_of_id = $4 and s.deleted_at is null and s.visibility < 2 and a.suspended_at is null
            and (s.approval is null or s.approval = 'accepted')
            and not exists (select 1 from blocks b where b.account_id = s.account_id and b.target_id = $5)
            and not exists (select 1 from blocks b where b.account_id = $5 and b.target_id = s.account_id)
            and not ", blocks_domain!("$5", "a.domain"));
    FAVOURITES = "f.id", "select f.id, f.status_id from favourites f where f.account_id = $4";
    BOOKMARKED = "b.id", "select b.id, b.status_id from bookmarks b where b.account_id = $4";
}

/// Favourites; `false` when it was one already.
///
/// # Errors
/// The database failed.
pub fn favourite(tx: &Tx<'_>, who: AccountId, status: StatusId) -> Result<bool, Fault> {
    Ok(tx.execute(&FAVOURITE, (who, status, tx.new_id(), tx.now()))? > 0)
}

/// Takes a favourite back; whether there was one.
///
/// # Errors
/// The database failed.
pub fn unfavourite(tx: &Tx<'_>, who: AccountId, status: StatusId) -> Result<bool, Fault> {
    Ok(tx.execute(&UNFAVOURITE, (who, status))? > 0)
}

/// Bookmarks.
///
/// # Errors
/// The database failed.
pub fn bookmark(tx: &Tx<'_>, who: AccountId, status: StatusId) -> Result<bool, Fault> {
    Ok(tx.execute(&BOOKMARK, (who, status, tx.new_id(), tx.now()))? > 0)
}

/// Removes a bookmark; whether there was one.
///
/// # Errors
/// The database failed.
pub fn unbookmark(tx: &Tx<'_>, who: AccountId, status: StatusId) -> Result<bool, Fault> {
    Ok(tx.execute(&UNBOOKMARK, (who, status))? > 0)
}

/// Pins to the profile.
///
/// # Errors
/// The database failed.
pub fn pin(tx: &Tx<'_>, who: AccountId, status: StatusId) -> Result<bool, Fault> {
    Ok(tx.execute(&PIN, (who, status, tx.new_id(), tx.now()))? > 0)
}

/// Unpins; whether it was pinned.
///
/// # Errors
/// The database failed.
pub fn unpin(tx: &Tx<'_>, who: AccountId, status: StatusId) -> Result<bool, Fault> {
    Ok(tx.execute(&UNPIN, (who, status))? > 0)
}

/// Whether somebody favourited it.
///
/// # Errors
/// The database failed.
pub fn is_favourited(q: &Query<'_>, who: AccountId, status: StatusId) -> Result<bool, Fault> {
    q.exists(&IS_FAVOURITED, (who, status))
}

/// Whether somebody bookmarked it.
///
/// # Errors
/// The database failed.
pub fn is_bookmarked(q: &Query<'_>, who: AccountId, status: StatusId) -> Result<bool, Fault> {
    q.exists(&IS_BOOKMARKED, (who, status))
}

/// How many statuses other than this one are pinned.
///
/// # Errors
/// The database failed.
pub fn n_pins(q: &Query<'_>, who: AccountId, besides: StatusId) -> Result<i64, Fault> {
    Ok(q.value(&N_PINS, (who, besides))?.unwrap_or_default())
}

/// The boost by which somebody boosted a status.
///
/// # Errors
/// The database failed.
pub fn reblog_of(q: &Query<'_>, who: AccountId, status: StatusId) -> Result<Option<StatusId>, Fault> {
    q.value(&REBLOG_OF, (who, status))
}

/// Who favourited it: (key for paging, account), newest first, without people who block or are blocked by the viewer.
///
/// # Errors
/// The database failed.
pub fn favourited_by(
    q: &Query<'_>,
    status: StatusId,
    viewer: Option<AccountId>,
    page: &Page,
) -> Result<Vec<(i64, AccountId)>, Fault> {
    FAVOURITED_BY.page(q, page, &[Value::Int(status.0), Value::Int(viewer.map_or(0, |v| v.0))])
}

/// Who boosted it where others can see: (key for paging, account), newest first.
///
/// # Errors
/// The database failed.
pub fn reblogged_by(
    q: &Query<'_>,
    status: StatusId,
    viewer: Option<AccountId>,
    page: &Page,
) -> Result<Vec<(i64, AccountId)>, Fault> {
    REBLOGGED_BY.page(q, page, &[Value::Int(status.0), Value::Int(viewer.map_or(0, |v| v.0))])
}

/// What somebody favourited: (key for paging, status), newest favourite first.
///
/// # Errors
/// The database failed.
pub fn favourites_page(q: &Query<'_>, who: AccountId, page: &Page) -> Result<Vec<(i64, StatusId)>, Fault> {
    FAVOURITES.page(q, page, &[Value::Int(who.0)])
}

/// What somebody bookmarked: (key for paging, status), newest bookmark first.
///
/// # Errors
/// The database failed.
pub fn bookmarked_page(q: &Query<'_>, who: AccountId, page: &Page) -> Result<Vec<(i64, StatusId)>, Fault> {
    BOOKMARKED.page(q, page, &[Value::Int(who.0)])
}
