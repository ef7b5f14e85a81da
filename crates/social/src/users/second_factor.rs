//! The second factor: an authenticator app, and recovery codes for the day it or a passkey is lost.

use std::time::Duration;

use phiomia_model::{AccountId, Error, Fault, Job, Noun, Refusal, Time, job::Mail};
use phiomia_store::{
    Db, Entropy, Secret, SecretHash, Tx,
    db::{
        links::{self, Purpose},
        passkeys, rate_buckets,
        second_factor::{self, OtpView},
        settings, users,
    },
    seal::Sealer,
};

use super::{
    own::check_own_password,
    passwords::Passwords,
    sign_in::{Browser, SignInOutcome, begin_session, until},
    totp,
};

/// How many recovery codes there are at first.
pub const RECOVERY_CODES: usize = 10;
/// Bytes of one: 80 bits, as only a fast hash of it is kept.
const CODE_BYTES: usize = 10;
const MOST_TRIES: i64 = 5;
const TRIES_WINDOW: Duration = Duration::from_secs(1_800);

/// A secret that waits for its first code.
#[derive(Debug)]
pub struct Setup {
    /// To be typed into an app.
    pub secret: Secret,
    /// The same for an app to read. Source: <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>.
    pub address: Secret,
}

/// What a code at sign-in gave.
#[derive(Debug)]
pub enum CodeOutcome {
    /// It was right; how the sign-in ended.
    Right(SignInOutcome),
    /// It was not; another may be tried.
    Wrong,
    /// The password was shown too long ago, or the sign-in is done already.
    Stale,
}

/// How somebody who has shown their password may go on, beside recovery codes.
#[derive(Clone, Copy, Debug)]
pub struct WaysOn {
    /// With a code of an app.
    pub has_app: bool,
    /// With a passkey.
    pub has_passkey: bool,
}

/// Makes a secret for an authenticator app, which is asked for once [`confirm_second_factor`] has seen a code of it.
///
/// # Errors
/// `InvalidFields` for a wrong password, `Conflict` when a second factor is on already; a fault.
pub async fn begin_second_factor(
    db: &Db,
    passwords: &Passwords,
    sealer: &Sealer,
    entropy: &Entropy,
    account: AccountId,
    password: &Secret,
) -> Result<(), Error> {
    check_own_password(db, passwords, account, password).await?;
    let mut secret = [0_u8; totp::SECRET_BYTES];
    entropy.fill(&mut secret)?;
    let sealed = sealer.seal(entropy, &context(account), &secret)?;
    db.write(move |tx| {
        if second_factor::begin(tx, account, &sealed)? {
            Ok(())
        } else {
            Err(Refusal::Conflict("A second factor is in use already".to_owned()).into())
        }
    })
    .await
}

/// The secret that waits for its first code; `None` when none does. `domain` is what the app shows it for.
///
/// # Errors
/// A fault, also when the key is not the one it was sealed with.
pub async fn waiting_second_factor(
    db: &Db,
    sealer: &Sealer,
    account: AccountId,
    domain: &str,
) -> Result<Option<Setup>, Error> {
    let found = db.read(move |q| Ok((second_factor::find(q, account)?, users::find(q, account)?))).await?;
    let (Some(OtpView { secret: Some(sealed), is_confirmed: false }), Some(user)) = found else { return Ok(None) };
    let secret = totp::base32(&sealer.open(&context(account), &sealed)?);
    let label = format!("{domain}:{}", user.username);
    let mut address =
        url::Url::parse("otpauth://totp/").map_err(|e| Fault::because("writing an otpauth address", e))?;
    address.set_path(&label);
    address.query_pairs_mut().append_pair("secret", &secret).append_pair("issuer", domain);
    Ok(Some(Setup { secret: Secret::new(secret), address: Secret::new(address.as_str()) }))
}

/// Turns the second factor on with the first code of the waiting secret; the recovery codes, told this once.
/// `None`: the code is not right.
///
/// # Errors
/// `NotFound` when no secret waits, `TooMany` after 5 tries; a fault.
pub async fn confirm_second_factor(
    db: &Db,
    sealer: &Sealer,
    entropy: &Entropy,
    account: AccountId,
    code: &str,
) -> Result<Option<Vec<Secret>>, Error> {
    let (codes, hashes) = recovery_codes(entropy)?;
    let (sealer, code) = (sealer.clone(), plain(code));
    let is_right = db
        .write(move |tx| {
            if let Some(wait) = tries_left(tx, account)? {
                return Ok(Err(wait));
            }
            let secret = second_factor::find(tx, account)?.filter(|otp| !otp.is_confirmed).and_then(|otp| otp.secret);
            let secret = sealer.open(&context(account), &secret.ok_or(Refusal::NotFound(Noun::Record))?)?;
            if !spend_totp(tx, account, &secret, &code)? {
                return Ok(Ok(false));
            }
            second_factor::confirm(tx, account)?;
            second_factor::replace_codes(tx, account, &hashes)?;
            tx.enqueue(&Job::SendMail { account, mail: Mail::SecondFactorOn })?;
            Ok(Ok(true))
        })
        .await?;
    Ok(is_right?.then_some(codes))
}

/// New recovery codes in the place of all old ones, told this once.
///
/// # Errors
/// `InvalidFields` for a wrong password, `NotFound` without a second factor; a fault.
pub async fn renew_recovery_codes(
    db: &Db,
    passwords: &Passwords,
    entropy: &Entropy,
    account: AccountId,
    password: &Secret,
) -> Result<Vec<Secret>, Error> {
    check_own_password(db, passwords, account, password).await?;
    let (codes, hashes) = recovery_codes(entropy)?;
    db.write(move |tx| {
        if !second_factor::is_on(tx, account)? {
            return Err(Refusal::NotFound(Noun::Record).into());
        }
        Ok(second_factor::replace_codes(tx, account, &hashes)?)
    })
    .await?;
    Ok(codes)
}

