//! The sections of the configuration: each field is a setting, its doc comment is the documentation.

use std::{path::PathBuf, time::Duration};

use phiomia_store::db::SslMode;

use super::{
    setting::section,
    value::{Cidr, Count, Domain, Listen, Percent, Program, Seconds, Secret, Size, Value, words},
};

section! {
    /// What stands before the first section of the file.
    General in "";
    /// The folder that holds everything this server keeps: the SQLite database, uploaded files, its secrets.
    /// Made at the first start. Back it up.
    data: PathBuf = "./phiomia-data", [];
}

section! {
    /// Who this server is in the network.
    Instance in "instance.";
    /// The domain in the handles of this server's people, `@alice@example.org`. It cannot change once others know it.
    /// A name with a port, as `localhost:3912`, is a server for development. Without it: `localhost` and the port of `server.listen`.
    domain: Option<Domain> = "", ["LOCAL_DOMAIN"];
    /// The domain that serves pages and the API, when that is another one than `instance.domain`.
    /// `/.well-known/webfinger` of `instance.domain` must then redirect there.
    web_domain: Option<Domain> = "", ["WEB_DOMAIN"];
    /// Other domains that handles of this server's people may name: `alice@old.example.org` is found too, when that
    /// domain's `/.well-known/webfinger` leads here.
    alternate_domains: Vec<Domain> = "", ["ALTERNATE_DOMAINS"];
    /// Whether addresses of this server begin with `https`. Without it: `https` with `tls.cert_file` or `tls.acme`; or else plain `http`
    /// for a domain with a port or of this machine (`localhost`, `127.0.0.1`, `[::1]`), `https` for all others.
    https: Option<bool> = "", ["LOCAL_HTTPS"];
    /// The owner's profile is the front page. Not set: the running server's setting `single_user_mode` says it, or else it
    /// is so while one person lives here and registrations are closed.
    single_user: Option<bool> = "", ["SINGLE_USER_MODE"];
    /// Where everybody finds the source of the program that runs here, as the AGPL wants it of who changed it:
    /// `https://code.example.org/our-phiomia`. Apps and the page about the server show it. Without it and `instance.source_repository`
    /// they lead to that page.
    source_base_url: Option<String> = "", ["SOURCE_BASE_URL"];
    /// The same for a repository on GitHub, by its name: `owner/name`. `instance.source_base_url` goes before it.
    source_repository: Option<String> = "", ["GITHUB_REPOSITORY"];
    /// The branch, tag or commit there that runs here.
    source_tag: Option<String> = "", ["SOURCE_TAG"];
    /// The language of accounts that commands make without saying another.
    default_locale: Locale = "en", ["DEFAULT_LOCALE"];
}

words! {
    /// Where proxies say for whom they ask.
    #[derive(Default)]
    ForwardedHeader {
        /// A list of addresses.
        #[default]
        XForwardedFor = "x-forwarded-for",
        /// The standard: RFC 7239.
        Forwarded = "forwarded",
    }
}

words! {
    /// What one of several processes does.
    Part {
        /// Everything, as one process alone.
        All = "all",
        /// Requests, but for streams.
        Web = "web",
        /// Streams alone.
        Streaming = "streaming",
        /// What is done beside requests: feeds, activities in and out, mail, tidying. It listens nowhere.
        Workers = "workers",
    }
}

