//! Telling people what happened to them.

use std::time::Duration;

use phiomia_model::{
    AccountId, Error, Event, Fault, NotificationPolicy, NotificationPolicyChoice as Choice, NotificationRequestId,
    NotificationType, Noun, Permission, Refusal, ReportId, Role, SeveranceId, StatusId, severance::SeveranceKind,
};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        moderation::accounts as moderation,
        notifications::{self, About, policy, requests},
        severances::{self, Severance},
        statuses,
    },
};

use crate::{conversations, relationships::Lost};

/// An account is new for so long.
const NEW_ACCOUNT: Duration = Duration::from_secs(30 * 86_400);
/// Who follows for less than this does not count as a follower yet.
const NEW_FOLLOWER: Duration = Duration::from_secs(3 * 86_400);

/// Tells `who` about something `from` did, once, and wakes their streams. Nothing happens when `who` does not live here,
/// is `from`, blocks or is blocked by them, mutes them with their notifications, or muted the thread. What their policy filters is kept, but waits: nobody is woken. Whether `who` was told.
///
/// # Errors
/// The database failed.
pub fn notify(
    tx: &Tx<'_>,
    who: AccountId,
    from: AccountId,
    kind: NotificationType,
    status: Option<StatusId>,
) -> Result<bool, Error> {
    let is_filtered = match weigh(tx, who, from, kind, status)? {
        Choice::Drop => return Ok(false),
        Choice::Filter => true,
        Choice::Accept => false,
    };
    // What waits belongs to no group, also later.
    let key = if is_filtered { String::new() } else { group_key(tx, who, kind, status)? };
    let told = notifications::insert(tx, who, from, kind, About::of_status(status), &key, is_filtered)?;
    let Some(notification) = told else { return Ok(false) };
    if is_filtered {
        if matches!(kind, NotificationType::Mention | NotificationType::Quote) {
            requests::hold(tx, who, from)?;
        }
        return Ok(false);
    }
    tx.announce(Event::Notified { account: who, notification });
    Ok(true)
}

/// Tells somebody what moderators decided: nobody else's name stands on it, as in Mastodon.
///
/// # Errors
/// The database failed.
pub(crate) fn notify_of_decision(
    tx: &Tx<'_>,
    who: AccountId,
    kind: NotificationType,
    about: About,
) -> Result<(), Error> {
    if let Some(notification) = notifications::insert(tx, who, who, kind, about, "", false)? {
        tx.announce(Event::Notified { account: who, notification });
    }
    Ok(())
}

/// Follows ended: whoever lives here and lost some is told how many, and why.
///
/// # Errors
/// The database failed.
pub fn notify_of_severance(tx: &Tx<'_>, kind: SeveranceKind, target_name: &str, lost: &Lost) -> Result<(), Error> {
    for (account, (n_followers, n_following)) in &lost.0 {
        if !accounts::view(tx, *account)?.is_some_and(|view| view.is_local()) {
            continue;
        }
        let severance = Severance {
            id: SeveranceId(tx.new_id()),
            account: *account,
            kind,
            target_name: target_name.to_owned(),
            n_followers: *n_followers,
            n_following: *n_following,
            created_at: tx.now(),
        };
        severances::insert(tx, &severance)?;
        let about = About::of_severance(severance.id);
        notify_of_decision(tx, *account, NotificationType::SeveredRelationships, about)?;
    }
    Ok(())
}

/// Tells everybody of the staff who has a permission about something `from` did.
///
/// # Errors
/// The database failed.
pub fn notify_staff(
    tx: &Tx<'_>,
    permission: Permission,
    from: AccountId,
    kind: NotificationType,
    report: Option<ReportId>,
) -> Result<(), Error> {
    let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| role.may(permission)).collect();
    for who in moderation::staff(tx, &roles)? {
        let key = group_key(tx, who, kind, None)?;
        if let Some(notification) = notifications::insert(tx, who, from, kind, About::of_report(report), &key, false)? {
            tx.announce(Event::Notified { account: who, notification });
        }
    }
    Ok(())
}

/// What the policy of `who` says. Whoever was let in before and staff of a higher rank are always heard; of several
/// reasons the strictest counts.
fn weigh(
    tx: &Tx<'_>,
    who: AccountId,
    from: AccountId,
    kind: NotificationType,
    status: Option<StatusId>,
) -> Result<Choice, Fault> {
    if !kind.is_filterable() || who == from {
        return Ok(Choice::Accept);
    }
    let Some(facts) = policy::facts(tx, who, from)? else { return Ok(Choice::Accept) };
    let is_spoken = matches!(kind, NotificationType::Mention | NotificationType::Quote);
    if facts.is_permitted || (is_spoken && facts.is_staff) {
        return Ok(Choice::Accept);
    }
    let (policy, is_stranger, now) = (&facts.policy, !facts.is_followed, tx.now());
    let is_no_follower = facts.follower_since.is_none_or(|since| since > now.minus(NEW_FOLLOWER));
    let reasons = [
        (policy.limited_accounts, facts.is_limited && is_stranger),
        (policy.not_following, is_stranger),
        (policy.not_followers, is_no_follower),
        (policy.new_accounts, facts.sender_since > now.minus(NEW_ACCOUNT) && is_stranger),
        (policy.bots, facts.is_bot && is_stranger),
    ];
    let choices: Vec<Choice> = reasons.into_iter().filter(|(_, applies)| *applies).map(|(choice, _)| choice).collect();
    let mut strictest = strictest(&choices);
    // Looked up last, because it means to walk up a thread.
    if let (NotificationType::Mention, Some(status), true) = (kind, status, is_stranger)
        && policy.private_mentions != Choice::Accept
        && strictest != Choice::Drop
        && policy::is_unasked(tx, who, from, status)?
    {
        strictest = self::strictest(&[strictest, policy.private_mentions]);
    }
    Ok(strictest)
}

