//! Sealing: what the database keeps but shall not know, as the secrets of second factors.
//! AES-256-GCM under a key that lies outside of the database.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use phiomia_model::Fault;

use crate::secret::Entropy;

/// Bytes of the key.
pub const KEY_BYTES: usize = 32;

/// Bytes of a mark.
pub const MARK_BYTES: usize = 16;

/// Seals and opens. Clones are handles of the same key, which never prints.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

struct Keys {
    sealing: LessSafeKey,
    /// Made of the other one, so that neither tells anything of what the other did.
    marking: hmac::Key,
}

impl Sealer {
    /// With this key.
    ///
    /// # Errors
    /// The library takes no such key.
    pub fn new(key: &[u8; KEY_BYTES]) -> Result<Sealer, Fault> {
        let sealing = UnboundKey::new(&AES_256_GCM, key)
            .map_err(|_| Fault::new("reading the key that secrets are sealed with"))?;
        let made = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"phiomia marks");
        let marking = hmac::Key::new(hmac::HMAC_SHA256, made.as_ref());
        Ok(Sealer(Arc::new(Keys { sealing: LessSafeKey::new(sealing), marking })))
    }

    /// A mark that only this server can make: the same for the same text, and not to be guessed for any other.
    #[must_use]
    pub fn mark(&self, text: &[u8]) -> [u8; MARK_BYTES] {
        let mut mark = [0; MARK_BYTES];
        let made = hmac::sign(&self.0.marking, text);
        mark.iter_mut().zip(made.as_ref()).for_each(|(to, from)| *to = *from);
        mark
    }

    /// Whether a mark is that of a text. How long it takes does not tell how much of it is right.
    #[must_use]
    pub fn is_marked(&self, text: &[u8], mark: &[u8]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.mark(text), mark).is_ok()
    }

    /// Seals `plain` for one purpose and owner, named by `context`: elsewhere it does not open. The nonce stands in front.
    ///
    /// # Errors
    /// No random bytes.
    pub fn seal(&self, entropy: &Entropy, context: &str, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut nonce = [0_u8; NONCE_LEN];
        entropy.fill(&mut nonce)?;
        let mut sealed = plain.to_vec();
        self.0
            .sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), &mut sealed)
            .map_err(|_| Fault::new("sealing a secret"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for the same context.
    ///
    /// # Errors
    /// It was sealed with another key or for another context, or it was changed.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let wrong =
            || Fault::new("opening a sealed secret: the key in the data folder is not the one it was sealed with");
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut rest = rest.to_vec();
        let plain =
            self.0.sealing.open_in_place(nonce, Aad::from(context.as_bytes()), &mut rest).map_err(|_| wrong())?;
        Ok(plain.to_vec())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_context_alone() {
        let entropy = Entropy::system();
        let (Ok(one), Ok(other)) = (Sealer::new(&[1; 32]), Sealer::new(&[2; 32])) else { panic!("no key") };
        let Ok(mut sealed) = one.seal(&entropy, "otp 1", b"secret") else { panic!("nothing was sealed") };
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
        assert_eq!(one.open("otp 1", &sealed).ok().as_deref(), Some(b"secret".as_slice()));
        assert!(one.open("otp 2", &sealed).is_err() && other.open("otp 1", &sealed).is_err());
        if let Some(last) = sealed.last_mut() {
            *last ^= 1;
        }
        assert!(one.open("otp 1", &sealed).is_err() && one.open("otp 1", b"short").is_err());
        assert_eq!(format!("{one:?}"), "Sealer(…)");
    }

    #[test]
    fn a_mark_is_made_with_the_key_alone() {
        let (Ok(one), Ok(other)) = (Sealer::new(&[1; 32]), Sealer::new(&[2; 32])) else { panic!("no key") };
        let mark = one.mark(b"a text");
        assert!(one.is_marked(b"a text", &mark));
        assert!(!one.is_marked(b"another", &mark) && !other.is_marked(b"a text", &mark));
        assert!(!one.is_marked(b"a text", mark.get(..8).unwrap_or_default()) && !one.is_marked(b"a text", &[]));
    }
}
