//! Notifications: one row for each thing that happened to somebody here.

/// Whether the receiver still wants to hear of a sender: `n` is the notification, `a` who sent it; the parameters of the
/// receiver and of now.
macro_rules! heard {
    ($me:literal, $now:literal) => {
        concat!(
            "a.suspended_at is null
            and not exists (select 1 from blocks b where b.account_id = ",
            $me,
            " and b.target_id = n.from_account_id)
            and not ",
            $crate::db::sql::blocks_domain!($me, "a.domain"),
            "
            and not exists (select 1 from mutes m where m.account_id = ",
            $me,
            " and m.target_id = n.from_account_id
                and m.hides_notifications and (m.expires_at is null or m.expires_at > ",
            $now,
            "))"
        )
    };
}

/// What the list shows, above where $1 has read: of types $2, from $4, at $5.
macro_rules! unread {
    () => {
        concat!(
            "from notifications n join accounts a on a.id = n.from_account_id
            where n.account_id = $1 and n.type in texts($2)
            and (n.from_account_id = $4 or (cast($4 as bigint) is null and not n.is_filtered)) and ",
            heard!("$1", "$5"),
            " and n.id > coalesce((select r.last_read_id from markers r
                where r.account_id = $1 and r.timeline = 'notifications'), 0)"
        )
    };
}

mod groups;
pub mod policy;
pub mod requests;

use std::{collections::HashMap, sync::Arc};

use phiomia_model::{
    AccountId, Fault, NotificationId, NotificationType, Page, ReportId, SeveranceId, StatusId, StrikeId, Time, Viewer,
};

pub use groups::{
    Group, GroupPage, Grouped, dismiss_group, group, group_accounts, groups, n_unread_groups, open_group_key,
};

use super::{
    accounts::{self, AccountView},
    by_id::ById,
    keyset::{Keyset, keysets},
    moderation::strikes::{self, Strike},
    query::{Query, Tx},
    reports::{self, ReportRow},
    severances::{self, Severance},
    sql::{Sql, Statement, blocks_domain, queries},
    statuses::{self, StatusView},
    value::{FromRow, Row, Value},
};

queries! {
    // Nobody is told about themselves (but that their poll is over, and what moderators decided), about people they block or who block them, about
    // people they do not follow of domains they block, about people they mute with their notifications, or of what
    // happens in a thread they muted. Only people who live here are told anything.
    INSERT = Sql::Same(concat!("insert into notifications (id, account_id, from_account_id, type, status_id, group_key, created_at,
            is_filtered, report_id, subject_id)
        select cast($1 as bigint), a.id, f.id, cast($4 as text), cast($5 as bigint), cast($6 as text), cast($7 as bigint),
            cast($8 as boolean), cast($9 as bigint), cast($10 as bigint)
        from accounts a, accounts f
        where a.id = $2 and f.id = $3 and (a.id <> f.id or $4 in ('poll', 'moderation_warning', 'severed_relationships'))
            and a.domain = '' and a.suspended_at is null and a.deleted_at is null
            and f.suspended_at is null and f.deleted_at is null
            and not exists (select 1 from blocks b where b.account_id = a.id and b.target_id = f.id)
            and not exists (select 1 from blocks b where b.account_id = f.id and b.target_id = a.id)
            and not exists (select 1 from mutes m where m.account_id = a.id and m.target_id = f.id
                and m.hides_notifications and (m.expires_at is null or m.expires_at > $7))
            and not exists (select 1 from statuses s join conversation_mutes c on c.conversation_id = s.conversation_id
                where s.id = $5 and c.account_id = a.id)
            and (not ", blocks_domain!("a.id", "f.domain"), "
                or exists (select 1 from follows w where w.account_id = a.id and w.target_id = f.id))
        on conflict do nothing"));
    ONE = Sql::Same("select id, from_account_id, type, status_id, group_key, created_at, is_filtered, report_id, subject_id from notifications
        where id = $1 and account_id = $2");
    DISMISS = Sql::Same("delete from notifications where id = $1 and account_id = $2");
    DISMISS_MANY = Sql::Same("delete from notifications where id in ids($1) and account_id = $2");
    CLEAR = Sql::Same("delete from notifications where account_id = $1");
    FORGET = Sql::Same("delete from notifications where account_id = $1 and from_account_id = $2 and type = $3
        and coalesce(status_id, 0) = coalesce(cast($4 as bigint), 0)");
    FORGET_DOMAIN = Sql::Same("delete from notifications where account_id = $1
        and from_account_id in (select a.id from accounts a where a.domain = $2)");
    FORGET_SENDER = Sql::Same("delete from notifications where account_id = $1 and from_account_id = $2");
    UNREAD = Sql::Same(concat!("select count(*) from (select n.id ", unread!(), " limit $3) u"));
}

keysets! {
    LIST = "n.id", concat!("select n.id, n.from_account_id, n.type, n.status_id, n.group_key, n.created_at, n.is_filtered, n.report_id,
            n.subject_id
        from notifications n join accounts a on a.id = n.from_account_id
        where n.account_id = $4 and n.type in texts($5) and (cast($6 as bigint) is null or n.from_account_id = $6)
            and (not n.is_filtered or $8) and ", heard!("$4", "$7"));
}

/// The statements of the whole folder.
pub(super) fn all() -> Vec<&'static Statement> {
    [ALL, groups::ALL, policy::ALL, requests::ALL].concat()
}

/// The paged lists of the whole folder.
pub(super) static LISTS: &[&[&Keyset]] = &[KEYSETS, groups::KEYSETS, requests::KEYSETS];

/// A notification as its receiver sees it.
#[derive(Clone, Debug)]
pub struct NotificationView {
    /// Its id.
    pub id: NotificationId,
    /// What happened.
    pub kind: NotificationType,
    /// Shared by notifications that belong together.
    pub group_key: String,
    /// When.
    pub created_at: Time,
    /// Who did it.
    pub from: Arc<AccountView>,
    /// The post concerned.
    pub status: Option<StatusView>,
    /// The report concerned.
    pub report: Option<ReportView>,
    /// What moderators did about the receiver.
    pub strike: Option<Strike>,
    /// The follows that the receiver lost.
    pub severance: Option<Severance>,
    /// Held back by the receiver's policy.
    pub is_filtered: bool,
}

/// A report that staff is told of, and whom it is about.
#[derive(Clone, Debug)]
pub struct ReportView {
    /// The report.
    pub row: ReportRow,
    /// Whom it is about.
    pub target: Arc<AccountView>,
}

/// What a notification is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    /// A post.
    pub status: Option<StatusId>,
    /// A report.
    pub report: Option<ReportId>,
    /// The number of a strike or a severance, as the type says.
    pub subject: Option<i64>,
}

impl About {
    /// A post, if any.
    #[must_use]
    pub fn of_status(status: Option<StatusId>) -> About {
        About { status, ..About::default() }
    }
    /// A report, if any.
    #[must_use]
    pub fn of_report(report: Option<ReportId>) -> About {
        About { report, ..About::default() }
    }
    /// What moderators did.
    #[must_use]
    pub fn of_strike(strike: StrikeId) -> About {
        About { subject: Some(strike.0), ..About::default() }
    }
    /// Follows that were lost.
    #[must_use]
    pub fn of_severance(severance: SeveranceId) -> About {
        About { subject: Some(severance.0), ..About::default() }
    }
}

/// A notification without a group is one by itself.
fn shown_key(group_key: &str, id: NotificationId) -> String {
    if is_alone(group_key) { format!("{ALONE}{id}") } else { group_key.to_owned() }
}

/// Whether a key stands for no group. Older rows have a key of this kind instead of none.
fn is_alone(group_key: &str) -> bool {
    group_key.is_empty() || group_key.starts_with(ALONE)
}

/// Before the id of a notification that has no group.
const ALONE: &str = "ungrouped-";

struct Loaded {
    id: NotificationId,
    from: AccountId,
    kind: String,
    status: Option<StatusId>,
    group_key: String,
    created_at: Time,
    is_filtered: bool,
    report: Option<ReportId>,
    subject: Option<i64>,
}

impl FromRow for Loaded {
    fn from_row(row: &mut Row<'_>) -> Result<Loaded, Fault> {
        Ok(Loaded {
            id: row.next()?,
            from: row.next()?,
            kind: row.next()?,
            status: row.next()?,
            group_key: row.next()?,
            created_at: row.next()?,
            is_filtered: row.next()?,
            report: row.next()?,
            subject: row.next()?,
        })
    }
}

/// Which notifications are wanted.
#[derive(Clone, Debug)]
pub struct NotificationFilter {
    /// Of these types.
    pub types: Vec<NotificationType>,
    /// From this account.
    pub from: Option<AccountId>,
    /// Also what the policy holds back. Of one account everything shows anyway.
    pub with_filtered: bool,
}

impl Default for NotificationFilter {
    fn default() -> NotificationFilter {
        NotificationFilter { types: NotificationType::ALL.to_vec(), from: None, with_filtered: false }
    }
}

/// A page of notifications, newest first. Those whose post the receiver can no longer see are left out;
/// the ids of all rows come beside, for paging.
///
/// # Errors
/// The database failed.
pub fn page(
    q: &Query<'_>,
    me: AccountId,
    filter: &NotificationFilter,
    page: &Page,
    now: Time,
) -> Result<(Vec<NotificationId>, Vec<NotificationView>), Fault> {
    let rows = rows(q, me, filter, page, now)?;
    let ids = rows.iter().map(|r| r.id).collect();
    Ok((ids, hydrate(q, me, rows, now)?))
}

fn rows(
    q: &Query<'_>,
    me: AccountId,
    filter: &NotificationFilter,
    page: &Page,
    now: Time,
) -> Result<Vec<Loaded>, Fault> {
    let types = words(&filter.types);
    let own = [
        Value::Int(me.0),
        Value::Texts(&types),
        filter.from.map_or(Value::Null, |id| Value::Int(id.0)),
        Value::Int(now.0),
        Value::Bool(filter.with_filtered || filter.from.is_some()),
    ];
    LIST.page(q, page, &own)
}

fn words(types: &[NotificationType]) -> Vec<String> {
    types.iter().map(|kind| kind.word().to_owned()).collect()
}

/// One notification; `None` when it is not there or not theirs.
///
/// # Errors
/// The database failed.
pub fn view(q: &Query<'_>, me: AccountId, id: NotificationId, now: Time) -> Result<Option<NotificationView>, Fault> {
    let row: Option<Loaded> = q.row(&ONE, (id, me))?;
    Ok(hydrate(q, me, row.into_iter().collect(), now)?.pop())
}

fn hydrate(q: &Query<'_>, me: AccountId, rows: Vec<Loaded>, now: Time) -> Result<Vec<NotificationView>, Fault> {
    let people = accounts::map(q, &rows.iter().map(|r| r.from).collect::<Vec<_>>())?;
    let reports = reports_of(q, rows.iter().filter_map(|r| r.report))?;
    let decided = decided(q, rows.iter().filter_map(|r| Some((r.kind.as_str(), r.subject?))))?;
    let wanted: Vec<StatusId> = rows.iter().filter_map(|r| r.status).collect();
    let statuses: ById<StatusId, StatusView> =
        statuses::views(q, &wanted, Viewer::Account(me), now)?.into_iter().map(|view| (view.body.id, view)).collect();
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let status = match row.status {
                None => None,
                Some(id) => Some(statuses.get(&id)?.clone()),
            };
            Some(NotificationView {
                id: row.id,
                kind: row.kind.parse().ok()?,
                group_key: shown_key(&row.group_key, row.id),
                created_at: row.created_at,
                from: people.get(&row.from)?.clone(),
                status,
                report: row.report.and_then(|id| reports.get(&id)).cloned(),
                strike: row.subject.and_then(|id| decided.strikes.get(&id)).cloned(),
                severance: row.subject.and_then(|id| decided.severances.get(&id)).cloned(),
                is_filtered: row.is_filtered,
            })
        })
        .collect())
}

/// What moderators decided, by its number.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// What they did about somebody.
    pub strikes: HashMap<i64, Strike>,
    /// Follows that ended by it.
    pub severances: HashMap<i64, Severance>,
}

