//! `Query` reads, `Tx` reads and writes: what a closure on a database thread gets.

use std::{
    cell::{Cell as StdCell, RefCell},
    ops::Deref,
    sync::{Arc, atomic::AtomicU64},
};

use phiomia_model::{Event, Fault, Job, Time, job::Lane};

use super::{
    cache::Cached,
    jobs, postgres,
    sql::Statement,
    sqlite,
    value::{FromCell, FromRow, Params, Row, Value},
};
use crate::clock::IdMaker;

/// Which engine a closure runs on. Nothing outside `store` asks.
pub(super) enum Engine<'a> {
    Sqlite(&'a sqlite::Connection),
    Postgres(&'a postgres::Connection),
}

/// A consistent snapshot to read from.
pub struct Query<'a> {
    pub(super) engine: Engine<'a>,
    pub(super) n_statements: &'a AtomicU64,
    /// `None` in a transaction that writes: it sees what nobody else may see yet.
    pub(super) cached: Option<Cached<'a>>,
}

impl Query<'_> {
    /// All rows.
    ///
    /// # Errors
    /// The database failed, or a row does not fit `T`.
    pub fn rows<T: FromRow>(&self, statement: &Statement, params: impl Params) -> Result<Vec<T>, Fault> {
        let mut all = Vec::new();
        self.each(statement, params, &mut |row| {
            all.push(T::from_row(row)?);
            Ok(true)
        })?;
        Ok(all)
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// The database failed, or the row does not fit `T`.
    pub fn row<T: FromRow>(&self, statement: &Statement, params: impl Params) -> Result<Option<T>, Fault> {
        let mut first = None;
        self.each(statement, params, &mut |row| {
            first = Some(T::from_row(row)?);
            Ok(false)
        })?;
        Ok(first)
    }

    /// The first cell of every row.
    ///
    /// # Errors
    /// The database failed, or a cell does not fit `T`.
    pub fn column<T: FromCell>(&self, statement: &Statement, params: impl Params) -> Result<Vec<T>, Fault> {
        Ok(self.rows::<(T,)>(statement, params)?.into_iter().map(|(cell,)| cell).collect())
    }

    /// The first cell of the first row, if there is one.
    ///
    /// # Errors
    /// The database failed, or the cell does not fit `T`.
    pub fn value<T: FromCell>(&self, statement: &Statement, params: impl Params) -> Result<Option<T>, Fault> {
        Ok(self.row::<(T,)>(statement, params)?.map(|(cell,)| cell))
    }

    /// Whether there is a row.
    ///
    /// # Errors
    /// The database failed.
    pub fn exists(&self, statement: &Statement, params: impl Params) -> Result<bool, Fault> {
        let mut any = false;
        self.each(statement, params, &mut |_| {
            any = true;
            Ok(false)
        })?;
        Ok(any)
    }

    /// All rows of a statement that is asked for many rows of values: PostgreSQL gets them as columns (`unnest`) and runs it
    /// once, SQLite, which nobody has to be asked for across a socket, runs it for each. `rest` are the parameters behind
    /// those of the rows, the same for all.
    ///
    /// # Errors
    /// The database failed, or a row does not fit `T`.
    pub fn rows_each<T: FromRow, const N: usize>(
        &self,
        statement: &Statement,
        rows: &[[Value<'_>; N]],
        rest: &[Value<'_>],
    ) -> Result<Vec<T>, Fault> {
        let mut all = Vec::new();
        self.for_each(rows, rest, &mut |values| {
            self.each(statement, values, &mut |row| {
                all.push(T::from_row(row)?);
                Ok(true)
            })
        })?;
        Ok(all)
    }

    /// Calls `run` with the values of each row, or once with the columns of all.
    fn for_each<const N: usize>(
        &self,
        rows: &[[Value<'_>; N]],
        rest: &[Value<'_>],
        run: &mut dyn FnMut(&[Value<'_>]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match self.engine {
            _ if rows.is_empty() => Ok(()),
            Engine::Sqlite(_) => rows.iter().try_for_each(|row| run(&[row.as_slice(), rest].concat())),
            Engine::Postgres(_) => {
                let column = |n: usize| rows.iter().filter_map(|row| row.get(n).copied()).collect::<Vec<Value<'_>>>();
                let columns: Vec<Vec<Value<'_>>> = (0..N).map(column).collect();
                let values: Vec<Value<'_>> =
                    columns.iter().map(|column| Value::Column(column)).chain(rest.iter().copied()).collect();
                run(&values)
            }
        }
    }

    fn each(
        &self,
        statement: &Statement,
        params: impl Params,
        take: &mut dyn FnMut(&mut Row<'_>) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        self.n_statements.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        params.with(|values| match self.engine {
            Engine::Sqlite(connection) => connection.each(statement, values, take),
            Engine::Postgres(connection) => connection.each(statement, values, take),
        })
    }
}

/// A transaction: reads, writes, and what shall follow from it. Jobs are rows of it; events are sent after its commit.
/// A closure may be run again from the beginning, so it must do nothing outside of this.
pub struct Tx<'a> {
    query: Query<'a>,
    now: Time,
    ids: &'a Arc<IdMaker>,
    events: RefCell<Vec<Event>>,
    /// Lanes that have jobs now.
    lanes: RefCell<Vec<Lane>>,
    has_deliveries: StdCell<bool>,
}

impl<'a> Deref for Tx<'a> {
    type Target = Query<'a>;
    fn deref(&self) -> &Query<'a> {
        &self.query
    }
}

impl<'a> Tx<'a> {
    pub(super) fn new(query: Query<'a>, now: Time, ids: &'a Arc<IdMaker>) -> Tx<'a> {
        Tx {
            query,
            now,
            ids,
            events: RefCell::default(),
            lanes: RefCell::default(),
            has_deliveries: StdCell::default(),
        }
    }

    /// Runs a statement that changes rows; how many it changed.
    ///
    /// # Errors
    /// The database failed.
    pub fn execute(&self, statement: &Statement, params: impl Params) -> Result<u64, Fault> {
        self.query.n_statements.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        params.with(|values| match self.query.engine {
            Engine::Sqlite(connection) => connection.execute(statement, values),
            Engine::Postgres(connection) => connection.execute(statement, values),
        })
    }

    /// Runs a statement for many rows of values, as [`Query::rows_each`].
    ///
    /// # Errors
    /// The database failed.
    pub fn execute_each<const N: usize>(
        &self,
        statement: &Statement,
        rows: &[[Value<'_>; N]],
        rest: &[Value<'_>],
    ) -> Result<(), Fault> {
        self.query.for_each(rows, rest, &mut |values| self.execute(statement, values).map(drop))
    }

    /// The moment of the act: the same for everything in it.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// A new id of this moment.
    #[must_use]
    pub fn new_id(&self) -> i64 {
        self.ids.next(self.now)
    }

    /// A new id of another moment: for what was written elsewhere before it came here, so that it stands in its place.
    #[must_use]
    pub fn new_id_at(&self, moment: Time) -> i64 {
        if moment >= self.now { self.new_id() } else { self.ids.past(moment) }
    }

    /// Leaves work for later, to be begun as soon as a worker is free.
    ///
    /// # Errors
    /// The database failed.
    pub fn enqueue(&self, job: &Job) -> Result<(), Fault> {
        self.enqueue_each(std::slice::from_ref(job))
    }

    /// Leaves work for later, not before `run_at`.
    ///
    /// # Errors
    /// The database failed.
    pub fn enqueue_at(&self, job: &Job, run_at: Time) -> Result<(), Fault> {
        self.enqueue_each_at(std::slice::from_ref(job), run_at)
    }

    /// Leaves some work for later, to be begun in this order as soon as workers are free.
    ///
    /// # Errors
    /// The database failed.
    pub fn enqueue_each(&self, jobs: &[Job]) -> Result<(), Fault> {
        self.enqueue_each_at(jobs, self.now)
    }

    fn enqueue_each_at(&self, jobs: &[Job], run_at: Time) -> Result<(), Fault> {
        for job in jobs {
            let (mut lanes, lane) = (self.lanes.borrow_mut(), job.lane());
            if !lanes.contains(&lane) {
                lanes.push(lane);
            }
        }
        jobs::insert(self, jobs, run_at)
    }

    /// Wakes those who send to other servers, after the commit.
    pub(super) fn wake_deliverers(&self) {
        self.has_deliveries.set(true);
    }

    /// Tells streams and caches, after the commit.
    pub fn announce(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    /// What was announced, and who is to be woken.
    pub(super) fn finish(self) -> Aftermath {
        Aftermath {
            events: self.events.into_inner(),
            lanes: self.lanes.into_inner(),
            has_deliveries: self.has_deliveries.get(),
        }
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.events.borrow().clone()
    }
}

/// What follows from a committed transaction.
#[derive(Debug, Default)]
pub(super) struct Aftermath {
    pub(super) events: Vec<Event>,
    pub(super) lanes: Vec<Lane>,
    pub(super) has_deliveries: bool,
}

impl Aftermath {
    /// What follows from another transaction, too: both are committed together.
    pub(super) fn add(&mut self, more: Aftermath) {
        self.events.extend(more.events);
        self.lanes.extend(more.lanes);
        self.has_deliveries |= more.has_deliveries;
    }
}
