//! Why there is no certificate, in words: which challenge for which domain did not arrive, and what to look at.

use std::fmt;

use instant_acme::{Error, Problem};

use super::Kind;

/// Why there is no certificate.
#[derive(Debug)]
pub(super) struct Why {
    /// A sentence for the order as a whole.
    sentence: Option<String>,
    /// One for each domain: its name, and what happened.
    names: Vec<(String, String)>,
    /// The authority says that it was asked too often.
    pub(super) is_too_often: bool,
    /// It does not know this server any more.
    pub(super) is_unknown_account: bool,
}

impl Why {
    /// One sentence.
    pub(super) fn plain(sentence: impl Into<String>) -> Why {
        Why { sentence: Some(sentence.into()), names: Vec::new(), is_too_often: false, is_unknown_account: false }
    }

    /// About one domain.
    pub(super) fn of_name(name: &str, sentence: String) -> Why {
        Why { sentence: None, names: vec![(name.to_owned(), sentence)], ..Why::plain("") }
    }

    /// One after the other, of several domains or several tries.
    pub(super) fn and(mut self, other: Why) -> Why {
        self.sentence = match (self.sentence, other.sentence) {
            (Some(one), Some(two)) => Some(format!("{one}; {two}")),
            (one, two) => one.or(two),
        };
        self.names.extend(other.names);
        self.is_too_often |= other.is_too_often;
        self.is_unknown_account |= other.is_unknown_account;
        self
    }

    /// The domains that stand in the way; none when it is something else.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }

    /// What the authority refused, while `doing` something.
    pub(super) fn of(doing: &str, error: &Error) -> Why {
        match error {
            Error::Api(problem) => Why::of_problem(doing, problem),
            Error::Json(_) => Why::plain(format!("{doing}: the answer is none of an ACME server")),
            Error::Timeout(_) => Why::plain(format!("{doing}: the authority did not come to an end in time")),
            other => Why::plain(format!("{doing}: {other}")),
        }
    }

    fn of_problem(doing: &str, problem: &Problem) -> Why {
        let kind = kind(problem.r#type.as_deref());
        let detail = problem.detail.as_deref().unwrap_or(kind);
        let advice = match kind {
            "externalAccountRequired" => {
                " (set tls.acme_eab_key_id and tls.acme_eab_key to what the authority gave you)"
            }
            "rateLimited" => " (the authority was asked too often: it says for how long it wants to be left alone)",
            "invalidContact" | "unsupportedContact" => " (look at tls.acme_email)",
            _ => "",
        };
        let of_names = problem.subproblems.iter().filter_map(|part| {
            let name = part.identifier.as_ref()?.authorized(false).to_string();
            Some((name, part.detail.clone().unwrap_or_else(|| self::kind(part.r#type.as_deref()).to_owned())))
        });
        Why {
            sentence: Some(format!("{doing}: {detail}{advice}")),
            names: of_names.collect(),
            is_too_often: kind == "rateLimited",
            is_unknown_account: kind == "accountDoesNotExist",
        }
    }

    /// What the authority found instead of the answer to a challenge.
    pub(super) fn of_challenge(challenge: Kind, name: &str, problem: &Problem) -> Why {
        let word = kind(problem.r#type.as_deref());
        let detail = problem.detail.as_deref().unwrap_or(word);
        let advice = match (word, challenge) {
            ("connection", Kind::TlsAlpn01) => {
                format!("port 443 of {name} must be reached from everywhere: look at its addresses and at firewalls")
            }
            ("connection", Kind::Http01) => {
                format!("port 80 of {name} must be reached from everywhere: look at its addresses and at firewalls")
            }
            ("dns", Kind::TlsAlpn01 | Kind::Http01) => {
                format!("{name} needs an address record (A, AAAA) that leads to this server")
            }
            ("dns" | "unauthorized" | "incorrectResponse", Kind::Dns01) => {
                format!(
                    "the record at _acme-challenge.{name} is not there or another one: look at tls.acme_dns_hook, or at dns.provider"
                )
            }
            ("unauthorized" | "incorrectResponse" | "tls", Kind::TlsAlpn01) => {
                format!("something else than this server answers at port 443 of {name}")
            }
            ("unauthorized" | "incorrectResponse", Kind::Http01) => {
                format!("something else than this server answers at port 80 of {name}")
            }
            ("caa", _) => format!("a CAA record of {name} forbids this authority"),
            _ => return Why::of_name(name, format!("{} for {name}: {detail}", challenge.word())),
        };
        Why::of_name(name, format!("{} for {name} did not arrive: {detail} ({advice})", challenge.word()))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.sentence.iter().chain(self.names.iter().map(|(_, sentence)| sentence));
        f.write_str(&parts.map(|part| part.trim_end_matches('.')).collect::<Vec<_>>().join("; "))
    }
}

/// The last word of `urn:ietf:params:acme:error:connection`.
/// Source: <https://www.rfc-editor.org/rfc/rfc8555#section-6.7>.
fn kind(urn: Option<&str>) -> &str {
    urn.and_then(|urn| urn.rsplit(':').next()).unwrap_or("an error without a name")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn problem(json: &str) -> Problem {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_did_not_arrive_is_said_with_its_domain_and_what_to_look_at() {
        let said = problem(r#"{"type":"urn:ietf:params:acme:error:connection","detail":"Connection refused"}"#);
        let text = Why::of_challenge(Kind::TlsAlpn01, "a.example", &said).to_string();
        assert!(text.starts_with("tls-alpn-01 for a.example did not arrive: Connection refused"), "{text}");
        assert!(text.contains("port 443 of a.example"), "{text}");
        let text = Why::of_challenge(Kind::Http01, "a.example", &said).to_string();
        assert!(text.contains("port 80 of a.example"), "{text}");
    }

    #[test]
    fn a_refused_order_names_the_domains_that_stand_in_the_way() {
        let said = problem(
            r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"no",
                "subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"on a list",
                "identifier":{"type":"dns","value":"bad.example"}}]}"#,
        );
        let why = Why::of("ordering", &Error::Api(said));
        assert_eq!(why.names().collect::<Vec<_>>(), ["bad.example"]);
        assert_eq!(why.to_string(), "ordering: no; on a list");
    }

    #[test]
    fn who_asked_too_often_waits_longer() {
        let said = problem(r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"retry after noon"}"#);
        assert!(Why::of("ordering", &Error::Api(said)).is_too_often);
    }
}
