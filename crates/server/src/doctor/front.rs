//! What stands between the net and this server, and what gets lost there: seen by asking ourselves through the public
//! address and comparing what was sent with what arrived.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use phiomia_activitypub::signature::{self, Dialect};
use phiomia_api::doctor::{Finding, Subject, token};
use phiomia_federation::outbound::{Failure, Upgraded};
use phiomia_model::limits::LIMITS;
use phiomia_store::db::federation::key_pairs::SERVER;
use url::Url;

use super::{
    Practice,
    echo::{Arrived, Heard, heard},
    known::{good, known, unknown},
    trip::{explained, place},
};
use crate::forwarded::Fronts;

known! {
    UNREACHABLE = Front Fault "front-unreachable";
    OTHER_SERVER = Front Fault "front-other-server";
    HTTPS_LOOP = Front Fault "front-https-loop";
    LEADS_AWAY = Front Fault "front-leads-away";
    HTTP_ADDRESSES = Front Fault "front-http-addresses";
    OTHER_ADDRESSES = Front Fault "front-other-addresses";
    PROTO = Front Warning "front-proto-hidden";
    HEADER_LOST = Front Fault "front-header-lost";
    HEADER_CHANGED = Front Fault "front-header-changed";
    HOST_CHANGED = Front Warning "front-host-changed";
    TARGET_CHANGED = Front Fault "front-address-changed";
    NOT_TRUSTED = Front Warning "front-not-trusted";
    CLIENT_UNSAID = Front Warning "front-client-unsaid";
    NO_WEBSOCKET = Front Fault "front-no-websocket";
    BODY_LIMIT = Front Fault "front-body-limit";
}

/// What a signed activity looks like: small.
const ACTIVITY: &[u8] = br#"{"type":"Question","content":"What arrives of this?"}"#;
const ACTIVITY_TYPE: HeaderValue = HeaderValue::from_static("application/activity+json");
/// Stands in the question to see whether it arrives as it was sent.
const QUERY: &str = "encoded=%2Fa%20b&empty=";
/// Bytes of bodies, the largest first: a picture, then what fronts allow that were not told.
const SIZES: [usize; 4] = [LIMITS.image_bytes, 8 << 20, 2 << 20, 1 << 20];
/// How long the largest may take.
const UPLOAD: Duration = Duration::from_secs(90);

/// What was sent, and what came of it.
struct Posted {
    url: Url,
    sent: Vec<(HeaderName, HeaderValue)>,
    heard: Heard,
}

/// What was seen.
struct Seen {
    /// A signed activity in each way of signing.
    posted: Vec<Posted>,
    /// `None`: nothing was asked, for nobody would have heard it.
    upgraded: Option<Result<Upgraded, Failure>>,
    /// What a WebSocket of ours says.
    proof: String,
    /// Bytes of the largest body that came through, and of the smallest that did not with what was said to it.
    most: usize,
    refused: Option<(usize, String)>,
}

/// What is right.
struct Truth {
    base: String,
    goal: String,
    asks_https: bool,
    /// TLS ends before this server.
    is_fronted: bool,
    redirects_http: bool,
    /// Whose word about clients is believed.
    fronts: Fronts,
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let truth = Truth {
        base: practice.addresses.base(),
        goal: practice.goal(),
        asks_https: practice.scheme() == "https",
        is_fronted: practice.scheme() == "https" && !practice.config.speaks_tls(),
        redirects_http: practice.config.server.redirect_http,
        fronts: Fronts {
            trusted: practice.config.server.trusted_proxies.clone(),
            header: practice.config.server.forwarded_header,
        },
    };
    match look(practice).await {
        Ok(seen) => judge(&seen, &truth),
        Err(why) => vec![unknown(Subject::Front, why)],
    }
}

async fn look(practice: &Practice) -> Result<Seen, String> {
    let mut posted = Vec::new();
    for dialect in [Dialect::Cavage, Dialect::Rfc9421] {
        posted.push(post_signed(practice, dialect).await?);
    }
    let is_heard = posted.iter().all(|posted| matches!(posted.heard, Heard::Us(_)));
    let token = practice.token();
    let proof = token::proof(&practice.sealer, &token);
    let mut seen = Seen { posted, upgraded: None, proof, most: 0, refused: None };
    if is_heard {
        seen.upgraded = Some(upgrade(practice, &token).await?);
        for size in SIZES {
            match upload(practice, size).await? {
                None => {
                    seen.most = size;
                    break;
                }
                Some(why) => seen.refused = Some((size, why)),
            }
        }
    }
    Ok(seen)
}

