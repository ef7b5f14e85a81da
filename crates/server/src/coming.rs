//! The body of a request while it comes in: a film over a slow line takes as long as it takes, as long as it comes.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::time::{Instant, sleep_until};

/// Bytes a second that a body has at least, beyond the time that any request has: 128 kbit/s.
const SLOWEST: u64 = 16_000;

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the answer, once the body is there.
    pub(crate) answer: Duration,
    /// For the next bytes of the body.
    pub(crate) rest: Duration,
}

/// Why it was waited long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Late {
    /// The body came too slowly, or not at all.
    Body,
    /// It was there, and no answer.
    Answer,
}

/// How far a body has come.
#[derive(Debug)]
pub(crate) struct Progress {
    begun: Instant,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    n_bytes: u64,
    /// Since when somebody waits for more.
    waiting: Option<Instant>,
    /// When it was there as a whole, or nobody wanted more of it.
    over: Option<Instant>,
}

impl Progress {
    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn end(&self) {
        self.change(|seen| {
            seen.over.get_or_insert_with(Instant::now);
        });
    }

    /// Until when it is waited, as things stand, and for what.
    fn deadline(&self, patience: Patience) -> (Instant, Late) {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(over) = seen.over {
            return (over + patience.answer, Late::Answer);
        }
        let granted = Duration::from_millis(seen.n_bytes.saturating_mul(1_000) / SLOWEST);
        let slowest = self.begun + patience.answer + granted;
        let rested = seen.waiting.map_or(slowest, |waiting| waiting + patience.rest);
        (slowest.min(rested), if seen.waiting.is_some() { Late::Body } else { Late::Answer })
    }

    /// Comes to an end when it was waited long enough.
    pub(crate) async fn late(&self, patience: Patience) -> Late {
        loop {
            let ((deadline, late), now) = (self.deadline(patience), Instant::now());
            if now >= deadline {
                return late;
            }
            // What comes meanwhile moves the end.
            sleep_until(deadline.min(now + patience.rest)).await;
        }
    }
}

/// A body that says how far it has come.
pub(crate) struct Coming {
    body: Body,
    progress: Arc<Progress>,
}

impl Coming {
    /// The body, and where its progress is seen; `None`: it is there, because it is empty.
    pub(crate) fn of(body: Body) -> (Body, Option<Arc<Progress>>) {
        if body.is_end_stream() {
            return (body, None);
        }
        let progress = Arc::new(Progress { begun: Instant::now(), seen: Mutex::default() });
        (Body::new(Coming { body, progress: progress.clone() }), Some(progress))
    }
}

impl hyper::body::Body for Coming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        match &polled {
            Poll::Pending => this.progress.change(|seen| {
                seen.waiting.get_or_insert_with(Instant::now);
            }),
            Poll::Ready(Some(Ok(frame))) => this.progress.change(|seen| {
                seen.n_bytes = seen.n_bytes.saturating_add(frame.data_ref().map_or(0, Bytes::len) as u64);
                seen.waiting = None;
            }),
            Poll::Ready(_) => this.progress.end(),
        }
        if this.body.is_end_stream() {
            this.progress.end();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.progress.end();
    }
}
