//! What authors elsewhere, who want to be asked, allow people here; and what people elsewhere did with posts from here, by
//! its name in the network.

use phiomia_model::{AccountId, Fault, StatusId, status::Approval};

use crate::db::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    SET = Sql::Same("update statuses set approval = $2, stamp = $3 where id = $1");
    SET_STAMP = Sql::Same("update statuses set stamp = $2 where id = $1");
    SET_FAVOURITE = Sql::Same("update favourites set is_pending = $3, stamp = $4 where account_id = $1 and status_id = $2");
    FAVOURITE = Sql::Same("select account_id, status_id, id, uri, is_pending, stamp from favourites
        where account_id = $1 and status_id = $2");
    FAVOURITE_BY_NUMBER = Sql::Same("select account_id, status_id, id, uri, is_pending, stamp from favourites where id = $1");
}

/// Writes down what the author of the answered or boosted post said.
///
/// # Errors
/// The database failed.
pub fn set_approval(tx: &Tx<'_>, status: StatusId, approval: Approval, stamp: Option<&str>) -> Result<(), Fault> {
    tx.execute(&SET, (status, approval.word(), stamp)).map(|_| ())
}

/// Keeps the stamp of what needed none.
///
/// # Errors
/// The database failed.
pub fn set_stamp(tx: &Tx<'_>, status: StatusId, stamp: &str) -> Result<(), Fault> {
    tx.execute(&SET_STAMP, (status, stamp)).map(|_| ())
}

/// A favourite, with what is said of it elsewhere.
#[derive(Clone, Debug)]
pub struct FavouriteRow {
    /// Whose.
    pub account: AccountId,
    /// Of which post.
    pub status: StatusId,
    /// Its number.
    pub number: i64,
    /// The name of the `Like`, when it came from elsewhere.
    pub uri: Option<String>,
    /// The author of the post wants to be asked, and has not answered.
    pub is_pending: bool,
    /// Where they allow it.
    pub stamp: Option<String>,
}

impl FromRow for FavouriteRow {
    fn from_row(row: &mut Row<'_>) -> Result<FavouriteRow, Fault> {
        Ok(FavouriteRow {
            account: row.next()?,
            status: row.next()?,
            number: row.next()?,
            uri: row.next()?,
            is_pending: row.next()?,
            stamp: row.next()?,
        })
    }
}

/// Somebody's favourite of a post.
///
/// # Errors
/// The database failed.
pub fn favourite_row(q: &Query<'_>, who: AccountId, status: StatusId) -> Result<Option<FavouriteRow>, Fault> {
    q.row(&FAVOURITE, (who, status))
}

/// The favourite with a number.
///
/// # Errors
/// The database failed.
pub fn favourite_by_number(q: &Query<'_>, number: i64) -> Result<Option<FavouriteRow>, Fault> {
    q.row(&FAVOURITE_BY_NUMBER, (number,))
}

/// A favourite waits for an answer, or has it.
///
/// # Errors
/// The database failed.
pub fn set_favourite_pending(
    tx: &Tx<'_>,
    who: AccountId,
    status: StatusId,
    is_pending: bool,
    stamp: Option<&str>,
) -> Result<(), Fault> {
    tx.execute(&SET_FAVOURITE, (who, status, is_pending, stamp)).map(|_| ())
}
