//! Events inside one process: one sender, many listeners, each with a bounded backlog.

use std::sync::Arc;

use phiomia_model::Event;
use tokio::sync::broadcast::{self, error::RecvError};

/// How many events a listener may be behind before it loses the oldest.
const BACKLOG: usize = 4096;

/// The listener missed events: whatever it derived from events (a cache, a stream's state) must be read anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("events were missed")]
pub struct Lagged {
    /// How many. `None`: unknown, because the connection between the processes was lost for a while.
    pub missed: Option<u64>,
}

#[derive(Clone, Debug)]
enum Message {
    Event(Arc<Event>),
    Gap,
}

/// The events of this process.
#[derive(Clone, Debug)]
pub(super) struct Bus(broadcast::Sender<Message>);

impl Bus {
    pub(super) fn new() -> Bus {
        Bus(broadcast::Sender::new(BACKLOG))
    }

    /// Never waits: who is too slow lags. Without listeners the event is dropped.
    pub(super) fn send(&self, event: Event) {
        // The error says that nobody listens, which is no error.
        let _ = self.0.send(Message::Event(Arc::new(event)));
    }

    /// Tells every listener that an unknown number of events passed it by.
    pub(super) fn gap(&self) {
        let _ = self.0.send(Message::Gap);
    }

    pub(super) fn subscribe(&self) -> Subscription {
        Subscription { receiver: self.0.subscribe(), _open: self.0.clone() }
    }
}

/// Hears every event since it was made.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Message>,
    /// Keeps the channel open, so that waiting never ends for want of a sender.
    _open: broadcast::Sender<Message>,
}

impl Subscription {
    /// The next event. Safe to cancel: an event that was not returned is returned next time.
    ///
    /// # Errors
    /// [`Lagged`] when events were missed; the next call goes on with the oldest one still there.
    pub async fn recv(&mut self) -> Result<Arc<Event>, Lagged> {
        match self.receiver.recv().await {
            Ok(Message::Event(event)) => Ok(event),
            Ok(Message::Gap) => Err(Lagged { missed: None }),
            Err(RecvError::Lagged(missed)) => Err(Lagged { missed: Some(missed) }),
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
