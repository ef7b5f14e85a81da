//! The ways to the database threads: where closures wait, and how long.

use std::{sync::Arc, time::Duration};

use phiomia_model::{Error, Refusal};

use super::{
    Shared,
    act::{ReadAct, Reading, WriteAct},
    cache,
    postgres::{Replica, Work},
    sqlite::Readers,
    stopped,
};

/// Closures that may wait for a thread before callers are told to come back later.
pub(super) const MOST_WAITING: usize = 4096;
/// How long a caller waits for a place in that queue.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Where closures wait for the threads of their engine.
#[derive(Clone)]
pub(super) enum Queues {
    Sqlite { reads: flume::Sender<ReadAct>, writes: flume::Sender<WriteAct>, readers: Arc<Readers> },
    Postgres { work: flume::Sender<Work>, replica: Option<Replica> },
}

impl Queues {
    /// `moment`: the cache, before anything was asked.
    pub(super) async fn read(&self, act: ReadAct, moment: Option<cache::Moment>) -> Result<(), Error> {
        match self {
            Queues::Sqlite { reads, .. } => queue(reads, act).await,
            Queues::Postgres { work, replica: None } => queue(work, Work::Read(act)).await,
            Queues::Postgres { work, replica: Some(replica) } => match replica.position().await {
                Some(position) => queue(replica.reads(), Replica::look(act, position, moment)).await,
                None => queue(work, Work::Read(act)).await,
            },
        }
    }

    /// `None`: it cannot be done in place.
    pub(super) fn run_in_place(&self, shared: &Shared, act: &mut dyn Reading) -> Option<Result<(), Error>> {
        match self {
            Queues::Sqlite { readers, .. } => readers.run_in_place(shared, act),
            Queues::Postgres { .. } => None,
        }
    }

    pub(super) async fn write(&self, act: WriteAct) -> Result<(), Error> {
        match self {
            Queues::Sqlite { writes, .. } => queue(writes, act).await,
            Queues::Postgres { work, .. } => queue(work, Work::Write(act)).await,
        }
    }
}

async fn queue<A>(queue: &flume::Sender<A>, act: A) -> Result<(), Error> {
    let act = match queue.try_send(act) {
        Ok(()) => return Ok(()),
        Err(flume::TrySendError::Disconnected(_)) => return Err(stopped().into()),
        Err(flume::TrySendError::Full(act)) => act,
    };
    match tokio::time::timeout(LONGEST_WAIT, queue.send_async(act)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(stopped().into()),
        Err(_) => Err(Refusal::Unavailable { retry_after: LONGEST_WAIT }.into()),
    }
}
