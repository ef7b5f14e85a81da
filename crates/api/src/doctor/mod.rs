//! What the doctor says of this server, and how the page for the owner comes by it. The doctor itself lives with the
//! program, which knows its configuration.

pub mod echo;
pub mod token;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use serde::Serialize;
use tokio::sync::Mutex;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It could not be seen from here.
    Unknown,
    /// It works, and somebody will be hurt by it some day.
    Warning,
    /// It does not work.
    Fault,
}

impl Verdict {
    /// In one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Good => "good",
            Verdict::Unknown => "unknown",
            Verdict::Warning => "warning",
            Verdict::Fault => "fault",
        }
    }
}

/// What was looked at, in the order in which it hurts people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// How people of this server are found by their handles.
    WebFinger,
    /// The older question that comes before it.
    HostMeta,
    /// What the server says about itself.
    NodeInfo,
    /// What stands between the net and this server.
    Front,
    /// Its names and addresses.
    Dns,
    /// Ports 443 and 80.
    Ports,
    /// The certificate.
    Certificate,
    /// The time of day.
    Clock,
    /// The way out to other servers.
    Federation,
    /// Mail.
    Mail,
    /// Uploaded files.
    Files,
    /// The database.
    Database,
    /// Redis.
    Redis,
    /// Disk, memory, limits.
    System,
    /// What runs.
    Version,
}

impl Subject {
    /// All of them.
    pub const ALL: [Subject; 15] = [
        Subject::WebFinger,
        Subject::HostMeta,
        Subject::NodeInfo,
        Subject::Front,
        Subject::Dns,
        Subject::Ports,
        Subject::Certificate,
        Subject::Clock,
        Subject::Federation,
        Subject::Mail,
        Subject::Files,
        Subject::Database,
        Subject::Redis,
        Subject::System,
        Subject::Version,
    ];

    /// In one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Subject::WebFinger => "webfinger",
            Subject::HostMeta => "hostmeta",
            Subject::NodeInfo => "nodeinfo",
            Subject::Front => "front",
            Subject::Dns => "dns",
            Subject::Ports => "ports",
            Subject::Certificate => "certificate",
            Subject::Clock => "clock",
            Subject::Federation => "federation",
            Subject::Mail => "mail",
            Subject::Files => "files",
            Subject::Database => "database",
            Subject::Redis => "redis",
            Subject::System => "system",
            Subject::Version => "version",
        }
    }
}

/// One thing that was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub subject: Subject,
    /// What is the matter, as docs/hosting/doctor.md lists it: `webfinger-query-dropped`.
    pub name: String,
    /// How it stands.
    pub verdict: Verdict,
    /// The same in a sentence.
    pub what: String,
    /// What to do about it.
    pub cure: Option<String>,
}

/// Findings that are still being made.
pub type Examination = Pin<Box<dyn Future<Output = Vec<Finding>> + Send>>;

/// Who looks at everything.
pub trait Examine: Send + Sync {
    /// Looks at everything, which takes some seconds.
    fn examine(self: Arc<Self>) -> Examination;
}

/// The doctor of this process, who does one thing at a time.
#[derive(Clone)]
pub struct Doctor {
    examine: Arc<dyn Examine>,
    is_busy: Arc<Mutex<()>>,
}

impl Doctor {
    /// Who looks by these means.
    #[must_use]
    pub fn new(examine: Arc<dyn Examine>) -> Doctor {
        Doctor { examine, is_busy: Arc::default() }
    }

    /// Everything that was found; `None`: somebody else is having it looked at just now.
    pub async fn examine(&self) -> Option<Vec<Finding>> {
        let _turn = self.is_busy.try_lock().ok()?;
        Some(self.examine.clone().examine().await)
    }
}

impl fmt::Debug for Doctor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doctor")
    }
}
