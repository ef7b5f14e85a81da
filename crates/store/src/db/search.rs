//! Full-text search: the words of posts, and the posts that somebody may find by them.
//!
//! The words are folded and cut by the text room, so that both engines keep and find the same. Others find a post only when
//! it is public and its author agreed to that; everybody finds what is theirs and what they had to do with.

use phiomia_model::{AccountId, Fault, Page, StatusId, Time};

use super::{
    query::{Engine, Query, Tx},
    sql::{Sql, blocks_domain, queries},
    value::Value,
};

/// Newest posts with the words that are looked at, and newest posts that are looked through for conditions without words.
const MOST_MATCHES: i64 = 10_000;
/// Looked at first, times what is wanted: SQLite reads all posts of a window before it gives the first.
const FIRST_WINDOW: i64 = 10;
/// A character for private use, which the text room never leaves in a word. By itself it is a word of every post; with the
/// number of an account behind it, of every post of that account. So `from:` and `-word` ask the index too.
const MARK: char = '\u{e000}';

/// Whom a post may be shown to as found, and the conditions beside the words.
macro_rules! findable {
    () => {
        concat!(
            "s.deleted_at is null and s.reblog_of_id is null and a.suspended_at is null and a.deleted_at is null
        and not ",
            blocks_domain!("$5", "a.domain"),
            "
        and (cast($8 as bigint) is null or s.account_id = $8)
        and (cast($9 as text) is null or lower(s.language) = $9)
        and (cast($10 as boolean) is null or (s.in_reply_to_id is not null or s.answers_unknown) = $10)
        and (cast($11 as boolean) is null or s.is_sensitive = $11)
        and (cast($12 as boolean) is null or exists (select 1 from polls l where l.status_id = s.id) = $12)
        and (cast($13 as boolean) is null or (case when s.is_local then s.text like '%http%://%'
            else exists (select 1 from status_cards k where k.status_id = s.id) end) = $13)
        and (cast($15 as text) is null or (coalesce(s.media, '') like $15
            or exists (select 1 from remote_statuses t where t.status_id = s.id and t.attachments like $15)) = $16)
        and (cast($18 as boolean) is null or exists (select 1 from status_cards k join cards c on c.id = k.card_id
            where k.status_id = s.id and c.facts like '%\"kind\":\"video\"%') = $18)
        and not (s.account_id in ids($19))
        and not (coalesce(lower(s.language), '') in texts($20))
        and not (s.id > $21 and s.id < $22)
        and (($6 and s.visibility = 0 and a.is_indexable and a.silenced_at is null
                and not exists (select 1 from blocks b where b.account_id = $5 and b.target_id = s.account_id)
                and not exists (select 1 from blocks b where b.account_id = s.account_id and b.target_id = $5)
                and not exists (select 1 from mutes m where m.account_id = $5 and m.target_id = s.account_id
                    and (m.expires_at is null or m.expires_at > $14)))
            or ($7 and (s.account_id = $5
                or exists (select 1 from mentions m where m.status_id = s.id and m.account_id = $5)
                or exists (select 1 from favourites f where f.account_id = $5 and f.status_id = s.id)
                or exists (select 1 from bookmarks b where b.account_id = $5 and b.status_id = s.id)
                or exists (select 1 from statuses r where r.account_id = $5 and r.reblog_of_id = s.id
                    and r.deleted_at is null)
                or exists (select 1 from polls l join poll_votes v on v.poll_id = l.id
                    where l.status_id = s.id and v.account_id = $5))))"
        )
    };
}

