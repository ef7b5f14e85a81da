//! What there is to copy, as the database itself says it: tables, columns and keys, the same on both engines.

use std::collections::BTreeMap;

use phiomia_model::Fault;
use serde::{Deserialize, Serialize};

use crate::db::{
    inspect::Raw,
    sql::{Sql, Statement},
};

/// Where the copy notes that it has begun: not there in a database that anybody serves from.
pub(in crate::db) const MARKS: &str = "copy_marks";

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `bigint`.
    Int,
    /// `boolean`.
    Bool,
    /// `text`.
    Text,
    /// `bytea`, `blob`.
    Bytes,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// By name.
    pub columns: Vec<Column>,
    /// The places of the primary key's columns in `columns`, in the key's order.
    pub key: Vec<usize>,
}

impl Table {
    /// All columns, quoted, with commas.
    pub(super) fn column_list(&self) -> String {
        self.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
    }

    /// The columns of the key.
    pub(super) fn key_columns(&self) -> impl Iterator<Item = &Column> {
        self.key.iter().filter_map(|place| self.columns.get(*place))
    }
}

/// A name as SQL reads it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL reads it.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

// Without what the engines make themselves: generated columns, and the words of posts, which the text room makes anew.
static COLUMNS: Statement = Statement::new(
    "copy::COLUMNS",
    Sql::Differs {
        sqlite: "select m.name, c.name, lower(c.type), c.pk from sqlite_schema m, pragma_table_info(m.name) c
            where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\'
                and m.name not like 'status\\_words%' escape '\\' and m.name <> 'copy_marks'",
        postgres: "select cast(t.relname as text), cast(a.attname as text), format_type(a.atttypid, null),
                cast(coalesce(array_position(cast(i.indkey as int2[]), a.attnum) + 1, 0) as bigint)
            from pg_class t join pg_attribute a on a.attrelid = t.oid
                left join pg_index i on i.indrelid = t.oid and i.indisprimary
            where t.relkind = 'r' and t.relnamespace = (select oid from pg_namespace where nspname = current_schema())
                and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                and t.relname not like 'status\\_words%' and t.relname <> 'copy_marks'",
    },
);

/// The tables, by name.
pub(super) fn tables(raw: &Raw) -> Result<Vec<Table>, Fault> {
    let mut found: BTreeMap<String, BTreeMap<String, (Kind, i64)>> = BTreeMap::new();
    for (table, column, kind, place) in raw.rows::<(String, String, String, i64)>(&COLUMNS)? {
        let kind = match kind.as_str() {
            "bigint" | "integer" => Kind::Int,
            "boolean" => Kind::Bool,
            "text" => Kind::Text,
            "blob" | "bytea" => Kind::Bytes,
            other => return Err(Fault::new(format!("{table}.{column} is of the type {other}, which nothing copies"))),
        };
        found.entry(table).or_default().insert(column, (kind, place));
    }
    found.into_iter().map(|(name, columns)| table(name, columns)).collect()
}

fn table(name: String, columns: BTreeMap<String, (Kind, i64)>) -> Result<Table, Fault> {
    let mut key: Vec<(i64, usize)> = columns
        .values()
        .enumerate()
        .filter(|(_, (_, place))| *place > 0)
        .map(|(at, (_, place))| (*place, at))
        .collect();
    key.sort_unstable();
    if key.is_empty() {
        return Err(Fault::new(format!("the table {name} has no primary key, and its rows no order")));
    }
    let columns = columns.into_iter().map(|(name, (kind, _))| Column { name, kind }).collect();
    Ok(Table { name, columns, key: key.into_iter().map(|(_, at)| at).collect() })
}