/// Turns one's own authenticator app off, or gives a waiting secret up. Recovery codes stay with a passkey.
///
/// # Errors
/// `InvalidFields` for a wrong password; a fault.
pub async fn end_second_factor(
    db: &Db,
    passwords: &Passwords,
    account: AccountId,
    password: &Secret,
) -> Result<(), Error> {
    check_own_password(db, passwords, account, password).await?;
    db.write(move |tx| {
        let was_on = second_factor::find(tx, account)?.is_some_and(|otp| otp.is_confirmed);
        second_factor::disable(tx, account)?;
        if !second_factor::is_on(tx, account)? {
            second_factor::delete_codes(tx, account)?;
        }
        if was_on {
            tx.enqueue(&Job::SendMail { account, mail: Mail::SecondFactorOff })?;
        }
        Ok(())
    })
    .await
}

/// How somebody may go on after the password; `None` when it was shown too long ago.
///
/// # Errors
/// A fault.
pub async fn ways_on(db: &Db, attempt: SecretHash) -> Result<Option<WaysOn>, Error> {
    let now = db.clock().now();
    db.read(move |q| {
        let waiting = links::find(q, attempt, Purpose::SecondFactor, now)?.and_then(|link| link.account_id);
        let Some(account) = waiting else { return Ok(None) };
        let has_app = second_factor::find(q, account)?.is_some_and(|otp| otp.is_confirmed);
        Ok(Some(WaysOn { has_app, has_passkey: !passkeys::list(q, account)?.is_empty() }))
    })
    .await
}

/// The second step of signing in: a code of the app, or a recovery code. `attempt` is what the first step gave.
///
/// # Errors
/// `TooMany` after 5 tries in half an hour for one account; a fault.
pub async fn sign_in_by_code(
    db: &Db,
    sealer: &Sealer,
    entropy: &Entropy,
    attempt: SecretHash,
    code: &str,
    browser: Browser,
) -> Result<CodeOutcome, Error> {
    let (sealer, code) = (sealer.clone(), plain(code));
    let found = db
        .write(move |tx| {
            let now = tx.now();
            let waiting = links::find(tx, attempt, Purpose::SecondFactor, now)?.and_then(|link| link.account_id);
            let Some(account) = waiting else { return Ok(Ok(None)) };
            if let Some(wait) = tries_left(tx, account)? {
                return Ok(Err(wait));
            }
            let otp = second_factor::find(tx, account)?.filter(|otp| otp.is_confirmed).and_then(|otp| otp.secret);
            let is_app = match otp {
                Some(sealed) => spend_totp(tx, account, &sealer.open(&context(account), &sealed)?, &code)?,
                None => false,
            };
            let is_right = is_app || second_factor::spend_code(tx, account, SecretHash::of(&code))?;
            if is_right {
                links::take(tx, attempt, Purpose::SecondFactor)?;
            }
            Ok(Ok(Some((account, is_right))))
        })
        .await?;
    match found? {
        None => Ok(CodeOutcome::Stale),
        Some((_, false)) => Ok(CodeOutcome::Wrong),
        Some((account, true)) => Ok(CodeOutcome::Right(begin_session(db, entropy, account, browser).await?)),
    }
}

/// Counts a try; the refusal when it is one too many. The count is committed whatever the code is worth.
fn tries_left(tx: &Tx<'_>, account: AccountId) -> Result<Option<Error>, Fault> {
    if settings::get(tx, "rate_limits")?.as_deref() == Some("off") {
        return Ok(None);
    }
    let fill = rate_buckets::hit(tx, "second_factor", &account.to_string(), TRIES_WINDOW)?;
    let is_over = fill.count > MOST_TRIES;
    Ok(is_over.then(|| Refusal::TooMany { retry_after: until(tx.now(), fill.ends_at) }.into()))
}

fn spend_totp(tx: &Tx<'_>, account: AccountId, secret: &[u8], code: &str) -> Result<bool, Fault> {
    match totp::step_of(secret, code, tx.now()) {
        Some(step) => second_factor::spend_step(tx, account, step),
        None => Ok(false),
    }
}

pub(super) fn recovery_codes(entropy: &Entropy) -> Result<(Vec<Secret>, Vec<SecretHash>), Fault> {
    let (mut codes, mut hashes) = (Vec::new(), Vec::new());
    for _ in 0..RECOVERY_CODES {
        let mut bytes = [0_u8; CODE_BYTES];
        entropy.fill(&mut bytes)?;
        let text = totp::base32(&bytes).to_lowercase();
        hashes.push(SecretHash::of(&text));
        let groups: Vec<&str> = [0..4, 4..8, 8..12, 12..16].into_iter().filter_map(|range| text.get(range)).collect();
        codes.push(Secret::new(groups.join("-")));
    }
    Ok((codes, hashes))
}

/// A code without what people put between its parts.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(32).collect::<String>().to_lowercase()
}

/// A sealed secret opens for its owner alone.
fn context(account: AccountId) -> String {
    format!("otp secret of {account}")
}

/// The code an authenticator app shows for this secret at this moment, for whoever tests signing in.
#[must_use]
pub fn code_of(secret: &[u8], at: Time) -> String {
    totp::code_at(secret, at.as_secs().div_euclid(30))
}
