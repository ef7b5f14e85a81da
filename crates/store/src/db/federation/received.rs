//! What was taken in before, and what was deleted before it came.

use std::{collections::HashSet, time::Duration};

use phiomia_model::{Fault, StatusId, Time};

use crate::db::{
    federation::posts::hold_names,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::Value,
};

queries! {
    NOTE = Sql::Once(&Sql::Same("insert into received (uri, received_at) rows($1 text, $2 bigint)
        on conflict (uri) do nothing returning uri"));
    IS_KNOWN = Sql::Same("select 1 from received where uri = $1");
    FORGET = Sql::Same("delete from received where received_at < $1");
    BURY = Sql::Same("insert into tombstones (uri, created_at) values ($1, $2) on conflict (uri) do nothing");
    BURY_OWN = Sql::Same(concat!("insert into tombstones (uri, created_at) select ", status_uri!("s", "a"), ", $2
        from statuses s join accounts a on a.id = s.account_id
        where s.id = $1 and s.is_local and s.visibility < 2 and s.reblog_of_id is null
        on conflict (uri) do nothing"));
    DIG_UP = Sql::Same("delete from tombstones where uri = $1 returning created_at");
    IS_SETTLED = Sql::Same("select 1 from received where uri = $1 and received_at < $2");
    TAKE_BACK = Sql::Same("insert into tombstones (uri, created_at) values ($1, $2)
        on conflict (uri) do update set created_at = excluded.created_at");
    IS_BURIED = Sql::Same("select 1 from tombstones where uri = $1");
    BURIED_AMONG = Sql::Same("select uri from tombstones where uri in texts($1)");
    FORGET_TOMBSTONES = Sql::Same("delete from tombstones where created_at < $1");
}

/// Takes note of an activity; `false` when it was there before.
///
/// # Errors
/// The database failed.
pub fn note(tx: &Tx<'_>, uri: &str) -> Result<bool, Fault> {
    Ok(!note_each(tx, &[uri])?.is_empty())
}

/// Takes note of some activities; those that were not there before.
///
/// # Errors
/// The database failed.
pub fn note_each(tx: &Tx<'_>, uris: &[&str]) -> Result<HashSet<String>, Fault> {
    // In one order, so that two who note the same ones do not wait for each other.
    let mut uris = uris.to_vec();
    uris.sort_unstable();
    uris.dedup();
    let rows: Vec<_> = uris.iter().map(|uri| [Value::Text(uri), Value::Int(tx.now().0)]).collect();
    let new: Vec<(String,)> = tx.rows_each(&NOTE, &rows, &[])?;
    Ok(new.into_iter().map(|(uri,)| uri).collect())
}

/// Whether an activity was taken in before.
///
/// # Errors
/// The database failed.
pub fn is_known(q: &Query<'_>, uri: &str) -> Result<bool, Fault> {
    q.exists(&IS_KNOWN, (uri,))
}

/// Takes note that an object is gone, so that it does not come afterwards.
///
/// # Errors
/// The database failed.
pub fn bury(tx: &Tx<'_>, uri: &str) -> Result<(), Fault> {
    tx.execute(&BURY, (uri, tx.now())).map(|_| ())
}

/// Takes note that a post of somebody here is gone, if it was for everybody: who asks for it is told so.
///
/// # Errors
/// The database failed.
pub fn bury_own(tx: &Tx<'_>, status: StatusId) -> Result<(), Fault> {
    tx.execute(&BURY_OWN, (status, tx.now())).map(|_| ())
}

/// What was taken back within this time before it came does not come afterwards.
const OVERTAKEN: Duration = Duration::from_secs(86_400);

/// Whether an activity was taken back before it came. That holds for one arrival: some softwares give the next `Follow` of
/// the same two people the same id. Who takes it back at the same moment waits, and finds what this act has written.
///
/// # Errors
/// The database failed.
pub fn was_taken_back(tx: &Tx<'_>, uri: &str) -> Result<bool, Fault> {
    hold_names(tx, &[uri.to_owned()])?;
    let buried: Vec<(Time,)> = tx.rows(&DIG_UP, (uri,))?;
    Ok(buried.iter().any(|(at,)| *at > tx.now().minus(OVERTAKEN)))
}

/// What came longer ago has been worked through: that nothing of it is left is no sign that it is still to come.
const SETTLED: Duration = Duration::from_secs(600);

/// An activity is taken back of which nothing is here: it does not come afterwards.
///
/// # Errors
/// The database failed.
pub fn take_back(tx: &Tx<'_>, uri: &str) -> Result<(), Fault> {
    if tx.exists(&IS_SETTLED, (uri, tx.now().minus(SETTLED)))? {
        return Ok(());
    }
    tx.execute(&TAKE_BACK, (uri, tx.now())).map(|_| ())
}

/// Whether an object was deleted: one from elsewhere before it came, or one of ours that had been for everybody.
///
/// # Errors
/// The database failed.
pub fn is_buried(q: &Query<'_>, uri: &str) -> Result<bool, Fault> {
    q.exists(&IS_BURIED, (uri,))
}

/// Those of these objects that were deleted.
///
/// # Errors
/// The database failed.
pub fn buried(q: &Query<'_>, uris: &[String]) -> Result<HashSet<String>, Fault> {
    Ok(q.column(&BURIED_AMONG, (uris,))?.into_iter().collect())
}

/// Ids of activities are remembered for so long: a signature is believed for hours, and deliveries of others end within
/// days.
const REMEMBERED: Duration = Duration::from_secs(14 * 86_400);
/// Of what was deleted it is said for so long that it is gone, and not merely not there.
const BURIED: Duration = Duration::from_secs(180 * 86_400);

/// Forgets what is old enough. Part of `Job::Tidy`.
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Fault> {
    tx.execute(&FORGET, (tx.now().minus(REMEMBERED),))?;
    tx.execute(&FORGET_TOMBSTONES, (tx.now().minus(BURIED),)).map(|_| ())
}
