//! Lists of related accounts, newest relation first, paged by the relation's own id.

use phiomia_model::{AccountId, Fault, Page, Time, Viewer};

use super::languages;
use crate::db::{
    keyset::keysets,
    query::Query,
    sql::{Sql, queries},
    value::{FromRow, Row, Value},
};

/// Lines of a relation table `r` from `$4`'s side: `$own` is the column with whose list it is, `$other` the one with the
/// accounts listed.
macro_rules! lines {
    ($table:literal, $own:literal, $other:literal) => {
        concat!(
            "select r.id, r.",
            $other,
            " from ",
            $table,
            " r join accounts a on a.id = r.",
            $other,
            " where r.",
            $own,
            " = $4 and a.suspended_at is null and a.deleted_at is null"
        )
    };
}
/// The same for a viewer (`$5`, null for anybody): people they block or mute or who block them are not shown, except in
/// their own lists.
macro_rules! lines_seen {
    ($table:literal, $own:literal, $other:literal) => {
        concat!(
            lines!($table, $own, $other),
            " and (cast($5 as bigint) is null or $5 = $4 or not (
                exists (select 1 from blocks where account_id = $5 and target_id = a.id)
                or exists (select 1 from blocks where account_id = a.id and target_id = $5)
                or exists (select 1 from mutes where account_id = $5 and target_id = a.id)))"
        )
    };
}

keysets! {
    FOLLOWERS = "r.id", lines_seen!("follows", "target_id", "account_id");
    FOLLOWING = "r.id", lines_seen!("follows", "account_id", "target_id");
    ENDORSEMENTS = "r.id", lines_seen!("endorsements", "account_id", "target_id");
    FOLLOW_REQUESTS = "r.id", lines!("follow_requests", "target_id", "account_id");
    BLOCKS = "r.id", lines!("blocks", "account_id", "target_id");
    MUTES = "r.id", lines!("mutes", "account_id", "target_id");
}

queries! {
    MUTES_END = Sql::Same("select id, expires_at from mutes where id in ids($1)");
    LOCAL_FOLLOWERS = Sql::Same("select f.id, f.account_id, f.shows_reblogs, f.notifies, f.languages
        from follows f join accounts a on a.id = f.account_id
        where f.target_id = $1 and f.id > $2 and a.domain = '' and a.suspended_at is null and a.deleted_at is null
        order by f.id limit $3");
}

/// One line of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Related {
    /// The relation's own id: what pages are cut by.
    pub id: i64,
    /// The account at its other end.
    pub account: AccountId,
}

impl FromRow for Related {
    fn from_row(row: &mut Row<'_>) -> Result<Related, Fault> {
        Ok(Related { id: row.next()?, account: row.next()? })
    }
}

/// Who follows `account`, as far as `viewer` is shown them. Whether the list is shown at all is not decided here.
///
/// # Errors
/// The database failed.
pub fn followers(q: &Query<'_>, account: AccountId, viewer: Viewer, page: &Page) -> Result<Vec<Related>, Fault> {
    FOLLOWERS.page(q, page, &seen_by(viewer, account))
}

/// Whom `account` follows, as far as `viewer` is shown them. Whether the list is shown at all is not decided here.
///
/// # Errors
/// The database failed.
pub fn following(q: &Query<'_>, account: AccountId, viewer: Viewer, page: &Page) -> Result<Vec<Related>, Fault> {
    FOLLOWING.page(q, page, &seen_by(viewer, account))
}

/// Whom `account` shows on its profile, as far as `viewer` is shown them.
///
/// # Errors
/// The database failed.
pub fn endorsements(q: &Query<'_>, account: AccountId, viewer: Viewer, page: &Page) -> Result<Vec<Related>, Fault> {
    ENDORSEMENTS.page(q, page, &seen_by(viewer, account))
}

/// Who asks to follow `me`.
///
/// # Errors
/// The database failed.
pub fn follow_requests(q: &Query<'_>, me: AccountId, page: &Page) -> Result<Vec<Related>, Fault> {
    FOLLOW_REQUESTS.page(q, page, &[Value::Int(me.0)])
}

/// Whom `me` blocks.
///
/// # Errors
/// The database failed.
pub fn blocks(q: &Query<'_>, me: AccountId, page: &Page) -> Result<Vec<Related>, Fault> {
    BLOCKS.page(q, page, &[Value::Int(me.0)])
}

/// Whom `me` mutes, and when each mute ends (`None`: never). Two statements.
///
/// # Errors
/// The database failed.
pub fn mutes(q: &Query<'_>, me: AccountId, page: &Page) -> Result<Vec<(Related, Option<Time>)>, Fault> {
    let rows: Vec<Related> = MUTES.page(q, page, &[Value::Int(me.0)])?;
    let ids: Vec<i64> = rows.iter().map(|r| r.id).collect();
    let ends: Vec<(i64, Option<Time>)> = q.rows(&MUTES_END, (&ids,))?;
    let end_of = |row: &Related| ends.iter().find(|(id, _)| *id == row.id).and_then(|(_, end)| *end);
    Ok(rows.into_iter().map(|row| (row, end_of(&row))).collect())
}

/// Somebody here who follows an author, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFollower {
    /// The follow's own id.
    pub id: i64,
    /// Who follows.
    pub account: AccountId,
    /// Wants the author's boosts in home.
    pub shows_reblogs: bool,
    /// Wants to be notified of every post.
    pub notifies: bool,
    /// Wants posts in these languages only; `None` for all.
    pub languages: Option<Vec<String>>,
}

impl FromRow for LocalFollower {
    fn from_row(row: &mut Row<'_>) -> Result<LocalFollower, Fault> {
        Ok(LocalFollower {
            id: row.next()?,
            account: row.next()?,
            shows_reblogs: row.next()?,
            notifies: row.next()?,
            languages: languages(row.next()?)?,
        })
    }
}

/// The author's followers who live here, in the order of their follows: at most `most` whose follow's id is above `after`.
///
/// # Errors
/// The database failed.
pub fn local_followers(q: &Query<'_>, author: AccountId, after: i64, most: i64) -> Result<Vec<LocalFollower>, Fault> {
    q.rows(&LOCAL_FOLLOWERS, (author, after, most))
}

/// The parameters of a list that a viewer looks at.
fn seen_by(viewer: Viewer, account: AccountId) -> [Value<'static>; 2] {
    [Value::Int(account.0), viewer.account().map_or(Value::Null, |viewer| Value::Int(viewer.0))]
}
