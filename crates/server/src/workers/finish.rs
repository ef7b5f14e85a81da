//! Writes down that jobs are done: all that wait for it in one transaction. Where many small jobs run beside each other
//! there would be as many transactions for this as for their work.

use std::sync::{Mutex, PoisonError};

use phiomia_model::{Error, JobId};
use phiomia_store::{Db, db::jobs};
use tokio::sync::oneshot::{self, error::TryRecvError};

/// Those who wait for it to be written.
#[derive(Default)]
pub(super) struct Finishers {
    waiting: Mutex<Vec<(JobId, oneshot::Sender<()>)>>,
    /// Held by whoever writes for all that wait.
    turn: tokio::sync::Mutex<()>,
}

impl Finishers {
    /// Returns when it is on stable storage that the job is done.
    ///
    /// # Errors
    /// The database failed; nobody's is written then.
    pub(super) async fn finish(&self, db: &Db, job: JobId) -> Result<(), Error> {
        let mut written = self.queue(job);
        let _turn = self.turn.lock().await;
        match written.try_recv() {
            Ok(()) => return Ok(()),
            Err(TryRecvError::Empty) => {}
            // Who wrote for us failed.
            Err(TryRecvError::Closed) => drop(self.queue(job)),
        }
        let group = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let ids: Vec<JobId> = group.iter().map(|(job, _)| *job).collect();
        db.write(move |tx| Ok(jobs::finish(tx, &ids)?)).await?;
        for (_, tell) in group {
            // Whoever is gone needs no answer.
            let _ = tell.send(());
        }
        Ok(())
    }

    fn queue(&self, job: JobId) -> oneshot::Receiver<()> {
        let (tell, written) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((job, tell));
        written
    }
}
