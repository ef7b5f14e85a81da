//! Forward-only migrations: the same file names for both engines, a copy of a SQLite database before each change,
//! and a refusal to touch what a newer version made.

use std::{fs, path::Path};

use phiomia_model::{Error, Fault, Refusal, Time};

use super::{
    inspect::Raw,
    postgres::{self, PostgresSettings},
    sql::{Sql, Statement},
    sqlite::{self, SqliteSettings},
    value::Row,
};

struct Migration {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$(Migration {
            name: $name,
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }),*]
    };
}

/// In order; the position is the version, beginning with 1.
const MIGRATIONS: &[Migration] = migrations![
    "0001_house",
    "0002_people",
    "0003_statuses",
    "0004_server",
    "0005_talk",
    "0006_lists",
    "0007_second_factor",
    "0008_tags",
    "0009_discovery",
    "0010_notification_groups",
    "0011_quotes",
    "0012_search",
    "0013_activity",
    "0014_passkeys",
    "0015_notification_policy",
    "0016_federation",
    "0017_reports",
    "0018_media",
    "0019_cards",
    "0020_peers",
    "0021_certificates",
    "0022_names",
    "0023_remote_files",
    "0024_announcements",
    "0025_keeping",
    "0026_retention",
    "0027_moderation",
    "0028_account_domain_blocks",
    "0029_filters",
    "0030_expired",
    "0031_approvals",
    "0032_notices",
    "0033_profile_tabs",
    "0035_origin",
    "0036_uploads",
    "0037_media_timelines",
    "0038_profile_mentions",
];

/// Copies kept from before migrations.
const MOST_BACKUPS: usize = 3;

/// What the migrations did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Schema version found; 0 for a new database.
    pub from: usize,
    /// Schema version now.
    pub to: usize,
    /// Where the copy from before is, if one was made.
    pub backup: Option<std::path::PathBuf>,
    /// The id of the newest post there is; 0: none.
    pub newest_post: i64,
}

const TABLE: &str = "create table if not exists schema_migrations (
    version bigint primary key, name text not null, applied_at bigint not null)";

/// The newest version that this program knows.
pub(super) const NEWEST: usize = MIGRATIONS.len();

static NEWEST_POST: Statement =
    Statement::new("migrate::NEWEST_POST", Sql::Same("select coalesce(max(id), 0) from statuses"));

// What a copy leaves in its target until it is whole.
static BEGUN: Statement = Statement::new(
    "migrate::BEGUN",
    Sql::Differs {
        sqlite: "select 1 from sqlite_schema where name = 'copy_marks'",
        postgres: "select 1 from pg_tables where schemaname = current_schema() and tablename = 'copy_marks'",
    },
);

pub(super) fn sqlite(settings: &SqliteSettings, now: Time) -> Result<Migrated, Error> {
    sqlite_to(settings, now, NEWEST, true)
}

/// Brings it to a version of the schema. `is_whole`: not if a copy into it has begun.
pub(super) fn sqlite_to(settings: &SqliteSettings, now: Time, to: usize, is_whole: bool) -> Result<Migrated, Error> {
    if let Some(folder) = settings.path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|e| Fault::because(format!("making {}", folder.display()), e))?;
    }
    let connection = sqlite::Connection::open(settings, false)?;
    if is_whole {
        refuse_begun(&mut |take| connection.each(&BEGUN, &[], take))?;
    }
    let failed = |e: rusqlite::Error| sqlite::broken("migrating", &e);
    let raw = &connection.raw;
    // Two processes may start at the same time; the second waits here and then finds nothing left to do.
    let found = || -> Result<usize, Fault> {
        let version: Option<i64> =
            raw.query_row("select max(version) from schema_migrations", [], |row| row.get(0)).map_err(failed)?;
        Ok(usize::try_from(version.unwrap_or_default()).unwrap_or_default())
    };
    connection.batch(TABLE)?;
    let from = found()?;
    check(from)?;
    if from >= to {
        let newest_post = newest_post(to, &mut |take| connection.each(&NEWEST_POST, &[], take))?;
        return Ok(Migrated { from, to: from, backup: None, newest_post });
    }
    let backup = if from > 0 { Some(copy_before(&connection, &settings.path, from)?) } else { None };
    for (version, migration) in (1..).zip(MIGRATIONS).take(to) {
        connection.batch("begin immediate")?;
        let outcome = (|| {
            if version > found()? {
                connection.batch(migration.sqlite).map_err(|f| named(migration, &f))?;
                raw.execute(
                    "insert into schema_migrations (version, name, applied_at) values (?1, ?2, ?3)",
                    (i64::try_from(version).unwrap_or(i64::MAX), migration.name, now.0),
                )
                .map_err(failed)?;
            }
            connection.batch("commit")
        })();
        if let Err(fault) = outcome {
            let _ = connection.batch("rollback");
            return Err(fault.into());
        }
    }
    let newest_post = newest_post(to, &mut |take| connection.each(&NEWEST_POST, &[], take))?;
    Ok(Migrated { from, to, backup, newest_post })
}

pub(super) fn postgres(settings: &PostgresSettings, now: Time) -> Result<Migrated, Error> {
    postgres_to(settings, now, NEWEST, true)
}

