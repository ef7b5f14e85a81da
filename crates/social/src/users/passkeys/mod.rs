//! Passkeys: made and removed by their owner, and signing in, after the password or in its place.
//! Source: <https://www.w3.org/TR/webauthn-3/>.

mod cbor;
mod sign_in;
mod wire;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use phiomia_model::{AccountId, Error, Job, Noun, PasskeyId, Refusal, SessionId, error::FieldError, job::Mail};
use phiomia_store::{
    Db, Entropy, Secret, SecretHash, Tx,
    db::{
        links::{self, LinkView, Purpose},
        passkeys::{self, NewPasskey},
        second_factor,
    },
};
use serde::Deserialize;

use self::wire::{AuthenticatorData, Ceremony};
pub use self::{
    sign_in::{PasskeyOutcome, PasskeySignIn, ask_for_passkey, sign_in_by_passkey},
    wire::{ALGORITHMS, RelyingParty},
};
use super::{own::check_is_owner, passwords::Passwords, second_factor::recovery_codes};

/// How long a browser may take to answer.
pub const CHALLENGE_LIFE: Duration = Duration::from_secs(300);
/// Longer names of passkeys are refused.
pub const NICKNAME_CHARACTERS: usize = 60;
/// More passkeys of one person are refused.
const MOST_PASSKEYS: usize = 25;
/// As many as the handles other servers give; nothing about a person can be read from it.
const HANDLE_BYTES: usize = 32;

/// What a browser is asked to make a passkey with.
#[derive(Debug)]
pub struct PasskeyToMake {
    /// 32 bytes, in base64url.
    pub challenge: Secret,
    /// By what authenticators know the account, in base64url.
    pub handle: String,
    /// Ids of what the account has already, in base64url: an authenticator makes no second one.
    pub existing: Vec<String>,
}

/// What a browser answers; all in base64url.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MadeAnswer {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
}

/// Asks for a new passkey. `browser` is what the answer has to come back with: the session it is made in.
///
/// # Errors
/// `InvalidFields` about `current_password` unless one signed in just now, `Invalid` with too many; a fault.
pub async fn begin_passkey(
    db: &Db,
    passwords: &Passwords,
    entropy: &Entropy,
    (account, session): (AccountId, Option<SessionId>),
    password: &Secret,
    browser: &str,
) -> Result<PasskeyToMake, Error> {
    check_is_owner(db, passwords, (account, session), password).await?;
    let challenge = entropy.secret()?;
    let mut handle = [0; HANDLE_BYTES];
    entropy.fill(&mut handle)?;
    let (hash, browser) = (challenge.hash(), bound_to(browser));
    let (handle, existing) = db
        .write(move |tx| {
            let existing = passkeys::list(tx, account)?;
            if existing.len() >= MOST_PASSKEYS {
                let sentence = "You have as many passkeys as one can have. Remove one that you do not use first.";
                return Err(Refusal::Invalid(sentence.to_owned()).into());
            }
            let expires_at = tx.now().plus(CHALLENGE_LIFE);
            let link = LinkView { account_id: Some(account), detail: Some(browser.clone()), expires_at };
            links::insert(tx, hash, Purpose::NewPasskey, &link)?;
            Ok((passkeys::handle(tx, account, &handle)?, existing))
        })
        .await?;
    let existing = existing.iter().map(|passkey| URL_SAFE_NO_PAD.encode(&passkey.credential_id)).collect();
    Ok(PasskeyToMake { challenge, handle: URL_SAFE_NO_PAD.encode(handle), existing })
}

/// Keeps a passkey that a browser has made. With the first second factor of an account come recovery codes, told this
/// once; none otherwise.
///
/// # Errors
/// `InvalidFields` about `nickname`, `Invalid` when the answer is not one to what was asked; a fault.
pub async fn add_passkey(
    db: &Db,
    entropy: &Entropy,
    party: &RelyingParty,
    account: AccountId,
    (browser, answer): (&str, &str),
    nickname: &str,
) -> Result<Vec<Secret>, Error> {
    let nickname = checked_nickname(nickname)?;
    let (challenge, new) = read_made(answer, party, nickname).ok_or_else(no_answer)?;
    let (codes, hashes) = recovery_codes(entropy)?;
    let browser = bound_to(browser);
    let outcome = db
        .write(move |tx| {
            // Used up whatever becomes of it, so a refusal must not undo this.
            if !take_challenge(tx, &challenge, Purpose::NewPasskey, &browser, |asked| asked == Some(account))? {
                return Ok(None);
            }
            if passkeys::by_credential(tx, &new.credential_id)?.is_some() {
                return Ok(None);
            }
            let is_first = !second_factor::is_on(tx, account)?;
            passkeys::insert(tx, account, &new)?;
            if is_first {
                second_factor::replace_codes(tx, account, &hashes)?;
            }
            tx.enqueue(&Job::SendMail { account, mail: Mail::PasskeyAdded })?;
            Ok(Some(is_first))
        })
        .await?;
    Ok(if outcome.ok_or_else(no_answer)? { codes } else { Vec::new() })
}

