//! From whom somebody takes notifications, and what is known of a sender when that is asked.

use phiomia_model::{
    AccountId, Fault, NotificationPolicy, NotificationPolicyChoice as Choice, Role, StatusId, Time, Visibility,
};

use crate::db::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

/// How far up a thread is looked for what a direct post answers.
const MOST_ANCESTORS: i64 = 100;

queries! {
    POLICY = Sql::Same("select not_following, not_followers, new_accounts, private_mentions, limited_accounts, bots
        from notification_policies where account_id = $1");
    SET = Sql::Same("insert into notification_policies (account_id, not_following, not_followers, new_accounts,
            private_mentions, limited_accounts, bots, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (account_id) do update set not_following = excluded.not_following,
            not_followers = excluded.not_followers, new_accounts = excluded.new_accounts,
            private_mentions = excluded.private_mentions, limited_accounts = excluded.limited_accounts,
            bots = excluded.bots, updated_at = excluded.updated_at");
    FACTS = Sql::Same("select p.not_following, p.not_followers, p.new_accounts, p.private_mentions, p.limited_accounts,
            p.bots, f.created_at, f.silenced_at is not null, f.is_bot,
            exists (select 1 from follows w where w.account_id = $1 and w.target_id = $2),
            (select w.created_at from follows w where w.account_id = $2 and w.target_id = $1),
            exists (select 1 from notification_permissions g where g.account_id = $1 and g.from_account_id = $2),
            (select u.role from users u where u.account_id = $1), (select u.role from users u where u.account_id = $2)
        from accounts f left join notification_policies p on p.account_id = $1 where f.id = $2");
    // Whether post $3 answers, at any remove, a direct post of $1 that mentions $2.
    ANSWERS = Sql::Same("with recursive above (id, depth) as (
            select s.in_reply_to_id, 1 from statuses s where s.id = $3 and s.in_reply_to_id is not null
            union all
            select s.in_reply_to_id, above.depth + 1 from above join statuses s on s.id = above.id
            where s.in_reply_to_id is not null and above.depth < $5)
        select count(*) from above a join statuses s on s.id = a.id
            join mentions m on m.status_id = s.id and m.account_id = $2
        where s.account_id = $1 and s.visibility = $4 and not m.is_silent");
    IS_DIRECT = Sql::Same("select visibility = $2 from statuses where id = $1");
    PERMIT = Sql::Same("insert into notification_permissions (account_id, from_account_id, created_at)
        values ($1, $2, $3) on conflict (account_id, from_account_id) do nothing");
}

fn choice(word: &str) -> Result<Choice, Fault> {
    word.parse().map_err(|e| Fault::because("reading a notification policy", e))
}

/// The six choices of a row; without a row, the defaults.
fn read(row: &mut Row<'_>) -> Result<NotificationPolicy, Fault> {
    let mut words = Vec::with_capacity(6);
    for _ in 0..6 {
        words.push(row.next::<Option<String>>()?);
    }
    let Some(words) = words.into_iter().collect::<Option<Vec<String>>>() else {
        return Ok(NotificationPolicy::default());
    };
    let mut choices = words.iter().map(|word| choice(word));
    let mut next = || choices.next().unwrap_or(Ok(Choice::Accept));
    Ok(NotificationPolicy {
        not_following: next()?,
        not_followers: next()?,
        new_accounts: next()?,
        private_mentions: next()?,
        limited_accounts: next()?,
        bots: next()?,
    })
}

struct Kept(NotificationPolicy);

impl FromRow for Kept {
    fn from_row(row: &mut Row<'_>) -> Result<Kept, Fault> {
        read(row).map(Kept)
    }
}

/// What decides whether somebody hears of a sender.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The receiver's policy.
    pub policy: NotificationPolicy,
    /// When the sender's account was made, or first seen here.
    pub sender_since: Time,
    /// Limited by moderators.
    pub is_limited: bool,
    /// Automated.
    pub is_bot: bool,
    /// The receiver follows the sender.
    pub is_followed: bool,
    /// Since when the sender follows the receiver.
    pub follower_since: Option<Time>,
    /// The receiver let the sender in before.
    pub is_permitted: bool,
    /// The sender is staff, of a higher rank than the receiver.
    pub is_staff: bool,
}

impl FromRow for Facts {
    fn from_row(row: &mut Row<'_>) -> Result<Facts, Fault> {
        let policy = read(row)?;
        let mut facts = Facts {
            policy,
            sender_since: row.next()?,
            is_limited: row.next()?,
            is_bot: row.next()?,
            is_followed: row.next()?,
            follower_since: row.next()?,
            is_permitted: row.next()?,
            is_staff: false,
        };
        let mut role =
            || -> Result<Option<Role>, Fault> { Ok(row.next::<Option<String>>()?.and_then(|w| w.parse().ok())) };
        let (receiver, sender) = (role()?, role()?);
        facts.is_staff = sender.is_some_and(|sender| sender.is_staff() && Some(sender) > receiver);
        Ok(facts)
    }
}

/// Somebody's policy.
///
/// # Errors
/// The database failed.
pub fn of(q: &Query<'_>, me: AccountId) -> Result<NotificationPolicy, Fault> {
    Ok(q.row::<Kept>(&POLICY, (me,))?.map_or_else(NotificationPolicy::default, |kept| kept.0))
}

/// Changes it; what came before stays where it is.
///
/// # Errors
/// The database failed.
pub fn set(tx: &Tx<'_>, me: AccountId, policy: &NotificationPolicy) -> Result<(), Fault> {
    let [a, b, c, d, e, f] = [
        policy.not_following,
        policy.not_followers,
        policy.new_accounts,
        policy.private_mentions,
        policy.limited_accounts,
        policy.bots,
    ]
    .map(Choice::word);
    tx.execute(&SET, (me, a, b, c, d, e, f, tx.now())).map(|_| ())
}

/// What is known when `from` is about to tell `who` something; `None` when there is no such sender.
///
/// # Errors
/// The database failed.
pub fn facts(q: &Query<'_>, who: AccountId, from: AccountId) -> Result<Option<Facts>, Fault> {
    q.row(&FACTS, (who, from))
}

/// Whether a post is a direct one that answers nothing `who` wrote to `from`.
///
/// # Errors
/// The database failed.
pub fn is_unasked(q: &Query<'_>, who: AccountId, from: AccountId, status: StatusId) -> Result<bool, Fault> {
    if !q.value::<bool>(&IS_DIRECT, (status, Visibility::Direct))?.unwrap_or_default() {
        return Ok(false);
    }
    let n: Option<i64> = q.value(&ANSWERS, (who, from, status, Visibility::Direct, MOST_ANCESTORS))?;
    Ok(n.unwrap_or_default() == 0)
}

/// Lets a sender in for good.
///
/// # Errors
/// The database failed.
pub fn permit(tx: &Tx<'_>, me: AccountId, from: AccountId) -> Result<(), Fault> {
    tx.execute(&PERMIT, (me, from, tx.now())).map(|_| ())
}
