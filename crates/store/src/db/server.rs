//! What the server says about itself and offers to everybody: its rules, and how much it is used.

use phiomia_model::{Fault, RuleId, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    RULES = Sql::Same("select id, text, hint, translations from rules order by position, id");
    ADD_RULE = Sql::Same("insert into rules (id, position, text, hint, translations, created_at)
        values ($1, (select count(*) from rules), $2, $3, $4, $5)");
    // People who were here since some day.
    ACTIVE = Sql::Same("select count(*) from users where last_active_day >= $1");
    LOCAL_STATUSES = Sql::Same("select count(*) from statuses where is_local and deleted_at is null");
    DOMAINS = Sql::Same("select count(distinct domain) from accounts where domain <> ''");
}

/// A rule of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleView {
    /// Its id.
    pub id: RuleId,
    /// The rule.
    pub text: String,
    /// Explanation; may be empty.
    pub hint: String,
    /// JSON: `{"de": {"text": "…", "hint": "…"}}`.
    pub translations: String,
}

impl FromRow for RuleView {
    fn from_row(row: &mut Row<'_>) -> Result<RuleView, Fault> {
        Ok(RuleView { id: row.next()?, text: row.next()?, hint: row.next()?, translations: row.next()? })
    }
}

/// The rules in their order.
///
/// # Errors
/// The database failed.
pub fn rules(q: &Query<'_>) -> Result<Vec<RuleView>, Fault> {
    q.rows(&RULES, ())
}

/// Adds a rule at the end. `translations` as in [`RuleView`].
///
/// # Errors
/// The database failed.
pub fn add_rule(tx: &Tx<'_>, text: &str, hint: &str, translations: &str) -> Result<RuleId, Fault> {
    let id = RuleId(tx.new_id());
    tx.execute(&ADD_RULE, (id, text, hint, translations, tx.now()))?;
    Ok(id)
}

/// How much the server is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// People who were here in the last four weeks.
    pub n_active: i64,
    /// People who were here in the last 180 days.
    pub n_active_half_year: i64,
    /// Posts written here.
    pub n_statuses: i64,
    /// Other servers somebody is known of.
    pub n_domains: i64,
}

/// Counts everything: for a value that is kept for a while.
///
/// # Errors
/// The database failed.
pub fn usage(q: &Query<'_>, now: Time) -> Result<Usage, Fault> {
    Ok(Usage {
        n_active: q.value(&ACTIVE, (now.as_days() - 28,))?.unwrap_or_default(),
        n_active_half_year: q.value(&ACTIVE, (now.as_days() - 180,))?.unwrap_or_default(),
        n_statuses: q.value(&LOCAL_STATUSES, ())?.unwrap_or_default(),
        n_domains: q.value(&DOMAINS, ())?.unwrap_or_default(),
    })
}
