//! What the settings come to when they are taken together: addresses, the database, Redis.

use std::{num::NonZero, path::PathBuf, thread};

use phiomia_model::Addresses;
use phiomia_store::{
    Secret as StoreSecret,
    db::{Iam, PostgresSettings, Settings, SqliteSettings},
    live::RedisSettings,
};

use super::{
    AcmeChallenge, Config, HttpListen, Part,
    value::{Domain, Listen, Secret},
};
use crate::workers::Retention;

impl Config {
    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &std::path::Path {
        &self.general.data
    }

    /// Where to listen.
    #[must_use]
    pub fn listen(&self) -> Listen {
        let usual = if self.tls.acme { "[::]:443" } else { "localhost:3000" };
        self.server.listen.clone().unwrap_or_else(|| Listen::Tcp(usual.to_owned()))
    }

    /// Whether connections to the listener speak TLS.
    #[must_use]
    pub fn speaks_tls(&self) -> bool {
        self.tls.cert_file.is_some() || self.tls.acme
    }

    /// Where plain http is answered beside TLS, and whether that was said, or is only usual.
    #[must_use]
    pub fn http_listen(&self) -> Option<(Listen, bool)> {
        match (&self.tls.http_listen, self.listen()) {
            _ if !self.speaks_tls() => None,
            (HttpListen::None, _) => None,
            (HttpListen::At(address), _) => Some((address.clone(), true)),
            (HttpListen::Auto, Listen::Tcp(text)) => {
                let host = text.strip_suffix(":443")?;
                Some((Listen::Tcp(format!("{host}:80")), false))
            }
            (HttpListen::Auto, Listen::Unix(_)) => None,
        }
    }

