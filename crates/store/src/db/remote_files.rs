//! Files of other servers that were looked at here: what is known of an address, what of it lies on the files shelf, and
//! how much that is.

use phiomia_model::{Fault, StatusId, Time, card::Card, remote::RemoteMedia};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    FIND = Sql::Same("select f.id, f.failure, f.retry_at, f.blurhash, f.width, f.height, v.version, v.file_key, v.used_at
        from remote_files f left join remote_versions v on v.remote_file_id = f.id and v.state = 'kept'
        where f.url = $1 and f.purpose = $2");
    ASK = Sql::Same("insert into remote_files (id, url, purpose, host, asked_at) values ($1, $2, $3, $4, $5)
        on conflict (url, purpose) do update set asked_at = excluded.asked_at
        returning id");
    IMPRESS = Sql::Same("update remote_files set blurhash = $2, width = $3, height = $4 where id = $1");
    FAIL = Sql::Same("update remote_files set failure = $2, retry_at = $3, n_failures = n_failures + 1 where id = $1");
    SUCCEED = Sql::Same("update remote_files set failure = null, retry_at = null, n_failures = 0 where id = $1");
    FAILURES = Sql::Same("select n_failures from remote_files where id = $1");
    USAGE = Sql::Same("select n_bytes from remote_usage where id = 1");
    // Whoever comes second sees what the first has taken.
    TAKE = Sql::Same("update remote_usage set n_bytes = n_bytes + $1 where id = 1 and n_bytes + $1 <= $2");
    GIVE_BACK = Sql::Same("update remote_usage set n_bytes = n_bytes - $1 where id = 1");
    WRITE = Sql::Same("insert into remote_versions (file_key, remote_file_id, version, n_bytes, rank, state, used_at)
        values ($1, $2, $3, $4, $5, 'writing', $6)");
    KEEP = Sql::Same("update remote_versions set state = 'kept', used_at = $2
        where file_key in texts($1) and state = 'writing'");
    // What was there before, when it came anew.
    REPLACE = Sql::Same("update remote_versions set state = 'leaving', used_at = $3
        where remote_file_id = $1 and state = 'kept' and not (file_key in texts($2)) returning file_key");
    TOUCH = Sql::Same("update remote_versions set used_at = $2 where file_key = $1 and state = 'kept'");
    VICTIMS = Sql::Same("select file_key, n_bytes from remote_versions where state = 'kept'
        order by rank, used_at limit $1");
    // $2: a domain, and what lies below it; null for all. What nobody looked at for longest first.
    UNUSED = Sql::Same("select v.file_key, v.n_bytes from remote_versions v join remote_files f on f.id = v.remote_file_id
        where v.state = 'kept' and v.rank = $1 and v.used_at <= $3
            and (cast($2 as text) is null or f.host = $2 or f.host like '%.' || $2 or f.host like $2 || ':%')
        order by v.used_at limit $4");
    N_UNUSED = Sql::Same("select count(*), coalesce(cast(sum(v.n_bytes) as bigint), 0)
        from remote_versions v join remote_files f on f.id = v.remote_file_id
        where v.state = 'kept' and v.used_at <= $2
            and (cast($1 as text) is null or f.host = $1 or f.host like '%.' || $1 or f.host like $1 || ':%')");
    // A domain, and what lies below it.
    OF_DOMAIN = Sql::Same("select v.file_key from remote_files f
        join remote_versions v on v.remote_file_id = f.id and v.state = 'kept'
        where f.host = $1 or f.host like '%.' || $1 or f.host like $1 || ':%' limit $2");
    LEAVE = Sql::Same("update remote_versions set state = 'leaving', used_at = $2
        where file_key in texts($1) and state = 'kept'");
    BETWEEN = Sql::Same("select file_key from remote_versions where state <> 'kept' and used_at < $1
        order by used_at limit $2");
    GONE = Sql::Same("delete from remote_versions where file_key in texts($1) and state <> 'kept' returning n_bytes");
    FORGET = Sql::Same("delete from remote_files where id in (
            select f.id from remote_files f where f.asked_at < $1 and (f.retry_at is null or f.retry_at < $2)
                and not exists (select 1 from remote_versions v where v.remote_file_id = f.id) limit $3)");
    FORGET_DOMAIN = Sql::Same("delete from remote_files where (host = $1 or host like '%.' || $1 or host like $1 || ':%')
        and not exists (select 1 from remote_versions v where v.remote_file_id = remote_files.id)");
    BY_HOST = Sql::Same("select f.host, count(*), cast(sum(v.n_bytes) as bigint) from remote_versions v
        join remote_files f on f.id = v.remote_file_id group by f.host order by 3 desc, 1 limit $1");
    BY_PURPOSE = Sql::Same("select f.purpose, v.version, count(*), cast(sum(v.n_bytes) as bigint)
        from remote_versions v join remote_files f on f.id = v.remote_file_id
        group by f.purpose, v.version order by 1, 2");
    IS_KEPT = Sql::Same("select 1 from remote_versions where file_key = $1");
    ATTACHMENTS = Sql::Same("select r.attachments from remote_statuses r
        join statuses s on s.id = r.status_id where r.status_id = $1 and s.deleted_at is null");
    // With the id of the post in the network, which says whose server it is of.
    SHOWN_ATTACHMENTS = Sql::Same(concat!("select r.attachments, ", status_uri!("s", "a"), " from remote_statuses r
        join statuses s on s.id = r.status_id join accounts a on a.id = s.account_id
        where r.status_id = $1 and s.deleted_at is null and a.suspended_at is null and a.deleted_at is null"));
    SHOWN_CARD = Sql::Same("select c.facts from status_cards k join cards c on c.id = k.card_id
        join statuses s on s.id = k.status_id join accounts a on a.id = s.account_id
        where k.status_id = $1 and s.deleted_at is null and a.suspended_at is null and a.deleted_at is null");
    DESCRIBE = Sql::Same("update remote_statuses set attachments = $2 where status_id = $1");
}

/// One of the files that were made of what an address gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptVersion {
    /// `original`, `small` or `static`.
    pub version: String,
    /// Its name on the files shelf.
    pub key: String,
    /// When somebody last looked at it, within some minutes.
    pub used_at: Time,
}

/// What a picture looks like from afar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impression {
    /// A placeholder; `None`: it can be seen through everywhere.
    pub blurhash: Option<String>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its number.
    pub id: i64,
    /// Why nothing came of it, when that was so the last time.
    pub failure: Option<String>,
    /// Until when it is not asked for again.
    pub retry_at: Option<Time>,
    /// What it looked like the last time that it was fetched.
    pub impression: Option<Impression>,
    /// What lies here.
    pub versions: Vec<KeptVersion>,
}

struct Found {
    file: RemoteFile,
    version: Option<KeptVersion>,
}

impl FromRow for Found {
    fn from_row(row: &mut Row<'_>) -> Result<Found, Fault> {
        let (id, failure, retry_at, blurhash) = (row.next()?, row.next()?, row.next()?, row.next()?);
        let (width, height): (Option<i64>, Option<i64>) = (row.next()?, row.next()?);
        let side = |pixels: Option<i64>| pixels.and_then(|pixels| u32::try_from(pixels).ok());
        let impression = side(width).zip(side(height)).map(|(width, height)| Impression { blurhash, width, height });
        let version: (Option<String>, Option<String>, Option<Time>) = (row.next()?, row.next()?, row.next()?);
        let version = match version {
            (Some(version), Some(key), Some(used_at)) => Some(KeptVersion { version, key, used_at }),
            _ => None,
        };
        Ok(Found { file: RemoteFile { id, failure, retry_at, impression, versions: Vec::new() }, version })
    }
}

/// What is known of an address, for one purpose.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, url: &str, purpose: &str) -> Result<Option<RemoteFile>, Fault> {
    let rows: Vec<Found> = q.rows(&FIND, (url, purpose))?;
    let mut file: Option<RemoteFile> = None;
    for found in rows {
        file.get_or_insert(found.file).versions.extend(found.version);
    }
    Ok(file)
}

/// Notes that an address is asked for; gives its number.
///
/// # Errors
/// The database failed.
pub fn ask(tx: &Tx<'_>, url: &str, purpose: &str, host: &str) -> Result<i64, Fault> {
    let id = tx.value(&ASK, (tx.new_id(), url, purpose, host, tx.now()))?;
    id.ok_or_else(|| Fault::new("an address that was just written is not there"))
}

/// Notes what it looks like.
///
/// # Errors
/// The database failed.
pub fn impress(tx: &Tx<'_>, id: i64, impression: &Impression) -> Result<(), Fault> {
    let Impression { blurhash, width, height } = impression;
    tx.execute(&IMPRESS, (id, blurhash.as_deref(), i64::from(*width), i64::from(*height))).map(|_| ())
}

/// How often it failed in a row.
///
/// # Errors
/// The database failed.
pub fn n_failures(q: &Query<'_>, id: i64) -> Result<i64, Fault> {
    Ok(q.value(&FAILURES, (id,))?.unwrap_or_default())
}

/// Notes that nothing came of it.
///
/// # Errors
/// The database failed.
pub fn fail(tx: &Tx<'_>, id: i64, why: &str, retry_at: Time) -> Result<(), Fault> {
    tx.execute(&FAIL, (id, why, retry_at)).map(|_| ())
}

/// Bytes of all of these files, those that are being written or removed among them.
///
/// # Errors
/// The database failed.
pub fn usage(q: &Query<'_>) -> Result<i64, Fault> {
    Ok(q.value(&USAGE, ())?.unwrap_or_default())
}

/// Takes room for so many bytes, if the sum stays within `most`.
///
/// # Errors
/// The database failed.
pub fn take(tx: &Tx<'_>, n_bytes: i64, most: i64) -> Result<bool, Fault> {
    Ok(tx.execute(&TAKE, (n_bytes, most))? > 0)
}

/// A file that is about to be written, for which room was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVersion {
    /// `original`, `small` or `static`.
    pub version: &'static str,
    /// Its name on the files shelf.
    pub key: String,
    /// Bytes.
    pub n_bytes: i64,
    /// 0 goes first, 1 last.
    pub rank: i64,
}

/// Notes that a file is about to be written.
///
/// # Errors
/// The database failed.
pub fn write(tx: &Tx<'_>, id: i64, new: &NewVersion) -> Result<(), Fault> {
    tx.execute(&WRITE, (new.key.as_str(), id, new.version, new.n_bytes, new.rank, tx.now())).map(|_| ())
}

/// Keeps what was written; gives the files in whose place it came, which are leaving now.
///
/// # Errors
/// The database failed.
pub fn keep(tx: &Tx<'_>, id: i64, keys: &[String]) -> Result<Vec<String>, Fault> {
    let replaced = tx.column(&REPLACE, (id, keys, tx.now()))?;
    tx.execute(&KEEP, (keys, tx.now()))?;
    tx.execute(&SUCCEED, (id,))?;
    Ok(replaced)
}

/// Somebody looks at it now.
///
/// # Errors
/// The database failed.
pub fn touch(tx: &Tx<'_>, key: &str) -> Result<(), Fault> {
    tx.execute(&TOUCH, (key, tx.now())).map(|_| ())
}

/// Who goes first, with its bytes: the least recently used, previews last.
///
/// # Errors
/// The database failed.
pub fn victims(q: &Query<'_>, most: i64) -> Result<Vec<(String, i64)>, Fault> {
    q.rows(&VICTIMS, (most,))
}

/// Some that nobody looked at since then, with their bytes; of a domain and what lies below it, if one is given.
///
/// # Errors
/// The database failed.
pub fn unused(q: &Query<'_>, domain: Option<&str>, before: Time, most: i64) -> Result<Vec<(String, i64)>, Fault> {
    let mut found: Vec<(String, i64)> = Vec::new();
    for rank in [0_i64, 1] {
        let left = most.saturating_sub(i64::try_from(found.len()).unwrap_or(i64::MAX));
        found.extend(q.rows::<(String, i64)>(&UNUSED, (rank, domain, before, left))?);
    }
    Ok(found)
}

/// How many these are in all, and their bytes.
///
/// # Errors
/// The database failed.
pub fn n_unused(q: &Query<'_>, domain: Option<&str>, before: Time) -> Result<(i64, i64), Fault> {
    Ok(q.row(&N_UNUSED, (domain, before))?.unwrap_or_default())
}

/// Some that came from a domain or from below it.
///
/// # Errors
/// The database failed.
pub fn of_domain(q: &Query<'_>, domain: &str, most: i64) -> Result<Vec<String>, Fault> {
    q.column(&OF_DOMAIN, (domain, most))
}

/// These are not given to anybody any more: their files are about to be removed.
///
/// # Errors
/// The database failed.
pub fn leave(tx: &Tx<'_>, keys: &[String]) -> Result<(), Fault> {
    if keys.is_empty() { Ok(()) } else { tx.execute(&LEAVE, (keys, tx.now())).map(|_| ()) }
}

/// Some that have been being written or removed since before then: whoever did it is dead.
///
/// # Errors
/// The database failed.
pub fn between(q: &Query<'_>, before: Time, most: i64) -> Result<Vec<String>, Fault> {
    q.column(&BETWEEN, (before, most))
}

/// The files of these are not there any more: their room is free.
///
/// # Errors
/// The database failed.
pub fn gone(tx: &Tx<'_>, keys: &[String]) -> Result<(), Fault> {
    if keys.is_empty() {
        return Ok(());
    }
    let n_bytes: i64 = tx.column::<i64>(&GONE, (keys,))?.into_iter().sum();
    tx.execute(&GIVE_BACK, (n_bytes,)).map(|_| ())
}

/// Forgets some addresses of which nothing lies here, asked for before then; whether there may be more.
///
/// # Errors
/// The database failed.
pub fn forget(tx: &Tx<'_>, before: Time, most: i64) -> Result<bool, Fault> {
    let n_gone = tx.execute(&FORGET, (before, tx.now(), most))?;
    Ok(i64::try_from(n_gone).unwrap_or(i64::MAX) >= most)
}

/// Forgets the addresses of a domain, and of what lies below it, of which nothing lies here.
///
/// # Errors
/// The database failed.
pub fn forget_domain(tx: &Tx<'_>, domain: &str) -> Result<(), Fault> {
    tx.execute(&FORGET_DOMAIN, (domain,)).map(|_| ())
}

/// Files and bytes of one host.
pub type HostUsage = (String, i64, i64);

/// Hosts with the files and bytes that lie here of them, the largest first.
///
/// # Errors
/// The database failed.
pub fn by_host(q: &Query<'_>, most: i64) -> Result<Vec<HostUsage>, Fault> {
    q.rows(&BY_HOST, (most,))
}

/// Files and bytes of one purpose and version.
pub type PurposeUsage = (String, String, i64, i64);

/// What lies here, by what it is for and which version it is.
///
/// # Errors
/// The database failed.
pub fn by_purpose(q: &Query<'_>) -> Result<Vec<PurposeUsage>, Fault> {
    q.rows(&BY_PURPOSE, ())
}

/// Whether a file of the shelf is one of these.
///
/// # Errors
/// The database failed.
pub fn is_known(q: &Query<'_>, key: &str) -> Result<bool, Fault> {
    q.exists(&IS_KEPT, (key,))
}

/// The attachments of a post from elsewhere that is shown, and its id in the network.
///
/// # Errors
/// The database failed.
pub fn shown_attachments(q: &Query<'_>, status: StatusId) -> Result<Option<(Vec<RemoteMedia>, String)>, Fault> {
    let Some((json, uri)) = q.row::<(String, String)>(&SHOWN_ATTACHMENTS, (status,))? else { return Ok(None) };
    let attachments = serde_json::from_str(&json);
    let attachments = attachments.map_err(|e| Fault::because("reading the attachments of a post", e))?;
    Ok(Some((attachments, uri)))
}

/// What is known of the page that a post which is shown links to.
///
/// # Errors
/// The database failed.
pub fn shown_card(q: &Query<'_>, status: StatusId) -> Result<Option<Card>, Fault> {
    let json: Option<String> = q.value::<Option<String>>(&SHOWN_CARD, (status,))?.flatten();
    let card = json.map(|json| serde_json::from_str(&json)).transpose();
    card.map_err(|e| Fault::because("reading what a page is", e))
}

/// The attachments of a post from elsewhere.
///
/// # Errors
/// The database failed.
pub fn attachments(q: &Query<'_>, status: StatusId) -> Result<Vec<RemoteMedia>, Fault> {
    let json: Option<String> = q.value(&ATTACHMENTS, (status,))?;
    let read = |json: String| serde_json::from_str(&json);
    json.map_or(Ok(Vec::new()), read).map_err(|e| Fault::because("reading the attachments of a post", e))
}

/// Writes them anew.
///
/// # Errors
/// The database failed.
pub fn describe(tx: &Tx<'_>, status: StatusId, attachments: &[RemoteMedia]) -> Result<(), Fault> {
    let json = serde_json::to_string(attachments);
    let json = json.map_err(|e| Fault::because("writing the attachments of a post", e))?;
    tx.execute(&DESCRIBE, (status, json)).map(|_| ())
}
