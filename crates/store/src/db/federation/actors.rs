//! People who live elsewhere: how they are reached, and the keys their servers sign with for them.

use phiomia_model::{
    AccountId, Fault, Time,
    account::{Field, ShownTabs, keep_verified},
    remote::RemoteEmoji,
};

use crate::db::{
    json,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row, Value},
};

queries! {
    BY_URI = Sql::Same("select id from accounts where uri = $1");
    BY_URIS = Sql::Same("select id, uri from accounts where uri in texts($1)");
    BY_URL = Sql::Same("select id from accounts where url = $1 and suspended_at is null limit 1");
    INSERT_ACCOUNT = Sql::Same("insert into accounts (id, username, username_key, domain, uri, url, display_name, note, fields,
            is_locked, is_bot, is_group, is_discoverable, is_indexable, is_memorial, attribution_domains, created_at,
            shows_media, shows_media_replies, shows_featured)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
        on conflict (uri) do nothing");
    UPDATE_ACCOUNT = Sql::Same("update accounts set username = $2, username_key = $3, domain = $4, url = $5, display_name = $6,
            note = $7, fields = $8, is_locked = $9, is_bot = $10, is_group = $11, is_discoverable = $12,
            is_indexable = $13, is_memorial = $14, attribution_domains = $15, shows_media = $16,
            shows_media_replies = $17, shows_featured = $18
        where id = $1");
    FIELDS = Sql::Same("select fields from accounts where id = $1");
    KEEP = Sql::Same("insert into actors (account_id, host, inbox, shared_inbox, outbox, followers, following, featured,
            featured_tags, avatar, header, avatar_description, header_description, emojis, also_known_as,
            is_suspended_at_home, fetched_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        on conflict (account_id) do update set host = excluded.host, inbox = excluded.inbox,
            shared_inbox = excluded.shared_inbox, outbox = excluded.outbox, followers = excluded.followers,
            following = excluded.following, featured = excluded.featured, featured_tags = excluded.featured_tags,
            avatar = excluded.avatar, header = excluded.header, avatar_description = excluded.avatar_description,
            header_description = excluded.header_description, emojis = excluded.emojis,
            also_known_as = excluded.also_known_as, is_suspended_at_home = excluded.is_suspended_at_home,
            fetched_at = excluded.fetched_at");
    FIND = Sql::Same("select t.account_id, t.host, t.inbox, t.shared_inbox, t.outbox, t.followers, t.following, t.featured,
            t.featured_tags, t.avatar, t.header, t.emojis, t.also_known_as, t.fetched_at, t.backfilled_at,
            t.counted_at
        from actors t where t.account_id = $1");
    SET_BACKFILLED = Sql::Same("update actors set backfilled_at = $2 where account_id = $1");
    SET_COUNTS = Sql::Same("update accounts set followers_count = coalesce(cast($2 as bigint), followers_count),
            following_count = coalesce(cast($3 as bigint), following_count),
            statuses_count = coalesce(cast($4 as bigint), statuses_count)
        where id = $1");
    SET_COUNTED = Sql::Same("update actors set counted_at = $2 where account_id = $1");
    SET_MOVED = Sql::Same("update accounts set moved_to_id = $2 where id = $1");
    SET_HANDLE_FREE = Sql::Same("update accounts set username_key = username_key || ' ' || id
        where username_key = $1 and domain = $2 and id <> $3");
    FORGET_KEYS = Sql::Same("delete from actor_keys where account_id = $1");
    KEEP_KEY = Sql::Same("insert into actor_keys (id, account_id, form, material) values ($1, $2, $3, $4)
        on conflict (id) do update set account_id = excluded.account_id, form = excluded.form, material = excluded.material");
    KEY = Sql::Same("select k.account_id, k.form, k.material, a.uri from actor_keys k join accounts a on a.id = k.account_id
        where k.id = $1");
    INBOXES = Sql::Same("select distinct case when t.shared_inbox = '' then t.inbox else t.shared_inbox end, t.host
        from actors t join accounts a on a.id = t.account_id
        where t.account_id in ids($1) and a.suspended_at is null and a.deleted_at is null");
    OWN_INBOXES = Sql::Same("select distinct t.inbox, t.host from actors t where t.account_id in ids($1)");
    FOLLOWERS_INBOXES = Sql::Same("select distinct case when t.shared_inbox = '' then t.inbox else t.shared_inbox end, t.host
        from follows f join actors t on t.account_id = f.account_id join accounts a on a.id = f.account_id
        where f.target_id = $1 and a.suspended_at is null and a.deleted_at is null");
    ALL_INBOXES = Sql::Same("select distinct case when shared_inbox = '' then inbox else shared_inbox end, host from actors");
    ANY = Sql::Same("select 1 from actors limit 1");
    HAS_LOCAL_FOLLOWERS = Sql::Same("select 1 from follows f join users u on u.account_id = f.account_id
        where f.target_id = $1 limit 1");
    FOLLOWERS_AT = Sql::Same("select a.id, a.uri from follows f join actors t on t.account_id = f.account_id
            join accounts a on a.id = f.account_id
        where f.target_id = $1 and t.host = $2");
    FOLLOWERS_ELSEWHERE = Sql::Same("select t.host, a.uri from follows f join actors t on t.account_id = f.account_id
            join accounts a on a.id = f.account_id
        where f.target_id = $1");
    FOLLOWERS_HERE = Sql::Same("select a.id, a.uri from follows f join users u on u.account_id = f.account_id
            join accounts a on a.id = f.account_id
        where f.target_id = $1");
    BY_FOLLOWERS = Sql::Same("select account_id from actors where followers = $1");
}

/// A profile from elsewhere, about to be kept.
#[derive(Clone, Debug, Default)]
pub struct RemoteProfile {
    /// Its id in the network, in normal form.
    pub uri: String,
    /// Without the domain, as written.
    pub username: String,
    /// The domain of the handle, in lower case.
    pub domain: String,
    /// Its page.
    pub url: String,
    /// Shown name.
    pub display_name: String,
    /// Bio, HTML as received.
    pub note: String,
    /// Rows, HTML as received.
    pub fields: Vec<Field>,
    /// Follow requests need approval.
    pub is_locked: bool,
    /// Automated.
    pub is_bot: bool,
    /// A group actor.
    pub is_group: bool,
    /// May be shown in discovery.
    pub is_discoverable: bool,
    /// Public posts may be found by anyone's search.
    pub is_indexable: bool,
    /// In memory of.
    pub is_memorial: bool,
    /// Which parts of its profile it shows.
    pub tabs: ShownTabs,
    /// Sites that may credit it.
    pub attribution_domains: Vec<String>,
    /// When it was made, as it says.
    pub created_at: Option<Time>,
    /// Host and port of the id.
    pub host: String,
    /// Where it gets its post.
    pub inbox: String,
    /// Empty: none.
    pub shared_inbox: String,
    /// What it sent.
    pub outbox: Option<String>,
    /// Its followers.
    pub followers: Option<String>,
    /// Whom it follows.
    pub following: Option<String>,
    /// Pinned posts.
    pub featured: Option<String>,
    /// Featured hashtags.
    pub featured_tags: Option<String>,
    /// Picture.
    pub avatar: Option<String>,
    /// Picture.
    pub header: Option<String>,
    /// Alt text.
    pub avatar_description: String,
    /// Alt text.
    pub header_description: String,
    /// Custom emoji of names and texts.
    pub emojis: Vec<RemoteEmoji>,
    /// Its other names.
    pub also_known_as: Vec<String>,
    /// Whether its own server suspended it.
    pub is_suspended_at_home: bool,
    /// Keys: id, whether it is a PEM (else multibase), the key as written.
    pub keys: Vec<(String, bool, String)>,
}

/// How somebody elsewhere is reached.
#[derive(Clone, Debug)]
pub struct ActorRow {
    /// Who.
    pub account: AccountId,
    /// Host and port of the id.
    pub host: String,
    /// Where it gets its post.
    pub inbox: String,
    /// Empty: none.
    pub shared_inbox: String,
    /// What it sent.
    pub outbox: Option<String>,
    /// Its followers.
    pub followers: Option<String>,
    /// Whom it follows.
    pub following: Option<String>,
    /// Pinned posts.
    pub featured: Option<String>,
    /// Featured hashtags.
    pub featured_tags: Option<String>,
    /// Picture.
    pub avatar: Option<String>,
    /// Picture.
    pub header: Option<String>,
    /// Custom emoji.
    pub emojis: Vec<RemoteEmoji>,
    /// Its other names.
    pub also_known_as: Vec<String>,
    /// When its document was last read.
    pub fetched_at: Time,
    /// When its posts were last fetched.
    pub backfilled_at: Option<Time>,
    /// When its server was last asked how many follow it, and how much it wrote.
    pub counted_at: Option<Time>,
}

impl FromRow for ActorRow {
    fn from_row(row: &mut Row<'_>) -> Result<ActorRow, Fault> {
        Ok(ActorRow {
            account: row.next()?,
            host: row.next()?,
            inbox: row.next()?,
            shared_inbox: row.next()?,
            outbox: row.next()?,
            followers: row.next()?,
            following: row.next()?,
            featured: row.next()?,
            featured_tags: row.next()?,
            avatar: row.next()?,
            header: row.next()?,
            emojis: json::read("actors", &row.next::<String>()?)?,
            also_known_as: json::read("actors", &row.next::<String>()?)?,
            fetched_at: row.next()?,
            backfilled_at: row.next()?,
            counted_at: row.next()?,
        })
    }
}

/// A key that somebody's server signs with.
#[derive(Clone, Debug)]
pub struct KnownKey {
    /// Whose.
    pub account: AccountId,
    /// A PEM, else multibase.
    pub is_pem: bool,
    /// As written.
    pub material: String,
    /// The owner's id in the network.
    pub owner: String,
}

/// Where an activity is to be sent: the inbox and the host it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Inbox {
    /// Its address.
    pub url: String,
    /// Host and port of who it belongs to.
    pub host: String,
}

/// The account with this id in the network, of here or elsewhere.
///
/// # Errors
/// The database failed.
pub fn by_uri(q: &Query<'_>, uri: &str) -> Result<Option<AccountId>, Fault> {
    q.value(&BY_URI, (uri,))
}

/// The accounts with these ids in the network.
///
/// # Errors
/// The database failed.
pub fn by_uris(q: &Query<'_>, uris: &[String]) -> Result<Vec<(AccountId, String)>, Fault> {
    if uris.is_empty() { Ok(Vec::new()) } else { q.rows(&BY_URIS, (uris,)) }
}

/// The account with this page.
///
/// # Errors
/// The database failed.
pub fn by_url(q: &Query<'_>, url: &str) -> Result<Option<AccountId>, Fault> {
    q.value(&BY_URL, (url,))
}

/// Keeps a profile from elsewhere, new or known by its id. A handle that another account had goes to this one: its
/// server says whose it is.
///
/// # Errors
/// The database failed.
pub fn keep(tx: &Tx<'_>, profile: &RemoteProfile) -> Result<AccountId, Fault> {
    let known = by_uri(tx, &profile.uri)?;
    let mut id = known.unwrap_or_else(|| AccountId(tx.new_id()));
    let key = profile.username.to_lowercase();
    tx.execute(&SET_HANDLE_FREE, (&key, &profile.domain, id))?;
    let mut fields = profile.fields.clone();
    if known.is_some()
        && let Some(before) = tx.value::<String>(&FIELDS, (id,))?
    {
        keep_verified(&mut fields, &json::read::<Vec<Field>>("accounts", &before)?);
    }
    let (fields, domains) = (json::write("actors", &fields)?, json::write("actors", &profile.attribution_domains)?);
    if known.is_some() {
        let values = [
            Value::Int(id.0),
            Value::Text(&profile.username),
            Value::Text(&key),
            Value::Text(&profile.domain),
            Value::Text(&profile.url),
            Value::Text(&profile.display_name),
            Value::Text(&profile.note),
            Value::Text(&fields),
            Value::Bool(profile.is_locked),
            Value::Bool(profile.is_bot),
            Value::Bool(profile.is_group),
            Value::Bool(profile.is_discoverable),
            Value::Bool(profile.is_indexable),
            Value::Bool(profile.is_memorial),
            Value::Text(&domains),
            Value::Bool(profile.tabs.media),
            Value::Bool(profile.tabs.media_replies),
            Value::Bool(profile.tabs.featured),
        ];
        tx.execute(&UPDATE_ACCOUNT, values.as_slice())?;
    } else {
        let created_at = profile.created_at.filter(|at| *at <= tx.now()).unwrap_or(tx.now());
        let values = [
            Value::Int(id.0),
            Value::Text(&profile.username),
            Value::Text(&key),
            Value::Text(&profile.domain),
            Value::Text(&profile.uri),
            Value::Text(&profile.url),
            Value::Text(&profile.display_name),
            Value::Text(&profile.note),
            Value::Text(&fields),
            Value::Bool(profile.is_locked),
            Value::Bool(profile.is_bot),
            Value::Bool(profile.is_group),
            Value::Bool(profile.is_discoverable),
            Value::Bool(profile.is_indexable),
            Value::Bool(profile.is_memorial),
            Value::Text(&domains),
            Value::Int(created_at.0),
            Value::Bool(profile.tabs.media),
            Value::Bool(profile.tabs.media_replies),
            Value::Bool(profile.tabs.featured),
        ];
        if tx.execute(&INSERT_ACCOUNT, values.as_slice())? == 0 {
            // Somebody else kept the same one at this moment.
            id = by_uri(tx, &profile.uri)?.ok_or_else(|| Fault::new("an account that was there is not there"))?;
        }
    }
    keep_actor(tx, id, profile)?;
    tx.execute(&FORGET_KEYS, (id,))?;
    for (key, is_pem, material) in &profile.keys {
        tx.execute(&KEEP_KEY, (key, id, if *is_pem { "pem" } else { "multibase" }, material))?;
    }
    Ok(id)
}

fn keep_actor(tx: &Tx<'_>, id: AccountId, profile: &RemoteProfile) -> Result<(), Fault> {
    let text = |value: &'_ Option<String>| value.clone();
    let (emojis, aliases) = (json::write("actors", &profile.emojis)?, json::write("actors", &profile.also_known_as)?);
    let texts = [&profile.outbox, &profile.followers, &profile.following, &profile.featured, &profile.featured_tags];
    let [outbox, followers, following, featured, featured_tags] = texts.map(text);
    fn or_null(value: Option<&String>) -> Value<'_> {
        value.map_or(Value::Null, |text| Value::Text(text))
    }
    let values = [
        Value::Int(id.0),
        Value::Text(&profile.host),
        Value::Text(&profile.inbox),
        Value::Text(&profile.shared_inbox),
        or_null(outbox.as_ref()),
        or_null(followers.as_ref()),
        or_null(following.as_ref()),
        or_null(featured.as_ref()),
        or_null(featured_tags.as_ref()),
        or_null(profile.avatar.as_ref()),
        or_null(profile.header.as_ref()),
        Value::Text(&profile.avatar_description),
        Value::Text(&profile.header_description),
        Value::Text(&emojis),
        Value::Text(&aliases),
        Value::Bool(profile.is_suspended_at_home),
        Value::Int(tx.now().0),
    ];
    tx.execute(&KEEP, values.as_slice()).map(|_| ())
}

/// How somebody elsewhere is reached; `None` for people here.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, account: AccountId) -> Result<Option<ActorRow>, Fault> {
    q.row(&FIND, (account,))
}

/// Notes that somebody's posts were fetched.
///
/// # Errors
/// The database failed.
pub fn set_backfilled(tx: &Tx<'_>, account: AccountId) -> Result<(), Fault> {
    tx.execute(&SET_BACKFILLED, (account, tx.now())).map(|_| ())
}

/// What the origin counts now: followers, followed, posts. `None` leaves a count as it is.
///
/// # Errors
/// The database failed.
pub fn set_counts(
    tx: &Tx<'_>,
    account: AccountId,
    followers: Option<i64>,
    following: Option<i64>,
    statuses: Option<i64>,
) -> Result<(), Fault> {
    tx.execute(&SET_COUNTS, (account, followers, following, statuses))?;
    if followers.or(following).or(statuses).is_some() {
        tx.execute(&SET_COUNTED, (account, tx.now()))?;
    }
    Ok(())
}

/// Somebody has gone to another account, or came back (`None`).
///
/// # Errors
/// The database failed.
pub fn set_moved(tx: &Tx<'_>, account: AccountId, target: Option<AccountId>) -> Result<(), Fault> {
    tx.execute(&SET_MOVED, (account, target)).map(|_| ())
}

/// The key with this name.
///
/// # Errors
/// The database failed.
pub fn key(q: &Query<'_>, id: &str) -> Result<Option<KnownKey>, Fault> {
    let row: Option<(AccountId, String, String, String)> = q.row(&KEY, (id,))?;
    Ok(row.map(|(account, form, material, owner)| KnownKey { account, is_pem: form == "pem", material, owner }))
}

fn inboxes(rows: Vec<(String, String)>) -> Vec<Inbox> {
    rows.into_iter().map(|(url, host)| Inbox { url, host }).collect()
}

/// The inboxes of some accounts, one for each server where that has a shared one. People here have none.
///
/// # Errors
/// The database failed.
pub fn inboxes_of(q: &Query<'_>, accounts: &[AccountId]) -> Result<Vec<Inbox>, Fault> {
    let ids: Vec<i64> = accounts.iter().map(|id| id.0).collect();
    if ids.is_empty() { Ok(Vec::new()) } else { Ok(inboxes(q.rows(&INBOXES, (&ids,))?)) }
}

/// The personal inboxes of some accounts, also of suspended ones: for what concerns one person.
///
/// # Errors
/// The database failed.
pub fn own_inboxes(q: &Query<'_>, accounts: &[AccountId]) -> Result<Vec<Inbox>, Fault> {
    let ids: Vec<i64> = accounts.iter().map(|id| id.0).collect();
    Ok(inboxes(q.rows(&OWN_INBOXES, (&ids,))?))
}

/// The inboxes of somebody's followers, one for each server where that has a shared one.
///
/// # Errors
/// The database failed.
pub fn followers_inboxes(q: &Query<'_>, account: AccountId) -> Result<Vec<Inbox>, Fault> {
    Ok(inboxes(q.rows(&FOLLOWERS_INBOXES, (account,))?))
}

/// Every inbox we know, one for each server where that has a shared one: who is deleted is deleted everywhere.
///
/// # Errors
/// The database failed.
pub fn all_inboxes(q: &Query<'_>) -> Result<Vec<Inbox>, Fault> {
    Ok(inboxes(q.rows(&ALL_INBOXES, ())?))
}

/// Whether anybody elsewhere is known at all: while nobody is, there is nobody to tell anything.
///
/// # Errors
/// The database failed.
pub fn is_anybody_known(q: &Query<'_>) -> Result<bool, Fault> {
    q.exists(&ANY, ())
}

/// Whether anybody here follows an account.
///
/// # Errors
/// The database failed.
pub fn has_local_followers(q: &Query<'_>, account: AccountId) -> Result<bool, Fault> {
    q.exists(&HAS_LOCAL_FOLLOWERS, (account,))
}

/// Somebody's followers at one host, with their ids in the network.
///
/// # Errors
/// The database failed.
pub fn followers_at(q: &Query<'_>, account: AccountId, host: &str) -> Result<Vec<(AccountId, String)>, Fault> {
    q.rows(&FOLLOWERS_AT, (account, host))
}

/// Somebody's followers who live elsewhere: their hosts, and their ids in the network.
///
/// # Errors
/// The database failed.
pub fn followers_elsewhere(q: &Query<'_>, account: AccountId) -> Result<Vec<(String, String)>, Fault> {
    q.rows(&FOLLOWERS_ELSEWHERE, (account,))
}

/// Somebody's followers who live here, with their ids in the network.
///
/// # Errors
/// The database failed.
pub fn followers_here(q: &Query<'_>, account: AccountId) -> Result<Vec<(AccountId, String)>, Fault> {
    q.rows(&FOLLOWERS_HERE, (account,))
}

/// Whose collection of followers this is.
///
/// # Errors
/// The database failed.
pub fn by_followers(q: &Query<'_>, collection: &str) -> Result<Option<AccountId>, Fault> {
    q.value(&BY_FOLLOWERS, (collection,))
}