/// What these notifications are about, by type and number. No query where there is none, which is so nearly always.
fn decided<'a>(q: &Query<'_>, subjects: impl Iterator<Item = (&'a str, i64)>) -> Result<Decided, Fault> {
    let (mut strikes, mut severed) = (Vec::new(), Vec::new());
    for (kind, id) in subjects {
        if kind == NotificationType::ModerationWarning.word() { strikes.push(id) } else { severed.push(id) }
    }
    let mut decided = Decided::default();
    if !strikes.is_empty() {
        decided.strikes = strikes::many(q, &strikes)?.into_iter().map(|strike| (strike.id.0, strike)).collect();
    }
    if !severed.is_empty() {
        decided.severances = severances::many(q, &severed)?.into_iter().map(|one| (one.id.0, one)).collect();
    }
    Ok(decided)
}

/// The reports with these ids. No query when there are none, which is so for everybody but staff.
fn reports_of(q: &Query<'_>, ids: impl Iterator<Item = ReportId>) -> Result<HashMap<ReportId, ReportView>, Fault> {
    let ids: Vec<ReportId> = ids.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = reports::many(q, &ids)?;
    let people = accounts::map(q, &rows.iter().map(|row| row.target).collect::<Vec<_>>())?;
    let view = |row: ReportRow| Some((row.id, ReportView { target: people.get(&row.target)?.clone(), row }));
    Ok(rows.into_iter().filter_map(view).collect())
}

