//! One order: domains, challenges, certificate.

use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, Error as AcmeError, Identifier, NewOrder, Order, OrderStatus, RetryPolicy,
};
use phiomia_model::Time;
use phiomia_store::db::certificates::{self, CertificateRow};

use super::{
    Acme, Kind, LEASE,
    authority::{broken, identifier},
    words::Why,
};
use crate::tls;

/// How long the authority may think: about challenges, and about the certificate.
const THINKING: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(250)).backoff(1.5).timeout(Duration::from_secs(180));

/// A certificate that came.
pub(super) struct Issued {
    pub(super) chain: String,
    pub(super) key: String,
    pub(super) names: Vec<String>,
    pub(super) not_before: Time,
    pub(super) not_after: Time,
}

/// What was put up for one domain, to be taken away again.
struct Posed {
    subject: String,
    text: String,
}

impl Acme {
    /// A certificate for these domains. Those that we were not sure of and that do not work out are left out.
    pub(super) async fn get(&self, names: &[String], before: Option<&CertificateRow>) -> Result<Issued, Why> {
        let replaced = before.and_then(|row| row.chain.as_deref());
        let n_failures = before.map_or(0, |row| row.n_failures);
        let mut names = names.to_vec();
        let mut failed: Option<Why> = None;
        for kind in self.kinds_now(n_failures) {
            let why = match self.try_once(&names, kind, replaced).await {
                Ok(issued) => return Ok(issued),
                Err(why) => why,
            };
            let is_sure = |name: &str| self.settings.wanted.sure.iter().any(|sure| sure == name);
            let bad: Vec<String> = why.names().map(str::to_owned).collect();
            if !bad.is_empty() && !bad.iter().any(|name| is_sure(name)) {
                tracing::warn!("the certificate is ordered without {}: {why}", bad.join(" and "));
                names.retain(|name| !bad.contains(name));
                match self.try_once(&names, kind, replaced).await {
                    Ok(issued) => return Ok(issued),
                    Err(again) => failed = Some(merge(failed, again)),
                }
            } else {
                let is_hopeless = bad.is_empty();
                failed = Some(merge(failed, why));
                // It does not hang on the challenge.
                if is_hopeless {
                    break;
                }
            }
        }
        Err(failed.unwrap_or_else(|| Why::plain("there is no way to show that a domain is ours")))
    }

    /// All ways at the first time, then one after the other: authorities count failures.
    fn kinds_now(&self, n_failures: i64) -> Vec<Kind> {
        let kinds = &self.settings.kinds;
        match usize::try_from(n_failures) {
            Ok(0) | Err(_) => kinds.clone(),
            Ok(n) => kinds.iter().copied().cycle().skip(n).take(kinds.len().min(1)).collect(),
        }
    }

    async fn try_once(&self, names: &[String], kind: Kind, replaced: Option<&str>) -> Result<Issued, Why> {
        let order = match self.open_order(names, replaced).await {
            Err(why) if why.is_unknown_account => {
                self.forget_account().await?;
                self.open_order(names, replaced).await
            }
            opened => opened,
        };
        let mut order = order?;
        let mut posed = Vec::new();
        let shown = self.show_all(&mut order, kind, &mut posed).await;
        for one in posed {
            self.take_away(kind, one).await;
        }
        shown?;
        let doing = "asking for the certificate";
        let key = order.finalize().await.map_err(|e| Why::of(doing, &e))?;
        let chain = order.poll_certificate(&THINKING).await.map_err(|e| Why::of(doing, &e))?;
        let facts = tls::first_of(chain.as_bytes(), |facts| {
            let names = facts.names.iter().map(|name| (*name).to_owned()).collect();
            Some((names, facts.not_before, facts.not_after))
        });
        let (names, not_before, not_after) =
            facts.ok_or_else(|| Why::plain("what the authority gave is no certificate"))?;
        Ok(Issued { chain, key, names, not_before, not_after })
    }

    async fn open_order(&self, names: &[String], replaced: Option<&str>) -> Result<Order, Why> {
        let account: Account = self.account().await?;
        let identifiers: Vec<Identifier> = names.iter().map(|name| Identifier::Dns(name.clone())).collect();
        // Authorities that know renewals put them before new orders; what does not work with it works without.
        if let Some(old) = replaced.and_then(identifier)
            && let Ok(order) = account.new_order(&NewOrder::new(&identifiers).replaces(old)).await
        {
            return Ok(order);
        }
        let doing = format!("ordering a certificate for {}", names.join(" and "));
        account.new_order(&NewOrder::new(&identifiers)).await.map_err(|e| Why::of(&doing, &e))
    }

