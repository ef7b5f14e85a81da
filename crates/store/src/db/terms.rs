//! Terms of service, one text for each day they begin to hold.

use phiomia_model::{Fault, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    SET = Sql::Same("insert into terms_of_service (effective_date, text, created_at) values ($1, $2, $3)
        on conflict (effective_date) do update set text = excluded.text, created_at = excluded.created_at");
    ALL_TERMS = Sql::Same("select effective_date, text, created_at from terms_of_service order by effective_date");
}

/// Terms of service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsView {
    /// `YYYY-MM-DD`: the day from which they hold.
    pub effective_date: String,
    /// HTML, as given.
    pub text: String,
    /// When they were written down.
    pub created_at: Time,
}

impl FromRow for TermsView {
    fn from_row(row: &mut Row<'_>) -> Result<TermsView, Fault> {
        Ok(TermsView { effective_date: row.next()?, text: row.next()?, created_at: row.next()? })
    }
}

/// Writes the terms of a day, in place of those it had.
///
/// # Errors
/// The database failed.
pub fn set(tx: &Tx<'_>, effective_date: &str, text: &str) -> Result<(), Fault> {
    tx.execute(&SET, (effective_date, text, tx.now())).map(|_| ())
}

/// All terms, by day.
///
/// # Errors
/// The database failed.
pub fn all(q: &Query<'_>) -> Result<Vec<TermsView>, Fault> {
    q.rows(&ALL_TERMS, ())
}
