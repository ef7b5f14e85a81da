//! Following and what leads to it and away from it.

use phiomia_model::{AccountId, Error, Job, NotificationType, Noun, Outgoing, Refusal, limits::LIMITS};
use phiomia_store::{
    Tx,
    db::{
        notifications,
        relationships::{self, FollowOptions, Party},
    },
};

use super::{connect, disconnect, pair, pair_even_gone, relations_changed, withdraw};
use crate::{notifications::notify, outgoing::tell};

/// Longest language code taken, as in `zh-Hant-TW`.
const LANGUAGE_LETTERS: usize = 16;
/// Most languages of one follow.
const LANGUAGES: usize = 100;

/// `me` follows `target`, or asks to when it is locked. Who follows or has asked before only changes how.
///
/// # Errors
/// Refused when `target` is not there or is `me` (`404`), when one blocks the other or their domain, or the target has
/// moved (`403`), when `me` follows as many as it may, or for a language that is none (`422`).
pub fn follow(tx: &Tx<'_>, me: AccountId, target: AccountId, how: &FollowOptions) -> Result<(), Error> {
    check_languages(how)?;
    if me == target {
        return Err(Refusal::NotFound(Noun::Account).into());
    }
    let (mine, theirs) = pair(tx, me, target)?;
    let is_kept_away = relationships::is_blocked_either_way(tx, me, target)?
        || relationships::is_blocking_domain_of(tx, me, target)?
        || relationships::is_blocking_domain_of(tx, target, me)?;
    if theirs.has_moved || is_kept_away {
        return Err(Refusal::Forbidden("This action is not allowed").into());
    }
    if relationships::update_follow(tx, me, target, how)? {
        relations_changed(tx, me);
        return Ok(());
    }
    if relationships::update_follow_request(tx, me, target, how)? {
        return Ok(());
    }
    check_limit(&mine)?;
    // Somebody who is silenced here asks everybody, as in Mastodon; a remote account answers by itself.
    if theirs.is_locked || mine.is_silenced || !theirs.is_local {
        relationships::insert_follow_request(tx, me, target, how)?;
        if mine.is_local && !theirs.is_local {
            let number = tx.new_id();
            relationships::name_follow(tx, me, target, &number.to_string())?;
            tell(tx, Outgoing::Followed { account: me, target, number })?;
        }
        relations_changed(tx, me);
        notify(tx, target, me, NotificationType::FollowRequest, None)?;
        return Ok(());
    }
    begin(tx, me, target, how)
}

/// `me` no longer follows `target`, and no longer asks to.
///
/// # Errors
/// Refused when `target` is unknown (`404`).
pub fn unfollow(tx: &Tx<'_>, me: AccountId, target: AccountId) -> Result<(), Error> {
    let (mine, theirs) = pair_even_gone(tx, me, target)?;
    let number = number_of(tx, &mine, &theirs)?;
    let has_followed = disconnect(tx, me, target)?;
    if has_followed {
        sweep_home_of(tx, &mine, target)?;
        relations_changed(tx, me);
    }
    let has_asked = withdraw(tx, me, target)?;
    if has_asked {
        relations_changed(tx, me);
    }
    if let Some(number) = number.filter(|_| has_followed || has_asked) {
        tell(tx, Outgoing::Unfollowed { account: me, target, number })?;
    }
    Ok(())
}

/// `me` lets `requester` follow.
///
/// # Errors
/// Refused when nothing was asked (`404`).
pub fn authorize_request(tx: &Tx<'_>, me: AccountId, requester: AccountId) -> Result<(), Error> {
    let (mine, theirs) = pair(tx, me, requester)?;
    let name = relationships::follow_name(tx, requester, me)?;
    let Some(how) = relationships::take_follow_request(tx, requester, me)? else {
        return Err(Refusal::NotFound(Noun::Record).into());
    };
    notifications::forget(tx, me, requester, NotificationType::FollowRequest, None)?;
    begin(tx, requester, me, &how)?;
    if let Some(name) = &name {
        relationships::name_follow(tx, requester, me, name)?;
    }
    answer(tx, &mine, &theirs, name, true)
}

