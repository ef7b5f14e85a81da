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
    let key = group_key(kind, status, from, tx.now().as_secs().div_euclid(3_600));
    let Some(notification) = notifications::insert(tx, who, from, kind, status, &key)? else { return Ok(false) };
    tx.announce(Event::Notified { account: who, notification });
    Ok(true)
}

/// Notifications of one key are shown folded into one: the favourites and boosts of one post, and new followers, hour by
/// hour. Everything else stands for itself.
fn group_key(kind: NotificationType, status: Option<StatusId>, from: AccountId, hour: i64) -> String {
    let word = kind.word();
    match (kind, status) {
        (NotificationType::Favourite | NotificationType::Reblog, Some(status)) => format!("{word}-{status}-{hour}"),
        (NotificationType::Follow | NotificationType::AdminSignUp, _) => format!("{word}-{hour}"),
        (_, Some(status)) => format!("ungrouped-{word}-{from}-{status}"),
        (_, None) => format!("ungrouped-{word}-{from}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_mastodon_folds_shares_a_key() {
        let (from, other, status) = (AccountId(7), AccountId(8), Some(StatusId(9)));
        let key = |kind, status, from| group_key(kind, status, from, 5);
        assert_eq!(key(NotificationType::Favourite, status, from), "favourite-9-5");
        assert_eq!(key(NotificationType::Follow, None, from), key(NotificationType::Follow, None, other));
        assert_ne!(key(NotificationType::FollowRequest, None, from), key(NotificationType::FollowRequest, None, other));
        assert_ne!(key(NotificationType::Mention, status, from), key(NotificationType::Mention, status, other));
    }
}
