//! How lively the instance is, week by week.

use std::collections::HashMap;

use phiomia_model::{AccountId, Fault, Time, id};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
};

/// Weeks that are told, the current one among them.
pub const WEEKS: i64 = 12;
/// 1970-01-05, the first Monday there is.
const FIRST_MONDAY: i64 = 4;
const DAY: i64 = 86_400_000_000;

queries! {
    NOTE = Sql::Same("insert into active_weeks (week, account_id) values ($1, $2) on conflict (week, account_id) do nothing");
    FORGET = Sql::Same("delete from active_weeks where week < $1");
    PEOPLE = Sql::Same("select week, count(*) from active_weeks where week >= $1 group by week");
    // $1 when the first week began, $2 the first id of it.
    STATUSES = Sql::Same("select (created_at - $1) / 604800000000, count(*) from statuses
        where id >= $2 and created_at >= $1 and is_local and deleted_at is null and reblog_of_id is null group by 1");
    REGISTRATIONS = Sql::Same("select (created_at - $1) / 604800000000, count(*) from users
        where created_at >= $1 group by 1");
}

/// One week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    /// Its Monday, at midnight UTC.
    pub begins: Time,
    /// Posts written here.
    pub statuses: i64,
    /// People who were here.
    pub people: i64,
    /// People who joined.
    pub registrations: i64,
}

/// Notes that somebody is here this week.
///
/// # Errors
/// The database failed.
pub(super) fn note(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&NOTE, (week_of(tx.now()), account)).map(|_| ())
}

/// Forgets who was here in weeks that are no longer told.
///
/// # Errors
/// The database failed.
pub fn forget_old(tx: &Tx<'_>) -> Result<(), Fault> {
    tx.execute(&FORGET, (week_of(tx.now()) - WEEKS,)).map(|_| ())
}

/// The last weeks, the current one first. Counts the posts of twelve weeks: not for every request.
///
/// # Errors
/// The database failed.
pub fn weeks(q: &Query<'_>, now: Time) -> Result<Vec<Week>, Fault> {
    let first = week_of(now) - WEEKS + 1;
    let begin = begin_of(first);
    let people: HashMap<i64, i64> = q.rows::<(i64, i64)>(&PEOPLE, (first,))?.into_iter().collect();
    let statuses: HashMap<i64, i64> =
        q.rows::<(i64, i64)>(&STATUSES, (begin, id::first_of(begin)))?.into_iter().collect();
    let registrations: HashMap<i64, i64> = q.rows::<(i64, i64)>(&REGISTRATIONS, (begin,))?.into_iter().collect();
    let of = |counts: &HashMap<i64, i64>, week: i64| counts.get(&week).copied().unwrap_or_default();
    let week = |at: i64| Week {
        begins: begin_of(first + at),
        statuses: of(&statuses, at),
        people: of(&people, first + at),
        registrations: of(&registrations, at),
    };
    Ok((0..WEEKS).rev().map(week).collect())
}

fn week_of(at: Time) -> i64 {
    (at.as_days() - FIRST_MONDAY).div_euclid(7)
}

fn begin_of(week: i64) -> Time {
    Time((week * 7 + FIRST_MONDAY) * DAY)
}
