//! Statements looked at and not run: whether PostgreSQL takes them, and how it would go about them.

use phiomia_model::Fault;

use super::connection::{Connection, PLAN_ONCE, broken};
use crate::db::sql::{Planning, Statement};

impl Connection {
    /// Prepares a statement without running it.
    pub(in crate::db) fn check(&self, statement: &Statement) -> Result<(), Fault> {
        self.runtime
            .block_on(self.client.prepare(statement.postgres()))
            .map(|_| ())
            .map_err(|e| broken(statement.name, &e))
    }

    /// How PostgreSQL would run it, a line a step.
    pub(in crate::db) fn explain(&self, statement: &Statement, at: usize) -> Result<Vec<String>, Fault> {
        let text = statement.postgres();
        let n_parameters = (1..=30).rev().find(|n| text.contains(&format!("${n}"))).unwrap_or_default();
        self.batch(&format!("prepare plan_{at} as {text}"))?;
        let nulls = vec!["null"; n_parameters].join(", ");
        // Not how plans are cached: that stays as the caller said.
        self.batch("set enable_hashjoin = on; set enable_mergejoin = on")?;
        if statement.planning() == Planning::Once {
            self.batch(&PLAN_ONCE.replace(" local ", " "))?;
        }
        let call = if nulls.is_empty() { format!("plan_{at}") } else { format!("plan_{at} ({nulls})") };
        let rows = self
            .runtime
            .block_on(self.client.simple_query(&format!("explain execute {call}")))
            .map_err(|e| broken(statement.name, &e))?;
        let line = |message: tokio_postgres::SimpleQueryMessage| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(line).collect())
    }
}
