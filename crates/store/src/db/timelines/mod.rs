//! Timelines: home feeds and lists written when somebody posts, the others read from the posts.

#[macro_use]
mod rules;
mod lists;
mod tags;

use std::collections::HashMap;

use phiomia_model::{AccountId, Fault, Page, StatusId, TagId, Time, Viewer, id};

pub use lists::{
    add_exclusive, fan_out_to_lists, list, merge_into_list, overlong_lists, rebuild_list, sweep_domain_from_lists,
    sweep_list, sweep_lists, trim_list,
};

pub use tags::{fan_out_to_tags, rebuild_tags, sweep_tag};

use super::{
    keyset::{Keyset, keysets},
    query::{Query, Tx},
    sql::{Sql, Statement, blocks_domain, queries},
    value::Value,
};

/// Entries a home feed keeps.
pub const LONGEST_FEED: i64 = 400;
/// Posts of somebody just followed that are put into the feed.
const MERGED: i64 = 40;
/// A boost is not shown again within this many entries of the feed.
const REBLOG_DISTANCE: i64 = 40;

keysets! {
    HOME = once "status_id", "select status_id from home_feed where account_id = $4";
    PUBLIC = once "s.id", public_posts!("");
    PUBLIC_LOCAL = once "s.id", public_posts!("and s.is_local");
    PUBLIC_REMOTE = once "s.id", public_posts!("and not s.is_local");
    PUBLIC_MEDIA = once "s.id", public_posts!("and s.has_media");
    PUBLIC_LOCAL_MEDIA = once "s.id", public_posts!("and s.is_local and s.has_media");
    PUBLIC_REMOTE_MEDIA = once "s.id", public_posts!("and not s.is_local and s.has_media");
    // `any` holds the tag itself too; `n_all` of `all` must be there; none of `none`.
    TAG = anew "s.id", concat!("select s.id from statuses s join accounts a on a.id = s.account_id
        where s.visibility = 0 and s.reblog_of_id is null and s.deleted_at is null
            and a.suspended_at is null and a.silenced_at is null
            and s.id in (select st.status_id from status_tags st where st.tag_id in ids($6)
                and st.status_id < $1 and st.status_id > $2)
            and $8 = (select count(*) from status_tags st where st.status_id = s.id and st.tag_id in ids($7))
            and not exists (select 1 from status_tags st where st.status_id = s.id and st.tag_id in ids($9))
            and (not $10 or s.is_local) and (not $11 or not s.is_local)
            and not exists (select 1 from blocks b where b.account_id = $4 and b.target_id = s.account_id)
            and not exists (select 1 from blocks b where b.account_id = s.account_id and b.target_id = $4)
            and not ", blocks_domain!("$4", "a.domain"), "
            and not exists (select 1 from mutes m where m.account_id = $4 and m.target_id = s.account_id
                and (m.expires_at is null or m.expires_at > $5))
            and (not $12 or s.has_media)");
    OF_ACCOUNT = "s.id", posts_of!("");
    MEDIA_OF_ACCOUNT = "s.id", posts_of!("and s.has_media");
    PINNED = "p.id", "select p.id, p.status_id from pins p where p.account_id = $4";
}

queries! {
    ADD_HOME = Sql::Same("insert into home_feed (account_id, status_id, author_id, reblog_of_id)
        values ($1, $2, $3, $4) on conflict (account_id, status_id) do nothing");
    REMOVE_HOME = Sql::Same("delete from home_feed where account_id = $1 and status_id = $2");
    // One statement for all followers. $1 status, $2 author, $3 boosted status, $4 its author, $5 answered account,
    // $6 language, $7 only people mentioned; of all: $8 seen since, $9 now, $10 boost distance.
    FAN_OUT = Sql::Once(&Sql::Differs {
        sqlite: concat!("insert into home_feed (account_id, status_id, author_id, reblog_of_id) ",
            home_of!("f.account_id, cast($1 as bigint), cast($2 as bigint), cast($3 as bigint)",
                "$1", "$2", "$3", "$4", "$5", "$6", "$7"), "
            on conflict (account_id, status_id) do nothing returning status_id, account_id"),
        // `offset 0`: planned for one status at a time, which is the same whether tables are empty or full.
        postgres: concat!("insert into home_feed (account_id, status_id, author_id, reblog_of_id)
            select g.account_id, p.status, p.author, p.boosts
            from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::boolean[])
                    p (status, author, boosts, whose, answers, language, mentioned)
                cross join lateral (",
            home_of!("f.account_id", "p.status", "p.author", "p.boosts", "p.whose", "p.answers", "p.language", "p.mentioned"),
            " offset 0) g
            on conflict (account_id, status_id) do nothing returning status_id, account_id"),
    });
    // $1 status, $2 author; of all: $3 at most of each kind.
    AUDIENCE = Sql::Once(&Sql::Differs {
        sqlite: audience_of!("$1", "$2", ""),
        postgres: audience_of!("p.status", "p.author", " from unnest($1::bigint[], $2::bigint[]) p (status, author)"),
    });
    BELLS = Sql::Same("select f.account_id from follows f join users u on u.account_id = f.account_id
        where f.target_id = $1 and f.notifies");
    // What a feed would hold had everything been fanned out to it: own posts and those of followed people.
    // $1 feed, $2 newer than, $3 now, $4 at most.
    REBUILD = Sql::Same(concat!("insert into home_feed (account_id, status_id, author_id, reblog_of_id)
        select cast($1 as bigint), s.id, s.account_id, s.reblog_of_id
        from (select target_id, shows_reblogs, languages from follows where account_id = $1
            union all select cast($1 as bigint), true, null) f
        join statuses s on s.account_id = f.target_id and s.id > $2
        left join statuses o on o.id = s.reblog_of_id
        where ", feed_rules!(), " and ", not_exclusive!(), "
        order by s.id desc limit $4 on conflict (account_id, status_id) do nothing"));
    // The same for one author: $5.
    MERGE = Sql::Same(concat!("insert into home_feed (account_id, status_id, author_id, reblog_of_id)
        select cast($1 as bigint), s.id, s.account_id, s.reblog_of_id
        from follows f join statuses s on s.account_id = f.target_id and s.id > $2
        left join statuses o on o.id = s.reblog_of_id
        where f.account_id = $1 and f.target_id = $5 and ", feed_rules!(), " and ", not_exclusive!(),
        " order by s.id desc limit $4 on conflict (account_id, status_id) do nothing returning status_id"));
    SWEEP = Sql::Same("delete from home_feed where account_id = $1 and (author_id = $2
        or reblog_of_id in (select s.id from statuses s where s.account_id = $2))");
    SWEEP_DOMAIN = Sql::Same("delete from home_feed where account_id = $1 and (
        exists (select 1 from accounts a where a.id = home_feed.author_id and a.domain = $2)
        or exists (select 1 from statuses s join accounts a on a.id = s.account_id
            where s.id = home_feed.reblog_of_id and a.domain = $2))");
    TRIM = Sql::Same("delete from home_feed where account_id = $1 and status_id in (
        select h.status_id from home_feed h where h.account_id = $1 and h.status_id < coalesce(
            (select k.status_id from home_feed k where k.account_id = $1 order by k.status_id desc limit 1 offset $2), 0)
        order by h.status_id limit $3)");
    OVERLONG = Sql::Same("select account_id from home_feed group by account_id having count(*) > $1");
    HOME_SEEN = Sql::Same("select coalesce(home_seen_at, created_at) from users where account_id = $1");
    SEE_HOME = Sql::Same("update users set home_seen_at = $2 where account_id = $1");
    IS_IN_HOME = Sql::Same("select 1 from home_feed where account_id = $1 and status_id = $2");
}

/// The statements of the whole folder.
pub(super) fn all() -> Vec<&'static Statement> {
    [ALL, lists::ALL, tags::ALL].concat()
}

/// The paged lists of the whole folder.
pub(super) fn keysets() -> Vec<&'static Keyset> {
    [KEYSETS, lists::KEYSETS].concat()
}

/// The home timeline: ids, newest first.
///
/// # Errors
/// The database failed.
pub fn home(q: &Query<'_>, viewer: AccountId, page: &Page) -> Result<Vec<StatusId>, Fault> {
    Ok(HOME.page::<(StatusId,)>(q, page, &[Value::Int(viewer.0)])?.into_iter().map(|(id,)| id).collect())
}

/// Which posts a public timeline shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// All that this server knows.
    Anywhere,
    /// Written here.
    Local,
    /// Written elsewhere.
    Remote,
}

/// A public timeline: ids, newest first, without authors the viewer blocks, mutes or is blocked by.
///
/// # Errors
/// The database failed.
pub fn public(
    q: &Query<'_>,
    viewer: Viewer,
    origin: Origin,
    only_media: bool,
    page: &Page,
    now: Time,
) -> Result<Vec<StatusId>, Fault> {
    let list = match (origin, only_media) {
        (Origin::Anywhere, false) => &PUBLIC,
        (Origin::Local, false) => &PUBLIC_LOCAL,
        (Origin::Remote, false) => &PUBLIC_REMOTE,
        (Origin::Anywhere, true) => &PUBLIC_MEDIA,
        (Origin::Local, true) => &PUBLIC_LOCAL_MEDIA,
        (Origin::Remote, true) => &PUBLIC_REMOTE_MEDIA,
    };
    let own = [Value::Int(viewer.account().map_or(0, |v| v.0)), Value::Int(now.0)];
    Ok(list.page::<(StatusId,)>(q, page, &own)?.into_iter().map(|(id,)| id).collect())
}

/// Which posts a tag timeline shows.
#[derive(Clone, Debug)]
pub struct TagFilter {
    /// Under at least one of these.
    pub any: Vec<TagId>,
    /// Under each of these.
    pub all: Vec<TagId>,
    /// Under none of these.
    pub none: Vec<TagId>,
    /// From where.
    pub origin: Origin,
    /// With pictures, sound or video alone.
    pub only_media: bool,
}

/// A tag timeline: ids, newest first.
///
/// # Errors
/// The database failed.
pub fn tag(q: &Query<'_>, viewer: Viewer, filter: &TagFilter, page: &Page, now: Time) -> Result<Vec<StatusId>, Fault> {
    let numbers = |ids: &[TagId]| {
        let mut numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    };
    let (any, all, none) = (numbers(&filter.any), numbers(&filter.all), numbers(&filter.none));
    let own = [
        Value::Int(viewer.account().map_or(0, |v| v.0)),
        Value::Int(now.0),
        Value::Ids(&any),
        Value::Ids(&all),
        Value::Int(i64::try_from(all.len()).unwrap_or(i64::MAX)),
        Value::Ids(&none),
        Value::Bool(filter.origin == Origin::Local),
        Value::Bool(filter.origin == Origin::Remote),
        Value::Bool(filter.only_media),
    ];
    Ok(TAG.page::<(StatusId,)>(q, page, &own)?.into_iter().map(|(id,)| id).collect())
}

/// Which posts of an account are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountFilter {
    /// With pictures, sound or video alone.
    pub only_media: bool,
    /// Without answers to others.
    pub excludes_replies: bool,
    /// Without boosts.
    pub excludes_reblogs: bool,
    /// Without direct posts.
    pub excludes_direct: bool,
    /// Under this tag.
    pub tag: Option<TagId>,
}

/// An account's posts that this viewer may be able to see: ids, newest first. The views decide in the end.
///
/// # Errors
/// The database failed.
pub fn of_account(
    q: &Query<'_>,
    account: AccountId,
    widest: phiomia_model::Visibility,
    filter: &AccountFilter,
    page: &Page,
) -> Result<Vec<StatusId>, Fault> {
    let own = [
        Value::Int(account.0),
        Value::Int(widest.code()),
        Value::Bool(filter.excludes_replies),
        Value::Bool(filter.excludes_reblogs),
        filter.tag.map_or(Value::Null, |t| Value::Int(t.0)),
        Value::Bool(filter.excludes_direct),
    ];
    let list = if filter.only_media { &MEDIA_OF_ACCOUNT } else { &OF_ACCOUNT };
    Ok(list.page::<(StatusId,)>(q, page, &own)?.into_iter().map(|(id,)| id).collect())
}

/// Pinned posts: (key for paging, status), newest pin first.
///
/// # Errors
/// The database failed.
pub fn pinned(q: &Query<'_>, account: AccountId, page: &Page) -> Result<Vec<(i64, StatusId)>, Fault> {
    PINNED.page(q, page, &[Value::Int(account.0)])
}

/// Puts one status into one feed.
///
/// # Errors
/// The database failed.
pub fn add_home(
    tx: &Tx<'_>,
    feed: AccountId,
    status: StatusId,
    author: AccountId,
    reblog_of: Option<StatusId>,
) -> Result<(), Fault> {
    tx.execute(&ADD_HOME, (feed, status, author, reblog_of)).map(|_| ())
}

/// Takes one status out of one feed.
///
/// # Errors
/// The database failed.
pub fn remove_home(tx: &Tx<'_>, feed: AccountId, status: StatusId) -> Result<(), Fault> {
    tx.execute(&REMOVE_HOME, (feed, status)).map(|_| ())
}

/// What fan-out looks at.
#[derive(Clone, Debug)]
pub struct FanOut<'a> {
    /// The status.
    pub status: StatusId,
    /// Its author.
    pub author: AccountId,
    /// What it boosts, and whose that is.
    pub reblog_of: Option<(StatusId, AccountId)>,
    /// Whom it answers.
    pub answered: Option<AccountId>,
    /// Its language.
    pub language: Option<&'a str>,
    /// Only followers it mentions (direct posts).
    pub mentioned_only: bool,
}

impl FanOut<'_> {
    /// What the statements of fan-out are told of it.
    fn row(&self) -> [Value<'_>; 7] {
        let number = |n: Option<i64>| n.map_or(Value::Null, Value::Int);
        [
            Value::Int(self.status.0),
            Value::Int(self.author.0),
            number(self.reblog_of.map(|(status, _)| status.0)),
            number(self.reblog_of.map(|(_, account)| account.0)),
            number(self.answered.map(|account| account.0)),
            self.language.map_or(Value::Null, Value::Text),
            Value::Bool(self.mentioned_only),
        ]
    }
}

/// Whom a post may have to be put before, each kind counted up to a bound.
#[derive(Clone, Copy, Debug, Default)]
pub struct Audience {
    /// Followers of its author who live here.
    pub followers: i64,
    /// People who want to be told of every post of its author's.
    pub bells: i64,
    /// Lists that have its author.
    pub lists: i64,
    /// Followings of its tags.
    pub tags: i64,
}

/// Whom posts of these authors may have to be put before, each kind counted up to `most`.
///
/// # Errors
/// The database failed.
pub fn audiences(
    q: &Query<'_>,
    posts: &[(StatusId, AccountId)],
    most: i64,
) -> Result<HashMap<StatusId, Audience>, Fault> {
    let rows: Vec<_> = posts.iter().map(|(status, author)| [Value::Int(status.0), Value::Int(author.0)]).collect();
    let counted: Vec<(StatusId, i64, i64, i64, i64)> = q.rows_each(&AUDIENCE, &rows, &[Value::Int(most)])?;
    let audience = |(status, followers, bells, lists, tags)| (status, Audience { followers, bells, lists, tags });
    Ok(counted.into_iter().map(audience).collect())
}

/// Writes statuses into the feeds of their authors' local followers; gives whose feeds gained which.
///
/// # Errors
/// The database failed.
pub fn fan_out(tx: &Tx<'_>, posts: &[FanOut<'_>], seen_since: Time) -> Result<Vec<(StatusId, AccountId)>, Fault> {
    let rows: Vec<_> = posts.iter().map(FanOut::row).collect();
    let of_all = [Value::Int(seen_since.0), Value::Int(tx.now().0), Value::Int(REBLOG_DISTANCE - 1)];
    tx.rows_each(&FAN_OUT, &rows, &of_all)
}

