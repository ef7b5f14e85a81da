//! The only HTTP client of the house. It resolves names itself, connects to exactly the address it has checked, follows
//! redirects by hand with all checks repeated, and reads no more than it may.

mod guard;
mod lookup;
mod mail;
mod names;
mod probe;
mod tls;

use std::{
    error::Error as StdError,
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use phiomia_activitypub::bounds;
use phiomia_model::{Addresses, Cidr, Fault, Time};
use reqwest::{Client, ClientBuilder, redirect};
use rustls::ClientConfig;
use tokio::sync::Semaphore;
use url::{Host, Url};

use guard::Guard;
use lookup::{DNS_TIMEOUT, Names, NoNames, Resolver};

pub use guard::is_global;
pub use names::{Algorithm, Change, Held, Primary, Record, RecordKind, TsigKey, Unchanged, name_servers};
pub use probe::{Distrust, Prober, Shown, Upgraded};

/// Redirects of a `GET`; a `POST` has none.
const MOST_REDIRECTS: usize = 3;
/// Name, connection and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A whole exchange, redirects included.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that wait for more to say to the same host.
const IDLE_PER_HOST: usize = 2;
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// How the network is reached.
#[derive(Clone, Debug, Default)]
pub struct OutboundSettings {
    /// Private ranges that may be connected to all the same.
    pub allowed_private_addresses: Vec<Cidr>,
    /// `http` addresses too: for tests and networks of one's own.
    pub allow_http: bool,
    /// A PEM file with authorities that may sign certificates, beside the usual ones.
    pub ca_file: Option<PathBuf>,
    /// `http://host:port`, `socks5://host:port` or `socks5h://host:port`.
    pub proxy: Option<String>,
    /// Whom to ask about the servers of a mail domain; empty: those of the system.
    pub name_servers: Vec<SocketAddr>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Not an address that may be asked.
    #[error("{0} may not be connected to: {1}")]
    Forbidden(String, &'static str),
    /// No connection, or it broke off.
    #[error("{0}")]
    Unreachable(String),
    /// Nobody tells us where it is: our own network is to blame.
    #[error("the name server of this machine does not answer")]
    NoNames,
    /// It took too long.
    #[error("no answer within {} s", EXCHANGE_TIMEOUT.as_secs())]
    TimedOut,
    /// The answer has too many bytes.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// It sends from one place to the next.
    #[error("more than {MOST_REDIRECTS} redirects")]
    TooManyRedirects,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Where it came from, after redirects.
    pub url: Url,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
}

impl Answer {
    /// The media type, or nothing.
    #[must_use]
    pub fn content_type(&self) -> &str {
        self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// How long the other server wants to be left alone: `Retry-After` in seconds or as a date, at most a day.
    #[must_use]
    pub fn retry_after(&self, now: Time) -> Option<Duration> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => Time::parse_http_date(text)?.since(now),
        };
        Some(wait.min(Duration::from_secs(86_400)))
    }
}

/// What signs the requests of one exchange: called again for each redirect, for a signature is for one address.
pub type Sign<'a> = &'a (dyn Fn(&Url) -> Option<Vec<(HeaderName, HeaderValue)>> + Send + Sync);

/// The client. A clone is another handle of the same.
#[derive(Clone)]
pub struct Outbound {
    client: Client,
    guard: Arc<Guard>,
    own_hosts: Arc<[String]>,
    allow_http: bool,
    proxy_host: Option<Arc<str>>,
    name_servers: Arc<[SocketAddr]>,
}

impl Outbound {
    /// # Errors
    /// A certificate file or a proxy that is none.
    pub(crate) fn new(settings: &OutboundSettings, addresses: &Addresses) -> Result<Outbound, Fault> {
        let builder = |resolver| {
            let tls = tls::config(settings.ca_file.as_deref())?;
            let builder = builder(settings, addresses, tls, resolver)?;
            Ok(builder.connect_timeout(CONNECT_TIMEOUT).timeout(EXCHANGE_TIMEOUT))
        };
        let own_hosts = Arc::from([addresses.web_domain.clone()]);
        Outbound::built(settings, own_hosts, None, builder)
    }

    /// A client that does not connect to `own_hosts`; with `pinned`, a name leads there whatever it resolves to.
    fn built(
        settings: &OutboundSettings,
        own_hosts: Arc<[String]>,
        pinned: Option<IpAddr>,
        builder: impl FnOnce(Resolver) -> Result<ClientBuilder, Fault>,
    ) -> Result<Outbound, Fault> {
        let guard = Arc::new(Guard { allowed: settings.allowed_private_addresses.clone() });
        let proxy_host = settings.proxy.as_deref().map(host_of_proxy).transpose()?;
        let builder = builder(Resolver {
            guard: guard.clone(),
            proxy_host: proxy_host.clone(),
            pinned,
            names: Arc::new(Names::default()),
        })?;
        let client = builder.build().map_err(|e| Fault::because("making the HTTP client", e))?;
        let name_servers = settings.name_servers.clone().into();
        Ok(Outbound { client, guard, own_hosts, allow_http: settings.allow_http, proxy_host, name_servers })
    }

    /// A client for a server that the operator named: it may be anywhere, also in a network of their own.
    ///
    /// # Errors
    /// A certificate file or a proxy that is none.
    pub fn for_named(
        ca_file: Option<PathBuf>,
        proxy: Option<String>,
        addresses: &Addresses,
    ) -> Result<Outbound, Fault> {
        let everywhere = ["0.0.0.0/0", "::/0"].into_iter().filter_map(|range| range.parse().ok());
        let allowed_private_addresses = everywhere.collect();
        let settings = OutboundSettings { allowed_private_addresses, ca_file, proxy, ..OutboundSettings::default() };
        Outbound::new(&settings, addresses)
    }

    /// The same, over plain http too: for what is on this machine, or was named so.
    #[must_use]
    pub fn over_http_too(self) -> Outbound {
        Outbound { allow_http: true, ..self }
    }

    /// Asks for something; redirects are followed.
    ///
    /// # Errors
    /// See [`Failure`]. An answer of `4xx` or `5xx` is an answer.
    pub async fn get(&self, url: &Url, accept: &str, sign: Option<Sign<'_>>) -> Result<Answer, Failure> {
        self.ask(url, accept, sign, Most::Whole(bounds::BODY_BYTES)).await
    }

    /// The same of a page for people: of one that is longer than the bound, what is before it.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn get_beginning(&self, url: &Url, accept: &str) -> Result<Answer, Failure> {
        self.ask(url, accept, None, Most::Beginning(bounds::BODY_BYTES)).await
    }

    /// The same of a file of up to `most` bytes. What is beyond the usual bound is read when `long` lets it, so that not
    /// many long ones are in memory at the same time.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn get_file(&self, url: &Url, accept: &str, most: usize, long: &Semaphore) -> Result<Answer, Failure> {
        self.ask(url, accept, None, Most::File(most, long)).await
    }

    async fn ask(&self, url: &Url, accept: &str, sign: Option<Sign<'_>>, most: Most<'_>) -> Result<Answer, Failure> {
        let mut url = url.clone();
        let exchange = async {
            for _ in 0..=MOST_REDIRECTS {
                self.check(&url)?;
                let mut request = self.client.request(Method::GET, url.clone()).header(header::ACCEPT, accept);
                for (name, value) in sign.and_then(|sign| sign(&url)).unwrap_or_default() {
                    request = request.header(name, value);
                }
                let response = request.send().await.map_err(|e| failure(&e))?;
                match redirect(&url, &response) {
                    Some(next) => url = next,
                    None => return read(url.clone(), response, most).await,
                }
            }
            Err(Failure::TooManyRedirects)
        };
        tokio::time::timeout(EXCHANGE_TIMEOUT, exchange).await.unwrap_or(Err(Failure::TimedOut))
    }

    /// Sends something; an answer that is a redirect is given as it is.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn post(
        &self,
        url: &Url,
        body: Bytes,
        headers: Vec<(HeaderName, HeaderValue)>,
    ) -> Result<Answer, Failure> {
        self.check(url)?;
        let mut request = self.client.request(Method::POST, url.clone()).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let exchange = async {
            let response = request.send().await.map_err(|e| failure(&e))?;
            // What an inbox says is of interest only when it explains a refusal.
            read(url.clone(), response, Most::Whole(64 * 1024)).await
        };
        tokio::time::timeout(EXCHANGE_TIMEOUT, exchange).await.unwrap_or(Err(Failure::TimedOut))
    }

    /// One exchange of a protocol that has its own library; an answer that is a redirect is given as it is.
    ///
    /// # Errors
    /// See [`Failure`]. An answer of `4xx` or `5xx` is an answer.
    pub async fn exchange(&self, request: http::Request<Bytes>) -> Result<Answer, Failure> {
        let (parts, body) = request.into_parts();
        let text = parts.uri.to_string();
        let url = Url::parse(&text).map_err(|_| Failure::Forbidden(text, "it is no address"))?;
        self.check(&url)?;
        let request = self.client.request(parts.method, url.clone()).headers(parts.headers).body(body);
        let exchange = async {
            let response = request.send().await.map_err(|e| failure(&e))?;
            read(url, response, Most::Whole(bounds::BODY_BYTES)).await
        };
        tokio::time::timeout(EXCHANGE_TIMEOUT, exchange).await.unwrap_or(Err(Failure::TimedOut))
    }

    /// Everything about an address that can be seen before it is resolved.
    fn check(&self, url: &Url) -> Result<(), Failure> {
        let refuse = |why| Err(Failure::Forbidden(shown(url), why));
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            _ => return refuse("it is not https"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it carries a user name or password");
        }
        if self.own_hosts.iter().any(|own| *own == shown(url)) {
            return refuse("it is our own");
        }
        let literal = match url.host() {
            Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            Some(Host::Domain(_)) => None,
            None => return refuse("it has no host"),
        };
        // The resolver is not asked for these.
        if literal.is_some_and(|address| !self.guard.admits(address)) {
            return refuse("it is an address of a private network");
        }
        // It is what it leads to, for the proxy to reach: our check would be of another machine.
        if self.proxy_host.is_some() && matches!(url.host_str(), Some("localhost")) {
            return refuse("it is an address of a private network");
        }
        if literal.is_none() && self.proxy_host.as_deref().is_some_and(|proxy| url.host_str() == Some(proxy)) {
            return refuse("it is our proxy");
        }
        Ok(())
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbound")
    }
}

