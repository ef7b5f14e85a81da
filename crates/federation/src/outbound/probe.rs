//! Asking as a stranger asks, ourselves too, and looking at each step on the way: for the doctor.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use phiomia_activitypub::bounds;
use phiomia_model::{Addresses, Fault};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{io::AsyncReadExt as _, net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use url::Url;

use super::{Answer, DNS_TIMEOUT, Failure, Most, Outbound, OutboundSettings, builder, failure, read, tls};

/// Name, connection and TLS together: whoever waits for the doctor has no more patience.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A short exchange.
const PATIENCE: Duration = Duration::from_secs(15);
/// The first words of a WebSocket.
const FIRST_FRAME: usize = 512;

/// Asks one thing at a time, over HTTP/1.1, and follows no redirect. It may ask this server itself and over plain http;
/// private networks are as closed to it as to every client of the house.
#[derive(Clone)]
pub struct Prober {
    outbound: Outbound,
    settings: Arc<OutboundSettings>,
    addresses: Arc<Addresses>,
    tls: ClientConfig,
    pinned: Option<IpAddr>,
}

/// What came of the wish to speak WebSocket.
#[derive(Clone, Debug)]
pub struct Upgraded {
    /// `101` when the wish was granted.
    pub status: StatusCode,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// After `101` the first message, if one came in time; else the body of the answer.
    pub first: Bytes,
}

/// What a server shows of itself before anything is said.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Certificates as DER, its own first.
    pub chain: Vec<Bytes>,
    /// Why other servers would hang up; `None`: they would not.
    pub distrust: Option<Distrust>,
}

/// Why a certificate is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is for other names.
    OtherName,
    /// Nobody we trust signed it, or the certificates in between are missing.
    UnknownIssuer,
    /// Something else.
    Other(String),
}

impl Prober {
    /// # Errors
    /// A certificate file or a proxy that is none.
    pub fn new(settings: &OutboundSettings, addresses: &Arc<Addresses>) -> Result<Prober, Fault> {
        let settings = Arc::new(OutboundSettings { allow_http: true, ..settings.clone() });
        let tls = tls::config(settings.ca_file.as_deref())?;
        Prober::built(settings, addresses.clone(), tls, None)
    }

    fn built(
        settings: Arc<OutboundSettings>,
        addresses: Arc<Addresses>,
        tls: ClientConfig,
        pinned: Option<IpAddr>,
    ) -> Result<Prober, Fault> {
        let outbound = Outbound::built(&settings, Arc::from([]), pinned, |resolver| {
            let builder = builder(&settings, &addresses, tls.clone(), resolver)?;
            Ok(builder.connect_timeout(CONNECT_TIMEOUT).http1_only())
        })?;
        Ok(Prober { outbound, settings, addresses, tls, pinned })
    }

    /// The same, for which every name leads to this address.
    ///
    /// # Errors
    /// As [`Prober::new`].
    pub fn at(&self, address: IpAddr) -> Result<Prober, Fault> {
        Prober::built(self.settings.clone(), self.addresses.clone(), self.tls.clone(), Some(address))
    }

    /// Whether a proxy stands between us and everybody else: then it is the proxy that connects.
    #[must_use]
    pub fn has_proxy(&self) -> bool {
        self.settings.proxy.is_some()
    }

