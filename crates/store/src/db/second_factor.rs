//! Second factors: the sealed secret of an authenticator app, the last step it was used for, and recovery codes.

use phiomia_model::{AccountId, Fault};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};
use crate::secret::SecretHash;

queries! {
    FIND = Sql::Same("select otp_secret, otp_confirmed_at is not null from users where account_id = $1");
    BEGIN = Sql::Same("update users set otp_secret = $2, otp_last_step = null
        where account_id = $1 and otp_confirmed_at is null");
    CONFIRM = Sql::Same("update users set otp_confirmed_at = $2
        where account_id = $1 and otp_secret is not null and otp_confirmed_at is null");
    SPEND_STEP = Sql::Same("update users set otp_last_step = $2
        where account_id = $1 and (otp_last_step is null or otp_last_step < $2)");
    IS_ON = Sql::Same("select 1 from users where account_id = $1 and (otp_confirmed_at is not null
        or exists (select 1 from passkeys where account_id = $1))");
    DISABLE = Sql::Same("update users set otp_secret = null, otp_confirmed_at = null, otp_last_step = null
        where account_id = $1");
    INSERT_CODE = Sql::Same("insert into recovery_codes (account_id, code_hash, created_at) values ($1, $2, $3)");
    SPEND_CODE = Sql::Same("delete from recovery_codes where account_id = $1 and code_hash = $2");
    DELETE_CODES = Sql::Same("delete from recovery_codes where account_id = $1");
    COUNT_CODES = Sql::Same("select count(*) from recovery_codes where account_id = $1");
}

/// The secret of somebody's authenticator app.
#[derive(Clone, Debug)]
pub struct OtpView {
    /// Sealed.
    pub secret: Option<Vec<u8>>,
    /// Whether it is asked for; before that it waits for its first code.
    pub is_confirmed: bool,
}

impl FromRow for OtpView {
    fn from_row(row: &mut Row<'_>) -> Result<OtpView, Fault> {
        Ok(OtpView { secret: row.next()?, is_confirmed: row.next()? })
    }
}

/// What there is of somebody's; `None` for people elsewhere.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, account: AccountId) -> Result<Option<OtpView>, Fault> {
    q.row(&FIND, (account,))
}

/// Writes a secret that waits for its first code; whether it was written: nothing happens to one that is in use.
///
/// # Errors
/// The database failed.
pub fn begin(tx: &Tx<'_>, account: AccountId, sealed: &[u8]) -> Result<bool, Fault> {
    Ok(tx.execute(&BEGIN, (account, sealed))? > 0)
}

/// Asks for codes from now on; whether that is new.
///
/// # Errors
/// The database failed.
pub fn confirm(tx: &Tx<'_>, account: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute(&CONFIRM, (account, tx.now()))? > 0)
}

/// Uses the code of a step up; whether neither it nor a later one was used before.
///
/// # Errors
/// The database failed.
pub fn spend_step(tx: &Tx<'_>, account: AccountId, step: i64) -> Result<bool, Fault> {
    Ok(tx.execute(&SPEND_STEP, (account, step))? > 0)
}

/// Whether the password alone does not sign in: there is an app that was confirmed, or a passkey.
///
/// # Errors
/// The database failed.
pub fn is_on(q: &Query<'_>, account: AccountId) -> Result<bool, Fault> {
    q.exists(&IS_ON, (account,))
}

/// Takes the app's secret away.
///
/// # Errors
/// The database failed.
pub fn disable(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&DISABLE, (account,)).map(|_| ())
}

/// Takes the recovery codes away.
///
/// # Errors
/// The database failed.
pub fn delete_codes(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&DELETE_CODES, (account,)).map(|_| ())
}

/// Puts new recovery codes in the place of all old ones.
///
/// # Errors
/// The database failed.
pub fn replace_codes(tx: &Tx<'_>, account: AccountId, codes: &[SecretHash]) -> Result<(), Fault> {
    tx.execute(&DELETE_CODES, (account,))?;
    for code in codes {
        tx.execute(&INSERT_CODE, (account, *code, tx.now()))?;
    }
    Ok(())
}

/// Uses a recovery code up; whether it was one.
///
/// # Errors
/// The database failed.
pub fn spend_code(tx: &Tx<'_>, account: AccountId, code: SecretHash) -> Result<bool, Fault> {
    Ok(tx.execute(&SPEND_CODE, (account, code))? > 0)
}

/// How many recovery codes are left.
///
/// # Errors
/// The database failed.
pub fn n_codes(q: &Query<'_>, account: AccountId) -> Result<i64, Fault> {
    Ok(q.value(&COUNT_CODES, (account,))?.unwrap_or_default())
}