async fn post_signed(practice: &Practice, dialect: Dialect) -> Result<Posted, String> {
    let token = practice.token();
    let mut url = practice.echo_url(&token).ok_or("the web domain can stand in no address")?;
    url.set_query(Some(QUERY));
    let mut sent = sign(practice, dialect, &url).await?;
    sent.extend([
        (header::CONTENT_TYPE, ACTIVITY_TYPE),
        (header::ACCEPT, ACTIVITY_TYPE),
        (header::AUTHORIZATION, HeaderValue::from_static("Bearer nobody")),
    ]);
    let body = Bytes::from_static(ACTIVITY);
    let answer = practice.prober.tell(Method::POST, &url, &sent, body, Duration::from_secs(15)).await;
    let heard = heard(&practice.sealer, &token, &url, answer);
    Ok(Posted { url, sent, heard })
}

/// As this server signs what it sends to others.
async fn sign(practice: &Practice, dialect: Dialect, url: &Url) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let Some(federation) = &practice.federation else { return Ok(unsigned(dialect)) };
    let key = federation.keys.signer(SERVER).await.map_err(|error| error.to_string())?;
    let (url, now) = (url.clone(), practice.clock.now());
    let signing = tokio::task::spawn_blocking(move || {
        signature::sign(dialect, &Method::POST, &url, Some(ACTIVITY), key.signer(), now)
    });
    signing.await.ok().flatten().ok_or_else(|| "signing a request failed".to_owned())
}

/// Without the database there is no key; what gets lost shows all the same.
fn unsigned(dialect: Dialect) -> Vec<(HeaderName, HeaderValue)> {
    let names: &[&'static str] = match dialect {
        Dialect::Cavage => &["signature", "digest"],
        Dialect::Rfc9421 => &["signature", "signature-input", "content-digest"],
    };
    let names = names.iter().map(|name| HeaderName::from_static(name));
    let mut all: Vec<_> = names.map(|name| (name, HeaderValue::from_static("doctor=:AAAA:"))).collect();
    all.push((header::DATE, HeaderValue::from_static("Thu, 01 Jan 2026 00:00:00 GMT")));
    all
}

async fn upgrade(practice: &Practice, token: &str) -> Result<Result<Upgraded, Failure>, String> {
    let path = format!("/api/v1/streaming/doctor/{token}");
    let url = practice.url(&practice.addresses.web_domain, &path).ok_or("the web domain can stand in no address")?;
    let key = HeaderValue::from_str(&STANDARD.encode(token.bytes().take(16).collect::<Vec<u8>>()))
        .map_err(|e| e.to_string())?;
    let headers = [
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
        (header::SEC_WEBSOCKET_KEY, key),
    ];
    Ok(practice.prober.upgrade(&url, &headers).await)
}

/// `None`: so many bytes come through; else what was said.
async fn upload(practice: &Practice, size: usize) -> Result<Option<String>, String> {
    let token = practice.token();
    let url = practice.echo_url(&token).ok_or("the web domain can stand in no address")?;
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))];
    // Pages of zeros that nobody has written to cost no memory.
    let body = Bytes::from(vec![0; size]);
    let answer = practice.prober.tell(Method::POST, &url, &headers, body, UPLOAD).await;
    Ok(match heard(&practice.sealer, &token, &url, answer) {
        Heard::Us(arrived) if arrived.body_bytes == size => None,
        Heard::Us(arrived) => Some(format!("only {} bytes arrive", arrived.body_bytes)),
        Heard::Other { status: 413, server } => Some(format!("{server} says that it is too large (HTTP 413)")),
        Heard::Other { status, server } => Some(format!("{server} answers with HTTP {status}")),
        Heard::Led(to) => Some(format!("it is led to {}", place(&to))),
        Heard::Nobody(why) => Some(why),
    })
}

