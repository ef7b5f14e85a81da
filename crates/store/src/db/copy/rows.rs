//! Rows on their way: read in the order of their key from either engine, written as lines, counted and summed up.

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use phiomia_model::Fault;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq as _};

use super::catalog::{Kind, Table, quoted};
use crate::db::{
    inspect::Raw,
    sqlite::broken,
    value::{Cell, Cells, Value},
};

/// What one column of a row holds. Items of one column are ordered as both engines order them: numbers by size, texts and
/// bytes by their bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    Bytes(Vec<u8>),
}

impl Item {
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Item::Null => Value::Null,
            Item::Int(n) => Value::Int(*n),
            Item::Bool(b) => Value::Bool(*b),
            Item::Text(text) => Value::Text(text),
            Item::Bytes(bytes) => Value::Bytes(bytes),
        }
    }

    fn n_bytes(&self) -> usize {
        match self {
            Item::Text(text) => text.len() + 16,
            Item::Bytes(bytes) => bytes.len() + 16,
            _ => 16,
        }
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Item::Null => to.serialize_unit(),
            Item::Int(n) => to.serialize_i64(*n),
            Item::Bool(b) => to.serialize_bool(*b),
            Item::Text(text) => to.serialize_str(text),
            Item::Bytes(bytes) => to.serialize_str(&STANDARD.encode(bytes)),
        }
    }
}

/// A row of a table: an item for each of its columns, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row(pub(super) Vec<Item>);

impl Row {
    pub(super) fn key(&self, table: &Table) -> Vec<Item> {
        table.key.iter().filter_map(|place| self.0.get(*place).cloned()).collect()
    }

    /// Roughly, in memory.
    pub(super) fn n_bytes(&self) -> usize {
        self.0.iter().map(Item::n_bytes).sum()
    }

    /// A line of JSON: a list of the items. Bytes are written as base64; the column says that they are bytes.
    pub(super) fn write(&self, line: &mut Vec<u8>) -> Result<(), Fault> {
        let mut json = serde_json::Serializer::new(&mut *line);
        let mut list = serde::Serializer::serialize_seq(&mut json, Some(self.0.len())).map_err(unwritten)?;
        for item in &self.0 {
            list.serialize_element(item).map_err(unwritten)?;
        }
        list.end().map_err(unwritten)?;
        line.push(b'\n');
        Ok(())
    }

    /// Reads what [`Row::write`] wrote.
    pub(super) fn read(line: &[u8], table: &Table) -> Result<Row, Fault> {
        let wrong = || Fault::new(format!("a line is no row of {}", table.name));
        let values: Vec<serde_json::Value> = serde_json::from_slice(line).map_err(|_| wrong())?;
        if values.len() != table.columns.len() {
            return Err(wrong());
        }
        let items = values.into_iter().zip(&table.columns).map(|(value, column)| {
            Ok(match (column.kind, value) {
                (_, serde_json::Value::Null) => Item::Null,
                (Kind::Int, serde_json::Value::Number(n)) => Item::Int(n.as_i64().ok_or_else(wrong)?),
                (Kind::Bool, serde_json::Value::Bool(b)) => Item::Bool(b),
                (Kind::Text, serde_json::Value::String(text)) => Item::Text(text),
                (Kind::Bytes, serde_json::Value::String(text)) => {
                    Item::Bytes(STANDARD.decode(text).map_err(|_| wrong())?)
                }
                _ => return Err(wrong()),
            })
        });
        Ok(Row(items.collect::<Result<_, Fault>>()?))
    }
}

fn unwritten(error: serde_json::Error) -> Fault {
    Fault::because("writing a row as JSON", error)
}

/// Rows in the order of their key.
pub(super) trait Rows {
    fn next(&mut self) -> Result<Option<Row>, Fault>;
}

