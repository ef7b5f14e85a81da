//! What the settings come to when they are taken together: addresses, the database, Redis.

use std::path::PathBuf;

use phiomia_model::Addresses;

use super::{
    Config, SslMode,
    value::{Domain, Listen, Secret, Value as _},
};

/// Which database, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseTarget {
    /// A file here.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Postgres),
}

/// SQLite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sqlite {
    /// The file.
    pub path: PathBuf,
    /// Threads that read. `None`: one for each processor, at least 2 and at most 8.
    pub readers: Option<usize>,
    /// Bytes of page cache, all connections together.
    pub cache_bytes: u64,
}

/// PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// `postgres://…`, without `sslmode`.
    pub url: Secret,
    /// The same of the read-only copy.
    pub replica_url: Option<Secret>,
    /// How the connection is protected.
    pub sslmode: SslMode,
    /// Authorities that may sign the server's certificate; `None`: the system's.
    pub ca_file: Option<PathBuf>,
    /// Connections at most.
    pub pool: usize,
    /// Whether statements stay prepared between transactions.
    pub prepared_statements: bool,
}

impl Config {
    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &std::path::Path {
        &self.general.data
    }

    /// Where things of this server are found.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let local_domain = match &self.instance.domain {
            Some(domain) => domain.as_str().to_owned(),
            None => format!("localhost:{}", self.server.listen.port().unwrap_or(3000)),
        };
        let web_domain =
            self.instance.web_domain.as_ref().map_or_else(|| local_domain.clone(), |d| d.as_str().to_owned());
        let scheme = if self.is_https() { "https" } else { "http" };
        Addresses { scheme: scheme.to_owned(), local_domain, web_domain }
    }

    /// Whether this server's addresses begin with `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        let domain = self.instance.web_domain.as_ref().or(self.instance.domain.as_ref());
        self.instance.https.unwrap_or_else(|| domain.is_some_and(|domain| !domain.is_for_development()))
    }

    /// The database that is meant.
    ///
    /// # Errors
    /// A sentence when the settings contradict each other. A [`Config`] that was assembled has none.
    pub fn database_target(&self) -> Result<DatabaseTarget, String> {
        let said = &self.database;
        let url = said.url.as_ref().map(Secret::expose);
        let named = said.host.is_some() || said.name.is_some() || said.user.is_some();
        match url {
            Some(url) if is_postgres(url) => self.postgres(url),
            Some(url) => match url.strip_prefix("sqlite:") {
                Some(path) if !path.trim_start_matches('/').is_empty() => {
                    Ok(self.sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path))))
                }
                _ => Err("database.url must begin with postgres:// or sqlite:".to_owned()),
            },
            None if named => {
                let url = self.postgres_url()?;
                self.postgres(&url)
            }
            None if said.replica_url.is_some() => {
                Err("database.replica_url is given, but the database is SQLite, which has no replicas".to_owned())
            }
            None => {
                let default = || self.general.data.join("phiomia.sqlite3");
                Ok(self.sqlite(said.sqlite_path.clone().unwrap_or_else(default)))
            }
        }
    }

    fn sqlite(&self, path: PathBuf) -> DatabaseTarget {
        DatabaseTarget::Sqlite(Sqlite {
            path,
            readers: self.database.sqlite_readers.map(|count| count.0),
            cache_bytes: self.database.sqlite_cache.0,
        })
    }

    fn postgres(&self, url: &str) -> Result<DatabaseTarget, String> {
        let said = &self.database;
        let (url, in_url) = without_sslmode(url)?;
        let replica_url = match said.replica_url.as_ref().map(Secret::expose) {
            Some(replica) if is_postgres(replica) => Some(Secret::new(without_sslmode(replica)?.0)),
            Some(_) => return Err("database.replica_url must begin with postgres://".to_owned()),
            None => None,
        };
        Ok(DatabaseTarget::Postgres(Postgres {
            url: Secret::new(url),
            replica_url,
            sslmode: in_url.unwrap_or(said.sslmode),
            ca_file: said.ca_file.clone(),
            pool: said.pool.0,
            prepared_statements: said.prepared_statements,
        }))
    }

    /// The single settings as one address. A folder becomes a percent-encoded host, as libpq writes it.
    fn postgres_url(&self) -> Result<String, String> {
        let said = &self.database;
        let wrong = |what: &str| format!("{what} does not fit into an address");
        let host = said.host.as_deref().unwrap_or("localhost");
        let host = match host.contains(':') && !host.starts_with('[') {
            true => format!("[{host}]"),
            false => host.replace('/', "%2F"),
        };
        let mut url =
            url::Url::parse(&format!("postgres://{host}:{}", said.port)).map_err(|_| wrong("database.host"))?;
        url.set_username(said.user.as_deref().unwrap_or("mastodon")).map_err(|()| wrong("database.user"))?;
        url.set_password(said.password.as_ref().map(Secret::expose)).map_err(|()| wrong("database.password"))?;
        url.path_segments_mut()
            .map_err(|()| wrong("database.name"))?
            .clear()
            .push(said.name.as_deref().unwrap_or("mastodon_production"));
        Ok(url.into())
    }

    /// The Redis that is meant, as `redis://…`; `None`: this process's memory.
    #[must_use]
    pub fn redis_url(&self) -> Option<Secret> {
        let said = &self.redis;
        if let Some(url) = &said.url {
            return Some(url.clone());
        }
        let host = said.host.as_deref()?;
        let mut url = url::Url::parse(&format!("redis://{host}:{}/{}", said.port, said.db)).ok()?;
        url.set_password(said.password.as_ref().map(Secret::expose)).ok()?;
        Some(Secret::new(url))
    }

    /// Settings that each read well and do not fit together.
    pub(super) fn contradictions(&self) -> Vec<String> {
        let mut all = Vec::new();
        all.extend(self.database_target().err());
        if let Some(url) = &self.redis.url
            && !["redis://", "rediss://", "unix://", "redis+unix://"].iter().any(|s| url.expose().starts_with(s))
        {
            all.push("redis.url must begin with redis://, rediss:// or unix://".to_owned());
        }
        if self.redis.url.is_none() && self.redis.host.is_some() && self.redis_url().is_none() {
            all.push("redis.host is no name of a host".to_owned());
        }
        if self.metrics.listen.as_ref() == Some(&self.server.listen) {
            all.push("metrics.listen and server.listen are the same address".to_owned());
        }
        all
    }

    /// Settings that hold but are hardly meant so.
    pub(super) fn doubts(&self) -> Vec<String> {
        let mut all = Vec::new();
        let is_public = |domain: &Domain| !domain.is_for_development();
        if self.instance.domain.as_ref().is_some_and(is_public) && !self.is_https() {
            all.push(
                "addresses begin with http although the domain is a public one: other servers will refuse them".into(),
            );
        }
        if self.is_https() && self.server.trusted_proxies.is_empty() {
            all.push(
                "no proxy is trusted (server.trusted_proxies): behind one, every request seems to come from its address"
                    .into(),
            );
        }
        if matches!(self.server.listen, Listen::Unix(_)) && self.server.trusted_proxies.is_empty() {
            all.push(
                "server.listen is a Unix socket: without 127.0.0.1 in server.trusted_proxies all clients look alike"
                    .into(),
            );
        }
        all
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Takes `sslmode` out of the address: the driver knows three of libpq's six words.
fn without_sslmode(text: &str) -> Result<(String, Option<SslMode>), String> {
    let Some((base, query)) = text.split_once('?') else { return Ok((text.to_owned(), None)) };
    let mut sslmode = None;
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.strip_prefix("sslmode=") {
            Some(word) => sslmode = Some(SslMode::read(word).map_err(|why| format!("sslmode in database.url {why}"))?),
            None => kept.push(pair),
        }
    }
    let text = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    Ok((text, sslmode))
}
