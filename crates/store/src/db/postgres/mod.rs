//! PostgreSQL: the same closures on a bounded number of threads with one connection each.
//!
//! Each thread drives its connection itself (a runtime of its own), so a statement costs no wake-up of another thread.

mod bulk;
mod connection;
mod iam;
mod inspect;
mod outage;
mod replica;
mod tls;
mod worker;

use std::{path::PathBuf, str::FromStr, time::Duration};

use phiomia_model::Refusal;

pub(super) use bulk::Stream;
pub(super) use connection::{Connection, forget_marks};
pub use iam::Iam;
pub(super) use replica::Replica;
pub(super) use worker::{Work, spawn};

/// The statements of this folder.
pub(super) fn all() -> Vec<&'static super::sql::Statement> {
    [connection::ALL, replica::ALL].concat()
}

/// How the connection is secured, as libpq means it.
/// Source: <https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never.
    Disable,
    /// Plain first, encrypted when the server insists.
    Allow,
    /// Encrypted when the server can. The default.
    Prefer,
    /// Encrypted, with whomever.
    Require,
    /// The certificate's chain is checked.
    VerifyCa,
    /// The chain and the host name are checked.
    VerifyFull,
}

impl FromStr for SslMode {
    type Err = Refusal;
    fn from_str(word: &str) -> Result<SslMode, Refusal> {
        Ok(match word {
            "disable" => SslMode::Disable,
            "allow" => SslMode::Allow,
            "prefer" => SslMode::Prefer,
            "require" => SslMode::Require,
            "verify-ca" => SslMode::VerifyCa,
            "verify-full" => SslMode::VerifyFull,
            other => {
                return Err(Refusal::Invalid(format!(
                    "sslmode is disable, allow, prefer, require, verify-ca or verify-full, not `{other}`"
                )));
            }
        })
    }
}

/// Which server, and how many connections to it.
#[derive(Clone)]
pub struct PostgresSettings {
    pub(super) config: tokio_postgres::Config,
    /// A copy that may lag a little, for reads.
    pub(super) replica: Option<tokio_postgres::Config>,
    /// How the connection is secured.
    pub ssl_mode: SslMode,
    /// A PEM file of certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Instead of a password: one that is made for each connection.
    pub iam: Option<Iam>,
    /// How long the server may take to answer a statement of ours; then the connection is given up.
    pub answer_timeout: Duration,
    /// Connections, each with a thread.
    pub connections: usize,
    /// `false` behind a pooler in transaction mode.
    pub prepared_statements: bool,
}

impl std::fmt::Debug for PostgresSettings {
    // The configuration holds the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("hosts", &self.config.get_hosts())
            .field("dbname", &self.config.get_dbname())
            .field("ssl_mode", &self.ssl_mode)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

impl PostgresSettings {
    /// Reads `postgres://user:password@host:port/name?sslmode=…` or libpq's `key=value` form.
    /// `sslmode`, `sslrootcert` and `prepared_statements` are understood in the address.
    ///
    /// # Errors
    /// A refusal that says what does not fit; it never repeats the password.
    pub fn parse(address: &str) -> Result<PostgresSettings, Refusal> {
        let (address, own) = take_own(address);
        let mut settings = PostgresSettings {
            config: config(&address)?,
            replica: None,
            ssl_mode: SslMode::Prefer,
            ca_file: None,
            iam: None,
            answer_timeout: Duration::from_secs(30),
            connections: 5,
            prepared_statements: true,
        };
        for (key, value) in own {
            match key.as_str() {
                "sslmode" => settings.ssl_mode = value.parse()?,
                "sslrootcert" => settings.ca_file = (value != "system").then(|| PathBuf::from(value)),
                _ => settings.prepared_statements = !matches!(value.as_str(), "false" | "0" | "no" | "off"),
            }
        }
        Ok(settings)
    }

    /// Whether a password is never sent in the clear, whatever the server says.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        matches!(self.ssl_mode, SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull)
    }

    /// The host, where it has a name.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self.config.get_hosts().first() {
            Some(tokio_postgres::config::Host::Tcp(name)) => Some(name),
            _ => None,
        }
    }

    /// Reads go to this server, as far as it keeps up.
    ///
    /// # Errors
    /// As [`PostgresSettings::parse`].
    pub fn with_replica(mut self, address: &str) -> Result<PostgresSettings, Refusal> {
        self.replica = Some(config(&take_own(address).0)?);
        Ok(self)
    }
}

fn config(address: &str) -> Result<tokio_postgres::Config, Refusal> {
    let mut config = tokio_postgres::Config::from_str(address)
        // The error may quote the address, and the address holds the password.
        .map_err(|_| Refusal::Invalid("the PostgreSQL address is not understood".to_owned()))?;
    config.application_name("phiomia").connect_timeout(Duration::from_secs(5));
    // A machine that is gone says nothing: what was sent and is not acknowledged, or a silence that is asked into, ends the
    // connection.
    config.tcp_user_timeout(Duration::from_secs(20));
    config.keepalives_idle(Duration::from_secs(30)).keepalives_interval(Duration::from_secs(10)).keepalives_retries(3);
    Ok(config)
}

/// Takes the keys out of an address that tokio-postgres does not read as libpq does.
fn take_own(address: &str) -> (String, Vec<(String, String)>) {
    const OWN: [&str; 3] = ["sslmode", "sslrootcert", "prepared_statements"];
    let is_own = |pair: &str| pair.split_once('=').is_some_and(|(key, _)| OWN.contains(&key.trim()));
    let split = |pair: &str| {
        pair.split_once('=').map(|(k, v)| (k.trim().to_owned(), v.trim().trim_matches('\'').replace("%2F", "/")))
    };
    if address.contains("://") {
        let Some((base, query)) = address.split_once('?') else { return (address.to_owned(), Vec::new()) };
        let (own, other): (Vec<&str>, Vec<&str>) = query.split('&').partition(|pair| is_own(pair));
        let rest = if other.is_empty() { base.to_owned() } else { format!("{base}?{}", other.join("&")) };
        return (rest, own.into_iter().filter_map(split).collect());
    }
    let (own, other): (Vec<&str>, Vec<&str>) = address.split_whitespace().partition(|pair| is_own(pair));
    (other.join(" "), own.into_iter().filter_map(split).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_libpq_does() {
        let Ok(s) = PostgresSettings::parse(
            "postgres://me:secret@db.example:5433/phiomia?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&prepared_statements=false&connect_timeout=3",
        ) else {
            panic!("not read")
        };
        assert_eq!(s.ssl_mode, SslMode::VerifyFull);
        assert_eq!(s.ca_file, Some(PathBuf::from("/etc/ca.pem")));
        assert!(!s.prepared_statements);
        assert_eq!(s.config.get_dbname(), Some("phiomia"));
        assert!(!format!("{s:?}").contains("secret"));
        assert!(PostgresSettings::parse("host=/run/postgresql dbname=x sslmode=disable").is_ok());
        assert!(PostgresSettings::parse("postgres://x/y?sslmode=maybe").is_err());
    }
}
