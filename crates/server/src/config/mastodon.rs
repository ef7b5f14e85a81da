//! Mastodon's environment variables that are no settings here: those without a meaning, and those whose turn comes later.

/// What becomes of a variable of Mastodon that is no setting of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing here corresponds to it; it is passed over in silence.
    None,
    /// What it asks for is not built yet, or is asked for in another way: the operator is told.
    NotYet,
}

/// A variable, or with `*` at the end all that begin so; what becomes of it; why.
pub type Known = (&'static str, Meaning, &'static str);

/// The list, in the order of Mastodon's documentation.
/// Source: <https://docs.joinmastodon.org/admin/config/>.
pub const KNOWN: &[Known] = &[
    ("SECRET_KEY_BASE", Meaning::None, "this server makes its own secrets at the first start"),
    ("OTP_SECRET", Meaning::None, "this server makes its own secrets at the first start"),
    ("PAPERCLIP_SECRET", Meaning::None, "this server makes its own secrets at the first start"),
    ("ACTIVE_RECORD_ENCRYPTION_*", Meaning::None, "this server makes its own secrets at the first start"),
    ("VAPID_*", Meaning::None, "this server makes its own keys for Web Push"),
    ("RAILS_ENV", Meaning::None, "there is one environment"),
    ("NODE_ENV", Meaning::None, "there is one environment"),
    ("RACK_ENV", Meaning::None, "there is one environment"),
    ("RAILS_SERVE_STATIC_FILES", Meaning::None, "the web client is part of the program"),
    ("RAILS_*", Meaning::None, "this is no Rails program"),
    ("LOG_LEVEL", Meaning::None, "streaming is part of the program and logs as the rest"),
    ("NODE_*", Meaning::None, "this is no Node program"),
    ("BUNDLE_*", Meaning::None, "this is no Ruby program"),
    ("RUBY*", Meaning::None, "this is no Ruby program"),
    ("GEM_*", Meaning::None, "this is no Ruby program"),
    ("MALLOC_ARENA_MAX", Meaning::None, "this is no Ruby program"),
    ("LD_PRELOAD", Meaning::None, "this is no Ruby program"),
    ("BOOTSNAP_*", Meaning::None, "this is no Ruby program"),
    ("BACKTRACE", Meaning::None, "this is no Rails program"),
    ("DISABLE_SIMPLECOV", Meaning::None, "this is no Ruby program"),
    ("PATH", Meaning::None, "the system's own"),
    ("SIDEKIQ_*", Meaning::None, "jobs live in the database and run in this process"),
    ("ENABLE_SIDEKIQ_UNIQUE_JOBS_UI", Meaning::None, "jobs live in the database"),
    ("WEB_CONCURRENCY", Meaning::None, "one process uses all processors"),
    ("MAX_THREADS", Meaning::None, "requests do not hold threads"),
    ("MIN_THREADS", Meaning::None, "requests do not hold threads"),
    ("PERSISTENT_TIMEOUT", Meaning::None, "see server.header_timeout"),
    ("MAX_REQUEST_POOL_SIZE", Meaning::None, "outgoing connections are counted per host"),
    ("STREAMING_CLUSTER_NUM", Meaning::None, "streaming is part of the program"),
    ("STREAMING_API_BASE_URL", Meaning::NotYet, "streaming is served where the API is"),
    ("REPLICA_DB_TASKS", Meaning::None, "commands ask the primary"),
    ("REPLICA_PREPARED_STATEMENTS", Meaning::None, "as PREPARED_STATEMENTS"),
    ("REDIS_USER", Meaning::NotYet, "say it as REDIS_URL"),
    ("REDIS_SENTINEL*", Meaning::NotYet, "Redis Sentinel is not spoken"),
    ("REDIS_DRIVER", Meaning::None, "there is one driver"),
    ("CACHE_REDIS_*", Meaning::None, "caches are in memory"),
    ("ES_*", Meaning::None, "search is done by the database"),
    ("STATSD_*", Meaning::None, "see metrics.listen"),
    ("MASTODON_PROMETHEUS_EXPORTER_*", Meaning::None, "all figures are in one place"),
    ("PROMETHEUS_EXPORTER_*", Meaning::None, "all figures are in one place"),
    ("OTEL_*", Meaning::NotYet, "traces are not sent anywhere"),
    ("SMTP_DELIVERY_METHOD", Meaning::NotYet, "mail is sent through the server that smtp.server names"),
    ("SMTP_*", Meaning::NotYet, "the sender of a mail is smtp.from_address in every place"),
    ("BULK_SMTP_*", Meaning::NotYet, "all mail goes through the server that smtp.server names"),
    ("CDN_HOST", Meaning::NotYet, "what the web client is made of is served from this server"),
    (
        "EXTRA_MEDIA_HOSTS",
        Meaning::NotYet,
        "pages load pictures from this server and the bucket, and from nowhere else",
    ),
    ("PAPERCLIP_*", Meaning::NotYet, "files on the disk are in the data folder and served by this server"),
    ("S3_PERMISSION", Meaning::NotYet, "files are written without an ACL: a policy of the bucket says who reads them"),
    ("S3_SIGNATURE_VERSION", Meaning::None, "requests are signed with version 4"),
    ("S3_MULTIPART_THRESHOLD", Meaning::None, "files above 8 MB are sent in parts"),
    ("S3_FORCE_SINGLE_REQUEST", Meaning::None, "files are read in one request"),
    ("S3_BATCH_DELETE_*", Meaning::None, "files are deleted one by one"),
    ("S3_ENABLE_CHECKSUM_MODE", Meaning::None, "what arrives is compared by its length"),
    ("S3_*", Meaning::NotYet, "there is no such setting of the bucket"),
    ("AWS_*", Meaning::NotYet, "the key of the bucket is AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ("SWIFT_*", Meaning::NotYet, "OpenStack Swift is spoken with by its S3 interface"),
    ("AZURE_*", Meaning::NotYet, "files are kept on the disk or in a bucket of S3"),
    ("CACHE_BUSTER_*", Meaning::NotYet, "caches in front are not told of deletions"),
    ("ALLOW_UNSAFE_AUTH_PROVIDER_REATTACH", Meaning::NotYet, "sign-in through others is not built yet"),
    ("OMNIAUTH_ONLY", Meaning::NotYet, "sign-in through others is not built yet"),
    ("ONE_CLICK_SSO_LOGIN", Meaning::NotYet, "sign-in through others is not built yet"),
    ("SSO_ACCOUNT_*", Meaning::NotYet, "sign-in through others is not built yet"),
    ("OIDC_*", Meaning::NotYet, "sign-in through others is not built yet"),
    ("LDAP_*", Meaning::NotYet, "sign-in through others is not built yet"),
    ("PAM_*", Meaning::NotYet, "sign-in through others is not built yet"),
    ("CAS_*", Meaning::NotYet, "sign-in through others is not built yet"),
    ("SAML_*", Meaning::NotYet, "sign-in through others is not built yet"),
    ("http_hidden_proxy", Meaning::NotYet, "hidden services are not reached"),
    ("ALLOW_ACCESS_TO_HIDDEN_SERVICE", Meaning::NotYet, "hidden services are not reached"),
    ("DISALLOW_UNAUTHENTICATED_API_ACCESS", Meaning::NotYet, "public routes stay public"),
    ("DISABLE_FOLLOWERS_SYNCHRONIZATION", Meaning::NotYet, "it is as FEDERATION.md says"),
    ("DISABLE_AUTOMATIC_SWITCHING_TO_APPROVED_REGISTRATIONS", Meaning::None, "registrations stay as they are set"),
    ("FORCE_DEFAULT_LOCALE", Meaning::NotYet, "the language a browser asks for goes first"),
    ("HCAPTCHA_*", Meaning::NotYet, "there is no captcha"),
    ("EMAIL_DOMAIN_*", Meaning::NotYet, "e-mail domains are not restricted yet"),
    ("MAX_SESSION_ACTIVATIONS", Meaning::None, "ten sessions"),
    ("USER_ACTIVE_DAYS", Meaning::None, "home feeds are rebuilt in moments"),
    ("SKIP_POST_DEPLOYMENT_MIGRATIONS", Meaning::None, "migrations have one kind"),
    ("DEEPL_*", Meaning::NotYet, "posts are not translated yet"),
    ("LIBRE_TRANSLATE_*", Meaning::NotYet, "posts are not translated yet"),
    ("GITHUB_*", Meaning::None, "see instance.source_base_url"),
    ("SOURCE_*", Meaning::None, "see instance.source_base_url"),
    ("MASTODON_VERSION_*", Meaning::None, "the version is named by the program"),
    ("MAX_FOLLOWS_*", Meaning::None, "7500 follows"),
    ("IP_RETENTION_PERIOD", Meaning::NotYet, "addresses of sessions go with the session"),
    ("SESSION_RETENTION_PERIOD", Meaning::NotYet, "sessions have their own end"),
    ("FETCH_REPLIES_*", Meaning::None, "see federation.thread_refresh_age"),
    ("MASTODON_USE_LIBVIPS", Meaning::None, "pictures are handled by the program"),
    ("VIPS_*", Meaning::None, "pictures are handled by the program"),
    ("TZ", Meaning::None, "all times are UTC"),
    ("LANG", Meaning::None, "see instance.default_locale"),
];

/// What the list says about a variable. The first entry that fits counts.
#[must_use]
pub fn find(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|(pattern, _, _)| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    })
}
