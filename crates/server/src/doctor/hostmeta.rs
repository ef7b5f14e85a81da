//! `/.well-known/host-meta` of the domain of handles, which some ask before WebFinger.

use http::Method;
use phiomia_api::doctor::{Finding, Subject};

use super::{
    Practice,
    known::{good, known},
    trip::{Trip, follow},
    webfinger::apex_cure,
};

known! {
    ASTRAY = HostMeta Warning "hostmeta-astray";
    OTHER_ANSWER = HostMeta Warning "hostmeta-wrong-answer";
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let domain = &practice.addresses.local_domain;
    let Some(url) = practice.url(domain, "/.well-known/host-meta") else { return Vec::new() };
    let trip = follow(&practice.prober, Method::GET, &url, "application/xrd+xml").await;
    vec![judge(&trip, &practice.goal(), domain, &apex_cure(&trip, &practice.addresses))]
}

fn judge(trip: &Trip, goal: &str, domain: &str, cure: &str) -> Finding {
    let place = format!("/.well-known/host-meta of {domain}");
    if let Some(astray) = trip.astray(goal) {
        return ASTRAY.cured(astray.sentence(&place), cure);
    }
    let text = String::from_utf8_lossy(trip.body());
    if !text.contains(&format!("://{goal}/.well-known/webfinger")) {
        return OTHER_ANSWER.cured(format!("{place} does not name {goal} as the place to ask"), cure);
    }
    good(Subject::HostMeta, format!("{place} leads here"))
}
