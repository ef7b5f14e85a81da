//! What the listener shows of this server: a certificate, checked before it is used, and replaced while connections go on.

mod files;
mod x509;

use std::{
    fmt, io,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

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
use files::Files;

/// How often the files are looked at.
pub const EVERY: Duration = Duration::from_secs(60);

/// What speaks TLS with clients. Clones share the certificate.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
    files: Option<Arc<Files>>,
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
        let files = Files::new(cert_file, key_file, clock);
        let pair = files.read()?;
        let mut tls = Tls::new()?;
        tls.shown.show(pair);
        tls.files = Some(Arc::new(files));
        Ok(tls)
    }

    /// With nothing to show yet: until there is a certificate, nobody is greeted.
    fn new() -> Result<Tls, String> {
        let shown = Arc::new(Shown(RwLock::new(None)));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| format!("TLS does not start: {e}"))?
            .with_no_client_auth()
            .with_cert_resolver(shown.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Tls { config: Arc::new(config), shown, files: None })
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
        let Some(files) = self.files else { return };
        loop {
            tokio::time::sleep(every).await;
            let files = files.clone();
            match tokio::task::spawn_blocking(move || files.look()).await {
                Ok(Ok(Some(pair))) => {
                    self.shown.show(pair);
                    tracing::info!("the certificate was read anew");
                }
                Ok(Ok(None)) => {}
                Ok(Err(why)) => tracing::error!("the old certificate stays: {why}"),
                Err(error) => tracing::error!(%error, "looking at the certificate failed: {error}"),
            }
        }
    }
}

/// What clients are shown now.
struct Shown(RwLock<Option<Arc<CertifiedKey>>>);

impl Shown {
    fn show(&self, pair: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(pair));
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The key stays out of every log.
impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}

/// A certificate with its chain and its key, from PEM. `names`: what the two are called when they do not read.
fn pair(chain: &[u8], key: &[u8], names: [&str; 2], clock: &Clock) -> Result<CertifiedKey, String> {
    let [cert_name, key_name] = names;
    let no_cert = |why: &dyn fmt::Display| format!("{cert_name} does not read: {why}");
    let no_key = |why: &dyn fmt::Display| format!("{key_name} does not read: {why}");
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(|e| no_cert(&e))?;
    let first = chain.first().ok_or_else(|| no_cert(&"there is no certificate in it"))?;
    let facts = x509::read(first).ok_or_else(|| no_cert(&"the first certificate is none"))?;
    if facts.not_after < clock.now() {
        return Err(format!("the certificate in {cert_name} has expired"));
    }
    let secret = PrivateKeyDer::from_pem_slice(key).map_err(|e| no_key(&e))?;
    let secret = aws_lc_rs::sign::any_supported_type(&secret).map_err(|e| no_key(&e))?;
    let pair = CertifiedKey::new(chain, secret);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(pair),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(format!("{key_name} is not the key of the certificate in {cert_name}"))
        }
        Err(error) => Err(no_cert(&error)),
    }
}
