//! What an authority looks for to see that a domain is ours, answered by whichever process it comes to.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest;
use instant_acme::ChallengeType;
use phiomia_model::Fault;
use phiomia_store::{Clock, Db, db::certificates};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs as provider,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::{CertifiedKey, SingleCertAndKey},
};

/// The protocol that the authority speaks when it looks at a certificate.
/// [RFC 8737](https://www.rfc-editor.org/rfc/rfc8737#section-4)
pub(crate) const ALPN: &[u8] = b"acme-tls/1";

/// Ways to show that a domain is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A certificate of its own at port 443.
    TlsAlpn01,
    /// A page at port 80.
    Http01,
    /// A record of the domain.
    Dns01,
}

impl Kind {
    /// As it is called in the standard and in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::TlsAlpn01 => "tls-alpn-01",
            Kind::Http01 => "http-01",
            Kind::Dns01 => "dns-01",
        }
    }

    pub(super) fn in_the_library(self) -> ChallengeType {
        match self {
            Kind::TlsAlpn01 => ChallengeType::TlsAlpn01,
            Kind::Http01 => ChallengeType::Http01,
            Kind::Dns01 => ChallengeType::Dns01,
        }
    }
}

/// The answers that are in the database.
#[derive(Clone)]
pub struct Challenges {
    pub(super) db: Db,
    pub(super) clock: Clock,
}

impl Challenges {
    /// What the page of this token says; `None`: nobody asked for it.
    pub async fn page(&self, token: &str) -> Option<String> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=128).contains(&token.len()) || !token.bytes().all(is_token) {
            return None;
        }
        self.answer(Kind::Http01, token).await
    }

    /// How somebody is greeted who looks at the certificate of this domain; `None`: nobody asked for it.
    pub(crate) async fn greeting(&self, name: &str) -> Option<Arc<ServerConfig>> {
        if name.len() > 253 {
            return None;
        }
        let answer = self.answer(Kind::TlsAlpn01, name).await?;
        match certificate(name, &answer) {
            Ok(config) => Some(Arc::new(config)),
            Err(fault) => {
                tracing::error!("the answer to a challenge cannot be made: {}", fault.chain());
                None
            }
        }
    }

    async fn answer(&self, kind: Kind, subject: &str) -> Option<String> {
        let (subject, now) = (subject.to_owned(), self.clock.now());
        let found = self.db.read(move |q| Ok(certificates::challenge(q, kind.word(), &subject, now)?)).await;
        found.unwrap_or_else(|error| {
            tracing::warn!(%error, "the answer to a challenge cannot be read: {error}");
            None
        })
    }
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenges")
    }
}

/// A certificate that holds nothing but the answer.
/// [RFC 8737](https://www.rfc-editor.org/rfc/rfc8737#section-3)
fn certificate(name: &str, answer: &str) -> Result<ServerConfig, Fault> {
    let doing = || format!("making a certificate for a challenge for {name}");
    let sum = digest::digest(&digest::SHA256, answer.as_bytes());
    let mut params = CertificateParams::new([name.to_owned()]).map_err(|e| Fault::because(doing(), e))?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(sum.as_ref())];
    let key = KeyPair::generate().map_err(|e| Fault::because(doing(), e))?;
    let certificate = params.self_signed(&key).map_err(|e| Fault::because(doing(), e))?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = provider::sign::any_supported_type(&key).map_err(|e| Fault::because(doing(), e))?;
    // The usual way looks at the certificate first, and does not know its critical extension.
    let shown = SingleCertAndKey::from(CertifiedKey::new(vec![certificate.der().clone()], key));
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Fault::because(doing(), e))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}
