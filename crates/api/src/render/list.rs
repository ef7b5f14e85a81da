//! Lists of people.

use phiomia_mastodon::entities;
use phiomia_store::db::lists::ListView;

/// One of somebody's own lists.
#[must_use]
pub fn list(view: &ListView) -> entities::List {
    entities::List {
        id: view.id,
        title: view.title.clone(),
        replies_policy: view.replies_policy,
        exclusive: view.is_exclusive,
    }
}
