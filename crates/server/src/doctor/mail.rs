//! Mail: a conversation with the SMTP server up to where a mail would be taken, and what the DNS says of who may send for
//! our domain.

use phiomia_api::doctor::{Finding, Subject};
use phiomia_federation::outbound::{Record, RecordKind, name_servers};

use super::{
    Practice,
    known::{good, known, unknown},
};
use crate::mail::{
    self,
    probe::{Talked, talk},
};

known! {
    UNSET = Mail Warning "mail-unset";
    SETTINGS = Mail Fault "mail-settings";
    NO_ANSWER = Mail Fault "mail-no-answer";
    NOT_ENCRYPTED = Mail Fault "mail-not-encrypted";
    NOT_SIGNED_IN = Mail Fault "mail-not-signed-in";
    SENDER_REFUSED = Mail Fault "mail-sender-refused";
    RECIPIENT_REFUSED = Mail Fault "mail-recipient-refused";
    READABLE = Mail Warning "mail-readable";
    NO_SPF = Mail Warning "mail-no-spf";
    SEVERAL_SPF = Mail Fault "mail-several-spf";
    NOBODY_SPF = Mail Fault "mail-spf-nobody";
    ANYBODY_SPF = Mail Warning "mail-spf-anybody";
    NO_DKIM = Mail Warning "mail-no-dkim";
    NO_DMARC = Mail Warning "mail-no-dmarc";
}

/// What was seen.
struct Seen {
    server: String,
    domain: String,
    talked: Talked,
    /// With a password to sign in with.
    has_password: bool,
    /// `None`: the domain is in no DNS.
    records: Option<Records>,
}

/// Texts at the domain and below it, or why nobody knows.
struct Records {
    spf: Result<Vec<String>, String>,
    dmarc: Result<Vec<String>, String>,
    /// The names under which a key is.
    dkim: Result<Vec<String>, String>,
}

/// Looks and judges.
pub(super) async fn examine(practice: &Practice) -> Vec<Finding> {
    let (said, addresses) = (&practice.config.smtp, &practice.addresses);
    let recipient = practice.owner().await.map(|owner| owner.email).filter(|email| !email.is_empty());
    let talked = match talk(said, addresses, recipient.as_deref()).await {
        Ok(Some(talked)) => talked,
        Ok(None) => return vec![unset(practice.n_people().await)],
        Err(why) => return vec![SETTINGS.cured(why, "Correct that setting (docs/config.md)")],
    };
    let domain = match mail::sender_domain(said, addresses) {
        Ok(domain) => domain,
        Err(why) => return vec![SETTINGS.cured(why, "Correct that setting (docs/config.md)")],
    };
    let is_in_dns = domain.contains('.') && domain.parse::<std::net::IpAddr>().is_err();
    let records = if is_in_dns { Some(records(practice, &domain).await) } else { None };
    judge(&Seen {
        server: format!("{}:{}", said.server.as_deref().unwrap_or_default(), said.port),
        domain,
        talked,
        has_password: said.password.is_some(),
        records,
    })
}

fn unset(n_people: usize) -> Finding {
    let what = "No SMTP server is set, so nobody gets a mail that confirms an address or sets a new password";
    match n_people {
        0 | 1 => good(Subject::Mail, format!("{what}; for one person `phiomia account owner-link` does")),
        _ => UNSET.cured(what, "Set smtp.server, smtp.login, smtp.password and smtp.from_address (docs/config.md)"),
    }
}

async fn records(practice: &Practice, domain: &str) -> Records {
    let servers = match practice.questions.name_server {
        Some(server) => vec![server],
        None => name_servers(),
    };
    let texts = async |name: String| {
        let found = practice.prober.records(&servers, &name, RecordKind::Txt).await?;
        let texts = found.into_iter().filter_map(|record| match record {
            Record::Text(text) => Some(text),
            Record::Address(_) | Record::Name(_) => None,
        });
        Ok::<Vec<String>, String>(texts.collect())
    };
    let starting = |texts: Vec<String>, start: &str| {
        texts.into_iter().filter(|text| text.to_ascii_lowercase().starts_with(start)).collect::<Vec<String>>()
    };
    let spf = texts(domain.to_owned()).await.map(|all| starting(all, "v=spf1"));
    // What one question is not answered to, others are not either.
    let dmarc = match &spf {
        Ok(_) => texts(format!("_dmarc.{domain}")).await.map(|all| starting(all, "v=dmarc1")),
        Err(why) => Err(why.clone()),
    };
    let mut dkim = dmarc.as_ref().map(|_| Vec::new()).map_err(Clone::clone);
    for selector in &practice.config.doctor.dkim_selectors {
        let Ok(found) = &mut dkim else { break };
        match texts(format!("{selector}._domainkey.{domain}")).await {
            Ok(all) if all.iter().any(|text| text.contains("p=")) => found.push(selector.clone()),
            Ok(_) => {}
            Err(why) => dkim = Err(why),
        }
    }
    Records { spf, dmarc, dkim }
}

