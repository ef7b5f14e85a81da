//! What authors elsewhere allow with their posts beside quoting.
//! Source: <https://docs.gotosocial.org/en/latest/federation/interaction_policy/>.

use phiomia_model::{AccountId, Error, Refusal, remote::Allowed};
use phiomia_store::{
    Tx,
    db::{
        accounts,
        federation::posts,
        relationships,
        statuses::{self, StatusBody},
    },
};

/// What somebody does with a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Favourite,
    Reply,
    Reblog,
}

/// Whether the author lets `me`, who lives here, do that. What people elsewhere do is between their servers.
///
/// # Errors
/// Refused: `403` as for everything that is not allowed, `422` for an answer.
pub(super) fn check(tx: &Tx<'_>, me: AccountId, status: &StatusBody, act: Act) -> Result<(), Error> {
    if status.is_local || status.account == me {
        return Ok(());
    }
    let Some(policy) = posts::interactions(tx, status.id)? else { return Ok(()) };
    let allowed = match act {
        Act::Favourite => policy.like,
        Act::Reply => policy.reply,
        Act::Reblog => policy.announce,
    };
    let (Some(allowed), Some(view)) = (allowed, accounts::view(tx, me)?.filter(|view| view.is_local())) else {
        return Ok(());
    };
    // Who is spoken to may always answer.
    if act == Act::Reply && statuses::mentioned(tx, status.id)?.iter().any(|(person, _)| *person == me) {
        return Ok(());
    }
    for one in &allowed {
        let is_me = match one {
            Allowed::Followers => relationships::is_following(tx, me, status.account)?,
            Allowed::Following => relationships::is_following(tx, status.account, me)?,
            Allowed::Account(uri) => *uri == view.uri,
        };
        if is_me {
            return Ok(());
        }
    }
    Err(match act {
        Act::Reply => Refusal::validation("The author of this post does not allow you to reply to it"),
        Act::Favourite | Act::Reblog => Refusal::Forbidden("This action is not allowed"),
    }
    .into())
}
