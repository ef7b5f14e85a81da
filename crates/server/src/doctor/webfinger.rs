//! Whether people of this server are found by their handles: `/.well-known/webfinger` of the domain that stands in them.

use http::Method;
use phiomia_api::doctor::{Finding, Subject};
use phiomia_model::Addresses;
use serde_json::Value;

use super::{
    Practice,
    known::{good, known},
    trip::{Astray, Trip, follow},
};

known! {
    UNREACHABLE = WebFinger Fault "webfinger-unreachable";
    LOOP = WebFinger Fault "webfinger-loop";
    TOO_FAR = WebFinger Fault "webfinger-too-far";
    QUERY_DROPPED = WebFinger Fault "webfinger-query-dropped";
    OTHER_HOST = WebFinger Fault "webfinger-wrong-host";
    PLAIN_HTTP = WebFinger Fault "webfinger-plain-http";
    NOT_FOUND = WebFinger Fault "webfinger-not-found";
    CACHED_NOT_FOUND = WebFinger Fault "webfinger-cached-not-found";
    REFUSED = WebFinger Fault "webfinger-refused";
    OTHER_ANSWER = WebFinger Fault "webfinger-wrong-answer";
    MEDIA_TYPE = WebFinger Fault "webfinger-media-type";
    NO_CORS = WebFinger Warning "webfinger-no-cors";
    HEAD = WebFinger Warning "webfinger-head";
    BARE = WebFinger Warning "webfinger-bare";
}

const JRD: &str = "application/jrd+json, application/json";

/// What was seen.
struct Seen {
    name: String,
    /// As other servers ask.
    get: Trip,
    /// As those ask that only want to know whether something is there.
    head: Trip,
    /// Without a question.
    bare: Trip,
    /// With something more in the question, which no cache can have kept an answer to.
    fresh: Trip,
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let name = practice.somebody().await;
    let domain = &practice.addresses.local_domain;
    let resource = format!("acct:{name}@{domain}");
    let Some(mut url) = practice.url(domain, "/.well-known/webfinger") else { return Vec::new() };
    let bare_url = url.clone();
    url.query_pairs_mut().append_pair("resource", &resource);
    let mut fresh_url = url.clone();
    fresh_url.query_pairs_mut().append_pair("doctor", &practice.clock.now().as_millis().to_string());
    let prober = &practice.prober;
    let (get, head, bare, fresh) = tokio::join!(
        follow(prober, Method::GET, &url, JRD),
        follow(prober, Method::HEAD, &url, JRD),
        follow(prober, Method::GET, &bare_url, JRD),
        follow(prober, Method::GET, &fresh_url, JRD),
    );
    judge(&Seen { name, get, head, bare, fresh }, &practice.addresses, &practice.goal())
}

fn judge(seen: &Seen, addresses: &Addresses, goal: &str) -> Vec<Finding> {
    let place = format!("/.well-known/webfinger of {}", addresses.local_domain);
    let get = &seen.get;
    if let Some(astray) = get.astray(goal) {
        return vec![led_astray(seen, &astray, &place, addresses, goal)];
    }
    let mut findings: Vec<Finding> = what_it_says(seen, &place, addresses).into_iter().collect();
    let cure = apex_cure(get, addresses);
    if let Some(hop) = get.hops.iter().find(|hop| !hop.is_open()) {
        let at = super::trip::place(&hop.url);
        findings.push(NO_CORS.cured(
            format!("{place}: {at} sends no \"Access-Control-Allow-Origin: *\", so web clients on other sites find nobody here"),
            cure.clone(),
        ));
    }
    if !seen.head.arrived() {
        let why = seen.head.astray(goal).map_or_else(|| "another answer".to_owned(), |astray| astray.sentence("HEAD"));
        findings.push(
            HEAD.cured(format!("{place} answers GET but not HEAD, with which some look first: {why}"), cure.clone()),
        );
    }
    // Our own server says that a question is missing; whoever comes as far as that was led well.
    let is_led = |astray: &Astray| matches!(astray, Astray::Refused { at, status: 400 } if at == goal);
    if let Some(astray) = seen.bare.astray(goal).filter(|astray| !is_led(astray)) {
        let why = astray.sentence("it");
        findings.push(BARE.cured(format!("{place} without a question goes another way than with one: {why}"), cure));
    }
    if findings.is_empty() {
        let steps = match get.hops.len() {
            0 | 1 => "at once".to_owned(),
            n => format!("in {n} steps"),
        };
        findings.push(good(Subject::WebFinger, format!("@{}@{} is found {steps}", seen.name, addresses.local_domain)));
    }
    findings
}

