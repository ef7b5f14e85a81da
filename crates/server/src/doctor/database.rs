//! The database: whether it opens and is up to date, what is between it and us, how fast it answers.

use std::time::{Duration, Instant};

use phiomia_api::doctor::{Finding, Subject};
use phiomia_store::{
    Clock, Db,
    db::{
        Opener, Settings,
        inspect::{self, Pooler, Standing},
    },
};
use tokio::{task::spawn_blocking, time::timeout};

use super::{
    Practice,
    known::{good, known},
};
use crate::config::Config;

known! {
    UNREACHABLE = Database Fault "database-unreachable";
    ABSENT = Database Warning "database-absent";
    NEWER = Database Fault "database-newer";
    PENDING = Database Warning "database-migrations-pending";
    POOLER = Database Fault "database-pooler";
    OLD = Database Fault "database-old";
    SLOW = Database Warning "database-slow";
}

/// The oldest PostgreSQL that has all that is asked of it.
const OLDEST_POSTGRES: u32 = 130_000;
/// An answer that takes longer is felt on every page.
const SLOW_ANSWER: Duration = Duration::from_millis(20);
/// For what is looked at beside the threads of the database.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens it, when that changes nothing.
pub(super) async fn open(config: &Config) -> Result<Db, Finding> {
    let settings = config.database_settings().map_err(|why| unreachable(&why))?;
    if let Settings::Sqlite(sqlite) = &settings
        && !sqlite.path.exists()
    {
        return Err(ABSENT.cured(
            format!("There is no database at {} yet", sqlite.path.display()),
            "`phiomia serve` makes it; if there should be one, see whether --data and PHIOMIA_DATA name the right folder",
        ));
    }
    let standing = beside(settings.clone(), inspect::standing).await?;
    up_to_date(&standing)?;
    let opening = spawn_blocking(move || Db::open(settings, Clock::system(), Opener::Command));
    match opening.await {
        Ok(Ok(opened)) => Ok(opened.db),
        Ok(Err(error)) => Err(unreachable(&crate::house::sentence(&error))),
        Err(error) => Err(unreachable(&error.to_string())),
    }
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let mut findings = Vec::new();
    let settings = practice.config.database_settings().ok();
    if let Some(settings @ Settings::Postgres(_)) = settings.clone() {
        let is_preparing = practice.config.database.prepared_statements;
        // What does not open at all is said below.
        if let Ok(pooler) = beside(settings, inspect::pooler).await {
            findings.extend(between(pooler, is_preparing));
        }
    }
    match (&practice.db, settings) {
        (Ok(db), Some(settings)) => match beside(settings, inspect::standing).await {
            Ok(standing) => findings.extend(judge(&standing, db.engine_name(), &answers(db).await)),
            Err(finding) => findings.push(finding),
        },
        (Err(finding), _) => findings.push(finding.clone()),
        (Ok(_), None) => {}
    }
    findings
}

/// Whether it answers at all, and how fast: of what is open already, without a look at anything else.
pub(super) async fn examine_open(practice: &Practice) -> Vec<Finding> {
    match &practice.db {
        Ok(db) => vec![speed(db.engine_name(), &answers(db).await)],
        Err(finding) => vec![finding.clone()],
    }
}

/// Runs what waits for the database on a thread where nobody waits for it.
async fn beside<T: Send + 'static>(
    settings: Settings,
    look: impl FnOnce(&Settings) -> Result<T, phiomia_model::Fault> + Send + 'static,
) -> Result<T, Finding> {
    match timeout(PATIENCE, spawn_blocking(move || look(&settings))).await {
        Ok(Ok(Ok(found))) => Ok(found),
        Ok(Ok(Err(fault))) => Err(unreachable(&fault.chain())),
        Ok(Err(error)) => Err(unreachable(&error.to_string())),
        Err(_) => Err(unreachable("it does not answer")),
    }
}

/// The times of some short questions, or why there is no answer.
async fn answers(db: &Db) -> Result<Vec<Duration>, String> {
    let mut all = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        match timeout(PATIENCE, db.ping()).await {
            Ok(Ok(())) => all.push(begun.elapsed()),
            Ok(Err(error)) => return Err(crate::house::sentence(&error)),
            Err(_) => return Err("it does not answer".to_owned()),
        }
    }
    Ok(all)
}

fn unreachable(why: &str) -> Finding {
    UNREACHABLE.cured(
        format!("The database does not open: {why}"),
        "See database.url (or DB_HOST, DB_NAME, DB_USER, DB_PASS), whether PostgreSQL runs and lets this machine in \
         (pg_hba.conf, security group); for SQLite the rights of the data folder, and `phiomia db check`",
    )
}

