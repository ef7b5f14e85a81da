//! Conversations of direct posts.

use phiomia_mastodon::entities;
use phiomia_store::db::conversations::ConversationView;

use super::{Cx, account, status};

/// A conversation in somebody's list.
#[must_use]
pub fn conversation(view: &ConversationView, cx: &Cx) -> entities::Conversation {
    entities::Conversation {
        id: view.id.0.into(),
        unread: view.is_unread,
        accounts: view.people.iter().map(|person| account(person, cx)).collect(),
        last_status: view.last_status.as_ref().map(|post| Box::new(status(post, cx))),
    }
}
