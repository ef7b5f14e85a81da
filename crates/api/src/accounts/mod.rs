//! People: profiles, finding them, and how one relates to them.

mod discovery;
mod find;
mod lists;
mod profile;
mod relations;
mod show;
mod sign_up;

pub use discovery::{directory, dismiss_suggestion, familiar_followers, suggestions, suggestions_v1};
pub use find::{Wanted, found, lookup, search};
pub use lists::{
    blocks, endorsements, follow_requests, followers, following, identity_proofs, mutes, own_endorsements, statuses,
};
pub use profile::{
    delete_avatar, delete_header, preferences, profile, update_credentials, update_profile, verify_credentials,
};
pub use relations::{
    authorize_request, block, endorse, follow, mute, note, reject_request, relationships, remove_from_followers,
    unblock, unendorse, unfollow, unmute,
};
pub use show::{many, show};
pub(crate) use sign_up::mail_servers;
pub use sign_up::{check_confirmation, create, resend_confirmation};

use std::sync::Arc;

use phiomia_model::{AccountId, Error, Noun, Refusal};
use phiomia_store::{
    Query,
    db::accounts::{self, AccountView},
};

/// An account that can be shown: refused when there is none, or none any more.
pub(crate) fn existing(q: &Query<'_>, id: AccountId) -> Result<Arc<AccountView>, Error> {
    let view = accounts::view(q, id)?.ok_or(Refusal::NotFound(Noun::Account))?;
    if view.is_deleted { Err(Refusal::Gone(Noun::Account).into()) } else { Ok(view) }
}