/// What every client of ours has.
fn builder(
    settings: &OutboundSettings,
    addresses: &Addresses,
    tls: ClientConfig,
    resolver: Resolver,
) -> Result<ClientBuilder, Fault> {
    #[expect(clippy::disallowed_methods, reason = "this is the one client that speaks to strangers")]
    let builder = Client::builder();
    let builder = builder
        .user_agent(format!("Phiomia/{} (+{}/)", env!("CARGO_PKG_VERSION"), addresses.base()))
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .dns_resolver(Arc::new(resolver))
        .no_proxy();
    let Some(proxy) = &settings.proxy else { return Ok(builder) };
    let proxy = reqwest::Proxy::all(proxy).map_err(|e| Fault::because("reading the address of the proxy", e))?;
    Ok(builder.proxy(proxy))
}

/// The name or address of a proxy.
fn host_of_proxy(proxy: &str) -> Result<Arc<str>, Fault> {
    let url = Url::parse(proxy).map_err(|e| Fault::because("reading the address of the proxy", e))?;
    let host = url.host_str().ok_or_else(|| Fault::new("reading the address of the proxy: it has no host"))?;
    Ok(Arc::from(host))
}

/// Host and, unless it is the scheme's own, port.
fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Where an answer sends us, if it does.
fn redirect(from: &Url, response: &reqwest::Response) -> Option<Url> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let target = response.headers().get(header::LOCATION).filter(|_| is_redirect)?.to_str().ok()?;
    let mut target = from.join(target).ok()?;
    target.set_fragment(None);
    Some(target)
}

