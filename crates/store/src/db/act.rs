//! A closure on its way to a database thread and its answer on the way back.

use std::any::Any;

use phiomia_model::{Error, Fault};
use tokio::sync::oneshot;

use super::query::{Query, Tx};

/// A read that waits for a thread.
pub(super) trait ReadAct: Send {
    fn run(&mut self, query: &Query<'_>) -> Result<(), Error>;
    fn answer(self: Box<Self>, outcome: Result<(), Error>);
    /// Whoever asked is gone: nobody needs the answer.
    fn is_abandoned(&self) -> bool;
}

/// A write that waits for a thread. `run` may be called several times, `answer` once.
pub(super) trait WriteAct: Send {
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), Error>;
    fn answer(self: Box<Self>, outcome: Result<(), Error>);
}

pub(super) struct Act<F, T> {
    pub(super) closure: F,
    pub(super) result: Option<T>,
    pub(super) reply: oneshot::Sender<Result<T, Error>>,
}

impl<F, T> Act<F, T> {
    fn send(self, outcome: Result<(), Error>) {
        let answer = outcome.and_then(|()| {
            self.result.ok_or_else(|| Fault::new("a database closure was answered without having been run").into())
        });
        // The asker may have gone away; what was written stays written.
        let _ = self.reply.send(answer);
    }
}

impl<F, T> ReadAct for Act<F, T>
where
    F: FnMut(&Query<'_>) -> Result<T, Error> + Send,
    T: Send,
{
    fn run(&mut self, query: &Query<'_>) -> Result<(), Error> {
        self.result = Some((self.closure)(query)?);
        Ok(())
    }
    fn answer(self: Box<Self>, outcome: Result<(), Error>) {
        self.send(outcome);
    }
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

/// The same for writes; a type of its own because a closure type may fit both traits.
pub(super) struct Write<F, T>(pub(super) Act<F, T>);

impl<F, T> WriteAct for Write<F, T>
where
    F: FnMut(&Tx<'_>) -> Result<T, Error> + Send,
    T: Send,
{
    fn run(&mut self, tx: &Tx<'_>) -> Result<(), Error> {
        self.0.result = Some((self.0.closure)(tx)?);
        Ok(())
    }
    fn answer(self: Box<Self>, outcome: Result<(), Error>) {
        self.0.send(outcome);
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