section! {
    /// The listener: where requests come in, and how many.
    Server in "server.";
    /// Where to listen: `host:port`, a port alone (on `localhost`), or `unix:/path/to/socket`.
    /// A socket handed over by systemd goes before this. Mastodon's `SOCKET` goes before `BIND` and `PORT`.
    /// Without it: `localhost:3000`, and with `tls.acme` port 443 of all addresses.
    listen: Option<Listen> = "", ["SOCKET", "BIND", "PORT"];
    /// What this process does, where several serve one instance: `all`, `web` (requests but for streams), `streaming` or
    /// `workers` (what is done beside requests; it listens nowhere). Any number of each, on one PostgreSQL and one Redis, and
    /// with the same data folder or the same key in it. Also `phiomia serve --only web`.
    only: Part = "all", [];
    /// The proxies in front of this server. Only from them is it believed for whom they ask; without it, the address of a
    /// request is that of the socket. A proxy that comes through a Unix socket counts as `127.0.0.1`.
    /// Mastodon trusts all private addresses when this is left out; this server trusts nobody.
    trusted_proxies: Vec<Cidr> = "", ["TRUSTED_PROXY_IP"];
    /// The header in which they say it: `x-forwarded-for`, or `forwarded` (RFC 7239). The other one is not looked at: it could
    /// be the client's own.
    forwarded_header: ForwardedHeader = "x-forwarded-for", [];
    /// Whether every connection begins with a header of the PROXY protocol (version 1 or 2), as proxies write it that pass
    /// bytes on (HAProxy's `send-proxy-v2`, load balancers). Then connections come from `server.trusted_proxies` alone.
    proxy_protocol: bool = "false", [];
    /// Whether those are led to https who came to a proxy over plain http, by `CloudFront-Forwarded-Proto`, `Forwarded` or
    /// `X-Forwarded-Proto`. For a proxy that cannot do it itself; it goes in circles where these headers tell what proxies
    /// speak with each other.
    redirect_http: bool = "false", [];
    /// How many connections are open at the same time. More wait in the system's queue.
    max_connections: Count = "8192", [];
    /// How many requests of one address (of IPv6: one /64) are worked on at the same time. More get `503`.
    max_requests_per_client: Count = "64", [];
    /// How long a new connection may take until the head of its first request is complete.
    header_timeout: Duration = "20s", [];
    /// How long a connection may rest between two requests. Longer than the proxy in front keeps its connections
    /// (nginx: 60 s), so that it is never the server who hangs up.
    keep_alive: Duration = "75s", [];
    /// How long a request may take until its answer begins. Then `503`. An upload that is still coming in has longer: a
    /// second more for every 16 kB that came, as long as nothing pauses for a minute (then `408`).
    request_timeout: Duration = "5m", [];
}

section! {
    /// The database: SQLite in the data folder, unless a PostgreSQL server is named by `url`, `host`, `name` or `user`.
    Database in "database.";
    /// `postgres://user:password@host:port/name`, or `sqlite:/path/to/file`. It goes before the single settings below.
    url: Option<Secret> = "", ["DATABASE_URL"];
    /// PostgreSQL's host, or the folder of its Unix socket. `localhost` when another setting names PostgreSQL.
    host: Option<String> = "", ["DB_HOST"];
    /// PostgreSQL's port.
    port: u16 = "5432", ["DB_PORT"];
    /// The database's name in PostgreSQL. `mastodon_production` when another setting names PostgreSQL.
    name: Option<String> = "", ["DB_NAME"];
    /// The role to sign in with at PostgreSQL. `mastodon` when another setting names PostgreSQL.
    user: Option<String> = "", ["DB_USER"];
    /// That role's password.
    password: Option<Secret> = "", ["DB_PASS"];
    /// Whether the connection to PostgreSQL is encrypted and its certificate checked. `sslmode=` in `database.url` goes before this.
    sslmode: SslMode = "prefer", ["DB_SSLMODE"];
    /// A PEM file with the authorities that may sign PostgreSQL's certificate. Without it: those of the system.
    ca_file: Option<PathBuf> = "", [];
    /// Signing in at Amazon's RDS or Aurora as somebody of IAM instead of with a password: made anew for each connection, from
    /// the role of this machine. [How to](hosting/postgresql.md).
    iam: bool = "false", [];
    /// The region of that database. Without it: the one in the host's name.
    iam_region: Option<String> = "", [];
    /// A key to sign in with instead of the machine's role.
    iam_access_key_id: Option<String> = "", [];
    /// That key's secret.
    iam_secret_access_key: Option<Secret> = "", [];
    /// How many connections to PostgreSQL this process opens at most.
    pool: Count = "10", ["DB_POOL"];
    /// Whether statements stay prepared between transactions. `false` behind a pooler that lends out connections per transaction.
    prepared_statements: bool = "true", ["PREPARED_STATEMENTS"];
    /// How long PostgreSQL may take to answer one statement. Then the connection is given up, and whoever waits hears `503`.
    answer_timeout: Duration = "30s", [];
    /// A read-only copy of the PostgreSQL database (a streaming replica) that takes the reading, as `postgres://…`. What was
    /// written before is always seen: a copy that is behind or away is left alone, and the primary is read. It is opened as
    /// many connections to as to the primary. [How to](hosting/postgresql.md#a-replica).
    replica_url: Option<Secret> = "", ["REPLICA_DATABASE_URL"];
    /// The host of such a copy. What is not said of it below is as for the primary.
    replica_host: Option<String> = "", ["REPLICA_DB_HOST"];
    /// The copy's port.
    replica_port: Option<u16> = "", ["REPLICA_DB_PORT"];
    /// The database's name there.
    replica_name: Option<String> = "", ["REPLICA_DB_NAME"];
    /// The role to sign in with there.
    replica_user: Option<String> = "", ["REPLICA_DB_USER"];
    /// That role's password.
    replica_password: Option<Secret> = "", ["REPLICA_DB_PASS"];
    /// SQLite's file. Without it: `phiomia.sqlite3` in the data folder.
    sqlite_path: Option<PathBuf> = "", [];
    /// How many threads read from SQLite. Without it: one for each processor, at least 2 and at most 8.
    sqlite_readers: Option<Count> = "", [];
    /// How much memory SQLite's page caches take, all connections together.
    sqlite_cache: Size = "16MB", [];
}

