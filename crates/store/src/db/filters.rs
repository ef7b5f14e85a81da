//! What people do not want to see, or only behind a warning: filters with their phrases and the posts they name.

use std::{collections::HashMap, sync::Arc};

use phiomia_model::{
    AccountId, Fault, FilterAction, FilterContext, FilterId, FilterKeywordId, FilterStatusId, StatusId, Time,
};

use super::{
    made::Made,
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    OF_ACCOUNT = Sql::Same("select id, title, contexts, action, expires_at from filters
        where account_id = $1 order by id");
    ONE = Sql::Same("select id, title, contexts, action, expires_at from filters where id = $2 and account_id = $1");
    KEYWORDS = Sql::Same("select k.filter_id, k.id, k.keyword, k.is_whole_word from filter_keywords k
        where k.filter_id in ids($1) order by k.id");
    STATUSES = Sql::Same("select s.filter_id, s.id, s.status_id from filter_statuses s
        where s.filter_id in ids($1) order by s.id");
    HAVE_SOME = Sql::Same("select distinct account_id from filters where account_id in ids($1)");
    N_OF_ACCOUNT = Sql::Same("select count(*) from filters where account_id = $1");
    KEYWORDS_SIZE = Sql::Same("select count(*), coalesce(sum(length(k.keyword)), 0)
        from filters f join filter_keywords k on k.filter_id = f.id where f.account_id = $1");
    N_STATUSES = Sql::Same("select count(*) from filters f join filter_statuses s on s.filter_id = f.id
        where f.account_id = $1");
    INSERT = Sql::Same("insert into filters (id, account_id, title, contexts, action, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)");
    UPDATE = Sql::Same("update filters set title = $2, contexts = $3, action = $4, expires_at = $5 where id = $1");
    DELETE_KEYWORDS = Sql::Same("delete from filter_keywords where filter_id = $1");
    DELETE_STATUSES = Sql::Same("delete from filter_statuses where filter_id = $1");
    DELETE = Sql::Same("delete from filters where id = $1");
    KEYWORD = Sql::Same("select k.filter_id, k.id, k.keyword, k.is_whole_word
        from filter_keywords k join filters f on f.id = k.filter_id where k.id = $2 and f.account_id = $1");
    ADD_KEYWORD = Sql::Same("insert into filter_keywords (id, filter_id, keyword, is_whole_word)
        values ($1, $2, $3, $4)");
    CHANGE_KEYWORD = Sql::Same("update filter_keywords set keyword = $2, is_whole_word = $3 where id = $1");
    REMOVE_KEYWORD = Sql::Same("delete from filter_keywords where id = $1");
    STATUS = Sql::Same("select s.filter_id, s.id, s.status_id
        from filter_statuses s join filters f on f.id = s.filter_id where s.id = $2 and f.account_id = $1");
    ADD_STATUS = Sql::Same("insert into filter_statuses (id, filter_id, status_id) values ($1, $2, $3)
        on conflict (filter_id, status_id) do nothing");
    REMOVE_STATUS = Sql::Same("delete from filter_statuses where id = $1");
}

/// A filter, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterView {
    /// Its id.
    pub id: FilterId,
    /// What it is called.
    pub title: String,
    /// Where it applies.
    pub contexts: Vec<FilterContext>,
    /// What a match does.
    pub action: FilterAction,
    /// When it stops; `None`: never.
    pub expires_at: Option<Time>,
    /// What it looks for, in the order in which it was said.
    pub keywords: Vec<FilterKeyword>,
    /// Which posts it names.
    pub statuses: Vec<FilterStatus>,
}

impl FilterView {
    /// Whether it no longer applies by `now`.
    #[must_use]
    pub fn is_over(&self, now: Time) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// A phrase that a filter looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterKeyword {
    /// Whose it is.
    pub filter: FilterId,
    /// Its id.
    pub id: FilterKeywordId,
    /// The phrase.
    pub keyword: String,
    /// At the borders of words alone.
    pub is_whole_word: bool,
}

/// A post that a filter names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilterStatus {
    /// Whose it is.
    pub filter: FilterId,
    /// The id of the entry.
    pub id: FilterStatusId,
    /// The post.
    pub status: StatusId,
}

/// All filters of somebody, and what a reader makes of them to find matches.
#[derive(Debug, Default)]
pub struct Filters {
    /// Oldest first.
    pub all: Vec<FilterView>,
    /// What is made of them.
    pub made: Made,
}

impl Filters {
    /// About how much memory they take, with an automaton for their phrases.
    pub(super) fn size_bytes(&self) -> u32 {
        let keywords = self.all.iter().flat_map(|filter| &filter.keywords);
        let phrases: usize = keywords.map(|keyword| 160 + 24 * keyword.keyword.len()).sum();
        let rest: usize = self.all.iter().map(|filter| 200 + filter.title.len() + 32 * filter.statuses.len()).sum();
        u32::try_from(128 + phrases + rest).unwrap_or(u32::MAX)
    }
}

/// Somebody's filters as they apply at a moment.
#[derive(Clone, Debug)]
pub struct Filtering {
    /// The filters; never none.
    pub filters: Arc<Filters>,
    /// The moment.
    pub at: Time,
}

struct Loaded(FilterView);

impl FromRow for Loaded {
    fn from_row(row: &mut Row<'_>) -> Result<Loaded, Fault> {
        let (id, title, contexts, action) = (row.next()?, row.next()?, row.next::<String>()?, row.next::<String>()?);
        Ok(Loaded(FilterView {
            id,
            title,
            contexts: serde_json::from_str(&contexts)
                .map_err(|e| Fault::because("reading where a filter applies", e))?,
            action: action.parse().map_err(|e| Fault::because("reading what a filter does", e))?,
            expires_at: row.next()?,
            keywords: Vec::new(),
            statuses: Vec::new(),
        }))
    }
}

impl FromRow for FilterKeyword {
    fn from_row(row: &mut Row<'_>) -> Result<FilterKeyword, Fault> {
        Ok(FilterKeyword { filter: row.next()?, id: row.next()?, keyword: row.next()?, is_whole_word: row.next()? })
    }
}

impl FromRow for FilterStatus {
    fn from_row(row: &mut Row<'_>) -> Result<FilterStatus, Fault> {
        Ok(FilterStatus { filter: row.next()?, id: row.next()?, status: row.next()? })
    }
}

/// Somebody's filters, oldest first, those that are over too.
///
/// # Errors
/// The database failed.
pub fn of_account(q: &Query<'_>, me: AccountId) -> Result<Vec<FilterView>, Fault> {
    whole(q, q.rows(&OF_ACCOUNT, (me,))?)
}

/// One of somebody's filters; `None` when there is none or it is somebody else's.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, me: AccountId, id: FilterId) -> Result<Option<FilterView>, Fault> {
    Ok(whole(q, q.rows(&ONE, (me, id))?)?.pop())
}

fn whole(q: &Query<'_>, rows: Vec<Loaded>) -> Result<Vec<FilterView>, Fault> {
    let mut views: Vec<FilterView> = rows.into_iter().map(|Loaded(view)| view).collect();
    if views.is_empty() {
        return Ok(views);
    }
    let ids: Vec<i64> = views.iter().map(|view| view.id.0).collect();
    let places: HashMap<FilterId, usize> = views.iter().enumerate().map(|(at, view)| (view.id, at)).collect();
    for keyword in q.rows::<FilterKeyword>(&KEYWORDS, (&ids,))? {
        if let Some(view) = places.get(&keyword.filter).and_then(|at| views.get_mut(*at)) {
            view.keywords.push(keyword);
        }
    }
    for status in q.rows::<FilterStatus>(&STATUSES, (&ids,))? {
        if let Some(view) = places.get(&status.filter).and_then(|at| views.get_mut(*at)) {
            view.statuses.push(status);
        }
    }
    Ok(views)
}

/// What applies to what somebody reads at `at`; `None` when they have no filter. Kept in memory until a filter changes.
///
/// # Errors
/// The database failed.
pub fn in_force(q: &Query<'_>, me: AccountId, at: Time) -> Result<Option<Filtering>, Fault> {
    let known = q.cached.and_then(|cached| cached.filters(me));
    let filters = match known {
        Some(filters) => filters,
        None => keep(q, me, of_account(q, me)?),
    };
    Ok((!filters.all.is_empty()).then_some(Filtering { filters, at }))
}

/// The same for many at once: those who have filters. Whoever is not in memory is asked for together.
///
/// # Errors
/// The database failed.
pub fn in_force_for_many(
    q: &Query<'_>,
    people: &[AccountId],
    at: Time,
) -> Result<HashMap<AccountId, Filtering>, Fault> {
    let known = |me: &AccountId| q.cached.and_then(|cached| cached.filters(*me));
    let unknown: Vec<i64> = people.iter().filter(|me| known(me).is_none()).map(|me| me.0).collect();
    if !unknown.is_empty() {
        let have_some: Vec<AccountId> = q.column(&HAVE_SOME, (&unknown,))?;
        for me in unknown.into_iter().map(AccountId).filter(|me| !have_some.contains(me)) {
            keep(q, me, Vec::new());
        }
    }
    let mut all = HashMap::new();
    for me in people {
        if let Some(filtering) = in_force(q, *me, at)? {
            all.insert(*me, filtering);
        }
    }
    Ok(all)
}

fn keep(q: &Query<'_>, me: AccountId, all: Vec<FilterView>) -> Arc<Filters> {
    let filters = Arc::new(Filters { all, made: Made::default() });
    if let Some(cached) = q.cached {
        cached.keep_filters(me, &filters);
    }
    filters
}

/// How many filters somebody has.
///
/// # Errors
/// The database failed.
pub fn n_of_account(q: &Query<'_>, me: AccountId) -> Result<i64, Fault> {
    Ok(q.value(&N_OF_ACCOUNT, (me,))?.unwrap_or_default())
}

/// How many phrases the filters of somebody have, and how many characters those.
///
/// # Errors
/// The database failed.
pub fn keywords_size(q: &Query<'_>, me: AccountId) -> Result<(i64, i64), Fault> {
    Ok(q.row(&KEYWORDS_SIZE, (me,))?.unwrap_or_default())
}

/// How many posts the filters of somebody name.
///
/// # Errors
/// The database failed.
pub fn n_statuses(q: &Query<'_>, me: AccountId) -> Result<i64, Fault> {
    Ok(q.value(&N_STATUSES, (me,))?.unwrap_or_default())
}

/// Writes a new filter down, without its phrases and posts.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, me: AccountId, filter: &FilterView) -> Result<(), Fault> {
    let contexts = written(&filter.contexts)?;
    let values = (filter.id, me, &filter.title, &contexts, filter.action.word(), filter.expires_at, tx.now());
    tx.execute(&INSERT, values).map(|_| ())
}

/// Changes all of a filter but its phrases and posts.
///
/// # Errors
/// The database failed.
pub fn update(tx: &Tx<'_>, filter: &FilterView) -> Result<(), Fault> {
    let contexts = written(&filter.contexts)?;
    tx.execute(&UPDATE, (filter.id, &filter.title, &contexts, filter.action.word(), filter.expires_at)).map(|_| ())
}

fn written(contexts: &[FilterContext]) -> Result<String, Fault> {
    serde_json::to_string(contexts).map_err(|e| Fault::because("writing where a filter applies", e))
}

/// Deletes a filter with all that hangs on it.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, id: FilterId) -> Result<(), Fault> {
    tx.execute(&DELETE_KEYWORDS, (id,))?;
    tx.execute(&DELETE_STATUSES, (id,))?;
    tx.execute(&DELETE, (id,)).map(|_| ())
}

/// One of somebody's phrases; `None` when there is none or it is somebody else's.
///
/// # Errors
/// The database failed.
pub fn keyword(q: &Query<'_>, me: AccountId, id: FilterKeywordId) -> Result<Option<FilterKeyword>, Fault> {
    q.row(&KEYWORD, (me, id))
}

/// Writes a new phrase down.
///
/// # Errors
/// The database failed.
pub fn add_keyword(tx: &Tx<'_>, keyword: &FilterKeyword) -> Result<(), Fault> {
    let values = (keyword.id, keyword.filter, &keyword.keyword, keyword.is_whole_word);
    tx.execute(&ADD_KEYWORD, values).map(|_| ())
}

/// Changes a phrase.
///
/// # Errors
/// The database failed.
pub fn change_keyword(tx: &Tx<'_>, keyword: &FilterKeyword) -> Result<(), Fault> {
    tx.execute(&CHANGE_KEYWORD, (keyword.id, &keyword.keyword, keyword.is_whole_word)).map(|_| ())
}

/// Takes a phrase away.
///
/// # Errors
/// The database failed.
pub fn remove_keyword(tx: &Tx<'_>, id: FilterKeywordId) -> Result<(), Fault> {
    tx.execute(&REMOVE_KEYWORD, (id,)).map(|_| ())
}

/// One of somebody's entries of posts; `None` when there is none or it is somebody else's.
///
/// # Errors
/// The database failed.
pub fn status(q: &Query<'_>, me: AccountId, id: FilterStatusId) -> Result<Option<FilterStatus>, Fault> {
    q.row(&STATUS, (me, id))
}

/// Names a post; `false` when the filter names it already.
///
/// # Errors
/// The database failed.
pub fn add_status(tx: &Tx<'_>, status: FilterStatus) -> Result<bool, Fault> {
    Ok(tx.execute(&ADD_STATUS, (status.id, status.filter, status.status))? > 0)
}

/// Names a post no longer.
///
/// # Errors
/// The database failed.
pub fn remove_status(tx: &Tx<'_>, id: FilterStatusId) -> Result<(), Fault> {
    tx.execute(&REMOVE_STATUS, (id,)).map(|_| ())
}
