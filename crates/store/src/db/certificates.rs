//! Certificates from authorities (ACME): what was got, who asks for the next one, what the authority will look for.
//! Here because all processes of one instance show the same certificate, and only one of them may ask.

use std::time::Duration;

use phiomia_model::{Fault, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    FIND = Sql::Same("select names, chain, sealed_key, issued_at, next_at, n_failures, failure, failed_at
        from certificates where directory = $1");
    LEASE = Sql::Same("insert into certificates (directory, names, next_at, leased_until, n_failures)
        values ($1, '', $2, $3, 0)
        on conflict (directory) do update set leased_until = excluded.leased_until
            where certificates.leased_until <= $2");
    KEEP = Sql::Same("update certificates set names = $2, chain = $3, sealed_key = $4, issued_at = $5, next_at = $6,
        leased_until = 0, n_failures = 0, failure = null, failed_at = null where directory = $1");
    FAIL = Sql::Same("update certificates set names = $2, next_at = $3, leased_until = 0, n_failures = n_failures + 1,
        failure = $4, failed_at = $5 where directory = $1");
    MOVE = Sql::Same("update certificates set next_at = $2 where directory = $1 and n_failures = 0");
    ADOPT = Sql::Same("update certificates set leased_until = 0 where leased_until > 0");
    ACCOUNT = Sql::Same("select sealed_credentials from acme_accounts where directory = $1");
    KEEP_ACCOUNT = Sql::Same("insert into acme_accounts (directory, sealed_credentials, created_at) values ($1, $2, $3)
        on conflict (directory) do update
            set sealed_credentials = excluded.sealed_credentials, created_at = excluded.created_at");
    DROP_ACCOUNT = Sql::Same("delete from acme_accounts where directory = $1");
    CHALLENGE = Sql::Same("select answer from acme_challenges where kind = $1 and subject = $2 and expires_at > $3");
    POSE = Sql::Same("insert into acme_challenges (kind, subject, answer, expires_at) values ($1, $2, $3, $4)
        on conflict (kind, subject) do update set answer = excluded.answer, expires_at = excluded.expires_at");
    DROP_CHALLENGE = Sql::Same("delete from acme_challenges where (kind = $1 and subject = $2) or expires_at <= $3");
}

/// How it stands with the certificate of one authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRow {
    /// The domains that were asked for last.
    pub names: Vec<String>,
    /// PEM; `None`: there was none yet.
    pub chain: Option<String>,
    /// Its key, PEM, sealed.
    pub sealed_key: Option<Vec<u8>>,
    /// When it came.
    pub issued_at: Option<Time>,
    /// When the authority is asked again.
    pub next_at: Time,
    /// Failures since the last success.
    pub n_failures: i64,
    /// What the last one was.
    pub failure: Option<String>,
    /// And when.
    pub failed_at: Option<Time>,
}

impl FromRow for CertificateRow {
    fn from_row(row: &mut Row<'_>) -> Result<CertificateRow, Fault> {
        let names: String = row.next()?;
        Ok(CertificateRow {
            names: names.split_ascii_whitespace().map(str::to_owned).collect(),
            chain: row.next()?,
            sealed_key: row.next()?,
            issued_at: row.next()?,
            next_at: row.next()?,
            n_failures: row.next()?,
            failure: row.next()?,
            failed_at: row.next()?,
        })
    }
}

/// How it stands; `None`: this authority was never asked.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, directory: &str) -> Result<Option<CertificateRow>, Fault> {
    q.row(&FIND, (directory,))
}

/// Takes the right to ask for so long; whether nobody else has it.
///
/// # Errors
/// The database failed.
pub fn lease(tx: &Tx<'_>, directory: &str, span: Duration) -> Result<bool, Fault> {
    Ok(tx.execute(&LEASE, (directory, tx.now(), tx.now().plus(span)))? > 0)
}

/// Keeps a certificate that came, and gives the right to ask back.
///
/// # Errors
/// The database failed.
pub fn keep(
    tx: &Tx<'_>,
    directory: &str,
    names: &[String],
    chain: &str,
    sealed_key: &[u8],
    next_at: Time,
) -> Result<(), Fault> {
    tx.execute(&KEEP, (directory, names.join(" "), chain, sealed_key, tx.now(), next_at))?;
    Ok(())
}

/// Notes why none came, and gives the right to ask back.
///
/// # Errors
/// The database failed.
pub fn fail(tx: &Tx<'_>, directory: &str, names: &[String], failure: &str, next_at: Time) -> Result<(), Fault> {
    tx.execute(&FAIL, (directory, names.join(" "), next_at, failure, tx.now()))?;
    Ok(())
}

/// The authority wishes another time for the next certificate.
///
/// # Errors
/// The database failed.
pub fn move_next(tx: &Tx<'_>, directory: &str, next_at: Time) -> Result<(), Fault> {
    tx.execute(&MOVE, (directory, next_at))?;
    Ok(())
}

/// Takes back every right to ask: whoever had it is dead.
///
/// # Errors
/// The database failed.
pub fn adopt(tx: &Tx<'_>) -> Result<(), Fault> {
    tx.execute(&ADOPT, ())?;
    Ok(())
}

/// Who this server is at an authority, sealed; `None`: nobody yet.
///
/// # Errors
/// The database failed.
pub fn account(q: &Query<'_>, directory: &str) -> Result<Option<Vec<u8>>, Fault> {
    q.value(&ACCOUNT, (directory,))
}

/// Keeps who this server is there from now on.
///
/// # Errors
/// The database failed.
pub fn keep_account(tx: &Tx<'_>, directory: &str, sealed: &[u8]) -> Result<(), Fault> {
    tx.execute(&KEEP_ACCOUNT, (directory, sealed, tx.now()))?;
    Ok(())
}

/// The authority does not know this server any more.
///
/// # Errors
/// The database failed.
pub fn drop_account(tx: &Tx<'_>, directory: &str) -> Result<(), Fault> {
    tx.execute(&DROP_ACCOUNT, (directory,))?;
    Ok(())
}

/// What is to be answered, `kind` and `subject` as in the table; `None`: nothing was asked for.
///
/// # Errors
/// The database failed.
pub fn challenge(q: &Query<'_>, kind: &str, subject: &str, now: Time) -> Result<Option<String>, Fault> {
    q.value(&CHALLENGE, (kind, subject, now))
}

/// Puts an answer where every process finds it, for so long.
///
/// # Errors
/// The database failed.
pub fn pose(tx: &Tx<'_>, kind: &str, subject: &str, answer: &str, span: Duration) -> Result<(), Fault> {
    tx.execute(&POSE, (kind, subject, answer, tx.now().plus(span)))?;
    Ok(())
}

/// Takes it away again, and what is out of date with it.
///
/// # Errors
/// The database failed.
pub fn withdraw(tx: &Tx<'_>, kind: &str, subject: &str) -> Result<(), Fault> {
    tx.execute(&DROP_CHALLENGE, (kind, subject, tx.now()))?;
    Ok(())
}
