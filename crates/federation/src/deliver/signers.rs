//! Threads that sign, as many as there are processors, and nothing else: where nobody waits for an answer. They take a few
//! requests at a time and answer those together, so that a busy thread wakes its callers once and not for each.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use phiomia_model::Fault;
use tokio::sync::oneshot;

/// Signatures that are made before the first of them is told: a millisecond of work.
const AT_ONCE: usize = 4;

/// A signature to be made.
struct Request<T> {
    make: Box<dyn FnOnce() -> T + Send>,
    answer: oneshot::Sender<T>,
}

/// The threads. They end with the last handle.
pub(super) struct Signers<T>(flume::Sender<Request<T>>);

impl<T: Send + 'static> Signers<T> {
    /// # Errors
    /// The system gives no threads.
    pub(super) fn start(n_threads: usize) -> Result<Signers<T>, Fault> {
        let (sender, requests) = flume::unbounded();
        for n in 0..n_threads.max(1) {
            let requests = requests.clone();
            thread::Builder::new()
                .name(format!("sign-{n}"))
                .spawn(move || work(&requests))
                .map_err(|e| Fault::because("starting a thread that signs", e))?;
        }
        Ok(Signers(sender))
    }

    /// What is made on one of the threads.
    ///
    /// # Errors
    /// It panicked.
    pub(super) async fn make(&self, make: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let (answer, made) = oneshot::channel();
        let _ = self.0.send(Request { make: Box::new(make), answer });
        made.await.map_err(|e| Fault::because("signing a request", e))
    }
}

fn work<T>(requests: &flume::Receiver<Request<T>>) {
    let mut made = Vec::with_capacity(AT_ONCE);
    while let Ok(first) = requests.recv() {
        for Request { make, answer } in [first].into_iter().chain(requests.try_iter().take(AT_ONCE - 1)) {
            // Its caller hears of it by the answer that never comes.
            if let Ok(signature) = catch_unwind(AssertUnwindSafe(make)) {
                made.push((answer, signature));
            }
        }
        for (answer, signature) in made.drain(..) {
            let _ = answer.send(signature);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test that panics fails")]

    use super::*;

    #[tokio::test]
    async fn one_that_panics_does_not_take_the_others_along() {
        let signers = Signers::start(1).unwrap();
        let all: Vec<_> = (0..10).map(|n| signers.make(move || if n == 3 { panic!("the third") } else { n })).collect();
        let answers: Vec<_> = futures_util::future::join_all(all).await.into_iter().map(Result::ok).collect();
        let expected: Vec<_> = (0..10).map(|n| (n != 3).then_some(n)).collect();
        assert_eq!(answers, expected);
    }
}
