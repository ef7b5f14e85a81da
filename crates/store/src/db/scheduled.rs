//! Posts that wait for their time.

use phiomia_model::{AccountId, Fault, MediaId, Page, ScheduledStatusId, Time, media::Media, status::Draft};

use super::{
    keyset::keysets,
    media,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row, Value},
};

queries! {
    INSERT = Sql::Same("insert into scheduled_statuses (id, account_id, scheduled_at, draft, created_at)
        values ($1, $2, $3, $4, $5)");
    FIND = Sql::Same("select id, account_id, scheduled_at, draft from scheduled_statuses where id = $1");
    MOVE = Sql::Same("update scheduled_statuses set scheduled_at = $2 where id = $1");
    DELETE = Sql::Same("delete from scheduled_statuses where id = $1");
    COUNT = Sql::Same("select count(*) from scheduled_statuses where account_id = $1 and id <> $2
        and scheduled_at >= $3 and scheduled_at < $4");
}

keysets! {
    LIST = "s.id", "select s.id, s.account_id, s.scheduled_at, s.draft from scheduled_statuses s where s.account_id = $4";
}

/// A post that waits for its time.
#[derive(Clone, Debug)]
pub struct ScheduledView {
    /// Its id; the post will have another.
    pub id: ScheduledStatusId,
    /// Whose it is.
    pub account: AccountId,
    /// When it will be posted.
    pub scheduled_at: Time,
    /// What will be posted.
    pub draft: Draft,
    /// What will be shown with it.
    pub media: Vec<Media>,
}

impl FromRow for ScheduledView {
    fn from_row(row: &mut Row<'_>) -> Result<ScheduledView, Fault> {
        let (id, account, scheduled_at) = (row.next()?, row.next()?, row.next()?);
        let draft = serde_json::from_str(&row.next::<String>()?).map_err(|e| Fault::because("reading a draft", e))?;
        Ok(ScheduledView { id, account, scheduled_at, draft, media: Vec::new() })
    }
}

/// Keeps a draft until its time.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, account: AccountId, scheduled_at: Time, draft: &Draft) -> Result<ScheduledStatusId, Fault> {
    let id = ScheduledStatusId(tx.new_id());
    let draft = serde_json::to_string(draft).map_err(|e| Fault::because("writing a draft", e))?;
    tx.execute(&INSERT, (id, account, scheduled_at, draft, tx.now()))?;
    Ok(id)
}

/// One of them, whoever's it is.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, id: ScheduledStatusId) -> Result<Option<ScheduledView>, Fault> {
    let mut found: Vec<ScheduledView> = q.row(&FIND, (id,))?.into_iter().collect();
    with_media(q, &mut found)?;
    Ok(found.pop())
}

/// A page of somebody's, the one made last first.
///
/// # Errors
/// The database failed.
pub fn page(q: &Query<'_>, me: AccountId, page: &Page) -> Result<Vec<ScheduledView>, Fault> {
    let mut found = LIST.page(q, page, &[Value::Int(me.0)])?;
    with_media(q, &mut found)?;
    Ok(found)
}

/// Looks up what the posts will show, in one statement for all of them.
fn with_media(q: &Query<'_>, views: &mut [ScheduledView]) -> Result<(), Fault> {
    let ids: Vec<MediaId> = views.iter().flat_map(|view| &view.draft.media).copied().collect();
    let known = media::find_all(q, &ids)?;
    for view in views {
        let find = |id: &MediaId| known.iter().find(|row| row.media.id == *id).map(|row| row.media.clone());
        view.media = view.draft.media.iter().filter_map(find).collect();
    }
    Ok(())
}

/// Gives one another time.
///
/// # Errors
/// The database failed.
pub fn reschedule(tx: &Tx<'_>, id: ScheduledStatusId, scheduled_at: Time) -> Result<(), Fault> {
    tx.execute(&MOVE, (id, scheduled_at)).map(|_| ())
}

/// Takes one away; whether it was there.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, id: ScheduledStatusId) -> Result<bool, Fault> {
    Ok(tx.execute(&DELETE, (id,))? > 0)
}

/// How many of somebody's are to be posted from `from` until before `until`, one of them not counted.
///
/// # Errors
/// The database failed.
pub fn n_between(
    q: &Query<'_>,
    me: AccountId,
    besides: ScheduledStatusId,
    from: Time,
    until: Time,
) -> Result<i64, Fault> {
    Ok(q.value(&COUNT, (me, besides, from, until))?.unwrap_or_default())
}
