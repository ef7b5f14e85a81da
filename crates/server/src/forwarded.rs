//! Who a request is from and how they came, as far as the fronts before this server say it and are believed.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use phiomia_api::peer::ClientAddr;

use crate::config::{ForwardedHeader, value::Cidr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// What the viewer spoke with CloudFront, whatever CloudFront speaks with those behind it.
/// Source: <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html>.
const CLOUDFRONT_PROTO: HeaderName = HeaderName::from_static("cloudfront-forwarded-proto");

/// Who is believed, and where they write it.
#[derive(Clone, Debug, Default)]
pub struct Fronts {
    /// Their addresses.
    pub trusted: Vec<Cidr>,
    /// The header that all of them write or complete. What a client sends in another one reaches us as it is.
    pub header: ForwardedHeader,
}

impl Fronts {
    /// Whether somebody at this address is believed.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|range| range.contains(address))
    }

    /// The client's address. From a trusted front: the rightmost address that is not one of the fronts, for everything to
    /// the left of it is what the client itself claims.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddr {
        ClientAddr(self.walk(peer, headers).0)
    }

    /// Whether the fronts say that the client came over plain http.
    pub(crate) fn is_plain(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        if !self.trusts(peer.to_canonical()) {
            return false;
        }
        let first = |name: &HeaderName| {
            let line = headers.get(name).and_then(|line| line.to_str().ok())?;
            line.split(',').next().map(|word| word.trim().to_ascii_lowercase())
        };
        let scheme = first(&CLOUDFRONT_PROTO).or_else(|| match self.header {
            ForwardedHeader::XForwardedFor => first(&X_FORWARDED_PROTO),
            ForwardedHeader::Forwarded => self.walk(peer, headers).1,
        });
        scheme.as_deref() == Some("http")
    }

    /// The client's address, and what the front nearest to the client says that it speaks.
    fn walk(&self, peer: IpAddr, headers: &HeaderMap) -> (IpAddr, Option<String>) {
        let mut nearest = (peer.to_canonical(), None);
        let mut hops = hops(headers, self.header).into_iter().rev();
        while self.trusts(nearest.0) {
            match hops.next() {
                Some(Hop { address: Some(address), scheme }) => nearest = (address, scheme),
                // Nothing more, or nothing one could believe: the last front that we know is all we know.
                Some(Hop { address: None, .. }) | None => break,
            }
        }
        nearest
    }
}

/// What one front wrote of whoever came to it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hop {
    address: Option<IpAddr>,
    scheme: Option<String>,
}

/// From the client to us.
fn hops(headers: &HeaderMap, header: ForwardedHeader) -> Vec<Hop> {
    let name = match header {
        ForwardedHeader::XForwardedFor => &X_FORWARDED_FOR,
        ForwardedHeader::Forwarded => &header::FORWARDED,
    };
    let lines = headers.get_all(name).iter().map(HeaderValue::to_str);
    let mut all = Vec::new();
    for line in lines {
        match (line, header) {
            // Something that is no text hides what is before it.
            (Err(_), _) => all.push(Hop::default()),
            (Ok(line), ForwardedHeader::XForwardedFor) => {
                all.extend(line.split(',').map(|text| Hop { address: address(text), scheme: None }));
            }
            (Ok(line), ForwardedHeader::Forwarded) => all.extend(split(line, ',').into_iter().map(element)),
        }
    }
    all
}

/// `for=192.0.2.60;proto=http;by=203.0.113.43`.
/// [RFC 7239, 4](https://www.rfc-editor.org/rfc/rfc7239#section-4)
fn element(text: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split(text, ';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
        match name.trim().to_ascii_lowercase().as_str() {
            // `unknown` and names that a front made up are no addresses.
            "for" => hop.address = address(value),
            "proto" => hop.scheme = Some(value.to_ascii_lowercase()),
            _ => {}
        }
    }
    hop
}

