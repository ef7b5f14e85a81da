//! Posts that quote another, and whether they may.

use phiomia_model::{AccountId, Fault, Page, QuoteState, StatusId};

use crate::db::{
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::Value,
};

queries! {
    INSERT = Sql::Same("insert into quotes
            (status_id, account_id, quoted_status_id, quoted_account_id, state, created_at)
        values ($1, $2, $3, $4, $5, $6)");
    FIND = Sql::Same("select state, quoted_status_id, quoted_account_id, account_id from quotes where status_id = $1");
    SET_NAMES = Sql::Same("update quotes set quoted_uri = $2, approval_uri = $3 where status_id = $1");
    NAMES = Sql::Same("select quoted_uri, approval_uri from quotes where status_id = $1");
    SET_QUOTED = Sql::Same("update quotes set quoted_status_id = $2, quoted_account_id = $3 where status_id = $1");
    WAITING = Sql::Same("select status_id from quotes where quoted_uri = $1 and quoted_status_id is null");
    BY_APPROVAL = Sql::Same("select status_id from quotes where approval_uri = $1");
    SET_STATE = Sql::Same("update quotes set state = $2 where status_id = $1");
    ERASE = Sql::Same("delete from quotes where status_id = $1");
    // A quote of a deleted post stays, as a quote of nobody's post.
    ORPHAN = Sql::Same("update quotes set state = 'deleted', quoted_status_id = null where quoted_status_id = $1");
    QUOTING = Sql::Same("select k.status_id, k.account_id from quotes k
        where k.quoted_status_id = $1 and k.state = 'accepted' limit $2");
}

keysets! {
    LIST = "k.status_id", "select k.status_id from quotes k join statuses s on s.id = k.status_id
        where k.quoted_status_id = $4 and k.state = 'accepted' and s.deleted_at is null";
}

/// A quote as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteRow {
    /// Whether the quoted author allows it.
    pub state: QuoteState,
    /// What is quoted; `None` when it is gone or not known yet.
    pub quoted: Option<StatusId>,
    /// Whose that is.
    pub quoted_author: Option<AccountId>,
    /// Who quotes.
    pub author: AccountId,
}

/// Adds the quote of `status`.
///
/// # Errors
/// The database failed.
pub fn insert_quote(tx: &Tx<'_>, status: StatusId, quote: &QuoteRow) -> Result<(), Fault> {
    let row = (status, quote.author, quote.quoted, quote.quoted_author, quote.state.word(), tx.now());
    tx.execute(&INSERT, row).map(|_| ())
}

/// What `status` quotes; `None` when it quotes nothing.
///
/// # Errors
/// The database failed.
pub fn quote_of(q: &Query<'_>, status: StatusId) -> Result<Option<QuoteRow>, Fault> {
    type Found = (String, Option<StatusId>, Option<AccountId>, AccountId);
    let row: Option<Found> = q.row(&FIND, (status,))?;
    Ok(row.map(|(state, quoted, quoted_author, author)| QuoteRow {
        state: state.parse().unwrap_or(QuoteState::Pending),
        quoted,
        quoted_author,
        author,
    }))
}

/// Notes the quoted post's id in the network, and the stamp's.
///
/// # Errors
/// The database failed.
pub fn set_quote_names(tx: &Tx<'_>, status: StatusId, quoted: Option<&str>, stamp: Option<&str>) -> Result<(), Fault> {
    tx.execute(&SET_NAMES, (status, quoted, stamp)).map(|_| ())
}

/// The quoted post's id in the network, and the stamp's.
///
/// # Errors
/// The database failed.
pub fn quote_names(q: &Query<'_>, status: StatusId) -> Result<(Option<String>, Option<String>), Fault> {
    Ok(q.row(&NAMES, (status,))?.unwrap_or_default())
}

/// A quote has found what it quotes.
///
/// # Errors
/// The database failed.
pub fn set_quoted(tx: &Tx<'_>, status: StatusId, quoted: StatusId, author: AccountId) -> Result<(), Fault> {
    tx.execute(&SET_QUOTED, (status, quoted, author)).map(|_| ())
}

/// Quotes of a post that is not known here yet.
///
/// # Errors
/// The database failed.
pub fn quotes_waiting_for(q: &Query<'_>, quoted: &str) -> Result<Vec<StatusId>, Fault> {
    q.column(&WAITING, (quoted,))
}

/// The quote that a stamp allows.
///
/// # Errors
/// The database failed.
pub fn quote_by_stamp(q: &Query<'_>, stamp: &str) -> Result<Option<StatusId>, Fault> {
    q.value(&BY_APPROVAL, (stamp,))
}

/// Changes whether a quote is allowed.
///
/// # Errors
/// The database failed.
pub fn set_quote_state(tx: &Tx<'_>, status: StatusId, state: QuoteState) -> Result<(), Fault> {
    tx.execute(&SET_STATE, (status, state.word())).map(|_| ())
}

/// The posts that quote a post with consent, newest first.
///
/// # Errors
/// The database failed.
pub fn quotes_page(q: &Query<'_>, quoted: StatusId, page: &Page) -> Result<Vec<StatusId>, Fault> {
    Ok(LIST.page::<(StatusId,)>(q, page, &[Value::Int(quoted.0)])?.into_iter().map(|(id,)| id).collect())
}

/// Some of them with their authors.
///
/// # Errors
/// The database failed.
pub fn quoting_batch(q: &Query<'_>, quoted: StatusId, most: i64) -> Result<Vec<(StatusId, AccountId)>, Fault> {
    q.rows(&QUOTING, (quoted, most))
}

/// Takes away what a post quotes.
///
/// # Errors
/// The database failed.
pub fn erase_quotes_by(tx: &Tx<'_>, status: StatusId) -> Result<(), Fault> {
    tx.execute(&ERASE, (status,)).map(|_| ())
}

/// Takes away the quote of a post that is erased, and its part in the quotes of it.
///
/// # Errors
/// The database failed.
pub fn erase_quotes(tx: &Tx<'_>, status: StatusId) -> Result<(), Fault> {
    tx.execute(&ERASE, (status,))?;
    tx.execute(&ORPHAN, (status,)).map(|_| ())
}