fn led_astray(seen: &Seen, astray: &Astray, place: &str, addresses: &Addresses, goal: &str) -> Finding {
    let get = &seen.get;
    let cure = apex_cure(get, addresses);
    let sentence = astray.sentence(place);
    match astray {
        Astray::Unreachable(_) => UNREACHABLE.cured(
            sentence,
            format!(
                "See what the subjects dns, ports and certificate say. {} has to answer on port 443 with a valid certificate",
                addresses.local_domain
            ),
        ),
        Astray::Loop => LOOP.cured(sentence, cure),
        Astray::TooFar => TOO_FAR.cured(sentence, format!("Lead there in one step. {cure}")),
        Astray::QueryDropped(_) => QUERY_DROPPED.cured(
            sentence,
            format!("The rule must keep what stands after the question mark (nginx: $request_uri and not $uri). {cure}"),
        ),
        Astray::OtherHost(_) => OTHER_HOST.cured(
            sentence,
            format!("It has to lead to {goal}, or instance.web_domain has to say where this server is. {cure}"),
        ),
        Astray::PlainHttp(_) => PLAIN_HTTP.cured(sentence, cure),
        Astray::NotFound { at } if at == goal => NOT_FOUND.cured(
            sentence,
            format!(
                "The server that answers knows nobody of that name: its instance.domain has to be {}, and the program \
                 that runs there has to be this one",
                addresses.local_domain
            ),
        ),
        Astray::NotFound { .. } => NOT_FOUND.cured(sentence, cure),
        // Only a cache knows it better than a question that it has not heard before.
        Astray::CachedNotFound { .. } if seen.fresh.astray(goal).is_none() => CACHED_NOT_FOUND.cured(
            sentence,
            "Empty that cache for /.well-known/* (CloudFront: aws cloudfront create-invalidation --paths '/.well-known/*'), \
             and let it keep no errors",
        ),
        Astray::CachedNotFound { .. } => CACHED_NOT_FOUND.cured(
            sentence,
            format!("{cure} Then empty that cache for /.well-known/*, and let it keep no errors"),
        ),
        Astray::Refused { .. } => REFUSED.cured(
            sentence,
            "Nothing may stand before /.well-known/: no sign-in, no check for robots, no firewall that wants a browser",
        ),
    }
}

/// What is wrong with the answer itself.
fn what_it_says(seen: &Seen, place: &str, addresses: &Addresses) -> Option<Finding> {
    let get = &seen.get;
    let cure = apex_cure(get, addresses);
    let wanted = format!("acct:{}@{}", seen.name, addresses.local_domain);
    let Ok(said) = serde_json::from_slice::<Value>(get.body()) else {
        return Some(OTHER_ANSWER.cured(format!("{place} answers with something that is no JSON"), cure));
    };
    let subject = said.get("subject").and_then(Value::as_str).unwrap_or_default();
    if !subject.eq_ignore_ascii_case(&wanted) {
        let what = format!("{place} was asked for {wanted} and answers about {subject:?}");
        return Some(OTHER_ANSWER.cured(
            what,
            format!(
                "instance.domain of the server that answers has to be {}, for good. {cure}",
                addresses.local_domain
            ),
        ));
    }
    let links = said.get("links").and_then(Value::as_array).into_iter().flatten();
    let own = links.filter(|link| link.get("rel").and_then(Value::as_str) == Some("self"));
    let hrefs: Vec<&str> = own.filter_map(|link| link.get("href").and_then(Value::as_str)).collect();
    if !hrefs.iter().any(|href| href.starts_with(&format!("{}/", addresses.base()))) {
        let led = hrefs.first().copied().unwrap_or("nowhere");
        let what = format!("{place} says that {wanted} is at {led}, and this server is at {}", addresses.base());
        return Some(OTHER_ANSWER.cured(what, cure));
    }
    let media_type = get.last().map(super::trip::Hop::media_type).unwrap_or_default();
    if !matches!(media_type.as_str(), "application/jrd+json" | "application/json") {
        return Some(MEDIA_TYPE.cured(
            format!("{place} is sent as {media_type:?}; some servers read nothing but \"application/jrd+json\""),
            format!("Set the media type of that file or answer to application/jrd+json, or redirect: {cure}"),
        ));
    }
    None
}

/// What prints the right rules.
pub(super) fn apex_cure(trip: &Trip, addresses: &Addresses) -> String {
    if addresses.local_domain == addresses.web_domain {
        let front = match trip.program() {
            program @ ("caddy" | "apache") => program,
            _ => "nginx",
        };
        return format!("`phiomia proxy config {front}` prints a front that leaves these answers alone.");
    }
    let program = trip.program();
    format!(
        "`phiomia apex print {program}` prints the rules for {} (for other programs see `phiomia apex print --help`).",
        addresses.local_domain
    )
}
