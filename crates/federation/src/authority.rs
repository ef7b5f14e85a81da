//! Is this object genuine? The one place that decides.
//!
//! An object is genuine when it was fetched from its own id (see `resolve::document`), or when the verified signer of the
//! activity it came in is its owner, on the host of its id. Nothing else makes it so: no linked-data signature, no relay,
//! no forwarding.

use phiomia_activitypub::{Activity, Actor, Note, Uri};

/// Whether the signer may speak for a post that came along with an activity.
pub(crate) fn speaks_for_note(signer: &Uri, note: &Note) -> bool {
    note.author == *signer && note.id.is_with(signer)
}

/// Whether the signer may speak for a profile that came along: it is its own.
pub(crate) fn speaks_for_actor(signer: &Uri, actor: &Actor) -> bool {
    actor.id == *signer
}

/// Whether the signer may speak for an activity that came along, as the one an `Undo` takes back.
pub(crate) fn speaks_for_activity(signer: &Uri, activity: &Activity) -> bool {
    activity.actor == *signer && activity.id.as_ref().is_none_or(|id| id.is_with(signer))
}

/// Whether the signer may delete something by its name alone, when we know nothing of it but that name.
pub(crate) fn may_bury(signer: &Uri, object: &Uri) -> bool {
    object.is_with(signer)
}
