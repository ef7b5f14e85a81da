//! What people and other servers told moderators.

use phiomia_model::{AccountId, Fault, ReportId, RuleId, StatusId, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    INSERT = Sql::Same("insert into reports (id, account_id, target_id, category, comment, status_ids, rule_ids, is_forwarded,
            uri, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing");
    FIND = Sql::Same("select id, account_id, target_id, category, comment, status_ids, rule_ids, is_forwarded, resolved_at,
            created_at
        from reports where id = $1");
    OPEN = Sql::Same("select id, account_id, target_id, category, comment, status_ids, rule_ids, is_forwarded, resolved_at,
            created_at
        from reports where resolved_at is null order by id limit $1");
    RESOLVE = Sql::Same("update reports set resolved_at = $2 where id = $1 and resolved_at is null");
    OF_AUTHOR = Sql::Same("select id from statuses
        where id in ids($1) and account_id = $2 and reblog_of_id is null order by id");
}

/// A report as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// Its id.
    pub id: ReportId,
    /// Who reports.
    pub account: AccountId,
    /// Whom.
    pub target: AccountId,
    /// `spam`, `legal`, `violation` or `other`.
    pub category: String,
    /// Why.
    pub comment: String,
    /// Posts of the target.
    pub statuses: Vec<StatusId>,
    /// Rules that were broken.
    pub rules: Vec<RuleId>,
    /// Passed on to the target's server.
    pub is_forwarded: bool,
    /// When it was dealt with.
    pub resolved_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
}

impl FromRow for ReportRow {
    fn from_row(row: &mut Row<'_>) -> Result<ReportRow, Fault> {
        let ids = |text: String| -> Result<Vec<i64>, Fault> {
            serde_json::from_str(&text).map_err(|e| Fault::because("reading a JSON column of reports", e))
        };
        Ok(ReportRow {
            id: row.next()?,
            account: row.next()?,
            target: row.next()?,
            category: row.next()?,
            comment: row.next()?,
            statuses: ids(row.next()?)?.into_iter().map(StatusId).collect(),
            rules: ids(row.next()?)?.into_iter().map(RuleId).collect(),
            is_forwarded: row.next()?,
            resolved_at: row.next()?,
            created_at: row.next()?,
        })
    }
}

/// Adds a report; one from elsewhere that is there already (`uri`) stays as it is.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, report: &ReportRow, uri: Option<&str>) -> Result<bool, Fault> {
    let json = |ids: Vec<i64>| serde_json::to_string(&ids).map_err(|e| Fault::because("writing a report", e));
    let values = (
        report.id,
        report.account,
        report.target,
        &report.category,
        &report.comment,
        json(report.statuses.iter().map(|id| id.0).collect())?,
        json(report.rules.iter().map(|id| id.0).collect())?,
        report.is_forwarded,
        uri,
        report.created_at,
    );
    Ok(tx.execute(&INSERT, values)? > 0)
}

/// One report.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, id: ReportId) -> Result<Option<ReportRow>, Fault> {
    q.row(&FIND, (id,))
}

/// Those that nobody has dealt with, oldest first.
///
/// # Errors
/// The database failed.
pub fn open(q: &Query<'_>, most: i64) -> Result<Vec<ReportRow>, Fault> {
    q.rows(&OPEN, (most,))
}

/// Somebody has dealt with a report; whether it was open.
///
/// # Errors
/// The database failed.
pub fn resolve(tx: &Tx<'_>, id: ReportId) -> Result<bool, Fault> {
    Ok(tx.execute(&RESOLVE, (id, tx.now()))? > 0)
}

/// Which of some posts are somebody's own; deleted ones too, for they may be what is reported.
///
/// # Errors
/// The database failed.
pub fn posts_of(q: &Query<'_>, statuses: &[StatusId], author: AccountId) -> Result<Vec<StatusId>, Fault> {
    let ids: Vec<i64> = statuses.iter().map(|id| id.0).collect();
    if ids.is_empty() { Ok(Vec::new()) } else { q.column(&OF_AUTHOR, (&ids, author)) }
}
