//! What a serving process does for its records: it publishes them, looks again now and then, and says until the domain
//! leads here what is waited for.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

use super::{Change, Dns, Family, Found, Outlook, Standing, list};

/// How often is looked whether the domain leads here, until it does.
const ARRIVING: Duration = Duration::from_secs(2);
/// After the first failure; each further one doubles it, up to the usual interval.
const FIRST_RETRY: Duration = Duration::from_secs(10);
/// After a start an address may be on its way: before a record goes for want of one, it is looked for once more.
const SECOND_LOOK: Duration = Duration::from_secs(30);
/// A whole round: nobody waits for it, but it ends.
const ROUND: Duration = Duration::from_secs(360);

/// Whether the domain leads here, or has been waited for long enough. Clones are of the same.
#[derive(Clone, Debug)]
pub struct Arrival(watch::Receiver<bool>);

impl Arrival {
    /// Whether there is nothing to wait for any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        // Without anybody who looks there is nobody to wait for.
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

struct Keeper {
    dns: Dns,
    told: watch::Sender<bool>,
    /// The addresses of this machine, as last seen.
    found: Option<Found>,
    n_failures: u32,
    /// What the log knows already: the last failure, and what is waited for.
    said: Option<String>,
    awaited: Option<String>,
    has_shown: bool,
    has_looked_twice: bool,
    has_waiting: bool,
}

impl Dns {
    /// The work, to be spawned, and what others may wait for meanwhile. `has_waiting`: a certificate does.
    pub fn keep_up(self, has_waiting: bool) -> (impl Future<Output = ()> + Send, Arrival) {
        let (told, arrival) = watch::channel(false);
        let keeper = Keeper {
            dns: self,
            told,
            found: None,
            n_failures: 0,
            said: None,
            awaited: None,
            has_shown: false,
            has_looked_twice: false,
            has_waiting,
        };
        (keeper.work(), Arrival(arrival))
    }
}

impl Keeper {
    async fn work(mut self) {
        let give_up_at = Instant::now() + self.dns.0.wait;
        let mut publish_at = Instant::now();
        loop {
            if Instant::now() >= publish_at {
                let round = timeout(ROUND, self.publish()).await;
                let pause = round.unwrap_or_else(|_| self.failed("it took more than six minutes".to_owned()));
                publish_at = Instant::now() + pause;
            }
            let mut next = publish_at;
            if !*self.told.borrow() {
                self.look_for_arrival(give_up_at).await;
                next = next.min(Instant::now() + ARRIVING);
            }
            sleep_until(next).await;
        }
    }

    /// Gives how long nothing needs to be done.
    async fn publish(&mut self) -> Duration {
        let standing = self.dns.look().await;
        self.found = Some(standing.found.clone());
        let changes = match &standing.plan {
            Ok(changes) => changes,
            Err(why) => return self.failed(why.clone()),
        };
        let is_loss = |change: &Change| change.to.is_none();
        if changes.iter().any(is_loss) && !self.has_looked_twice {
            self.has_looked_twice = true;
            let others: Vec<Change> = changes.iter().filter(|change| !is_loss(change)).cloned().collect();
            return match self.write(&standing, &others).await {
                Ok(()) => SECOND_LOOK.min(self.dns.0.interval),
                Err(why) => self.failed(why),
            };
        }
        self.has_looked_twice = false;
        match self.write(&standing, changes).await {
            Ok(()) => self.dns.0.interval,
            Err(why) => self.failed(why),
        }
    }

    async fn write(&mut self, standing: &Standing, changes: &[Change]) -> Result<(), String> {
        self.dns.publish(changes).await?;
        let (name, is_first) = (self.dns.name(), !std::mem::replace(&mut self.has_shown, true));
        let who = self.dns.provider().map(super::Provider::name).unwrap_or_default();
        if !changes.is_empty() {
            let done: Vec<String> = changes.iter().map(Change::to_string).collect();
            tracing::info!("DNS: published for {name} by {who}: {}", done.join("; "));
        } else if (is_first || self.n_failures > 0) && !who.is_empty() {
            tracing::info!("DNS: the records of {name} are right: {}", list(&standing.found.addresses()));
        }
        for outlook in [&standing.found.v4, &standing.found.v6] {
            if let (Outlook::Unknown(why), true) = (outlook, is_first) {
                tracing::warn!("DNS: not all addresses of this machine were found: {why}");
            }
        }
        self.n_failures = 0;
        self.said = None;
        Ok(())
    }

    fn failed(&mut self, why: String) -> Duration {
        let wait = FIRST_RETRY.saturating_mul(1_u32.checked_shl(self.n_failures).unwrap_or(u32::MAX));
        let wait = wait.min(self.dns.0.interval);
        self.n_failures = self.n_failures.saturating_add(1);
        if self.said.as_ref() != Some(&why) {
            tracing::error!(
                "DNS: the addresses of {} are not published: {why}. Next try in {} s",
                self.dns.name(),
                wait.as_secs().max(1)
            );
            self.said = Some(why);
        }
        wait
    }

    async fn look_for_arrival(&mut self, give_up_at: Instant) {
        let name = self.dns.name().to_owned();
        let is_known = |address: &IpAddr| self.found.as_ref().is_some_and(|found| found.is_known(Family::of(address)));
        let ours = self.found.as_ref().map(Found::addresses).unwrap_or_default();
        // Whoever writes the others himself knows why they are there.
        let there = self.dns.leads_to().await.map(|there| there.into_iter().filter(is_known).collect::<BTreeSet<_>>());
        let state = match there {
            _ if ours.is_empty() => "no address of this machine is known".to_owned(),
            Ok(there) if there.is_empty() => "it has no address yet".to_owned(),
            Ok(there) if there.is_subset(&ours) => {
                tracing::info!("DNS: {name} leads here: {}", list(&there));
                self.told.send_replace(true);
                return;
            }
            Ok(there) => format!("it leads to {} yet", list(&there)),
            Err(why) => why,
        };
        if Instant::now() >= give_up_at {
            let waited = self.dns.0.wait.as_secs();
            let then = if self.has_waiting { "; the certificate is ordered all the same" } else { "" };
            tracing::warn!("DNS: {name} does not lead here after {waited} s ({state}){then}");
            self.told.send_replace(true);
        } else if self.awaited.as_ref() != Some(&state) {
            let goal = if ours.is_empty() { "this machine".to_owned() } else { list(&ours) };
            let left = give_up_at.saturating_duration_since(Instant::now()).as_secs();
            let then = match self.has_waiting {
                true => format!("; the certificate is ordered then, and in {left} s at the latest"),
                false => String::new(),
            };
            tracing::info!(
                "DNS: waiting until {name} leads to {goal}: {state}. Name servers remember what they heard before for as \
                 long as its TTL says{then}"
            );
            self.awaited = Some(state);
        }
    }
}
