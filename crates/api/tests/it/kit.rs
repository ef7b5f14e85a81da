//! A house for one test: a fresh database, a router over it, a clock that the test moves, and people with tokens.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use phiomia_api::{Api, Parts, peer::ClientAddr};
use phiomia_model::{Addresses, Time};
use phiomia_social::users::Passwords;
use phiomia_store::{Clock, Entropy, files::Files, live::Live};
use phiomia_testkit::{Engine, TestDatabase};
use serde_json::Value;
use tower::ServiceExt as _;

/// When every test begins: 2026-11-25T12:00:00Z.
pub const NOON: Time = Time(1_795_608_000_000_000);

/// The house.
pub struct House {
    pub api: Api,
    pub router: Router,
    pub database: TestDatabase,
    now: Arc<AtomicI64>,
}

impl House {
    /// A fresh, empty house.
    pub async fn open(engine: Engine) -> House {
        let now = Arc::new(AtomicI64::new(NOON.0));
        let shown = now.clone();
        let clock = Clock::new(move || Time(shown.load(Ordering::Relaxed)));
        let database = TestDatabase::with_clock(engine, clock).await;
        let folder = std::env::temp_dir().join(format!("phiomia_api_files_{}", std::process::id()));
        let addresses = Addresses {
            scheme: "https".into(),
            local_domain: "phiomia.example".into(),
            web_domain: "phiomia.example".into(),
        };
        let api = Api::new(Parts {
            db: database.db.clone(),
            live: Live::memory(),
            files: Files::disk(folder).await.unwrap(),
            addresses: Arc::new(addresses),
            entropy: Entropy::system(),
            passwords: Passwords::new(Entropy::system()),
        });
        let router = phiomia_api::router(&api);
        House { api, router, database, now }
    }

    /// Moves the clock on.
    pub fn wait(&self, span: Duration) {
        self.now.fetch_add(i64::try_from(span.as_micros()).unwrap(), Ordering::Relaxed);
    }

    /// Passes what transactions announced to the API, as the server does.
    pub fn settle(&mut self) {
        for event in self.database.announced() {
            self.api.hear(&event);
        }
    }

    /// One request from an address of its own.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let mut request = request;
        request.extensions_mut().insert(ClientAddr(IpAddr::from([192, 0, 2, 1])));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: body.to_vec() }
    }

    /// A request of somebody without a token.
    pub async fn ask(&self, method: Method, path: &str) -> Answer {
        self.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
    }

    /// A `GET` of somebody without a token.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    /// A header as text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
    /// The body's `error`, and the status.
    pub fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"].as_str().unwrap_or_default().to_owned())
    }
    /// The same answer, after a look at its status.
    #[track_caller]
    pub fn ok(self) -> Answer {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        self
    }
}

/// The media type of forms.
pub const FORM: (header::HeaderName, &str) = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