/// `me` does not let `requester` follow.
///
/// # Errors
/// Refused when nothing was asked (`404`).
pub fn reject_request(tx: &Tx<'_>, me: AccountId, requester: AccountId) -> Result<(), Error> {
    let (mine, theirs) = pair_even_gone(tx, me, requester)?;
    let name = relationships::follow_name(tx, requester, me)?;
    if !withdraw(tx, requester, me)? {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    relations_changed(tx, requester);
    answer(tx, &mine, &theirs, name, false)
}

/// `follower` no longer follows `me`; nothing happens when it did not.
///
/// # Errors
/// Refused when `follower` is unknown (`404`).
pub fn remove_from_followers(tx: &Tx<'_>, me: AccountId, follower: AccountId) -> Result<(), Error> {
    let (mine, theirs) = pair_even_gone(tx, me, follower)?;
    let name = relationships::follow_name(tx, follower, me)?;
    if disconnect(tx, follower, me)? {
        sweep_home_of(tx, &theirs, me)?;
        relations_changed(tx, follower);
        answer(tx, &mine, &theirs, name, false)?;
    }
    Ok(())
}

/// Followers moved in one run of the job.
const MOVED_AT_ONCE: i64 = 50;

/// Lets those here who follow `account`, which has moved, follow `target` instead, as they did before; a batch a run.
/// Who cannot follow the new one (blocks, limits) no longer follows anybody.
///
/// # Errors
/// The database failed.
pub fn move_followers(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<(), Error> {
    let batch = relationships::local_followers(tx, account, 0, MOVED_AT_ONCE)?;
    for follower in &batch {
        let me = follower.account;
        let how = relationships::view(tx, me, account)?.map_or_else(FollowOptions::default, |view| FollowOptions {
            shows_reblogs: Some(view.showing_reblogs),
            notifies: Some(view.notifying),
            languages: view.languages,
        });
        match follow(tx, me, target, &how) {
            Ok(()) | Err(Error::Refused(_)) => {}
            Err(broken) => return Err(broken),
        }
        unfollow(tx, me, account)?;
    }
    if !batch.is_empty() {
        tx.enqueue(&Job::MoveFollowers { account, target })?;
    }
    Ok(())
}

/// Takes an author's posts out of somebody's home feed; remote people have none.
pub(super) fn sweep_home_of(tx: &Tx<'_>, reader: &Party, author: AccountId) -> Result<(), Error> {
    if reader.is_local {
        tx.enqueue(&Job::SweepHome { account: reader.id, author })?;
    }
    Ok(())
}

/// The number of a follow of somebody here that somebody elsewhere knows of.
pub(super) fn number_of(tx: &Tx<'_>, follower: &Party, target: &Party) -> Result<Option<i64>, Error> {
    if !follower.is_local || target.is_local {
        return Ok(None);
    }
    let name = relationships::follow_name(tx, follower.id, target.id)?;
    Ok(Some(name.and_then(|name| name.parse().ok()).unwrap_or_default()))
}

/// Answers a follow of somebody elsewhere: yes, no, or no longer.
pub(crate) fn answer(
    tx: &Tx<'_>,
    me: &Party,
    follower: &Party,
    uri: Option<String>,
    accepts: bool,
) -> Result<(), Error> {
    if me.is_local && !follower.is_local {
        tell(tx, Outgoing::Answered { account: me.id, follower: follower.id, uri, accepts })?;
    }
    Ok(())
}

/// The follow itself, once nothing stands against it.
fn begin(tx: &Tx<'_>, follower: AccountId, target: AccountId, how: &FollowOptions) -> Result<(), Error> {
    if connect(tx, follower, target, how)? {
        tx.enqueue(&Job::MergeHome { account: follower, author: target })?;
        relations_changed(tx, follower);
        notify(tx, target, follower, NotificationType::Follow, None)?;
    }
    Ok(())
}

/// 7,500 follows are free; above that one may follow a tenth more than follow oneself.
/// Source: <https://docs.joinmastodon.org/user/network/>, and Mastodon's own answer.
fn check_limit(me: &Party) -> Result<(), Refusal> {
    let earned = me.followers_count.saturating_add(me.followers_count.div_euclid(10));
    let most = LIMITS.follows.max(earned);
    if me.is_local && me.following_count >= most {
        return Err(Refusal::validation(&format!("You cannot follow more than {most} people")));
    }
    Ok(())
}

fn check_languages(how: &FollowOptions) -> Result<(), Refusal> {
    let is_code = |code: &String| {
        code.len() <= LANGUAGE_LETTERS
            && code.split('-').all(|part| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    match &how.languages {
        Some(list) if list.len() > LANGUAGES || !list.iter().all(is_code) => {
            Err(Refusal::validation("Languages are invalid"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(following_count: i64, followers_count: i64, is_local: bool) -> Party {
        Party {
            id: AccountId(1),
            is_local,
            is_locked: false,
            has_moved: false,
            is_gone: false,
            is_silenced: false,
            followers_count,
            following_count,
        }
    }

    #[test]
    fn who_is_followed_by_many_may_follow_a_tenth_more() {
        assert!(check_limit(&party(7_499, 0, true)).is_ok());
        let refusal = check_limit(&party(7_500, 10, true)).map_err(|r| r.to_string());
        assert_eq!(refusal, Err("Validation failed: You cannot follow more than 7500 people".to_owned()));
        assert!(check_limit(&party(10_999, 10_000, true)).is_ok());
        assert!(check_limit(&party(11_000, 10_000, true)).is_err());
        assert!(check_limit(&party(50_000, 0, false)).is_ok(), "another server's limit is its own");
    }

    #[test]
    fn languages_are_codes() {
        let with = |code: &str| FollowOptions { languages: Some(vec![code.to_owned()]), ..FollowOptions::default() };
        for good in ["de", "ast", "zh-Hant", "pt-BR"] {
            assert!(check_languages(&with(good)).is_ok(), "{good}");
        }
        for bad in ["", "d", "de_DE", "a language with words", "aaaaaaaaaaaaaaaaa"] {
            assert!(check_languages(&with(bad)).is_err(), "{bad}");
        }
    }
}
