//! A closure on its way to a database thread and what it gave on the way back.

use std::any::Any;

use phiomia_model::{Error, Fault};
use tokio::sync::oneshot;

use super::query::{Query, Tx};

/// A closure that goes to a thread and comes back with what it gave.
pub(super) trait Returning: Any + Send {
    fn back(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// A closure that reads, and what it gave.
pub(super) trait Reading: Returning {
    fn run(&mut self, query: &Query<'_>) -> Result<(), Error>;
}

/// A closure that writes, and what it gave. It may be run several times.
pub(super) trait Writing: Returning {
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), Error>;
}

/// A closure with a place for what it gives. It goes to the thread and comes back as a whole: so the way there and back
/// is compiled once, and not for each of the many closures.
pub(super) struct Act<F, T> {
    closure: F,
    result: Option<T>,
}

impl<F: 'static, T: 'static> Act<F, T> {
    pub(super) fn new(closure: F) -> Act<F, T> {
        Act { closure, result: None }
    }

    /// What the closure gave.
    pub(super) fn given(self) -> Result<T, Error> {
        self.result.ok_or_else(never_run)
    }

    /// The same of one that has come back.
    pub(super) fn returned(act: Box<dyn Any + Send>) -> Result<T, Error> {
        act.downcast::<Act<F, T>>().map_err(|_| never_run())?.given()
    }
}

fn never_run() -> Error {
    Fault::new("a database closure was answered without having been run").into()
}

impl<F: Send + 'static, T: Send + 'static> Returning for Act<F, T> {
    fn back(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

impl<F, T> Reading for Act<F, T>
where
    F: FnMut(&Query<'_>) -> Result<T, Error> + Send + 'static,
    T: Send + 'static,
{
    fn run(&mut self, query: &Query<'_>) -> Result<(), Error> {
        self.result = Some((self.closure)(query)?);
        Ok(())
    }
}

impl<F, T> Writing for Act<F, T>
where
    F: FnMut(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    T: Send + 'static,
{
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), Error> {
        self.result = Some((self.closure)(tx)?);
        Ok(())
    }
}

/// What whoever asked is told: the act with what it gave, or why there is nothing.
type Returned = Result<Box<dyn Any + Send>, Error>;

/// A closure that waits for a thread.
pub(super) struct Waiting<W: ?Sized> {
    work: Box<W>,
    reply: oneshot::Sender<Returned>,
}

/// A read that waits for a thread.
pub(super) type ReadAct = Waiting<dyn Reading>;

/// A write that waits for a thread. `run` may be called several times, `answer` once.
pub(super) type WriteAct = Waiting<dyn Writing>;

impl<W: Returning + ?Sized> Waiting<W> {
    pub(super) fn new(work: Box<W>) -> (Waiting<W>, oneshot::Receiver<Returned>) {
        let (reply, answer) = oneshot::channel();
        (Waiting { work, reply }, answer)
    }

    pub(super) fn work(&mut self) -> &mut W {
        &mut self.work
    }

    pub(super) fn answer(self, outcome: Result<(), Error>) {
        // The asker may have gone away; what was written stays written.
        let _ = self.reply.send(outcome.map(|()| self.work.back()));
    }

    /// Whoever asked is gone: nobody needs the answer.
    pub(super) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

impl ReadAct {
    pub(super) fn run(&mut self, query: &Query<'_>) -> Result<(), Error> {
        self.work.run(query)
    }
}

impl WriteAct {
    pub(super) fn run(&mut self, tx: &Tx<'_>) -> Result<(), Error> {
        self.work.run(tx)
    }
}

/// A caught panic as a fault: it ends one act, not the thread.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let words = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned());
    Fault::new(format!("a database closure panicked: {words}")).into()
}