section! {
    /// Redis or Valkey, for several processes that serve one instance. Without `url` and `host` everything it does happens in
    /// this process's memory.
    Redis in "redis.";
    /// `redis://user:password@host:port/db`, or `rediss://` with TLS. It goes before the single settings below.
    url: Option<Secret> = "", ["REDIS_URL"];
    /// Its host.
    host: Option<String> = "", ["REDIS_HOST"];
    /// Its port.
    port: u16 = "6379", ["REDIS_PORT"];
    /// Its password.
    password: Option<Secret> = "", ["REDIS_PASSWORD"];
    /// The number of the database.
    db: u16 = "0", ["REDIS_DB"];
    /// What stands before the names of all keys, for several servers on one Redis.
    namespace: Option<String> = "", ["REDIS_NAMESPACE"];
}

words! {
    /// How one signs in at the SMTP server.
    SmtpAuth {
        /// Both in one line.
        Plain = "plain",
        /// One after the other.
        Login = "login",
        /// Not at all.
        None = "none",
    }
}

words! {
    /// Whether the SMTP server's certificate is checked.
    SmtpVerify {
        /// It is.
        Peer = "peer" | "client_once" | "fail_if_no_peer_cert",
        /// It is not.
        None = "none",
    }
}

words! {
    /// Whether the conversation becomes encrypted after it began.
    Starttls {
        /// If the server offers it.
        Auto = "auto",
        /// Or no mail is sent.
        Always = "always",
        /// It does not.
        Never = "never",
    }
}

section! {
    /// Mail: links that confirm addresses and set new passwords. Without `server` no mail is sent, and the pages say so.
    Smtp in "smtp.";
    /// The host of the SMTP server.
    server: Option<String> = "", ["SMTP_SERVER"];
    /// Its port.
    port: u16 = "587", ["SMTP_PORT"];
    /// The name to sign in with there. Without it: no sign-in.
    login: Option<String> = "", ["SMTP_LOGIN"];
    /// The password of that name.
    password: Option<Secret> = "", ["SMTP_PASSWORD"];
    /// Who writes: `notifications@example.org`, or with a name `Example <notifications@example.org>`.
    /// Without it: `notifications@` and `instance.domain`.
    from_address: Option<String> = "", ["SMTP_FROM_ADDRESS"];
    /// Where answers go. Without it: to who writes.
    reply_to: Option<String> = "", ["SMTP_REPLY_TO"];
    /// The name this server greets with. Without it: `instance.domain`.
    domain: Option<String> = "", ["SMTP_DOMAIN"];
    /// How one signs in.
    auth_method: SmtpAuth = "plain", ["SMTP_AUTH_METHOD"];
    /// Whether the server's certificate is checked: `none` only for a server on this machine or network.
    verify_mode: SmtpVerify = "peer", ["SMTP_OPENSSL_VERIFY_MODE"];
    /// A PEM file with one more authority that may sign the server's certificate.
    ca_file: Option<PathBuf> = "", ["SMTP_CA_FILE"];
    /// Whether the conversation becomes encrypted after it began. `always`: or no mail is sent.
    starttls: Starttls = "auto", ["SMTP_ENABLE_STARTTLS"];
    /// The same in the words of older installations: `false` turns `auto` into `never`.
    starttls_auto: bool = "true", ["SMTP_ENABLE_STARTTLS_AUTO"];
    /// Whether the conversation is encrypted from its beginning, as on port 465.
    tls: bool = "false", ["SMTP_TLS"];
    /// The same under another name.
    ssl: bool = "false", ["SMTP_SSL"];
}

