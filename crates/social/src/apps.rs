//! Client applications: how they register, what they are allowed, and the tokens they get for it.

use std::time::Duration;

use aws_lc_rs::{constant_time, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use phiomia_model::{AccountId, AppId, Error, Noun, Refusal, Scopes, Time, TokenId, limits::LIMITS};
use phiomia_store::{
    Db, Entropy, Secret, SecretHash, Tx,
    db::{
        apps::{self, AppView},
        codes::{self, CodeView},
        tokens, users,
    },
};

use crate::users::{What, revoke};

/// How long a code is good.
pub const CODE_LIFE: Duration = Duration::from_secs(600);
/// The redirect address of applications that have none: the code is shown to be copied.
pub const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
/// Schemes that would run something instead of going somewhere.
const FORBIDDEN_SCHEMES: [&str; 3] = ["data", "javascript", "vbscript"];
/// Characters of all redirect addresses together.
const REDIRECT_CHARACTERS: usize = 2_000;

/// An application that wants to register.
#[derive(Clone, Debug, Default)]
pub struct NewApp {
    /// Shown name.
    pub name: String,
    /// Home page.
    pub website: Option<String>,
    /// Where codes may be sent.
    pub redirect_uris: Vec<String>,
    /// The most it will ask for, as written; `None`: `read`.
    pub scopes: Option<String>,
    /// Cannot keep a secret: must use PKCE.
    pub is_public: bool,
}

/// Registers an application; the secret is told once.
///
/// # Errors
/// `Invalid` in Mastodon's words; a fault.
pub async fn register(db: &Db, entropy: &Entropy, new: NewApp) -> Result<(AppView, Secret), Error> {
    let scopes = check(&new)?;
    let (client_id, secret) = (entropy.secret()?, entropy.secret()?);
    let hash = secret.hash();
    let app = db
        .write(move |tx| {
            let app = AppView {
                id: AppId(tx.new_id()),
                client_id: client_id.expose().to_owned(),
                client_secret_hash: hash,
                name: new.name.trim().to_owned(),
                website: new.website.clone().filter(|w| !w.trim().is_empty()),
                redirect_uris: new.redirect_uris.clone(),
                scopes: scopes.clone(),
                is_confidential: !new.is_public,
                created_at: tx.now(),
            };
            apps::insert(tx, &app)?;
            Ok(app)
        })
        .await?;
    Ok((app, secret))
}

fn check(new: &NewApp) -> Result<Scopes, Refusal> {
    let name = new.name.trim();
    if name.is_empty() {
        return Err(Refusal::validation("Application name can't be blank"));
    }
    let most = LIMITS.app_name_characters;
    if name.chars().count() > most {
        let sentence = format!("Application name is too long (maximum is {most} characters)");
        return Err(Refusal::validation(&sentence));
    }
    if let Some(website) = new.website.as_deref().filter(|w| !w.trim().is_empty()) {
        let is_web = url::Url::parse(website).is_ok_and(|u| matches!(u.scheme(), "http" | "https"));
        if !is_web || website.chars().count() > LIMITS.url_characters {
            return Err(Refusal::validation("Application website is not a valid URL"));
        }
    }
    if new.redirect_uris.is_empty() {
        return Err(Refusal::validation("Redirect URI can't be blank"));
    }
    if new.redirect_uris.iter().map(|u| u.chars().count()).sum::<usize>() > REDIRECT_CHARACTERS {
        let sentence = format!("Redirect URI is too long (maximum is {REDIRECT_CHARACTERS} characters)");
        return Err(Refusal::validation(&sentence));
    }
    for uri in &new.redirect_uris {
        check_redirect(uri)?;
    }
    let scopes = new.scopes.as_deref().filter(|s| !s.trim().is_empty());
    scopes
        .map_or_else(|| Ok(Scopes::read()), Scopes::parse)
        .map_err(|_| Refusal::validation("Scopes doesn't match configured on the server."))
}

fn check_redirect(uri: &str) -> Result<(), Refusal> {
    if uri == OUT_OF_BAND {
        return Ok(());
    }
    let Ok(parsed) = url::Url::parse(uri) else {
        return Err(Refusal::validation("Redirect URI must be an absolute URI."));
    };
    if FORBIDDEN_SCHEMES.contains(&parsed.scheme()) {
        return Err(Refusal::validation("Redirect URI is forbidden by the server."));
    }
    if parsed.fragment().is_some() {
        return Err(Refusal::validation("Redirect URI cannot contain a fragment."));
    }
    Ok(())
}

/// A token that was just made.
#[derive(Debug)]
pub struct GivenToken {
    /// To be told once.
    pub secret: Secret,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Time,
}

/// What somebody allows an application; checked by the page that asked.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Which.
    pub app: AppId,
    /// Who.
    pub account: AccountId,
    /// One of the application's, exactly.
    pub redirect_uri: String,
    /// What.
    pub scopes: Scopes,
    /// PKCE, S256.
    pub code_challenge: Option<String>,
}

