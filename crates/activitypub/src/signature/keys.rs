//! Keys: others' public ones in the forms they are written in, and our own private ones.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa, signature,
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::base58;
use crate::actor::KeyMaterial;

/// Which kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA of 2048 to 8192 bits.
    Rsa,
    /// Ed25519.
    Ed25519,
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// No PEM, no base64, no multibase.
    #[error("the key is not written in a form we read")]
    Form,
    /// Readable, but of another kind.
    #[error("the key is neither RSA of 2048 to 8192 bits nor Ed25519")]
    Kind,
}

/// Somebody's public key, parsed once.
#[derive(Clone)]
pub struct PublicKey {
    kind: KeyKind,
    /// RSA: PKCS#1 or SPKI. Ed25519: 32 bytes.
    bytes: Vec<u8>,
    /// RSA with SHA-256; the other hash is built from the bytes when it is asked for.
    parsed: signature::ParsedPublicKey,
}

impl PublicKey {
    /// Reads a key in the form an actor lists it.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn read(material: &KeyMaterial) -> Result<PublicKey, BadKey> {
        match material {
            KeyMaterial::Pem(pem) => PublicKey::from_pem(pem),
            KeyMaterial::Multibase(text) => PublicKey::from_multibase(text),
        }
    }

    /// Reads `BEGIN PUBLIC KEY` and `BEGIN RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn from_pem(pem: &str) -> Result<PublicKey, BadKey> {
        let (label, der) = unwrap_pem(pem)?;
        match label.as_str() {
            "RSA PUBLIC KEY" => PublicKey::rsa(der),
            "PUBLIC KEY" => match der.strip_prefix(&ED25519_SPKI) {
                Some(raw) => PublicKey::ed25519(raw),
                None => PublicKey::rsa(der),
            },
            _ => Err(BadKey::Form),
        }
    }

    /// Reads a Multikey: base58 after `z` or base64 after `u`; in it a code and the key (Ed25519 as 32 bytes, RSA as PKCS#1).
    /// Source: <https://www.w3.org/TR/controller-document/#Multikey>.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn from_multibase(text: &str) -> Result<PublicKey, BadKey> {
        let bytes = match (text.strip_prefix('z'), text.strip_prefix('u')) {
            (Some(text), _) => base58::decode(text),
            (_, Some(text)) => URL_SAFE_NO_PAD.decode(text).ok(),
            _ => None,
        };
        let bytes = bytes.ok_or(BadKey::Form)?;
        match bytes.as_slice() {
            [0xed, 0x01, raw @ ..] => PublicKey::ed25519(raw),
            [0x85, 0x24, der @ ..] => PublicKey::rsa(der.to_vec()),
            _ => Err(BadKey::Kind),
        }
    }

    fn rsa(bytes: Vec<u8>) -> Result<PublicKey, BadKey> {
        let parsed = signature::ParsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, &bytes);
        Ok(PublicKey { kind: KeyKind::Rsa, parsed: parsed.map_err(|_| BadKey::Kind)?, bytes })
    }

    fn ed25519(raw: &[u8]) -> Result<PublicKey, BadKey> {
        if raw.len() != 32 {
            return Err(BadKey::Kind);
        }
        let parsed = signature::ParsedPublicKey::new(&signature::ED25519, raw).map_err(|_| BadKey::Kind)?;
        Ok(PublicKey { kind: KeyKind::Ed25519, parsed, bytes: raw.to_vec() })
    }

    /// RSA or Ed25519.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether `signature` is this key's over `message`, with SHA-256 if it is RSA.
    pub(crate) fn holds(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }

    /// The same with SHA-512: what `hs2019` may mean.
    pub(super) fn holds_sha512(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA512, &self.bytes);
        self.kind == KeyKind::Rsa && key.verify(message, signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.kind)
    }
}

/// The DER in front of an Ed25519 key. Source: <https://www.rfc-editor.org/rfc/rfc8410#section-4>.
const ED25519_SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// One of our RSA keys. It does not print.
pub struct PrivateKey(rsa::KeyPair);

impl PrivateKey {
    /// Reads PKCS#8 in DER.
    ///
    /// # Errors
    /// [`BadKey::Kind`].
    pub fn from_pkcs8(der: &[u8]) -> Result<PrivateKey, BadKey> {
        rsa::KeyPair::from_pkcs8(der).map(PrivateKey).map_err(|_| BadKey::Kind)
    }

    /// Reads `BEGIN PRIVATE KEY` and `BEGIN RSA PRIVATE KEY`, as Mastodon keeps them.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn from_pem(pem: &str) -> Result<PrivateKey, BadKey> {
        let (label, der) = unwrap_pem(pem)?;
        match label.as_str() {
            "PRIVATE KEY" => PrivateKey::from_pkcs8(&der),
            "RSA PRIVATE KEY" => rsa::KeyPair::from_der(&der).map(PrivateKey).map_err(|_| BadKey::Kind),
            _ => Err(BadKey::Form),
        }
    }

    /// The public half as `BEGIN PUBLIC KEY`, for the actor's document.
    #[must_use]
    pub fn public_pem(&self) -> String {
        use aws_lc_rs::signature::KeyPair as _;
        let der: Result<PublicKeyX509Der<'_>, _> = self.0.public_key().as_der();
        let text = der.map(|der| STANDARD.encode(der.as_ref())).unwrap_or_default();
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        for (n, c) in text.chars().enumerate() {
            if n > 0 && n % 64 == 0 {
                pem.push('\n');
            }
            pem.push(c);
        }
        pem.push_str("\n-----END PUBLIC KEY-----\n");
        pem
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256. `None` only when the library fails.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; self.0.public_modulus_len()];
        // The padding takes no random bytes: the same message gives the same signature.
        self.0.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out).ok()?;
        Some(out)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

/// The label and the bytes of the first block; line ends may be any, or missing.
fn unwrap_pem(pem: &str) -> Result<(String, Vec<u8>), BadKey> {
    let (_, rest) = pem.split_once("-----BEGIN ").ok_or(BadKey::Form)?;
    let (label, rest) = rest.split_once("-----").ok_or(BadKey::Form)?;
    let (text, _) = rest.split_once("-----END ").ok_or(BadKey::Form)?;
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let der = STANDARD.decode(text).map_err(|_| BadKey::Form)?;
    Ok((label.to_owned(), der))
}
