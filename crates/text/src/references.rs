//! What a raw text refers to.

use std::collections::HashSet;

use phiomia_model::{Handle, limits::LIMITS};

use crate::scan::{Entity, entities};
use crate::tag::tag_key;

/// People, tags and addresses in a text, each in order of first appearance, without doubles, at most
/// `LIMITS.references` of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// The name as typed; the domain in lower case and ASCII (`xn--…`), `None` for people here.
    pub mentions: Vec<Handle>,
    /// As typed, without `#`. Two spellings with one [`tag_key`] are one tag; the first spelling stays.
    pub tags: Vec<String>,
    /// As typed. Web addresses only.
    pub links: Vec<String>,
}

/// Reads what `text` refers to. `own_domains`: domains that mean this server.
#[must_use]
pub fn references(text: &str, own_domains: &[&str]) -> References {
    let mut found = References::default();
    let (mut people, mut tags, mut links) = (HashSet::new(), HashSet::new(), HashSet::new());
    for entity in entities(text) {
        match entity {
            Entity::Mention { username, domain } => {
                let handle = handle(username, domain, own_domains);
                if found.mentions.len() < LIMITS.references && people.insert((handle.key(), handle.domain.clone())) {
                    found.mentions.push(handle);
                }
            }
            Entity::Tag(name) => {
                if found.tags.len() < LIMITS.references && tags.insert(tag_key(name)) {
                    found.tags.push(name.to_owned());
                }
            }
            Entity::Link(url) => {
                if found.links.len() < LIMITS.references && links.insert(url) {
                    found.links.push(url.to_owned());
                }
            }
            Entity::OtherLink(_) => {}
        }
    }
    found
}

/// A handle in the form in which handles are compared.
pub(crate) fn handle(username: &str, domain: Option<&str>, own_domains: &[&str]) -> Handle {
    let domain = domain.map(ascii_domain);
    let is_ours = |d: &String| own_domains.iter().any(|own| ascii_domain(own) == *d);
    Handle { username: username.to_owned(), domain: domain.filter(|d| !is_ours(d)) }
}

/// A domain as it is kept and compared: lower case, in the letters of DNS, a port kept. `None` for what is no domain.
#[must_use]
pub fn domain_name(text: &str) -> Option<String> {
    let name = ascii_domain(text.trim().trim_end_matches('.'));
    let (host, port) = name.split_once(':').map_or((name.as_str(), None), |(host, port)| (host, Some(port)));
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let is_name = host.len() <= 253 && host.split('.').all(is_label);
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    (is_name && is_port).then_some(name)
}