fn judge(seen: &Seen, truth: &Truth) -> Vec<Finding> {
    let mut findings = Vec::new();
    for posted in &seen.posted {
        match &posted.heard {
            Heard::Us(arrived) => {
                for finding in compare(posted, arrived, truth) {
                    if !findings.iter().any(|known: &Finding| known.what == finding.what) {
                        findings.push(finding);
                    }
                }
            }
            // The same will be said of the next one.
            other => return vec![not_us(other, &posted.url, truth)],
        }
    }
    if let Some(upgraded) = &seen.upgraded {
        findings.extend(no_websocket(upgraded, &seen.proof));
    }
    if let Some((size, why)) = &seen.refused {
        findings.push(too_small(*size, why, seen.most));
    }
    if findings.is_empty() {
        findings.push(good(
            Subject::Front,
            format!(
                "What is sent to {} arrives unchanged: signed headers, WebSocket, bodies of {} MB",
                truth.goal,
                seen.most >> 20
            ),
        ));
    }
    findings
}

fn not_us(heard: &Heard, asked: &Url, truth: &Truth) -> Finding {
    let goal = &truth.goal;
    match heard {
        Heard::Led(to) if place(to) == place(asked) && to.path() == asked.path() => HTTPS_LOOP.cured(
            format!("{goal} leads from https to https again and again: this server takes those who come for plain http"),
            "The front must say \"X-Forwarded-Proto: https\" of those who come by https (`phiomia proxy config nginx` does), \
             or set server.redirect_http = false",
        ),
        Heard::Led(to) => LEADS_AWAY.cured(
            format!("{goal} leads to {}, so other servers' deliveries never arrive: they follow no redirect", place(to)),
            format!("Let {goal} pass everything on to this server, or set instance.web_domain to the domain that does"),
        ),
        Heard::Other { status, server } => OTHER_SERVER.cured(
            format!("{goal} is answered by {server} (HTTP {status}), and not by this server"),
            "Let it pass everything on to server.listen (`phiomia proxy config nginx` prints how), and see that this server \
             runs with the same data folder as this command",
        ),
        Heard::Nobody(why) => UNREACHABLE.cured(
            format!("{goal} cannot be reached: {why}"),
            "See what the subjects dns, ports and certificate say",
        ),
        Heard::Us(_) => unknown(Subject::Front, "nothing is wrong"),
    }
}

/// What was sent and what arrived.
fn compare(posted: &Posted, arrived: &Arrived, truth: &Truth) -> Vec<Finding> {
    let mut findings = Vec::new();
    if truth.asks_https && arrived.base.starts_with("http://") {
        findings.push(HTTP_ADDRESSES.cured(
            format!(
                "{} is reached by https, and this server writes {} into everything it publishes: ids never change \
                 afterwards, and other servers refuse them",
                truth.goal, arrived.base
            ),
            "Set instance.https = true and start the server anew, before anybody follows anybody",
        ));
    } else if arrived.base != truth.base {
        findings.push(OTHER_ADDRESSES.cured(
            format!("The server that runs says that it is {}, and its configuration says {}", arrived.base, truth.base),
            "Start the server anew, or give this command the same configuration",
        ));
    }
    let (mut lost, mut changed) = (Vec::new(), Vec::new());
    for (name, value) in &posted.sent {
        match arrived.header(name.as_str()) {
            None => lost.push(name.as_str()),
            Some(came) if came.as_bytes() != value.as_bytes() => changed.push(name.as_str()),
            Some(_) => {}
        }
    }
    if !lost.is_empty() {
        findings.push(HEADER_LOST.cured(
            format!("The front drops headers: {}. Signed requests of other servers are refused without them", lost.join(", ")),
            "Let it pass all headers on: `phiomia proxy config nginx` prints a front that does; in CloudFront choose the \
             origin request policy AllViewer",
        ));
    }
    if !changed.is_empty() {
        findings.push(HEADER_CHANGED.cured(
            format!(
                "The front writes headers anew: {}. Signatures of other servers do not hold then",
                changed.join(", ")
            ),
            "Let it pass these headers on as they are: `phiomia proxy config nginx` prints a front that does",
        ));
    }
    let host = place(&posted.url);
    let came = arrived.header("host").unwrap_or_default();
    if came != host {
        findings.push(HOST_CHANGED.cured(
            format!(
                "The front asks for {came:?} where {host:?} was asked for. This server goes by its own name, so signatures hold; \
                 what else stands on the way may not"
            ),
            "nginx: proxy_set_header Host $http_host; Apache: ProxyPreserveHost On; CloudFront: origin request policy AllViewer; \
             Amazon's API Gateway cannot, and nothing here depends on it",
        ));
    }
    let target = format!("{}?{}", posted.url.path(), posted.url.query().unwrap_or_default());
    if arrived.target.as_deref() != Some(&target) {
        findings.push(TARGET_CHANGED.cured(
            "The front changes addresses on the way (decodes, sorts or drops parts of them); they are signed, so signatures \
             do not hold",
            "nginx: no path after the address in proxy_pass; Apache: nocanon and AllowEncodedSlashes NoDecode; CloudFront: \
             pass all query strings on",
        ));
    }
    findings.extend(of_whom(arrived, truth));
    findings
}

