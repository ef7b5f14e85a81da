//! How accounts relate: follows, requests, blocks, mutes, endorsements and notes, asked one pair or one list at a time.

mod domains;
mod pages;
mod write;

use phiomia_model::{AccountId, Fault, Time};

pub use domains::{
    DomainTies, blocked_domains, connected_with_domain, delete_domain_block, erase_domain_blocks, insert_domain_block,
    is_blocking_domain, is_blocking_domain_of, ties_with_domain,
};
pub use pages::{
    LocalFollower, Related, blocks, endorsements, follow_requests, followers, following, local_followers, mutes,
};
pub use write::{
    FollowOptions, Party, add_to_counters, by_follow_name, delete_block, delete_endorsement, delete_follow,
    delete_follow_request, delete_lapsed_mute, delete_lapsed_mutes, delete_mute, delete_note, follow_name,
    follows_from_inbox, insert_block, insert_endorsement, insert_follow, insert_follow_request, lock_pair, name_follow,
    set_mute, set_note, take_follow_request, update_follow, update_follow_request,
};

use super::{
    keyset::Keyset,
    query::Query,
    sql::{Sql, Statement, queries},
    value::{FromRow, Row},
};

queries! {
    VIEWS = Sql::Same("select a.id, a.suspended_at is not null or a.deleted_at is not null,
            f.id is not null, coalesce(f.shows_reblogs, q.shows_reblogs, false), coalesce(f.notifies, q.notifies, false),
            coalesce(f.languages, q.languages), back.id is not null, b.id is not null, bb.id is not null,
            m.id is not null, coalesce(m.hides_notifications, false), m.expires_at,
            q.id is not null, qb.id is not null, d.id is not null, e.id is not null, coalesce(n.comment, '')
        from accounts a
        left join follows f on f.account_id = $1 and f.target_id = a.id
        left join follows back on back.account_id = a.id and back.target_id = $1
        left join blocks b on b.account_id = $1 and b.target_id = a.id
        left join blocks bb on bb.account_id = a.id and bb.target_id = $1
        left join mutes m on m.account_id = $1 and m.target_id = a.id
        left join follow_requests q on q.account_id = $1 and q.target_id = a.id
        left join follow_requests qb on qb.account_id = a.id and qb.target_id = $1
        left join account_domain_blocks d on d.account_id = $1 and d.domain = a.domain
        left join endorsements e on e.account_id = $1 and e.target_id = a.id
        left join account_notes n on n.account_id = $1 and n.target_id = a.id
        where a.id in ids($2)");
    IS_FOLLOWING = Sql::Same("select 1 from follows where account_id = $1 and target_id = $2");
    IS_REQUESTED = Sql::Same("select 1 from follow_requests where account_id = $1 and target_id = $2");
    IS_BLOCKING = Sql::Same("select 1 from blocks where account_id = $1 and target_id = $2");
    IS_BLOCKED_EITHER_WAY = Sql::Same("select 1 from blocks
        where (account_id = $1 and target_id = $2) or (account_id = $2 and target_id = $1)");
    FOLLOWED_OR_ASKED = Sql::Same("select target_id from follows where account_id = $1
        union select target_id from follow_requests where account_id = $1");
    IS_MUTING = Sql::Same("select 1 from mutes where account_id = $1 and target_id = $2");
}

/// The paged lists of the whole folder.
pub(super) fn keysets() -> Vec<&'static Keyset> {
    [pages::KEYSETS, domains::KEYSETS].concat()
}

/// The statements of the whole folder.
pub(super) fn all() -> Vec<&'static Statement> {
    [ALL, domains::ALL, pages::ALL, write::ALL].concat()
}

/// What is between somebody ("I") and another account.
/// Source: <https://docs.joinmastodon.org/entities/Relationship/>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationshipView {
    /// The other account.
    pub account: AccountId,
    /// It is suspended or deleted: lists leave it out unless asked for it.
    pub is_suspended: bool,
    /// I follow it.
    pub following: bool,
    /// Its boosts show in my home feed. Also told of a request that waits.
    pub showing_reblogs: bool,
    /// I am notified of its posts. Also told of a request that waits.
    pub notifying: bool,
    /// The languages I follow of it; `None` for all.
    pub languages: Option<Vec<String>>,
    /// It follows me.
    pub followed_by: bool,
    /// I block it.
    pub blocking: bool,
    /// It blocks me.
    pub blocked_by: bool,
    /// I mute it.
    pub muting: bool,
    /// The mute hides its notifications too.
    pub muting_notifications: bool,
    /// When the mute ends; `None`: never, or not muted.
    pub muting_expires_at: Option<Time>,
    /// My request to follow it waits.
    pub requested: bool,
    /// Its request to follow me waits.
    pub requested_by: bool,
    /// I block its whole domain.
    pub domain_blocking: bool,
    /// I show it on my profile.
    pub endorsed: bool,
    /// My private note about it; empty for none.
    pub note: String,
}