/// Tells `account` about `from`; `None` when it does not want to know, may not, or was told the same before. What is filtered waits.
///
/// # Errors
/// The database failed.
pub fn insert(
    tx: &Tx<'_>,
    account: AccountId,
    from: AccountId,
    kind: NotificationType,
    about: About,
    group_key: &str,
    is_filtered: bool,
) -> Result<Option<NotificationId>, Fault> {
    let id = NotificationId(tx.new_id());
    let About { status, report, subject } = about;
    let now = tx.now();
    let n =
        tx.execute(&INSERT, (id, account, from, kind.word(), status, group_key, now, is_filtered, report, subject))?;
    Ok((n > 0).then_some(id))
}

/// Dismisses one; whether it was there.
///
/// # Errors
/// The database failed.
pub fn dismiss(tx: &Tx<'_>, me: AccountId, id: NotificationId) -> Result<bool, Fault> {
    Ok(tx.execute(&DISMISS, (id, me))? > 0)
}

/// Dismisses those of them that are there.
///
/// # Errors
/// The database failed.
pub fn dismiss_many(tx: &Tx<'_>, me: AccountId, ids: &[NotificationId]) -> Result<(), Fault> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    tx.execute(&DISMISS_MANY, (ids.as_slice(), me)).map(|_| ())
}

