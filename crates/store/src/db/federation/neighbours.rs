//! What a post's document names beside the post itself: what it answers and quotes, its thread, and people's ids.

use phiomia_model::{AccountId, Fault, QuoteState, StatusId, Visibility};

use crate::db::{
    query::Query,
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    NEIGHBOURS = Sql::Same(concat!("select s.id, ", status_uri!("p", "pa"), ", c.uri, k.state,
            coalesce(", status_uri!("q", "a"), ", k.quoted_uri), k.approval_uri, k.quoted_account_id, a.domain, s.stamp
        from statuses s
        left join statuses p on p.id = s.in_reply_to_id
        left join accounts pa on pa.id = p.account_id
        left join conversations c on c.id = s.conversation_id
        left join quotes k on k.status_id = s.id
        left join statuses q on q.id = k.quoted_status_id
        left join accounts a on a.id = k.quoted_account_id
        where s.id in ids($1)"));
    // What authors answered to themselves, for everybody to see.
    CONTINUED = Sql::Same(concat!("select s.in_reply_to_id, s.id, ", status_uri!("s", "a"), "
        from statuses s join accounts a on a.id = s.account_id
        where s.in_reply_to_id in ids($1) and s.in_reply_to_account_id = s.account_id and s.visibility < 2
            and s.deleted_at is null and (s.approval is null or s.approval = 'accepted')
        order by s.id limit 400"));
    // $4: by the author of the answered post ($2), else by all others.
    REPLIES = Sql::Same("select s.id from statuses s
        where s.in_reply_to_id = $1 and (s.account_id = $2) = $4 and s.visibility < 2 and s.deleted_at is null
            and s.id > $3 and (s.approval is null or s.approval = 'accepted')
        order by s.id limit $5");
    THREAD = Sql::Same("select s.id from statuses s
        where s.conversation_id = $1 and s.reblog_of_id is null and s.visibility <= $2 and s.deleted_at is null
            and s.id > $3
        order by s.id limit $4");
    IS_OURS = Sql::Same("select 1 from conversations where id = $1 and uri is null");
    URIS = Sql::Same("select id, uri from accounts where id in ids($1)");
}

/// What stands around a post.
#[derive(Clone, Debug)]
pub struct Neighbours {
    /// The post.
    pub status: StatusId,
    /// The id of what it answers, wherever that is.
    pub parent: Option<String>,
    /// The name that another server gave its thread. `None`: the thread began here.
    pub conversation: Option<String>,
    /// What it quotes.
    pub quote: Option<QuoteNames>,
    /// Where the author of what it answers or boosts allows that, who wanted to be asked.
    pub stamp: Option<String>,
}

/// What a post quotes, by its names in the network.
#[derive(Clone, Debug)]
pub struct QuoteNames {
    /// Whether the quoted author allows it.
    pub state: QuoteState,
    /// The quoted post; `None` when it is gone.
    pub quoted: Option<String>,
    /// The stamp of an author elsewhere.
    pub approval: Option<String>,
    /// The quoted author.
    pub author: Option<AccountId>,
    /// Whether they live here.
    pub is_author_local: bool,
}

impl FromRow for Neighbours {
    fn from_row(row: &mut Row<'_>) -> Result<Neighbours, Fault> {
        let (status, parent, conversation) = (row.next()?, row.next()?, row.next()?);
        let state: Option<String> = row.next()?;
        let (quoted, approval, author) = (row.next()?, row.next()?, row.next()?);
        let is_author_local = row.next::<Option<String>>()?.is_some_and(|domain| domain.is_empty());
        let quote = state.map(|state| QuoteNames {
            state: state.parse().unwrap_or(QuoteState::Pending),
            quoted,
            approval,
            author,
            is_author_local,
        });
        Ok(Neighbours { status, parent, conversation, quote, stamp: row.next()? })
    }
}

/// What stands around some posts.
///
/// # Errors
/// The database failed.
pub fn of(q: &Query<'_>, statuses: &[StatusId]) -> Result<Vec<Neighbours>, Fault> {
    let ids: Vec<i64> = statuses.iter().map(|id| id.0).collect();
    q.rows(&NEIGHBOURS, (&ids,))
}

/// What their authors answered to some posts of their own, oldest first: the answered post, the answer, and its id in
/// the network.
///
/// # Errors
/// The database failed.
pub fn continued(q: &Query<'_>, statuses: &[StatusId]) -> Result<Vec<(StatusId, StatusId, String)>, Fault> {
    let ids: Vec<i64> = statuses.iter().map(|id| id.0).collect();
    q.rows(&CONTINUED, (&ids,))
}

/// A page of answers, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct RepliesPage {
    /// What is answered.
    pub status: StatusId,
    /// Its author.
    pub author: AccountId,
    /// Answers of the author; else those of all others.
    pub is_own: bool,
    /// Only newer ones.
    pub min_id: i64,
    /// At most this many.
    pub limit: i64,
}

/// Public and unlisted answers to a post, oldest first. The views decide in the end.
///
/// # Errors
/// The database failed.
pub fn replies(q: &Query<'_>, page: &RepliesPage) -> Result<Vec<StatusId>, Fault> {
    q.column(&REPLIES, (page.status, page.author, page.min_id, page.is_own, page.limit))
}

/// The posts of a thread that are at least as visible as `narrowest`, oldest first. The views decide in the end.
///
/// # Errors
/// The database failed.
pub fn thread(
    q: &Query<'_>,
    conversation: i64,
    narrowest: Visibility,
    min_id: i64,
    limit: i64,
) -> Result<Vec<StatusId>, Fault> {
    q.column(&THREAD, (conversation, narrowest, min_id, limit))
}

/// Whether a thread is there and no other server gave it its name.
///
/// # Errors
/// The database failed.
pub fn is_our_thread(q: &Query<'_>, conversation: i64) -> Result<bool, Fault> {
    q.exists(&IS_OURS, (conversation,))
}

/// The ids in the network of some accounts.
///
/// # Errors
/// The database failed.
pub fn uris(q: &Query<'_>, accounts: &[AccountId]) -> Result<Vec<(AccountId, String)>, Fault> {
    let ids: Vec<i64> = accounts.iter().map(|id| id.0).collect();
    q.rows(&URIS, (&ids,))
}
