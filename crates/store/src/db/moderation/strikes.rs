//! What moderators did about somebody, with the words for them.

use phiomia_model::{AccountId, Fault, ReportId, StrikeId, Time, strike::Action};

use crate::db::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    INSERT = Sql::Same("insert into strikes (id, account_id, moderator_id, report_id, action, text, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)");
    FIND = Sql::Same("select id, account_id, moderator_id, report_id, action, text, created_at from strikes where id = $1");
    MANY = Sql::Same("select id, account_id, moderator_id, report_id, action, text, created_at from strikes
        where id in ids($1)");
    AGAINST = Sql::Same("select id, account_id, moderator_id, report_id, action, text, created_at from strikes
        where account_id = $1 order by id desc");
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Its number.
    pub id: StrikeId,
    /// Whom it is against.
    pub account: AccountId,
    /// Who did it.
    pub moderator: AccountId,
    /// The report it answers.
    pub report: Option<ReportId>,
    /// What was done.
    pub action: Action,
    /// The moderator's words; may be empty.
    pub text: String,
    /// When.
    pub created_at: Time,
}

impl FromRow for Strike {
    fn from_row(row: &mut Row<'_>) -> Result<Strike, Fault> {
        Ok(Strike {
            id: row.next()?,
            account: row.next()?,
            moderator: row.next()?,
            report: row.next()?,
            action: row.next::<String>()?.parse().map_err(|e| Fault::because("reading what a moderator did", e))?,
            text: row.next()?,
            created_at: row.next()?,
        })
    }
}

/// Writes down what was done.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, strike: &Strike) -> Result<(), Fault> {
    let Strike { id, account, moderator, report, action, text, created_at } = strike;
    tx.execute(&INSERT, (*id, *account, *moderator, *report, action.word(), text, *created_at)).map(|_| ())
}

/// One of them.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, id: StrikeId) -> Result<Option<Strike>, Fault> {
    q.row(&FIND, (id,))
}

/// Those with these ids.
///
/// # Errors
/// The database failed.
pub fn many(q: &Query<'_>, ids: &[i64]) -> Result<Vec<Strike>, Fault> {
    q.rows(&MANY, (ids,))
}

/// Everything that was done about somebody, newest first.
///
/// # Errors
/// The database failed.
pub fn against(q: &Query<'_>, account: AccountId) -> Result<Vec<Strike>, Fault> {
    q.rows(&AGAINST, (account,))
}
