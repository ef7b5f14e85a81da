//! What people and other servers told moderators.

use phiomia_model::{AccountId, Fault, Page, ReportId, RuleId, StatusId, Time};

use super::{
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row, Value},
};

macro_rules! columns {
    () => {
        "id, account_id, target_id, category, comment, status_ids, rule_ids, is_forwarded, resolved_at, created_at,
         assigned_id, resolved_by_id, updated_at"
    };
}

keysets! {
    // $4 whether dealt with, $5 who reports, $6 whom.
    LIST = anew "id", concat!("select ", columns!(), " from reports
        where (resolved_at is not null) = $4 and (cast($5 as bigint) is null or account_id = $5)
            and (cast($6 as bigint) is null or target_id = $6)");
}

queries! {
    INSERT = Sql::Same("insert into reports (id, account_id, target_id, category, comment, status_ids, rule_ids, is_forwarded,
            uri, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10) on conflict do nothing");
    FIND = Sql::Same(concat!("select ", columns!(), " from reports where id = $1"));
    MANY = Sql::Same(concat!("select ", columns!(), " from reports where id in ids($1)"));
    OPEN = Sql::Same(concat!("select ", columns!(), " from reports where resolved_at is null order by id limit $1"));
    OPEN_ABOUT = Sql::Same("select id from reports where target_id = $1 and resolved_at is null order by id");
    RESOLVE = Sql::Same("update reports set resolved_at = $2, resolved_by_id = $3, updated_at = $2
        where id = $1 and resolved_at is null");
    REOPEN = Sql::Same("update reports set resolved_at = null, resolved_by_id = null, updated_at = $2
        where id = $1 and resolved_at is not null");
    ASSIGN = Sql::Same("update reports set assigned_id = $2, updated_at = $3 where id = $1");
    CLASSIFY = Sql::Same("update reports set category = $2, rule_ids = $3, updated_at = $4 where id = $1");
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
    /// Who of the staff is on it.
    pub assigned: Option<AccountId>,
    /// Who of the staff dealt with it; nobody: the command line did.
    pub resolved_by: Option<AccountId>,
    /// When it last changed.
    pub updated_at: Time,
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
            assigned: row.next()?,
            resolved_by: row.next()?,
            updated_at: row.next()?,
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

/// Those with these ids.
///
/// # Errors
/// The database failed.
pub fn many(q: &Query<'_>, ids: &[ReportId]) -> Result<Vec<ReportRow>, Fault> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    q.rows(&MANY, (&ids,))
}

/// Those that nobody has dealt with, oldest first.
///
/// # Errors
/// The database failed.
pub fn open(q: &Query<'_>, most: i64) -> Result<Vec<ReportRow>, Fault> {
    q.rows(&OPEN, (most,))
}

/// A page of reports, newest first: dealt with or not, by whom, about whom.
///
/// # Errors
/// The database failed.
pub fn page(
    q: &Query<'_>,
    is_resolved: bool,
    account: Option<AccountId>,
    target: Option<AccountId>,
    page: &Page,
) -> Result<Vec<ReportRow>, Fault> {
    let id = |account: Option<AccountId>| account.map_or(Value::Null, |id| Value::Int(id.0));
    LIST.page(q, page, &[Value::Bool(is_resolved), id(account), id(target)])
}

/// Those about somebody that nobody has dealt with.
///
/// # Errors
/// The database failed.
pub fn open_about(q: &Query<'_>, target: AccountId) -> Result<Vec<ReportId>, Fault> {
    q.column(&OPEN_ABOUT, (target,))
}

/// Somebody of the staff (`None`: the command line) has dealt with a report; whether it was open.
///
/// # Errors
/// The database failed.
pub fn resolve(tx: &Tx<'_>, id: ReportId, by: Option<AccountId>) -> Result<bool, Fault> {
    Ok(tx.execute(&RESOLVE, (id, tx.now(), by))? > 0)
}

/// It is to be dealt with after all; whether it was closed.
///
/// # Errors
/// The database failed.
pub fn reopen(tx: &Tx<'_>, id: ReportId) -> Result<bool, Fault> {
    Ok(tx.execute(&REOPEN, (id, tx.now()))? > 0)
}

/// Somebody of the staff takes it, or nobody has it.
///
/// # Errors
/// The database failed.
pub fn assign(tx: &Tx<'_>, id: ReportId, to: Option<AccountId>) -> Result<(), Fault> {
    tx.execute(&ASSIGN, (id, to, tx.now())).map(|_| ())
}

/// Gives a report another class of reason and other rules.
///
/// # Errors
/// The database failed.
pub fn classify(tx: &Tx<'_>, id: ReportId, category: &str, rules: &[RuleId]) -> Result<(), Fault> {
    let rules: Vec<i64> = rules.iter().map(|rule| rule.0).collect();
    let json = serde_json::to_string(&rules).map_err(|e| Fault::because("writing a report", e))?;
    tx.execute(&CLASSIFY, (id, category, json, tx.now())).map(|_| ())
}

/// Which of some posts are somebody's own; deleted ones too, for they may be what is reported.
///
/// # Errors
/// The database failed.
pub fn posts_of(q: &Query<'_>, statuses: &[StatusId], author: AccountId) -> Result<Vec<StatusId>, Fault> {
    let ids: Vec<i64> = statuses.iter().map(|id| id.0).collect();
    if ids.is_empty() { Ok(Vec::new()) } else { q.column(&OF_AUTHOR, (&ids, author)) }
}
