//! Signing in and out of the browser.

use std::time::Duration;

use phiomia_model::{AccountId, Error, Noun, Refusal, Time};
use phiomia_store::{
    Db, Entropy, Secret, SecretHash, Tx,
    db::{
        links::{self, LinkView, Purpose},
        rate_buckets, second_factor,
        sessions::{self, SessionView},
        settings,
        users::{self, Standing, UserView},
    },
};

use super::{
    passwords::{Passwords, Verdict},
    revoke::{What, revoke},
};

/// A session that was not used for so long is over.
pub const SESSION_LIFE: Duration = Duration::from_secs(60 * 86_400);
/// Signing in once more ends the one that was longest unused.
pub const MOST_SESSIONS: i64 = 10;
/// How exactly the last use of a session is known.
const TOUCH_AFTER: Duration = Duration::from_secs(3600);
/// 25 in five minutes from one address, 25 in an hour for one account.
const MOST_TRIES: i64 = 25;
const ADDRESS_WINDOW: Duration = Duration::from_secs(300);
const ACCOUNT_WINDOW: Duration = Duration::from_secs(3600);
/// How long the second factor may be waited for after the password.
const SECOND_STEP_LIFE: Duration = Duration::from_secs(600);
/// Longer names of browsers are cut.
const USER_AGENT_CHARACTERS: usize = 255;

/// Where somebody signs in from.
#[derive(Clone, Debug)]
pub struct Browser {
    /// As in `User-Agent`.
    pub user_agent: String,
    /// For people to read.
    pub address: String,
    /// What counts as one address when tries are counted (IPv6 by /64).
    pub counted_as: String,
}

/// A session that has begun.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub account: AccountId,
    /// The cookie.
    pub cookie: Secret,
}

/// What a try to sign in gave.
#[derive(Debug)]
pub enum SignInOutcome {
    /// A session has begun.
    Done(SignedIn),
    /// No such person, or not their password: the same answer.
    Wrong,
    /// The right password of somebody who may not act; never `Standing::Good`.
    Barred(Standing),
    /// The right password of somebody who has a second factor: what shows so, beside the code.
    NeedsSecondFactor(Secret),
}

/// Signs in by e-mail address or name and password.
///
/// # Errors
/// `TooMany` after 25 tries; a fault.
pub async fn sign_in(
    db: &Db,
    passwords: &Passwords,
    entropy: &Entropy,
    login: &str,
    password: &Secret,
    browser: Browser,
) -> Result<SignInOutcome, Error> {
    let (name, address) = (login.trim().to_lowercase(), browser.counted_as.clone());
    // A commit of its own: the try counts whatever becomes of it.
    let (user, too_many) = db
        .write(move |tx| {
            let user = named(tx, &name)?;
            let whose = user.as_ref().map_or_else(|| name.chars().take(320).collect(), |u| u.account_id.to_string());
            let tries = [("login_address", address.clone(), ADDRESS_WINDOW), ("login_account", whose, ACCOUNT_WINDOW)];
            let mut too_many = None;
            // Development and load tests sign in a thousand times.
            if settings::get(tx, "rate_limits")?.as_deref() == Some("off") {
                return Ok((user, too_many));
            }
            for (bucket, who, window) in tries {
                let fill = rate_buckets::hit(tx, bucket, &who, window)?;
                if fill.count > MOST_TRIES {
                    too_many = Some(until(tx.now(), fill.ends_at)).max(too_many);
                }
            }
            Ok((user, too_many))
        })
        .await?;
    if let Some(retry_after) = too_many {
        return Err(Refusal::TooMany { retry_after }.into());
    }
    let kept = user.as_ref().and_then(|u| u.password_hash.clone());
    let verdict = passwords.verify(password, kept.as_ref()).await?;
    let Some(user) = user.filter(|_| verdict != Verdict::Wrong) else { return Ok(SignInOutcome::Wrong) };
    if let (Verdict::RightButOld(new), Some(old)) = (verdict, kept) {
        db.write(move |tx| Ok(users::upgrade_password(tx, user.account_id, &old, &new)?)).await?;
    }
    begin(db, entropy, user.account_id, browser, true).await
}

