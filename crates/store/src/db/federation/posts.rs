//! What is known of a post from elsewhere beside its row: media and emoji where they lie, collections, the origin's counts.

use std::collections::HashMap;

use phiomia_model::{
    AccountId, Fault, StatusId, Time, Visibility,
    remote::{Interactions, RemoteDraft, RemoteEmoji, RemoteMedia},
};

use crate::db::{
    json, names,
    query::{Query, Tx},
    search::is_postgres,
    sql::{Sql, queries},
    value::{FromRow, Row, ToValue, Value},
};

queries! {
    BY_URL = Sql::Same("select id from statuses where url = $1 and deleted_at is null and not is_local limit 1");
    // $2 and $3: numbers and authors of the names that are of ours. One statement, whosever they are.
    OWNERS = Sql::Same(concat!("select s.uri, s.id, s.account_id, s.is_local, s.deleted_at is null
        from statuses s where s.uri in texts($1)
        union all
        select ", status_uri!("s", "a"), ", s.id, s.account_id, s.is_local, s.deleted_at is null
        from statuses s join accounts a on a.id = s.account_id
        where s.id in ids($2) and s.uri is null and a.uri in texts($3)"));
    KEEP = Sql::Once(&Sql::Same("insert into remote_statuses (status_id, attachments, emojis, in_reply_to_uri, replies, context,
            origin_replies, origin_reblogs, origin_favourites, fetched_at, interaction_policy, counted_at)
        rows($1 bigint, $2 text, $3 text, $4 text, $5 text, $6 text, $7 bigint, $8 bigint, $9 bigint, $10 bigint, $11 text,
            $12 bigint)
        on conflict (status_id) do update set attachments = excluded.attachments, emojis = excluded.emojis,
            replies = excluded.replies, context = excluded.context,
            origin_replies = coalesce(excluded.origin_replies, remote_statuses.origin_replies),
            origin_reblogs = coalesce(excluded.origin_reblogs, remote_statuses.origin_reblogs),
            origin_favourites = coalesce(excluded.origin_favourites, remote_statuses.origin_favourites),
            fetched_at = excluded.fetched_at, interaction_policy = excluded.interaction_policy,
            counted_at = coalesce(excluded.counted_at, remote_statuses.counted_at)"));
    INTERACTIONS = Sql::Same("select interaction_policy from remote_statuses
        where status_id = $1 and interaction_policy is not null");
    FIND = Sql::Same("select r.in_reply_to_uri, r.replies, r.context, r.origin_replies, r.origin_reblogs,
            r.origin_favourites, r.fetched_at, r.attachments, r.emojis, r.n_reactions, r.counted_at
        from remote_statuses r where r.status_id = $1");
    ERASE = Sql::Same("delete from remote_statuses where status_id = $1");
    ERASE_REACTIONS = Sql::Same("delete from reactions where status_id = $1");
    OVERTAKEN = Sql::Same("select in_reply_to_uri, 1 from remote_statuses where in_reply_to_uri in texts($1)
        union all select quoted_uri, 2 from quotes where quoted_uri in texts($1) and quoted_status_id is null
        union all select object, 3 from early_activities where object in texts($1)");
    WAITING = Sql::Same("select r.status_id, s.visibility from remote_statuses r join statuses s on s.id = r.status_id
        where r.in_reply_to_uri = $1 and s.in_reply_to_id is null and s.deleted_at is null");
    ADOPT = Sql::Same("update statuses set in_reply_to_id = $2, in_reply_to_account_id = $3, conversation_id = $4,
            answers_unknown = false
        where id = $1");
    SET_ANSWERS_UNKNOWN = Sql::Same("update statuses set answers_unknown = true where id = $1");
    ANSWERS_UNKNOWN = Sql::Same("select 1 from statuses where id = $1 and answers_unknown");
    HOLD = Sql::Same("update remote_statuses set is_held = true where status_id = $1");
    RELEASE = Sql::Same("update remote_statuses set is_held = false where status_id = $1 and is_held");
    // Until the end of the transaction nobody else has one of these names in hand; always taken in the same order. By two
    // numbers, which are never the one number that another lock of ours has, whatever somebody calls a post.
    HOLD_NAMES = Sql::Differs {
        sqlite: "select 0",
        postgres: "select 1 from (select pg_advisory_xact_lock(cast(k.key >> 32 as int), cast((k.key << 32) >> 32 as int))
            from (select hashtextextended(name, 0) as key from unnest($1::text[]) name order by 1) k) held",
    };
    BY_CONVERSATION = Sql::Same("select uri, id from conversations where uri in texts($1)");
    NAME_CONVERSATION = Sql::Once(&Sql::Same("insert into conversations (id, created_at, uri)
        rows($1 bigint, $2 bigint, $3 text) on conflict (uri) where uri is not null do nothing"));
    REACT = Sql::Same("insert into reactions (status_id, account_id, content, uri, created_at) values ($1, $2, $3, $4, $5)
        on conflict (status_id, account_id, content) do nothing");
    UNREACT = Sql::Same("delete from reactions where status_id = $1 and account_id = $2 and (content = $3 or uri = $4)");
    HAS_REACTED = Sql::Same("select 1 from reactions where status_id = $1 and account_id = $2 limit 1");
    COUNT_REACTIONS = Sql::Same("update remote_statuses set n_reactions = n_reactions + $2 where status_id = $1");
    SET_FAVOURITE_URI = Sql::Same("update favourites set uri = $3 where account_id = $1 and status_id = $2");
    FAVOURITE_BY_URI = Sql::Same("select account_id, status_id from favourites where uri = $1");
    FAVOURITE_ID = Sql::Same("select id from favourites where account_id = $1 and status_id = $2");
    BLOCK_ID = Sql::Same("select id from blocks where account_id = $1 and target_id = $2");
    EVEN_DELETED = Sql::Same(concat!("select s.account_id, ", status_uri!("s", "a"), ", s.visibility, s.reblog_of_id
        from statuses s join accounts a on a.id = s.account_id where s.id = $1"));
    INVOLVED = Sql::Same("select f.account_id from favourites f join actors t on t.account_id = f.account_id where f.status_id = $1
        union select s.account_id from statuses s join actors t on t.account_id = s.account_id where s.reblog_of_id = $1
        union select s.account_id from statuses s join actors t on t.account_id = s.account_id where s.in_reply_to_id = $1
        union select k.account_id from quotes k join actors t on t.account_id = k.account_id where k.quoted_status_id = $1");
    NEWEST_OF = Sql::Same("select max(id) from statuses where account_id = $1");
}

/// What is known of a post from elsewhere beside its row.
#[derive(Clone, Debug)]
pub struct RemoteRow {
    /// What it answers, while that is not known here.
    pub in_reply_to: Option<String>,
    /// The collection of its answers.
    pub replies: Option<String>,
    /// The collection of its whole thread.
    pub context: Option<String>,
    /// As the origin counts.
    pub n_replies: Option<i64>,
    /// As the origin counts.
    pub n_reblogs: Option<i64>,
    /// As the origin counts.
    pub n_favourites: Option<i64>,
    /// When it was last seen at its origin.
    pub fetched_at: Time,
    /// Its media, where they lie.
    pub attachments: Vec<RemoteMedia>,
    /// Pictures for `:shortcodes:`.
    pub emojis: Vec<RemoteEmoji>,
    /// Reactions with an emoji that came here.
    pub n_reactions: i64,
    /// When the origin last said how much it counts; `None`: it never did, or that was not noted yet.
    pub counted_at: Option<Time>,
}

impl FromRow for RemoteRow {
    fn from_row(row: &mut Row<'_>) -> Result<RemoteRow, Fault> {
        Ok(RemoteRow {
            in_reply_to: row.next()?,
            replies: row.next()?,
            context: row.next()?,
            n_replies: row.next()?,
            n_reblogs: row.next()?,
            n_favourites: row.next()?,
            fetched_at: row.next()?,
            attachments: json::read("remote_statuses", &row.next::<String>()?)?,
            emojis: json::read("remote_statuses", &row.next::<String>()?)?,
            n_reactions: row.next()?,
            counted_at: row.next()?,
        })
    }
}

/// The post with this id in the network, of here or elsewhere; not when it is deleted.
///
/// # Errors
/// The database failed.
pub fn by_uri(q: &Query<'_>, uri: &str) -> Result<Option<StatusId>, Fault> {
    Ok(found(q, uri)?.filter(|found| found.is_there).map(|found| found.id))
}

/// The post from elsewhere with this page.
///
/// # Errors
/// The database failed.
pub fn by_url(q: &Query<'_>, url: &str) -> Result<Option<StatusId>, Fault> {
    q.value(&BY_URL, (url,))
}

/// Whose post this is, and whether it was written here; also of a deleted one.
///
/// # Errors
/// The database failed.
pub fn owner(q: &Query<'_>, uri: &str) -> Result<Option<(StatusId, AccountId, bool)>, Fault> {
    Ok(found(q, uri)?.map(|found| (found.id, found.owner, found.is_local)))
}

fn found(q: &Query<'_>, uri: &str) -> Result<Option<Found>, Fault> {
    Ok(found_each(q, &[uri.to_owned()])?.remove(uri))
}

/// What is asked next of these names, and written because of the answer, is not overtaken by what another transaction does
/// with one of them: a post may come at the moment when its deletion does, a `Follow` when its `Undo` does. On SQLite there
/// is no other transaction.
///
/// # Errors
/// The database failed.
pub fn hold_names(tx: &Tx<'_>, names: &[String]) -> Result<(), Fault> {
    if is_postgres(tx) && !names.is_empty() {
        tx.rows::<(i64,)>(&HOLD_NAMES, (names,))?;
    }
    Ok(())
}

/// A post as known by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub id: StatusId,
    /// Whose it is.
    pub owner: AccountId,
    /// Whether it was written here.
    pub is_local: bool,
    /// Whether it is not deleted.
    pub is_there: bool,
}

/// The posts with these ids in the network, by them; deleted ones, too.
///
/// # Errors
/// The database failed.
pub fn found_each(q: &Query<'_>, uris: &[String]) -> Result<HashMap<String, Found>, Fault> {
    let own: Vec<(&str, i64, bool)> = uris.iter().filter_map(|uri| names::of_own(uri)).collect();
    let ids: Vec<i64> = own.iter().map(|(_, id, _)| *id).collect();
    let authors: Vec<String> = own.iter().map(|(author, ..)| (*author).to_owned()).collect();
    let rows: Vec<(String, StatusId, AccountId, bool, bool)> =
        q.rows(&OWNERS, (uris, ids.as_slice(), authors.as_slice()))?;
    let found = |(uri, id, owner, is_local, is_there)| (uri, Found { id, owner, is_local, is_there });
    // One's number and another's author make a name that nobody asked for.
    Ok(rows.into_iter().map(found).filter(|(uri, _)| uris.contains(uri)).collect())
}

/// What is known of a post beside its row.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// Which.
    pub status: StatusId,
    /// As it came.
    pub draft: &'a RemoteDraft,
    /// What it answers, while that is not known here.
    pub parent: Option<&'a str>,
}

/// Keeps what is known beside the rows.
///
/// # Errors
/// The database failed.
pub fn keep_each(tx: &Tx<'_>, posts: &[Beside<'_>]) -> Result<(), Fault> {
    let json = |e| Fault::because("writing a JSON column of remote_statuses", e);
    let written = |post: &Beside<'_>| {
        let is_free = post.draft.interactions == Interactions::default();
        let policy = || serde_json::to_string(&post.draft.interactions).map_err(json);
        Ok::<_, Fault>((
            serde_json::to_string(&post.draft.attachments).map_err(json)?,
            serde_json::to_string(&post.draft.emojis).map_err(json)?,
            (!is_free).then(policy).transpose()?,
        ))
    };
    let columns: Vec<_> = posts.iter().map(written).collect::<Result<_, _>>()?;
    let rows = posts.iter().zip(&columns).map(|(post, (attachments, emojis, policy))| {
        let draft = post.draft;
        let says_counts = [draft.n_replies, draft.n_reblogs, draft.n_favourites].iter().any(Option::is_some);
        [
            post.status.to_value(),
            attachments.to_value(),
            emojis.to_value(),
            post.parent.map_or(Value::Null, Value::Text),
            draft.replies.to_value(),
            draft.context.to_value(),
            draft.n_replies.to_value(),
            draft.n_reblogs.to_value(),
            draft.n_favourites.to_value(),
            Value::Int(tx.now().0),
            policy.to_value(),
            if says_counts { Value::Int(tx.now().0) } else { Value::Null },
        ]
    });
    tx.execute_each(&KEEP, &rows.collect::<Vec<_>>(), &[])
}

/// What is known beside the row; `None` for posts of here.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, status: StatusId) -> Result<Option<RemoteRow>, Fault> {
    q.row(&FIND, (status,))
}

/// What the author of a post from elsewhere restricts; `None`: nothing.
///
/// # Errors
/// The database failed.
pub fn interactions(q: &Query<'_>, status: StatusId) -> Result<Option<Interactions>, Fault> {
    let text: Option<String> = q.value(&INTERACTIONS, (status,))?;
    text.map(|text| json::read("remote_statuses", &text)).transpose()
}

/// Takes it away with the post.
///
/// # Errors
/// The database failed.
pub fn erase(tx: &Tx<'_>, status: StatusId) -> Result<(), Fault> {
    tx.execute(&ERASE_REACTIONS, (status,))?;
    tx.execute(&ERASE, (status,)).map(|_| ())
}

/// What came before the post it is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overtaken {
    /// Posts that answer it.
    pub has_replies: bool,
    /// Posts that quote it.
    pub has_quotes: bool,
    /// What people did with it.
    pub has_activities: bool,
}

/// What came before the posts with these ids, of which it came before any.
///
/// # Errors
/// The database failed.
pub fn overtaken(q: &Query<'_>, uris: &[String]) -> Result<HashMap<String, Overtaken>, Fault> {
    let mut all: HashMap<String, Overtaken> = HashMap::new();
    for (uri, what) in q.rows::<(String, i64)>(&OVERTAKEN, (uris,))? {
        let of_one = all.entry(uri).or_default();
        match what {
            1 => of_one.has_replies = true,
            2 => of_one.has_quotes = true,
            _ => of_one.has_activities = true,
        }
    }
    Ok(all)
}

/// Posts that answer one which was not known when they came: id, visibility's code.
///
/// # Errors
/// The database failed.
pub fn waiting_for(q: &Query<'_>, uri: &str) -> Result<Vec<(StatusId, i64)>, Fault> {
    q.rows(&WAITING, (uri,))
}

/// A post has found what it answers.
///
/// # Errors
/// The database failed.
pub fn adopt(
    tx: &Tx<'_>,
    status: StatusId,
    parent: (StatusId, AccountId),
    conversation: Option<i64>,
) -> Result<(), Fault> {
    tx.execute(&ADOPT, (status, parent.0, parent.1, conversation)).map(|_| ())
}

/// A post answers one that is not here; `is_news`: it goes into feeds when that comes.
///
/// # Errors
/// The database failed.
pub fn hold(tx: &Tx<'_>, status: StatusId, is_news: bool) -> Result<(), Fault> {
    tx.execute(&SET_ANSWERS_UNKNOWN, (status,))?;
    if is_news {
        tx.execute(&HOLD, (status,))?;
    }
    Ok(())
}

/// Whether a post answers one that is not here.
///
/// # Errors
/// The database failed.
pub fn answers_unknown(q: &Query<'_>, status: StatusId) -> Result<bool, Fault> {
    q.exists(&ANSWERS_UNKNOWN, (status,))
}

/// A post that was held back is so no longer; whether it was.
///
/// # Errors
/// The database failed.
pub fn release(tx: &Tx<'_>, status: StatusId) -> Result<bool, Fault> {
    Ok(tx.execute(&RELEASE, (status,))? > 0)
}

/// The threads of these names; those that are new are begun.
///
/// # Errors
/// The database failed.
pub fn conversations(tx: &Tx<'_>, mut uris: Vec<String>) -> Result<HashMap<String, i64>, Fault> {
    uris.sort_unstable();
    uris.dedup();
    if uris.is_empty() {
        return Ok(HashMap::new());
    }
    let known =
        || Ok::<HashMap<String, i64>, Fault>(tx.rows(&BY_CONVERSATION, (uris.as_slice(),))?.into_iter().collect());
    let before = known()?;
    let new = uris.iter().filter(|uri| !before.contains_key(*uri));
    let rows: Vec<_> = new.map(|uri| [Value::Int(tx.new_id()), Value::Int(tx.now().0), uri.to_value()]).collect();
    if rows.is_empty() {
        return Ok(before);
    }
    tx.execute_each(&NAME_CONVERSATION, &rows, &[])?;
    // Somebody else may have begun one at the same moment.
    known()
}

/// Somebody reacts with an emoji; `false` when they had done so before.
///
/// # Errors
/// The database failed.
pub fn react(
    tx: &Tx<'_>,
    status: StatusId,
    account: AccountId,
    content: &str,
    uri: Option<&str>,
) -> Result<bool, Fault> {
    let is_new = tx.execute(&REACT, (status, account, content, uri, tx.now()))? > 0;
    if is_new {
        tx.execute(&COUNT_REACTIONS, (status, 1_i64))?;
    }
    Ok(is_new)
}

/// Somebody takes a reaction back.
///
/// # Errors
/// The database failed.
pub fn unreact(
    tx: &Tx<'_>,
    status: StatusId,
    account: AccountId,
    content: &str,
    uri: Option<&str>,
) -> Result<bool, Fault> {
    let n = tx.execute(&UNREACT, (status, account, content, uri.unwrap_or_default()))?;
    if n > 0 {
        tx.execute(&COUNT_REACTIONS, (status, -i64::try_from(n).unwrap_or(0)))?;
    }
    Ok(n > 0)
}

/// Whether somebody reacts to a post with any emoji.
///
/// # Errors
/// The database failed.
pub fn has_reacted(q: &Query<'_>, status: StatusId, account: AccountId) -> Result<bool, Fault> {
    q.exists(&HAS_REACTED, (status, account))
}

/// Notes the name of a `Like`.
///
/// # Errors
/// The database failed.
pub fn name_favourite(tx: &Tx<'_>, account: AccountId, status: StatusId, uri: &str) -> Result<(), Fault> {
    tx.execute(&SET_FAVOURITE_URI, (account, status, uri)).map(|_| ())
}

/// The favourite with this name.
///
/// # Errors
/// The database failed.
pub fn favourite_by_uri(q: &Query<'_>, uri: &str) -> Result<Option<(AccountId, StatusId)>, Fault> {
    q.row(&FAVOURITE_BY_URI, (uri,))
}

/// The number of a favourite.
///
/// # Errors
/// The database failed.
pub fn favourite_number(q: &Query<'_>, account: AccountId, status: StatusId) -> Result<Option<i64>, Fault> {
    q.value(&FAVOURITE_ID, (account, status))
}

/// The number of a block.
///
/// # Errors
/// The database failed.
pub fn block_number(q: &Query<'_>, account: AccountId, target: AccountId) -> Result<Option<i64>, Fault> {
    q.value(&BLOCK_ID, (account, target))
}

/// A post, as far as its end is told elsewhere.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Whose.
    pub author: AccountId,
    /// Its id in the network.
    pub uri: String,
    /// Who could see it.
    pub visibility: Visibility,
    /// What it boosted.
    pub reblog_of: Option<StatusId>,
}

/// A post, also one that is deleted and waits for the sweep.
///
/// # Errors
/// The database failed.
pub fn even_deleted(q: &Query<'_>, status: StatusId) -> Result<Option<Ended>, Fault> {
    let row: Option<(AccountId, String, i64, Option<StatusId>)> = q.row(&EVEN_DELETED, (status,))?;
    Ok(row.map(|(author, uri, visibility, reblog_of)| Ended {
        author,
        uri,
        visibility: Visibility::from_code(visibility),
        reblog_of,
    }))
}

/// People elsewhere who favourited, boosted, answered or quoted a post.
///
/// # Errors
/// The database failed.
pub fn involved(q: &Query<'_>, status: StatusId) -> Result<Vec<AccountId>, Fault> {
    q.column(&INVOLVED, (status,))
}

/// The newest post known of somebody.
///
/// # Errors
/// The database failed.
pub fn newest_of(q: &Query<'_>, account: AccountId) -> Result<Option<StatusId>, Fault> {
    Ok(q.value::<Option<StatusId>>(&NEWEST_OF, (account,))?.flatten())
}
