//! Certificates from an authority (ACME, RFC 8555): got when there is none, renewed in time, shared by all processes.

mod authority;
mod challenges;
mod names;
mod order;
mod schedule;
mod words;

use std::{sync::Arc, time::Duration};

use phiomia_federation::{Outbound, outbound::Prober};
use phiomia_model::{Addresses, Error, Time};
use phiomia_store::{
    Clock, Db, Entropy,
    db::certificates::{self, CertificateRow},
    seal::Sealer,
};
use tokio::time::{sleep, timeout};

use crate::{
    config::{AcmeChallenge, Config, DnsProvider, value::Secret},
    dns::{Arrival, Provider},
    tls::Tls,
};
pub(crate) use challenges::ALPN;
pub use challenges::{Challenges, Kind};
use names::Wanted;
use words::Why;

/// How often a serving process looks what the others have done, and whether it is time.
const EVERY: Duration = Duration::from_secs(2);
/// A whole order: challenges, hooks, the authority's thinking.
const ORDER: Duration = Duration::from_secs(600);
/// Longer, so that nobody else begins before it is given up.
const LEASE: Duration = Duration::from_secs(660);
/// How often the authority is asked when it wants the next order, where it does not say it.
const RENEWAL_INFO: Duration = Duration::from_secs(6 * 3_600);

/// What was said about it.
struct Settings {
    directory: String,
    wanted: Wanted,
    email: Option<String>,
    /// In the order in which they are tried.
    kinds: Vec<Kind>,
    /// Who writes records for `dns-01`.
    records: Option<Provider>,
    /// Number and key of an account at the authority.
    bound_to: Option<(String, Secret)>,
    first_retry: Duration,
}

/// Gets certificates. Clones are handles of the same.
#[derive(Clone)]
pub struct Acme {
    db: Db,
    sealer: Sealer,
    entropy: Entropy,
    clock: Clock,
    outbound: Outbound,
    settings: Arc<Settings>,
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// A certificate came.
    Came {
        /// For these domains.
        names: Vec<String>,
        /// Until then.
        not_after: Time,
    },
    /// None came.
    Failed {
        /// Why, in a sentence.
        why: String,
        /// When it is tried again.
        next_at: Time,
    },
    /// Somebody else is ordering just now.
    Taken,
}

impl Acme {
    /// What the settings say; `None` when certificates do not come from an authority.
    ///
    /// # Errors
    /// A sentence: a file of authorities or a proxy that is none.
    pub fn new(config: &Config, db: Db, sealer: Sealer, entropy: Entropy) -> Result<Option<Acme>, String> {
        if !config.tls.acme {
            return Ok(None);
        }
        let (said, addresses) = (&config.tls, config.addresses());
        let outbound = Outbound::for_named(said.acme_ca_file.clone(), config.federation.proxy.clone(), &addresses);
        let settings = Settings {
            directory: said.acme_directory.0.clone(),
            wanted: wanted(config, &addresses),
            email: said.acme_email.clone(),
            kinds: kinds(config),
            records: records(config, &addresses)?,
            bound_to: said.acme_eab_key_id.clone().zip(said.acme_eab_key.clone()),
            first_retry: said.acme_first_retry,
        };
        let outbound = outbound.map_err(|fault| fault.chain())?;
        let settings = Arc::new(settings);
        Ok(Some(Acme { db, sealer, entropy, clock: Clock::system(), outbound, settings }))
    }

    /// What the authority will look for.
    #[must_use]
    pub fn challenges(&self) -> Challenges {
        Challenges { db: self.db.clone(), clock: self.clock.clone() }
    }

    /// The authority's directory.
    #[must_use]
    pub fn directory(&self) -> &str {
        &self.settings.directory
    }

    /// How it stands; `None`: the authority was never asked.
    ///
    /// # Errors
    /// The database failed.
    pub async fn standing(&self) -> Result<Option<CertificateRow>, Error> {
        let directory = self.settings.directory.clone();
        self.db.read(move |q| Ok(certificates::find(q, &directory)?)).await
    }

    /// Who looks after what is shown. What is there already is shown from here on: whoever connects after a restart finds it.
    /// `arrival`: what the first order waits for.
    pub async fn keeper(self, tls: Tls, arrival: Option<Arrival>) -> Keeper {
        let needs_addresses = self.settings.kinds.iter().any(|kind| *kind != Kind::Dns01);
        let mut keeper = Keeper {
            acme: self,
            tls,
            // A record that we write ourselves is seen wherever the domain leads.
            arrival: arrival.filter(|_| needs_addresses),
            shown: None,
            ask_at: Time(0),
            is_failing: false,
            has_warned: false,
            pause: EVERY,
        };
        keeper.show_kept().await;
        keeper
    }

