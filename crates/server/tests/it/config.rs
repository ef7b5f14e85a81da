//! Who is heard first, what is refused, what is hidden.

use std::net::IpAddr;

use phiomia_server::config::{Config, Inputs, Loaded, Note, Source, document, print_json, print_toml};
use phiomia_store::{
    db::{Settings, SslMode},
    files::HandOut,
};

/// As Mastodon's setup writes it, with the parts an older installation collects.
const ENV_PRODUCTION: &str = r#"
# Generated with mastodon:setup on 2023-05-17
LOCAL_DOMAIN=example.org
WEB_DOMAIN="social.example.org"
SINGLE_USER_MODE=false
ALTERNATE_DOMAINS=example.net,www.example.org
SECRET_KEY_BASE=7f3ab2c9
OTP_SECRET=0c3d4e
ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY=abc
VAPID_PRIVATE_KEY=x=
VAPID_PUBLIC_KEY=y=
DB_HOST=/var/run/postgresql
DB_PORT=5432
DB_NAME=mastodon_production
DB_USER=mastodon
DB_PASS='p@ss/w#rd' # kept in quotes
DB_SSLMODE=require
REDIS_HOST=localhost
REDIS_PORT=6380
REDIS_PASSWORD=
REDIS_NAMESPACE=mastodon
TRUSTED_PROXY_IP=127.0.0.1,10.0.0.0/8
ES_ENABLED=true
S3_ENABLED=true
S3_BUCKET=pictures
S3_HOSTNAME=s3.example.org
S3_ENDPOINT=https://s3.example.org
S3_PERMISSION=private
S3_READ_TIMEOUT=15
S3_ALIAS_HOST=files.example.org
AWS_ACCESS_KEY_ID=AKIA1
AWS_SECRET_ACCESS_KEY=verysecret
SMTP_SERVER=smtp.mailgun.org
SMTP_PASSWORD=alsosecret
export MASTODON_PROMETHEUS_EXPORTER_ENABLED=true
MASTODON_PROMETHEUS_EXPORTER_PORT=9400
WEB_CONCURRENCY=2
MAX_THREADS=5
RAILS_LOG_LEVEL=warn
DEFAULT_LOCAL=de
"#;

fn load(inputs: &Inputs) -> Loaded {
    Config::assemble(inputs).expect("the configuration holds")
}

fn problems(inputs: &Inputs) -> Vec<String> {
    Config::assemble(inputs).expect_err("the configuration does not hold").0
}

fn file(text: &str) -> Inputs {
    Inputs { file: Some(text.to_owned()), ..Inputs::default() }
}

fn env_file(text: &str) -> Inputs {
    Inputs { env_file: Some(text.to_owned()), ..Inputs::default() }
}

