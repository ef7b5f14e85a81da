//! The way from an address to an answer, redirect by redirect, and what goes wrong on it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use phiomia_federation::outbound::{Failure, Prober};
use url::Url;

/// Other servers follow no more.
const MOST_REDIRECTS: usize = 3;

/// One answer on the way.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Where it leads, if it does.
    pub(super) leads_to: Option<Url>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The last hop said this.
    Answered(Bytes),
    /// Somebody on the way does not answer.
    Failed(String),
    /// It leads back to where it was.
    Loop,
    /// It leads on and on.
    TooFar,
}

/// A way.
#[derive(Clone, Debug)]
pub(super) struct Trip {
    pub(super) asked: Url,
    pub(super) hops: Vec<Hop>,
    pub(super) end: End,
}

/// What went wrong on a way that should lead to this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Astray {
    Unreachable(String),
    Loop,
    TooFar,
    QueryDropped(Url),
    OtherHost(Url),
    PlainHttp(Url),
    NotFound { at: String },
    CachedNotFound { at: String, for_seconds: Option<u64> },
    Refused { at: String, status: u16 },
}

impl Hop {
    pub(super) fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The media type without its parameters.
    pub(super) fn media_type(&self) -> String {
        let value = self.header(&header::CONTENT_TYPE);
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether scripts of other sites may read it.
    pub(super) fn is_open(&self) -> bool {
        self.header(&header::ACCESS_CONTROL_ALLOW_ORIGIN) == "*"
    }

    /// Whether a cache gave the answer, and how old that is.
    fn kept_by_a_cache(&self) -> Option<Option<u64>> {
        let age = self.header(&header::AGE).parse::<u64>().ok().filter(|age| *age > 0);
        let words = ["x-cache", "cf-cache-status", "x-cached"];
        let words = words.map(|name| self.header(&HeaderName::from_static(name)).to_ascii_lowercase());
        let is_hit = words.iter().any(|word| word.starts_with("hit") || word.starts_with("error from cloudfront"));
        (is_hit || age.is_some()).then_some(age)
    }

    /// By which word `phiomia apex print` knows the program that answered.
    pub(super) fn program(&self) -> &'static str {
        let server = self.header(&header::SERVER).to_ascii_lowercase();
        let via = self.header(&header::VIA).to_ascii_lowercase();
        match server.as_str() {
            _ if via.contains("cloudfront") || server.contains("cloudfront") => "cloudfront",
            name if name.contains("amazons3") => "s3-terraform",
            name if name.contains("github") => "github-pages",
            name if name.contains("netlify") => "netlify",
            name if name.contains("cloudflare") => "cloudflare",
            name if name.contains("caddy") => "caddy",
            name if name.contains("apache") => "apache",
            _ => "nginx",
        }
    }
}

impl Trip {
    pub(super) fn last(&self) -> Option<&Hop> {
        self.hops.last()
    }

    pub(super) fn body(&self) -> &[u8] {
        match &self.end {
            End::Answered(body) => body,
            _ => &[],
        }
    }

    /// Whether the last answer is a good one.
    pub(super) fn arrived(&self) -> bool {
        matches!(self.end, End::Answered(_)) && self.last().is_some_and(|hop| (200..300).contains(&hop.status))
    }

    /// The program at the beginning of the way.
    pub(super) fn program(&self) -> &'static str {
        self.hops.first().map_or("nginx", Hop::program)
    }

    /// What is wrong with it, when `goal` (host and, unless it is the usual one, port) is where it should lead.
    pub(super) fn astray(&self, goal: &str) -> Option<Astray> {
        if let End::Failed(why) = &self.end {
            let to = self.hops.last().and_then(|hop| hop.leads_to.as_ref());
            return Some(match to {
                Some(to) if place(to) != goal => Astray::OtherHost(to.clone()),
                _ => Astray::Unreachable(why.clone()),
            });
        }
        for hop in &self.hops {
            let Some(to) = &hop.leads_to else { continue };
            let has_lost = |name: &str| {
                let value =
                    |url: &Url| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
                value(&hop.url).is_some_and(|before| value(to) != Some(before))
            };
            if has_lost("resource") {
                return Some(Astray::QueryDropped(to.clone()));
            }
            if hop.url.scheme() == "https" && to.scheme() == "http" && self.end != End::Loop {
                return Some(Astray::PlainHttp(to.clone()));
            }
        }
        match self.end {
            End::Loop => return Some(Astray::Loop),
            End::TooFar => return Some(Astray::TooFar),
            End::Answered(_) | End::Failed(_) => {}
        }
        let last = self.last()?;
        let at = place(&last.url);
        let is_astray = self.hops.len() > 1 && at != goal;
        match last.status {
            200..300 => None,
            _ if is_astray => Some(Astray::OtherHost(last.url.clone())),
            404 | 410 => Some(match last.kept_by_a_cache() {
                Some(for_seconds) => Astray::CachedNotFound { at, for_seconds },
                None => Astray::NotFound { at },
            }),
            status => Some(Astray::Refused { at, status }),
        }
    }
}