    /// Orders now, whether it is time or not. The authority will come to the processes that serve.
    ///
    /// # Errors
    /// The database failed.
    pub async fn order(&self) -> Result<Ordered, Error> {
        let directory = self.settings.directory.clone();
        if !self.db.write(move |tx| Ok(certificates::lease(tx, &directory, LEASE)?)).await? {
            return Ok(Ordered::Taken);
        }
        let before = self.standing().await?;
        let names = self.settings.wanted.now().await;
        tracing::info!("asking {} for a certificate for {}", self.settings.directory, names.join(" and "));
        match timeout(ORDER, self.get(&names, before.as_ref())).await {
            Ok(Ok(issued)) => self.keep(&names, issued).await,
            Ok(Err(why)) => self.note_failure(&names, before.as_ref(), &why).await,
            Err(_) => self.note_failure(&names, before.as_ref(), &Why::plain("it took more than ten minutes")).await,
        }
    }

    async fn keep(&self, names: &[String], issued: order::Issued) -> Result<Ordered, Error> {
        let next_at = schedule::renewal(issued.not_before, issued.not_after, self.share()?);
        let sealed = self.sealer.seal(&self.entropy, &key_context(&self.settings.directory), issued.key.as_bytes())?;
        let (directory, asked) = (self.settings.directory.clone(), names.to_vec());
        self.db
            .write(move |tx| Ok(certificates::keep(tx, &directory, &asked, &issued.chain, &sealed, next_at)?))
            .await?;
        metrics::counter!("phiomia_certificates_total", "outcome" => "came").increment(1);
        Ok(Ordered::Came { names: issued.names, not_after: issued.not_after })
    }

    async fn note_failure(
        &self,
        names: &[String],
        before: Option<&CertificateRow>,
        why: &Why,
    ) -> Result<Ordered, Error> {
        let n_failures = before.map_or(0, |row| row.n_failures);
        let wait = schedule::retry(n_failures, self.settings.first_retry, why.is_too_often, self.share()?);
        let next_at = self.clock.now().plus(wait);
        let (directory, asked, text) = (self.settings.directory.clone(), names.to_vec(), why.to_string());
        self.db.write(move |tx| Ok(certificates::fail(tx, &directory, &asked, &text, next_at)?)).await?;
        metrics::counter!("phiomia_certificates_total", "outcome" => "failed").increment(1);
        Ok(Ordered::Failed { why: why.to_string(), next_at })
    }

    /// A number from 0 to 999,999 that nobody chose: many servers do not ask at the same moment.
    fn share(&self) -> Result<u32, Error> {
        let mut bytes = [0_u8; 4];
        self.entropy.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes) % 1_000_000)
    }
}

/// One process that looks after what it shows.
pub struct Keeper {
    acme: Acme,
    tls: Tls,
    /// Whether the domain leads here; `None`: nobody knows.
    arrival: Option<Arrival>,
    /// When what is shown came.
    shown: Option<Time>,
    /// When the authority is asked what it wishes.
    ask_at: Time,
    is_failing: bool,
    /// It was said that there is no certificate.
    has_warned: bool,
    /// Until the next round.
    pause: Duration,
}

impl Keeper {
    /// Keeps what is shown up to date, orders when it is time. `is_alone`: no other process serves this instance, so
    /// whoever was ordering is dead.
    pub async fn keep_up(mut self, is_alone: bool) {
        if is_alone && let Err(error) = self.acme.db.write(|tx| Ok(certificates::adopt(tx)?)).await {
            tracing::warn!(%error, "an order of before is waited for: {error}");
        }
        loop {
            match self.round().await {
                Ok(()) => self.is_failing = false,
                Err(error) if !self.is_failing => {
                    tracing::warn!(%error, "looking after the certificate failed: {error}");
                    self.is_failing = true;
                }
                // Said once: while the database is away everybody else says it too.
                Err(_) => {}
            }
            sleep(self.pause).await;
        }
    }

    /// What does not work now is tried in the first round, and said then.
    async fn show_kept(&mut self) {
        if let Ok(Some(row)) = self.acme.standing().await {
            let _ = self.show(&row);
        }
    }