fn pairs<T: FromIterator<(String, String)>>(pairs: &[(&str, &str)]) -> T {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

fn environment(variables: &[(&str, &str)]) -> Inputs {
    Inputs { environment: pairs(variables), ..Inputs::default() }
}

#[test]
fn nothing_at_all_is_a_server_for_this_machine() {
    let config = load(&Inputs::default()).config;
    assert_eq!(config.addresses().base(), "http://localhost:3000");
    assert_eq!(config.addresses().local_domain, "localhost:3000");
    assert_eq!(config.listen().to_string(), "localhost:3000");
    let Settings::Sqlite(sqlite) = config.database_settings().unwrap() else { panic!("SQLite is the default") };
    assert_eq!(sqlite.path.to_str(), Some("./phiomia-data/phiomia.sqlite3"));
    assert!(config.redis_settings().unwrap().is_none());
    assert!(config.metrics.listen.is_none());
    assert!(config.server.trusted_proxies.is_empty());
}

#[test]
fn a_flag_goes_before_the_environment_the_env_file_the_file_and_the_default() {
    let mut inputs = Inputs::default();
    let domain_now = |inputs: &Inputs| load(inputs).config.addresses().local_domain;
    assert_eq!(domain_now(&inputs), "localhost:3000");
    inputs.file = Some("[instance]\ndomain = \"file.example\"".to_owned());
    assert_eq!(domain_now(&inputs), "file.example");
    inputs.env_file = Some("LOCAL_DOMAIN=envfile.example".to_owned());
    assert_eq!(domain_now(&inputs), "envfile.example");
    inputs.environment = pairs(&[("LOCAL_DOMAIN", "environment.example")]);
    assert_eq!(domain_now(&inputs), "environment.example");
    inputs.environment = pairs(&[("LOCAL_DOMAIN", "x.example"), ("PHIOMIA_INSTANCE_DOMAIN", "own.example")]);
    assert_eq!(domain_now(&inputs), "own.example");
    inputs.flags = pairs(&[("instance.domain", "flag.example")]);
    assert_eq!(domain_now(&inputs), "flag.example");
    inputs.flags = pairs(&[("instance.domain", "flag.example"), ("instance.domain", "later.example")]);
    assert_eq!(domain_now(&inputs), "later.example");
}

#[test]
fn an_empty_variable_counts_as_not_given() {
    let mut inputs = file("[instance]\ndomain = \"file.example\"");
    inputs.environment = pairs(&[("LOCAL_DOMAIN", ""), ("PHIOMIA_INSTANCE_DOMAIN", " ")]);
    assert_eq!(load(&inputs).config.addresses().local_domain, "file.example");
}

#[test]
fn an_unknown_key_is_an_error_that_names_the_nearest_known_one() {
    let suggestion = |text: &str| problems(&file(text)).join("\n");
    assert!(suggestion("[server]\nlistn = 1").ends_with("no setting server.listn; did you mean server.listen?"));
    assert!(suggestion("[server]\nreplica_url = 1").ends_with("did you mean database.replica_url?"));
    assert!(suggestion("LOCAL_DOMAIN = \"x\"").ends_with("did you mean instance.domain?"));
    assert!(suggestion("[colours]\nbackground = 1").contains("phiomia config docs"));
    let flag = Inputs { flags: pairs(&[("dta", "x")]), ..Inputs::default() };
    assert_eq!(problems(&flag), ["there is no setting dta; did you mean data?"]);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let text =
        "[server]\nlisten = \"nowhere\"\nmax_connections = 0\n[instance]\ndomain = \"https://x\"\n[what]\never = 1";
    assert_eq!(problems(&file(text)).len(), 4, "{:?}", problems(&file(text)));
    assert_eq!(
        problems(&file("[server]\nlisten = \"localhost:1\"\nlisten = \"hunter2\"")),
        ["phiomia.toml, line 3: duplicate key"]
    );
}

#[test]
fn a_mastodon_env_production_loads() {
    let loaded = load(&env_file(ENV_PRODUCTION));
    let config = &loaded.config;
    let addresses = config.addresses();
    assert_eq!(
        (addresses.local_domain.as_str(), addresses.base().as_str()),
        ("example.org", "https://social.example.org")
    );
    let Settings::Postgres(postgres) = config.database_settings().unwrap() else { panic!("DB_HOST means PostgreSQL") };
    let shown = format!("{postgres:?}");
    assert!(shown.contains("/var/run/postgresql") && shown.contains("mastodon_production"), "{shown}");
    assert_eq!(postgres.ssl_mode, SslMode::Require);
    let redis = config.redis_settings().unwrap().unwrap();
    assert_eq!((redis.url.as_str(), redis.namespace.as_deref()), ("redis://localhost:6380/0", Some("mastodon")));
    assert!(config.server.trusted_proxies.iter().any(|range| range.contains(IpAddr::from([10, 1, 2, 3]))));
    assert_eq!(config.metrics.listen.as_ref().unwrap().to_string(), "localhost:9400");
    assert_eq!(config.logs.level.0, "warn");
    assert_eq!(config.smtp.server.as_deref(), Some("smtp.mailgun.org"));
    let bucket = config.bucket_settings().unwrap().unwrap();
    assert_eq!((bucket.bucket.as_str(), bucket.endpoint.as_deref()), ("pictures", Some("https://s3.example.org")));
    assert_eq!(bucket.public_base().as_deref(), Some("https://files.example.org"));
    assert_eq!((bucket.read_timeout.as_secs(), bucket.is_virtual_hosted), (15, false));
}

#[test]
fn files_of_a_bucket_come_through_this_server_unless_it_is_said_otherwise() {
    let base = [("S3_ENABLED", "true"), ("S3_BUCKET", "b"), ("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let bucket = |more: &[(&str, &str)]| {
        let variables = [&base[..], more].concat();
        load(&environment(&variables)).config.bucket_settings().unwrap().unwrap()
    };
    assert_eq!(bucket(&[]).hand_out, HandOut::Proxied);
    assert_eq!(
        bucket(&[("S3_CLOUDFRONT_HOST", "d1.cloudfront.net")]).public_base().unwrap(),
        "https://d1.cloudfront.net"
    );
    let public = ("PHIOMIA_S3_HAND_OUT", "public");
    assert_eq!(
        bucket(&[public, ("S3_REGION", "eu-west-1")]).public_base().unwrap(),
        "https://b.s3.eu-west-1.amazonaws.com"
    );
    let own = ("S3_ENDPOINT", "http://localhost:9000/");
    let prefixed = bucket(&[public, own, ("S3_KEY_PREFIX", "/ours/")]);
    assert_eq!(prefixed.public_base().unwrap(), "http://localhost:9000/b/ours");
    let named = bucket(&[public, own, ("S3_HOSTNAME", "s3.example.org"), ("S3_OVERRIDE_PATH_STYLE", "true")]);
    assert_eq!(named.public_base().unwrap(), "https://b.s3.example.org");
}

#[test]
fn a_bucket_without_what_it_takes_is_refused() {
    let said = |more: &[(&str, &str)]| problems(&environment(&[&[("S3_ENABLED", "true")], more].concat()));
    assert_eq!(said(&[]), ["s3.enabled is set, and s3.bucket is missing"]);
    assert_eq!(said(&[("S3_BUCKET", "b")]), ["s3.enabled is set, and s3.access_key_id is missing"]);
    let key = [("S3_BUCKET", "b"), ("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let endpoint = said(&[&key[..], &[("S3_ENDPOINT", "minio:9000")]].concat());
    assert_eq!(endpoint, ["s3.endpoint must begin with https:// or http:// and name a host"]);
    let alias = said(&[&key[..], &[("S3_ALIAS_HOST", "https://files.example.org")]].concat());
    assert!(alias[0].starts_with("s3.alias_host must be a host"), "{alias:?}");
}

#[test]
fn of_mastodons_other_variables_the_later_ones_are_told_and_strange_ones_warned_about() {
    let notes = load(&env_file(ENV_PRODUCTION)).notes;
    let infos: Vec<&str> =
        notes.iter().filter_map(|n| if let Note::Info(t) = n { Some(t.as_str()) } else { None }).collect();
    let warnings: Vec<&str> =
        notes.iter().filter_map(|n| if let Note::Warning(t) = n { Some(t.as_str()) } else { None }).collect();
    let names: Vec<&str> = infos.iter().filter_map(|text| text.split(' ').next()).collect();
    assert_eq!(names, ["S3_PERMISSION"]);
    assert_eq!(warnings, ["DEFAULT_LOCAL is no variable this server knows; did you mean DEFAULT_LOCALE?"]);
    assert!(!format!("{notes:?}").contains("secret\""), "a note shows a value: {notes:?}");
}

/// Source: <https://docs.joinmastodon.org/admin/config/#files>.
#[test]
fn every_variable_of_mastodon_about_files_works_or_is_named() {
    let works = [
        "S3_ENABLED",
        "S3_BUCKET",
        "S3_REGION",
        "S3_ENDPOINT",
        "S3_PROTOCOL",
        "S3_HOSTNAME",
        "S3_ALIAS_HOST",
        "S3_CLOUDFRONT_HOST",
        "S3_OVERRIDE_PATH_STYLE",
        "S3_KEY_PREFIX",
        "S3_STORAGE_CLASS",
        "S3_OPEN_TIMEOUT",
        "S3_READ_TIMEOUT",
        "S3_RETRY_LIMIT",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "FFMPEG_BINARY",
        "FFPROBE_BINARY",
    ];
    let documented = document();
    for name in works {
        assert!(documented.contains(&format!("`{name}`")), "{name}");
    }
    let named = [
        "CDN_HOST",
        "EXTRA_MEDIA_HOSTS",
        "PAPERCLIP_ROOT_PATH",
        "PAPERCLIP_ROOT_URL",
        "S3_PERMISSION",
        "SWIFT_ENABLED",
        "SWIFT_USERNAME",
        "AZURE_ENABLED",
        "AZURE_STORAGE_ACCOUNT",
        "CACHE_BUSTER_ENABLED",
        "CACHE_BUSTER_SECRET",
    ];
    for name in named {
        let notes = load(&env_file(&format!("{name}=x"))).notes;
        let told = format!("{name} has no effect: ");
        assert!(matches!(&notes[..], [Note::Info(text)] if text.starts_with(&told)), "{name}: {notes:?}");
    }
    // How requests are made in detail: nothing of it is missed.
    for name in ["S3_SIGNATURE_VERSION", "S3_MULTIPART_THRESHOLD", "S3_FORCE_SINGLE_REQUEST", "S3_BATCH_DELETE_LIMIT"] {
        assert!(load(&env_file(&format!("{name}=4"))).notes.is_empty(), "{name}");
    }
}

#[test]
fn pumas_three_variables_make_one_address() {
    let listen = |variables: &[(&str, &str)]| load(&environment(variables)).config.listen().to_string();
    assert_eq!(listen(&[("PORT", "8080")]), "127.0.0.1:8080");
    assert_eq!(listen(&[("BIND", "0.0.0.0")]), "0.0.0.0:3000");
    assert_eq!(listen(&[("BIND", "::"), ("PORT", "80")]), "[::]:80");
    assert_eq!(listen(&[("BIND", "::"), ("SOCKET", "/run/web.sock")]), "unix:/run/web.sock");
    let mut split = environment(&[("PORT", "8080")]);
    split.env_file = Some("BIND=0.0.0.0\nPORT=1".to_owned());
    assert_eq!(load(&split).config.listen().to_string(), "0.0.0.0:8080");
}

#[test]
fn the_source_is_where_mastodons_variables_say_or_nowhere() {
    assert_eq!(load(&Inputs::default()).config.source_url(), None);
    let of = |variables: &[(&str, &str)]| load(&environment(variables)).config.source_url().unwrap_or_default();
    assert_eq!(of(&[("GITHUB_REPOSITORY", "bees/phiomia")]), "https://github.com/bees/phiomia");
    assert_eq!(
        of(&[("GITHUB_REPOSITORY", "bees/phiomia"), ("SOURCE_TAG", "v1.2-bees")]),
        "https://github.com/bees/phiomia/tree/v1.2-bees",
    );
    let base = ("SOURCE_BASE_URL", "https://code.example.org/bees");
    assert_eq!(of(&[base, ("GITHUB_REPOSITORY", "bees/phiomia")]), "https://code.example.org/bees");
    assert_eq!(of(&[base, ("SOURCE_TAG", "main")]), "https://code.example.org/bees/tree/main");
    let wrong = problems(&environment(&[("SOURCE_BASE_URL", "code.example.org")]));
    assert!(wrong.iter().any(|sentence| sentence.contains("instance.source_base_url")), "{wrong:?}");
}

#[test]
fn https_is_meant_unless_the_domain_is_one_for_development() {
    let scheme = |variables: &[(&str, &str)]| load(&environment(variables)).config.addresses().scheme;
    assert_eq!(scheme(&[("LOCAL_DOMAIN", "example.org")]), "https");
    assert_eq!(scheme(&[("LOCAL_DOMAIN", "localhost:3912")]), "http");
    assert_eq!(scheme(&[("LOCAL_DOMAIN", "example.org:8080")]), "http");
    assert_eq!(scheme(&[("LOCAL_DOMAIN", "localhost:3912"), ("LOCAL_HTTPS", "true")]), "https");
    assert_eq!(scheme(&[("LOCAL_DOMAIN", "example.org"), ("LOCAL_HTTPS", "false")]), "http");
    let files = [("PHIOMIA_TLS_CERT_FILE", "cert.pem"), ("PHIOMIA_TLS_KEY_FILE", "key.pem")];
    let local = ("LOCAL_DOMAIN", "localhost:3912");
    assert_eq!(scheme(&[local, files[0], files[1]]), "https");
    assert_eq!(scheme(&[local, files[0], files[1], ("LOCAL_HTTPS", "false")]), "http");
    for file in files {
        let wrong = problems(&environment(&[local, file]));
        assert_eq!(wrong, ["tls.cert_file and tls.key_file belong together: one is given without the other"]);
    }
}

#[test]
fn the_address_of_the_database_goes_before_its_parts() {
    let mut inputs = environment(&[
        ("DATABASE_URL", "postgres://me:s3cr3t@db.example/phiomia?sslmode=verify-full&application_name=x"),
        ("DB_HOST", "elsewhere"),
        ("DB_SSLMODE", "disable"),
        ("DB_POOL", "25"),
        ("PREPARED_STATEMENTS", "false"),
    ]);
    let Settings::Postgres(postgres) = load(&inputs).config.database_settings().unwrap() else { panic!("PostgreSQL") };
    assert!(format!("{postgres:?}").contains("db.example"));
    assert_eq!((postgres.ssl_mode, postgres.connections), (SslMode::VerifyFull, 25));
    assert!(!postgres.prepared_statements);

    inputs.flags = pairs(&[("database.url", "sqlite:/srv/one.sqlite3"), ("database.sqlite_readers", "3")]);
    let Settings::Sqlite(sqlite) = load(&inputs).config.database_settings().unwrap() else { panic!("SQLite") };
    assert_eq!((sqlite.path.to_str(), sqlite.readers, sqlite.cache_kib), (Some("/srv/one.sqlite3"), 3, 4096));

    inputs.flags = pairs(&[("database.url", "mysql://x/y")]);
    assert_eq!(problems(&inputs), ["database.url must begin with postgres:// or sqlite:"]);
    let replica = environment(&[("REPLICA_DATABASE_URL", "postgres://x/y")]);
    assert!(problems(&replica)[0].contains("SQLite"));
}

#[test]
fn who_signs_in_by_iam_says_no_password_and_reads_the_region_from_the_host() {
    let aurora = "postgres://me@prod.cluster-abc.eu-central-1.rds.amazonaws.com/phiomia";
    let with = |url: &str, more: &str| {
        let file = format!("[database]\nurl = \"{url}\"\niam = true\n{more}");
        Inputs { file: Some(file.parse().unwrap()), ..Inputs::default() }
    };
    let loaded = load(&with(&format!("{aurora}?sslmode=verify-full"), ""));
    let Ok(Settings::Postgres(settings)) = loaded.config.database_settings() else { panic!("not PostgreSQL") };
    assert_eq!(settings.iam.unwrap().region, "eu-central-1");
    for (url, more, why) in [
        (aurora, "", "database.iam needs database.sslmode verify-full"),
        ("postgres://me@db.example/x?sslmode=require", "", "database.iam needs database.iam_region"),
        (
            "postgres://me@db.example/x?sslmode=require",
            "iam_region = \"x\"\niam_access_key_id = \"a\"",
            "belong together",
        ),
    ] {
        let problems = problems(&with(url, more));
        assert!(problems.len() == 1 && problems[0].contains(why), "{problems:?}");
    }
}

#[test]
fn secrets_are_shown_neither_by_print_nor_by_debug() {
    let loaded = load(&environment(&[
        ("DATABASE_URL", "postgres://me:hunter2@db.example/phiomia?password=hunter2"),
        ("REPLICA_DATABASE_URL", "host=db password=hunter2"),
        ("DB_PASS", "hunter2"),
        ("REDIS_PASSWORD", "hunter2"),
        ("SMTP_PASSWORD", "hunter2"),
        ("REDIS_URL", "redis://:hunter2@cache.example/1"),
    ]));
    let texts = [print_toml(&loaded), print_json(&loaded).to_string(), format!("{:?}", loaded.config)];
    for text in &texts {
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(texts[0].contains("url = \"postgres://me:redacted@db.example/phiomia\"  # environment, DATABASE_URL"));
}

#[test]
fn a_placeholder_is_no_secret_and_stops_the_start() {
    let wrong = problems(&environment(&[("DB_PASS", "changeme"), ("REDIS_URL", "redis://:changeme@cache/0")]));
    assert_eq!(wrong.len(), 2);
    assert!(wrong.iter().all(|why| why.contains("placeholder") && !why.contains("changeme")), "{wrong:?}");
}

#[test]
fn what_is_printed_can_be_read_again() {
    let mut inputs = file("[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nmax_connections = 12");
    inputs.environment = pairs(&[("LOCAL_DOMAIN", "bücher.example")]);
    let loaded = load(&inputs);
    assert_eq!(loaded.texts["instance.domain"].1, Source::Environment("LOCAL_DOMAIN".to_owned()));
    assert_eq!(load(&file(&print_toml(&loaded))).config, loaded.config);
}

#[test]
fn the_documentation_is_what_the_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/config.md");
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == document(), "docs/config.md is out of date: write it anew with `phiomia config docs`");
}

#[test]
fn every_key_has_a_default_that_reads_and_a_sentence() {
    load(&Inputs::default());
    for section in phiomia_server::config::TABLE {
        for setting in section.settings {
            assert!(setting.doc.concat().trim().ends_with('.'), "{} has no sentence", setting.key);
            assert_eq!(setting.section(), section.name);
        }
    }
}

#[test]
fn plain_http_leads_to_https_at_the_usual_ports_unless_somebody_says_otherwise() {
    let plain = |listen: &str, more: &str| {
        let text = format!("server.listen = \"{listen}\"\n[tls]\ncert_file = \"c\"\nkey_file = \"k\"\n{more}");
        load(&file(&text)).config.http_listen().map(|(address, was_said)| (address.to_string(), was_said))
    };
    assert_eq!(plain("[::]:443", ""), Some(("[::]:80".to_owned(), false)));
    assert_eq!(plain("127.0.0.1:8443", ""), None);
    assert_eq!(plain("unix:/run/phiomia.sock", ""), None);
    assert_eq!(plain("[::]:443", "http_listen = \"none\""), None);
    assert_eq!(plain("0.0.0.0:8443", "http_listen = \"0.0.0.0:8080\""), Some(("0.0.0.0:8080".to_owned(), true)));
    // Without TLS there is nothing to lead to.
    assert_eq!(load(&file("server.listen = \"[::]:443\"")).config.http_listen(), None);
}

#[test]
fn a_certificate_from_an_authority_needs_a_public_domain_and_the_usual_ports_come_with_it() {
    let config = load(&file("instance.domain = \"example.org\"\ntls.acme = true")).config;
    assert_eq!(
        (config.listen().to_string(), config.addresses().base()),
        ("[::]:443".into(), "https://example.org".into())
    );
    assert_eq!(config.http_listen().map(|(address, _)| address.to_string()).as_deref(), Some("[::]:80"));
    let wrong = |text: &str| problems(&file(&format!("tls.acme = true\n{text}"))).join("\n");
    assert!(wrong("").contains("tls.acme needs instance.domain"));
    assert!(wrong("instance.domain = \"localhost:3000\"").contains("public domains alone"));
    let good = "instance.domain = \"example.org\"\n";
    for (line, said) in [
        ("tls.cert_file = \"c\"\ntls.key_file = \"k\"", "from an authority or from a file"),
        ("tls.acme_challenge = \"dns-01\"", "tls.acme_dns_hook"),
        ("tls.acme_challenge = \"http-01\"\nserver.listen = \"[::]:8443\"", "tls.http_listen is nowhere"),
        ("tls.acme_eab_key_id = \"1\"", "belong together"),
        ("tls.acme_directory = \"http://authority.example\"", "letsencrypt-staging"),
        ("tls.acme_domains = [\"localhost\"]", "no authority gives"),
    ] {
        assert!(wrong(&format!("{good}{line}")).contains(said), "{line}: {}", wrong(&format!("{good}{line}")));
    }
}

#[test]
fn what_fronts_say_needs_fronts_that_are_trusted() {
    let wrong = |text: &str| problems(&file(text)).join("\n");
    assert!(wrong("server.proxy_protocol = true").contains("nobody could connect"));
    assert!(wrong("server.redirect_http = true").contains("begin with http"));
    let text = "[server]\nproxy_protocol = true\nforwarded_header = \"forwarded\"\ntrusted_proxies = [\"127.0.0.1\"]";
    assert!(load(&file(text)).config.server.proxy_protocol);
}

#[test]
fn what_of_the_dns_does_not_fit_together_is_said() {
    let dns = |text: &str| problems(&file(&format!("[instance]\ndomain = \"example.org\"\n[dns]\n{text}"))).join("\n");
    assert!(problems(&file("[dns]\nprovider = \"route53\"")).join("").contains("dns.provider needs instance.domain"));
    assert!(dns("provider = \"command\"").contains("dns.command is missing"));
    let missing = dns("provider = \"rfc2136\"");
    for key in ["rfc2136_server", "rfc2136_key_name", "rfc2136_key"] {
        assert!(missing.contains(&format!("dns.{key} is missing")), "{missing}");
    }
    assert!(dns("rfc2136_key = \"not base64!\"").contains("tsig-keygen"));
    assert!(dns("addresses = [\"192.0.2.300\"]").contains("must be an address"));
    assert!(dns("echo_url = \"http://echo.example\"").contains("must begin with https://"));
    assert!(dns("ttl = \"500ms\"").contains("between 1s and 7d"));
    assert!(dns("provider = \"route53\"\nroute53_access_key_id = \"AKIA1\"").contains("belong together"));
    let eks = "provider = \"route53\"\nroute53_container_credentials = \"http://169.254.170.23/v1/credentials\"";
    assert!(dns(eks).contains("dns.route53_container_token_file is missing"));
    // The names of Amazon's own programs, and by records of its own a certificate needs no hook.
    let mut inputs = file(
        "[instance]\ndomain = \"example.org\"\n[dns]\nprovider = \"route53\"\n\
         [tls]\nacme = true\nacme_challenge = \"dns-01\"",
    );
    inputs.environment = pairs(&[
        ("AWS_ACCESS_KEY_ID", "AKIA1"),
        ("AWS_SECRET_ACCESS_KEY", "skid"),
        ("AWS_ENDPOINT_URL_ROUTE_53", "http://localhost:5000"),
    ]);
    let dns = load(&inputs).config.dns;
    assert_eq!(dns.route53_access_key_id.as_deref(), Some("AKIA1"));
    assert_eq!(dns.route53_endpoint, "http://localhost:5000");
}
