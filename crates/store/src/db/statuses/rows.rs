//! The rows of posts: inserting, editing, deleting, and what hangs on them.

use phiomia_model::{
    AccountId, AppId, Fault, QuotePolicy, StatusId, Time, Visibility,
    media::Media,
    status::{Approval, Revision},
};

use super::{polls, quotes};
use crate::db::{
    federation::posts,
    query::{Query, Tx},
    search,
    sql::{Sql, queries},
    value::{FromRow, Row, Value},
};

queries! {
    INSERT = Sql::Once(&Sql::Same("insert into statuses (id, account_id, uri, url, text, spoiler_text, visibility, is_sensitive,
            is_local, language, in_reply_to_id, in_reply_to_account_id, reblog_of_id, conversation_id, app_id,
            quote_policy, created_at, media, has_media)
        rows($1 bigint, $2 bigint, $3 text, $4 text, $5 text, $6 text, $7 bigint, $8 boolean, $9 boolean, $10 text,
            $11 bigint, $12 bigint, $13 bigint, $14 bigint, $15 bigint, $16 text, $17 bigint, $18 text, $19 boolean)"));
    INSERT_CONVERSATION = Sql::Once(&Sql::Same("insert into conversations (id, created_at) rows($1 bigint, $2 bigint)"));
    UPDATE = Sql::Same("update statuses set text = $2, spoiler_text = $3, is_sensitive = $4, language = $5,
            quote_policy = $6, edited_at = $7, media = $8, has_media = (cast($8 as text) is not null
                or exists (select 1 from remote_statuses r where r.status_id = $1 and r.attachments <> '[]'))
        where id = $1");
    INSERT_MENTION = Sql::Same("insert into mentions (status_id, account_id, handle, is_silent)
        values ($1, $2, $3, false)
        on conflict (status_id, account_id) do update set handle = excluded.handle, is_silent = false");
    INSERT_SILENT_MENTION = Sql::Same("insert into mentions (status_id, account_id, handle, is_silent)
        values ($1, $2, '', true) on conflict (status_id, account_id) do nothing");
    AGE_MENTIONS = Sql::Same("update mentions set is_silent = true where status_id = $1");
    MENTIONED = Sql::Same("select m.account_id, a.domain from mentions m join accounts a on a.id = m.account_id
        where m.status_id = $1");
    COUNT_REPLIES = Sql::Same("update statuses set replies_count = replies_count + $2 where id = $1");
    COUNT_REBLOGS = Sql::Same("update statuses set reblogs_count = reblogs_count + $2 where id = $1");
    COUNT_QUOTES = Sql::Same("update statuses set quotes_count = quotes_count + $2 where id = $1");
    COUNT_FAVOURITES = Sql::Same("update statuses set favourites_count = favourites_count + $2 where id = $1");
    SOURCE = Sql::Same(concat!("select s.text, s.spoiler_text, s.is_sensitive, s.language, s.quote_policy, s.created_at,
            s.edited_at, s.visibility, s.in_reply_to_id, s.in_reply_to_account_id, s.reblog_of_id, s.account_id,
            s.conversation_id, s.is_local, ", status_uri!("s", "a"), ", s.media, s.approval
        from statuses s join accounts a on a.id = s.account_id where s.id = $1 and s.deleted_at is null"));
    MARK_DELETED = Sql::Same("update statuses set deleted_at = $2 where id = $1 and deleted_at is null");
    IS_DELETED = Sql::Same("select 1 from statuses where id = $1 and deleted_at is not null");
    RECORD_EDIT = Sql::Same("insert into status_edits
            (id, status_id, text, spoiler_text, is_sensitive, created_at, poll_options, media)
        values ($1, $2, $3, $4, $5, $6, $7, $8)");
    EDITS = Sql::Same("select text, spoiler_text, is_sensitive, created_at, poll_options, media from status_edits
        where status_id = $1
        order by id");
    AUTHOR_AND_POLICY = Sql::Same("select account_id, quote_policy from statuses where id = $1 and deleted_at is null");
    REBLOGS_BATCH = Sql::Same("select id, account_id from statuses where reblog_of_id = $1 and deleted_at is null limit $2");
    ERASE_NOTIFICATIONS = Sql::Same("delete from notifications where status_id = $1");
    ERASE_FEED = Sql::Same("delete from home_feed where status_id = $1");
    ERASE_LISTS = Sql::Same("delete from list_feed where status_id = $1");
    ERASE_FAVOURITES = Sql::Same("delete from favourites where status_id = $1");
    ERASE_BOOKMARKS = Sql::Same("delete from bookmarks where status_id = $1");
    ERASE_FILTERED = Sql::Same("delete from filter_statuses where status_id = $1");
    ERASE_PINS = Sql::Same("delete from pins where status_id = $1");
    ERASE_MENTIONS = Sql::Same("delete from mentions where status_id = $1");
    ERASE_TAGS = Sql::Same("delete from status_tags where status_id = $1");
    ERASE_CARD = Sql::Same("delete from status_cards where status_id = $1");
    ERASE_EDITS = Sql::Same("delete from status_edits where status_id = $1");
    // An answer to a deleted post stays, as an answer to nobody's post.
    ORPHAN_REPLIES = Sql::Same("update statuses set in_reply_to_id = null where in_reply_to_id = $1");
    ERASE = Sql::Same("delete from statuses where id = $1 and deleted_at is not null
        and not exists (select 1 from statuses r where r.reblog_of_id = $1)");
    DELETED_BATCH = Sql::Same("select id from statuses where account_id = $1 and deleted_at is null limit $2");
}

/// A row about to be.
#[derive(Clone, Debug)]
pub struct NewStatus<'a> {
    /// Its id.
    pub id: StatusId,
    /// Its author.
    pub author: AccountId,
    /// Its id in the network; `None` when it is written here: its name follows from the author's.
    pub uri: Option<&'a str>,
    /// Its page, where it is written elsewhere.
    pub url: Option<&'a str>,
    /// Raw text (local), HTML (remote).
    pub text: &'a str,
    /// Content warning.
    pub spoiler_text: &'a str,
    /// Who may see it.
    pub visibility: Visibility,
    /// Marked sensitive.
    pub is_sensitive: bool,
    /// Written here.
    pub is_local: bool,
    /// An ISO 639 code.
    pub language: Option<&'a str>,
    /// What it answers, and whose that is.
    pub in_reply_to: Option<(StatusId, AccountId)>,
    /// What it boosts.
    pub reblog_of: Option<StatusId>,
    /// Its conversation.
    pub conversation: Option<i64>,
    /// The app it was written with.
    pub app: Option<AppId>,
    /// Who may quote it.
    pub quote_policy: QuotePolicy,
    /// When it was posted.
    pub created_at: Time,
    /// What it shows that was uploaded here.
    pub media: &'a [Media],
    /// It shows something that lies elsewhere, which is kept beside it.
    pub has_remote_media: bool,
}

/// Adds a row.
///
/// # Errors
/// The database failed.
pub fn insert(tx: &Tx<'_>, new: &NewStatus<'_>) -> Result<(), Fault> {
    insert_each(tx, std::slice::from_ref(new))
}

/// Adds some rows.
///
/// # Errors
/// The database failed.
pub fn insert_each(tx: &Tx<'_>, new: &[NewStatus<'_>]) -> Result<(), Fault> {
    let media: Vec<Option<String>> = new.iter().map(|new| written(new.media)).collect::<Result<_, _>>()?;
    let rows = new.iter().zip(&media).map(|(new, media)| {
        let null_or = |n: Option<i64>| n.map_or(Value::Null, Value::Int);
        [
            Value::Int(new.id.0),
            Value::Int(new.author.0),
            new.uri.map_or(Value::Null, Value::Text),
            new.url.map_or(Value::Null, Value::Text),
            Value::Text(new.text),
            Value::Text(new.spoiler_text),
            Value::Int(new.visibility.code()),
            Value::Bool(new.is_sensitive),
            Value::Bool(new.is_local),
            new.language.map_or(Value::Null, Value::Text),
            null_or(new.in_reply_to.map(|(status, _)| status.0)),
            null_or(new.in_reply_to.map(|(_, account)| account.0)),
            null_or(new.reblog_of.map(|s| s.0)),
            null_or(new.conversation),
            null_or(new.app.map(|a| a.0)),
            Value::Text(new.quote_policy.word()),
            Value::Int(new.created_at.0),
            media.as_deref().map_or(Value::Null, Value::Text),
            Value::Bool(media.is_some() || new.has_remote_media),
        ]
    });
    tx.execute_each(&INSERT, &rows.collect::<Vec<_>>(), &[])
}

/// The list as a row has it: null for nothing.
fn written(media: &[Media]) -> Result<Option<String>, Fault> {
    let json = |media: &[Media]| serde_json::to_string(media).map_err(|e| Fault::because("writing a list of media", e));
    (!media.is_empty()).then(|| json(media)).transpose()
}

/// The list that a row has.
pub(super) fn read_media(row: &mut Row<'_>) -> Result<Vec<Media>, Fault> {
    let json = row.next::<Option<String>>()?;
    json.map_or(Ok(Vec::new()), |json| {
        serde_json::from_str(&json).map_err(|e| Fault::because("reading a list of media", e))
    })
}

/// Begins a conversation.
///
/// # Errors
/// The database failed.
pub fn insert_conversation(tx: &Tx<'_>) -> Result<i64, Fault> {
    let id = tx.new_id();
    insert_conversations(tx, &[id])?;
    Ok(id)
}

/// Begins conversations of these numbers.
///
/// # Errors
/// The database failed.
pub fn insert_conversations(tx: &Tx<'_>, ids: &[i64]) -> Result<(), Fault> {
    let rows: Vec<_> = ids.iter().map(|id| [Value::Int(*id), Value::Int(tx.now().0)]).collect();
    tx.execute_each(&INSERT_CONVERSATION, &rows, &[])
}

/// The parts of a row that an edit looks at.
#[derive(Clone, Debug)]
pub struct Edited {
    /// Raw text.
    pub text: String,
    /// Content warning.
    pub spoiler_text: String,
    /// Marked sensitive.
    pub is_sensitive: bool,
    /// An ISO 639 code.
    pub language: Option<String>,
    /// Who may quote it.
    pub quote_policy: QuotePolicy,
    /// When it was posted.
    pub created_at: Time,
    /// When it was last edited.
    pub edited_at: Option<Time>,
    /// Who may see it.
    pub visibility: Visibility,
    /// What it answers.
    pub in_reply_to_id: Option<StatusId>,
    /// Whose that is.
    pub in_reply_to_account_id: Option<AccountId>,
    /// What it boosts.
    pub reblog_of_id: Option<StatusId>,
    /// Its author.
    pub author: AccountId,
    /// Its conversation.
    pub conversation: Option<i64>,
    /// Written here.
    pub is_local: bool,
    /// Its id in the network.
    pub uri: String,
    /// What it shows that was uploaded here.
    pub media: Vec<Media>,
    /// Whether the author of what it answers or boosts allows that, where they want to be asked.
    pub approval: Option<Approval>,
}

impl Edited {
    /// Whether it is kept from everybody else, because an author who wants to be asked has not allowed it.
    #[must_use]
    pub fn is_unapproved(&self) -> bool {
        matches!(self.approval, Some(Approval::Pending | Approval::Rejected))
    }

    /// Whether it answers somebody else.
    #[must_use]
    pub fn is_reply(&self) -> bool {
        self.in_reply_to_account_id.is_some_and(|answered| answered != self.author)
    }
}

impl FromRow for Edited {
    fn from_row(row: &mut Row<'_>) -> Result<Edited, Fault> {
        Ok(Edited {
            text: row.next()?,
            spoiler_text: row.next()?,
            is_sensitive: row.next()?,
            language: row.next()?,
            quote_policy: row.next::<String>()?.parse().unwrap_or(QuotePolicy::Nobody),
            created_at: row.next()?,
            edited_at: row.next()?,
            visibility: row.next()?,
            in_reply_to_id: row.next()?,
            in_reply_to_account_id: row.next()?,
            reblog_of_id: row.next()?,
            author: row.next()?,
            conversation: row.next()?,
            is_local: row.next()?,
            uri: row.next()?,
            media: read_media(row)?,
            approval: row.next::<Option<String>>()?.and_then(|word| word.parse().ok()),
        })
    }
}

/// The row as its author sees it; `None` when it is not there. Says nothing about who may see it.
///
/// # Errors
/// The database failed.
pub fn source(q: &Query<'_>, id: StatusId) -> Result<Option<Edited>, Fault> {
    q.row(&SOURCE, (id,))
}

/// Writes an edited row back, after what is kept beside it. `edited_at` stays what it was when the text did not change.
///
/// # Errors
/// The database failed.
pub fn update(tx: &Tx<'_>, id: StatusId, row: &Edited) -> Result<(), Fault> {
    let values = (
        id,
        &row.text,
        &row.spoiler_text,
        row.is_sensitive,
        row.language.as_deref(),
        row.quote_policy.word(),
        row.edited_at,
        written(&row.media)?,
    );
    tx.execute(&UPDATE, values).map(|_| ())
}

/// Adds a mention, or makes a silent one loud again.
///
/// # Errors
/// The database failed.
pub fn add_mention(tx: &Tx<'_>, status: StatusId, account: AccountId, handle: &str) -> Result<(), Fault> {
    tx.execute(&INSERT_MENTION, (status, account, handle)).map(|_| ())
}

/// Adds a mention that is not in the text; one that is there stays.
///
/// # Errors
/// The database failed.
pub fn add_silent_mention(tx: &Tx<'_>, status: StatusId, account: AccountId) -> Result<(), Fault> {
    tx.execute(&INSERT_SILENT_MENTION, (status, account)).map(|_| ())
}

/// Makes all mentions silent, before an edit adds those of the new text.
///
/// # Errors
/// The database failed.
pub fn age_mentions(tx: &Tx<'_>, status: StatusId) -> Result<(), Fault> {
    tx.execute(&AGE_MENTIONS, (status,)).map(|_| ())
}

/// Everybody it mentions, silently or not, and whether they live here.
///
/// # Errors
/// The database failed.
pub fn mentioned(q: &Query<'_>, status: StatusId) -> Result<Vec<(AccountId, bool)>, Fault> {
    let rows: Vec<(AccountId, String)> = q.rows(&MENTIONED, (status,))?;
    Ok(rows.into_iter().map(|(id, domain)| (id, domain.is_empty())).collect())
}

/// A counter of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Answers that everybody may see.
    Replies,
    /// Boosts.
    Reblogs,
    /// Quotes with consent.
    Quotes,
    /// Favourites.
    Favourites,
}

/// Moves a counter.
///
/// # Errors
/// The database failed.
pub fn count(tx: &Tx<'_>, status: StatusId, counter: Counter, by: i64) -> Result<(), Fault> {
    let statement = match counter {
        Counter::Replies => &COUNT_REPLIES,
        Counter::Reblogs => &COUNT_REBLOGS,
        Counter::Quotes => &COUNT_QUOTES,
        Counter::Favourites => &COUNT_FAVOURITES,
    };
    tx.execute(statement, (status, by)).map(|_| ())
}

/// Takes a status out of sight; whether it was there.
///
/// # Errors
/// The database failed.
pub fn mark_deleted(tx: &Tx<'_>, status: StatusId) -> Result<bool, Fault> {
    Ok(tx.execute(&MARK_DELETED, (status, tx.now()))? > 0)
}

/// Whether it is deleted and waits for the sweep.
///
/// # Errors
/// The database failed.
pub fn is_deleted(q: &Query<'_>, status: StatusId) -> Result<bool, Fault> {
    q.exists(&IS_DELETED, (status,))
}

/// Keeps a revision.
///
/// # Errors
/// The database failed.
pub fn record_edit(tx: &Tx<'_>, status: StatusId, revision: &Revision) -> Result<(), Fault> {
    let options = revision.poll_options.as_ref().map(serde_json::to_string).transpose();
    let values = (
        tx.new_id(),
        status,
        &revision.text,
        &revision.spoiler_text,
        revision.is_sensitive,
        revision.created_at,
        options.map_err(|e| Fault::because("writing the choices of a poll", e))?,
        written(&revision.media)?,
    );
    tx.execute(&RECORD_EDIT, values).map(|_| ())
}

/// All kept revisions, oldest first; empty when it was never edited.
///
/// # Errors
/// The database failed.
pub fn edits(q: &Query<'_>, status: StatusId) -> Result<Vec<Revision>, Fault> {
    type Row = (String, String, bool, Time, Option<String>, Option<String>);
    let rows: Vec<Row> = q.rows(&EDITS, (status,))?;
    let revision = |(text, spoiler_text, is_sensitive, created_at, options, media): Row| Revision {
        text,
        spoiler_text,
        is_sensitive,
        created_at,
        poll_options: options.and_then(|json| serde_json::from_str(&json).ok()),
        media: media.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(revision).collect())
}

/// Author and quote policy.
///
/// # Errors
/// The database failed.
pub fn author_and_policy(q: &Query<'_>, status: StatusId) -> Result<Option<(AccountId, QuotePolicy)>, Fault> {
    let row: Option<(AccountId, String)> = q.row(&AUTHOR_AND_POLICY, (status,))?;
    Ok(row.map(|(author, policy)| (author, policy.parse().unwrap_or(QuotePolicy::Nobody))))
}

/// Some boosts of a status: ids and who boosted.
///
/// # Errors
/// The database failed.
pub fn reblogs_batch(q: &Query<'_>, status: StatusId, most: i64) -> Result<Vec<(StatusId, AccountId)>, Fault> {
    q.rows(&REBLOGS_BATCH, (status, most))
}

/// Some statuses of an account that are still in sight.
///
/// # Errors
/// The database failed.
pub fn deleted_batch(q: &Query<'_>, author: AccountId, most: i64) -> Result<Vec<StatusId>, Fault> {
    q.column(&DELETED_BATCH, (author, most))
}

/// Takes away everything that hangs on a deleted status, and the status itself.
///
/// # Errors
/// The database failed.
pub fn erase(tx: &Tx<'_>, status: StatusId) -> Result<(), Fault> {
    if let Some((poll, _)) = polls::poll_of(tx, status)? {
        polls::erase_poll(tx, poll.id)?;
    }
    quotes::erase_quotes(tx, status)?;
    search::forget(tx, status)?;
    posts::erase(tx, status)?;
    for statement in [
        &ERASE_NOTIFICATIONS,
        &ERASE_FEED,
        &ERASE_LISTS,
        &ERASE_FAVOURITES,
        &ERASE_BOOKMARKS,
        &ERASE_FILTERED,
        &ERASE_PINS,
        &ERASE_MENTIONS,
        &ERASE_TAGS,
        &ERASE_EDITS,
        &ERASE_CARD,
        &ORPHAN_REPLIES,
        &ERASE,
    ] {
        tx.execute(statement, (status,))?;
    }
    Ok(())
}
