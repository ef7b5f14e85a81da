//! The certificates of both domains, as others see them: until when, for which names, with which others in between.

use phiomia_api::doctor::{Finding, Subject};
use phiomia_federation::outbound::{Distrust, Failure, Shown};
use phiomia_model::Time;

use super::{
    Practice,
    known::{good, known, unknown},
    trip::explained,
};
use crate::tls::x509::{self, Facts};

known! {
    NONE = Certificate Fault "certificate-none";
    EXPIRED = Certificate Fault "certificate-expired";
    NOT_YET = Certificate Fault "certificate-not-yet";
    OTHER_NAME = Certificate Fault "certificate-wrong-name";
    CHAIN = Certificate Fault "certificate-chain";
    UNTRUSTED = Certificate Fault "certificate-untrusted";
    SOON = Certificate Warning "certificate-expires-soon";
}

/// A certificate that has less than this part of its life left should have been renewed: they are at a third.
const SHORT_LIFE: u32 = 8;
const AUTHORITY: &str =
    "Order one from an authority that everybody knows: tls.acme = true does, and so do certbot and Caddy";

/// Who takes care of it.
#[derive(Clone, Copy)]
enum Keeper {
    /// This server orders it.
    Acme,
    /// This server reads it from a file.
    File,
    /// Something before this server.
    Front,
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let keeper = match &practice.config.tls {
        tls if tls.acme => Keeper::Acme,
        tls if tls.cert_file.is_some() => Keeper::File,
        _ => Keeper::Front,
    };
    let mut findings = Vec::new();
    for domain in practice.own_domains() {
        let Some(url) = practice.url(domain, "/") else { continue };
        if url.scheme() != "https" {
            findings.push(unknown(Subject::Certificate, format!("{domain} is asked by plain http")));
            continue;
        }
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        let shown = practice.prober.greet(host, port).await;
        let keeper = if domain == &practice.addresses.web_domain { keeper } else { Keeper::Front };
        findings.push(judge(&shown, domain, keeper, practice.clock.now()));
    }
    findings
}

fn judge(shown: &Result<Shown, Failure>, domain: &str, keeper: Keeper, now: Time) -> Finding {
    let shown = match shown {
        Ok(shown) => shown,
        Err(failure) => {
            return NONE.cured(format!("{domain} shows no certificate: {}", explained(failure)), renew(keeper));
        }
    };
    let Some(facts) = shown.chain.first().and_then(|der| x509::read(der)) else {
        return NONE.cured(format!("{domain} shows a certificate that does not read"), renew(keeper));
    };
    let day = |time: Time| time.to_iso_day();
    if facts.not_after < now {
        return EXPIRED.cured(
            format!("The certificate of {domain} has expired on {}: nobody can reach it", day(facts.not_after)),
            renew(keeper),
        );
    }
    if facts.not_before > now {
        return NOT_YET.cured(
            format!("The certificate of {domain} holds from {} only", day(facts.not_before)),
            "See whether the clock of this machine is right (timedatectl), else take the certificate from before",
        );
    }
    if let Some(why) = &shown.distrust {
        return distrusted(why, shown.chain.len(), &facts, domain, keeper);
    }
    let (life, left) = (facts.not_after.since(facts.not_before), facts.not_after.since(now));
    if left < life / SHORT_LIFE {
        return SOON.cured(
            format!("The certificate of {domain} expires on {} and was not renewed in time", day(facts.not_after)),
            renew(keeper),
        );
    }
    good(Subject::Certificate, format!("The certificate of {domain} holds until {}", day(facts.not_after)))
}

/// Why others hang up.
fn distrusted(why: &Distrust, n_shown: usize, facts: &Facts<'_>, domain: &str, keeper: Keeper) -> Finding {
    let by_itself = facts.issuer == facts.subject;
    match why {
        Distrust::OtherName => {
            let names = if facts.names.is_empty() { "other names".to_owned() } else { facts.names.join(", ") };
            OTHER_NAME.cured(
                format!("The certificate of {domain} is for {names}"),
                format!("Order one that names {domain}. {}", renew(keeper)),
            )
        }
        Distrust::UnknownIssuer | Distrust::Other(_) if by_itself => UNTRUSTED
            .cured(format!("The certificate of {domain} is signed by itself: other servers hang up"), AUTHORITY),
        Distrust::UnknownIssuer if n_shown == 1 => CHAIN.cured(
            format!(
                "{domain} shows its certificate without the ones in between: browsers know them, other servers do not"
            ),
            "Use the file with the whole chain (certbot: fullchain.pem and not cert.pem)",
        ),
        Distrust::UnknownIssuer => UNTRUSTED.cured(
            format!("The certificate of {domain} is signed by an authority that others do not know: they hang up"),
            AUTHORITY,
        ),
        Distrust::Expired => {
            EXPIRED.cured(format!("A certificate between {domain} and its authority has expired"), renew(keeper))
        }
        Distrust::NotYetValid => {
            NOT_YET.cured(format!("A certificate between {domain} and its authority does not hold yet"), renew(keeper))
        }
        Distrust::Other(why) => {
            UNTRUSTED.cured(format!("Other servers do not believe the certificate of {domain}: {why}"), renew(keeper))
        }
    }
}

const fn renew(keeper: Keeper) -> &'static str {
    match keeper {
        Keeper::Acme => "`phiomia tls status` says why none came, `phiomia tls renew` orders one now",
        Keeper::File => "Renew the file that tls.cert_file names; it is read anew by itself",
        Keeper::Front => {
            "Renew it where TLS ends and reload that program (`certbot renew && systemctl reload nginx`), or let this server \
             do it: tls.acme = true"
        }
    }
}
