//! What is wrong with this server, as other servers and people see it, in plain words and each with its cure: one file a
//! subject, in it a part that looks and a pure part that judges what was seen.

mod certificate;
mod clock;
mod database;
mod dns;
mod echo;
mod federation;
mod files;
mod front;
mod hostmeta;
mod known;
mod mail;
mod nodeinfo;
mod ports;
mod redis;
mod system;
mod trip;
mod version;
mod webfinger;

use std::{net::SocketAddr, sync::Arc};

use futures_util::future::join_all;
use phiomia_api::doctor::{Examination, Examine, Finding, Subject, Verdict};
use phiomia_federation::{Federation, outbound::Prober};
use phiomia_model::{Addresses, Role};
use phiomia_store::{
    Clock, Db, Entropy,
    db::users::{self, UserView},
    files::Files,
    seal::Sealer,
};
use url::Url;

use crate::{
    cli::Failure,
    config::Config,
    house::{House, folder, shelf},
};
pub use known::Known;

/// Other servers that are asked the time.
const MOST_PEERS: usize = 4;
/// People who are looked at for the owner.
const MOST_PEOPLE: i64 = 50;

/// Everything that can be the matter.
#[must_use]
pub fn catalogue() -> Vec<&'static Known> {
    let all = [
        webfinger::ALL,
        hostmeta::ALL,
        nodeinfo::ALL,
        front::ALL,
        dns::ALL,
        ports::ALL,
        certificate::ALL,
        clock::ALL,
        federation::ALL,
        mail::ALL,
        files::ALL,
        database::ALL,
        redis::ALL,
        system::ALL,
        version::ALL,
    ];
    all.into_iter().flatten().collect()
}

/// What the doctor looks at, and with.
pub struct Practice {
    pub(super) config: Config,
    pub(super) addresses: Arc<Addresses>,
    pub(super) prober: Prober,
    pub(super) sealer: Sealer,
    pub(super) clock: Clock,
    /// Or why there is none.
    pub(super) db: Result<Db, Finding>,
    pub(super) federation: Option<Federation>,
    /// Or why they do not open; `None`: because the database does not.
    pub(super) files: Result<Files, Option<String>>,
    pub(super) entropy: Entropy,
    pub(super) questions: Questions,
}

/// What whoever asks wants to have asked otherwise than by the configuration.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    /// The name server that is asked instead of this machine's.
    pub name_server: Option<SocketAddr>,
    /// The servers that are asked instead of `doctor.peers`.
    pub peers: Vec<String>,
}

impl Practice {
    /// Beside the server, or without one. What does not open is found out, and keeps nobody from looking at the rest.
    ///
    /// # Errors
    /// A sentence, when there is nothing to look with.
    pub async fn beside(config: Config, questions: Questions) -> Result<Practice, Failure> {
        let (addresses, entropy) = (Arc::new(config.addresses()), Entropy::system());
        let federation_settings = config.federation_settings();
        let prober = Prober::new(&federation_settings.outbound, &addresses)?;
        let sealer = match folder::read_key(config.data()) {
            Ok(sealer) => sealer,
            // Nobody has served from here yet: then nobody knows our token, and that is found out.
            Err(_) => {
                let mut key = [0; 32];
                entropy.fill(&mut key)?;
                Sealer::new(&key)?
            }
        };
        let db = database::open(&config).await;
        let federation = db.as_ref().ok().map(|db| {
            Federation::new(db.clone(), addresses.clone(), entropy.clone(), sealer.clone(), federation_settings)
        });
        let federation = federation.transpose()?;
        let files = match &db {
            Ok(db) => shelf::look(&config, db).await.map_err(Some),
            Err(_) => Err(None),
        };
        let clock = Clock::system();
        Ok(Practice { config, addresses, prober, sealer, clock, db, federation, files, entropy, questions })
    }

    /// Of a serving process, with what it holds open.
    ///
    /// # Errors
    /// A sentence, when there is nothing to look with.
    pub fn within(config: Config, house: &House) -> Result<Practice, String> {
        let prober = Prober::new(&config.federation_settings().outbound, &house.addresses).map_err(|f| f.chain())?;
        Ok(Practice {
            config,
            addresses: house.addresses.clone(),
            prober,
            sealer: house.sealer.clone(),
            clock: house.db.clock().clone(),
            db: Ok(house.db.clone()),
            federation: Some(house.federation.clone()),
            files: Ok(house.files.clone()),
            entropy: house.entropy.clone(),
            questions: Questions::default(),
        })
    }

    /// One line for the log, of what shows without asking anybody: whether something is wrong, and the line.
    pub async fn at_start(&self) -> (bool, String) {
        let mut findings = system::examine(self);
        findings.extend(database::examine_open(self).await);
        let bad: Vec<&Finding> = findings.iter().filter(|finding| finding.verdict > Verdict::Unknown).collect();
        let all = if bad.is_empty() { findings.iter().collect() } else { bad.clone() };
        let told = all.iter().map(|finding| finding.what.as_str()).collect::<Vec<_>>().join("; ");
        (!bad.is_empty(), format!("{told}. `phiomia doctor` looks at the rest, from outside too"))
    }