    /// Where things of this server are found.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let local_domain = match &self.instance.domain {
            Some(domain) => domain.as_str().to_owned(),
            None => format!("localhost:{}", self.listen().port().unwrap_or(3000)),
        };
        let web_domain =
            self.instance.web_domain.as_ref().map_or_else(|| local_domain.clone(), |d| d.as_str().to_owned());
        let scheme = if self.is_https() { "https" } else { "http" };
        Addresses { public_files: self.public_files(), ..Addresses::new(scheme, local_domain, web_domain) }
    }

    /// Where the source of what runs here is, put together as Mastodon does it; `None` when nobody said.
    #[must_use]
    pub fn source_url(&self) -> Option<String> {
        let said = &self.instance;
        let on_github = || said.source_repository.as_ref().map(|name| format!("https://github.com/{name}"));
        let base = said.source_base_url.clone().or_else(on_github)?;
        Some(match &said.source_tag {
            Some(tag) => format!("{base}/tree/{tag}"),
            None => base,
        })
    }

    /// Which posts of other servers are kept; `None`: all of them.
    #[must_use]
    pub fn retention(&self) -> Option<Retention> {
        let days = self.retention.remote_statuses?.0;
        let days = u64::try_from(days).unwrap_or(u64::MAX);
        Some(Retention { days, with_followed: self.retention.followed })
    }

    /// Whether this server's addresses begin with `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        let domain = self.instance.web_domain.as_ref().or(self.instance.domain.as_ref());
        let is_public = || domain.is_some_and(|domain| !domain.is_for_development());
        self.instance.https.unwrap_or_else(|| self.speaks_tls() || is_public())
    }

    /// The database that is meant, as the store takes it.
    ///
    /// # Errors
    /// A sentence when the settings contradict each other. A [`Config`] that was assembled has none.
    pub fn database_settings(&self) -> Result<Settings, String> {
        let said = &self.database;
        let named = said.host.is_some() || said.name.is_some() || said.user.is_some();
        match said.url.as_ref().map(Secret::expose) {
            Some(url) => self.database_at(url),
            None if named => self.postgres(&self.postgres_url()?),
            None if said.replica_url.is_some() || said.replica_host.is_some() => {
                Err("database.replica_url or replica_host is given, but the database is SQLite, which has no replicas"
                    .to_owned())
            }
            None => {
                let default = || self.general.data.join("phiomia.sqlite3");
                Ok(self.sqlite(said.sqlite_path.clone().unwrap_or_else(default)))
            }
        }
    }

    /// The database at an address such as `database.url`, with the other settings as they are.
    ///
    /// # Errors
    /// A sentence, when there is none at such an address.
    pub fn database_at(&self, url: &str) -> Result<Settings, String> {
        if is_postgres(url) {
            return self.postgres(url);
        }
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.trim_start_matches('/').is_empty() => {
                Ok(self.sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path))))
            }
            _ => Err("database.url must begin with postgres:// or sqlite:".to_owned()),
        }
    }

    fn sqlite(&self, path: PathBuf) -> Settings {
        let processors = || thread::available_parallelism().map_or(2, NonZero::get).clamp(2, 8);
        let readers = self.database.sqlite_readers.map_or_else(processors, |count| count.0);
        // The writer has a cache as well.
        let connections = u64::try_from(readers).unwrap_or(u64::MAX).saturating_add(1);
        let cache_kib = i64::try_from(self.database.sqlite_cache.0 / 1024 / connections).unwrap_or(i64::MAX);
        Settings::Sqlite(SqliteSettings { readers, cache_kib, ..SqliteSettings::at(path) })
    }

    /// What the address says itself goes before the single settings.
    fn postgres(&self, url: &str) -> Result<Settings, String> {
        let said = &self.database;
        let parse = |url: &str| PostgresSettings::parse(url).map_err(|why| format!("database.url: {why}"));
        let says =
            |key: &str| url.split_once('?').is_some_and(|(_, query)| query.split('&').any(|p| p.starts_with(key)));
        let mut settings = parse(url)?;
        if !says("sslmode=") {
            settings.ssl_mode = said.sslmode;
        }
        if !says("sslrootcert=") {
            settings.ca_file.clone_from(&said.ca_file);
        }
        if !says("prepared_statements=") {
            settings.prepared_statements = said.prepared_statements;
        }
        settings.connections = said.pool.0;
        settings.answer_timeout = said.answer_timeout;
        settings.iam = self.iam(&settings)?;
        if let Some(replica) = self.replica_url()? {
            settings = settings.with_replica(&replica).map_err(|why| format!("database.replica_url: {why}"))?;
        }
        Ok(Settings::Postgres(Box::new(settings)))
    }

    fn iam(&self, settings: &PostgresSettings) -> Result<Option<Iam>, String> {
        let said = &self.database;
        if !said.iam {
            return Ok(None);
        }
        if !settings.is_encrypted() {
            return Err(
                "database.iam needs database.sslmode verify-full: the password is one for a quarter of an hour, \
                        for whoever reads it on the way"
                    .to_owned(),
            );
        }
        let in_name = || settings.host().and_then(Iam::region_of).map(str::to_owned);
        let region = said.iam_region.clone().or_else(in_name);
        let region = region.ok_or("database.iam needs database.iam_region: the name of the host has none")?;
        let secret = said.iam_secret_access_key.as_ref().map(|secret| StoreSecret::new(secret.expose()));
        let key = match (said.iam_access_key_id.clone(), secret) {
            (Some(id), Some(secret)) => Some((id, secret)),
            (None, None) => None,
            _ => return Err("database.iam_access_key_id and database.iam_secret_access_key belong together".to_owned()),
        };
        Ok(Some(Iam { region, key }))
    }

    /// The single settings as one address.
    fn postgres_url(&self) -> Result<String, String> {
        let said = &self.database;
        let (host, user, name) = (said.host.as_deref(), said.user.as_deref(), said.name.as_deref());
        address_of(host, said.port, user, said.password.as_ref(), name)
    }

    /// The address of the replica; what is not said of it is as for the primary.
    fn replica_url(&self) -> Result<Option<String>, String> {
        let said = &self.database;
        if let Some(url) = &said.replica_url {
            return Ok(Some(url.expose().to_owned()));
        }
        if said.replica_host.is_none() {
            return Ok(None);
        }
        let user = said.replica_user.as_deref().or(said.user.as_deref());
        let name = said.replica_name.as_deref().or(said.name.as_deref());
        let password = said.replica_password.as_ref().or(said.password.as_ref());
        let port = said.replica_port.unwrap_or(said.port);
        address_of(said.replica_host.as_deref(), port, user, password, name).map(Some)
    }

    /// The Redis that is meant, as the store takes it; `None`: this process's memory.
    ///
    /// # Errors
    /// A sentence when the settings make no address. A [`Config`] that was assembled has none.
    pub fn redis_settings(&self) -> Result<Option<RedisSettings>, String> {
        let said = &self.redis;
        let url = match (&said.url, &said.host) {
            (Some(url), _) => url.expose().to_owned(),
            (None, Some(host)) => {
                let wrong = || "redis.host and redis.password do not fit into an address".to_owned();
                let text = format!("redis://{host}:{}/{}", said.port, said.db);
                let mut url = url::Url::parse(&text).map_err(|_| wrong())?;
                url.set_password(said.password.as_ref().map(Secret::expose)).map_err(|()| wrong())?;
                url.into()
            }
            (None, None) => return Ok(None),
        };
        if !["redis://", "rediss://", "valkey://", "valkeys://", "unix://"].iter().any(|s| url.starts_with(s)) {
            return Err("redis.url must begin with redis://, rediss:// or unix://".to_owned());
        }
        Ok(Some(RedisSettings { url, namespace: said.namespace.clone(), ca_pem: None }))
    }

    /// How other servers are spoken with.
    #[must_use]
    pub fn federation_settings(&self) -> phiomia_federation::Settings {
        let said = &self.federation;
        phiomia_federation::Settings {
            outbound: phiomia_federation::OutboundSettings {
                allowed_private_addresses: said.allowed_private_addresses.clone(),
                allow_http: said.allow_http,
                ca_file: said.ca_file.clone(),
                proxy: said.proxy.clone(),
                name_servers: Vec::new(),
            },
            deliveries: phiomia_federation::DeliverySettings {
                at_once: said.deliveries_at_once.0,
                first_retry: said.first_retry,
                ..phiomia_federation::DeliverySettings::default()
            },
            delays: phiomia_federation::Delays {
                poll_update: said.poll_update_delay,
                profile_update: said.profile_update_delay,
                account_rest: said.account_refresh_age,
                thread_rest: said.thread_refresh_age,
            },
            authorized_fetch: said.authorized_fetch,
            limited: said.limited,
            alternate_domains: self.instance.alternate_domains.iter().map(|d| d.as_str().to_owned()).collect(),
        }
    }

    /// Settings that each read well and do not fit together.
    pub(super) fn contradictions(&self) -> Vec<String> {
        let mut all = Vec::new();
        all.extend(self.database_settings().err());
        all.extend(self.redis_settings().err());
        all.extend(self.bucket_settings().err());
        all.extend(self.backup_bucket().err());
        if self.backup.bucket.is_some() && self.backup.directory.is_some() {
            all.push("backup.bucket and backup.directory are both given: backups are kept in one place".to_owned());
        }
        let is_page = |base: &String| base.starts_with("https://") || base.starts_with("http://");
        if !self.instance.source_base_url.as_ref().is_none_or(is_page) {
            all.push("instance.source_base_url must begin with https:// or http://".to_owned());
        }
        if self.metrics.listen.as_ref() == Some(&self.listen()) {
            all.push("metrics.listen and server.listen are the same address".to_owned());
        }
        if self.tls.cert_file.is_some() != self.tls.key_file.is_some() {
            all.push("tls.cert_file and tls.key_file belong together: one is given without the other".to_owned());
        }
        if self.server.only != Part::All {
            // A database file has one process; and what one tells the others goes through Redis.
            if matches!(self.database_settings(), Ok(Settings::Sqlite(_))) {
                all.push("server.only needs PostgreSQL: a SQLite database is served by one process".to_owned());
            } else if matches!(self.redis_settings(), Ok(None)) {
                all.push("server.only needs Redis: processes tell each other through it what happens".to_owned());
            }
        }
        if self.server.proxy_protocol && self.server.trusted_proxies.is_empty() {
            all.push("server.proxy_protocol needs server.trusted_proxies: nobody could connect".to_owned());
        }
        if self.server.redirect_http && !self.is_https() {
            all.push("server.redirect_http leads to https, and addresses of this server begin with http".to_owned());
        }
        all.extend(self.dns_contradictions());
        if self.tls.acme {
            all.extend(self.acme_contradictions().into_iter().map(str::to_owned));
        }
        all
    }

    fn acme_contradictions(&self) -> Vec<&'static str> {
        let said = &self.tls;
        let mut all = Vec::new();
        if said.cert_file.is_some() {
            all.push(
                "tls.acme and tls.cert_file are both given: the certificate comes from an authority or from a file",
            );
        }
        let web_domain = self.instance.web_domain.as_ref().or(self.instance.domain.as_ref());
        if said.acme_domains.is_empty() && web_domain.is_none_or(Domain::is_for_development) {
            all.push("tls.acme needs instance.domain: authorities give certificates for public domains alone");
        }
        if said.acme_domains.iter().any(Domain::is_for_development) {
            all.push(
                "tls.acme_domains names a domain with a port or of this machine: no authority gives a certificate",
            );
        }
        if said.acme_challenge == AcmeChallenge::Dns01 && said.acme_dns_hook.is_none() && self.dns.provider.is_none() {
            all.push(
                "tls.acme_challenge is dns-01, and nothing writes the records: dns.provider and tls.acme_dns_hook are missing",
            );
        }
        if said.acme_challenge == AcmeChallenge::Http01 && self.http_listen().is_none() {
            all.push("tls.acme_challenge is http-01, and tls.http_listen is nowhere");
        }
        if said.acme_eab_key_id.is_some() != said.acme_eab_key.is_some() {
            all.push("tls.acme_eab_key_id and tls.acme_eab_key belong together: one is given without the other");
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
        if self.federation.allow_http {
            all.push(
                "federation.allow_http: other servers are spoken with over plain http; this is for tests alone".into(),
            );
        }
        let has_no_proxy = self.speaks_tls();
        if self.is_https() && !has_no_proxy && self.server.trusted_proxies.is_empty() {
            all.push(
                "no proxy is trusted (server.trusted_proxies): behind one, every request seems to come from its address"
                    .into(),
            );
        }
        if matches!(self.listen(), Listen::Unix(_)) && self.server.trusted_proxies.is_empty() {
            all.push(
                "server.listen is a Unix socket: without 127.0.0.1 in server.trusted_proxies all clients look alike"
                    .into(),
            );
        }
        all
    }
}

/// An address of PostgreSQL. A folder becomes a percent-encoded host, as libpq writes it.
fn address_of(
    host: Option<&str>,
    port: u16,
    user: Option<&str>,
    password: Option<&Secret>,
    name: Option<&str>,
) -> Result<String, String> {
    let wrong = |what: &str| format!("database.{what} does not fit into an address");
    let host = host.unwrap_or("localhost");
    let host = match host.contains(':') && !host.starts_with('[') {
        true => format!("[{host}]"),
        false => host.replace('/', "%2F"),
    };
    let mut url = url::Url::parse(&format!("postgres://{host}:{port}")).map_err(|_| wrong("host"))?;
    url.set_username(user.unwrap_or("mastodon")).map_err(|()| wrong("user"))?;
    url.set_password(password.map(Secret::expose)).map_err(|()| wrong("password"))?;
    url.path_segments_mut().map_err(|()| wrong("name"))?.clear().push(name.unwrap_or("mastodon_production"));
    Ok(url.into())
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}