/// At a separator that is not within quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |c: char| {
        let is_end = c == separator && !is_quoted;
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        is_end
    })
    .collect()
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let plain = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = plain.parse::<IpAddr>().or_else(|_| text.parse().map(|a: std::net::SocketAddr| a.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn fronts(header: ForwardedHeader, trusted: &[&str]) -> Fronts {
        Fronts { trusted: trusted.iter().map(|range| range.parse().unwrap()).collect(), header }
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let lines: Vec<_> = forwarded.iter().map(|line| ("x-forwarded-for", *line)).collect();
        let fronts = fronts(ForwardedHeader::XForwardedFor, trusted);
        fronts.client(peer.parse().unwrap(), &headers(&lines)).0.to_string()
    }

    #[test]
    fn a_forwarded_address_is_believed_from_trusted_proxies_alone() {
        assert_eq!(client("198.51.100.9", &["203.0.113.1"], &[]), "198.51.100.9");
        assert_eq!(client("127.0.0.1", &["203.0.113.1"], &["10.0.0.0/8"]), "127.0.0.1");
        assert_eq!(client("10.0.0.2", &["203.0.113.1"], &["10.0.0.0/8"]), "203.0.113.1");
        // What the client wrote itself stands to the left of what the proxy saw.
        assert_eq!(client("10.0.0.2", &["1.2.3.4, 203.0.113.1, 10.0.0.3"], &["10.0.0.0/8"]), "203.0.113.1");
        assert_eq!(client("10.0.0.2", &["1.2.3.4", "203.0.113.1"], &["10.0.0.0/8"]), "203.0.113.1");
        assert_eq!(client("10.0.0.2", &["1.2.3.4, rubbish"], &["10.0.0.0/8"]), "10.0.0.2");
        assert_eq!(client("10.0.0.2", &["10.0.0.7, 10.0.0.3"], &["10.0.0.0/8"]), "10.0.0.7");
        assert_eq!(client("::ffff:10.0.0.2", &["[2001:db8::1]:4711"], &["10.0.0.0/8"]), "2001:db8::1");
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes_and_made_up_names() {
        let client = |lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
            let fronts = fronts(ForwardedHeader::Forwarded, &["10.0.0.0/8"]);
            fronts.client("10.0.0.2".parse().unwrap(), &headers(&lines)).0.to_string()
        };
        assert_eq!(client(&["for=192.0.2.60;proto=http;by=203.0.113.43"]), "192.0.2.60");
        assert_eq!(client(&["For=\"[2001:db8:cafe::17]:4711\""]), "2001:db8:cafe::17");
        assert_eq!(client(&["for=1.2.3.4, for=192.0.2.43", "for=\"10.0.0.3\""]), "192.0.2.43");
        // Separators within quotes are none: a client that writes them claims nothing.
        assert_eq!(client(&["for=1.2.3.4;host=\"a,for=5.6.7.8;\\\",\", for=192.0.2.43"]), "192.0.2.43");
        assert_eq!(client(&["for=192.0.2.43, for=unknown"]), "10.0.0.2");
        assert_eq!(client(&["for=_hidden"]), "10.0.0.2");
        assert_eq!(client(&[]), "10.0.0.2");
    }

    #[test]
    fn only_the_header_that_the_fronts_write_is_looked_at() {
        let both = headers(&[("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "2.2.2.2")]);
        let peer = "10.0.0.2".parse().unwrap();
        for (header, shown) in [(ForwardedHeader::Forwarded, "1.1.1.1"), (ForwardedHeader::XForwardedFor, "2.2.2.2")] {
            assert_eq!(fronts(header, &["10.0.0.0/8"]).client(peer, &both).0.to_string(), shown);
        }
    }

    #[test]
    fn the_viewer_counts_and_not_what_fronts_speak_with_each_other() {
        let plain = |header, peer: &str, lines: &[(&'static str, &str)]| {
            fronts(header, &["10.0.0.0/8"]).is_plain(peer.parse().unwrap(), &headers(lines))
        };
        use ForwardedHeader::{Forwarded, XForwardedFor};
        assert!(plain(XForwardedFor, "10.0.0.2", &[("x-forwarded-proto", "http")]));
        assert!(!plain(XForwardedFor, "10.0.0.2", &[("x-forwarded-proto", "https, http")]));
        assert!(!plain(XForwardedFor, "10.0.0.2", &[]));
        assert!(!plain(XForwardedFor, "198.51.100.9", &[("x-forwarded-proto", "http")]), "a stranger says it");
        let hidden = [("x-forwarded-proto", "http"), ("cloudfront-forwarded-proto", "https")];
        assert!(!plain(XForwardedFor, "10.0.0.2", &hidden));
        let inner = [("forwarded", "for=192.0.2.1;proto=https, for=10.0.0.9;proto=http")];
        assert!(!plain(Forwarded, "10.0.0.2", &inner));
        assert!(plain(Forwarded, "10.0.0.2", &[("forwarded", "for=192.0.2.1;proto=http")]));
    }
}