/// How many bytes are read.
#[derive(Clone, Copy, Debug)]
enum Most<'a> {
    /// More are refused.
    Whole(usize),
    /// The same, and what is more than of a document waits for its turn.
    File(usize, &'a Semaphore),
    /// More are not read.
    Beginning(usize),
}

async fn read(url: Url, mut response: reqwest::Response, most: Most<'_>) -> Result<Answer, Failure> {
    let (status, headers) = (response.status(), response.headers().clone());
    let (Most::Whole(bound) | Most::Beginning(bound) | Most::File(bound, _)) = most;
    // What is announced as too long need not be read for that. A compressed answer says nothing of its length.
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > bound) && !matches!(most, Most::Beginning(_)) {
        return Err(Failure::TooLong(bound));
    }
    let mut body = BytesMut::new();
    let mut turn = None;
    while let Some(chunk) = response.chunk().await.map_err(|e| failure(&e))? {
        if let Most::File(_, long) = most
            && turn.is_none()
            && body.len().saturating_add(chunk.len()) > bounds::BODY_BYTES
        {
            turn = long.acquire().await.ok();
        }
        let room = bound.saturating_sub(body.len());
        match (chunk.get(..room), most) {
            (Some(part), Most::Beginning(_)) => {
                body.extend_from_slice(part);
                break;
            }
            (Some(_), Most::Whole(_) | Most::File(..)) if chunk.len() > room => return Err(Failure::TooLong(bound)),
            _ => body.extend_from_slice(&chunk),
        }
    }
    Ok(Answer { url, status, headers, body: body.freeze() })
}

fn failure(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::TimedOut;
    }
    // The library's outer sentences repeat the address; the innermost says what happened.
    let mut cause: &dyn StdError = error;
    while let Some(next) = cause.source() {
        if next.is::<NoNames>() {
            return Failure::NoNames;
        }
        cause = next;
    }
    Failure::Unreachable(cause.to_string())
}
