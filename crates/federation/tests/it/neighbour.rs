//! A server of the network that takes whatever is sent to it, answers as told, and remembers.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, Method, Request, Response},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use phiomia_activitypub::signature::{Dialect, Head, PublicKey, Signed};
use phiomia_store::{Clock, db::federation::actors::Inbox};
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use url::Url;

/// Something that came.
#[derive(Clone, Debug)]
pub struct Came {
    pub body: String,
    pub headers: HeaderMap,
    pub at: Instant,
    pub dialect: Option<Dialect>,
    /// Whether the signature is that of the expected key.
    pub is_genuine: bool,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: &'static str,
    pub after: Duration,
}

impl Answer {
    pub fn status(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: "", after: Duration::ZERO }
    }

    pub fn after(mut self, delay: Duration) -> Answer {
        self.after = delay;
        self
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Answer {
        self.headers.push((name, value.to_string()));
        self
    }

    pub fn saying(mut self, body: &'static str) -> Answer {
        self.body = body;
        self
    }
}

type Script = Arc<dyn Fn(&Came, usize) -> Answer + Send + Sync>;

struct Inner {
    authority: Mutex<String>,
    key: Mutex<Option<PublicKey>>,
    script: Mutex<Script>,
    came: Mutex<Vec<Came>>,
    n_at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

/// It listens until dropped.
pub struct Neighbour {
    inner: Arc<Inner>,
    serving: JoinHandle<()>,
}

fn serve(inner: Arc<Inner>, listener: TcpListener) -> JoinHandle<()> {
    let router = Router::new().fallback(take).with_state(inner);
    tokio::spawn(async move {
        // Every connection is a task of its own and ends with this one.
        let mut open = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(router.clone());
            open.spawn(async move {
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    })
}

impl Neighbour {
    /// It answers each request as `script` says, which is told the request and how many came before.
    pub async fn open(script: impl Fn(&Came, usize) -> Answer + Send + Sync + 'static) -> Neighbour {
        let inner = Arc::new(Inner {
            authority: Mutex::default(),
            key: Mutex::default(),
            script: Mutex::new(Arc::new(script)),
            came: Mutex::default(),
            n_at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        *inner.authority.lock().unwrap() = listener.local_addr().unwrap().to_string();
        let serving = serve(inner.clone(), listener);
        Neighbour { inner, serving }
    }

    /// It takes everything.
    pub async fn friendly() -> Neighbour {
        Neighbour::open(|_, _| Answer::status(202)).await
    }

    /// From now on it answers so.
    pub fn now(&self, script: impl Fn(&Came, usize) -> Answer + Send + Sync + 'static) {
        *self.inner.script.lock().unwrap() = Arc::new(script);
    }

    /// Nobody listens there any more, and open connections break.
    pub async fn falls_silent(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }

    /// It listens again at the same place.
    pub async fn speaks_again(&mut self) {
        let listener = TcpListener::bind(self.host()).await.unwrap();
        self.serving = serve(self.inner.clone(), listener);
    }

    /// From now on signatures are checked against this key.
    pub fn knows(&self, pem: &str) {
        *self.inner.key.lock().unwrap() = Some(PublicKey::from_pem(pem).unwrap());
    }

    pub fn host(&self) -> String {
        self.inner.authority.lock().unwrap().clone()
    }

    pub fn inbox(&self, path: &str) -> Inbox {
        Inbox { url: format!("http://{}{path}", self.host()), host: self.host() }
    }

    pub fn came(&self) -> Vec<Came> {
        self.inner.came.lock().unwrap().clone()
    }

    pub fn bodies(&self) -> Vec<String> {
        self.came().into_iter().map(|came| came.body).collect()
    }

    /// How many requests were open at the same time, at most.
    pub fn most_at_once(&self) -> usize {
        self.inner.most_at_once.load(Ordering::SeqCst)
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(inner): State<Arc<Inner>>, request: Request<Body>) -> Response<Body> {
    let now_open = inner.n_at_once.fetch_add(1, Ordering::SeqCst) + 1;
    inner.most_at_once.fetch_max(now_open, Ordering::SeqCst);
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let url = Url::parse(&format!("http://{}{}", inner.authority.lock().unwrap(), parts.uri)).unwrap();
    let head = Head { method: &Method::POST, url: &url, headers: &parts.headers };
    let signed = Signed::examine(&head, Some(&body), Clock::system().now());
    let is_genuine = match (&signed, &*inner.key.lock().unwrap()) {
        (Ok(signed), Some(key)) => signed.verify(key).is_ok(),
        _ => false,
    };
    let came = Came {
        body: String::from_utf8(body.to_vec()).unwrap(),
        headers: parts.headers,
        at: Instant::now(),
        dialect: signed.ok().map(|signed| signed.dialect()),
        is_genuine,
    };
    let n_before = {
        let mut all = inner.came.lock().unwrap();
        all.push(came.clone());
        all.len() - 1
    };
    let script = inner.script.lock().unwrap().clone();
    let answer = script(&came, n_before);
    tokio::time::sleep(answer.after).await;
    inner.n_at_once.fetch_sub(1, Ordering::SeqCst);
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}