/// Lower case and punycode, a port kept. What cannot be converted stays, in lower case.
fn ascii_domain(domain: &str) -> String {
    let (host, port) = match domain.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (domain, None),
    };
    let host = idna::domain_to_ascii(host).ok().filter(|h| !h.is_empty()).unwrap_or_else(|| host.to_lowercase());
    match port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(text: &str) -> Vec<String> {
        references(text, &["here.example", "localhost:3912", "www.here.example"])
            .mentions
            .iter()
            .map(ToString::to_string)
            .collect()
    }
    fn tags(text: &str) -> Vec<String> {
        references(text, &[]).tags
    }
    fn links(text: &str) -> Vec<String> {
        references(text, &[]).links
    }

    #[test]
    fn mentions_are_found_where_mastodon_finds_them() {
        let cases: [(&str, &[&str]); 22] = [
            ("@alice", &["alice"]),
            ("hi @alice, you", &["alice"]),
            ("(@alice)", &["alice"]),
            ("@alice.", &["alice"]),
            ("@alice@There.Example!", &["alice@there.example"]),
            ("@a.b-c@x.y", &["a.b-c@x.y"]),
            ("@alice@here.example", &["alice"]),
            ("@alice@WWW.here.example @alice", &["alice"]),
            ("@alice@localhost:3912 hi", &["alice"]),
            ("@alice@x.example:30 o'clock", &["alice@x.example"]),
            ("@bob@bücher.example", &["bob@xn--bcher-kva.example"]),
            ("me@alice.example", &[]),
            ("/@alice", &[]),
            ("u=@alice", &[]),
            ("ä@alice", &[]),
            ("@noël", &[]),
            ("@alice@", &[]),
            ("@@alice", &["alice"]),
            ("@alice://x", &[]),
            ("https://a.de/@alice", &[]),
            ("。@alice", &["alice"]),
            ("@Alice @alice", &["Alice"]),
        ];
        for (text, expected) in cases {
            assert_eq!(mentions(text), expected, "{text}");
        }
    }

    #[test]
    fn a_domain_is_known_in_every_form_people_type() {
        for text in ["Example.ORG", " example.org ", "example.org."] {
            assert_eq!(domain_name(text).as_deref(), Some("example.org"), "{text:?}");
        }
        assert_eq!(domain_name("münchen.example").as_deref(), Some("xn--mnchen-3ya.example"));
        assert_eq!(domain_name("localhost:3000").as_deref(), Some("localhost:3000"));
        for bad in ["", "a b.example", "https://example.org", "a..b", "example.org/path", "example.org:port", "%"] {
            assert_eq!(domain_name(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_endless_domain_is_no_mention() {
        assert_eq!(mentions(&format!("@a@{}", "x".repeat(254))), Vec::<String>::new());
        assert_eq!(mentions(&format!("@a@{}", "x".repeat(63))).len(), 1);
    }

    #[test]
    fn tags_are_found_at_the_start_of_a_line_or_after_a_space() {
        let cases: [(&str, &[&str]); 17] = [
            ("#foo", &["foo"]),
            ("a #Foo b", &["Foo"]),
            ("a\n#foo", &["foo"]),
            ("#foo #bar", &["foo", "bar"]),
            ("#foo,#bar", &["foo"]),
            ("a#foo", &[]),
            ("/#foo", &[]),
            (")#foo", &[]),
            ("##foo", &[]),
            ("#123", &[]),
            ("#1a", &["1a"]),
            ("#a·b", &["a·b"]),
            ("＃日本", &["日本"]),
            ("#foo's", &["foo"]),
            ("https://a.de/#foo", &[]),
            ("#Café #cafe", &["Café"]),
            ("#taghttps://a.de", &["tag"]),
        ];
        for (text, expected) in cases {
            assert_eq!(tags(text), expected, "{text}");
        }
    }

    #[test]
    fn links_end_where_a_reader_would_end_them() {
        let cases: [(&str, &[&str]); 37] = [
            ("http://google.com", &["http://google.com"]),
            ("HTTPS://Google.COM/A", &["HTTPS://Google.COM/A"]),
            ("http://example.gay", &["http://example.gay"]),
            ("https://nic.みんな/", &["https://nic.みんな/"]),
            ("https://a.xn--p1ai/x", &["https://a.xn--p1ai/x"]),
            ("http://a.com/b. ", &["http://a.com/b"]),
            ("(http://google.com/)", &["http://google.com/"]),
            ("http://www.google.com!", &["http://www.google.com"]),
            ("http://www.google.com'", &["http://www.google.com"]),
            ("http://www.google.com>", &["http://www.google.com"]),
            ("\"https://a.com/\"", &["https://a.com/"]),
            ("<https://a.com/>", &["https://a.com/"]),
            ("https://a.com/s?utf8=✓&q=a", &["https://a.com/s?utf8=✓&q=a"]),
            ("https://a.com/s?utf8=%E2%9C%93.", &["https://a.com/s?utf8=%E2%9C%93"]),
            (
                "https://en.wikipedia.org/wiki/Diaspora_(software)",
                &["https://en.wikipedia.org/wiki/Diaspora_(software)"],
            ),
            ("(see https://a.org/b_(c_(d)))", &["https://a.org/b_(c_(d))"]),
            ("https://a.org/b(", &["https://a.org/b"]),
            ("https://a.org/()", &["https://a.org/"]),
            ("https://ja.wikipedia.org/wiki/日本", &["https://ja.wikipedia.org/wiki/日本"]),
            ("https://a.com/　abc", &["https://a.com/"]),
            ("「[https://example.org/」", &["https://example.org/"]),
            ("http://a.com/b<del>b</del>", &["http://a.com/b"]),
            ("http://www\\.google\\.com", &[]),
            ("日本https://a.com日本", &["https://a.com"]),
            ("https://a.com:8080/x", &["https://a.com:8080/x"]),
            ("https://a.com: x", &["https://a.com"]),
            ("https://a.com#x", &["https://a.com"]),
            ("https://a.com/#x", &["https://a.com/#x"]),
            ("https://a.com?", &["https://a.com"]),
            ("https://a.co.uk/", &["https://a.co.uk/"]),
            ("http://localhost/", &[]),
            ("http://127.0.0.1/", &[]),
            ("a.com", &[]),
            ("www.a.com", &[]),
            ("xhttp://a.com", &[]),
            ("https://u:p@a.com", &[]),
            ("https://a.com https://a.com", &["https://a.com"]),
        ];
        for (text, expected) in cases {
            assert_eq!(links(text), expected, "{text}");
        }
    }

    #[test]
    fn a_link_without_end_stays_text() {
        assert_eq!(links(&format!("https://a.com/{}", "x".repeat(5_000))), Vec::<String>::new());
        assert_eq!(links(&format!("https://{}com", "a.".repeat(200))), Vec::<String>::new());
    }

    #[test]
    fn a_flood_of_references_is_cut() {
        let flood: String = (0..500).map(|n| format!("@a{n} #t{n} https://a.com/{n} ")).collect();
        let found = references(&flood, &[]);
        assert_eq!((found.mentions.len(), found.tags.len(), found.links.len()), (100, 100, 100));
    }
}
