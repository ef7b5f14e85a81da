//! A read-only copy of the database, which is always a little behind. A read is done there when the copy has what was
//! committed before the read was asked for; when that takes too long, or the copy is away, the primary is read instead.
//!
//! Where the primary stands is asked once for all who wait at that moment (`docs/decisions/0023-replica.md`).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use phiomia_model::Fault;
use tokio::sync::oneshot;

use super::{Connection, PostgresSettings, outage::Outage, worker::Work};
use crate::db::{
    act::ReadAct,
    cache::Moment,
    sql::{Sql, queries},
    value::Row,
};

/// How long a read waits for the copy.
const PATIENCE: Duration = Duration::from_millis(50);
/// Between two looks how far it is.
const LOOK: Duration = Duration::from_millis(2);
/// How long a copy is left alone that is behind or away.
const REST: Duration = Duration::from_secs(1);
/// A copy that is behind for less than this is not worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(2);
/// How long one is that does not say how far it is.
const LONG_REST: Duration = Duration::from_secs(60);
/// How long the primary may take to say where it stands.
const ANSWER: Duration = Duration::from_secs(1);

queries! {
    // Behind every commit that was answered.
    WRITTEN = Sql::Differs {
        sqlite: "select 0",
        postgres: "select cast(pg_current_wal_flush_lsn() - '0/0'::pg_lsn as bigint)",
    };
    // Null: it is no copy, or one that is made in another way.
    REPLAYED = Sql::Differs {
        sqlite: "select 0",
        postgres: "select case when pg_is_in_recovery() then cast(pg_last_wal_replay_lsn() - '0/0'::pg_lsn as bigint) end",
    };
}

/// What a read has to see.
#[derive(Clone, Copy, Debug)]
pub(in crate::db) enum Position {
    /// Everything up to here, in bytes of the primary's log.
    At(i64),
    /// The primary is away: whatever there is.
    Any,
}

/// A read on its way to the copy.
pub(in crate::db) struct Look {
    pub(super) act: ReadAct,
    pub(super) position: Position,
    /// The cache as it was before the position was asked for.
    pub(super) moment: Option<Moment>,
}

/// The way to the copy.
#[derive(Clone)]
pub(in crate::db) struct Replica {
    pub(super) reads: flume::Sender<Work>,
    pub(super) positions: flume::Sender<oneshot::Sender<Option<Position>>>,
    pub(super) health: Arc<Health>,
}

impl Replica {
    /// What a read that is asked for now has to see. `None`: it goes to the primary.
    pub(in crate::db) async fn position(&self) -> Option<Position> {
        if self.health.rests() {
            return None;
        }
        let (reply, answer) = oneshot::channel();
        self.positions.send_async(reply).await.ok()?;
        answer.await.ok().flatten()
    }

    pub(in crate::db) fn look(act: ReadAct, position: Position, moment: Option<Moment>) -> Work {
        Work::Look(Look { act, position, moment })
    }

    pub(in crate::db) fn reads(&self) -> &flume::Sender<Work> {
        &self.reads
    }
}

/// Asks the primary where it stands, once for all who want to know at the moment.
pub(super) struct Surveyor {
    pub(super) settings: PostgresSettings,
    /// What is known of the primary.
    pub(super) outage: Arc<Outage>,
    pub(super) connection: Option<Connection>,
}

impl Surveyor {
    pub(super) fn run(mut self, asked: &flume::Receiver<oneshot::Sender<Option<Position>>>) {
        while let Ok(first) = asked.recv() {
            // Whoever comes later asks of a later moment.
            let waiting: Vec<_> = std::iter::once(first).chain(asked.try_iter()).collect();
            let position = match self.written() {
                Ok(written) => Some(Position::At(written)),
                Err(fault) => {
                    tracing::debug!("where the database stands is not known: {}", fault.chain());
                    self.connection = None;
                    self.outage.is_on().then_some(Position::Any)
                }
            };
            for one in waiting {
                // Whoever is gone needs no answer.
                let _ = one.send(position);
            }
        }
    }

    fn written(&mut self) -> Result<i64, Fault> {
        let connection = match self.connection.take().filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None if !self.outage.may_ask() => return Err(Fault::new("the database is away").transient()),
            None => {
                let opened = Connection::open(&self.settings, &self.settings.config);
                self.outage.asked(&opened);
                opened?
            }
        };
        connection.set_patience(ANSWER.min(self.settings.answer_timeout));
        let written = number(&connection, &WRITTEN)?;
        self.connection = Some(connection);
        written.ok_or_else(|| Fault::new("the database does not say where it stands"))
    }
}

/// How far the copy is; `None`: it does not say.
fn replayed(connection: &Connection) -> Result<Option<i64>, Fault> {
    number(connection, &REPLAYED)
}

fn number(connection: &Connection, statement: &crate::db::sql::Statement) -> Result<Option<i64>, Fault> {
    let mut number = None;
    connection.each(statement, &[], &mut |row: &mut Row<'_>| {
        number = row.next::<Option<i64>>()?;
        Ok(false)
    })?;
    Ok(number)
}

/// Why a read is not done by the copy.
#[derive(Debug)]
pub(super) enum Unfit {
    /// So many bytes of the primary's log are still to come.
    Behind(i64),
    /// It is no copy, or says nothing of how far it is.
    Silent,
    /// It does not answer.
    Away(Fault),
}

/// Waits until the copy has what is to be seen; `known` is how far it was before.
pub(super) fn catch_up(connection: &Connection, position: Position, known: &mut i64) -> Result<(), Unfit> {
    let Position::At(position) = position else { return Ok(()) };
    let begun = Instant::now();
    while *known < position {
        *known = replayed(connection).map_err(Unfit::Away)?.ok_or(Unfit::Silent)?;
        if *known < position {
            if begun.elapsed() >= PATIENCE {
                return Err(Unfit::Behind(position - *known));
            }
            std::thread::sleep(LOOK);
        }
    }
    Ok(())
}

/// Whether the copy is of use just now.
#[derive(Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Default)]
struct State {
    rests_until: Option<Instant>,
    /// It was of no use since.
    troubled: Option<Instant>,
    was_told: bool,
}

impl Health {
    fn rests(&self) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.rests_until.is_some_and(|until| Instant::now() < until)
    }

    /// It was of use.
    pub(super) fn note_fit(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.was_told {
            tracing::info!("the replica is read again");
        }
        *state = State::default();
    }

    /// It was not.
    pub(super) fn note(&self, unfit: &Unfit) {
        let rest = if matches!(unfit, Unfit::Silent) { LONG_REST } else { REST };
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.rests_until = Some(Instant::now() + rest);
        let is_new = state.troubled.get_or_insert_with(Instant::now).elapsed() < WORTH_A_WORD;
        if state.was_told || (is_new && matches!(unfit, Unfit::Behind(_))) {
            return;
        }
        state.was_told = true;
        match unfit {
            Unfit::Behind(n_bytes) => {
                tracing::warn!("the replica is {} kB behind, the primary is read instead", n_bytes / 1_024);
            }
            Unfit::Silent => {
                tracing::warn!("the replica is none, or does not say how far it is: the primary is read instead");
            }
            Unfit::Away(fault) => tracing::warn!("the replica is away, the primary is read instead: {}", fault.chain()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_that_is_of_no_use_rests_until_it_is() {
        let health = Health::default();
        assert!(!health.rests());
        health.note(&Unfit::Behind(4_096));
        assert!(health.rests());
        health.note_fit();
        assert!(!health.rests());
    }
}
