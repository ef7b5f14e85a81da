//! Ports 443, where everybody comes, and 80, where those come who leave out the scheme.

use http::{Method, header};
use phiomia_api::doctor::{Finding, Subject};
use phiomia_federation::outbound::{Answer, Failure};
use url::Url;

use super::{
    Practice,
    known::{good, known, unknown},
    trip::explained,
};

known! {
    HTTPS_CLOSED = Ports Fault "ports-https-closed";
    HTTP_CLOSED = Ports Warning "ports-http-closed";
    HTTP_SERVES = Ports Warning "ports-http-serves";
}

/// What was seen.
struct Seen {
    https: Option<Failure>,
    http: Result<Answer, Failure>,
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let domain = &practice.addresses.web_domain;
    let (Some(https), Ok(http)) = (practice.url(domain, "/livez"), Url::parse(&format!("http://{domain}/livez")))
    else {
        return Vec::new();
    };
    if https.port().is_some() || https.scheme() != "https" {
        let what = format!("{domain} is not at the usual ports, so only those who are told find it");
        return vec![unknown(Subject::Ports, what)];
    }
    let (https, http) = tokio::join!(
        practice.prober.greet(https.host_str().unwrap_or_default(), 443),
        practice.prober.ask(Method::GET, &http, &[])
    );
    judge(&Seen { https: https.err(), http }, domain)
}

fn judge(seen: &Seen, domain: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(failure) = &seen.https {
        findings.push(HTTPS_CLOSED.cured(
            format!("{domain} does not speak https at port 443: {}", explained(failure)),
            "Start the front or this server, and open port 443 in every firewall (nft, ufw, the provider's security group)",
        ));
    }
    match &seen.http {
        Err(failure) => findings.push(HTTP_CLOSED.cured(
            format!("{domain} does not answer at port 80: {}", explained(failure)),
            "Open port 80: whoever types the name alone comes there first, and authorities for certificates do (http-01)",
        )),
        Ok(answer) => {
            let to = answer.headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
            if !to.starts_with("https://") {
                findings.push(HTTP_SERVES.cured(
                    format!("{domain} answers at port 80 (HTTP {}) and does not lead to https", answer.status.as_u16()),
                    "Lead everybody to https there: `phiomia proxy config nginx` prints how; where the front cannot, set \
                     server.redirect_http = true",
                ));
            }
        }
    }
    if findings.is_empty() {
        findings.push(good(Subject::Ports, format!("{domain} speaks https, and leads there from http")));
    }
    findings
}
