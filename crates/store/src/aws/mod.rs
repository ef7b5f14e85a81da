//! Requests that Amazon believes: where the key comes from, and how it signs.

mod machine;
mod signature;

use std::{fmt, sync::Arc};

use object_store::aws::{AwsCredential, AwsCredentialProvider};
use phiomia_model::Fault;

use crate::Secret;

pub use machine::Machine;
pub use signature::{Scope, Signed, Unsigned};

/// A key, and what is said with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub id: String,
    /// What signs.
    pub secret: Secret,
    /// What a key that is lent for some hours is shown with.
    pub session: Option<Secret>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

impl From<&AwsCredential> for Key {
    fn from(lent: &AwsCredential) -> Key {
        Key {
            id: lent.key_id.clone(),
            secret: Secret::new(lent.secret_key.as_str()),
            session: lent.token.as_deref().map(Secret::new),
        }
    }
}

/// Where keys come from.
#[derive(Clone)]
pub struct Keys(Origin);

#[derive(Clone)]
enum Origin {
    Said(Arc<Key>),
    Lent(AwsCredentialProvider),
}

impl Keys {
    /// One that somebody wrote down.
    #[must_use]
    pub fn said(key: Key) -> Keys {
        Keys(Origin::Said(Arc::new(key)))
    }

    /// Those of the role of this machine or container; they change by the hour.
    ///
    /// # Errors
    /// When no client can be made to ask with.
    pub fn lent(machine: &Machine) -> Result<Keys, Fault> {
        Ok(Keys(Origin::Lent(machine.provider()?)))
    }

    /// The key of this moment.
    ///
    /// # Errors
    /// The machine has no role, or does not say.
    pub async fn key(&self) -> Result<Key, Fault> {
        match &self.0 {
            Origin::Said(key) => Ok(Key::clone(key)),
            Origin::Lent(provider) => {
                let asked = provider.get_credential().await;
                let lent = asked.map_err(|e| Fault::because("asking this machine for its role", e).transient())?;
                Ok(Key::from(&*lent))
            }
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}