/// Makes the code for what somebody allowed.
///
/// # Errors
/// A fault.
pub async fn grant(db: &Db, entropy: &Entropy, grant: Grant) -> Result<Secret, Error> {
    let secret = entropy.secret()?;
    let hash = secret.hash();
    db.write(move |tx| {
        let code = CodeView {
            app_id: grant.app,
            account_id: grant.account,
            redirect_uri: grant.redirect_uri.clone(),
            scopes: grant.scopes.clone(),
            code_challenge: grant.code_challenge.clone(),
            expires_at: tx.now().plus(CODE_LIFE),
            token_id: None,
        };
        Ok(codes::insert(tx, hash, &code)?)
    })
    .await?;
    Ok(secret)
}

/// What an application shows to get a token for a code. It has already shown who it is.
#[derive(Clone, Debug)]
pub struct Redemption {
    /// Which.
    pub app: AppId,
    /// The code.
    pub code: SecretHash,
    /// Must be the one the code was sent to.
    pub redirect_uri: String,
    /// The PKCE verifier.
    pub code_verifier: Option<String>,
}

/// Changes a code for a token, once. `None`: the code is worth nothing; if it was used before, its token is worth
/// nothing either from now on.
///
/// # Errors
/// A fault.
pub async fn redeem(db: &Db, entropy: &Entropy, with: Redemption) -> Result<Option<GivenToken>, Error> {
    let secret = entropy.secret()?;
    let hash = secret.hash();
    let given = db
        .write(move |tx| {
            let Some(code) = codes::find(tx, with.code)?.filter(|c| c.app_id == with.app) else { return Ok(None) };
            if let Some(token) = code.token_id {
                // Stolen by one of the two who used it: neither keeps it. Source: RFC 6749, section 4.1.2.
                revoke(tx, What::Token(token))?;
                return Ok(None);
            }
            if code.expires_at <= tx.now() || code.redirect_uri != with.redirect_uri {
                return Ok(None);
            }
            if !answers(code.code_challenge.as_deref(), with.code_verifier.as_deref()) {
                return Ok(None);
            }
            let token = give(tx, hash, code.app_id, Some(code.account_id), &code.scopes)?;
            codes::spend(tx, with.code, token)?;
            Ok(Some((code.scopes, tx.now())))
        })
        .await?;
    Ok(given.map(|(scopes, created_at)| GivenToken { secret, scopes, created_at }))
}

/// Gives an application a token: its own, or somebody's (by command).
///
/// # Errors
/// `NotFound` when there is no such application or user, `Invalid` for scopes beyond the application's; a fault.
pub async fn give_token(
    db: &Db,
    entropy: &Entropy,
    app: AppId,
    account: Option<AccountId>,
    scopes: Scopes,
) -> Result<GivenToken, Error> {
    let secret = entropy.secret()?;
    let hash = secret.hash();
    let wanted = scopes.clone();
    let created_at = db
        .write(move |tx| {
            let app = apps::find(tx, app)?.ok_or(Refusal::NotFound(Noun::Record))?;
            if !app.scopes.cover(&wanted) {
                return Err(
                    Refusal::Invalid("The requested scope is invalid, unknown, or malformed.".to_owned()).into()
                );
            }
            if let Some(account) = account
                && users::find(tx, account)?.is_none_or(|u| u.deleted_at.is_some())
            {
                return Err(Refusal::NotFound(Noun::Account).into());
            }
            give(tx, hash, app.id, account, &wanted)?;
            Ok(tx.now())
        })
        .await?;
    Ok(GivenToken { secret, scopes, created_at })
}

/// Revokes a token that `app` holds; whether it was its. A token that is worth nothing already counts as its own.
///
/// # Errors
/// A fault of the database.
pub async fn revoke_token(db: &Db, app: AppId, token: SecretHash) -> Result<bool, Error> {
    db.write(move |tx| {
        let Some(token) = tokens::find(tx, &token)? else { return Ok(true) };
        if token.app_id != app {
            return Ok(false);
        }
        revoke(tx, What::Token(token.id))?;
        Ok(true)
    })
    .await
}

fn give(
    tx: &Tx<'_>,
    hash: SecretHash,
    app: AppId,
    account: Option<AccountId>,
    scopes: &Scopes,
) -> Result<TokenId, Error> {
    apps::mark_used(tx, app)?;
    Ok(tokens::insert(tx, hash, app, account, scopes)?)
}

/// PKCE: no challenge asks for no verifier, and takes none (a downgrade would show so).
fn answers(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier.filter(|v| !v.is_empty())) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            let answer = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
            constant_time::verify_slices_are_equal(answer.as_bytes(), challenge.as_bytes()).is_ok()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkce_is_answered_as_in_the_rfc() {
        // Source: RFC 7636, appendix B.
        let challenge = Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(answers(challenge, Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")));
        assert!(!answers(challenge, Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK")));
        assert!(!answers(challenge, None) && !answers(None, Some("x")) && answers(None, None));
    }

    #[test]
    fn redirect_addresses_go_somewhere_and_run_nothing() {
        for good in [OUT_OF_BAND, "https://app.example/cb?x=1", "http://localhost:3000/", "app.example://cb", "app:cb"]
        {
            assert_eq!(check_redirect(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "example.org",
            "https://",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "https://a/#b",
        ] {
            assert!(check_redirect(bad).is_err(), "{bad}");
        }
    }
}
