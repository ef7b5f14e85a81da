//! What the listener shows of this server: a certificate, checked before it is used, and replaced while connections go on.

mod files;
pub(crate) mod x509;

use std::{
    fmt, io,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use phiomia_model::Time;
use phiomia_store::Clock;
use rustls::{
    InconsistentKeys, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{Acceptor, ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor, server::TlsStream};

use crate::{
    acme::{self, Challenges},
    config::Config,
};
use files::Files;
pub use x509::Facts;

/// How often the files are looked at.
pub const EVERY: Duration = Duration::from_secs(60);

/// What speaks TLS with clients. Clones share the certificate.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
    files: Option<Arc<Files>>,
    challenges: Option<Challenges>,
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

    /// For certificates from an authority, which will look at `challenges` and nothing else until one came.
    ///
    /// # Errors
    /// A sentence, when TLS does not start.
    pub fn with_challenges(challenges: Challenges) -> Result<Tls, String> {
        Ok(Tls { challenges: Some(challenges), ..Tls::new()? })
    }

    /// Shows this certificate from now on: chain and key as PEM. Gives what it says.
    ///
    /// # Errors
    /// A sentence: it does not read, the key is another one's, it has expired.
    pub(crate) fn show(&self, chain: &[u8], key: &[u8], clock: &Clock) -> Result<Told, String> {
        self.shown.show(pair(chain, key, ["the chain", "the key"], clock)?);
        let told = first_of(chain, |facts| {
            let names = facts.names.iter().map(|name| (*name).to_owned()).collect();
            Some(Told { names, not_after: facts.not_after })
        });
        told.ok_or_else(|| "it does not read".to_owned())
    }

    /// Whether there is a certificate, so that somebody who comes is greeted.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shown.0.read().unwrap_or_else(PoisonError::into_inner).is_some()
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
        Ok(Tls { config: Arc::new(config), shown, files: None, challenges: None })
    }

    /// Greets a client; `None`: it was an authority, which has seen what it wanted.
    pub(crate) async fn accept<S>(&self, stream: S) -> io::Result<Option<TlsStream<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Some(challenges) = &self.challenges else {
            return TlsAcceptor::from(self.config.clone()).accept(stream).await.map(Some);
        };
        let greeting = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let hello = greeting.client_hello();
        if !hello.alpn().is_some_and(|mut names| names.any(|name| name == acme::ALPN)) {
            return greeting.into_stream(self.config.clone()).await.map(Some);
        }
        let name = hello.server_name().unwrap_or_default().to_ascii_lowercase();
        let config = challenges.greeting(&name).await;
        let config = config.ok_or_else(|| io::Error::other("nobody asked an authority to look here"))?;
        greeting.into_stream(config).await?.shutdown().await?;
        Ok(None)
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

/// What a certificate says that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The domains it is for.
    pub names: Vec<String>,
    /// Until then.
    pub not_after: Time,
}

/// What the first certificate of a PEM text says; `None`: there is none.
pub fn first_of<T>(chain: &[u8], look: impl FnOnce(&Facts<'_>) -> Option<T>) -> Option<T> {
    let first = CertificateDer::pem_slice_iter(chain).next()?.ok()?;
    look(&x509::read(&first)?)
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
