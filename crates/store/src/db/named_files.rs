//! Which files of the shelf rows name, for finding those that none does. Read in pages by whoever looks after the shelf.

use phiomia_model::Fault;
use serde_json::Value;

use super::{
    query::Query,
    sql::{Sql, Statement, queries},
};
use crate::files::FileKey;

queries! {
    UPLOADS = Sql::Same("select id, facts, '' from media where id > $1 order by id limit $2");
    PEOPLE = Sql::Same("select account_id, coalesce(avatar, ''), coalesce(header, '') from users
        where account_id > $1 order by account_id limit $2");
    POSTS = Sql::Same("select id, media, '' from statuses where id > $1 and media is not null order by id limit $2");
    EDITS = Sql::Same("select id, media, '' from status_edits where id > $1 and media is not null order by id limit $2");
    // The versions of one file differ in their label alone.
    REMOTE = Sql::Same("select remote_file_id, min(file_key), '' from remote_versions
        where remote_file_id > $1 group by remote_file_id order by remote_file_id limit $2");
    // One row; the words are those of `phiomia_social::site::SiteKind`.
    SITE = Sql::Same("select cast(1 as bigint), coalesce((select value from settings where name = 'thumbnail'), ''),
            coalesce((select value from settings where name = 'icon'), '')
        where cast($1 as bigint) < 1 limit $2");
    EMOJI = Sql::Same("select id, file, '' from custom_emojis where id > $1 order by id limit $2");
}

/// Rows read at a time.
const PAGE: i64 = 500;

/// Where rows name files.
#[derive(Clone, Copy, Debug)]
pub struct Naming(&'static Statement);

/// Every place where rows name files.
pub const NAMING: [Naming; 7] =
    [Naming(&UPLOADS), Naming(&PEOPLE), Naming(&POSTS), Naming(&EDITS), Naming(&EMOJI), Naming(&SITE), Naming(&REMOTE)];

/// The random bits of files that the next rows name, and the last of these rows; `None` at the end. `after`: 0 at first.
///
/// # Errors
/// The database failed.
pub fn page(q: &Query<'_>, naming: Naming, after: i64) -> Result<Option<(i64, Vec<u128>)>, Fault> {
    let rows: Vec<(i64, String, String)> = q.rows(naming.0, (after, PAGE))?;
    let Some((last, ..)) = rows.last() else { return Ok(None) };
    let mut named = Vec::new();
    for text in rows.iter().flat_map(|(_, one, other)| [one, other]).filter(|text| !text.is_empty()) {
        match serde_json::from_str(text) {
            Ok(value) => collect(&value, &mut named),
            Err(_) => collect(&Value::from(text.as_str()), &mut named),
        }
    }
    Ok(Some((*last, named)))
}

/// Every text in it that is the name of a file.
fn collect(value: &Value, named: &mut Vec<u128>) {
    match value {
        Value::String(text) => named.extend(text.parse::<FileKey>().map(|key| key.random())),
        Value::Array(values) => values.iter().for_each(|value| collect(value, named)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
