//! What moderators do about people: letting sign-ups in, limiting, suspending, and taking that back.

use phiomia_model::{
    AccountId, Error, Event, Fault, Job, NotificationType, Noun, Refusal, ReportId, Role, StrikeId, job::Mail,
    severance::SeveranceKind, strike::Action,
};
use phiomia_store::{
    Tx,
    db::{
        moderation::{
            accounts::{self as kept, StaffView},
            strikes::{self, Strike},
        },
        notifications::About,
        reports, users,
    },
};

use crate::{
    notifications::{notify_of_decision, notify_of_severance},
    relationships,
    users::{Grace, UserEdit, What, delete, erase, modify, revoke},
};

/// Mastodon's sentence.
const NOT_ALLOWED: &str = "This action is not allowed";

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moderator {
    /// Their account.
    pub account: AccountId,
    /// What they are.
    pub role: Role,
}

/// What is done about somebody.
#[derive(Clone, Debug)]
pub struct Act {
    /// What.
    pub action: Action,
    /// Words for them; may be empty.
    pub text: String,
    /// The report it answers.
    pub report: Option<ReportId>,
    /// Whether they get a mail about it; only who lives here does.
    pub sends_mail: bool,
}

/// Does something about somebody, and writes down who did. The report it answers is resolved by it, and so is, if
/// anything was done but words, every other about the same person.
///
/// # Errors
/// `NotFound` for the account or the report, `Forbidden` for oneself and for staff that is not lower, `Invalid` for what
/// cannot be done to whoever lives elsewhere.
pub fn act(tx: &Tx<'_>, by: Moderator, target: AccountId, act: &Act) -> Result<(), Error> {
    let view = below(tx, by, target)?;
    let report = act.report.map(|id| reports::find(tx, id)).transpose()?;
    if report.is_some_and(|report| report.is_none_or(|report| report.target != target)) {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    match act.action {
        Action::None => {}
        Action::Sensitive => kept::set_sensitized(tx, target, Some(tx.now()))?,
        Action::Silence => kept::set_silenced(tx, target, Some(tx.now()))?,
        Action::Suspend => suspend(tx, &view)?,
        Action::Disable if view.user.is_none() => {
            return Err(Refusal::validation("Type is not included in the list").into());
        }
        Action::Disable => modify(tx, target, &UserEdit { is_disabled: Some(true), ..UserEdit::default() })?,
    }
    tx.announce(Event::AccountTouched { account: target });
    let strike = Strike {
        id: StrikeId(tx.new_id()),
        account: target,
        moderator: by.account,
        report: act.report,
        action: act.action,
        text: act.text.clone(),
        created_at: tx.now(),
    };
    strikes::insert(tx, &strike)?;
    let answered = match act.action {
        Action::None => act.report.into_iter().collect(),
        _ => reports::open_about(tx, target)?,
    };
    for report in answered {
        reports::resolve(tx, report, Some(by.account))?;
    }
    if act.sends_mail && view.user.is_some() {
        // As in Mastodon, with the mail: where they can still sign in, they find it there, too.
        notify_of_decision(tx, target, NotificationType::ModerationWarning, About::of_strike(strike.id))?;
        tx.enqueue(&Job::SendMail { account: target, mail: Mail::Strike(strike.id) })?;
    }
    Ok(())
}

fn suspend(tx: &Tx<'_>, view: &StaffView) -> Result<(), Error> {
    let account = view.account.id;
    if view.user.is_some() {
        return modify(tx, account, &UserEdit { is_suspended: Some(true), ..UserEdit::default() });
    }
    users::set_suspended(tx, account, Some(tx.now()))?;
    let lost = relationships::cut_off(tx, &[account])?;
    notify_of_severance(tx, SeveranceKind::AccountSuspension, &view.account.acct(), &lost)
}

/// Lets somebody in who waits for that, and tells them.
///
/// # Errors
/// `NotFound` for whoever does not live here, `Forbidden` when they do not wait.
pub fn approve(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    waiting(tx, account)?;
    modify(tx, account, &UserEdit { is_approved: Some(true), ..UserEdit::default() })?;
    Ok(tx.enqueue(&Job::SendMail { account, mail: Mail::Approved })?)
}

/// Turns somebody down who waits to be let in: nothing of them stays, and others may have the name.
///
/// # Errors
/// As [`approve`].
pub fn reject(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    waiting(tx, account)?;
    users::set_deleted(tx, account, Some(tx.now()))?;
    revoke(tx, What::Account { account, kept: None })?;
    erase(tx, account)?;
    kept::free_name(tx, account)?;
    tx.announce(Event::AccountTouched { account });
    Ok(())
}

/// Lets somebody sign in again.
///
/// # Errors
/// `NotFound` for whoever does not live here.
pub fn enable(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    modify(tx, account, &UserEdit { is_disabled: Some(false), ..UserEdit::default() })
}

/// Lifts a limit.
///
/// # Errors
/// `NotFound`.
pub fn unsilence(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    there(tx, account)?;
    kept::set_silenced(tx, account, None)?;
    tx.announce(Event::AccountTouched { account });
    Ok(())
}

/// Shows media as their author says again.
///
/// # Errors
/// `NotFound`.
pub fn unsensitize(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    there(tx, account)?;
    kept::set_sensitized(tx, account, None)?;
    tx.announce(Event::AccountTouched { account });
    Ok(())
}

/// Lifts a suspension. Follows that were ended do not come back.
///
/// # Errors
/// `NotFound`.
pub fn unsuspend(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    if there(tx, account)?.user.is_some() {
        return modify(tx, account, &UserEdit { is_suspended: Some(false), ..UserEdit::default() });
    }
    users::set_suspended(tx, account, None)?;
    tx.announce(Event::AccountTouched { account });
    Ok(())
}

/// Erases a suspended account for good.
///
/// # Errors
/// `NotFound`, or `Forbidden` while it is not suspended, and for oneself and for staff that is not lower.
pub fn erase_suspended(tx: &Tx<'_>, by: Moderator, account: AccountId) -> Result<(), Error> {
    let view = below(tx, by, account)?;
    if !view.account.is_suspended {
        return Err(Refusal::Forbidden(NOT_ALLOWED).into());
    }
    match view.user {
        Some(_) => delete(tx, account, Grace::None),
        None => crate::remote::delete(tx, account),
    }
}

/// Somebody who is there, here or elsewhere.
fn there(tx: &Tx<'_>, account: AccountId) -> Result<StaffView, Error> {
    let view: Result<Option<StaffView>, Fault> = kept::view(tx, account);
    Ok(view?.filter(|view| !view.account.is_deleted).ok_or(Refusal::NotFound(Noun::Account))?)
}

/// Somebody whom a moderator may act on: of a lower role.
fn below(tx: &Tx<'_>, by: Moderator, account: AccountId) -> Result<StaffView, Error> {
    let view = there(tx, account)?;
    let is_below = view.user.as_ref().is_none_or(|user| user.role < by.role);
    if account == by.account || !is_below {
        return Err(Refusal::Forbidden(NOT_ALLOWED).into());
    }
    Ok(view)
}

/// Somebody here who waits to be let in.
fn waiting(tx: &Tx<'_>, account: AccountId) -> Result<(), Error> {
    let user = there(tx, account)?.user.ok_or(Refusal::NotFound(Noun::Account))?;
    if user.is_approved { Err(Refusal::Forbidden(NOT_ALLOWED).into()) } else { Ok(()) }
}
