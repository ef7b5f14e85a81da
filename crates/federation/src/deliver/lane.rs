//! The lane of one host: sends what is due there in order, a few at a time, and keeps count of how the host stands.

use std::{collections::VecDeque, pin::pin, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use phiomia_activitypub::signature::Dialect;
use phiomia_model::{Error, Time};
use phiomia_store::db::federation::{
    deliveries::{self, Due},
    hosts::{Host, Standing},
};
use tokio::sync::watch;

use super::{
    Held, Shared,
    attempt::{Report, attempt},
    rules::{self, Verdict},
    scribe::Note,
    told,
    weather::Silence,
};

/// Deliveries looked up at a time.
pub(super) const BATCH: i64 = 32;
/// Requests in flight to one host.
const AT_ONCE: usize = 4;
/// A host that takes longer for an answer gets one request at a time.
const SLOW: Duration = Duration::from_secs(5);
/// Below this, the pauses of a host that came back are over.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// How exactly it is kept when a host last took something.
const SUCCESS_STEP: Duration = Duration::from_secs(60);

/// Works for a host until nothing is due there, it is to be left alone, or all stops.
pub(super) async fn run(held: Held, host: Host, due: Vec<Due>, stop: watch::Receiver<bool>) {
    let shared = held.shared.clone();
    let dialect = if host.dialect == "rfc9421" { Dialect::Rfc9421 } else { Dialect::Cavage };
    let mut lane = Lane {
        recovery: rules::was_open(&host).then(|| shared.waits.recovery()),
        before: host.clone(),
        is_slow: false,
        not_before: Time(0),
        shared,
        dialect,
        host,
        stop,
    };
    // Everything that is due waits for something earlier on the same object.
    let mut is_stuck = due.is_empty();
    let mut batch = due;
    while !batch.is_empty() {
        let is_full = i64::try_from(batch.len()).is_ok_and(|n| n >= BATCH);
        lane.send(batch).await;
        if !is_full || lane.must_end() {
            break;
        }
        match lane.next().await {
            Ok(next) => batch = next,
            Err(error) => {
                tracing::debug!("nothing can be taken for {} just now: {}", lane.host.name, told(&error));
                is_stuck = true;
                break;
            }
        }
    }
    if is_stuck {
        lane.postpone();
    }
    let (shared, not_before) = (lane.shared, lane.not_before);
    shared.scribe.tell(Note::Release { host: lane.host.name, not_before }).await;
    drop(held);
}

struct Lane {
    shared: Arc<Shared>,
    host: Host,
    /// How it stood when it last worked: so it stands again when our own network was to blame.
    before: Host,
    dialect: Dialect,
    /// It came back from a longer absence: the pause before the next delivery.
    recovery: Option<Duration>,
    is_slow: bool,
    /// When the host may be taken again.
    not_before: Time,
    stop: watch::Receiver<bool>,
}

impl Lane {
    fn now(&self) -> Time {
        self.shared.federation.db.clock().now()
    }

    /// The next deliveries, when everything about the last ones is written down.
    async fn next(&self) -> Result<Vec<Due>, Error> {
        self.shared.scribe.flush().await;
        let (hosts, now) = (vec![self.host.name.clone()], self.now());
        // Within a write, for a read may be answered by a copy of the database that still has what was just delivered.
        self.shared.federation.db.write(move |tx| Ok(deliveries::due(tx, &hosts, now, BATCH)?)).await
    }

    fn must_end(&self) -> bool {
        *self.stop.borrow() || self.not_before > Time(0) || self.host.blocked_until > self.now()
    }

    fn width(&self) -> usize {
        let is_careful = self.recovery.is_some() || self.is_slow || self.host.standing == Standing::Failing;
        if is_careful { 1 } else { AT_ONCE }
    }

    /// Nothing can be done for the host just now.
    fn postpone(&mut self) {
        self.not_before = self.now().plus(self.shared.settings.first_retry);
    }

    async fn send(&mut self, batch: Vec<Due>) {
        let mut queue = VecDeque::from(batch);
        let mut in_flight = pin!(FuturesUnordered::new());
        let mut is_first = true;
        loop {
            while in_flight.len() < self.width() && !self.must_end() {
                if !is_first && in_flight.is_empty() {
                    self.pause().await;
                    if self.must_end() {
                        break;
                    }
                }
                is_first = false;
                let Some(due) = queue.pop_front() else { break };
                in_flight.push(attempt(self.shared.clone(), due, self.dialect, self.host.standing));
            }
            let Some(report) = in_flight.next().await else { break };
            self.settle(report).await;
        }
    }

    /// Between deliveries to a host that came back: half as long each time.
    async fn pause(&mut self) {
        let Some(pause) = self.recovery.filter(|_| self.host.standing == Standing::Proven) else { return };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = self.stop.changed() => {}
        }
        let next = pause / 2;
        self.recovery = (next >= SHORTEST_PAUSE).then_some(next);
    }

    /// Takes note of how a delivery went.
    async fn settle(&mut self, report: Report) {
        let Report { due, verdict, learned, took } = report;
        self.is_slow = took > SLOW;
        if let Some(dialect) = learned {
            self.dialect = dialect;
            let word = if dialect == Dialect::Rfc9421 { "rfc9421" } else { "cavage" };
            self.tell(Note::Dialect { host: self.host.name.clone(), dialect: word }).await;
        }
        match verdict {
            Verdict::Delivered => {
                count("delivered");
                self.tell(Note::Done { delivery: due.id, outgoing: due.outgoing }).await;
                self.succeeded().await;
            }
            Verdict::Refused(error) => {
                count("refused");
                tracing::debug!("{} does not take a delivery: {error}", due.inbox);
                self.tell(Note::Done { delivery: due.id, outgoing: due.outgoing }).await;
                self.succeeded().await;
            }
            Verdict::Gone => {
                count("gone");
                self.tell(Note::Done { delivery: due.id, outgoing: due.outgoing }).await;
                self.tell(Note::Gone { host: due.host, inbox: due.inbox }).await;
                self.succeeded().await;
            }
            Verdict::Missing => self.tell(Note::Done { delivery: due.id, outgoing: due.outgoing }).await,
            Verdict::Failed { error, retry_after, counts, is_silent } => {
                self.failed(&due, &error, retry_after, counts, is_silent).await;
            }
            Verdict::Broken(error) => {
                count("broken");
                tracing::warn!("a delivery to {} cannot be made: {error}", due.inbox);
                self.retry(&due, None).await;
            }
            Verdict::Postponed if due.expires_at <= self.now() => {
                count("expired");
                self.tell(Note::Expired { delivery: due.id, outgoing: due.outgoing }).await;
            }
            Verdict::Postponed => self.postpone(),
        }
    }

    async fn succeeded(&mut self) {
        let now = self.now();
        let is_news = self.host.standing != Standing::Proven
            || self.host.blocked_until > Time(0)
            || self.host.failed_days > 0
            || self.host.last_succeeded_at.is_none_or(|last| now.since(last) >= SUCCESS_STEP);
        if is_news {
            if rules::was_open(&self.host) {
                tracing::info!("{} takes deliveries again", self.host.name);
            }
            rules::succeed(&mut self.host, now);
            self.tell(Note::Fine { host: self.host.name.clone() }).await;
        }
        self.before = self.host.clone();
    }

    async fn failed(&mut self, due: &Due, error: &str, retry_after: Option<Duration>, counts: bool, is_silent: bool) {
        if is_silent && self.before.standing == Standing::Proven {
            match self.shared.weather.silent(&self.before) {
                Silence::Theirs => {}
                Silence::Ours(blamed) => {
                    for host in blamed {
                        self.tell(Note::Failed(Box::new(host))).await;
                    }
                    self.host = self.before.clone();
                    self.postpone();
                    return;
                }
            }
        } else if is_silent && self.shared.weather.is_down() {
            self.postpone();
            return;
        }
        count("failed");
        let now = self.now();
        tracing::debug!("a delivery to {} failed: {error}", due.inbox);
        if counts {
            let was_given_up = self.host.unavailable_since.is_some();
            rules::fail(&mut self.host, now, error, self.shared.waits, self.shared.jitter());
            if self.host.unavailable_since.is_some() && !was_given_up {
                tracing::info!(
                    "{} has failed for a week and is given up until it is heard of: {error}",
                    self.host.name
                );
            }
        }
        if let Some(wait) = retry_after {
            rules::block(&mut self.host, now.plus(wait));
        }
        self.retry(due, retry_after).await;
        self.tell(Note::Failed(Box::new(self.host.clone()))).await;
    }

    async fn retry(&mut self, due: &Due, retry_after: Option<Duration>) {
        let wait = self.shared.waits.after_failure(due.attempts, self.shared.jitter());
        // "In 0 seconds" is no reason to hurry.
        let wait = retry_after.map_or(wait, |asked| asked.max(self.shared.settings.first_retry));
        // Not beyond its end, so that the end is seen in time.
        let run_at = self.now().plus(wait).min(due.expires_at);
        self.tell(Note::Retry { delivery: due.id, run_at }).await;
    }

    async fn tell(&self, note: Note) {
        self.shared.scribe.tell(note).await;
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("phiomia_deliveries_total", "outcome" => outcome).increment(1);
}
