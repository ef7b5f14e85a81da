//! Accounts: what others see of a person, and how they are found.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use phiomia_model::{
    AccountId, Fault, Handle, Role, Time,
    account::{Field, ProfileMention, ProfilePicture, ShownTabs},
    remote::RemoteEmoji,
};

use super::{
    by_id::ById,
    json,
    made::Made,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row, Value},
};

macro_rules! columns {
    () => {
        "a.id, a.username, a.domain, a.uri, a.url, a.display_name, a.note, a.fields, a.is_locked, a.is_bot, a.is_group,
         a.is_discoverable, a.is_indexable, a.hides_collections, a.is_memorial, a.shows_media, a.shows_media_replies,
         a.shows_featured, a.attribution_domains, a.moved_to_id,
         a.suspended_at, a.silenced_at, a.sensitized_at, a.deleted_at, a.created_at, a.last_status_day, a.statuses_count,
         a.followers_count, a.following_count, u.role, t.avatar, t.header, t.avatar_description, t.header_description,
         t.emojis, u.avatar, u.header, u.mentions"
    };
}

queries! {
    VIEWS = Sql::Once(&Sql::Same(concat!("select ", columns!(), " from accounts a left join users u on u.account_id = a.id
        left join actors t on t.account_id = a.id where a.id in ids($1)")));
    VIEW = Sql::Same(concat!("select ", columns!(), " from accounts a left join users u on u.account_id = a.id
        left join actors t on t.account_id = a.id where a.id = $1"));
    PRESENT = Sql::Same("select id from accounts where id in ids($1) and suspended_at is null");
    BY_HANDLE = Sql::Same("select id from accounts where username_key = $1 and domain = $2");
    BY_KEYS = Sql::Once(&Sql::Same("select id, username_key, domain from accounts where username_key in texts($1)"));
    UPDATE_PROFILE = Sql::Same("update accounts set display_name = coalesce(cast($2 as text), display_name),
            note = coalesce(cast($3 as text), note), fields = coalesce(cast($4 as text), fields),
            is_locked = coalesce(cast($5 as boolean), is_locked), is_bot = coalesce(cast($6 as boolean), is_bot),
            is_discoverable = coalesce(cast($7 as boolean), is_discoverable),
            is_indexable = coalesce(cast($8 as boolean), is_indexable),
            hides_collections = coalesce(cast($9 as boolean), hides_collections),
            attribution_domains = coalesce(cast($10 as text), attribution_domains),
            shows_media = coalesce(cast($11 as boolean), shows_media),
            shows_media_replies = coalesce(cast($12 as boolean), shows_media_replies),
            shows_featured = coalesce(cast($13 as boolean), shows_featured)
        where id = $1");
    // Prefixes of the name, then of words of the display name; people the viewer follows come first.
    SEARCH = Sql::Same("select a.id from accounts a
        left join follows f on f.account_id = $2 and f.target_id = a.id
        where a.suspended_at is null and a.deleted_at is null
            and (a.username_key like $1 escape '\\' or lower(a.display_name) like $1 escape '\\'
                or lower(a.display_name) like '% ' || $1 escape '\\')
            and (cast($3 as text) is null or a.domain = $3)
            and (not $4 or f.account_id is not null)
            and not exists (select 1 from blocks b where b.account_id = a.id and b.target_id = $2)
        order by case when f.account_id is null then 1 else 0 end, a.followers_count desc, a.id desc
        limit $5 offset $6");
    COUNT_STATUSES = Sql::Same("update accounts set statuses_count = statuses_count + $2 where id = $1");
    COUNT_POSTED = Sql::Once(&Sql::Differs {
        sqlite: "update accounts set statuses_count = statuses_count + $2,
                last_status_day = max(coalesce(last_status_day, $3), $3)
            where id = $1",
        postgres: "update accounts set statuses_count = statuses_count + p.n, last_status_day = greatest(last_status_day, p.day)
            from unnest($1::bigint[], $2::bigint[], $3::bigint[]) p (id, n, day) where accounts.id = p.id",
    });
    LOCAL_COUNT = Sql::Same("select count(*) from accounts a join users u on u.account_id = a.id
        where a.suspended_at is null and a.deleted_at is null");
    FIRST_OWNER = Sql::Same("select u.account_id from users u join accounts a on a.id = u.account_id
        where u.role = 'owner' and a.deleted_at is null order by u.account_id limit 1");
}

/// What others see of an account. Viewer-independent.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Its id here.
    pub id: AccountId,
    /// The name without the domain.
    pub username: String,
    /// Lower case; `None` for people here.
    pub domain: Option<String>,
    /// Its id in the network.
    pub uri: String,
    /// Its page.
    pub url: String,
    /// Shown name; may be empty.
    pub display_name: String,
    /// Bio: as typed for people here, HTML for others.
    pub note: String,
    /// Name–value pairs.
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
    /// Does not show whom it follows and who follows it.
    pub hides_collections: bool,
    /// In memory of.
    pub is_memorial: bool,
    /// Which parts of its profile it shows.
    pub tabs: ShownTabs,
    /// Sites that may credit it.
    pub attribution_domains: Vec<String>,
    /// Where it moved to.
    pub moved_to: Option<Arc<AccountView>>,
    /// Suspended: appears nowhere.
    pub is_suspended: bool,
    /// Limited by moderators: followers alone see it without asking.
    pub is_silenced: bool,
    /// Media show as sensitive, by the moderators' decision.
    pub is_sensitized: bool,
    /// Gone for good.
    pub is_deleted: bool,
    /// When it was made.
    pub created_at: Time,
    /// The UTC day of its newest status, in days since 1970. `None`: no status yet.
    pub last_status_day: Option<i64>,
    /// Posts.
    pub statuses_count: i64,
    /// Followers.
    pub followers_count: i64,
    /// Followed.
    pub following_count: i64,
    /// The role of people here.
    pub role: Option<Role>,
    /// Its picture, where somebody elsewhere has one.
    pub avatar: Option<String>,
    /// Its wide picture, where somebody elsewhere has one.
    pub header: Option<String>,
    /// Alt text of the picture.
    pub avatar_description: String,
    /// Alt text of the wide picture.
    pub header_description: String,
    /// Custom emoji of names and texts, where they lie.
    pub emojis: Vec<RemoteEmoji>,
    /// The square picture of somebody here.
    pub own_avatar: Option<ProfilePicture>,
    /// The broad picture of somebody here.
    pub own_header: Option<ProfilePicture>,
    /// Whom the bio and the fields of somebody here name.
    pub mentions: Vec<ProfileMention>,
    /// What a renderer made of it.
    pub made: Made,
}

impl AccountView {
    /// About how much memory it takes, with what a renderer makes of it: an entity and its JSON.
    pub(super) fn size_bytes(&self) -> u32 {
        let fields: usize = self.fields.iter().map(|f| f.name.len() + f.value.len() + 64).sum();
        let named: usize = self.mentions.iter().map(|m| m.handle.len() + m.username.len() + m.url.len() + 72).sum();
        let texts = self.note.len() + self.display_name.len() + self.uri.len() + self.url.len() + self.username.len();
        u32::try_from(3_600 + 4 * texts + 3 * fields + named).unwrap_or(u32::MAX)
    }
    /// Whether it lives here.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.domain.is_none()
    }
    /// `alice`, or `alice@example.org` for people elsewhere.
    #[must_use]
    pub fn acct(&self) -> String {
        match &self.domain {
            None => self.username.clone(),
            Some(domain) => format!("{}@{domain}", self.username),
        }
    }
}

struct Loaded {
    view: AccountView,
    moved_to: Option<AccountId>,
}

impl FromRow for Loaded {
    fn from_row(row: &mut Row<'_>) -> Result<Loaded, Fault> {
        let view = AccountView {
            id: row.next()?,
            username: row.next()?,
            domain: Some(row.next::<String>()?).filter(|d| !d.is_empty()),
            uri: row.next()?,
            url: row.next()?,
            display_name: row.next()?,
            note: row.next()?,
            fields: json::read("accounts", &row.next::<String>()?)?,
            is_locked: row.next()?,
            is_bot: row.next()?,
            is_group: row.next()?,
            is_discoverable: row.next()?,
            is_indexable: row.next()?,
            hides_collections: row.next()?,
            is_memorial: row.next()?,
            tabs: ShownTabs { media: row.next()?, media_replies: row.next()?, featured: row.next()? },
            attribution_domains: json::read("accounts", &row.next::<String>()?)?,
            moved_to: None,
            is_suspended: false,
            is_silenced: false,
            is_sensitized: false,
            is_deleted: false,
            created_at: Time(0),
            last_status_day: None,
            statuses_count: 0,
            followers_count: 0,
            following_count: 0,
            role: None,
            avatar: None,
            header: None,
            avatar_description: String::new(),
            header_description: String::new(),
            emojis: Vec::new(),
            own_avatar: None,
            own_header: None,
            mentions: Vec::new(),
            made: Made::default(),
        };
        let moved_to = row.next()?;
        let view = AccountView {
            is_suspended: row.next::<Option<Time>>()?.is_some(),
            is_silenced: row.next::<Option<Time>>()?.is_some(),
            is_sensitized: row.next::<Option<Time>>()?.is_some(),
            is_deleted: row.next::<Option<Time>>()?.is_some(),
            created_at: row.next()?,
            last_status_day: row.next()?,
            statuses_count: row.next()?,
            followers_count: row.next()?,
            following_count: row.next()?,
            role: row.next::<Option<String>>()?.and_then(|word| word.parse().ok()),
            avatar: row.next()?,
            header: row.next()?,
            avatar_description: row.next::<Option<String>>()?.unwrap_or_default(),
            header_description: row.next::<Option<String>>()?.unwrap_or_default(),
            emojis: row.next::<Option<String>>()?.map_or(Ok(Vec::new()), |json| json::read("accounts", &json))?,
            own_avatar: row.next::<Option<String>>()?.map(|json| json::read("accounts", &json)).transpose()?,
            own_header: row.next::<Option<String>>()?.map(|json| json::read("accounts", &json)).transpose()?,
            mentions: row.next::<Option<String>>()?.map_or(Ok(Vec::new()), |json| json::read("users", &json))?,
            ..view
        };
        Ok(Loaded { view, moved_to })
    }
}

/// The accounts with these ids, by id; suspended and deleted ones too. One query, two when one of them has moved.
///
/// # Errors
/// The database failed.
pub fn map(q: &Query<'_>, ids: &[AccountId]) -> Result<ById<AccountId, Arc<AccountView>>, Fault> {
    let mut known: ById<AccountId, Arc<AccountView>> = ById::with_capacity_and_hasher(ids.len(), Default::default());
    let mut wanted: Vec<i64> = Vec::new();
    for id in ids {
        match q.cached.and_then(|cached| cached.account(*id)) {
            Some(account) => drop(known.insert(*id, account)),
            None => wanted.push(id.0),
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(known);
    }
    let loaded: Vec<Loaded> = match wanted[..] {
        [one] => q.rows(&VIEW, (one,))?,
        _ => q.rows(&VIEWS, (&wanted,))?,
    };
    let targets: Vec<i64> = loaded.iter().filter_map(|l| l.moved_to).map(|id| id.0).collect();
    let targets: ById<AccountId, Arc<AccountView>> = if targets.is_empty() {
        ById::default()
    } else {
        // A target that moved on itself is shown without its own target: clients do not follow chains.
        q.rows::<Loaded>(&VIEWS, (&targets,))?.into_iter().map(|l| (l.view.id, Arc::new(l.view))).collect()
    };
    for l in loaded {
        let moved_to = l.moved_to.and_then(|id| targets.get(&id).cloned());
        let has_moved = moved_to.is_some();
        let account = Arc::new(AccountView { moved_to, ..l.view });
        // Who has moved shows somebody else's profile too, whose changes would not be noticed here.
        if let Some(cached) = q.cached.filter(|_| !has_moved) {
            cached.keep_account(&account);
        }
        known.insert(account.id, account);
    }
    Ok(known)
}

/// The accounts with these ids, in the ids' order; unknown ids are left out.
///
/// # Errors
/// The database failed.
pub fn views(q: &Query<'_>, ids: &[AccountId]) -> Result<Vec<Arc<AccountView>>, Fault> {
    let found = map(q, ids)?;
    Ok(ids.iter().filter_map(|id| found.get(id).cloned()).collect())
}

/// One account; `None` when there is none with this id.
///
/// # Errors
/// The database failed.
pub fn view(q: &Query<'_>, id: AccountId) -> Result<Option<Arc<AccountView>>, Fault> {
    Ok(views(q, &[id])?.pop())
}

/// Those of these accounts that are there and not suspended.
///
/// # Errors
/// The database failed.
pub fn present(q: &Query<'_>, ids: &[AccountId]) -> Result<HashSet<AccountId>, Fault> {
    let mut ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(q.column(&PRESENT, (&ids,))?.into_iter().collect())
}

/// The account a handle names, if we know it; its domain must already be relative to ours.
///
/// # Errors
/// The database failed.
pub fn by_handle(q: &Query<'_>, handle: &Handle) -> Result<Option<AccountId>, Fault> {
    q.value(&BY_HANDLE, (handle.key(), handle.domain.as_deref().unwrap_or_default()))
}

/// The accounts that handles name, in one query; handles we do not know are left out.
///
/// # Errors
/// The database failed.
pub fn by_handles(q: &Query<'_>, handles: &[Handle]) -> Result<Vec<(Handle, AccountId)>, Fault> {
    if handles.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<String> = handles.iter().map(Handle::key).collect();
    let rows: Vec<(AccountId, String, String)> = q.rows(&BY_KEYS, (keys.as_slice(),))?;
    let found: HashMap<(String, String), AccountId> =
        rows.into_iter().map(|(id, key, domain)| ((key, domain), id)).collect();
    let id_of = |h: &Handle| found.get(&(h.key(), h.domain.clone().unwrap_or_default())).copied();
    Ok(handles.iter().filter_map(|h| id_of(h).map(|id| (h.clone(), id))).collect())
}

/// What changes of a profile; `None` leaves a column as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileColumns<'a> {
    /// Shown name.
    pub display_name: Option<&'a str>,
    /// Bio.
    pub note: Option<&'a str>,
    /// All fields.
    pub fields: Option<&'a [Field]>,
    /// Follow requests need approval.
    pub is_locked: Option<bool>,
    /// Automated.
    pub is_bot: Option<bool>,
    /// May be shown in discovery.
    pub is_discoverable: Option<bool>,
    /// Public posts may be found by anyone's search.
    pub is_indexable: Option<bool>,
    /// Does not show whom it follows and who follows it.
    pub hides_collections: Option<bool>,
    /// Sites that may credit it.
    pub attribution_domains: Option<&'a [String]>,
    /// Has a tab of posts with media.
    pub shows_media: Option<bool>,
    /// Answers with media stand there, too.
    pub shows_media_replies: Option<bool>,
    /// Has a tab of what is featured.
    pub shows_featured: Option<bool>,
}

/// Changes a profile.
///
/// # Errors
/// The database failed.
pub fn update_profile(tx: &Tx<'_>, id: AccountId, change: &ProfileColumns<'_>) -> Result<(), Fault> {
    let json = |e| Fault::because("writing a JSON column of accounts", e);
    let fields = change.fields.map(serde_json::to_string).transpose().map_err(json)?;
    let domains = change.attribution_domains.map(serde_json::to_string).transpose().map_err(json)?;
    let flag = |value: Option<bool>| value.map_or(Value::Null, Value::Bool);
    let values = [
        Value::Int(id.0),
        text(change.display_name),
        text(change.note),
        text(fields.as_deref()),
        flag(change.is_locked),
        flag(change.is_bot),
        flag(change.is_discoverable),
        flag(change.is_indexable),
        flag(change.hides_collections),
        text(domains.as_deref()),
        flag(change.shows_media),
        flag(change.shows_media_replies),
        flag(change.shows_featured),
    ];
    tx.execute(&UPDATE_PROFILE, values.as_slice()).map(|_| ())
}

fn text(value: Option<&str>) -> Value<'_> {
    value.map_or(Value::Null, Value::Text)
}

/// What to look for among accounts.
#[derive(Clone, Debug)]
pub struct AccountSearch<'a> {
    /// The beginning of a name or of a word of the display name.
    pub text: &'a str,
    /// Only this domain (`""` for here); `None` for all.
    pub domain: Option<&'a str>,
    /// For whom.
    pub viewer: AccountId,
    /// Only people the viewer follows.
    pub following_only: bool,
    /// At most this many.
    pub limit: i64,
    /// After this many.
    pub offset: i64,
}

/// Ids of accounts whose names begin like that, best first.
///
/// # Errors
/// The database failed.
pub fn search(q: &Query<'_>, search: &AccountSearch<'_>) -> Result<Vec<AccountId>, Fault> {
    let mut pattern = String::with_capacity(search.text.len() + 1);
    for c in search.text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    q.column(&SEARCH, (pattern, search.viewer, search.domain, search.following_only, search.limit, search.offset))
}

/// The account posted (`by` = 1) something on `day`, or boosted.
///
/// # Errors
/// The database failed.
pub fn count_posted(tx: &Tx<'_>, id: AccountId, by: i64, day: i64) -> Result<(), Fault> {
    count_posted_each(tx, &[(id, by, day)])
}

/// The same for some accounts, each there once.
///
/// # Errors
/// The database failed.
pub fn count_posted_each(tx: &Tx<'_>, posted: &[(AccountId, i64, i64)]) -> Result<(), Fault> {
    let row = |(id, by, day): &(AccountId, i64, i64)| [Value::Int(id.0), Value::Int(*by), Value::Int(*day)];
    tx.execute_each(&COUNT_POSTED, &posted.iter().map(row).collect::<Vec<_>>(), &[])
}

/// The account has `by` statuses more (less, if negative).
///
/// # Errors
/// The database failed.
pub fn count_statuses(tx: &Tx<'_>, id: AccountId, by: i64) -> Result<(), Fault> {
    tx.execute(&COUNT_STATUSES, (id, by)).map(|_| ())
}

/// How many people live here.
///
/// # Errors
/// The database failed.
pub fn n_local(q: &Query<'_>) -> Result<i64, Fault> {
    Ok(q.value(&LOCAL_COUNT, ())?.unwrap_or_default())
}

/// The first owner, whom the server names as its contact.
///
/// # Errors
/// The database failed.
pub fn first_owner(q: &Query<'_>) -> Result<Option<AccountId>, Fault> {
    q.value(&FIRST_OWNER, ())
}