/// As [`sqlite_to`].
pub(super) fn postgres_to(
    settings: &PostgresSettings,
    now: Time,
    to: usize,
    is_whole: bool,
) -> Result<Migrated, Error> {
    let connection = postgres::Connection::primary(settings)?;
    // One process migrates, the others wait for the lock and find nothing left to do.
    connection.batch("begin; select pg_advisory_xact_lock(7246104)")?;
    let outcome = (|| -> Result<Migrated, Error> {
        if is_whole {
            refuse_begun(&mut |take| connection.each(&BEGUN, &[], take))?;
        }
        connection.batch(TABLE)?;
        let from = usize::try_from(postgres_version(&connection)?).unwrap_or_default();
        check(from)?;
        for (version, migration) in (1..).zip(MIGRATIONS).take(to).skip(from) {
            connection.batch(migration.postgres).map_err(|f| named(migration, &f))?;
            connection.batch(&format!(
                "insert into schema_migrations (version, name, applied_at) values ({version}, '{}', {})",
                migration.name, now.0
            ))?;
        }
        let newest_post = newest_post(to, &mut |take| connection.each(&NEWEST_POST, &[], take))?;
        connection.batch("commit")?;
        Ok(Migrated { from, to: to.max(from), backup: None, newest_post })
    })();
    if outcome.is_err() {
        let _ = connection.batch("rollback");
    }
    outcome
}

/// Refuses a database into which a copy has begun.
pub(super) fn look(raw: &Raw) -> Result<(), Error> {
    refuse_begun(&mut |take| match raw {
        Raw::Sqlite(connection) => connection.each(&BEGUN, &[], take),
        Raw::Postgres(connection) => connection.each(&BEGUN, &[], take),
    })
}

/// Calls what it is given for each row.
type Take<'a> = &'a mut dyn FnMut(&mut Row<'_>) -> Result<bool, Fault>;

fn refuse_begun(each: &mut dyn FnMut(Take<'_>) -> Result<(), Fault>) -> Result<(), Error> {
    let mut has_begun = false;
    each(&mut |_| {
        has_begun = true;
        Ok(false)
    })?;
    if has_begun {
        let sentence = "a copy into this database has begun and is not finished: run the command that began it again";
        return Err(Refusal::Invalid(sentence.to_owned()).into());
    }
    Ok(())
}

fn newest_post(version: usize, each: &mut dyn FnMut(Take<'_>) -> Result<(), Fault>) -> Result<i64, Fault> {
    let mut newest = 0;
    if version == NEWEST {
        each(&mut |row| {
            newest = row.next::<i64>()?;
            Ok(false)
        })?;
    }
    Ok(newest)
}

fn postgres_version(connection: &postgres::Connection) -> Result<i64, Fault> {
    let mut version = 0;
    connection.each(super::settings::version_statement(), &[], &mut |row| {
        version = row.next::<Option<i64>>()?.unwrap_or_default();
        Ok(false)
    })?;
    Ok(version)
}

/// The version of a database that is brought up to date.
pub(super) const fn newest() -> usize {
    MIGRATIONS.len()
}

fn check(found: usize) -> Result<(), Refusal> {
    let known = MIGRATIONS.len();
    if found > known {
        return Err(Refusal::Invalid(format!(
            "the database has schema version {found}, this program knows {known}: it was made by a newer version, use that one"
        )));
    }
    Ok(())
}

fn named(migration: &Migration, fault: &Fault) -> Fault {
    Fault::new(format!("migration {}: {}", migration.name, fault.chain()))
}

/// Whether a SQLite file is one of ours, and not of a newer version.
pub(super) fn check_copy(path: &Path) -> Result<(), Error> {
    let connection = sqlite::Connection::open(&SqliteSettings::at(path), false)?;
    let version =
        connection.raw.query_row("select max(version) from schema_migrations", [], |row| row.get::<_, Option<i64>>(0));
    match version {
        Ok(Some(version)) => Ok(check(usize::try_from(version).unwrap_or_default())?),
        _ => Err(Refusal::Invalid("the file holds a database, but not one of this program".to_owned()).into()),
    }
}

/// `backups/before-0004-….sqlite3` beside the database; the oldest are thrown away.
fn copy_before(connection: &sqlite::Connection, path: &Path, version: usize) -> Result<std::path::PathBuf, Fault> {
    let folder = path.with_file_name("backups");
    fs::create_dir_all(&folder).map_err(|e| Fault::because("making the folder for backups", e))?;
    let file = folder.join(format!("before-migration-from-{version:04}.sqlite3"));
    if file.exists() {
        fs::remove_file(&file).map_err(|e| Fault::because("replacing an older backup", e))?;
    }
    connection.backup(&file)?;
    let mut copies: Vec<_> = fs::read_dir(&folder)
        .map_err(|e| Fault::because("listing backups", e))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("before-migration-from-")))
        .collect();
    copies.sort();
    let n_surplus = copies.len().saturating_sub(MOST_BACKUPS);
    for old in copies.into_iter().take(n_surplus) {
        let _ = fs::remove_file(old);
    }
    Ok(file)
}

pub(super) fn backup(settings: &SqliteSettings, to: &Path) -> Result<(), Error> {
    if to.exists() {
        return Err(Refusal::Invalid(format!("{} exists already", to.display())).into());
    }
    if !settings.path.exists() {
        return Err(Refusal::Invalid(format!("there is no database at {}", settings.path.display())).into());
    }
    sqlite::Connection::open(settings, false)?.backup(to)?;
    // A backup that is lost with the power is none.
    fs::File::open(to).and_then(|f| f.sync_all()).map_err(|e| Fault::because("storing the backup durably", e))?;
    Ok(())
}
