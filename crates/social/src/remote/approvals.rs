//! Authors who want to be asked before somebody answers, boosts or favourites a post: their answers to people here, and
//! ours to people elsewhere.
//! Source: <https://docs.gotosocial.org/en/latest/federation/interaction_controls/>.

use phiomia_model::{AccountId, Error, Noun, Outgoing, Refusal, StatusId, Viewer, Visibility, remote::Interaction};
use phiomia_store::{
    Tx,
    db::{relationships, statuses},
};

use super::{acts, reactions};
use crate::{Social, outgoing::tell, statuses::approvals};

/// The author of a post elsewhere answers what somebody here asked. `number`: of the favourite, the answer or the boost.
///
/// # Errors
/// The database failed.
pub fn approval_answered(
    tx: &Tx<'_>,
    by: AccountId,
    what: Interaction,
    number: i64,
    accepts: bool,
    stamp: Option<&str>,
) -> Result<(), Error> {
    match (what, accepts) {
        (Interaction::Like, _) => approvals::favourite_answered(tx, by, number, accepts, stamp),
        (_, true) => approvals::allowed(tx, by, StatusId(number), stamp),
        (_, false) => approvals::denied(tx, by, StatusId(number)),
    }
}

/// What somebody elsewhere wants to do with a post from here.
#[derive(Clone, Debug)]
pub struct Asking {
    /// What.
    pub what: Interaction,
    /// Who.
    pub asker: AccountId,
    /// With which post.
    pub status: StatusId,
    /// The `Like` or `Announce`, or the answer: its id in the network.
    pub interacting: String,
    /// The answer, when it is known here.
    pub reply: Option<StatusId>,
    /// Of a boost: who sees it.
    pub visibility: Visibility,
    /// The request.
    pub request: String,
}

/// Answers at once, by the same rule that holds for what is done without asking: whoever sees the post may answer and
/// favourite it, and boost what is for everybody. Is the answer yes, it is done.
///
/// # Errors
/// The database failed.
pub fn ask_approval(tx: &Tx<'_>, social: &Social, asking: &Asking) -> Result<(), Error> {
    let Some(row) = statuses::source(tx, asking.status)?.filter(|row| row.is_local && row.reblog_of_id.is_none())
    else {
        return Ok(());
    };
    let number = match act(tx, asking) {
        Ok(number) => number,
        Err(Error::Refused(_)) => None,
        Err(broken) => return Err(broken),
    };
    let stamp = number.map(|number| social.addresses.approval_uri(row.author, asking.what, number));
    let Asking { what, asker, status, ref interacting, ref request, .. } = *asking;
    let (interacting, request) = (interacting.clone(), request.clone());
    tell(tx, Outgoing::ApprovalAnswered { account: row.author, what, status, asker, interacting, request, stamp })?;
    Ok(())
}

/// Does it; the number that its stamp has. `None`: they may not.
fn act(tx: &Tx<'_>, asking: &Asking) -> Result<Option<i64>, Error> {
    let Asking { what, asker, status, ref interacting, reply, visibility, .. } = *asking;
    match what {
        Interaction::Like => {
            reactions::favourite(tx, asker, status, Some(interacting))?;
            Ok(statuses::favourite_row(tx, asker, status)?.map(|row| row.number))
        }
        Interaction::Announce => {
            statuses::visible(tx, status, Viewer::Account(asker), tx.now())?.ok_or(Refusal::NotFound(Noun::Status))?;
            Ok(acts::reblog(tx, asker, status, interacting, visibility, None)?.map(|boost| boost.0))
        }
        Interaction::Reply => {
            let target = statuses::visible(tx, status, Viewer::Account(asker), tx.now())?;
            let Some((target, reply)) = target.zip(reply) else { return Ok(None) };
            let is_answer = statuses::source(tx, reply)?
                .is_some_and(|row| row.author == asker && row.in_reply_to_id == Some(status));
            let is_kept_away = relationships::is_blocked_either_way(tx, target.account, asker)?;
            Ok((is_answer && !is_kept_away).then_some(reply.0))
        }
    }
}
