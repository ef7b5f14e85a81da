//! A house that may speak with a server of pages beside it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::State, http::Uri, response::IntoResponse};
use phiomia_federation::{OutboundSettings, Settings};
use phiomia_model::{Addresses, Job, StatusId};
use phiomia_testkit::Engine;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::kit::{House, Person};

type Pages = Arc<Mutex<HashMap<&'static str, (&'static str, Vec<u8>)>>>;

/// Alice's house, and pages beside it.
pub struct Street {
    pub house: House,
    pub alice: Person,
    pages: Pages,
    asked: Arc<Mutex<Vec<String>>>,
    pub at: String,
    pub near: String,
    serving: JoinHandle<()>,
}

async fn page(State((pages, asked)): State<(Pages, Arc<Mutex<Vec<String>>>)>, uri: Uri) -> impl IntoResponse {
    asked.lock().unwrap().push(uri.path().to_owned());
    match pages.lock().unwrap().get(uri.path()) {
        Some((kind, body)) => (http::StatusCode::OK, [("content-type", *kind)], body.clone()),
        None => (http::StatusCode::NOT_FOUND, [("content-type", "text/html")], b"<title>lost</title>".to_vec()),
    }
}

impl Street {
    pub async fn open(engine: Engine) -> Street {
        Street::with(engine, true).await
    }

    /// `is_open`: every name leads to the pages beside the house, as through a proxy; else only their address does, and
    /// that is one of a private network.
    pub async fn with(engine: Engine, is_open: bool) -> Street {
        let domain = "phiomia.example".to_owned();
        let addresses = Addresses::new("https", domain.clone(), domain);
        let (pages, asked) = (Pages::default(), Arc::<Mutex<Vec<String>>>::default());
        let router = Router::new().fallback(page).with_state((pages.clone(), asked.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = listener.local_addr().unwrap();
        let outbound = OutboundSettings {
            allow_http: true,
            proxy: is_open.then(|| format!("http://{near}")),
            allowed_private_addresses: if is_open { vec!["127.0.0.0/8".parse().unwrap()] } else { Vec::new() },
            ..OutboundSettings::default()
        };
        let house = House::open_at(engine, addresses, Settings { outbound, ..Settings::default() }).await;
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let alice = house.person("alice").await;
        Street {
            house,
            alice,
            pages,
            asked,
            at: "http://dunes.org".to_owned(),
            near: format!("http://{near}"),
            serving,
        }
    }

    pub fn puts(&self, path: &'static str, kind: &'static str, body: impl Into<Vec<u8>>) {
        self.pages.lock().unwrap().insert(path, (kind, body.into()));
    }

    /// Does the work that a post or edit left.
    pub async fn looks(&self, status: &str) {
        let status = StatusId(status.parse().unwrap());
        let looking = self.house.api.federation.run(Job::FetchCard { status });
        tokio::time::timeout(Duration::from_secs(20), looking).await.unwrap().unwrap();
    }

    /// Posts a text and looks at the page in it; id and card.
    pub async fn says(&self, text: &str) -> (String, Value) {
        let id = self.alice.says(text, "public").await;
        self.looks(&id).await;
        let card = self.card(&id).await;
        (id, card)
    }

    /// A post as others write them, with a link to where the pages are; its card.
    pub async fn hears(&self) -> Value {
        let id = self.alice.says("something", "public").await;
        let near = &self.near;
        let text = format!(
            r#"<p><a href="{near}/bob" class="u-url mention">@bob</a> <a href="{near}/t" rel="tag">#t</a> <a href="{near}/a">a</a></p>"#
        );
        self.sql(format!("update statuses set text = '{text}', is_local = false where id = {id}")).await;
        self.looks(&id).await;
        self.card(&id).await
    }

    /// Changes rows as nobody else does.
    pub async fn sql(&self, sql: String) {
        let settings = self.house.database.settings.clone();
        tokio::task::spawn_blocking(move || phiomia_store::db::inspect::run(&settings, &sql)).await.unwrap().unwrap();
    }

    pub async fn card(&self, id: &str) -> Value {
        self.alice.get(&format!("/api/v1/statuses/{id}")).await.ok().json()["card"].clone()
    }

    /// Somebody looks at the picture of a card.
    pub async fn sees(&self, card: &Value) {
        let path = card["image"].as_str().unwrap().strip_prefix("https://phiomia.example").unwrap();
        assert!(self.house.get(path).await.ok().header("content-type").starts_with("image/"));
    }

    pub fn n_asked_in_all(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub fn n_asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }
}

impl Drop for Street {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
