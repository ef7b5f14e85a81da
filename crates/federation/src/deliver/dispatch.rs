//! Leases hosts for which something is due, and gives each a lane.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use phiomia_model::Error;
use phiomia_store::db::federation::{
    deliveries::{self, Due},
    domains,
    hosts::{self, Host, Standing},
};
use tokio::{sync::watch, task::JoinSet};

use super::{Held, Shared, lane, told};

/// The shortest pause, so that a host due "now" by another clock is not asked for in a circle.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
/// While most lanes work, new hosts are taken a few at a time and not one by one.
const GATHERING: Duration = Duration::from_millis(30);

/// Lanes at work, by standing.
#[derive(Default)]
struct Lanes([AtomicUsize; 3]);

impl Lanes {
    fn of(&self, standing: Standing) -> &AtomicUsize {
        let [proven, new, failing] = &self.0;
        match standing {
            Standing::Proven => proven,
            Standing::New => new,
            Standing::Failing => failing,
        }
    }
}

/// Counts a lane while it works.
struct AtWork(Arc<Lanes>, Standing);

impl AtWork {
    fn begin(lanes: &Arc<Lanes>, standing: Standing) -> AtWork {
        lanes.of(standing).fetch_add(1, Ordering::Relaxed);
        AtWork(lanes.clone(), standing)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.of(self.1).fetch_sub(1, Ordering::Relaxed);
    }
}

/// Works until told to stop, then waits for the lanes.
pub(super) async fn run(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let waiting = shared.federation.db.deliveries_waiting();
    let lanes = Arc::new(Lanes::default());
    let mut tasks = JoinSet::new();
    let mut last_taken = Instant::now();
    loop {
        // Listening begins before the look, so that what is left in between is not missed.
        let mut news = pin!(waiting.notified());
        news.as_mut().enable();
        while tasks.try_join_next().is_some() {}
        if *stop.borrow() {
            break;
        }
        let room = room(&shared, &lanes, last_taken.elapsed() >= GATHERING);
        let pause = if room.is_empty() {
            GATHERING
        } else {
            match begin(&shared, &room, &lanes, &mut tasks, &stop).await {
                Ok(None) => {
                    last_taken = Instant::now();
                    SHORTEST_PAUSE
                }
                Ok(Some(pause)) => pause.clamp(SHORTEST_PAUSE, shared.settings.poll),
                Err(error) => {
                    tracing::debug!("no deliveries can be taken just now: {}", told(&error));
                    shared.settings.poll
                }
            }
        };
        tokio::select! {
            // An error means that whoever could say "stop" is gone.
            stopped = stop.changed() => if stopped.is_err() { break },
            () = news => {}
            () = shared.released.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// How many hosts of each standing may be taken. A few only when nobody took any for a moment.
fn room(shared: &Shared, lanes: &Lanes, takes_few: bool) -> Vec<(Standing, usize)> {
    let free = |standing| {
        let n_all = shared.slots.lanes(standing);
        let n_free = n_all.saturating_sub(lanes.of(standing).load(Ordering::Relaxed));
        (n_free > 0 && (takes_few || n_free >= n_all / 4)).then_some((standing, n_free))
    };
    Standing::ALL.into_iter().filter_map(free).collect()
}

/// Begins what is due: `None`, or how long to wait when nothing is.
async fn begin(
    shared: &Arc<Shared>,
    room: &[(Standing, usize)],
    lanes: &Arc<Lanes>,
    tasks: &mut JoinSet<()>,
    stop: &watch::Receiver<bool>,
) -> Result<Option<Duration>, Error> {
    let db = &shared.federation.db;
    let now = db.clock().now();
    let standings: Vec<Standing> = room.iter().map(|(standing, _)| *standing).collect();
    // A look costs no commit.
    let next = db
        .read(move |q| {
            let dues = standings.iter().map(|standing| hosts::next_due(q, *standing, now));
            Ok(dues.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().min())
        })
        .await?;
    match next {
        None => return Ok(Some(shared.settings.poll)),
        Some(next) if next > now => return Ok(Some(next.since(now))),
        Some(_) => {}
    }
    let taken = take(shared, room.to_vec()).await?;
    load(shared, &taken).await?;
    for (host, due) in taken {
        // A lease of ours that lapsed while the database was away: its lane still works.
        let Some(held) = shared.hold(&host.name) else { continue };
        let at_work = AtWork::begin(lanes, host.standing);
        tasks.spawn(work(at_work, held, host, due, stop.clone()));
    }
    Ok(None)
}

async fn work(at_work: AtWork, held: Held, host: Host, due: Vec<Due>, stop: watch::Receiver<bool>) {
    lane::run(held, host, due, stop).await;
    drop(at_work);
}

/// Leases hosts, with what is due for each. What waits for hosts that are not spoken with is thrown away.
async fn take(shared: &Shared, room: Vec<(Standing, usize)>) -> Result<Vec<(Host, Vec<Due>)>, Error> {
    let (lease, name, is_limited) = (shared.settings.lease, shared.name.clone(), shared.federation.settings.limited);
    let taking = shared.federation.db.write(move |tx| {
        let mut taken = Vec::new();
        for (standing, most) in &room {
            let most = i64::try_from(*most).unwrap_or(i64::MAX);
            taken.extend(hosts::lease(tx, *standing, most, lease, &name)?);
        }
        let mut names: Vec<String> = taken.iter().map(|host| host.name.clone()).collect();
        let refused = domains::refused(tx, &names, is_limited)?;
        if !refused.is_empty() {
            deliveries::drop_all(tx, &refused)?;
            hosts::release(tx, &refused, &name, tx.now())?;
            names.retain(|name| !refused.contains(name));
            taken.retain(|host| !refused.contains(&host.name));
        }
        let mut expired = 0;
        for host in taken.iter().filter(|host| host.standing == Standing::Failing) {
            expired += deliveries::expire(tx, &host.name)?;
        }
        let due = deliveries::due(tx, &names, tx.now(), lane::BATCH)?;
        Ok((taken, due, expired))
    });
    let (hosts, due, expired) = taking.await?;
    if expired > 0 {
        metrics::counter!("phiomia_deliveries_total", "outcome" => "expired").increment(expired);
    }
    let mut by_host: HashMap<String, Vec<Due>> = HashMap::new();
    for due in due {
        by_host.entry(due.host.clone()).or_default().push(due);
    }
    let with_due = |host: Host| {
        let due = by_host.remove(&host.name).unwrap_or_default();
        (host, due)
    };
    Ok(hosts.into_iter().map(with_due).collect())
}

/// Reads the activities of all of them at once.
async fn load(shared: &Shared, taken: &[(Host, Vec<Due>)]) -> Result<(), Error> {
    let all: HashSet<i64> = taken.iter().flat_map(|(_, due)| due.iter().map(|due| due.outgoing)).collect();
    let missing: Vec<i64> = all.into_iter().filter(|id| !shared.activities.contains(id)).collect();
    if !missing.is_empty() {
        shared.keep(shared.federation.db.read(move |q| Ok(deliveries::payloads(q, &missing)?)).await?);
    }
    Ok(())
}