    /// Whether this address may be connected to from here.
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        self.outbound.guard.admits(address)
    }

    /// One exchange; an answer that is a redirect is given as it is.
    ///
    /// # Errors
    /// See [`Failure`]. An answer of `4xx` or `5xx` is an answer.
    pub async fn ask(
        &self,
        method: Method,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<Answer, Failure> {
        self.tell(method, url, headers, Bytes::new(), PATIENCE).await
    }

    /// The same with something to say, for which there is more or less time.
    ///
    /// # Errors
    /// As [`Prober::ask`].
    pub async fn tell(
        &self,
        method: Method,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        let exchange = async {
            let response = self.request(method, url, headers)?.body(body).send().await.map_err(|e| failure(&e))?;
            read(url.clone(), response, Most::Beginning(bounds::BODY_BYTES)).await
        };
        timeout(patience, exchange).await.unwrap_or(Err(Failure::TimedOut))
    }

    /// Wishes to speak WebSocket and waits for the first message.
    ///
    /// # Errors
    /// As [`Prober::ask`].
    pub async fn upgrade(&self, url: &Url, headers: &[(HeaderName, HeaderValue)]) -> Result<Upgraded, Failure> {
        let exchange = async {
            let response = self.request(Method::GET, url, headers)?.send().await.map_err(|e| failure(&e))?;
            let (status, head) = (response.status(), response.headers().clone());
            if status != StatusCode::SWITCHING_PROTOCOLS {
                let answer = read(url.clone(), response, Most::Beginning(bounds::BODY_BYTES)).await?;
                return Ok(Upgraded { status, headers: head, first: answer.body });
            }
            let mut stream = response.upgrade().await.map_err(|e| failure(&e))?;
            let mut frame = vec![0; FIRST_FRAME];
            let n_bytes = timeout(CONNECT_TIMEOUT, stream.read(&mut frame)).await.map_or(0, Result::unwrap_or_default);
            frame.truncate(n_bytes);
            // Two bytes stand before a short message.
            let first = Bytes::from(frame).split_off(n_bytes.min(2));
            Ok(Upgraded { status, headers: head, first })
        };
        timeout(PATIENCE, exchange).await.unwrap_or(Err(Failure::TimedOut))
    }

    fn request(
        &self,
        method: Method,
        url: &Url,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Result<reqwest::RequestBuilder, Failure> {
        self.outbound.check(url)?;
        let request = self.outbound.client.request(method, url.clone());
        Ok(headers.iter().fold(request, |request, (name, value)| request.header(name, value)))
    }

    /// The addresses that this machine finds for a name, each once.
    ///
    /// # Errors
    /// A sentence.
    pub async fn addresses_of(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let looking = timeout(DNS_TIMEOUT, tokio::net::lookup_host((host.trim_matches(['[', ']']), 0)));
        let found = looking.await.map_err(|_| "no name server answered in time".to_owned())?;
        let mut all: Vec<IpAddr> = found.map_err(|e| e.to_string())?.map(|address| address.ip()).collect();
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// What a server shows to whoever asks for `host`, and whether other servers would believe it.
    ///
    /// # Errors
    /// See [`Failure`]: no connection, or nobody speaks TLS there.
    pub async fn greet(&self, host: &str, port: u16) -> Result<Shown, Failure> {
        let unreachable = |why: String| Failure::Unreachable(why);
        let bare = host.trim_matches(['[', ']']).to_owned();
        let address = match self.pinned {
            Some(address) => address,
            None => {
                let found = self.addresses_of(&bare).await.map_err(unreachable)?;
                let admitted = found.into_iter().find(|address| self.admits(*address));
                admitted.ok_or_else(|| unreachable(format!("{bare} has no address that may be connected to")))?
            }
        };
        if !self.admits(address) {
            return Err(Failure::Forbidden(address.to_string(), "it is an address of a private network"));
        }
        let name = ServerName::try_from(bare).map_err(|e| unreachable(e.to_string()))?;
        let witness = Arc::new(Witness::new(self.settings.ca_file.as_deref()).map_err(|f| unreachable(f.chain()))?);
        let mut config = self.tls.clone();
        config.dangerous().set_certificate_verifier(witness.clone());
        let greeting = async {
            let stream = TcpStream::connect(SocketAddr::new(address, port)).await?;
            // Nothing is said afterwards: what was shown is all that was wanted.
            TlsConnector::from(Arc::new(config)).connect(name, stream).await.map(drop)
        };
        let greeted = timeout(CONNECT_TIMEOUT, greeting).await.map_err(|_| Failure::TimedOut)?;
        match (witness.taken(), greeted) {
            (Some(shown), _) => Ok(shown),
            (None, Err(error)) => Err(unreachable(error.to_string())),
            (None, Ok(())) => Err(unreachable("no certificate was shown".to_owned())),
        }
    }
}

impl fmt::Debug for Prober {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prober")
    }
}

/// Sees a certificate, remembers what the real verifier says, and lets the handshake go on.
#[derive(Debug)]
struct Witness {
    real: Arc<WebPkiServerVerifier>,
    seen: Mutex<Option<Shown>>,
}

impl Witness {
    fn new(ca_file: Option<&std::path::Path>) -> Result<Witness, Fault> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let real = WebPkiServerVerifier::builder_with_provider(Arc::new(tls::roots(ca_file)?), provider).build();
        Ok(Witness { real: real.map_err(|e| Fault::because("setting TLS up", e))?, seen: Mutex::default() })
    }

    fn taken(&self) -> Option<Shown> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let verdict = self.real.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        let chain = std::iter::once(end_entity).chain(intermediates);
        let shown = Shown {
            chain: chain.map(|certificate| Bytes::copy_from_slice(certificate)).collect(),
            distrust: verdict.err().map(distrust),
        };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.real.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.real.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.real.supported_verify_schemes()
    }
}

fn distrust(error: TlsError) -> Distrust {
    let TlsError::InvalidCertificate(why) = error else { return Distrust::Other(error.to_string()) };
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Distrust::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Distrust::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Distrust::OtherName,
        CertificateError::UnknownIssuer => Distrust::UnknownIssuer,
        other => Distrust::Other(other.to_string()),
    }
}
