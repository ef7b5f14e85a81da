//! The listener's certificate: read from files, checked before it is used, taken up again when the files change.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use phiomia_store::Clock;
use rustls::{
    InconsistentKeys, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::config::Config;

/// How often the files are looked at.
pub const EVERY: Duration = Duration::from_secs(60);

/// What speaks TLS with clients. Clones share the certificate.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
}

impl Tls {
    /// What the settings name; `None` when they name no files.
    ///
    /// # Errors
    /// As [`Tls::load`].
    pub fn from_config(config: &Config) -> Result<Option<Tls>, String> {
        match (&config.tls.cert_file, &config.tls.key_file) {
            (Some(cert), Some(key)) => Tls::load(cert, key, Clock::system()).map(Some),
            _ => Ok(None),
        }
    }

    /// Reads both files and looks whether they hold now.
    ///
    /// # Errors
    /// A sentence: a file does not read, the key is another certificate's, the certificate has expired.
    pub fn load(cert_file: &Path, key_file: &Path, clock: Clock) -> Result<Tls, String> {
        let files = Files { cert: cert_file.to_owned(), key: key_file.to_owned() };
        let seen = files.changed_at();
        let pair = Arc::new(files.read(&clock)?);
        let shown = Arc::new(Shown { files, clock, state: RwLock::new(State { pair, seen }) });
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| format!("TLS does not start: {e}"))?
            .with_no_client_auth()
            .with_cert_resolver(shown.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Tls { config: Arc::new(config), shown })
    }

    /// Greets a client.
    pub(crate) async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        TlsAcceptor::from(self.config.clone()).accept(stream).await
    }

    /// Looks at the files again and again. A pair that does not hold is said once, and the old one stays.
    pub async fn keep_up(self, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            let shown = self.shown.clone();
            match tokio::task::spawn_blocking(move || shown.look()).await {
                Ok(Ok(true)) => tracing::info!("the certificate was read anew"),
                Ok(Ok(false)) => {}
                Ok(Err(why)) => tracing::error!("the old certificate stays: {why}"),
                Err(error) => tracing::error!(%error, "looking at the certificate failed: {error}"),
            }
        }
    }
}

/// What clients are shown now.
struct Shown {
    files: Files,
    clock: Clock,
    state: RwLock<State>,
}

struct State {
    pair: Arc<CertifiedKey>,
    seen: Stamp,
}

/// When each of the two files was changed; `None` while there is none.
type Stamp = [Option<SystemTime>; 2];

impl Shown {
    /// Whether there was something new, which is shown from now on.
    fn look(&self) -> Result<bool, String> {
        // Before the reading: what is written meanwhile is seen the next time.
        let found = self.files.changed_at();
        if self.state.read().unwrap_or_else(PoisonError::into_inner).seen == found {
            return Ok(false);
        }
        let read = self.files.read(&self.clock);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.seen = found;
        state.pair = Arc::new(read?);
        Ok(true)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.state.read().unwrap_or_else(PoisonError::into_inner).pair.clone())
    }
}

/// The key stays out of every log.
impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("cert", &self.files.cert).field("key", &self.files.key).finish_non_exhaustive()
    }
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
}

impl Files {
    fn changed_at(&self) -> Stamp {
        [&self.cert, &self.key].map(|path| fs::metadata(path).and_then(|found| found.modified()).ok())
    }

    fn read(&self, clock: &Clock) -> Result<CertifiedKey, String> {
        let (cert, key) = (self.cert.display(), self.key.display());
        let no_cert = |why: &dyn fmt::Display| format!("tls.cert_file {cert} does not read: {why}");
        let no_key = |why: &dyn fmt::Display| format!("tls.key_file {key} does not read: {why}");
        let text = fs::read(&self.cert).map_err(|e| no_cert(&e))?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|e| no_cert(&e))?;
        let first = chain.first().ok_or_else(|| no_cert(&"there is no certificate in it"))?;
        let end = expiry(first).ok_or_else(|| no_cert(&"the first certificate is none"))?;
        let now = Timestamp::from_microsecond(clock.now().0).map_err(|e| format!("the clock is wrong: {e}"))?;
        if end < now.strftime("%Y%m%d%H%M%SZ").to_string() {
            return Err(format!("the certificate in tls.cert_file {cert} has expired"));
        }
        let text = fs::read(&self.key).map_err(|e| no_key(&e))?;
        let secret = PrivateKeyDer::from_pem_slice(&text).map_err(|e| no_key(&e))?;
        let secret = aws_lc_rs::sign::any_supported_type(&secret).map_err(|e| no_key(&e))?;
        let pair = CertifiedKey::new(chain, secret);
        match pair.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair),
            Err(rustls::Error::InconsistentKeys(_)) => {
                Err(format!("tls.key_file {key} is not the key of the certificate in tls.cert_file {cert}"))
            }
            Err(error) => Err(no_cert(&error)),
        }
    }
}

/// `notAfter` of a certificate as `YYYYMMDDHHMMSSZ`, where later is greater.
/// [RFC 5280, 4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)
fn expiry(certificate: &[u8]) -> Option<String> {
    const CONTEXT_0: u8 = 0xa0;
    const UTC_TIME: u8 = 0x17;
    let (_, certificate, _) = element(certificate)?;
    let (_, mut rest, _) = element(certificate)?;
    // The version, which the oldest certificates leave out.
    if let Some((CONTEXT_0, _, after)) = element(rest) {
        rest = after;
    }
    // The serial number, the algorithm, the issuer.
    for _ in 0..3 {
        (_, _, rest) = element(rest)?;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    let text = std::str::from_utf8(text).ok()?;
    // Two digits of the year: 50 and above are of the last century.
    let century = match tag {
        UTC_TIME if text.get(..2)? >= "50" => "19",
        UTC_TIME => "20",
        _ => "",
    };
    Some(format!("{century}{text}"))
}

/// The first element of DER: its tag, what is in it, what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // So many bytes of length follow; a certificate needs no more than three.
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}