fn judge(seen: &Seen) -> Vec<Finding> {
    let Seen { server, domain, .. } = seen;
    let mut findings = Vec::new();
    match &seen.talked {
        Talked::ToTheEnd { is_encrypted } => {
            findings.push(good(Subject::Mail, format!("{server} would take a mail from {domain}")));
            if !is_encrypted && seen.has_password {
                findings.push(READABLE.cured(
                    format!("Name and password go to {server} readable for everybody on the way"),
                    "Set smtp.starttls = \"always\", or smtp.tls = true and port 465",
                ));
            }
        }
        Talked::NoAnswer(why) => findings.push(NO_ANSWER.cured(
            format!("{server} does not answer: {why}"),
            "See smtp.server and smtp.port. Many providers close port 25 for outgoing mail: take 587, or 465 with smtp.tls = true",
        )),
        Talked::NotEncrypted(why) => findings.push(NOT_ENCRYPTED.cured(
            format!("The conversation with {server} does not become encrypted: {why}"),
            "With port 465 set smtp.tls = true; with 587 smtp.starttls. For an authority of your own: smtp.ca_file",
        )),
        Talked::NotSignedIn(why) => findings.push(NOT_SIGNED_IN.cured(
            format!("{server} does not take name and password: {why}"),
            "See smtp.login, smtp.password and smtp.auth_method (for SES these are SMTP credentials, and not an access key)",
        )),
        Talked::SenderRefused(why) => findings.push(SENDER_REFUSED.cured(
            format!("{server} takes no mail from {domain}: {why}"),
            "Set smtp.from_address to an address that this service has verified",
        )),
        Talked::RecipientRefused(why) => findings.push(RECIPIENT_REFUSED.cured(
            format!("{server} would not pass a mail on: {why}"),
            "Sign in there (smtp.login), or let it relay for this machine; SES: leave the sandbox",
        )),
    }
    if let Some(records) = &seen.records {
        findings.extend(of_records(records, domain));
    }
    findings
}

fn of_records(records: &Records, domain: &str) -> Vec<Finding> {
    let (spf, dmarc, dkim) = match (&records.spf, &records.dmarc, &records.dkim) {
        (Ok(spf), Ok(dmarc), Ok(dkim)) => (spf, dmarc, dkim),
        (Err(why), _, _) | (_, Err(why), _) | (_, _, Err(why)) => {
            return vec![unknown(
                Subject::Mail,
                format!("What the DNS says of mail from {domain} is not known: {why}"),
            )];
        }
    };
    let mut findings = Vec::new();
    match spf.as_slice() {
        [] => findings.push(NO_SPF.cured(
            format!("{domain} has no SPF record, so mails from it may be taken for forged"),
            format!("{domain} TXT \"v=spf1 include:NAME-OF-YOUR-MAIL-SERVICE ~all\""),
        )),
        [one] => findings.extend(of_spf(one, domain)),
        several => findings.push(SEVERAL_SPF.cured(
            format!("{domain} has {} SPF records, and with more than one none of them holds", several.len()),
            "Put them into one: v=spf1 include:… include:… ~all",
        )),
    }
    if dkim.is_empty() {
        findings.push(NO_DKIM.cured(
            format!("No key that signs mail was found below _domainkey.{domain}"),
            "Let the mail service sign (DKIM) and publish its key; if it is there under another name, say it in \
             doctor.dkim_selectors",
        ));
    }
    if dmarc.is_empty() {
        findings.push(NO_DMARC.cured(
            format!("{domain} has no DMARC record; large mail services ask for one"),
            format!("_dmarc.{domain} TXT \"v=DMARC1; p=none\""),
        ));
    }
    findings
}

fn of_spf(record: &str, domain: &str) -> Option<Finding> {
    let words: Vec<String> = record.split_whitespace().skip(1).map(str::to_ascii_lowercase).collect();
    let allows =
        |word: &String| !word.starts_with(['-', '~', '?']) && !word.ends_with("all") && !word.starts_with("exp=");
    if words.iter().any(|word| word == "+all" || word == "all") {
        return Some(ANYBODY_SPF.cured(
            format!("The SPF record of {domain} lets everybody send in its name: {record}"),
            "End it with ~all or -all",
        ));
    }
    (!words.iter().any(allows)).then(|| {
        NOBODY_SPF.cured(
            format!("The SPF record of {domain} lets nobody send in its name: {record}"),
            format!("{domain} TXT \"v=spf1 include:NAME-OF-YOUR-MAIL-SERVICE ~all\""),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(spf: &[&str], dmarc: &[&str], dkim: &[&str]) -> Vec<String> {
        let texts = |all: &[&str]| Ok(all.iter().map(|text| (*text).to_owned()).collect());
        let records = Records { spf: texts(spf), dmarc: texts(dmarc), dkim: texts(dkim) };
        of_records(&records, "example.org").into_iter().map(|finding| finding.name).collect()
    }

    #[test]
    fn what_the_dns_says_of_mail_is_judged_by_itself() {
        let (dmarc, dkim) = (["v=DMARC1; p=none"], ["s1"]);
        assert!(names(&["v=spf1 include:amazonses.com ~all"], &dmarc, &dkim).is_empty());
        assert!(names(&["v=spf1 redirect=_spf.example.net"], &dmarc, &dkim).is_empty());
        assert_eq!(names(&["v=spf1 mx ~all", "v=spf1 a -all"], &dmarc, &dkim), ["mail-several-spf"]);
        assert_eq!(names(&["v=spf1 -all"], &dmarc, &dkim), ["mail-spf-nobody"]);
        assert_eq!(names(&["v=spf1 mx +all"], &dmarc, &dkim), ["mail-spf-anybody"]);
        assert_eq!(names(&[], &[], &[]), ["mail-no-spf", "mail-no-dkim", "mail-no-dmarc"]);
    }

    #[test]
    fn without_mail_one_person_is_well_and_two_are_not() {
        assert_eq!((unset(1).name.as_str(), unset(2).name.as_str()), ("mail-good", "mail-unset"));
    }
}