/// Local followers who want to be told of every post.
///
/// # Errors
/// The database failed.
pub fn bells(q: &Query<'_>, author: AccountId) -> Result<Vec<AccountId>, Fault> {
    q.column(&BELLS, (author,))
}

/// Fills a feed from the posts since `since`.
///
/// # Errors
/// The database failed.
pub fn rebuild(tx: &Tx<'_>, feed: AccountId, since: Time) -> Result<(), Fault> {
    tx.execute(&REBUILD, (feed, id::first_of(since), tx.now(), LONGEST_FEED)).map(|_| ())
}

/// Puts the newest posts of one author into a feed that follows them. Gives those that were not in it and are newer than
/// `news_since`, oldest first.
///
/// # Errors
/// The database failed.
pub fn merge(
    tx: &Tx<'_>,
    feed: AccountId,
    author: AccountId,
    since: Time,
    news_since: Time,
) -> Result<Vec<StatusId>, Fault> {
    let mut merged: Vec<StatusId> = tx.column(&MERGE, (feed, id::first_of(since), tx.now(), MERGED, author))?;
    merged.retain(|status| status.0 > id::first_of(news_since));
    merged.sort_unstable();
    Ok(merged)
}

/// Takes somebody's posts, and boosts of them, out of a feed.
///
/// # Errors
/// The database failed.
pub fn sweep(tx: &Tx<'_>, feed: AccountId, author: AccountId) -> Result<(), Fault> {
    tx.execute(&SWEEP, (feed, author)).map(|_| ())
}

