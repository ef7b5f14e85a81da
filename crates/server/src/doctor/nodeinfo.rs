//! What the server says about itself: `/.well-known/nodeinfo` of both domains, and the document it names.

use http::Method;
use phiomia_api::doctor::{Finding, Subject};
use serde_json::Value;
use url::Url;

use super::{
    Practice,
    known::{good, known},
    trip::{Trip, follow},
    webfinger::apex_cure,
};

known! {
    ASTRAY = NodeInfo Warning "nodeinfo-astray";
    OTHER_ANSWER = NodeInfo Warning "nodeinfo-wrong-answer";
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let domain = &practice.addresses.local_domain;
    let Some(url) = practice.url(domain, "/.well-known/nodeinfo") else { return Vec::new() };
    let links = follow(&practice.prober, Method::GET, &url, "application/json").await;
    let document = match document_of(&links) {
        Some(url) => Some(follow(&practice.prober, Method::GET, &url, "application/json").await),
        None => None,
    };
    let cure = apex_cure(&links, &practice.addresses);
    vec![judge(&links, document.as_ref(), &practice.goal(), domain, &cure)]
}

/// The newest document that is named.
fn document_of(links: &Trip) -> Option<Url> {
    let said: Value = serde_json::from_slice(links.body()).ok()?;
    let href = said.get("links")?.as_array()?.iter().filter_map(|link| link.get("href")?.as_str()).next_back()?;
    Url::parse(href).ok()
}

fn judge(links: &Trip, document: Option<&Trip>, goal: &str, domain: &str, cure: &str) -> Finding {
    let place = format!("/.well-known/nodeinfo of {domain}");
    if let Some(astray) = links.astray(goal) {
        return ASTRAY.cured(astray.sentence(&place), cure);
    }
    let Some(document) = document else {
        return OTHER_ANSWER.cured(format!("{place} names no document"), cure);
    };
    if let Some(astray) = document.astray(goal) {
        return ASTRAY.cured(astray.sentence(&format!("{} (named by {place})", document.asked)), cure);
    }
    let said: Value = serde_json::from_slice(document.body()).unwrap_or_default();
    let software = said.pointer("/software/name").and_then(Value::as_str).unwrap_or("nothing");
    if software != "phiomia" {
        let what = format!("{} describes a server that runs {software}, and not this one", document.asked);
        return OTHER_ANSWER.cured(what, cure);
    }
    good(Subject::NodeInfo, format!("{place} leads to a description of this server"))
}