    /// Shows for each domain that it is ours, and waits until the authority has seen it.
    async fn show_all(&self, order: &mut Order, kind: Kind, posed: &mut Vec<Posed>) -> Result<(), Why> {
        let doing = "reading what the authority wants to see";
        let mut domains = order.authorizations();
        while let Some(domain) = domains.next().await {
            let mut domain = domain.map_err(|e| Why::of(doing, &e))?;
            let name = domain.identifier().to_string();
            if domain.status == AuthorizationStatus::Valid {
                continue;
            }
            let Some(mut challenge) = domain.challenge(kind.in_the_library()) else {
                return Err(Why::of_name(&name, format!("the authority does not offer {} for {name}", kind.word())));
            };
            let answer = challenge.key_authorization();
            let one = match kind {
                Kind::TlsAlpn01 => Posed { subject: name.clone(), text: answer.as_str().to_owned() },
                Kind::Http01 => Posed { subject: challenge.token.clone(), text: answer.as_str().to_owned() },
                Kind::Dns01 => Posed { subject: format!("_acme-challenge.{name}"), text: answer.dns_value() },
            };
            self.put_up(kind, &name, &one).await?;
            posed.push(one);
            match challenge.set_ready().await {
                Ok(()) => {}
                Err(AcmeError::Api(problem)) => return Err(Why::of_challenge(kind, &name, &problem)),
                Err(error) => return Err(Why::of(doing, &error)),
            }
        }
        match order.poll_ready(&THINKING).await {
            Ok(OrderStatus::Ready) => Ok(()),
            Ok(_) | Err(AcmeError::Api(_)) => Err(what_went_wrong(order, kind).await),
            Err(error) => Err(Why::of("waiting until the authority has seen that the domains are ours", &error)),
        }
    }

    async fn put_up(&self, kind: Kind, name: &str, one: &Posed) -> Result<(), Why> {
        if kind == Kind::Dns01 {
            let Some(records) = &self.settings.records else {
                return Err(Why::plain("neither dns.provider nor tls.acme_dns_hook writes the records"));
            };
            let written = records.present(&one.subject, &one.text).await;
            return written.map_err(|why| Why::of_name(name, format!("dns-01 for {name} could not be written: {why}")));
        }
        let (subject, text) = (one.subject.clone(), one.text.clone());
        let posing = self.db.write(move |tx| Ok(certificates::pose(tx, kind.word(), &subject, &text, LEASE)?));
        posing.await.map_err(|e| broken(&e))
    }

    /// What stays is out of date in minutes, and harms nobody.
    async fn take_away(&self, kind: Kind, one: Posed) {
        if let (Kind::Dns01, Some(records)) = (kind, &self.settings.records) {
            if let Err(why) = records.cleanup(&one.subject, &one.text).await {
                tracing::warn!("a record stays: {why}");
            }
            return;
        }
        let withdrawing = self.db.write(move |tx| Ok(certificates::withdraw(tx, kind.word(), &one.subject)?));
        if let Err(error) = withdrawing.await {
            tracing::warn!(%error, "the answer to a challenge stays: {error}");
        }
    }
}

fn merge(before: Option<Why>, now: Why) -> Why {
    match before {
        Some(before) => before.and(now),
        None => now,
    }
}

/// Asks for each domain what the authority saw instead.
async fn what_went_wrong(order: &mut Order, kind: Kind) -> Why {
    let mut all: Option<Why> = None;
    let mut domains = order.authorizations();
    while let Some(domain) = domains.next().await {
        let Ok(mut domain) = domain else { continue };
        if domain.refresh().await.is_err() {
            continue;
        }
        let name = domain.identifier().to_string();
        for challenge in &domain.challenges {
            if let Some(problem) = &challenge.error {
                all = Some(merge(all, Why::of_challenge(kind, &name, problem)));
            }
        }
    }
    all.unwrap_or_else(|| Why::plain("the authority gave the order up and does not say why"))
}