/// Calls one's own passkey something else.
///
/// # Errors
/// `InvalidFields` about `nickname`, `NotFound` when it is not theirs; a fault.
pub async fn rename_passkey(db: &Db, account: AccountId, passkey: PasskeyId, nickname: &str) -> Result<(), Error> {
    let nickname = checked_nickname(nickname)?;
    if db.write(move |tx| Ok(passkeys::rename(tx, passkey, account, &nickname)?)).await? {
        Ok(())
    } else {
        Err(Refusal::NotFound(Noun::Record).into())
    }
}

/// Removes one's own passkey, and the recovery codes with the last thing they stand in for.
///
/// # Errors
/// `InvalidFields` about `current_password` unless one signed in just now, `NotFound` when it is not theirs; a fault.
pub async fn remove_passkey(
    db: &Db,
    passwords: &Passwords,
    (account, session): (AccountId, Option<SessionId>),
    passkey: PasskeyId,
    password: &Secret,
) -> Result<(), Error> {
    check_is_owner(db, passwords, (account, session), password).await?;
    db.write(move |tx| {
        if !passkeys::delete(tx, passkey, account)? {
            return Err(Refusal::NotFound(Noun::Record).into());
        }
        if !second_factor::is_on(tx, account)? {
            second_factor::delete_codes(tx, account)?;
        }
        Ok(tx.enqueue(&Job::SendMail { account, mail: Mail::PasskeyRemoved })?)
    })
    .await
}

fn read_made(answer: &str, party: &RelyingParty, nickname: String) -> Option<(String, NewPasskey)> {
    let answer: MadeAnswer = serde_json::from_str(answer).ok()?;
    let (client_data, object) = (decoded(&answer.client_data)?, decoded(&answer.attestation_object)?);
    let challenge = wire::challenge(&client_data, Ceremony::Create, party)?;
    let data = AuthenticatorData::read(wire::attested(&object)?, party)?;
    let made = data.made?;
    let (credential_id, public_key) = (made.id.to_vec(), made.public_key.to_vec());
    Some((challenge, NewPasskey { credential_id, public_key, sign_count: data.sign_count, nickname }))
}

/// Uses a challenge up; whether it was asked of this browser, for an account that `is_right`.
fn take_challenge(
    tx: &Tx<'_>,
    challenge: &str,
    purpose: Purpose,
    browser: &str,
    is_right: impl FnOnce(Option<AccountId>) -> bool,
) -> Result<bool, Error> {
    let link = links::take(tx, SecretHash::of(challenge), purpose)?;
    Ok(link.is_some_and(|link| link.detail.as_deref() == Some(browser) && is_right(link.account_id)))
}

/// What is kept of the browser a challenge belongs to: its own words are secrets.
fn bound_to(browser: &str) -> String {
    URL_SAFE_NO_PAD.encode(SecretHash::of(browser).bytes())
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

fn checked_nickname(nickname: &str) -> Result<String, Error> {
    let nickname = nickname.trim();
    let wrong = |code, description: String| {
        Error::from(Refusal::InvalidFields(vec![FieldError { field: "nickname", code, description }]))
    };
    if nickname.is_empty() {
        return Err(wrong("ERR_BLANK", "can't be blank".to_owned()));
    }
    if nickname.chars().count() > NICKNAME_CHARACTERS {
        let sentence = format!("is too long (maximum is {NICKNAME_CHARACTERS} characters)");
        return Err(wrong("ERR_TOO_LONG", sentence));
    }
    Ok(nickname.chars().filter(|c| !c.is_control()).collect())
}

fn no_answer() -> Error {
    Refusal::Invalid("The passkey could not be added. Please try again.".to_owned()).into()
}