/// Takes the posts of a domain's people, and boosts of them, out of a feed.
///
/// # Errors
/// The database failed.
pub fn sweep_domain(tx: &Tx<'_>, feed: AccountId, domain: &str) -> Result<(), Fault> {
    tx.execute(&SWEEP_DOMAIN, (feed, domain)).map(|_| ())
}

/// Whose feeds have grown to more than twice the longest. Looks at every row there is.
///
/// # Errors
/// The database failed.
pub fn overlong(q: &Query<'_>) -> Result<Vec<AccountId>, Fault> {
    q.column(&OVERLONG, (LONGEST_FEED * 2,))
}

/// Takes the oldest rows of a feed that are too many, at most so many at a time; how many went.
///
/// # Errors
/// The database failed.
pub fn trim(tx: &Tx<'_>, feed: AccountId, most: i64) -> Result<u64, Fault> {
    tx.execute(&TRIM, (feed, LONGEST_FEED - 1, most))
}

/// When the feed was last looked at, or the person came; `None` for people elsewhere.
///
/// # Errors
/// The database failed.
pub fn home_seen_at(q: &Query<'_>, viewer: AccountId) -> Result<Option<Time>, Fault> {
    q.value(&HOME_SEEN, (viewer,))
}

/// Remembers that the feed was looked at.
///
/// # Errors
/// The database failed.
pub fn see_home(tx: &Tx<'_>, viewer: AccountId) -> Result<(), Fault> {
    tx.execute(&SEE_HOME, (viewer, tx.now())).map(|_| ())
}

/// Whether a status is in somebody's feed.
///
/// # Errors
/// The database failed.
pub fn is_in_home(q: &Query<'_>, feed: AccountId, status: StatusId) -> Result<bool, Fault> {
    q.exists(&IS_IN_HOME, (feed, status))
}
