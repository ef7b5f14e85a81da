//! Announcements to everybody here, who has read them, and how people reacted.

use std::collections::HashMap;

use phiomia_model::{AccountId, AnnouncementId, Fault, Time};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Params, Row},
};

queries! {
    SHOWN = Sql::Same("select id, text, starts_at, ends_at, is_all_day, is_published, scheduled_at, published_at, updated_at
        from announcements where is_published and (ends_at is null or ends_at > $1)
        order by coalesce(starts_at, published_at), id");
    ALL_OF_THEM = Sql::Same("select id, text, starts_at, ends_at, is_all_day, is_published, scheduled_at, published_at,
        updated_at from announcements order by id desc");
    FIND = Sql::Same("select id, text, starts_at, ends_at, is_all_day, is_published, scheduled_at, published_at, updated_at
        from announcements where id = $1");
    INSERT = Sql::Same("insert into announcements (id, text, starts_at, ends_at, is_all_day, is_published, scheduled_at,
            published_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    UPDATE = Sql::Same("update announcements set text = $2, starts_at = $3, ends_at = $4, is_all_day = $5,
        is_published = $6, scheduled_at = $7, published_at = $8, updated_at = $9 where id = $1");
    DELETE = Sql::Same("delete from announcements where id = $1");
    DELETE_REACTIONS = Sql::Same("delete from announcement_reactions where announcement_id = $1");
    DELETE_DISMISSALS = Sql::Same("delete from announcement_dismissals where announcement_id = $1");
    DISMISSED = Sql::Same("select announcement_id from announcement_dismissals where account_id = $1");
    DISMISS = Sql::Same("insert into announcement_dismissals (account_id, announcement_id, created_at)
        values ($1, $2, $3) on conflict (account_id, announcement_id) do nothing");
    REACTIONS = Sql::Same("select announcement_id, name, count(*),
            cast(max(case when account_id = $2 then 1 else 0 end) as bigint)
        from announcement_reactions where announcement_id in ids($1)
        group by announcement_id, name order by announcement_id, min(created_at), name");
    REACT = Sql::Same("insert into announcement_reactions (announcement_id, name, account_id, created_at)
        values ($1, $2, $3, $4) on conflict (announcement_id, name, account_id) do nothing");
    UNREACT = Sql::Same("delete from announcement_reactions where announcement_id = $1 and name = $2 and account_id = $3");
    LEAVE = Sql::Same("delete from announcement_reactions where account_id = $1");
}

/// An announcement to everybody here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncementView {
    /// Its id.
    pub id: AnnouncementId,
    /// As typed.
    pub text: String,
    /// What it announces begins then.
    pub starts_at: Option<Time>,
    /// It is shown until then.
    pub ends_at: Option<Time>,
    /// The two are days, without a time.
    pub is_all_day: bool,
    /// People see it.
    pub is_published: bool,
    /// When it is published by itself, if it waits for that.
    pub scheduled_at: Option<Time>,
    /// Since when it is shown; of one that is not, when it was written.
    pub published_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl FromRow for AnnouncementView {
    fn from_row(row: &mut Row<'_>) -> Result<AnnouncementView, Fault> {
        Ok(AnnouncementView {
            id: row.next()?,
            text: row.next()?,
            starts_at: row.next()?,
            ends_at: row.next()?,
            is_all_day: row.next()?,
            is_published: row.next()?,
            scheduled_at: row.next()?,
            published_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

/// How often an announcement got one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionView {
    /// The emoji, or the name of a custom one.
    pub name: String,
    /// How many people.
    pub count: i64,
    /// The viewer is among them.
    pub is_mine: bool,
}

/// The announcements that are shown at `now`, in the order of what they announce.
///
/// # Errors
/// The database failed.
pub fn shown(q: &Query<'_>, now: Time) -> Result<Vec<AnnouncementView>, Fault> {
    q.rows(&SHOWN, (now,))
}

/// All announcements, also those that wait or are over, the newest first.
///
/// # Errors
/// The database failed.
pub fn all(q: &Query<'_>) -> Result<Vec<AnnouncementView>, Fault> {
    q.rows(&ALL_OF_THEM, ())
}

/// One of them.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, id: AnnouncementId) -> Result<Option<AnnouncementView>, Fault> {
    q.row(&FIND, (id,))
}

/// Keeps a new one.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, view: &AnnouncementView) -> Result<(), Fault> {
    tx.execute(&INSERT, cells(view)).map(|_| ())
}

/// Makes the row of that id as the view says.
///
/// # Errors
/// The database failed.
pub fn update(tx: &Tx<'_>, view: &AnnouncementView) -> Result<(), Fault> {
    tx.execute(&UPDATE, cells(view)).map(|_| ())
}

/// The row of an announcement, in the order in which both statements name its columns.
fn cells(view: &AnnouncementView) -> impl Params {
    let AnnouncementView { id, text, starts_at, ends_at, .. } = view;
    let (is_all_day, is_published) = (view.is_all_day, view.is_published);
    let times = (view.scheduled_at, view.published_at, view.updated_at);
    (*id, text.as_str(), *starts_at, *ends_at, is_all_day, is_published, times.0, times.1, times.2)
}

/// Forgets one, with who read it and how people reacted; `false` when there was none.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, id: AnnouncementId) -> Result<bool, Fault> {
    tx.execute(&DELETE_REACTIONS, (id,))?;
    tx.execute(&DELETE_DISMISSALS, (id,))?;
    Ok(tx.execute(&DELETE, (id,))? > 0)
}

/// The announcements somebody has read.
///
/// # Errors
/// The database failed.
pub fn dismissed(q: &Query<'_>, account: AccountId) -> Result<Vec<AnnouncementId>, Fault> {
    q.column(&DISMISSED, (account,))
}

/// Remembers that somebody has read an announcement.
///
/// # Errors
/// The database failed.
pub fn dismiss(tx: &Tx<'_>, account: AccountId, announcement: AnnouncementId) -> Result<(), Fault> {
    tx.execute(&DISMISS, (account, announcement, tx.now())).map(|_| ())
}

/// How people reacted to announcements, each emoji where it was first used; `viewer`: whose reactions are marked.
///
/// # Errors
/// The database failed.
pub fn reactions(
    q: &Query<'_>,
    announcements: &[AnnouncementId],
    viewer: Option<AccountId>,
) -> Result<HashMap<AnnouncementId, Vec<ReactionView>>, Fault> {
    let mut of: HashMap<AnnouncementId, Vec<ReactionView>> = HashMap::new();
    let ids: Vec<i64> = announcements.iter().map(|id| id.0).collect();
    let rows: Vec<(AnnouncementId, String, i64, i64)> = q.rows(&REACTIONS, (&ids, viewer.unwrap_or(AccountId(0))))?;
    for (announcement, name, count, mine) in rows {
        of.entry(announcement).or_default().push(ReactionView { name, count, is_mine: mine > 0 });
    }
    Ok(of)
}

/// Somebody reacts; `false` when they had already.
///
/// # Errors
/// The database failed.
pub fn react(tx: &Tx<'_>, account: AccountId, announcement: AnnouncementId, name: &str) -> Result<bool, Fault> {
    Ok(tx.execute(&REACT, (announcement, name, account, tx.now()))? > 0)
}

/// Somebody takes a reaction back; `false` when there was none.
///
/// # Errors
/// The database failed.
pub fn unreact(tx: &Tx<'_>, account: AccountId, announcement: AnnouncementId, name: &str) -> Result<bool, Fault> {
    Ok(tx.execute(&UNREACT, (announcement, name, account))? > 0)
}

/// Takes back all reactions of somebody who is gone.
///
/// # Errors
/// The database failed.
pub fn leave(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&LEAVE, (account,)).map(|_| ())
}
