//! Writes down what became of deliveries and hosts: whatever was told while the last transaction ran is the next one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use phiomia_model::{Error, Time};
use phiomia_social::remote;
use phiomia_store::{
    Tx,
    db::federation::{
        deliveries,
        hosts::{self, Host},
    },
};
use tokio::sync::{Notify, mpsc, oneshot};

use super::{Shared, told};

/// Notes that wait to be written; beyond, lanes wait.
const MOST_WAITING: usize = 4_096;
/// Notes in one transaction.
const MOST_AT_ONCE: usize = 1_024;
/// Notes are gathered for so long: each transaction is a flush of the disk. Nobody waits for what they say but those who
/// ask for it.
const GATHERING: Duration = Duration::from_millis(10);
/// Between two tries while the database is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Something to write down.
#[derive(Debug)]
pub(super) enum Note {
    /// A delivery is over.
    Done { delivery: i64, outgoing: i64 },
    /// It is given up.
    Expired { delivery: i64, outgoing: i64 },
    /// It failed and is tried again.
    Retry { delivery: i64, run_at: Time },
    /// A host works.
    Fine { host: String },
    /// A host stands so, after a failure.
    Failed(Box<Host>),
    /// A host takes this kind of signature.
    Dialect { host: String, dialect: &'static str },
    /// An inbox is gone.
    Gone { host: String, inbox: String },
    /// A host is given back.
    Release { host: String, not_before: Time },
    /// Answered when everything told before is written.
    Flush(oneshot::Sender<()>),
}

/// Where notes are left.
pub(super) struct Scribe {
    notes: mpsc::Sender<Note>,
    /// Somebody waits for what they told.
    awaited: Notify,
}

impl Scribe {
    pub(super) fn new() -> (Scribe, mpsc::Receiver<Note>) {
        let (sender, notes) = mpsc::channel(MOST_WAITING);
        (Scribe { notes: sender, awaited: Notify::new() }, notes)
    }

    /// Leaves a note. Waits while the database does not keep up.
    pub(super) async fn tell(&self, note: Note) {
        // The scribe is gone only when all ends: the lease lapses, and the delivery goes out once more.
        let _ = self.notes.send(note).await;
    }

    /// Returns when everything told before is written.
    pub(super) async fn flush(&self) {
        let (written, answer) = oneshot::channel();
        self.tell(Note::Flush(written)).await;
        self.awaited.notify_one();
        let _ = answer.await;
    }
}

/// What is written in one transaction.
#[derive(Debug, Default)]
struct Page {
    over: Vec<i64>,
    touched: BTreeSet<i64>,
    expired: Vec<i64>,
    retries: Vec<(i64, Time)>,
    /// How hosts stand: the last word counts. `None`: fine.
    hosts: BTreeMap<String, Option<Box<Host>>>,
    dialects: Vec<(String, &'static str)>,
    gone: Vec<(String, String)>,
    /// By the moment before which they are not to be taken again.
    released: BTreeMap<Time, Vec<String>>,
}

/// Writes until the last who could tell something is gone.
pub(super) async fn run(shared: Arc<Shared>, mut notes: mpsc::Receiver<Note>) {
    let mut told_now = Vec::new();
    while notes.recv_many(&mut told_now, MOST_AT_ONCE).await > 0 {
        gather(&shared, &mut notes, &mut told_now).await;
        let mut waiting = Vec::new();
        let mut page = Page::default();
        for note in told_now.drain(..) {
            page.add(note, &mut waiting);
        }
        let has_released = !page.released.is_empty();
        write(&shared, Arc::new(page)).await;
        if has_released {
            shared.released.notify_one();
        }
        for written in waiting {
            let _ = written.send(());
        }
    }
}

/// Waits a moment for more, unless somebody waits for what is there.
async fn gather(shared: &Shared, notes: &mut mpsc::Receiver<Note>, told_now: &mut Vec<Note>) {
    if !told_now.iter().any(|note| matches!(note, Note::Flush(_))) {
        // Early when there was a flush that is written already: no harm.
        let _ = tokio::time::timeout(GATHERING, shared.scribe.awaited.notified()).await;
    }
    while told_now.len() < MOST_AT_ONCE {
        let Ok(note) = notes.try_recv() else { break };
        told_now.push(note);
    }
}

/// Tries again while the database is away. Not written in the end: leases lapse, and what was sent is sent once more.
async fn write(shared: &Shared, page: Arc<Page>) {
    let mut was_told = false;
    loop {
        let (page, name) = (page.clone(), shared.name.clone());
        let Err(error) = shared.federation.db.write(move |tx| page.write(tx, &name)).await else { return };
        if !error.is_transient() {
            tracing::error!("what became of deliveries cannot be written down, they go out again: {}", told(&error));
            return;
        }
        if !was_told {
            was_told = true;
            tracing::warn!("what became of deliveries cannot be written down yet: {}", told(&error));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Page {
    fn add(&mut self, note: Note, waiting: &mut Vec<oneshot::Sender<()>>) {
        match note {
            Note::Done { delivery, outgoing } => {
                self.over.push(delivery);
                self.touched.insert(outgoing);
            }
            Note::Expired { delivery, outgoing } => {
                self.expired.push(delivery);
                self.touched.insert(outgoing);
            }
            Note::Retry { delivery, run_at } => self.retries.push((delivery, run_at)),
            Note::Fine { host } => drop(self.hosts.insert(host, None)),
            Note::Failed(host) => drop(self.hosts.insert(host.name.clone(), Some(host))),
            Note::Dialect { host, dialect } => self.dialects.push((host, dialect)),
            Note::Gone { host, inbox } => self.gone.push((host, inbox)),
            Note::Release { host, not_before } => self.released.entry(not_before).or_default().push(host),
            Note::Flush(written) => waiting.push(written),
        }
    }

    fn write(&self, tx: &Tx<'_>, worker: &str) -> Result<(), Error> {
        if !self.over.is_empty() {
            deliveries::remove(tx, &self.over)?;
        }
        let given_up = match self.expired.is_empty() {
            true => BTreeMap::new(),
            false => deliveries::give_up(tx, &self.expired)?,
        };
        if !self.touched.is_empty() {
            let touched: Vec<i64> = self.touched.iter().copied().collect();
            deliveries::forget_done(tx, &touched)?;
        }
        for (delivery, run_at) in &self.retries {
            deliveries::retry(tx, *delivery, *run_at)?;
        }
        for (host, inbox) in &self.gone {
            for account in deliveries::owners(tx, host, inbox)? {
                remote::unreachable(tx, account)?;
            }
        }
        // All at once and in order, as those who send hold them: so that neither waits for the other.
        let touched = self.hosts.keys().chain(self.released.values().flatten()).chain(given_up.keys());
        let touched: BTreeSet<String> = touched.cloned().collect();
        hosts::hold(tx, &touched.into_iter().collect::<Vec<_>>())?;
        let fine: Vec<String> =
            self.hosts.iter().filter(|(_, state)| state.is_none()).map(|(host, _)| host.clone()).collect();
        for (host, n) in &given_up {
            hosts::count_expired(tx, host, *n)?;
        }
        if !fine.is_empty() {
            hosts::set_fine(tx, &fine)?;
        }
        for state in self.hosts.values().flatten() {
            hosts::record(tx, state)?;
        }
        for (host, dialect) in &self.dialects {
            hosts::set_dialect(tx, host, dialect)?;
        }
        for (not_before, hosts) in &self.released {
            hosts::release(tx, hosts, worker, (*not_before).max(tx.now()))?;
        }
        Ok(())
    }
}
