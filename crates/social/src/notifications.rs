//! Telling people what happened to them.

use phiomia_model::{AccountId, Error, Event, NotificationType, StatusId};
use phiomia_store::{Tx, db::notifications};

/// Tells `who` about something `from` did, once, and wakes their streams. Nothing happens when `who` does not live here,
/// is `from`, blocks or is blocked by them, mutes them with their notifications, or muted the thread. Whether `who` was told.
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
    let key = group_key(tx, who, kind, status)?;
    let Some(notification) = notifications::insert(tx, who, from, kind, status, &key)? else { return Ok(false) };
    tx.announce(Event::Notified { account: who, notification });
    Ok(true)
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