words! {
    /// The form of the log.
    LogFormat {
        /// Lines for people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

section! {
    /// The log, written to standard error.
    Logs in "logs.";
    /// Lines for people, or one JSON object a line.
    format: LogFormat = "text", [];
    /// How much is written: `error`, `warn`, `info`, `debug` or `trace`, also by part: `info,phiomia_store=debug`.
    level: LogLevel = "info", ["RUST_LOG", "RAILS_LOG_LEVEL"];
}

section! {
    /// Figures for Prometheus.
    Metrics in "metrics.";
    /// Where `/metrics` is served, on a listener of its own that strangers should not reach. Without it: nowhere.
    /// From Mastodon's names: only with `MASTODON_PROMETHEUS_EXPORTER_ENABLED=true`, by default on port 9394.
    listen: Option<Listen> = "", [
        "MASTODON_PROMETHEUS_EXPORTER_ENABLED", "MASTODON_PROMETHEUS_EXPORTER_HOST", "MASTODON_PROMETHEUS_EXPORTER_PORT"
    ];
}

section! {
    /// Speaking with other servers.
    Federation in "federation.";
    /// Private networks that may be connected to all the same, as ranges: `10.0.0.0/8`. Exactly these and nothing more;
    /// the address a name resolves to is looked at, at each connection.
    allowed_private_addresses: Vec<Cidr> = "", ["ALLOWED_PRIVATE_ADDRESSES"];
    /// Speak with servers over plain `http` too. For tests alone: anybody on the way could write in anybody's name.
    allow_http: bool = "false", [];
    /// A PEM file with authorities that may sign the certificates of other servers, beside those of the system.
    ca_file: Option<PathBuf> = "", ["SSL_CERT_FILE"];
    /// A proxy for everything that goes out: `http://host:port`, `socks5://host:port`, or `socks5h://host:port` for one that
    /// looks names up itself. The first and the last are given names: which addresses these may lead to is theirs to say.
    proxy: Option<String> = "", ["http_proxy"];
    /// Whether reading public posts and profiles needs a signature, too.
    authorized_fetch: bool = "false", ["AUTHORIZED_FETCH"];
    /// Speak only with the domains that were allowed by hand.
    limited: bool = "false", ["LIMITED_FEDERATION_MODE", "WHITELIST_MODE"];
    /// How many deliveries are in flight at the same time, all servers together. Servers that fail get at most a quarter.
    deliveries_at_once: Count = "64", [];
    /// How long a delivery waits after its first failure. All later waits grow with it: 4, 20, 60, 180, 480, 1200 and 2400
    /// times as long, then always 2880 times (12 hours), until it is given up after 7 days.
    first_retry: Duration = "15s", [];
    /// How long after a vote in a poll from here other servers are told its figures, together with the votes that follow.
    poll_update_delay: Duration = "3m", [];
    /// How long after a change of a profile other servers are told, together with the changes that follow.
    profile_update_delay: Duration = "5s", [];
    /// The age at which the profile of somebody elsewhere is read anew when somebody here looks at it.
    account_refresh_age: Duration = "1d", [];
    /// How long after a look at a thread the rest of it is asked for again when somebody looks at it.
    thread_refresh_age: Duration = "5m", [];
}

section! {
    /// Pictures.
    Media in "media.";
    /// Memory that a child process may take in which a file of a stranger is decoded. 200 MB are enough for 33 megapixels
    /// of JPEG, PNG, GIF and WebP, and for AVIF in one piece of 10 to 17.
    child_memory: Size = "200MB", [];
    /// Files that are decoded at the same time; others wait.
    concurrency: Count = "1", [];
    /// ffmpeg, which makes MP4 and MP3 of films and sounds that browsers do not play, films of moving GIFs, JPEG of HEIC (and of
    /// AVIF of more than 10 to 17 megapixels in one piece), and a picture that stands for each film and sound: `auto` (used if it is on this machine), `off`, its name or its path.
    ffmpeg: Program = "auto", ["FFMPEG_BINARY"];
    /// ffprobe, which belongs to it: `auto` (the one beside ffmpeg), its name or its path.
    ffprobe: Program = "auto", ["FFPROBE_BINARY"];
    /// Memory that ffmpeg may take. What needs more is refused; pictures of 1920x1080 need about 300 MB, of 3840x2160 about
    /// 500 MB.
    ffmpeg_memory: Size = "512MB", [];
    /// How long the conversion of one film may take; also the processor time it may take.
    ffmpeg_time: Duration = "15m", [];
    /// Bytes that may be kept of other servers' pictures. They are fetched when somebody looks at them; who was not looked
    /// at for longest goes first, previews last. With `0B` nothing is kept, and every look fetches.
    remote_budget: Size = "1GB", [];
    /// The part of the disk that they leave free in any case: on a disk that is fuller none of them are kept.
    remote_disk_left: Percent = "10%", [];
    /// How much of the disk files leave to the database, without which nothing can be deleted either: while less is free,
    /// uploads are refused for the time being (`503`).
    disk_reserve: Size = "64MB", [];
}

section! {
    /// How long posts of other servers are kept.
    Retention in "retention.";
    /// Days after which posts of other servers go that nobody here touched; without it they stay for ever. Posts stay that
    /// somebody here favourited, bookmarked, boosted, answered, quoted, pinned, voted in or is named in, posts of threads
    /// in which somebody here takes part, reported ones, and whatever has something left that answers, boosts or quotes it.
    /// What goes is fetched again when somebody looks at its thread. Once a day, a little at a time; `phiomia statuses prune
    /// --dry-run` says what would go.
    remote_statuses: Option<Count> = "", [];
    /// Whether posts of people go, too, whom somebody here follows.
    followed: bool = "false", [];
}

words! {
    /// How files of a bucket come to those who look at them.
    HandOut {
        /// From the bucket, by everybody.
        Public = "public",
        /// From the bucket, with an address that this server signed.
        Presigned = "presigned",
        /// Through this server.
        Proxied = "proxied",
    }
}

section! {
    /// A bucket for files of people, on Amazon S3 or a server that speaks like it. See docs/hosting/s3.md.
    S3 in "s3.";
    /// Whether there is a bucket. On a server that has no files yet they are kept there from the beginning. On one that has,
    /// new ones are; `phiomia media move --to s3` brings the others, and `--to disk` takes all of them back.
    enabled: bool = "false", ["S3_ENABLED"];
    /// Its name.
    bucket: Option<String> = "", ["S3_BUCKET"];
    /// Its region. Servers other than Amazon's often want any word at all.
    region: String = "us-east-1", ["S3_REGION"];
    /// The address of the server, as `https://minio.example.org:9000`. Without it: Amazon's for the region.
    endpoint: Option<String> = "", ["S3_ENDPOINT"];
    /// Whether the name of the bucket stands in that of the host instead of the path. Without it: only at Amazon.
    virtual_hosted: Option<bool> = "", ["S3_OVERRIDE_PATH_STYLE"];
    /// The name of the key.
    access_key_id: Option<String> = "", ["AWS_ACCESS_KEY_ID"];
    /// The key.
    secret_access_key: Option<Secret> = "", ["AWS_SECRET_ACCESS_KEY"];
    /// What the names of all files begin with, for several servers in one bucket.
    key_prefix: Option<String> = "", ["S3_KEY_PREFIX"];
    /// The storage class of files that are written, as `STANDARD_IA`. Without it: what the bucket says.
    storage_class: Option<String> = "", ["S3_STORAGE_CLASS"];
    /// How files come to those who look at them: `public` (from the bucket or `alias_host`, where everybody must be allowed
    /// to read), `presigned` (from the bucket, with an address that this server signs for some hours) or `proxied` (through
    /// this server). Without it: `public` with `alias_host`, or else `proxied`.
    hand_out: Option<HandOut> = "", [];
    /// The host of what stands in front of the bucket and hands its files out: a cache, a CDN.
    alias_host: Option<String> = "", ["S3_ALIAS_HOST", "S3_CLOUDFRONT_HOST"];
    /// The host of the bucket's server as everybody reaches it, when that is not the one of `endpoint`.
    hostname: Option<String> = "", ["S3_HOSTNAME"];
    /// Whether `alias_host` and `hostname` are reached by `https` or `http`.
    protocol: String = "https", ["S3_PROTOCOL"];
    /// How long a connection to the bucket may take to be made. A number alone is of seconds.
    open_timeout: Seconds = "5s", ["S3_OPEN_TIMEOUT"];
    /// How long the bucket may take to answer; for what is sent there more, by its size. A number alone is of seconds.
    read_timeout: Seconds = "20s", ["S3_READ_TIMEOUT"];
    /// How often a request is repeated to which the bucket had no good answer.
    retries: u16 = "3", ["S3_RETRY_LIMIT"];
    /// A PEM file with one more authority that may sign the server's certificate.
    ca_file: Option<PathBuf> = "", [];
}

section! {
    /// Work in the background: how many jobs of a kind run at the same time.
    Workers in "workers.";
    /// Jobs that fill home feeds; people wait for them.
    feeds: Count = "4", [];
    /// Activities that came in are worked through, and activities that go out are written.
    federation: Count = "32", [];
    /// Jobs that fetch from other servers: threads, profiles, older posts.
    fetch: Count = "8", [];
    /// Jobs that tidy up; nobody waits for them.
    upkeep: Count = "1", [];
    /// How long a job is in a process's hands before another takes it; prolonged while it runs. Where several processes
    /// work, what one of them had in hand when it died waits that long.
    lease: Duration = "60s", [];
}

section! {
    /// `phiomia doctor` and the page of the same name for the owner. See docs/hosting/doctor.md.
    Doctor in "doctor.";
    /// Other servers that are asked for the time and whether the way out is open, after those that this server knows already.
    peers: Vec<Domain> = "mastodon.social, hachyderm.io", [];
    /// Names by which the keys that sign mail may be found in the DNS (`NAME._domainkey.example.org`).
    dkim_selectors: Vec<String> = "default, mail, dkim, s1, selector1, google, k1, fm1", [];
}

impl Value for SslMode {
    const SHAPE: &'static str =
        "`disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`, as libpq means them";

    fn read(text: &str) -> Result<SslMode, String> {
        text.parse().map_err(|why: phiomia_model::Refusal| format!("is wrong: {why}"))
    }
}

/// A language by its tag: `de`, `pt-BR`, `zh-TW`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale(pub String);

impl Value for Locale {
    const SHAPE: &'static str = "language tag";

    fn read(text: &str) -> Result<Locale, String> {
        let mut parts = text.split('-');
        let language = parts.next().unwrap_or_default();
        let is_language = (2..=3).contains(&language.len()) && language.chars().all(|c| c.is_ascii_lowercase());
        let are_subtags = parts.all(|p| (2..=8).contains(&p.len()) && p.chars().all(|c| c.is_ascii_alphanumeric()));
        if is_language && are_subtags {
            Ok(Locale(text.to_owned()))
        } else {
            Err(format!("must be a language tag such as en, de or pt-BR, not {text:?}"))
        }
    }
}

/// Directives for the log's filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel(pub String);

impl Value for LogLevel {
    const SHAPE: &'static str = "level or directives";

    fn read(text: &str) -> Result<LogLevel, String> {
        // Rails' two levels above `error`.
        let text = if matches!(text, "fatal" | "unknown") { "error" } else { text };
        let wrong = || format!("must be error, warn, info, debug, trace or directives, not {text:?}");
        let levels = ["error", "warn", "info", "debug", "trace", "off"];
        let is_plain = |part: &str| levels.contains(&part.to_ascii_lowercase().as_str());
        // A word without `=` would be taken for a module's name: a misspelt level must not silence everything.
        if text.is_empty() || !text.split(',').all(|part| part.contains('=') || part.contains("::") || is_plain(part)) {
            return Err(wrong());
        }
        tracing_subscriber::EnvFilter::try_new(text).map_err(|_| wrong())?;
        Ok(LogLevel(text.to_owned()))
    }
}