/// Dismisses all.
///
/// # Errors
/// The database failed.
pub fn clear(tx: &Tx<'_>, me: AccountId) -> Result<(), Fault> {
    tx.execute(&CLEAR, (me,)).map(|_| ())
}

/// Takes one back because what it told of was taken back.
///
/// # Errors
/// The database failed.
pub fn forget(
    tx: &Tx<'_>,
    account: AccountId,
    from: AccountId,
    kind: NotificationType,
    status: Option<StatusId>,
) -> Result<(), Fault> {
    tx.execute(&FORGET, (account, from, kind.word(), status)).map(|_| ())
}

/// Takes away everything one account told another.
///
/// # Errors
/// The database failed.
pub fn forget_sender(tx: &Tx<'_>, account: AccountId, from: AccountId) -> Result<(), Fault> {
    tx.execute(&FORGET_SENDER, (account, from))?;
    requests::forget(tx, account, from)
}

/// Takes away everything that people of a domain told an account.
///
/// # Errors
/// The database failed.
pub fn forget_domain(tx: &Tx<'_>, account: AccountId, domain: &str) -> Result<(), Fault> {
    tx.execute(&FORGET_DOMAIN, (account, domain))?;
    requests::forget_domain(tx, account, domain)
}

/// How many came since the point to which `me` has read, counted up to `most`.
///
/// # Errors
/// The database failed.
pub fn n_unread(q: &Query<'_>, me: AccountId, filter: &NotificationFilter, most: i64, now: Time) -> Result<i64, Fault> {
    let types = words(&filter.types);
    Ok(q.value(&UNREAD, (me, types.as_slice(), most, filter.from, now))?.unwrap_or_default())
}
