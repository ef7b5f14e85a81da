//! Many rows at once: whole tables read as they come, and written by `copy`.

use std::pin::{Pin, pin};

use futures_util::StreamExt as _;
use phiomia_model::Fault;
use postgres_types::{ToSql, Type};
use tokio_postgres::{RowStream, binary_copy::BinaryCopyInWriter};

use super::connection::{Connection, Parameter, broken, typed, wrapped};
use crate::db::value::Value;

/// Rows of one question, as they come.
pub(in crate::db) struct Stream<'a> {
    connection: &'a Connection,
    rows: Pin<Box<RowStream>>,
}

impl Stream<'_> {
    pub(in crate::db) fn next(&mut self) -> Result<Option<tokio_postgres::Row>, Fault> {
        let next = self.connection.runtime.block_on(self.rows.next());
        next.transpose().map_err(|e| broken("reading a table", &e))
    }
}

impl Connection {
    /// Asks and gives the rows one by one: never are all of them in memory.
    pub(in crate::db) fn stream(&self, sql: &str) -> Result<Stream<'_>, Fault> {
        self.begun()?;
        let no_parameters: [(&(dyn ToSql + Sync), Type); 0] = [];
        let asked = self.runtime.block_on(self.client.query_typed_raw(sql, no_parameters));
        let rows = asked.map_err(|e| broken("reading a table", &e))?;
        Ok(Stream { connection: self, rows: Box::pin(rows) })
    }

    /// Runs a statement that is not one of the registered ones.
    pub(in crate::db) fn run(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Fault> {
        self.begun()?;
        let done = self.runtime.block_on(self.client.execute_typed(sql, &typed(&wrapped(values))));
        done.map_err(|e| broken("changing a table", &e))
    }

    /// Writes rows by a `copy … from stdin (format binary)`, all or none.
    pub(in crate::db) fn copy_in<'v>(
        &self,
        sql: &str,
        types: &[Type],
        rows: impl Iterator<Item = Vec<Value<'v>>>,
    ) -> Result<(), Fault> {
        self.begun()?;
        let copying = async {
            let sink = self.client.copy_in(sql).await?;
            let mut writer = pin!(BinaryCopyInWriter::new(sink, types));
            for row in rows {
                writer.as_mut().write_raw(row.into_iter().map(Parameter)).await?;
            }
            writer.finish().await
        };
        self.runtime.block_on(copying).map(|_| ()).map_err(|e| broken("writing a table", &e))
    }
}