fn strictest(choices: &[Choice]) -> Choice {
    [Choice::Drop, Choice::Filter].into_iter().find(|choice| choices.contains(choice)).unwrap_or_default()
}

/// Changes from whom `me` takes notifications, from now on.
///
/// # Errors
/// The database failed.
pub fn set_policy(tx: &Tx<'_>, me: AccountId, change: impl FnOnce(&mut NotificationPolicy)) -> Result<(), Error> {
    let mut kept = policy::of(tx, me)?;
    change(&mut kept);
    Ok(policy::set(tx, me, &kept)?)
}

/// Lets senders in, now and later: what was held back of them shows, direct posts come into the conversations. Requests
/// that are not `me`'s are passed over.
///
/// # Errors
/// The database failed.
pub fn accept_requests(tx: &Tx<'_>, me: AccountId, ids: &[NotificationRequestId]) -> Result<(), Error> {
    let senders = requests::senders(tx, me, ids)?;
    for from in &senders {
        policy::permit(tx, me, *from)?;
        for (status, thread) in requests::held_direct(tx, me, *from)? {
            let people: Vec<AccountId> = statuses::mentioned(tx, status)?.into_iter().map(|(id, _)| id).collect();
            conversations::add(tx, status, thread, *from, &people, me)?;
        }
        requests::release(tx, me, *from)?;
    }
    if !senders.is_empty() {
        tx.announce(Event::NotificationsMerged { account: me });
    }
    Ok(())
}

/// Throws away what was held back of senders; what they do next is held back again. Requests that are not `me`'s are
/// passed over.
///
/// # Errors
/// The database failed.
pub fn dismiss_requests(tx: &Tx<'_>, me: AccountId, ids: &[NotificationRequestId]) -> Result<(), Error> {
    for from in requests::senders(tx, me, ids)? {
        requests::drop_held(tx, me, from)?;
    }
    Ok(())
}

/// `accept_requests` or `dismiss_requests` for one that must be there.
///
/// # Errors
/// Refused when `me` has no such request (`404`).
pub fn answer_request(tx: &Tx<'_>, me: AccountId, id: NotificationRequestId, accepts: bool) -> Result<(), Error> {
    if requests::view(tx, me, id, tx.now())?.is_none() {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    if accepts { accept_requests(tx, me, &[id]) } else { dismiss_requests(tx, me, &[id]) }
}

/// Hours within which notifications are folded into one group, as Mastodon does.
const GROUP_HOURS: i64 = 12;

/// Notifications of one key are shown folded into one: the favourites and the boosts of one post, new followers. A group
/// is named by the hour of its first and takes in what comes within twelve. Everything else has no key.
fn group_key(tx: &Tx<'_>, who: AccountId, kind: NotificationType, status: Option<StatusId>) -> Result<String, Error> {
    let hour = tx.now().as_secs().div_euclid(3_600);
    let Some(begin) = group_begin(kind, status) else { return Ok(String::new()) };
    let keys: Vec<String> = (0..GROUP_HOURS).map(|ago| format!("{begin}{}", hour - ago)).collect();
    let open = notifications::open_group_key(tx, who, &keys)?;
    Ok(open.unwrap_or_else(|| format!("{begin}{hour}")))
}

/// What the keys of a kind of group begin with.
fn group_begin(kind: NotificationType, status: Option<StatusId>) -> Option<String> {
    let word = kind.word();
    match (kind, status) {
        (NotificationType::Favourite | NotificationType::Reblog, Some(status)) => Some(format!("{word}-{status}-")),
        (NotificationType::Follow | NotificationType::AdminSignUp, _) => Some(format!("{word}-")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_reasons_the_strictest_counts() {
        assert_eq!(strictest(&[]), Choice::Accept);
        assert_eq!(strictest(&[Choice::Accept, Choice::Filter]), Choice::Filter);
        assert_eq!(strictest(&[Choice::Filter, Choice::Drop, Choice::Accept]), Choice::Drop);
    }

    #[test]
    fn only_what_mastodon_folds_has_a_group() {
        let begin = |kind| group_begin(kind, Some(StatusId(9)));
        assert_eq!(begin(NotificationType::Favourite).as_deref(), Some("favourite-9-"));
        assert_eq!(begin(NotificationType::Reblog).as_deref(), Some("reblog-9-"));
        assert_eq!(group_begin(NotificationType::Follow, None).as_deref(), Some("follow-"));
        for alone in [NotificationType::Mention, NotificationType::FollowRequest, NotificationType::Poll] {
            assert_eq!(begin(alone), None);
        }
    }
}
