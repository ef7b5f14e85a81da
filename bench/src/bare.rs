//! The limit from below: the statements of a home timeline page, prepared once and run inline on one connection, with
//! nothing around them but reading every column and writing as much JSON.

use std::{path::Path, rc::Rc, time::Instant};

use phiomia_store::db;

use crate::figures::{count, cpu};

/// The statements of a page, in the order the server runs them.
const PAGE: [&str; 6] =
    ["timelines::HOME", "body::BODIES", "body::MENTIONS", "body::TAGS", "accounts::VIEWS", "visibility::RELATIONS"];
const MINE: &str = "view::MINE";
const ROUNDS: usize = 2_000;

/// Prints what the bare statements cost beside what the server spent on a page, HTTP taken off.
pub fn report(file: &Path, server_cpu_ms: f64) {
    let connection = rusqlite::Connection::open(file).unwrap();
    rusqlite::vtab::array::load_module(&connection).unwrap();
    connection.execute_batch("pragma query_only = on; pragma cache_size = -4096").unwrap();
    let reader: i64 = connection
        .query_row("select account_id from home_feed group by account_id order by count(*) desc limit 1", [], |r| {
            r.get(0)
        })
        .unwrap();
    let own = std::process::id();
    let (before, begun) = (cpu(own), Instant::now());
    let mut n_bytes = 0;
    for _ in 0..ROUNDS {
        n_bytes += page(&connection, reader);
    }
    let spent = cpu(own).saturating_sub(before);
    println!(
        "bare statements and JSON of the same page, inline: {:.3} ms of CPU ({:.3} ms by the clock, {} bytes); the server without HTTP: {:.1} times that",
        spent.as_secs_f64() * 1e3 / count(ROUNDS),
        begun.elapsed().as_secs_f64() * 1e3 / count(ROUNDS),
        n_bytes / ROUNDS,
        server_cpu_ms / (spent.as_secs_f64() * 1e3 / count(ROUNDS))
    );
}

fn text(name: &str) -> String {
    let statement = db::statements().into_iter().find(|s| s.name.ends_with(name));
    statement.unwrap_or_else(|| panic!("no statement {name}")).sqlite().to_owned()
}

/// One page; how many bytes of JSON it gave.
fn page(connection: &rusqlite::Connection, reader: i64) -> usize {
    let mut all = Vec::new();
    let list = |ids: &[i64]| Rc::new(ids.iter().copied().map(rusqlite::types::Value::from).collect::<Vec<_>>());
    let far = i64::MAX;
    let ids = rows(connection, &text(PAGE[0]), &[&far, &-1_i64, &20_i64, &reader], &mut all);
    let bodies = rows(connection, &text(PAGE[1]), &[&list(&ids)], &mut all);
    rows(connection, &text(PAGE[2]), &[&list(&bodies)], &mut all);
    rows(connection, &text(PAGE[3]), &[&list(&bodies)], &mut all);
    let authors: Vec<i64> =
        all.iter().skip(ids.len()).take(bodies.len()).filter_map(|row| row.get(1)?.as_i64()).collect();
    rows(connection, &text(PAGE[4]), &[&list(&authors)], &mut all);
    rows(connection, &text(PAGE[5]), &[&reader, &list(&authors), &0_i64], &mut all);
    rows(connection, &text(MINE), &[&reader, &list(&bodies), &list(&[]), &list(&bodies), &list(&[])], &mut all);
    serde_json::to_vec(&all).unwrap_or_default().len()
}

/// Reads all columns of all rows; the first column of each.
fn rows(
    connection: &rusqlite::Connection,
    sql: &str,
    parameters: &[&dyn rusqlite::ToSql],
    all: &mut Vec<Vec<serde_json::Value>>,
) -> Vec<i64> {
    let mut prepared = connection.prepare_cached(sql).unwrap();
    let n_columns = prepared.column_count();
    let mut found = prepared.query(parameters).unwrap();
    let mut firsts = Vec::new();
    while let Some(row) = found.next().unwrap() {
        let cells: Vec<serde_json::Value> = (0..n_columns)
            .map(|at| match row.get_ref(at).unwrap() {
                rusqlite::types::ValueRef::Integer(n) => n.into(),
                rusqlite::types::ValueRef::Text(t) => String::from_utf8_lossy(t).into_owned().into(),
                _ => serde_json::Value::Null,
            })
            .collect();
        firsts.extend(cells.first().and_then(serde_json::Value::as_i64));
        all.push(cells);
    }
    firsts
}