impl Astray {
    /// In a sentence that begins with `what`, as `/.well-known/webfinger of example.org`.
    pub(super) fn sentence(&self, what: &str) -> String {
        match self {
            Astray::Unreachable(why) => format!("{what} cannot be reached: {why}"),
            Astray::Loop => format!("{what} leads back to itself, and nobody ever gets an answer"),
            Astray::TooFar => format!("{what} leads on more than {MOST_REDIRECTS} times; other servers give up"),
            Astray::QueryDropped(to) => {
                format!("{what} leads to {to} and drops the question on the way, so nobody is found there")
            }
            Astray::OtherHost(to) => format!("{what} leads to {}, which is not this server", place(to)),
            Astray::PlainHttp(to) => format!("{what} leads to {to}, which is not https; other servers do not go there"),
            Astray::NotFound { at } => format!("{what} is answered with \"not found\" by {at}"),
            Astray::CachedNotFound { at, for_seconds } => {
                let age = for_seconds.map(|age| format!(", {age} s old")).unwrap_or_default();
                format!("{what} is answered with a \"not found\" that a cache before {at} has kept{age}")
            }
            Astray::Refused { at, status } => format!("{what} is refused by {at} (HTTP {status})"),
        }
    }
}

/// Host and, unless it is the scheme's own, port.
pub(super) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Goes from an address to wherever it leads.
pub(super) async fn follow(prober: &Prober, method: Method, url: &Url, accept: &'static str) -> Trip {
    let mut trip = Trip { asked: url.clone(), hops: Vec::new(), end: End::TooFar };
    let mut next = url.clone();
    // Browsers say where a script comes from, and caches and buckets answer CORS to nobody else.
    let headers = [
        (header::ACCEPT, HeaderValue::from_static(accept)),
        (header::ORIGIN, HeaderValue::from_static("https://web-client.example")),
    ];
    for _ in 0..=MOST_REDIRECTS {
        let answer = match prober.ask(method.clone(), &next, &headers).await {
            Ok(answer) => answer,
            Err(failure) => {
                trip.end = End::Failed(explained(&failure));
                return trip;
            }
        };
        let status = answer.status.as_u16();
        let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        let leads_to = location.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308));
        let leads_to = leads_to.and_then(|location| next.join(location).ok());
        trip.hops.push(Hop { url: next, status, headers: answer.headers, leads_to: leads_to.clone() });
        match leads_to {
            None => {
                trip.end = End::Answered(answer.body);
                return trip;
            }
            Some(to) if trip.hops.iter().any(|hop| hop.url == to) => {
                trip.end = End::Loop;
                return trip;
            }
            Some(to) => next = to,
        }
    }
    trip
}

/// Why there is no answer, in words for whoever has to mend it.
pub(super) fn explained(failure: &Failure) -> String {
    let text = failure.to_string();
    let lower = text.to_ascii_lowercase();
    if lower.contains("connection refused") {
        "nobody listens there (connection refused)".to_owned()
    } else if lower.contains("private network") || lower.contains("may be connected to") {
        format!("{text}; federation.allowed_private_addresses can open it")
    } else if matches!(failure, Failure::TimedOut) || lower.contains("timed out") {
        format!("no answer within {} s", Duration::from_secs(15).as_secs())
    } else {
        text
    }
}
