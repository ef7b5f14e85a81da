//! The rest of a request that was answered before it was read to its end.
//!
//! A connection that is closed while somebody still sends is reset, and with it goes the answer: a proxy says `502` in
//! place of our `413`, a browser that the site could not be reached. So what is left is read and let go, within bounds.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Bytes;
use http::{Request, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::{runtime::Handle, time::timeout};

/// For how long the rest is listened to.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of it, in bytes: a whole film that somebody may not send.
const MOST: usize = 128 * 1024 * 1024;

/// The body of a request; what nobody reads of it is read away when it is dropped.
pub struct Lingering {
    /// `None`: it came to its end.
    left: Option<Incoming>,
    /// The client sends nothing before it is told to (`Expect: 100-continue`), and reading tells it to.
    is_held_back: bool,
}

impl Lingering {
    /// The request with its body to the end.
    #[must_use]
    pub fn of(request: Request<Incoming>) -> Request<Lingering> {
        let is_held_back = request.headers().contains_key(header::EXPECT);
        request.map(|body| Lingering { left: (!body.is_end_stream()).then_some(body), is_held_back })
    }
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        this.is_held_back = false;
        let Some(body) = this.left.as_mut() else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
        // Over, or broken: there is nothing left to read away.
        if !matches!(frame, Some(Ok(_))) || body.is_end_stream() {
            this.left = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.left.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if let (Some(body), false, Ok(runtime)) = (self.left.take(), self.is_held_back, Handle::try_current()) {
            runtime.spawn(timeout(PATIENCE, read_away(body)));
        }
    }
}

async fn read_away(mut body: Incoming) {
    let mut left = MOST;
    while let Some(Ok(frame)) = body.frame().await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}