/// Signs in by a one-time link, which is used up.
///
/// # Errors
/// `NotFound` when the link is worth nothing; a fault.
pub async fn sign_in_by_link(
    db: &Db,
    entropy: &Entropy,
    link: SecretHash,
    browser: Browser,
) -> Result<SignInOutcome, Error> {
    let account = db
        .write(move |tx| Ok(links::take(tx, link, Purpose::SignIn)?.and_then(|l| l.account_id)))
        .await?
        .ok_or(Refusal::NotFound(Noun::Record))?;
    begin(db, entropy, account, browser, false).await
}

/// Begins a session for somebody who has shown all there is to show, or was just created here.
///
/// # Errors
/// A fault.
pub async fn begin_session(
    db: &Db,
    entropy: &Entropy,
    account: AccountId,
    browser: Browser,
) -> Result<SignInOutcome, Error> {
    begin(db, entropy, account, browser, false).await
}

/// Begins a session for somebody who has shown who they are.
async fn begin(
    db: &Db,
    entropy: &Entropy,
    account: AccountId,
    browser: Browser,
    asks_second_factor: bool,
) -> Result<SignInOutcome, Error> {
    let cookie = entropy.secret()?;
    let hash = cookie.hash();
    let attempt = entropy.secret()?;
    let user_agent: String = browser.user_agent.chars().take(USER_AGENT_CHARACTERS).collect();
    // Looked at anew, within the transaction: they may have been disabled while the password was hashed.
    let barred = db
        .write(move |tx| {
            let Some(user) = users::find(tx, account)?.filter(|u| u.deleted_at.is_none()) else {
                return Ok(Some(SignInOutcome::Wrong));
            };
            if user.standing() != Standing::Good {
                return Ok(Some(SignInOutcome::Barred(user.standing())));
            }
            if asks_second_factor && second_factor::is_on(tx, account)? {
                let expires_at = tx.now().plus(SECOND_STEP_LIFE);
                let link = LinkView { account_id: Some(account), detail: None, expires_at };
                links::insert(tx, attempt.hash(), Purpose::SecondFactor, &link)?;
                return Ok(Some(SignInOutcome::NeedsSecondFactor(attempt.clone())));
            }
            sessions::insert(tx, hash, account, &user_agent, &browser.address)?;
            sessions::keep_newest(tx, account, MOST_SESSIONS)?;
            users::note_sign_in(tx, account)?;
            Ok(None)
        })
        .await?;
    Ok(barred.unwrap_or(SignInOutcome::Done(SignedIn { account, cookie })))
}

/// Whose session a cookie is; `None` when it is over or they may no longer act.
///
/// # Errors
/// The database failed.
pub async fn session(db: &Db, cookie: SecretHash) -> Result<Option<(SessionView, UserView)>, Error> {
    let now = db.clock().now();
    let found = db
        .read(move |q| {
            let Some(session) = sessions::find(q, cookie, now.minus(SESSION_LIFE))? else { return Ok(None) };
            let user = users::find(q, session.account_id)?.filter(|u| u.standing() == Standing::Good);
            Ok(user.map(|user| (session, user)))
        })
        .await?;
    if let Some((session, _)) = &found
        && session.last_seen_at < now.minus(TOUCH_AFTER)
    {
        let id = session.id;
        db.write(move |tx| Ok(sessions::touch(tx, id)?)).await?;
    }
    Ok(found)
}

/// Ends the session of a cookie, if there is one.
///
/// # Errors
/// The database failed.
pub async fn sign_out(db: &Db, cookie: SecretHash) -> Result<(), Error> {
    db.write(move |tx| {
        if let Some(session) = sessions::find(tx, cookie, Time(0))? {
            revoke(tx, What::Session(session.id))?;
        }
        Ok(())
    })
    .await
}

fn named(tx: &Tx<'_>, login: &str) -> Result<Option<UserView>, Error> {
    let account = match login.strip_prefix('@').unwrap_or(login) {
        name if name.contains('@') => users::by_email(tx, name)?,
        name => users::by_name(tx, name)?,
    };
    let user = account.map(|account| users::find(tx, account)).transpose()?.flatten();
    Ok(user.filter(|u| u.deleted_at.is_none()))
}

pub(super) fn until(now: Time, then: Time) -> Duration {
    Duration::from_micros(u64::try_from(then.0.saturating_sub(now.0)).unwrap_or_default())
}