    /// Ends the threads of the database.
    pub fn close(self) {
        drop(self.federation);
        if let Ok(db) = self.db {
            db.close();
        }
    }

    /// Looks at the named subjects, or at all of them; sorted as they hurt people.
    pub async fn examine(&self, only: &[Subject]) -> Vec<Finding> {
        let wanted = Subject::ALL.into_iter().filter(|subject| only.is_empty() || only.contains(subject));
        // All at once: what does not answer is waited for, and others would wait behind it.
        let looked = join_all(wanted.map(|subject| Box::pin(self.look_at(subject)))).await;
        let mut findings: Vec<Finding> = looked.into_iter().flatten().collect();
        findings.sort_by_key(|finding| (finding.subject, std::cmp::Reverse(finding.verdict)));
        findings
    }

    async fn look_at(&self, subject: Subject) -> Vec<Finding> {
        match subject {
            Subject::WebFinger => webfinger::examine(self).await,
            Subject::HostMeta => hostmeta::examine(self).await,
            Subject::NodeInfo => nodeinfo::examine(self).await,
            Subject::Front => front::examine(self).await,
            Subject::Dns => dns::examine(self).await,
            Subject::Ports => ports::examine(self).await,
            Subject::Certificate => certificate::examine(self).await,
            Subject::Clock => clock::examine(self).await,
            Subject::Federation => federation::examine(self).await,
            Subject::Mail => mail::examine(self).await,
            Subject::Files => files::examine(self).await,
            Subject::Database => database::examine(self).await,
            Subject::Redis => redis::examine(self).await,
            Subject::System => {
                let mut findings = system::examine(self);
                findings.push(system::films(self).await);
                findings
            }
            Subject::Version => version::examine(self).await,
        }
    }

    /// How this server is asked from outside: by https, unless its domain is one for development.
    pub(super) fn scheme(&self) -> &str {
        let said = self.config.instance.web_domain.as_ref().or(self.config.instance.domain.as_ref());
        if said.is_some_and(|domain| !domain.is_for_development()) { "https" } else { &self.addresses.scheme }
    }

    /// An address at one of our domains; `None` when the domain can stand in none.
    pub(super) fn url(&self, domain: &str, path: &str) -> Option<Url> {
        Url::parse(&format!("{}://{domain}{path}", self.scheme())).ok()
    }

    /// Host and, unless it is the usual one, port of the web domain, as addresses write it.
    pub(super) fn goal(&self) -> String {
        self.url(&self.addresses.web_domain, "/").map(|url| trip::place(&url)).unwrap_or_default()
    }

    /// The web domain, and the one of handles where that is another.
    pub(super) fn own_domains(&self) -> impl Iterator<Item = &String> {
        let Addresses { local_domain, web_domain, .. } = &*self.addresses;
        std::iter::once(web_domain).chain((local_domain != web_domain).then_some(local_domain))
    }

    /// Other servers to ask: those that were named, else those that took something from here last, else those of the
    /// configuration.
    pub(super) async fn peers(&self) -> Vec<String> {
        if !self.questions.peers.is_empty() {
            return self.questions.peers.clone();
        }
        let mut peers = match &self.db {
            Ok(db) => federation::working_hosts(db).await,
            Err(_) => Vec::new(),
        };
        peers.extend(self.config.doctor.peers.iter().map(|peer| peer.as_str().to_owned()));
        peers.truncate(MOST_PEERS);
        peers
    }

    /// What is asked of another server: something that every server has.
    pub(super) fn peer_url(&self, peer: &str) -> Option<Url> {
        let scheme = if self.config.federation.allow_http { "http" } else { "https" };
        Url::parse(&format!("{scheme}://{peer}/.well-known/nodeinfo")).ok()
    }

    /// The owner; without one whoever came first.
    pub(super) async fn owner(&self) -> Option<UserView> {
        let mut living = self.people().await;
        let owner = living.iter().position(|user| user.role == Role::Owner).unwrap_or_default();
        (owner < living.len()).then(|| living.swap_remove(owner))
    }

    /// How many people live here; not more than fifty are counted.
    pub(super) async fn n_people(&self) -> usize {
        self.people().await.len()
    }

    async fn people(&self) -> Vec<UserView> {
        let Ok(db) = &self.db else { return Vec::new() };
        let mut people = db.read(|q| Ok(users::list(q, None, MOST_PEOPLE)?)).await.unwrap_or_default();
        people.retain(|user| user.deleted_at.is_none() && user.suspended_at.is_none());
        people
    }

    /// The name of somebody here, else that of the server itself, which is found the same way.
    pub(super) async fn somebody(&self) -> String {
        self.owner().await.map_or_else(|| self.addresses.server_name().to_owned(), |user| user.username)
    }
}

impl Examine for Practice {
    fn examine(self: Arc<Self>) -> Examination {
        Box::pin(async move { Practice::examine(&self, &[]).await })
    }
}

/// `0`: all is good, or cannot be seen from here. `1`: something does not work. `2`: there are warnings only.
#[must_use]
pub fn exit_code(findings: &[Finding]) -> u8 {
    match findings.iter().map(|finding| finding.verdict).max() {
        Some(Verdict::Fault) => 1,
        Some(Verdict::Warning) => 2,
        _ => 0,
    }
}