    async fn round(&mut self) -> Result<(), Error> {
        self.pause = EVERY;
        let row = self.acme.standing().await?;
        if let Some(row) = &row {
            self.show(row)?;
        }
        let now = self.acme.clock.now();
        let is_missing = |row: &CertificateRow| {
            row.n_failures == 0 && self.acme.settings.wanted.sure.iter().any(|name| !row.names.contains(name))
        };
        if row.as_ref().is_none_or(|row| row.next_at <= now || is_missing(row)) {
            if self.shown.is_none() && !std::mem::replace(&mut self.has_warned, true) {
                tracing::warn!("there is no certificate yet: until one comes nobody can connect over https");
            }
            // An authority would come to nobody, and count that as a failure.
            if self.shown.is_none() && self.arrival.as_ref().is_some_and(|arrival| !arrival.is_over()) {
                return Ok(());
            }
            match self.acme.order().await? {
                // It is shown at once.
                Ordered::Came { .. } => self.pause = Duration::ZERO,
                Ordered::Taken => {}
                Ordered::Failed { why, next_at } => tracing::error!(
                    "no certificate from {}: {why}. Next try at {}",
                    self.acme.settings.directory,
                    next_at.to_iso_millis()
                ),
            }
        } else if now >= self.ask_at
            && let Some(row) = row.as_ref().filter(|row| row.n_failures == 0)
        {
            self.ask_at = now.plus(self.acme.ask_when(row).await?);
        } else if let Some(row) = row {
            self.pause = row.next_at.since(now).min(EVERY);
        }
        Ok(())
    }

    fn show(&mut self, row: &CertificateRow) -> Result<(), Error> {
        let (Some(chain), Some(sealed), true) = (&row.chain, &row.sealed_key, row.issued_at != self.shown) else {
            return Ok(());
        };
        let key = self.acme.sealer.open(&key_context(&self.acme.settings.directory), sealed)?;
        self.shown = row.issued_at;
        self.ask_at = Time(0);
        match self.tls.show(chain.as_bytes(), &key, &self.acme.clock) {
            Ok(facts) => tracing::info!(
                "the certificate for {} holds until {}, the next one is ordered at {}",
                facts.names.join(" and "),
                facts.not_after.to_iso_millis(),
                row.next_at.to_iso_millis()
            ),
            Err(why) => {
                self.shown = None;
                tracing::error!("the certificate in the database is not shown: {why}");
            }
        }
        Ok(())
    }
}

fn wanted(config: &Config, addresses: &Addresses) -> Wanted {
    let said = &config.tls.acme_domains;
    if !said.is_empty() {
        return Wanted { sure: said.iter().map(|domain| domain.as_str().to_owned()).collect(), maybe: Vec::new() };
    }
    let alternates = config.instance.alternate_domains.iter().filter(|domain| !domain.is_for_development());
    let others = alternates.map(|domain| domain.as_str().to_owned());
    let maybe = std::iter::once(addresses.local_domain.clone()).chain(others);
    let maybe = maybe.filter(|name| *name != addresses.web_domain);
    Wanted { sure: vec![addresses.web_domain.clone()], maybe: maybe.collect() }
}

fn kinds(config: &Config) -> Vec<Kind> {
    let said = &config.tls;
    match said.acme_challenge {
        AcmeChallenge::TlsAlpn01 => vec![Kind::TlsAlpn01],
        AcmeChallenge::Http01 => vec![Kind::Http01],
        AcmeChallenge::Dns01 => vec![Kind::Dns01],
        AcmeChallenge::Auto if said.acme_dns_hook.is_some() => vec![Kind::Dns01],
        AcmeChallenge::Auto => {
            let at_port_80 = config.http_listen().map(|_| Kind::Http01);
            // A program may know addresses alone.
            let by_record = config.dns.provider.filter(|provider| *provider != DnsProvider::Command);
            let by_record = by_record.map(|_| Kind::Dns01);
            [Some(Kind::TlsAlpn01), at_port_80, by_record].into_iter().flatten().collect()
        }
    }
}

/// A program that was named for this goes before whoever keeps the addresses.
fn records(config: &Config, addresses: &Addresses) -> Result<Option<Provider>, String> {
    if let Some(hook) = &config.tls.acme_dns_hook {
        return Ok(Some(Provider::program(hook.clone())));
    }
    let addresses = Arc::new(addresses.clone());
    let prober = Prober::new(&config.federation_settings().outbound, &addresses).map_err(|fault| fault.chain())?;
    Provider::of(config, &addresses, &prober)
}

fn key_context(directory: &str) -> String {
    format!("certificate {directory}")
}

fn account_context(directory: &str) -> String {
    format!("acme account {directory}")
}
