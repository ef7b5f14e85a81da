//! Signing in with a passkey: what is asked, and what the answer is worth.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use phiomia_model::{AccountId, Error};
use phiomia_store::{
    Db, Entropy, Secret, SecretHash, Tx,
    db::{
        links::{self, LinkView, Purpose},
        passkeys,
    },
};
use serde::Deserialize;

use super::{
    super::sign_in::{Browser, SignInOutcome, begin_session},
    CHALLENGE_LIFE, bound_to, decoded, take_challenge,
    wire::{self, AuthenticatorData, Ceremony, RelyingParty},
};

/// What a browser is asked to sign in with.
#[derive(Debug)]
pub struct PasskeySignIn {
    /// 32 bytes, in base64url.
    pub challenge: Secret,
    /// Ids of the credentials that may answer, in base64url; empty: any that its owner picks.
    pub allowed: Vec<String>,
}

/// What a passkey at sign-in gave.
#[derive(Debug)]
pub enum PasskeyOutcome {
    /// It was right; how the sign-in ended.
    Right(SignInOutcome),
    /// It was not, whyever.
    Wrong,
}

/// What a browser answers; all in base64url.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedAnswer {
    id: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    user_handle: Option<String>,
}

/// The answer without its wrapping.
struct Signed {
    challenge: String,
    credential: Vec<u8>,
    client_data: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
    handle: Option<Vec<u8>>,
}

/// Asks for a passkey: one of the account that has shown its password (`attempt`), or anybody's. `None`: the password
/// was shown too long ago. `browser` is what the answer has to come back with.
///
/// # Errors
/// A fault.
pub async fn ask_for_passkey(
    db: &Db,
    entropy: &Entropy,
    attempt: Option<SecretHash>,
    browser: &str,
) -> Result<Option<PasskeySignIn>, Error> {
    let challenge = entropy.secret()?;
    let (hash, browser) = (challenge.hash(), bound_to(browser));
    let allowed = db
        .write(move |tx| {
            let account = match attempt {
                Some(attempt) => match waiting(tx, attempt)? {
                    Some(account) => Some(account),
                    None => return Ok(None),
                },
                None => None,
            };
            let expires_at = tx.now().plus(CHALLENGE_LIFE);
            let link = LinkView { account_id: account, detail: Some(browser.clone()), expires_at };
            links::insert(tx, hash, Purpose::Passkey, &link)?;
            Ok(Some(account.map(|account| passkeys::list(tx, account)).transpose()?.unwrap_or_default()))
        })
        .await?;
    Ok(allowed.map(|allowed| PasskeySignIn {
        challenge,
        allowed: allowed.iter().map(|passkey| URL_SAFE_NO_PAD.encode(&passkey.credential_id)).collect(),
    }))
}

/// Signs in with a passkey. In the place of the password (no `attempt`) its owner must have been recognised by the
/// authenticator; after it, touching is enough.
///
/// # Errors
/// A fault.
pub async fn sign_in_by_passkey(
    db: &Db,
    entropy: &Entropy,
    party: &RelyingParty,
    attempt: Option<SecretHash>,
    (bound, answer): (&str, &str),
    browser: Browser,
) -> Result<PasskeyOutcome, Error> {
    let Some(signed) = Signed::read(answer, party) else { return Ok(PasskeyOutcome::Wrong) };
    let (party, bound) = (party.clone(), bound_to(bound));
    // The challenge is used up whatever the answer is worth, so nothing here is an error.
    let account = db.write(move |tx| check(tx, &party, attempt, &bound, &signed)).await?;
    match account {
        Some(account) => Ok(PasskeyOutcome::Right(begin_session(db, entropy, account, browser).await?)),
        None => Ok(PasskeyOutcome::Wrong),
    }
}

fn check(
    tx: &Tx<'_>,
    party: &RelyingParty,
    attempt: Option<SecretHash>,
    bound: &str,
    signed: &Signed,
) -> Result<Option<AccountId>, Error> {
    let passworded = match attempt {
        Some(attempt) => waiting(tx, attempt)?,
        None => None,
    };
    let is_asked = take_challenge(tx, &signed.challenge, Purpose::Passkey, bound, |asked| asked == passworded)?;
    if !is_asked || attempt.is_some() != passworded.is_some() {
        return Ok(None);
    }
    let Some(passkey) = passkeys::by_credential(tx, &signed.credential)? else { return Ok(None) };
    let Some(data) = AuthenticatorData::read(&signed.authenticator_data, party) else { return Ok(None) };
    let kept_handle = passkeys::find_handle(tx, passkey.account_id)?;
    let is_its_owner = match (passworded, &signed.handle) {
        (Some(account), None) => passkey.account_id == account,
        (Some(account), Some(_)) => passkey.account_id == account && signed.handle == kept_handle,
        // Without a password the passkey itself says whose it is.
        (None, handle) => handle.is_some() && *handle == kept_handle && data.is_verified(),
    };
    let (authenticator_data, client_data) = (&signed.authenticator_data, &signed.client_data);
    if !is_its_owner || !wire::is_signed(&passkey.public_key, authenticator_data, client_data, &signed.signature) {
        return Ok(None);
    }
    if !passkeys::note_use(tx, passkey.id, data.sign_count)? {
        let account = passkey.account_id;
        tracing::warn!(account.id = %account, passkey.id = %passkey.id,
            "the counter of a passkey of account {account} did not go on: there may be a copy of it; refused");
        return Ok(None);
    }
    if let Some(attempt) = attempt {
        links::take(tx, attempt, Purpose::SecondFactor)?;
    }
    Ok(Some(passkey.account_id))
}

/// Who has shown their password in this try.
fn waiting(tx: &Tx<'_>, attempt: SecretHash) -> Result<Option<AccountId>, Error> {
    Ok(links::find(tx, attempt, Purpose::SecondFactor, tx.now())?.and_then(|link| link.account_id))
}

impl Signed {
    fn read(answer: &str, party: &RelyingParty) -> Option<Signed> {
        let answer: SignedAnswer = serde_json::from_str(answer).ok()?;
        let client_data = decoded(&answer.client_data)?;
        Some(Signed {
            challenge: wire::challenge(&client_data, Ceremony::Get, party)?,
            credential: decoded(&answer.id)?,
            client_data,
            authenticator_data: decoded(&answer.authenticator_data)?,
            signature: decoded(&answer.signature)?,
            handle: match answer.user_handle.as_deref() {
                None | Some("") => None,
                Some(handle) => Some(decoded(handle)?),
            },
        })
    }
}
