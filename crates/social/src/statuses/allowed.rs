//! What authors elsewhere allow with their posts beside quoting.
//! Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.

use phiomia_model::{
    AccountId, Error, Refusal,
    remote::{Allowed, Interaction, Interactions},
};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        federation::posts,
        relationships,
        statuses::{self, StatusBody},
    },
};

/// When somebody here may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permit {
    /// At once.
    AtOnce,
    /// When the author, or their server for them, said yes: nobody else sees it before.
    WhenApproved,
}

/// Whether the author lets `me`, who lives here, do that. What people elsewhere do is between their servers.
///
/// # Errors
/// Refused: `403` as for everything that is not allowed, `422` for an answer.
pub(super) fn check(tx: &Tx<'_>, me: AccountId, status: &StatusBody, what: Interaction) -> Result<Permit, Error> {
    let refused = || match what {
        Interaction::Reply => Refusal::validation("The author of this post does not allow you to reply to it"),
        Interaction::Like | Interaction::Announce => Refusal::Forbidden("This action is not allowed"),
    };
    // Nothing hangs on what is not out.
    if status.is_unapproved() {
        return Err(refused().into());
    }
    if status.is_local || status.account == me {
        return Ok(Permit::AtOnce);
    }
    let Some(policy) = posts::interactions(tx, status.id)? else { return Ok(Permit::AtOnce) };
    let lists = policy.of(what);
    let (Some(lists), Some(view)) = (lists, accounts::view(tx, me)?.filter(|view| view.is_local())) else {
        return Ok(Permit::AtOnce);
    };
    if what == Interaction::Reply && is_spoken_to(tx, me, status)? {
        return Ok(Permit::AtOnce);
    }
    let me_named = Allowed::Account(view.uri.clone());
    let mut stands_as = vec![me_named];
    if relationships::is_following(tx, me, status.account)? {
        stands_as.push(Allowed::Followers);
    }
    if relationships::is_following(tx, status.account, me)? {
        stands_as.push(Allowed::Following);
    }
    stands_as.push(Allowed::Everybody);
    permit(&policy, lists, &stands_as).ok_or_else(|| refused().into())
}

/// The most specific word counts. Servers that cannot know who follows whom want to see that the author's server said yes.
fn permit(policy: &Interactions, lists: (&[Allowed], &[Allowed]), stands_as: &[Allowed]) -> Option<Permit> {
    let (at_once, asked) = lists;
    // Who does not answer requests looks at what is done.
    let asks = if policy.answers_requests { Permit::WhenApproved } else { Permit::AtOnce };
    stands_as.iter().find_map(|one| match one {
        Allowed::Followers | Allowed::Following if at_once.contains(one) => Some(asks),
        _ if at_once.contains(one) => Some(Permit::AtOnce),
        _ if asked.contains(one) => Some(asks),
        _ => None,
    })
}

/// Who is named by a post, or answered by it, may always answer.
fn is_spoken_to(tx: &Tx<'_>, me: AccountId, status: &StatusBody) -> Result<bool, Error> {
    Ok(status.in_reply_to_account_id == Some(me)
        || statuses::mentioned(tx, status.id)?.iter().any(|(person, _)| *person == me))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_word_counts() {
        let policy = Interactions { answers_requests: true, ..Interactions::default() };
        let me = || Allowed::Account("me".to_owned());
        let says = |at_once: &[Allowed], asked: &[Allowed], as_follower: bool| {
            let mut stands_as = vec![me(), Allowed::Everybody];
            if as_follower {
                stands_as.insert(1, Allowed::Followers);
            }
            permit(&policy, (at_once, asked), &stands_as)
        };
        use Allowed::{Everybody, Followers};
        assert_eq!(says(&[me()], &[Everybody], false), Some(Permit::AtOnce));
        assert_eq!(says(&[Everybody], &[me()], false), Some(Permit::WhenApproved));
        assert_eq!(says(&[me()], &[me()], false), Some(Permit::AtOnce));
        assert_eq!(says(&[Followers], &[], true), Some(Permit::WhenApproved));
        assert_eq!(says(&[Followers], &[], false), None);
        assert_eq!(says(&[Followers], &[Everybody], false), Some(Permit::WhenApproved));
        let older = Interactions::default();
        assert_eq!(permit(&older, (&[], &[Everybody]), &[Everybody]), Some(Permit::AtOnce));
    }
}