/// Lends all rows of a table to `take`.
pub(super) fn lend(
    raw: &Raw,
    table: &Table,
    take: &mut dyn FnMut(&mut dyn Rows) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let select = |collation: &str| {
        let order = |column: &super::catalog::Column| {
            let collation = if column.kind == Kind::Text { collation } else { "" };
            format!("{}{collation}", quoted(&column.name))
        };
        let order: Vec<String> = table.key_columns().map(order).collect();
        format!("select {} from {} order by {}", table.column_list(), quoted(&table.name), order.join(", "))
    };
    match raw {
        Raw::Sqlite(connection) => {
            let failed = |e: rusqlite::Error| broken("reading a table", &e);
            let mut statement = connection.raw.prepare(&select("")).map_err(failed)?;
            take(&mut SqliteRows { rows: statement.raw_query(), table })
        }
        Raw::Postgres(connection) => {
            // The database's own order may be that of a language.
            let rows = connection.stream(&select(" collate \"C\""))?;
            take(&mut PostgresRows { rows, table })
        }
    }
}

struct SqliteRows<'a> {
    rows: rusqlite::Rows<'a>,
    table: &'a Table,
}

impl Rows for SqliteRows<'_> {
    fn next(&mut self) -> Result<Option<Row>, Fault> {
        let next = self.rows.next().map_err(|e| broken("reading a table", &e))?;
        next.map(|cells| row(cells, self.table)).transpose()
    }
}

struct PostgresRows<'a> {
    rows: crate::db::postgres::Stream<'a>,
    table: &'a Table,
}

impl Rows for PostgresRows<'_> {
    fn next(&mut self) -> Result<Option<Row>, Fault> {
        self.rows.next()?.map(|cells| row(&cells, self.table)).transpose()
    }
}

fn row(cells: &dyn Cells, table: &Table) -> Result<Row, Fault> {
    let item = |(at, column): (usize, &super::catalog::Column)| {
        Ok(match (column.kind, cells.cell(at)) {
            (_, Some(Cell::Null)) => Item::Null,
            (Kind::Int, Some(Cell::Int(n))) => Item::Int(n),
            (Kind::Bool, Some(Cell::Int(n))) => Item::Bool(n != 0),
            (Kind::Bool, Some(Cell::Bool(b))) => Item::Bool(b),
            // PostgreSQL keeps no such character, and nobody sees it.
            (Kind::Text, Some(Cell::Text(text))) => Item::Text(text.replace('\0', "\u{fffd}")),
            (Kind::Bytes, Some(Cell::Bytes(bytes))) => Item::Bytes(bytes.to_vec()),
            (kind, _) => {
                let (table, column) = (&table.name, &column.name);
                return Err(Fault::new(format!("a row of {table} holds something else than {kind:?} in {column}")));
            }
        })
    };
    Ok(Row(table.columns.iter().enumerate().map(item).collect::<Result<_, Fault>>()?))
}

/// How many rows a table has, and what they come to: SHA-256 of their lines in the order of their keys, the same whichever
/// engine they are read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Rows.
    pub n_rows: u64,
    /// In hexadecimal digits.
    pub sha256: String,
}

/// Sums rows up.
pub(super) struct Summing {
    context: digest::Context,
    n_rows: u64,
    line: Vec<u8>,
}

impl Summing {
    pub(super) fn new() -> Summing {
        Summing { context: digest::Context::new(&digest::SHA256), n_rows: 0, line: Vec::new() }
    }

    /// Adds a row; its line.
    pub(super) fn add(&mut self, row: &Row) -> Result<&[u8], Fault> {
        self.line.clear();
        row.write(&mut self.line)?;
        self.context.update(&self.line);
        self.n_rows += 1;
        Ok(&self.line)
    }

    pub(super) fn sum(self) -> Sum {
        Sum { n_rows: self.n_rows, sha256: hex(self.context.finish().as_ref()) }
    }
}

/// Bytes as digits, two each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        // A text takes whatever is written into it.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The sum of a whole table.
pub(super) fn sum(raw: &Raw, table: &Table) -> Result<Sum, Fault> {
    let mut summing = Summing::new();
    lend(raw, table, &mut |rows| {
        while let Some(row) = rows.next()? {
            summing.add(&row)?;
        }
        Ok(())
    })?;
    Ok(summing.sum())
}
