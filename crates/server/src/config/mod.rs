//! The configuration: one table of settings, read once at the start. Nothing else looks at files or the environment.

mod backup;
mod bucket;
mod dns;
mod document;
pub mod dotenv;
mod layers;
pub mod mastodon;
mod nearest;
mod resolve;
mod sections;
pub mod setting;
mod sources;
mod tls;
pub mod value;

pub use backup::{Backup, Schedule};
pub use dns::{AddressSource, Dns, DnsProvider, Families, NameServer, TsigAlgorithm};
pub use document::{document, print_json, print_toml, print_with_secrets};
pub use layers::{Inputs, Note};
pub use nearest::nearest;
pub use sections::{
    Database, Doctor, Federation, ForwardedHeader, General, HandOut, Instance, Locale, LogFormat, LogLevel, Logs,
    Media, Metrics, Part, Redis, Retention, S3, Server, Smtp, SmtpAuth, SmtpVerify, Starttls, Workers,
};
pub use setting::{Setting, Source, Texts};
pub use sources::{Home, Places, SYSTEM_DATA, SYSTEM_FILE, home, load, program_folders};
pub use tls::{AcmeChallenge, Directory, HttpListen, Tls};
pub use value::Program;

use setting::Reader;

/// A section of the table: its name in `phiomia.toml` (empty for settings outside of sections), what it is for, its lines.
pub struct Section {
    /// `server`, without brackets.
    pub name: &'static str,
    /// Sentences in Markdown, one line each as written.
    pub doc: &'static [&'static str],
    /// Its settings, in the order of the documentation.
    pub settings: &'static [Setting],
}

/// Every setting there is.
pub const TABLE: &[Section] = &[
    Section { name: "", doc: General::DOC, settings: General::SETTINGS },
    Section { name: "instance", doc: Instance::DOC, settings: Instance::SETTINGS },
    Section { name: "server", doc: Server::DOC, settings: Server::SETTINGS },
    Section { name: "tls", doc: Tls::DOC, settings: Tls::SETTINGS },
    Section { name: "dns", doc: Dns::DOC, settings: Dns::SETTINGS },
    Section { name: "database", doc: Database::DOC, settings: Database::SETTINGS },
    Section { name: "redis", doc: Redis::DOC, settings: Redis::SETTINGS },
    Section { name: "smtp", doc: Smtp::DOC, settings: Smtp::SETTINGS },
    Section { name: "logs", doc: Logs::DOC, settings: Logs::SETTINGS },
    Section { name: "metrics", doc: Metrics::DOC, settings: Metrics::SETTINGS },
    Section { name: "federation", doc: Federation::DOC, settings: Federation::SETTINGS },
    Section { name: "media", doc: Media::DOC, settings: Media::SETTINGS },
    Section { name: "retention", doc: Retention::DOC, settings: Retention::SETTINGS },
    Section { name: "s3", doc: S3::DOC, settings: S3::SETTINGS },
    Section { name: "backup", doc: Backup::DOC, settings: Backup::SETTINGS },
    Section { name: "workers", doc: Workers::DOC, settings: Workers::SETTINGS },
    Section { name: "doctor", doc: Doctor::DOC, settings: Doctor::SETTINGS },
];

/// The configuration, typed and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Settings outside of sections.
    pub general: General,
    /// Who this server is.
    pub instance: Instance,
    /// The listener.
    pub server: Server,
    /// TLS at the listener.
    pub tls: Tls,
    /// The server's own DNS records.
    pub dns: Dns,
    /// The database, as it was said; [`Config::database_settings`] is what it comes to.
    pub database: Database,
    /// Redis, as it was said; [`Config::redis_settings`] is what it comes to.
    pub redis: Redis,
    /// Mail.
    pub smtp: Smtp,
    /// The log.
    pub logs: Logs,
    /// Figures.
    pub metrics: Metrics,
    /// Other servers.
    pub federation: Federation,
    /// Pictures.
    pub media: Media,
    /// How long posts of other servers are kept, as it was said; [`Config::retention`] is what it comes to.
    pub retention: Retention,
    /// A bucket for files, as it was said; [`Config::bucket_settings`] is what it comes to.
    pub s3: S3,
    /// Backups.
    pub backup: Backup,
    /// Background work.
    pub workers: Workers,
    /// What the doctor asks.
    pub doctor: Doctor,
}

/// A configuration together with how it came about.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Which texts it was read from, and who gave them.
    pub texts: Texts,
    /// What the operator should know.
    pub notes: Vec<Note>,
}

/// Why there is no configuration: everything that is wrong with it, a sentence each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration does not hold: {}", .0.join("; "))]
pub struct Problems(pub Vec<String>);

impl Config {
    /// Reads a configuration from texts, without a look at disk or environment.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn assemble(inputs: &Inputs) -> Result<Loaded, Problems> {
        let layered = layers::merge(inputs);
        let mut reader = Reader { texts: &layered.texts, problems: layered.problems };
        let config = Config::read(&mut reader);
        let mut problems = reader.problems;
        let mut notes = layered.notes;
        if let Some(config) = &config {
            problems.extend(config.contradictions());
            notes.extend(config.doubts().into_iter().map(Note::Warning));
        }
        match config {
            Some(config) if problems.is_empty() => Ok(Loaded { config, texts: layered.texts, notes }),
            _ => Err(Problems(problems)),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Config> {
        // Every section is read before the first failure counts, so that one run shows all problems.
        let general = General::read(reader);
        let instance = Instance::read(reader);
        let server = Server::read(reader);
        let tls = Tls::read(reader);
        let dns = Dns::read(reader);
        let database = Database::read(reader);
        let redis = Redis::read(reader);
        let smtp = Smtp::read(reader);
        let logs = Logs::read(reader);
        let metrics = Metrics::read(reader);
        let federation = Federation::read(reader);
        let media = Media::read(reader);
        let retention = Retention::read(reader);
        let s3 = S3::read(reader);
        let backup = Backup::read(reader);
        let workers = Workers::read(reader);
        let doctor = Doctor::read(reader);
        Some(Config {
            general: general?,
            instance: instance?,
            server: server?,
            tls: tls?,
            dns: dns?,
            database: database?,
            redis: redis?,
            smtp: smtp?,
            logs: logs?,
            metrics: metrics?,
            federation: federation?,
            media: media?,
            retention: retention?,
            s3: s3?,
            backup: backup?,
            workers: workers?,
            doctor: doctor?,
        })
    }
}
