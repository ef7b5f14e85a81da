//! What people here uploaded: whose the files are, what they belong to, and when they go.

use phiomia_model::{AccountId, Fault, MediaId, ScheduledStatusId, StatusId, Time, media::Media};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    INSERT = Sql::Same("insert into media (id, account_id, facts, n_bytes, created_at) values ($1, $2, $3, $4, $5)");
    FIND = Sql::Same("select id, account_id, status_id, scheduled_id, facts from media where id = $1");
    FIND_ALL = Sql::Same("select id, account_id, status_id, scheduled_id, facts from media where id in ids($1)");
    OF_STATUS = Sql::Same("select id, account_id, status_id, scheduled_id, facts from media where status_id = $1");
    WRITE = Sql::Same("update media set facts = $2, n_bytes = $3 where id = $1");
    ATTACH = Sql::Same("update media set status_id = $2, scheduled_id = null where id in ids($1)");
    SCHEDULE = Sql::Same("update media set scheduled_id = $2 where id in ids($1) and status_id is null");
    UNSCHEDULE = Sql::Same("update media set scheduled_id = null, created_at = $2 where scheduled_id = $1");
    LOOSEN = Sql::Same("update media set status_id = null, created_at = $2 where status_id = $1");
    LOOSE = Sql::Same("select id, account_id, status_id, scheduled_id, facts from media
        where status_id is null and scheduled_id is null and created_at < $1 order by created_at limit $2");
    OF_ACCOUNT = Sql::Same("select id, account_id, status_id, scheduled_id, facts from media
        where account_id = $1 order by id limit $2");
    DELETE = Sql::Same("delete from media where id = $1");
    KEYED = Sql::Same("select m.id, m.account_id, m.status_id, m.scheduled_id, m.facts
        from upload_keys k join media m on m.id = k.media_id
        where k.account_id = $1 and k.upload_key = $2 and k.created_at >= $3");
    // Whose time is over, or whose upload is gone, stands for another one.
    CLAIM = Sql::Same("insert into upload_keys (account_id, upload_key, media_id, created_at) values ($1, $2, $3, $4)
        on conflict (account_id, upload_key) do update
            set media_id = excluded.media_id, created_at = excluded.created_at
            where upload_keys.created_at < $5
                or not exists (select 1 from media m where m.id = upload_keys.media_id)
        returning media_id");
    FORGET_KEYS = Sql::Same("delete from upload_keys where created_at < $1");
}

/// An upload.
#[derive(Clone, Debug)]
pub struct MediaRow {
    /// Whose.
    pub account: AccountId,
    /// The post it is attached to.
    pub status: Option<StatusId>,
    /// The post it waits with.
    pub scheduled: Option<ScheduledStatusId>,
    /// What it is.
    pub media: Media,
}

impl FromRow for MediaRow {
    fn from_row(row: &mut Row<'_>) -> Result<MediaRow, Fault> {
        let _id: MediaId = row.next()?;
        let (account, status, scheduled) = (row.next()?, row.next()?, row.next()?);
        let facts: String = row.next()?;
        let media = serde_json::from_str(&facts).map_err(|e| Fault::because("reading what an upload is", e))?;
        Ok(MediaRow { account, status, scheduled, media })
    }
}

fn facts(media: &Media) -> Result<(String, i64), Fault> {
    let json = serde_json::to_string(media).map_err(|e| Fault::because("writing what an upload is", e))?;
    Ok((json, media.files().map(|file| file.n_bytes).sum()))
}

/// Adds one whose files are on the shelf.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, account: AccountId, media: &Media) -> Result<(), Fault> {
    let (facts, n_bytes) = facts(media)?;
    tx.execute(&INSERT, (media.id, account, facts, n_bytes, tx.now())).map(|_| ())
}

/// One of them, whoever's it is.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, id: MediaId) -> Result<Option<MediaRow>, Fault> {
    q.row(&FIND, (id,))
}

/// Several, in the order of their ids.
///
/// # Errors
/// The database failed.
pub fn find_all(q: &Query<'_>, ids: &[MediaId]) -> Result<Vec<MediaRow>, Fault> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    if ids.is_empty() { Ok(Vec::new()) } else { q.rows(&FIND_ALL, (&ids,)) }
}

/// Those that were ever attached to a post.
///
/// # Errors
/// The database failed.
pub fn of_status(q: &Query<'_>, status: StatusId) -> Result<Vec<MediaRow>, Fault> {
    q.rows(&OF_STATUS, (status,))
}

/// Writes what it is anew.
///
/// # Errors
/// The database failed.
pub fn write(tx: &Tx<'_>, media: &Media) -> Result<(), Fault> {
    let (facts, n_bytes) = facts(media)?;
    tx.execute(&WRITE, (media.id, facts, n_bytes)).map(|_| ())
}

/// Attaches some to a post.
///
/// # Errors
/// The database failed.
pub fn attach(tx: &Tx<'_>, ids: &[MediaId], status: StatusId) -> Result<(), Fault> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    if ids.is_empty() { Ok(()) } else { tx.execute(&ATTACH, (&ids, status)).map(|_| ()) }
}

/// Lets some wait with a post.
///
/// # Errors
/// The database failed.
pub fn schedule(tx: &Tx<'_>, ids: &[MediaId], scheduled: ScheduledStatusId) -> Result<(), Fault> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    if ids.is_empty() { Ok(()) } else { tx.execute(&SCHEDULE, (&ids, scheduled)).map(|_| ()) }
}

/// Those that waited with a post are free again.
///
/// # Errors
/// The database failed.
pub fn unschedule(tx: &Tx<'_>, scheduled: ScheduledStatusId) -> Result<(), Fault> {
    tx.execute(&UNSCHEDULE, (scheduled, tx.now())).map(|_| ())
}

/// Those of a post are free again, and can be attached to another for a while.
///
/// # Errors
/// The database failed.
pub fn loosen(tx: &Tx<'_>, status: StatusId) -> Result<(), Fault> {
    tx.execute(&LOOSEN, (status, tx.now())).map(|_| ())
}

/// Some that belong to no post and came, or came free, before a time.
///
/// # Errors
/// The database failed.
pub fn loose(q: &Query<'_>, before: Time, most: i64) -> Result<Vec<MediaRow>, Fault> {
    q.rows(&LOOSE, (before, most))
}

/// Some of an account.
///
/// # Errors
/// The database failed.
pub fn of_account(q: &Query<'_>, account: AccountId, most: i64) -> Result<Vec<MediaRow>, Fault> {
    q.rows(&OF_ACCOUNT, (account, most))
}

/// The upload that a key stands for, if it was given one since then.
///
/// # Errors
/// The database failed.
pub fn keyed(q: &Query<'_>, account: AccountId, key: &str, since: Time) -> Result<Option<MediaRow>, Fault> {
    q.row(&KEYED, (account, key, since))
}

/// Lets a key stand for an upload; whether it does now, and not for another one since then.
///
/// # Errors
/// The database failed.
pub fn claim(tx: &Tx<'_>, account: AccountId, key: &str, id: MediaId, since: Time) -> Result<bool, Fault> {
    Ok(tx.value::<MediaId>(&CLAIM, (account, key, id, tx.now(), since))?.is_some())
}

/// Forgets keys that are older.
///
/// # Errors
/// The database failed.
pub fn forget_keys(tx: &Tx<'_>, before: Time) -> Result<(), Fault> {
    tx.execute(&FORGET_KEYS, (before,)).map(|_| ())
}

/// Takes a row away; its files are another's affair.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, id: MediaId) -> Result<(), Fault> {
    tx.execute(&DELETE, (id,)).map(|_| ())
}
