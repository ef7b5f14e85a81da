//! A server process with its data, and the commands beside it.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tokio::sync::OnceCell;

use crate::client::Connection;

/// Where a server keeps its things; thrown away at the end.
pub struct Site {
    binary: PathBuf,
    pub data: PathBuf,
    pub address: String,
    postgres: Option<String>,
    /// The database without PostgreSQL.
    file: PathBuf,
    /// One connection for all that is asked behind the server's back: PostgreSQL starts a process for each.
    client: OnceCell<tokio_postgres::Client>,
}

/// A running server.
pub struct Running {
    child: Child,
    /// From the start of the process to its first `200`.
    pub ready_after: Duration,
}

impl Site {
    pub fn new(binary: &Path, postgres: Option<&str>) -> Site {
        let data = std::env::temp_dir().join(format!("phiomia-bench-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        std::fs::create_dir_all(&data).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Site {
            binary: binary.to_owned(),
            file: data.join("phiomia.sqlite3"),
            data,
            address: format!("127.0.0.1:{port}"),
            postgres: postgres.map(str::to_owned),
            client: OnceCell::new(),
        }
    }

    pub fn is_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--data").arg(&self.data).env("LOCAL_DOMAIN", &self.address).env("RUST_LOG", "warn");
        match &self.postgres {
            Some(postgres) => command.env("DATABASE_URL", postgres),
            None => command.env("DATABASE_URL", format!("sqlite:{}", self.file.display())),
        };
        command
    }

    /// It is on this database from now on: another PostgreSQL, or a file as `sqlite:/path`.
    pub fn move_to(&mut self, database: &str) {
        match database.strip_prefix("sqlite:") {
            Some(file) => (self.postgres, self.file) = (None, file.into()),
            None => self.postgres = Some(database.to_owned()),
        }
        self.client = OnceCell::new();
    }

    /// A place of the same server that has nothing yet, on the same engine.
    pub async fn empty(&self) -> Site {
        let data = self.data.join("empty");
        let _ = std::fs::remove_dir_all(&data);
        let mut site = Site {
            binary: self.binary.clone(),
            file: data.join("phiomia.sqlite3"),
            data,
            address: self.address.clone(),
            postgres: None,
            client: OnceCell::new(),
        };
        if let Some(address) = &self.postgres {
            self.execute("drop database if exists bench_empty").await;
            self.execute("create database bench_empty").await;
            let mut new: url::Url = address.parse().unwrap();
            new.set_path("bench_empty");
            site.postgres = Some(new.into());
        }
        site
    }

    /// Runs a command; what it prints.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{arguments:?} failed");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub async fn start(&self) -> Running {
        self.start_with(&[]).await
    }

    /// The same with settings of its configuration.
    pub async fn start_with(&self, settings: &[(&str, &str)]) -> Running {
        let begun = Instant::now();
        let child = self
            .command()
            .args(["serve", "--listen", &self.address])
            .args(settings.iter().flat_map(|(key, value)| ["--set".to_owned(), format!("{key}={value}")]))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the server does not start: build it first (cargo build --release)");
        let mut running = Running { child, ready_after: Duration::ZERO };
        while begun.elapsed() < Duration::from_secs(60) {
            if let Ok(mut connection) = Connection::open(&self.address).await
                && connection.get("/health", None).await.is_ok_and(|a| a.status == 200)
            {
                running.ready_after = begun.elapsed();
                return running;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("the server did not answer within a minute");
    }

    /// Makes people, each with a token for everything; their tokens.
    pub fn people(&self, n: usize) -> Vec<String> {
        let app: serde_json::Value = serde_json::from_str(&self.run(&[
            "app",
            "create",
            "--name",
            "bench",
            "--redirect-uri",
            "urn:ietf:wg:oauth:2.0:oob",
            "--scopes",
            "read write follow push",
            "--json",
        ]))
        .unwrap();
        let client = app.get("client_id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
        let make = |n: usize| {
            let name = format!("person{n}");
            self.run(&[
                "account",
                "create",
                &name,
                "--password",
                "correct horse battery",
                "--confirmed",
                "--approved",
                "--print-id",
            ]);
            let scopes = "read write follow push";
            self.run(&["token", "create", "--account", &name, "--app", &client, "--scopes", scopes, "--print"])
        };
        (0..n).map(make).collect()
    }
}

impl Site {
    /// Throws away the jobs that growing left: most would write into feeds what is too old for them.
    pub async fn forget_jobs(&self) {
        self.execute("delete from jobs where kind <> 'tidy'").await;
    }

    /// Whether jobs wait or run. Asked often, so that it counts no further than it has to.
    pub async fn has_jobs(&self) -> bool {
        let waiting = "select 1 from jobs where kind <> 'tidy' and parked_at is null limit 1";
        self.scalar(&format!("select count(*) from ({waiting}) waiting")).await > 0
    }

    /// Jobs that wait or run.
    pub async fn n_jobs(&self) -> i64 {
        self.scalar("select count(*) from jobs where kind <> 'tidy' and parked_at is null").await
    }

    /// Posts with boosts, and bytes of the database.
    pub async fn weigh(&self) -> (f64, f64) {
        let n_bytes = match &self.postgres {
            None => self.scalar("select page_count * page_size from pragma_page_count(), pragma_page_size()").await,
            Some(_) => self.scalar("select pg_database_size(current_database())").await,
        };
        (as_float(self.scalar("select count(*) from statuses").await), as_float(n_bytes))
    }

    async fn scalar(&self, sql: &str) -> i64 {
        match &self.postgres {
            None => self.file().query_row(sql, [], |row| row.get(0)).unwrap(),
            Some(address) => self.client(address).await.query_one(sql, &[]).await.unwrap().get(0),
        }
    }

    /// One column of texts.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        match &self.postgres {
            None => {
                let file = self.file();
                let mut statement = file.prepare(sql).unwrap();
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            }
            Some(address) => {
                self.client(address).await.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Changes rows behind the server's back.
    pub async fn execute(&self, sql: &str) {
        match &self.postgres {
            None => self.file().execute_batch(sql).unwrap(),
            Some(address) => self.client(address).await.batch_execute(sql).await.unwrap(),
        }
    }

    fn file(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(&self.file).unwrap();
        connection.busy_timeout(Duration::from_secs(20)).unwrap();
        connection
    }

    async fn client(&self, address: &str) -> &tokio_postgres::Client {
        let connecting = || async {
            let (client, connection) = tokio_postgres::connect(address, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(connection);
            client
        };
        self.client.get_or_init(connecting).await
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes of a benchmark are far below 2^52")]
fn as_float(n: i64) -> f64 {
    n as f64
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

impl Running {
    pub fn process(&self) -> u32 {
        self.child.id()
    }
    /// As `systemctl stop` does, until it has ended.
    pub fn stop(mut self) {
        let process = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success(), "the server ends well");
    }
    /// As when the power goes: no warning.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
