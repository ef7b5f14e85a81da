//! One connection and the runtime that drives it, both owned by one thread.

use std::{
    cell::{Cell as StdCell, RefCell},
    collections::HashMap,
    error::Error as StdError,
    pin::pin,
    time::Duration,
};

use bytes::BytesMut;
use phiomia_model::{Fault, Time};
use postgres_types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, error::SqlState};

use super::{PostgresSettings, SslMode, tls};
use crate::db::{
    error::{Cause, fault},
    query::Tx,
    sql::{Planning, Sql, Statement, queries},
    value::{Cell, Cells, Row, Value},
};

queries! {
    MARK = Sql::Same("insert into write_marks (worker, n, marked_at) values ($1, $2, $3)
        on conflict (worker) do update set n = excluded.n, marked_at = excluded.marked_at");
    MARKED = Sql::Differs {
        sqlite: "select n from write_marks where worker = $1",
        postgres: "select n from write_marks where worker = $1 for update",
    };
    FORGET_MARKS = Sql::Same("delete from write_marks where marked_at < $1");
}

/// Takes away the marks of connections that are long gone.
///
/// # Errors
/// The database failed.
pub(in crate::db) fn forget_marks(tx: &Tx<'_>, before: Time) -> Result<(), Fault> {
    tx.execute(&FORGET_MARKS, (before,)).map(|_| ())
}

/// The n-th transaction of a worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) worker: i64,
    pub(super) n: i64,
    pub(super) at: Time,
}

/// A connection. Not shared between threads.
pub struct Connection {
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) client: Client,
    prepared: RefCell<HashMap<usize, tokio_postgres::Statement>>,
    is_preparing: bool,
    /// A statement of this transaction failed: PostgreSQL will only roll it back, whatever it is told.
    has_failed: StdCell<bool>,
    /// How long the server may take for an answer; `None`: as long as it likes.
    patience: StdCell<Option<Duration>>,
    /// It took longer: whatever it still says is not heard any more.
    is_stuck: StdCell<bool>,
    /// A transaction of which the server does not know yet.
    opening: StdCell<Option<Opening>>,
    /// What is run in this transaction is planned once.
    is_planning_once: StdCell<bool>,
}

/// Name, connection, TLS and greeting together; less where answers have to come sooner.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const BEGIN_READ: &str = "begin isolation level repeatable read read only";
/// Source: <https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-PLAN-CACHE-MODE>.
///
/// What is planned once goes by keys from row to row. PostgreSQL would read a table as a whole and join by hashing where that
/// looks cheaper, as it does while tables are empty, and the plan would stay when they are full.
pub(super) const PLAN_ONCE: &str = "set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; \
    set local enable_hashjoin = off; set local enable_mergejoin = off";
const PLAN_AS_USUAL: &str = "set local plan_cache_mode = auto; set local enable_seqscan = on; \
    set local enable_hashjoin = on; set local enable_mergejoin = on";

/// How a transaction begins.
#[derive(Clone, Copy, Debug)]
enum Opening {
    Read,
    Write(Mark),
}

