//! Secrets that are handed out once and kept only as a hash, and where their randomness comes from.

use std::{fmt, sync::Arc};

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use phiomia_model::Fault;

use crate::db::{Cell, FromCell, ToValue, Value};

/// Random bytes of one secret: 256 bits.
const SECRET_BYTES: usize = 32;

/// Where random bytes come from; handed in so that a test can choose them.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) -> Result<(), Fault> + Send + Sync;

impl Entropy {
    /// The system's generator.
    #[must_use]
    pub fn system() -> Entropy {
        Entropy(Arc::new(|bytes| rand::fill(bytes).map_err(|_| Fault::new("the system gave no random bytes"))))
    }
    /// A generator of the caller's making.
    #[must_use]
    pub fn new(fill: impl Fn(&mut [u8]) -> Result<(), Fault> + Send + Sync + 'static) -> Entropy {
        Entropy(Arc::new(fill))
    }
    /// Fills `bytes`.
    ///
    /// # Errors
    /// The generator gave nothing.
    pub fn fill(&self, bytes: &mut [u8]) -> Result<(), Fault> {
        (self.0)(bytes)
    }
    /// A fresh secret: 256 bits as 43 characters of base64url.
    ///
    /// # Errors
    /// The generator gave nothing.
    pub fn secret(&self) -> Result<Secret, Fault> {
        let mut bytes = [0_u8; SECRET_BYTES];
        self.fill(&mut bytes)?;
        Ok(Secret(URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

/// A text that opens something: a token, a code, a password. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret somebody presented.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }
    /// The text itself, to be handed to whom it belongs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
    /// What of it is kept.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The SHA-256 of a secret. Rows are found by it: who can time the index learns nothing about the secret.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Of a presented text.
    #[must_use]
    pub fn of(text: &str) -> SecretHash {
        let mut hash = [0_u8; 32];
        for (to, from) in hash.iter_mut().zip(digest::digest(&digest::SHA256, text.as_bytes()).as_ref()) {
            *to = *from;
        }
        SecretHash(hash)
    }
    /// The 32 bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The SHA-256 of something that is no secret, in hexadecimal.
#[must_use]
pub fn digest_of(text: &str) -> String {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes the same time wherever the two differ.
impl PartialEq for SecretHash {
    fn eq(&self, other: &SecretHash) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}
impl Eq for SecretHash {}

impl std::hash::Hash for SecretHash {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

impl ToValue for SecretHash {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(&self.0)
    }
}
impl FromCell for SecretHash {
    fn from_cell(cell: Cell<'_>) -> Option<SecretHash> {
        match cell {
            Cell::Bytes(bytes) => bytes.try_into().ok().map(SecretHash),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_differ_and_never_print() {
        let entropy = Entropy::system();
        let (Ok(one), Ok(two)) = (entropy.secret(), entropy.secret()) else { panic!("no random bytes") };
        assert_eq!(one.expose().len(), 43);
        assert!(one != two && one.hash() != two.hash() && one.hash() == SecretHash::of(one.expose()));
        assert_eq!(format!("{one:?} {:?}", one.hash()), "Secret(…) SecretHash(…)");
    }
}
