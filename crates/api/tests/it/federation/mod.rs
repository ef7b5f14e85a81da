//! What other servers read here.

mod approvals;
mod collections;
mod delays;
mod documents;
mod domain_blocks;
mod found;
mod order;
mod policies;
mod proxy;
mod purge;
mod recorded;
mod retention;
mod threads;
mod together;

use http::{Request, header};
use phiomia_model::AccountId;
use phiomia_store::db::federation::actors::{self, RemoteProfile};
use serde_json::Value;

use crate::kit::{Answer, House};

const ACTIVITY: &str = "application/activity+json";

/// A fetch as other servers do it.
async fn fetch(house: &House, path: &str) -> Answer {
    fetch_as(house, path, ACTIVITY).await
}

/// The same with another `Accept`.
async fn fetch_as(house: &House, path: &str, accept: &str) -> Answer {
    let request = Request::builder().uri(path).header(header::ACCEPT, accept);
    house.send(request.body(axum::body::Body::empty()).unwrap()).await
}

/// A document, with ids replaced by words so that it can be compared.
async fn document(house: &House, path: &str, names: &[(&str, &str)]) -> Value {
    let answer = fetch(house, path).await.ok();
    assert_eq!(answer.header("content-type"), "application/activity+json; charset=utf-8", "{path}");
    named(&answer.text(), names)
}

fn named(text: &str, names: &[(&str, &str)]) -> Value {
    let text = names.iter().fold(text.to_owned(), |text, (id, name)| text.replace(id, name));
    serde_json::from_str(&text).unwrap()
}

/// The path of an address of ours.
fn path(uri: &Value) -> String {
    let uri = uri.as_str().unwrap_or_else(|| panic!("no address: {uri}"));
    uri.strip_prefix("https://phiomia.example").unwrap_or(uri).to_owned()
}

/// Somebody who lives at another server.
pub async fn stranger(house: &House, name: &'static str) -> AccountId {
    let profile = RemoteProfile {
        uri: format!("https://remote.example/u/{name}"),
        username: name.into(),
        domain: "remote.example".into(),
        url: format!("https://remote.example/@{name}"),
        host: "remote.example".into(),
        inbox: format!("https://remote.example/u/{name}/inbox"),
        ..RemoteProfile::default()
    };
    house.api.db.write(move |tx| Ok(actors::keep(tx, &profile)?)).await.unwrap()
}