impl Connection {
    pub(super) fn open(settings: &PostgresSettings, config: &tokio_postgres::Config) -> Result<Connection, Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Fault::because("starting a database runtime", e))?;
        let patience = settings.answer_timeout.min(CONNECT_TIMEOUT);
        let client = runtime.block_on(async {
            let connecting = connect(settings, config);
            let late = |_| silent("connecting to PostgreSQL", patience);
            tokio::time::timeout(patience, connecting).await.map_err(late).flatten()
        })?;
        Ok(Connection {
            runtime,
            client,
            prepared: RefCell::default(),
            is_preparing: settings.prepared_statements,
            has_failed: StdCell::new(false),
            patience: StdCell::new(None),
            is_stuck: StdCell::new(false),
            opening: StdCell::new(None),
            is_planning_once: StdCell::new(false),
        })
    }

    pub(in crate::db) fn primary(settings: &PostgresSettings) -> Result<Connection, Fault> {
        Connection::open(settings, &settings.config)
    }

    /// From now on no answer is waited for longer than this.
    pub(super) fn set_patience(&self, patience: Duration) {
        self.patience.set(Some(patience));
    }

    /// Whether an answer did not come in time.
    pub(super) fn is_stuck(&self) -> bool {
        self.is_stuck.get()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed() || self.is_stuck.get()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.get()
    }

    /// Runs statements without parameters or rows.
    pub(in crate::db) fn batch(&self, sql: &str) -> Result<(), Fault> {
        self.begun()?;
        self.answered(sql.split_whitespace().next().unwrap_or("batch"), self.client.batch_execute(sql))
    }

    /// Waits for an answer as long as it may take.
    fn answered<T>(
        &self,
        doing: &str,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Fault> {
        let outcome = self.runtime.block_on(async {
            match self.patience.get() {
                None => work.await.map_err(|e| broken(doing, &e)),
                Some(patience) => match tokio::time::timeout(patience, work).await {
                    Ok(answer) => answer.map_err(|e| broken(doing, &e)),
                    Err(_) => {
                        self.is_stuck.set(true);
                        Err(silent(doing, patience))
                    }
                },
            }
        });
        if outcome.is_err() {
            self.has_failed.set(true);
        }
        outcome
    }

    /// Begins a transaction. Nothing is sent yet: `begin`, this worker's mark and the first statement go in one round
    /// trip. Should the answer to `commit` be lost, the mark says whether it happened.
    pub(super) fn begin_write(&self, mark: Mark) {
        self.begin(Opening::Write(mark));
    }

    /// Begins a transaction that sees one snapshot and writes nothing; sent with its first statement.
    pub(super) fn begin_read(&self) {
        self.begin(Opening::Read);
    }

    fn begin(&self, opening: Opening) {
        self.has_failed.set(false);
        self.is_planning_once.set(false);
        self.opening.set(Some(opening));
    }

    /// Ends the transaction; nothing is sent when none was begun yet.
    pub(super) fn commit(&self) -> Result<(), Fault> {
        if self.opening.take().is_some() { Ok(()) } else { self.batch("commit") }
    }

    /// Undoes the transaction.
    pub(super) fn roll_back(&self) -> Result<(), Fault> {
        if self.opening.take().is_some() { Ok(()) } else { self.batch("rollback") }
    }

    /// Lets go of a snapshot: told to the server, whose answer is not waited for. Whatever is wrong with the connection
    /// the next statement hears.
    pub(super) fn let_go(&self) {
        if self.opening.take().is_some() {
            return;
        }
        self.is_planning_once.set(false);
        self.runtime.block_on(async {
            let mut told = pin!(self.client.batch_execute("rollback"));
            let _ = futures_util::poll!(&mut told);
            // The task that owns the socket writes it.
            tokio::task::yield_now().await;
        });
    }

    /// Whether the transaction that left this mark was committed. Waits for it, should it still be on its way: its row
    /// is locked until it ends.
    pub(super) fn is_marked(&self, mark: &Mark) -> Result<bool, Fault> {
        let mut n = None;
        self.each(&MARKED, &[Value::Int(mark.worker)], &mut |row| {
            n = Some(row.next::<i64>()?);
            Ok(false)
        })?;
        Ok(n == Some(mark.n))
    }

    pub(in crate::db) fn each(
        &self,
        statement: &Statement,
        values: &[Value<'_>],
        take: &mut dyn FnMut(&mut Row<'_>) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        for row in self.query(statement, values)? {
            if !take(&mut Row { cells: &row, at: 0, statement: statement.name })? {
                break;
            }
        }
        Ok(())
    }

    fn query(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<tokio_postgres::Row>, Fault> {
        self.guarded(statement.name, statement.planning(), async {
            if self.is_preparing {
                let prepared = self.prepared(statement).await?;
                self.client.query(&prepared, &borrowed(&wrapped(values))).await
            } else {
                self.client.query_typed(statement.postgres(), &typed(&wrapped(values))).await
            }
        })
    }

    pub(in crate::db) fn execute(&self, statement: &Statement, values: &[Value<'_>]) -> Result<u64, Fault> {
        self.guarded(statement.name, statement.planning(), async {
            if self.is_preparing {
                let prepared = self.prepared(statement).await?;
                self.client.execute(&prepared, &borrowed(&wrapped(values))).await
            } else {
                self.client.execute_typed(statement.postgres(), &typed(&wrapped(values))).await
            }
        })
    }

    /// Makes sure that a transaction has begun that is only announced yet: for what is none of the statements below.
    pub(super) fn begun(&self) -> Result<(), Fault> {
        self.guarded("begin", Planning::Either, async { Ok(()) })
    }

    fn guarded<T>(
        &self,
        doing: &str,
        planning: Planning,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Fault> {
        self.answered(doing, async {
            let work = self.planned(planning, work);
            match self.opening.take() {
                None => work.await,
                // Sent in this order, answered in this order: what fails first says why the rest did.
                Some(Opening::Read) => {
                    let (begun, done) = tokio::join!(self.client.batch_execute(BEGIN_READ), work);
                    begun.and(done)
                }
                Some(Opening::Write(mark)) => {
                    if self.is_preparing {
                        self.prepared(&MARK).await?;
                    }
                    let (begun, marked, done) =
                        tokio::join!(self.client.batch_execute("begin"), self.leave(&mark), work);
                    begun.and(marked).and(done)
                }
            }
        })
    }

    /// Tells the server, in the same round trip, how it is to plan what comes; until the end of the transaction.
    async fn planned<T>(
        &self,
        planning: Planning,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, tokio_postgres::Error> {
        let once = match planning {
            Planning::Once => true,
            Planning::Anew => false,
            Planning::Either => self.is_planning_once.get(),
        };
        // What is not prepared is planned each time, whatever was said.
        if !self.is_preparing || self.is_planning_once.replace(once) == once {
            return work.await;
        }
        let how = if once { PLAN_ONCE } else { PLAN_AS_USUAL };
        let (told, done) = tokio::join!(self.client.batch_execute(how), work);
        told.and(done)
    }

    async fn leave(&self, mark: &Mark) -> Result<(), tokio_postgres::Error> {
        let values = [mark.worker, mark.n, mark.at.0].map(|n| Parameter(Value::Int(n)));
        if self.is_preparing {
            let statement = self.prepared(&MARK).await?;
            self.client.execute(&statement, &borrowed(&values)).await?;
        } else {
            self.client.execute_typed(MARK.postgres(), &typed(&values)).await?;
        }
        Ok(())
    }

    async fn prepared(&self, statement: &Statement) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
        let key = std::ptr::from_ref(statement).addr();
        if let Some(known) = self.prepared.borrow().get(&key) {
            return Ok(known.clone());
        }
        let new = self.client.prepare(statement.postgres()).await?;
        self.prepared.borrow_mut().insert(key, new.clone());
        Ok(new)
    }
}

/// Connects as `sslmode` asks. The name is resolved anew each time, so a failover's new address is found.
async fn connect(settings: &PostgresSettings, config: &tokio_postgres::Config) -> Result<Client, Fault> {
    use tokio_postgres::config::SslMode as Wire;
    let attempts: &[Wire] = match settings.ssl_mode {
        SslMode::Disable => &[Wire::Disable],
        SslMode::Allow => &[Wire::Disable, Wire::Require],
        SslMode::Prefer => &[Wire::Prefer, Wire::Disable],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Wire::Require],
    };
    let signed = match &settings.iam {
        Some(iam) => Some(iam.sign_in(config).await?),
        None => None,
    };
    let config = signed.as_ref().unwrap_or(config);
    let mut last = None;
    for mode in attempts {
        let mut config = config.clone();
        config.ssl_mode(*mode);
        let outcome = if *mode == Wire::Disable {
            config.connect(NoTls).await.map(|(client, driver)| {
                tokio::spawn(async move { driver.await.map_err(|e| tracing::debug!("database connection: {e}")) });
                client
            })
        } else {
            let tls = tls::connector(settings.ssl_mode, settings.ca_file.as_deref())?;
            config.connect(tls).await.map(|(client, driver)| {
                tokio::spawn(async move { driver.await.map_err(|e| tracing::debug!("database connection: {e}")) });
                client
            })
        };
        match outcome {
            Ok(client) => return Ok(client),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| Fault::new("connecting to PostgreSQL"), |e| broken("connecting to PostgreSQL", &e)))
}

pub(super) fn wrapped<'a>(values: &[Value<'a>]) -> Vec<Parameter<'a>> {
    values.iter().map(|v| Parameter(*v)).collect()
}

