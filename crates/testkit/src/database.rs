//! A fresh database for one test, thrown away afterwards.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use phiomia_model::Event;
use phiomia_store::{
    Clock, Db,
    db::{self, Opener, PostgresSettings, Settings, SqliteSettings},
};
use tokio::sync::mpsc::UnboundedReceiver;

/// Which engine a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of its own on the server that `script/test` starts.
    Postgres,
}

/// A fresh database, gone when dropped.
pub struct TestDatabase {
    /// The opened database.
    pub db: Db,
    /// What committed transactions announced.
    pub events: UnboundedReceiver<Event>,
    /// To open it a second time.
    pub settings: Settings,
    /// Which engine it is.
    pub engine: Engine,
    _scratch: Scratch,
}

impl TestDatabase {
    /// A fresh, migrated database with the machine's clock.
    pub async fn open(engine: Engine) -> TestDatabase {
        TestDatabase::with_clock(engine, Clock::system()).await
    }

    /// A fresh, migrated database with a clock of the test's.
    pub async fn with_clock(engine: Engine, clock: Clock) -> TestDatabase {
        let (settings, scratch) = empty(engine).await;
        let chosen = settings.clone();
        // Opening blocks: it connects and migrates.
        let opened = tokio::task::spawn_blocking(move || Db::open(chosen, clock, Opener::Server)).await.unwrap();
        let opened = opened.expect("the test database does not open");
        TestDatabase { db: opened.db, events: opened.events, settings, engine, _scratch: scratch }
    }

    /// The events announced since the last look.
    pub fn announced(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

/// What has to be thrown away.
pub enum Scratch {
    /// With everything in it.
    Folder(PathBuf),
    /// A thousand databases of ten megabytes would fill a disk before their server is thrown away.
    Database {
        /// Address of the server.
        server: String,
        /// The database.
        name: String,
    },
}

impl Drop for Scratch {
    fn drop(&mut self) {
        match self {
            Scratch::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Scratch::Database { server, name } => {
                let (server, drop_it) = (server.clone(), format!("drop database if exists {name} with (force)"));
                // The runtime of the test may be gone already. A database that stays is nothing a test could fail by.
                let _ = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                    runtime.block_on(batch(&server, &[&drop_it])).map_err(std::io::Error::other)
                })
                .join();
            }
        }
    }
}

/// Runs statements, each by itself.
async fn batch(server: &str, statements: &[&str]) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    for statement in statements {
        client.batch_execute(statement).await?;
    }
    drop(client);
    driver.await.unwrap_or(Ok(()))
}

/// Settings of a database that is empty and not migrated yet.
pub async fn empty(engine: Engine) -> (Settings, Scratch) {
    let (address, scratch) = empty_address(engine).await;
    (settings(&address), scratch)
}

/// What an address for `DATABASE_URL` means.
#[must_use]
pub fn settings(address: &str) -> Settings {
    match address.strip_prefix("sqlite:") {
        Some(path) => Settings::Sqlite(SqliteSettings::at(path)),
        None => {
            let mut settings = PostgresSettings::parse(address).unwrap();
            settings.connections = 2;
            Settings::Postgres(Box::new(settings))
        }
    }
}

/// The same as [`empty`], as an address for `DATABASE_URL`.
pub async fn empty_address(engine: Engine) -> (String, Scratch) {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = format!("phiomia_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    // Process numbers come back: a run that was killed may have left one of this name.
    match engine {
        Engine::Sqlite => {
            let folder = std::env::temp_dir().join(name);
            if folder.exists() {
                std::fs::remove_dir_all(&folder).unwrap();
            }
            std::fs::create_dir_all(&folder).unwrap();
            (format!("sqlite:{}", folder.join("phiomia.sqlite3").display()), Scratch::Folder(folder))
        }
        Engine::Postgres => {
            #[expect(clippy::disallowed_methods, reason = "script/test says here where its server is")]
            let server = std::env::var("PHIOMIA_TEST_POSTGRES").expect(
                "PHIOMIA_TEST_POSTGRES is not set: run the tests through script/test, which starts a PostgreSQL for them",
            );
            let drop_it = format!("drop database if exists {name} with (force)");
            batch(&server, &[&drop_it, &format!("create database {name}")]).await.unwrap();
            let (base, _) = server.rsplit_once('/').expect("PHIOMIA_TEST_POSTGRES names a database");
            (format!("{base}/{name}?sslmode=disable"), Scratch::Database { server, name })
        }
    }
}

/// Opens a database a second time, as a command beside the server does.
pub async fn beside(settings: &Settings) -> db::Opened {
    let settings = settings.clone();
    tokio::task::spawn_blocking(move || Db::open(settings, Clock::system(), Opener::Command)).await.unwrap().unwrap()
}
