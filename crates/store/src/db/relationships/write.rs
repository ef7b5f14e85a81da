//! Rows of relations, written one by one; what belongs together in one act is decided in `social`.

use phiomia_model::{AccountId, Fault, Time};

use super::languages;
use crate::db::{
    query::{Query, Tx},
    sql::{Sql, Statement, queries},
    value::{FromRow, Row},
};

queries! {
    // The rows are held in the order of their ids until the act ends, so that a follow and a block between the same
    // two people never pass each other.
    LOCK_PAIR = Sql::Differs {
        sqlite: "select id, domain = '', is_locked, moved_to_id is not null, suspended_at is not null or deleted_at is not null,
                silenced_at is not null, followers_count, following_count
            from accounts where id in ids($1) order by id",
        postgres: "select id, domain = '', is_locked, moved_to_id is not null, suspended_at is not null or deleted_at is not null,
                silenced_at is not null, followers_count, following_count
            from accounts where id in ids($1) order by id for no key update",
    };
    COUNT = Sql::Same("update accounts set followers_count = followers_count + $2, following_count = following_count + $3
        where id = $1");
    INSERT_FOLLOW = Sql::Same("insert into follows (account_id, target_id, id, shows_reblogs, notifies, languages, created_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (account_id, target_id) do nothing");
    UPDATE_FOLLOW = Sql::Same("update follows set shows_reblogs = coalesce($3, shows_reblogs),
            notifies = coalesce($4, notifies), languages = case when $5 then $6 else languages end
        where account_id = $1 and target_id = $2");
    DELETE_FOLLOW = Sql::Same("delete from follows where account_id = $1 and target_id = $2");
    INSERT_REQUEST = Sql::Same("insert into follow_requests
            (account_id, target_id, id, shows_reblogs, notifies, languages, created_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (account_id, target_id) do nothing");
    UPDATE_REQUEST = Sql::Same("update follow_requests set shows_reblogs = coalesce($3, shows_reblogs),
            notifies = coalesce($4, notifies), languages = case when $5 then $6 else languages end
        where account_id = $1 and target_id = $2");
    TAKE_REQUEST = Sql::Same("delete from follow_requests where account_id = $1 and target_id = $2
        returning shows_reblogs, notifies, languages");
    DELETE_REQUEST = Sql::Same("delete from follow_requests where account_id = $1 and target_id = $2");
    NAME_FOLLOW = Sql::Same("update follows set uri = $3 where account_id = $1 and target_id = $2");
    NAME_REQUEST = Sql::Same("update follow_requests set uri = $3 where account_id = $1 and target_id = $2");
    FOLLOW_NAME = Sql::Same("select uri from follow_requests where account_id = $1 and target_id = $2 and uri is not null
        union all select uri from follows where account_id = $1 and target_id = $2 and uri is not null");
    BY_FOLLOW_NAME = Sql::Same("select account_id, target_id from follow_requests where uri = $1
        union all select account_id, target_id from follows where uri = $1");
    REMOTE_FOLLOWERS_AT_INBOX = Sql::Same("select f.account_id, f.target_id from follows f join actors t on t.account_id = f.account_id
        where t.inbox = $1");
    INSERT_BLOCK = Sql::Same("insert into blocks (account_id, target_id, id, created_at) values ($1, $2, $3, $4)
        on conflict (account_id, target_id) do nothing");
    DELETE_BLOCK = Sql::Same("delete from blocks where account_id = $1 and target_id = $2");
    SET_MUTE = Sql::Same("insert into mutes (account_id, target_id, id, hides_notifications, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (account_id, target_id) do update
            set hides_notifications = excluded.hides_notifications, expires_at = excluded.expires_at");
    DELETE_MUTE = Sql::Same("delete from mutes where account_id = $1 and target_id = $2");
    DELETE_LAPSED_MUTE = Sql::Same("delete from mutes where account_id = $1 and target_id = $2 and expires_at <= $3");
    DELETE_LAPSED_MUTES = Sql::Same("delete from mutes where expires_at <= $1 returning account_id, target_id");
    INSERT_ENDORSEMENT = Sql::Same("insert into endorsements (account_id, target_id, id, created_at) values ($1, $2, $3, $4)
        on conflict (account_id, target_id) do nothing");
    DELETE_ENDORSEMENT = Sql::Same("delete from endorsements where account_id = $1 and target_id = $2");
    SET_NOTE = Sql::Same("insert into account_notes (account_id, target_id, comment, updated_at) values ($1, $2, $3, $4)
        on conflict (account_id, target_id) do update set comment = excluded.comment, updated_at = excluded.updated_at");
    DELETE_NOTE = Sql::Same("delete from account_notes where account_id = $1 and target_id = $2");
}

/// One side of a relation, as far as an act depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Party {
    /// Who.
    pub id: AccountId,
    /// Lives here.
    pub is_local: bool,
    /// Follow requests need approval.
    pub is_locked: bool,
    /// Has gone to another account.
    pub has_moved: bool,
    /// Is suspended or deleted.
    pub is_gone: bool,
    /// Is shown to followers only.
    pub is_silenced: bool,
    /// How many follow it.
    pub followers_count: i64,
    /// How many it follows.
    pub following_count: i64,
}

impl FromRow for Party {
    fn from_row(row: &mut Row<'_>) -> Result<Party, Fault> {
        Ok(Party {
            id: row.next()?,
            is_local: row.next()?,
            is_locked: row.next()?,
            has_moved: row.next()?,
            is_gone: row.next()?,
            is_silenced: row.next()?,
            followers_count: row.next()?,
            following_count: row.next()?,
        })
    }
}

/// Both sides of a relation, held until the transaction ends. `None` for one that is unknown.
///
/// # Errors
/// The database failed.
pub fn lock_pair(tx: &Tx<'_>, me: AccountId, other: AccountId) -> Result<(Option<Party>, Option<Party>), Fault> {
    let rows: Vec<Party> = tx.rows(&LOCK_PAIR, (&vec![me.0, other.0],))?;
    let find = |id: AccountId| rows.iter().find(|party| party.id == id).copied();
    Ok((find(me), find(other)))
}

/// Changes what an account counts of its followers and of those it follows.
///
/// # Errors
/// The database failed.
pub fn add_to_counters(tx: &Tx<'_>, account: AccountId, followers: i64, following: i64) -> Result<(), Fault> {
    tx.execute(&COUNT, (account, followers, following)).map(|_| ())
}

/// How somebody follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowOptions {
    /// Boosts show in home. `None`: yes for a new follow, else as it is.
    pub shows_reblogs: Option<bool>,
    /// Every post notifies. `None`: no for a new follow, else as it is.
    pub notifies: Option<bool>,
    /// Posts in these languages only; an empty list for all. `None`: all for a new follow, else as it is.
    pub languages: Option<Vec<String>>,
}

impl FollowOptions {
    /// `null` for all languages.
    fn languages_column(&self) -> Result<Option<String>, Fault> {
        let chosen = self.languages.as_ref().filter(|list| !list.is_empty());
        chosen
            .map(|list| serde_json::to_string(list).map_err(|e| Fault::because("writing the languages of a follow", e)))
            .transpose()
    }
}

impl FromRow for FollowOptions {
    fn from_row(row: &mut Row<'_>) -> Result<FollowOptions, Fault> {
        Ok(FollowOptions {
            shows_reblogs: Some(row.next()?),
            notifies: Some(row.next()?),
            languages: languages(row.next()?)?,
        })
    }
}

/// `account` follows `target` from now on; `false` when it did before.
///
/// # Errors
/// The database failed.
pub fn insert_follow(tx: &Tx<'_>, account: AccountId, target: AccountId, how: &FollowOptions) -> Result<bool, Fault> {
    insert(tx, &INSERT_FOLLOW, account, target, how)
}

/// Changes how `account` follows `target`, in what `how` says; `false` when it does not follow.
///
/// # Errors
/// The database failed.
pub fn update_follow(tx: &Tx<'_>, account: AccountId, target: AccountId, how: &FollowOptions) -> Result<bool, Fault> {
    update(tx, &UPDATE_FOLLOW, account, target, how)
}

/// `account` no longer follows `target`; `false` when it did not.
///
/// # Errors
/// The database failed.
pub fn delete_follow(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute(&DELETE_FOLLOW, (account, target))? > 0)
}

/// `account` asks to follow `target`; `false` when it had asked before.
///
/// # Errors
/// The database failed.
pub fn insert_follow_request(
    tx: &Tx<'_>,
    account: AccountId,
    target: AccountId,
    how: &FollowOptions,
) -> Result<bool, Fault> {
    insert(tx, &INSERT_REQUEST, account, target, how)
}

/// Changes how `account` would follow `target`; `false` when it has not asked.
///
/// # Errors
/// The database failed.
pub fn update_follow_request(
    tx: &Tx<'_>,
    account: AccountId,
    target: AccountId,
    how: &FollowOptions,
) -> Result<bool, Fault> {
    update(tx, &UPDATE_REQUEST, account, target, how)
}

/// Notes the name of a `Follow`: its id in the network, or for people here the number at the end of it.
///
/// # Errors
/// The database failed.
pub fn name_follow(tx: &Tx<'_>, account: AccountId, target: AccountId, name: &str) -> Result<(), Fault> {
    tx.execute(&NAME_FOLLOW, (account, target, name))?;
    tx.execute(&NAME_REQUEST, (account, target, name)).map(|_| ())
}

/// The name of a `Follow`, asked for or in force.
///
/// # Errors
/// The database failed.
pub fn follow_name(q: &Query<'_>, account: AccountId, target: AccountId) -> Result<Option<String>, Fault> {
    q.value(&FOLLOW_NAME, (account, target))
}

/// Who follows, or wants to follow, whom, by the name of the `Follow`.
///
/// # Errors
/// The database failed.
pub fn by_follow_name(q: &Query<'_>, name: &str) -> Result<Option<(AccountId, AccountId)>, Fault> {
    q.row(&BY_FOLLOW_NAME, (name,))
}

/// Follows of people who get their post at a personal inbox: who, whom.
///
/// # Errors
/// The database failed.
pub fn follows_from_inbox(q: &Query<'_>, inbox: &str) -> Result<Vec<(AccountId, AccountId)>, Fault> {
    q.rows(&REMOTE_FOLLOWERS_AT_INBOX, (inbox,))
}

/// Takes the request of `account` to follow `target` away and says how it wanted to follow; `None` when there was none.
///
/// # Errors
/// The database failed.
pub fn take_follow_request(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<Option<FollowOptions>, Fault> {
    Ok(tx.rows(&TAKE_REQUEST, (account, target))?.pop())
}

/// The request of `account` to follow `target` is gone; `false` when there was none.
///
/// # Errors
/// The database failed.
pub fn delete_follow_request(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute(&DELETE_REQUEST, (account, target))? > 0)
}

/// `account` blocks `target` from now on; `false` when it did before.
///
/// # Errors
/// The database failed.
pub fn insert_block(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute(&INSERT_BLOCK, (account, target, tx.new_id(), tx.now()))? > 0)
}

/// `account` no longer blocks `target`; `false` when it did not.
///
/// # Errors
/// The database failed.
pub fn delete_block(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute(&DELETE_BLOCK, (account, target))? > 0)
}

/// `account` mutes `target` from now on, or differently, until `expires_at` (`None`: for good).
///
/// # Errors
/// The database failed.
pub fn set_mute(
    tx: &Tx<'_>,
    account: AccountId,
    target: AccountId,
    hides_notifications: bool,
    expires_at: Option<Time>,
) -> Result<(), Fault> {
    let row = (account, target, tx.new_id(), hides_notifications, expires_at, tx.now());
    tx.execute(&SET_MUTE, row).map(|_| ())
}

/// `account` no longer mutes `target`; `false` when it did not.
///
/// # Errors
/// The database failed.
pub fn delete_mute(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute(&DELETE_MUTE, (account, target))? > 0)
}

/// The same, if the mute's time is over.
///
/// # Errors
/// The database failed.
pub fn delete_lapsed_mute(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<bool, Fault> {
    Ok(tx.execute(&DELETE_LAPSED_MUTE, (account, target, tx.now()))? > 0)
}

/// Takes away every mute whose time is over; who muted whom.
///
/// # Errors
/// The database failed.
pub fn delete_lapsed_mutes(tx: &Tx<'_>) -> Result<Vec<(AccountId, AccountId)>, Fault> {
    tx.rows(&DELETE_LAPSED_MUTES, (tx.now(),))
}

/// `account` shows `target` on its profile from now on.
///
/// # Errors
/// The database failed.
pub fn insert_endorsement(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<(), Fault> {
    tx.execute(&INSERT_ENDORSEMENT, (account, target, tx.new_id(), tx.now())).map(|_| ())
}

/// `account` no longer shows `target` on its profile.
///
/// # Errors
/// The database failed.
pub fn delete_endorsement(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<(), Fault> {
    tx.execute(&DELETE_ENDORSEMENT, (account, target)).map(|_| ())
}

/// What `account` notes about `target`, in place of what it noted before.
///
/// # Errors
/// The database failed.
pub fn set_note(tx: &Tx<'_>, account: AccountId, target: AccountId, comment: &str) -> Result<(), Fault> {
    tx.execute(&SET_NOTE, (account, target, comment, tx.now())).map(|_| ())
}

/// `account` notes nothing about `target`.
///
/// # Errors
/// The database failed.
pub fn delete_note(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<(), Fault> {
    tx.execute(&DELETE_NOTE, (account, target)).map(|_| ())
}

fn insert(
    tx: &Tx<'_>,
    statement: &Statement,
    account: AccountId,
    target: AccountId,
    how: &FollowOptions,
) -> Result<bool, Fault> {
    let (shows_reblogs, notifies) = (how.shows_reblogs.unwrap_or(true), how.notifies.unwrap_or(false));
    let row = (account, target, tx.new_id(), shows_reblogs, notifies, how.languages_column()?, tx.now());
    Ok(tx.execute(statement, row)? > 0)
}

fn update(
    tx: &Tx<'_>,
    statement: &Statement,
    account: AccountId,
    target: AccountId,
    how: &FollowOptions,
) -> Result<bool, Fault> {
    let changes_languages = how.languages.is_some();
    let row = (account, target, how.shows_reblogs, how.notifies, changes_languages, how.languages_column()?);
    Ok(tx.execute(statement, row)? > 0)
}
