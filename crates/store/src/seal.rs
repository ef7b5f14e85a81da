//! Sealing: what the database keeps but shall not know, as the secrets of second factors.
//! AES-256-GCM under a key that lies outside of the database.

use std::{fmt, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use phiomia_model::Fault;

use crate::secret::Entropy;

/// Bytes of the key.
pub const KEY_BYTES: usize = 32;

/// Seals and opens. Clones are handles of the same key, which never prints.
#[derive(Clone)]
pub struct Sealer(Arc<LessSafeKey>);

impl Sealer {
    /// With this key.
    ///
    /// # Errors
    /// The library takes no such key.
    pub fn new(key: &[u8; KEY_BYTES]) -> Result<Sealer, Fault> {
        let key = UnboundKey::new(&AES_256_GCM, key)
            .map_err(|_| Fault::new("reading the key that secrets are sealed with"))?;
        Ok(Sealer(Arc::new(LessSafeKey::new(key))))
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
        let plain = self.0.open_in_place(nonce, Aad::from(context.as_bytes()), &mut rest).map_err(|_| wrong())?;
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
}
