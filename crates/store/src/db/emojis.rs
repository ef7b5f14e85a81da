//! This server's custom emoji, and which emoji of other servers are known.

use phiomia_model::{CustomEmojiId, Fault, remote::RemoteEmoji};

use super::{
    query::{Query, Tx},
    sql::{Sql, queries},
    value::{FromRow, Row},
};

queries! {
    ALL_OF_THEM = Sql::Same("select id, shortcode, file, still, content_type, category, is_visible from custom_emojis
        order by shortcode");
    NAMED = Sql::Same("select id, shortcode, file, still, content_type, category, is_visible from custom_emojis
        where shortcode in texts($1) order by shortcode");
    WRITE = Sql::Same("insert into custom_emojis
            (id, shortcode, file, still, content_type, category, is_visible, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (shortcode) do update set file = excluded.file, still = excluded.still,
            content_type = excluded.content_type, category = excluded.category, is_visible = excluded.is_visible");
    DELETE = Sql::Same("delete from custom_emojis where shortcode = $1");
    // The newest first: what somebody shows now is what their server has now.
    OF_POSTS = Sql::Same("select r.emojis from accounts a join statuses s on s.account_id = a.id
        join remote_statuses r on r.status_id = s.id
        where a.domain = $1 and r.emojis <> '[]' and r.emojis like $2 order by s.id desc limit $3");
    OF_PEOPLE = Sql::Same("select t.emojis from accounts a join actors t on t.account_id = a.id
        where a.domain = $1 and t.emojis <> '[]' and t.emojis like $2 order by t.fetched_at desc limit $3");
}

/// A custom emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomEmojiView {
    /// Its id.
    pub id: CustomEmojiId,
    /// The name between colons.
    pub shortcode: String,
    /// Where its picture lies on the files shelf.
    pub file: String,
    /// Where the one lies that does not move. `None`: the picture itself does not.
    pub still: Option<String>,
    /// The picture's media type.
    pub content_type: String,
    /// Group in pickers.
    pub category: Option<String>,
    /// Offered in pickers.
    pub is_visible: bool,
}

impl CustomEmojiView {
    /// The names of its files.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        std::iter::once(&self.file).chain(&self.still).cloned().collect()
    }
}

impl FromRow for CustomEmojiView {
    fn from_row(row: &mut Row<'_>) -> Result<CustomEmojiView, Fault> {
        Ok(CustomEmojiView {
            id: row.next()?,
            shortcode: row.next()?,
            file: row.next()?,
            still: row.next()?,
            content_type: row.next()?,
            category: row.next()?,
            is_visible: row.next()?,
        })
    }
}

/// All of them, by name.
///
/// # Errors
/// The database failed.
pub fn all(q: &Query<'_>) -> Result<Vec<CustomEmojiView>, Fault> {
    q.rows(&ALL_OF_THEM, ())
}

/// Those of these names, by name.
///
/// # Errors
/// The database failed.
pub fn named(q: &Query<'_>, names: &[String]) -> Result<Vec<CustomEmojiView>, Fault> {
    if names.is_empty() { Ok(Vec::new()) } else { q.rows(&NAMED, (names,)) }
}

/// The one of that name.
///
/// # Errors
/// The database failed.
pub fn find(q: &Query<'_>, name: &str) -> Result<Option<CustomEmojiView>, Fault> {
    Ok(named(q, &[name.to_owned()])?.pop())
}

/// Adds one, or writes all of the one of that name anew but its id.
///
/// # Errors
/// The database failed.
pub fn write(tx: &Tx<'_>, emoji: &CustomEmojiView) -> Result<(), Fault> {
    let values = (
        emoji.id,
        emoji.shortcode.as_str(),
        emoji.file.as_str(),
        emoji.still.as_deref(),
        emoji.content_type.as_str(),
        emoji.category.as_deref(),
        emoji.is_visible,
        tx.now(),
    );
    tx.execute(&WRITE, values).map(|_| ())
}

/// Takes one away; its files are another's affair.
///
/// # Errors
/// The database failed.
pub fn delete(tx: &Tx<'_>, name: &str) -> Result<(), Fault> {
    tx.execute(&DELETE, (name,)).map(|_| ())
}

/// Emoji that people of a domain wear or use, as far as it is known here: each name once, the newest picture of it, by
/// name. Of `name` alone if one is given. Reads at most `most` profiles and as many posts.
///
/// # Errors
/// The database failed.
pub fn elsewhere(q: &Query<'_>, domain: &str, name: Option<&str>, most: i64) -> Result<Vec<RemoteEmoji>, Fault> {
    // An underscore stands for any character there; what comes is looked at once more.
    let like = name.map_or_else(|| "%".to_owned(), |name| format!("%\"{name}\"%"));
    let mut found: Vec<RemoteEmoji> = Vec::new();
    for statement in [&OF_POSTS, &OF_PEOPLE] {
        for json in q.column::<String>(statement, (domain, like.as_str(), most))? {
            let emojis: Vec<RemoteEmoji> =
                serde_json::from_str(&json).map_err(|e| Fault::because("reading emoji of another server", e))?;
            for emoji in emojis {
                let is_wanted = name.is_none_or(|name| emoji.shortcode == name);
                if is_wanted && found.iter().all(|known| known.shortcode != emoji.shortcode) {
                    found.push(emoji);
                }
            }
        }
    }
    found.sort_by(|a, b| a.shortcode.cmp(&b.shortcode));
    Ok(found)
}