queries! {
    KEEP = Sql::Once(&Sql::Differs {
        sqlite: "insert or replace into status_words (rowid, words) values ($1, $2)",
        postgres: "insert into status_words (status_id, words)
            select w.id, cast(w.words as tsvector) from unnest($1::bigint[], $2::text[]) w (id, words)
            on conflict (status_id) do update set words = excluded.words",
    });
    FORGET = Sql::Differs {
        sqlite: "delete from status_words where rowid = $1",
        postgres: "delete from status_words where status_id = $1",
    };
    // $1 below, $2 above, $3 at most, $4 the words, $17 passed over, $23 matches looked at. PostgreSQL looks through the newest posts before it
    // asks the index: a word of most posts is found among them, and collecting all its posts from the index takes long.
    WITH_WORDS = Sql::Anew(&Sql::Differs {
        sqlite: concat!("select s.id from (select rowid as id from status_words
                where status_words match $4 and rowid < $1 and rowid > $2 order by rowid desc limit cast($23 as bigint)) w
            join statuses s on s.id = w.id join accounts a on a.id = s.account_id
            where ", findable!(), " order by s.id desc limit $3 offset $17"),
        postgres: concat!("with recent as materialized (select status_id, words from status_words
                where status_id < $1 and status_id > $2 order by status_id desc limit 3000),
            first as materialized (select s.id from recent w
                join statuses s on s.id = w.status_id join accounts a on a.id = s.account_id
                where w.words @@ cast(cast($4 as text) as tsquery) and ", findable!(), "),
            rest as (select s.id from (select status_id from status_words
                    where words @@ cast(cast($4 as text) as tsquery) and status_id > $2
                        and status_id < (select min(status_id) from recent)
                        and (select count(*) from first) < cast($3 as bigint) + cast($17 as bigint)
                    order by status_id desc limit cast($23 as bigint)) w
                join statuses s on s.id = w.status_id join accounts a on a.id = s.account_id
                where ", findable!(), ")
            select id from first union all select id from rest order by id desc limit $3 offset $17"),
    });
    // The same for conditions alone.
    WITHOUT_WORDS = Sql::Anew(&Sql::Same(concat!("select s.id from (select id, account_id, text, language, visibility, is_sensitive,
                in_reply_to_id, answers_unknown, reblog_of_id, deleted_at, media, is_local
            from statuses where id < $1 and id > $2 and (cast($8 as bigint) is null or account_id = $8)
            order by id desc limit cast($4 as bigint)) s
        join accounts a on a.id = s.account_id
        where ", findable!(), " order by s.id desc limit $3 offset $17")));
    // Posts whose words have to be written anew, oldest first.
    UNREAD = Sql::Same("select s.id, s.account_id, s.text, s.spoiler_text, s.is_local from statuses s
        where s.id > $1 and s.reblog_of_id is null and s.deleted_at is null order by s.id limit $2");
    CHOICES = Sql::Same("select o.title from polls l join poll_options o on o.poll_id = l.id where l.status_id = $1
        order by o.position");
}

/// Words that follow each other in a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phrase {
    /// Folded, of letters and digits alone.
    pub words: Vec<String>,
    /// Words that stand for the only one as well.
    pub forms: Vec<String>,
    /// The last one may go on.
    pub is_beginning: bool,
    /// They must not be there.
    pub is_negated: bool,
}

/// What is asked for. Each `None` is no condition.
#[derive(Clone, Debug, Default)]
pub struct StatusSearch {
    /// All must hold.
    pub phrases: Vec<Phrase>,
    /// Public posts of people who agreed to be found.
    pub in_public: bool,
    /// What is the searcher's, and what they had to do with.
    pub in_library: bool,
    /// Written by.
    pub from: Option<AccountId>,
    /// Not written by.
    pub not_from: Vec<AccountId>,
    /// An ISO 639 code, in small letters.
    pub language: Option<String>,
    /// Not in these languages, in small letters.
    pub not_in: Vec<String>,
    /// Not between these two ids.
    pub not_between: Option<(i64, i64)>,
    /// Answers something.
    pub is_reply: Option<bool>,
    /// Marked sensitive.
    pub is_sensitive: Option<bool>,
    /// Has a poll.
    pub has_poll: Option<bool>,
    /// Has a link; written elsewhere: to a page of which there is a preview.
    pub has_link: Option<bool>,
    /// Links to something that is played in the preview.
    pub has_embed: Option<bool>,
    /// With attachments, of one kind or of any; or without.
    pub media: Option<(Option<&'static str>, bool)>,
}

/// Keeps the words of posts and who wrote them, in place of those they had.
///
/// # Errors
/// The database failed.
pub fn keep(tx: &Tx<'_>, posts: Vec<(StatusId, AccountId, Vec<String>)>) -> Result<(), Fault> {
    let is_postgres = is_postgres(tx);
    let written = |(status, author, mut words): (StatusId, AccountId, Vec<String>)| {
        words.extend([MARK.to_string(), mark_of(author)]);
        (status, if is_postgres { vector(&words) } else { words.join(" ") })
    };
    let posts: Vec<(StatusId, String)> = posts.into_iter().map(written).collect();
    let rows: Vec<_> = posts.iter().map(|(status, words)| [Value::Int(status.0), Value::Text(words)]).collect();
    tx.execute_each(&KEEP, &rows, &[])
}

fn mark_of(author: AccountId) -> String {
    format!("{MARK}{author}")
}

/// Forgets the words of a post.
///
/// # Errors
/// The database failed.
pub fn forget(tx: &Tx<'_>, status: StatusId) -> Result<(), Fault> {
    tx.execute(&FORGET, (status,)).map(|_| ())
}

/// The posts that `me` may find, newest first, of which `offset` are passed over. Whether they may be seen, their views
/// decide.
///
/// # Errors
/// The database failed.
pub fn statuses(
    q: &Query<'_>,
    me: AccountId,
    search: &StatusSearch,
    page: &Page,
    offset: i64,
    now: Time,
) -> Result<Vec<StatusId>, Fault> {
    let mut phrases = search.phrases.clone();
    let has_words = !phrases.is_empty();
    let marked = |word: String| Phrase { words: vec![word], ..Phrase::default() };
    if let (true, Some(author)) = (has_words, search.from) {
        phrases.push(marked(mark_of(author)));
    } else if has_words && phrases.iter().all(|phrase| phrase.is_negated) {
        phrases.push(marked(MARK.to_string()));
    }
    let asked = if is_postgres(q) { vector_query(&phrases) } else { match_query(&phrases) };
    let words = if has_words { Value::Text(&asked) } else { Value::Int(MOST_MATCHES) };
    let flag = |value: Option<bool>| value.map_or(Value::Null, Value::Bool);
    let kind = search.media.as_ref().map(|(kind, _)| match kind {
        None => "%\"kind\":%".to_owned(),
        Some(word) => format!("%\"kind\":\"{word}\"%"),
    });
    let not_from: Vec<i64> = search.not_from.iter().map(|id| id.0).collect();
    let (not_after, not_before) = search.not_between.unwrap_or((i64::MAX, i64::MAX));
    let find = |window: i64| {
        let mut values = vec![
            Value::Int(page.max_id.unwrap_or(i64::MAX)),
            Value::Int(page.lower().unwrap_or(-1)),
            Value::Int(page.limit),
            words,
            Value::Int(me.0),
            Value::Bool(search.in_public),
            Value::Bool(search.in_library),
            search.from.map_or(Value::Null, |id| Value::Int(id.0)),
            search.language.as_deref().map_or(Value::Null, Value::Text),
            flag(search.is_reply),
            flag(search.is_sensitive),
            flag(search.has_poll),
            flag(search.has_link),
            Value::Int(now.0),
            kind.as_deref().map_or(Value::Null, Value::Text),
            Value::Bool(search.media.as_ref().is_some_and(|(_, is)| *is)),
            Value::Int(offset),
            flag(search.has_embed),
            Value::Ids(&not_from),
            Value::Texts(&search.not_in),
            Value::Int(not_after),
            Value::Int(not_before),
        ];
        if has_words {
            values.push(Value::Int(window));
        }
        q.column(if has_words { &WITH_WORDS } else { &WITHOUT_WORDS }, values.as_slice())
    };
    let wanted = page.limit.saturating_add(offset);
    let first = wanted.saturating_mul(FIRST_WINDOW);
    if has_words && !is_postgres(q) && first < MOST_MATCHES {
        let found: Vec<StatusId> = find(first)?;
        if i64::try_from(found.len()).is_ok_and(|n| n >= page.limit) {
            return Ok(found);
        }
    }
    find(MOST_MATCHES)
}

/// A post whose words are to be written.
#[derive(Clone, Debug)]
pub struct Unread {
    /// Which.
    pub id: StatusId,
    /// Who wrote it.
    pub author: AccountId,
    /// Raw text (local), HTML (remote).
    pub text: String,
    /// Content warning.
    pub spoiler_text: String,
    /// Written here.
    pub is_local: bool,
}

/// The posts after a post, oldest first, for writing all words anew.
///
/// # Errors
/// The database failed.
pub fn posts_after(q: &Query<'_>, after: StatusId, most: i64) -> Result<Vec<Unread>, Fault> {
    let rows: Vec<(StatusId, AccountId, String, String, bool)> = q.rows(&UNREAD, (after, most))?;
    let post = |(id, author, text, spoiler_text, is_local)| Unread { id, author, text, spoiler_text, is_local };
    Ok(rows.into_iter().map(post).collect())
}

/// What there is to choose from in a post's poll.
///
/// # Errors
/// The database failed.
pub fn choices(q: &Query<'_>, status: StatusId) -> Result<Vec<String>, Fault> {
    q.column(&CHOICES, (status,))
}

pub(super) fn is_postgres(q: &Query<'_>) -> bool {
    matches!(q.engine, Engine::Postgres(_))
}

/// Most positions that PostgreSQL keeps, and most of one word.
const MOST_POSITIONS: usize = 16_383;
/// Source: <https://www.postgresql.org/docs/current/textsearch-limitations.html>.
const MOST_OF_A_WORD: usize = 256;

/// `'cats':1 'dogs':2`: the text form of a `tsvector`. The words have no quotes in them.
fn vector(words: &[String]) -> String {
    let mut seen: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    let mut parts = Vec::with_capacity(words.len());
    for (at, word) in words.iter().take(MOST_POSITIONS).enumerate() {
        let n = seen.entry(word).or_insert(0);
        *n += 1;
        if *n < MOST_OF_A_WORD {
            parts.push(format!("'{word}':{}", at + 1));
        }
    }
    parts.join(" ")
}

/// `('new' <-> 'york') & ('cat' | 'cats') & !('dog')`: the text form of a `tsquery`.
fn vector_query(phrases: &[Phrase]) -> String {
    let phrase = |phrase: &Phrase| {
        let last = phrase.words.len().saturating_sub(1);
        let word = |(at, word): (usize, &String)| {
            format!("'{word}'{}", if at == last && phrase.is_beginning { ":*" } else { "" })
        };
        let words: Vec<String> = phrase.words.iter().enumerate().map(word).collect();
        let one = words.join(" <-> ");
        let all: Vec<String> = [one].into_iter().chain(phrase.forms.iter().map(|form| format!("'{form}'"))).collect();
        format!("{}({})", if phrase.is_negated { "!" } else { "" }, all.join(" | "))
    };
    phrases.iter().map(phrase).collect::<Vec<_>>().join(" & ")
}

/// `("new york" AND ("cat" OR "cats")) NOT ("dog")`: what FTS5 reads.
fn match_query(phrases: &[Phrase]) -> String {
    let phrase = |phrase: &Phrase| {
        let one = format!("\"{}\"{}", phrase.words.join(" "), if phrase.is_beginning { " *" } else { "" });
        let all: Vec<String> = [one].into_iter().chain(phrase.forms.iter().map(|form| format!("\"{form}\""))).collect();
        if let [one] = all.as_slice() { one.clone() } else { format!("({})", all.join(" OR ")) }
    };
    let (not, with): (Vec<&Phrase>, Vec<&Phrase>) = phrases.iter().partition(|phrase| phrase.is_negated);
    let with: Vec<String> = with.into_iter().map(phrase).collect();
    let not: Vec<String> = not.into_iter().map(phrase).collect();
    match not.is_empty() {
        true => with.join(" AND "),
        false => format!("({}) NOT ({})", with.join(" AND "), not.join(" OR ")),
    }
}