fn borrowed<'a>(values: &'a [Parameter<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|v| v as &(dyn ToSql + Sync)).collect()
}

pub(super) fn typed<'a>(values: &'a [Parameter<'a>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    values.iter().map(|v| (v as &(dyn ToSql + Sync), v.natural_type())).collect()
}

/// A value as PostgreSQL wants it on the wire.
#[derive(Debug)]
pub(super) struct Parameter<'a>(pub(super) Value<'a>);

impl Parameter<'_> {
    /// The type told to the server when it is not asked first.
    fn natural_type(&self) -> Type {
        match self.0 {
            // The server infers it from the place.
            Value::Null => Type::UNKNOWN,
            Value::Int(_) => Type::INT8,
            Value::Bool(_) => Type::BOOL,
            Value::Text(_) => Type::TEXT,
            Value::Bytes(_) => Type::BYTEA,
            Value::Ids(_) => Type::INT8_ARRAY,
            Value::Texts(_) => Type::TEXT_ARRAY,
            Value::Column(values) => match values.iter().find(|value| !matches!(value, Value::Null)) {
                Some(Value::Int(_)) => Type::INT8_ARRAY,
                Some(Value::Bool(_)) => Type::BOOL_ARRAY,
                Some(Value::Bytes(_)) => Type::BYTEA_ARRAY,
                // Nothing but nulls fits every cast.
                _ => Type::TEXT_ARRAY,
            },
        }
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(n) if *ty == Type::INT4 => i32::try_from(n)?.to_sql(ty, out),
            Value::Int(n) if *ty == Type::INT2 => i16::try_from(n)?.to_sql(ty, out),
            Value::Int(n) if *ty == Type::INT8 => n.to_sql(ty, out),
            Value::Bool(b) if *ty == Type::BOOL => b.to_sql(ty, out),
            Value::Text(t) if matches!(*ty, Type::TEXT | Type::VARCHAR | Type::UNKNOWN) => t.to_sql(ty, out),
            Value::Bytes(b) if *ty == Type::BYTEA => b.to_sql(ty, out),
            Value::Ids(list) if *ty == Type::INT8_ARRAY => list.to_sql(ty, out),
            Value::Texts(list) if *ty == Type::TEXT_ARRAY => list.to_sql(ty, out),
            Value::Column(values) if matches!(ty.kind(), Kind::Array(_)) => {
                values.iter().map(|value| Parameter(*value)).collect::<Vec<_>>().to_sql(ty, out)
            }
            other => Err(format!("{other:?} does not fit a parameter of type {ty}").into()),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

/// A cell of any type we use.
struct Raw<'a>(Option<Cell<'a>>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Raw<'a>, Box<dyn StdError + Sync + Send>> {
        Ok(Raw(match *ty {
            Type::INT8 => Some(Cell::Int(i64::from_sql(ty, raw)?)),
            Type::INT4 => Some(Cell::Int(i32::from_sql(ty, raw)?.into())),
            Type::INT2 => Some(Cell::Int(i16::from_sql(ty, raw)?.into())),
            Type::BOOL => Some(Cell::Bool(bool::from_sql(ty, raw)?)),
            Type::TEXT | Type::VARCHAR => Some(Cell::Text(<&str>::from_sql(ty, raw)?)),
            Type::BYTEA => Some(Cell::Bytes(raw)),
            _ => None,
        }))
    }
    fn from_sql_null(_: &Type) -> Result<Raw<'a>, Box<dyn StdError + Sync + Send>> {
        Ok(Raw(Some(Cell::Null)))
    }
    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Cells for tokio_postgres::Row {
    fn cell(&self, index: usize) -> Option<Cell<'_>> {
        self.try_get::<_, Raw<'_>>(index).ok().and_then(|raw| raw.0)
    }
}

fn silent(doing: &str, patience: Duration) -> Fault {
    fault(doing, Cause::Away, format!("no answer within {} ms", patience.as_millis()))
}

pub(super) fn broken(doing: &str, error: &tokio_postgres::Error) -> Fault {
    let cause = match error.code() {
        Some(code) if *code == SqlState::UNIQUE_VIOLATION => Cause::Taken,
        Some(code) if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED => {
            Cause::Contention
        }
        // Connection exceptions, out of resources, shutting down, and a primary that has become a replica.
        Some(code) if ["08", "53", "57", "58"].iter().any(|class| code.code().starts_with(class)) => Cause::Away,
        Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Cause::Away,
        Some(_) => Cause::Other,
        None if error.is_closed() || error.source().is_some_and(|s| s.is::<std::io::Error>()) => Cause::Away,
        None if doing.starts_with("connecting") => Cause::Away,
        None => Cause::Other,
    };
    let message = match error.as_db_error() {
        Some(db) => format!("{}: {}", db.code().code(), db.message()),
        None => error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
    };
    fault(doing, cause, message)
}