fn up_to_date(standing: &Standing) -> Result<(), Finding> {
    let Standing { schema, newest, .. } = standing;
    if schema > newest {
        return Err(NEWER.cured(
            format!("The database has schema version {schema}, and this program knows {newest}: a newer one made it"),
            "Use the newer program, or the backup from before the upgrade (`phiomia db restore`)",
        ));
    }
    if schema < newest {
        return Err(PENDING.cured(
            format!("The database has schema version {schema}, and this program wants {newest}"),
            "Start the server anew, or `phiomia db migrate`; a copy of a SQLite database is made first",
        ));
    }
    Ok(())
}

fn between(pooler: Pooler, is_preparing: bool) -> Option<Finding> {
    match pooler {
        Pooler::Transactions { keeps_prepared: false } if is_preparing => Some(POOLER.cured(
            "A pooler in transaction mode stands before PostgreSQL and loses prepared statements: requests fail now and then",
            "Set database.prepared_statements = false (PREPARED_STATEMENTS=false); or PgBouncer 1.21 and later with \
             max_prepared_statements = 200; or let it pool sessions",
        )),
        Pooler::Transactions { .. } => {
            Some(good(Subject::Database, "The pooler in transaction mode before PostgreSQL does no harm"))
        }
        Pooler::None => None,
    }
}

fn judge(standing: &Standing, engine: &str, answers: &Result<Vec<Duration>, String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let number = standing.engine.parse::<u32>().ok();
    if let Some(number) = number.filter(|number| *number < OLDEST_POSTGRES) {
        findings.push(OLD.cured(
            format!("PostgreSQL {}.{} is too old", number / 10_000, number % 10_000),
            "Bring it to version 13 or later (pg_upgrade)",
        ));
    }
    let version = match number {
        Some(number) => format!("{}.{}", number / 10_000, number % 10_000),
        None => standing.engine.clone(),
    };
    findings.push(speed(&format!("{engine} {version}"), answers));
    findings
}

/// The one in the middle counts: the first pays for what was asleep.
fn speed(engine: &str, answers: &Result<Vec<Duration>, String>) -> Finding {
    let mut answers = match answers {
        Ok(answers) => answers.clone(),
        Err(why) => return unreachable(why),
    };
    answers.sort_unstable();
    let middle = answers.get(answers.len() / 2).copied().unwrap_or_default();
    if middle > SLOW_ANSWER {
        return SLOW.cured(
            format!("{engine} takes {} ms to answer the shortest question", middle.as_millis()),
            "Run PostgreSQL near this server (same zone); put a SQLite database on a disk of this machine, not on a network",
        );
    }
    let shown = middle.as_micros().div_ceil(100);
    good(Subject::Database, format!("{engine} answers within {}.{} ms", shown / 10, shown % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(schema: usize, engine: &str) -> Standing {
        Standing { schema, newest: 20, engine: engine.to_owned() }
    }

    #[test]
    fn a_schema_of_another_version_is_named_and_left_alone() {
        let name = |schema| up_to_date(&standing(schema, "3")).map_err(|finding| finding.name);
        assert_eq!(name(20), Ok(()));
        assert_eq!(name(19), Err("database-migrations-pending".to_owned()));
        assert_eq!(name(21), Err("database-newer".to_owned()));
    }

    #[test]
    fn an_old_or_slow_engine_is_named() {
        let fast = Ok(vec![Duration::from_millis(90), Duration::from_millis(1), Duration::from_millis(2)]);
        let slow = Ok(vec![Duration::from_millis(90); 5]);
        let names = |engine, answers| {
            judge(&standing(20, engine), "it", answers).into_iter().map(|finding| finding.name).collect::<Vec<_>>()
        };
        assert_eq!(names("150012", &fast), ["database-good"]);
        assert_eq!(names("3.50.1", &slow), ["database-slow"]);
        assert_eq!(names("120004", &fast), ["database-old", "database-good"]);
    }

    #[test]
    fn a_pooler_that_keeps_statements_does_no_harm() {
        let name = |pooler, prepares| between(pooler, prepares).map(|finding| finding.name);
        let losing = Pooler::Transactions { keeps_prepared: false };
        assert_eq!(name(losing, true).as_deref(), Some("database-pooler"));
        assert_eq!(name(losing, false).as_deref(), Some("database-good"));
        assert_eq!(name(Pooler::None, true), None);
    }
}
