//! Notifications folded into groups: the favourites and boosts of one post, new followers.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use phiomia_model::{AccountId, Fault, NotificationId, NotificationType, Page, ReportId, StatusId, Time, Viewer};

use super::{Decided, Loaded, NotificationFilter, ReportView, decided, is_alone, reports_of, rows, shown_key, words};
use crate::db::{
    accounts::{self, AccountView},
    by_id::ById,
    keyset::keysets,
    query::{Query, Tx},
    sql::{Sql, queries},
    statuses::{self, StatusView},
    value::Value,
};

/// Accounts shown of a group.
const SAMPLES: i64 = 8;
/// Rows that are read at most at once to fold them, and how often: a flood of favourites makes pages short, not slow. The
/// first look reads as many as mostly do.
const CHUNK: i64 = 200;
const MOST_CHUNKS: usize = 20;
/// Rows that are counted at most as unread.
const MOST_UNREAD_ROWS: i64 = 4_000;

/// Rows of the types that have groups, as the index over groups says it, which is used for no other condition.
macro_rules! folded {
    () => {
        "type in ('favourite', 'reblog', 'follow', 'admin.sign_up')"
    };
}

queries! {
    // Of groups $2 up to notification $3: size, and the newest rows.
    MEMBERS = Sql::Same(concat!("select g.group_key, g.n, g.id, g.from_account_id, g.type, g.status_id, g.created_at
        from (select n.group_key, n.id, n.from_account_id, n.type, n.status_id, n.created_at,
                count(*) over (partition by n.group_key) as n,
                row_number() over (partition by n.group_key order by n.id desc) as r
            from notifications n join accounts a on a.id = n.from_account_id
            where n.account_id = $1 and n.group_key in texts($2) and n.id <= $3 and n.", folded!(),
                " and ", heard!("$1", "$4"), ") g
        where g.r <= $5 order by g.id desc"));
    OPEN_GROUP = Sql::Same(concat!("select group_key from notifications
        where account_id = $1 and group_key in texts($2) and ", folded!(), " order by id desc limit 1"));
    DISMISS_GROUP = Sql::Same(concat!("delete from notifications where account_id = $1 and group_key = $2 and ", folded!()));
    // As `UNREAD`, each group counted once.
    UNREAD_GROUPS = Sql::Same(concat!("select count(distinct case when u.type in texts($6) and u.group_key <> ''
                then u.group_key else cast(u.id as text) end)
        from (select n.id, n.type, n.group_key ", unread!(), " order by n.id limit $3) u"));
}

keysets! {
    OF_GROUP = "n.id", concat!("select n.id, n.from_account_id
        from notifications n join accounts a on a.id = n.from_account_id
        where n.account_id = $4 and n.group_key = $5 and n.", folded!(), " and ", heard!("$4", "$6"));
}

/// Which types are folded: those the caller asks for among those that have groups.
#[derive(Clone, Debug)]
pub struct Grouped(pub Vec<NotificationType>);

impl Default for Grouped {
    fn default() -> Grouped {
        Grouped(NotificationType::GROUPED.to_vec())
    }
}

impl Grouped {
    /// The key under which a row is shown.
    fn key(&self, row: &Loaded) -> String {
        let folds = |kind: &NotificationType| kind.word() == row.kind;
        if self.0.iter().any(folds) && NotificationType::GROUPED.iter().any(folds) {
            shown_key(&row.group_key, row.id)
        } else {
            shown_key("", row.id)
        }
    }
}

/// Notifications of one type about one thing.
#[derive(Clone, Debug)]
pub struct Group {
    /// What clients name it by.
    pub key: String,
    /// What happened.
    pub kind: NotificationType,
    /// How many there are, on other pages too.
    pub count: i64,
    /// The newest.
    pub newest: NotificationId,
    /// Oldest and newest of this page, and when the newest was; `None` when no page was asked for.
    pub on_page: Option<(NotificationId, NotificationId, Time)>,
    /// Who did it, the last ones first.
    pub samples: Vec<AccountId>,
    /// The post concerned.
    pub status: Option<StatusId>,
    /// The report concerned.
    pub report: Option<ReportId>,
    /// The number of what moderators decided.
    pub subject: Option<i64>,
}

/// Groups, and everything they name.
#[derive(Clone, Debug, Default)]
pub struct GroupPage {
    /// Newest first.
    pub groups: Vec<Group>,
    /// The ids of the notifications that were folded, newest first, for paging.
    pub ids: Vec<NotificationId>,
    /// The accounts of all samples.
    pub people: ById<AccountId, Arc<AccountView>>,
    /// The posts concerned, each once.
    pub statuses: Vec<StatusView>,
    /// The reports concerned.
    pub reports: HashMap<ReportId, ReportView>,
    /// What moderators decided.
    pub decided: Decided,
}

/// A page of groups. A group whose older members are on a later page comes again there, under the same key.
///
/// # Errors
/// The database failed.
pub fn groups(
    q: &Query<'_>,
    me: AccountId,
    filter: &NotificationFilter,
    grouped: &Grouped,
    page: &Page,
    now: Time,
) -> Result<GroupPage, Fault> {
    let rows = fold(q, me, filter, grouped, page, now)?;
    let ids = rows.iter().map(|row| row.id).collect();
    let mut found: Vec<Group> = Vec::new();
    let mut at: HashMap<String, usize> = HashMap::new();
    for row in &rows {
        let key = grouped.key(row);
        if let Some(group) = at.get(&key).and_then(|at| found.get_mut(*at)) {
            if let Some((oldest, ..)) = &mut group.on_page {
                *oldest = row.id;
            }
            continue;
        }
        let Ok(kind) = row.kind.parse() else { continue };
        at.insert(key.clone(), found.len());
        let on_page = Some((row.id, row.id, row.created_at));
        let (newest, status, report, subject) = (row.id, row.status, row.report, row.subject);
        found.push(Group { key, kind, count: 1, newest, on_page, samples: vec![row.from], status, report, subject });
    }
    if let Some(newest) = rows.first().map(|row| row.id) {
        fill(q, me, &mut found, newest, now)?;
    }
    hydrate(q, me, found, ids, now)
}

/// One group by its key, as it is now; `None` when there is none.
///
/// # Errors
/// The database failed.
pub fn group(q: &Query<'_>, me: AccountId, key: &str, now: Time) -> Result<Option<GroupPage>, Fault> {
    let found = if is_alone(key) {
        let Some(view) = alone(key).map(|id| super::view(q, me, id, now)).transpose()?.flatten() else {
            return Ok(None);
        };
        let (status, from) = (view.status.map(|status| status.body.id), view.from.id);
        let (key, report) = (shown_key("", view.id), view.report.map(|report| report.row.id));
        let strike = view.strike.map(|strike| strike.id.0);
        let subject = strike.or(view.severance.map(|severance| severance.id.0));
        let samples = vec![from];
        Group { key, kind: view.kind, count: 1, newest: view.id, on_page: None, samples, status, report, subject }
    } else {
        let mut found = members(q, me, &[key.to_owned()], NotificationId(i64::MAX), now)?;
        let Some(group) = found.remove(key) else { return Ok(None) };
        group
    };
    let page = hydrate(q, me, vec![found], Vec::new(), now)?;
    Ok(Some(page).filter(|page| !page.groups.is_empty()))
}

/// Everybody in a group, the last ones first, and the ids of their notifications for paging.
///
/// # Errors
/// The database failed.
pub fn group_accounts(
    q: &Query<'_>,
    me: AccountId,
    key: &str,
    page: &Page,
    now: Time,
) -> Result<(Vec<NotificationId>, Vec<Arc<AccountView>>), Fault> {
    let rows: Vec<(NotificationId, AccountId)> = match alone(key) {
        Some(id) => super::view(q, me, id, now)?.map(|view| (view.id, view.from.id)).into_iter().collect(),
        None => OF_GROUP.page(q, page, &[Value::Int(me.0), Value::Text(key), Value::Int(now.0)])?,
    };
    let (ids, people): (Vec<NotificationId>, Vec<AccountId>) = rows.into_iter().unzip();
    Ok((ids, accounts::views(q, &people)?))
}

/// Dismisses a group.
///
/// # Errors
/// The database failed.
pub fn dismiss_group(tx: &Tx<'_>, me: AccountId, key: &str) -> Result<(), Fault> {
    match alone(key) {
        Some(id) => super::dismiss(tx, me, id).map(|_| ()),
        None => tx.execute(&DISMISS_GROUP, (me, key)).map(|_| ()),
    }
}

/// How many groups came since the point to which `me` has read, counted up to `most`.
///
/// # Errors
/// The database failed.
pub fn n_unread_groups(
    q: &Query<'_>,
    me: AccountId,
    filter: &NotificationFilter,
    grouped: &Grouped,
    most: i64,
    now: Time,
) -> Result<i64, Fault> {
    let (types, folded) = (words(&filter.types), words(&grouped.0));
    let parameters = (me, types.as_slice(), MOST_UNREAD_ROWS, filter.from, now, folded.as_slice());
    Ok(q.value::<i64>(&UNREAD_GROUPS, parameters)?.unwrap_or_default().min(most))
}

/// The one of these keys that a group of `account` has, the newest group's if there are several.
///
/// # Errors
/// The database failed.
pub fn open_group_key(q: &Query<'_>, account: AccountId, keys: &[String]) -> Result<Option<String>, Fault> {
    q.value(&OPEN_GROUP, (account, keys))
}

/// The id in the key of a notification without a group.
fn alone(key: &str) -> Option<NotificationId> {
    key.strip_prefix(super::ALONE).and_then(|id| id.parse().ok())
}

/// The rows of a page: as many as make `page.limit` groups, and no more, so that the next page begins where this ends.
fn fold(
    q: &Query<'_>,
    me: AccountId,
    filter: &NotificationFilter,
    grouped: &Grouped,
    page: &Page,
    now: Time,
) -> Result<Vec<Loaded>, Fault> {
    let (mut taken, mut keys) = (Vec::new(), HashSet::new());
    let mut step = Page { limit: (page.limit * 2).clamp(1, CHUNK), ..*page };
    let most = usize::try_from(page.limit).unwrap_or_default();
    'chunks: for _ in 0..MOST_CHUNKS {
        let mut chunk = rows(q, me, filter, &step, now)?;
        let is_last = i64::try_from(chunk.len()).is_ok_and(|n| n < step.limit);
        if page.is_upward() {
            // Upwards the page grows from its oldest end.
            chunk.reverse();
        }
        let end = chunk.last().map(|row| row.id.0);
        for row in chunk {
            let key = grouped.key(&row);
            if !keys.contains(&key) {
                if keys.len() == most {
                    break 'chunks;
                }
                keys.insert(key);
            }
            taken.push(row);
        }
        match end {
            Some(end) if page.is_upward() => step.min_id = Some(end),
            Some(end) => step.max_id = Some(end),
            None => break,
        }
        if is_last {
            break;
        }
        step.limit = (step.limit * 2).min(CHUNK);
    }
    if page.is_upward() {
        taken.reverse();
    }
    Ok(taken)
}

/// Completes groups of a page with what other pages have of them.
fn fill(q: &Query<'_>, me: AccountId, groups: &mut [Group], newest: NotificationId, now: Time) -> Result<(), Fault> {
    let keys: Vec<String> = groups.iter().filter(|group| !is_alone(&group.key)).map(|g| g.key.clone()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let mut members = members(q, me, &keys, newest, now)?;
    for group in groups {
        if let Some(whole) = members.remove(&group.key) {
            *group = Group { on_page: group.on_page, ..whole };
        }
    }
    Ok(())
}

fn members(
    q: &Query<'_>,
    me: AccountId,
    keys: &[String],
    newest: NotificationId,
    now: Time,
) -> Result<HashMap<String, Group>, Fault> {
    type Member = (String, i64, NotificationId, AccountId, String, Option<StatusId>);
    let mut groups: HashMap<String, Group> = HashMap::new();
    for (key, count, id, from, kind, status) in q.rows::<Member>(&MEMBERS, (me, keys, newest, now, SAMPLES))? {
        let Ok(kind) = kind.parse() else { continue };
        let new = || {
            let (on_page, samples, report, subject) = (None, Vec::new(), None, None);
            Group { key: key.clone(), kind, count, newest: id, on_page, samples, status, report, subject }
        };
        let group = groups.entry(key.clone()).or_insert_with(new);
        if !group.samples.contains(&from) {
            group.samples.push(from);
        }
    }
    Ok(groups)
}

/// Reads what groups name, and leaves out those whose post the receiver can no longer see.
fn hydrate(
    q: &Query<'_>,
    me: AccountId,
    groups: Vec<Group>,
    ids: Vec<NotificationId>,
    now: Time,
) -> Result<GroupPage, Fault> {
    let mut wanted: Vec<StatusId> = Vec::new();
    for status in groups.iter().filter_map(|group| group.status) {
        if !wanted.contains(&status) {
            wanted.push(status);
        }
    }
    let statuses = statuses::views(q, &wanted, Viewer::Account(me), now)?;
    let seen: HashSet<StatusId> = statuses.iter().map(|view| view.body.id).collect();
    let groups: Vec<Group> =
        groups.into_iter().filter(|group| group.status.is_none_or(|status| seen.contains(&status))).collect();
    let samples: HashSet<AccountId> = groups.iter().flat_map(|group| group.samples.iter().copied()).collect();
    let people = accounts::map(q, &samples.into_iter().collect::<Vec<_>>())?;
    let reports = reports_of(q, groups.iter().filter_map(|group| group.report))?;
    let decided = decided(q, groups.iter().filter_map(|group| Some((group.kind.word(), group.subject?))))?;
    Ok(GroupPage { groups, ids, people, statuses, reports, decided })
}