/// What the front says of whoever comes to it.
fn of_whom(arrived: &Arrived, truth: &Truth) -> Vec<Finding> {
    let mut findings = Vec::new();
    let first = |name: &str| {
        let line = arrived.header(name)?;
        line.split(',').next().map(|word| word.trim().to_ascii_lowercase())
    };
    let proto = first("cloudfront-forwarded-proto").or_else(|| first("x-forwarded-proto"));
    if truth.asks_https && proto.as_deref() == Some("http") {
        let also = if truth.redirects_http { ", and server.redirect_http believes it" } else { "" };
        findings.push(PROTO.cured(
            format!("The front says of those who come by https that they come by plain http{also}"),
            "nginx: proxy_set_header X-Forwarded-Proto $scheme; where something before nginx ends TLS, pass its header on",
        ));
    }
    let near = arrived.near.as_deref().unwrap_or_default();
    let says = arrived.header("x-forwarded-for").or_else(|| arrived.header("forwarded"));
    let is_trusted = near.parse().is_ok_and(|near| truth.fronts.trusts(near));
    if says.is_some() && !is_trusted {
        findings.push(NOT_TRUSTED.cured(
            format!(
                "A front at {near} says for whom it asks and is not believed, so all strangers count as one: they share \
                 rate limits, and most of them get 429 or 503 when many come"
            ),
            format!("Set server.trusted_proxies = [\"{near}\"] (TRUSTED_PROXY_IP={near})"),
        ));
    } else if says.is_none() && truth.is_fronted {
        findings.push(CLIENT_UNSAID.cured(
            format!("The front at {near} does not say for whom it asks, so all strangers count as one"),
            "nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; and set server.trusted_proxies",
        ));
    }
    findings
}

fn no_websocket(upgraded: &Result<Upgraded, Failure>, proof: &str) -> Option<Finding> {
    let why = match upgraded {
        Ok(answer) if answer.status == StatusCode::SWITCHING_PROTOCOLS => {
            if answer.first == proof.as_bytes() {
                return None;
            }
            "the connection is upgraded, and what this server says does not come through".to_owned()
        }
        Ok(answer) if answer.status == StatusCode::UPGRADE_REQUIRED => {
            "the wish for it does not arrive (Upgrade and Connection)".to_owned()
        }
        Ok(answer) => format!("the wish for it is answered with HTTP {}", answer.status.as_u16()),
        Err(failure) => explained(failure),
    };
    Some(NO_WEBSOCKET.cured(
        format!("WebSocket does not come through the front, so apps hear of nothing at once: {why}"),
        "nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"; \
         Apache: ProxyPass … upgrade=websocket; or take `phiomia proxy config`",
    ))
}

fn too_small(size: usize, why: &str, most: usize) -> Finding {
    let until = match most {
        0 => "and nothing as large as an activity comes through".to_owned(),
        most => format!("up to {} MB come through", most >> 20),
    };
    BODY_LIMIT.cured(
        format!("Bodies of {} MB do not come through the front: {why}; {until}", size >> 20),
        "Films have up to 99 MB. nginx: client_max_body_size 110m; Apache: LimitRequestBody 115343360; where the limit is a \
         service's own, let uploads go around it",
    )
}