impl FromRow for RelationshipView {
    fn from_row(row: &mut Row<'_>) -> Result<RelationshipView, Fault> {
        Ok(RelationshipView {
            account: row.next()?,
            is_suspended: row.next()?,
            following: row.next()?,
            showing_reblogs: row.next()?,
            notifying: row.next()?,
            languages: languages(row.next()?)?,
            followed_by: row.next()?,
            blocking: row.next()?,
            blocked_by: row.next()?,
            muting: row.next()?,
            muting_notifications: row.next()?,
            muting_expires_at: row.next()?,
            requested: row.next()?,
            requested_by: row.next()?,
            domain_blocking: row.next()?,
            endorsed: row.next()?,
            note: row.next()?,
        })
    }
}

/// What is between `me` and each of the accounts, in the order asked for; unknown ids are left out. One statement.
///
/// # Errors
/// The database failed.
pub fn views(q: &Query<'_>, me: AccountId, accounts: &[AccountId]) -> Result<Vec<RelationshipView>, Fault> {
    let ids: Vec<i64> = accounts.iter().map(|a| a.0).collect();
    let mut views: Vec<RelationshipView> = q.rows(&VIEWS, (me, &ids))?;
    views.sort_by_key(|view| accounts.iter().position(|a| *a == view.account));
    Ok(views)
}

/// What is between `me` and one account; `None` when it is unknown.
///
/// # Errors
/// The database failed.
pub fn view(q: &Query<'_>, me: AccountId, account: AccountId) -> Result<Option<RelationshipView>, Fault> {
    q.row(&VIEWS, (me, &vec![account.0]))
}

/// Whether `account` follows `target`, accepted.
///
/// # Errors
/// The database failed.
pub fn is_following(q: &Query<'_>, account: AccountId, target: AccountId) -> Result<bool, Fault> {
    q.exists(&IS_FOLLOWING, (account, target))
}

/// Whether a request of `account` to follow `target` waits.
///
/// # Errors
/// The database failed.
pub fn is_requested(q: &Query<'_>, account: AccountId, target: AccountId) -> Result<bool, Fault> {
    q.exists(&IS_REQUESTED, (account, target))
}

/// Whether `account` blocks `target`.
///
/// # Errors
/// The database failed.
pub fn is_blocking(q: &Query<'_>, account: AccountId, target: AccountId) -> Result<bool, Fault> {
    q.exists(&IS_BLOCKING, (account, target))
}

/// Whether one of the two blocks the other.
///
/// # Errors
/// The database failed.
pub fn is_blocked_either_way(q: &Query<'_>, one: AccountId, other: AccountId) -> Result<bool, Fault> {
    q.exists(&IS_BLOCKED_EITHER_WAY, (one, other))
}

/// Whether `account` mutes `target`.
///
/// # Errors
/// The database failed.
pub fn is_muting(q: &Query<'_>, account: AccountId, target: AccountId) -> Result<bool, Fault> {
    q.exists(&IS_MUTING, (account, target))
}

/// The language list of a follow as it lies in its column.
fn languages(json: Option<String>) -> Result<Option<Vec<String>>, Fault> {
    json.map(|text| serde_json::from_str(&text).map_err(|e| Fault::because("reading the languages of a follow", e)))
        .transpose()
}

/// Whom an account follows or asked to, all of them: for accounts elsewhere, of whom only what concerns this server is known.
///
/// # Errors
/// The database failed.
pub fn followed_or_asked(q: &Query<'_>, account: AccountId) -> Result<Vec<AccountId>, Fault> {
    q.column(&FOLLOWED_OR_ASKED, (account,))
}
