//! Posts under followed tags, which come into home beside those of followed people.

use phiomia_model::{AccountId, Fault, StatusId, TagId, Time, id};

use super::LONGEST_FEED;
use crate::db::{
    query::Tx,
    sql::{Sql, blocks_domain, blocks_domain_of, queries},
};

queries! {
    // A feed has a post once, whether by its author, by one tag or by several. $1 status, $2 author, $3 seen since, $4 now.
    FAN_OUT_TO_TAGS = Sql::Same(concat!("insert into home_feed (account_id, status_id, author_id)
        select distinct t.account_id, cast($1 as bigint), cast($2 as bigint)
        from status_tags st join tag_follows t on t.tag_id = st.tag_id join users u on u.account_id = t.account_id
        where st.status_id = $1 and t.account_id <> $2 and coalesce(u.home_seen_at, u.created_at) > $3
            and not exists (select 1 from mutes m where m.account_id = t.account_id
                and (m.target_id = $2 or m.target_id in (select x.account_id from mentions x where x.status_id = $1))
                and (m.expires_at is null or m.expires_at > $4))
            and not exists (select 1 from blocks b where b.account_id = t.account_id
                and (b.target_id = $2 or b.target_id in (select x.account_id from mentions x where x.status_id = $1)))
            and not exists (select 1 from blocks b where b.account_id = $2 and b.target_id = t.account_id)
            and not ", blocks_domain_of!("t.account_id", "$2"), "
        on conflict (account_id, status_id) do nothing
        returning account_id"));
    // The same for one feed: $1 feed, $2 newer than, $3 now, $4 at most.
    REBUILD_TAGS = Sql::Same(concat!("insert into home_feed (account_id, status_id, author_id)
        select distinct cast($1 as bigint), s.id, s.account_id
        from tag_follows t join status_tags st on st.tag_id = t.tag_id and st.status_id > $2
        join statuses s on s.id = st.status_id join accounts a on a.id = s.account_id
        where t.account_id = $1 and s.visibility = 0 and s.deleted_at is null and s.account_id <> $1
            and a.silenced_at is null and a.suspended_at is null
            and not exists (select 1 from mutes m where m.account_id = $1
                and (m.target_id = s.account_id
                    or m.target_id in (select x.account_id from mentions x where x.status_id = s.id))
                and (m.expires_at is null or m.expires_at > $3))
            and not exists (select 1 from blocks b where b.account_id = $1
                and (b.target_id = s.account_id
                    or b.target_id in (select x.account_id from mentions x where x.status_id = s.id)))
            and not exists (select 1 from blocks b where b.account_id = s.account_id and b.target_id = $1)
            and not ", blocks_domain!("$1", "a.domain"), "
        order by 2 desc limit $4
        on conflict (account_id, status_id) do nothing"));
    // What is in home for no other reason than the tag $2. The feed is short, so each row is looked at by itself.
    SWEEP_TAG = Sql::Same("delete from home_feed where account_id = $1 and author_id <> $1 and reblog_of_id is null
        and exists (select 1 from status_tags x where x.tag_id = $2 and x.status_id = home_feed.status_id)
        and not exists (select 1 from follows f where f.account_id = $1 and f.target_id = home_feed.author_id)
        and not exists (select 1 from status_tags x join tag_follows t on t.tag_id = x.tag_id and t.account_id = $1
            where x.status_id = home_feed.status_id)");
}

/// Writes a public post into the feeds of those who follow one of its tags; gives whose feeds gained it.
///
/// # Errors
/// The database failed.
pub fn fan_out_to_tags(
    tx: &Tx<'_>,
    status: StatusId,
    author: AccountId,
    seen_since: Time,
) -> Result<Vec<AccountId>, Fault> {
    tx.column(&FAN_OUT_TO_TAGS, (status, author, seen_since, tx.now()))
}

/// Fills a feed from the posts under followed tags since `since`.
///
/// # Errors
/// The database failed.
pub fn rebuild_tags(tx: &Tx<'_>, feed: AccountId, since: Time) -> Result<(), Fault> {
    tx.execute(&REBUILD_TAGS, (feed, id::first_of(since), tx.now(), LONGEST_FEED)).map(|_| ())
}

/// Takes out of a feed what was in it only because of a tag that is no longer followed.
///
/// # Errors
/// The database failed.
pub fn sweep_tag(tx: &Tx<'_>, feed: AccountId, tag: TagId) -> Result<(), Fault> {
    tx.execute(&SWEEP_TAG, (feed, tag)).map(|_| ())
}
