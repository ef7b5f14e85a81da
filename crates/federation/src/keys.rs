//! Our own key pairs: made when they are first needed, sealed in the database, kept parsed in memory.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair as RsaPair, KeySize},
};
use phiomia_activitypub::{
    Uri,
    signature::{PrivateKey, Signer},
    uri::Web,
};
use phiomia_model::{AccountId, Addresses, Error, Fault};
use phiomia_store::{
    Db, Entropy,
    db::federation::key_pairs::{self, KeyPair, SERVER},
    recent::Recent,
    seal::Sealer,
};
use tokio::sync::Mutex;

/// Parsed keys in memory: each takes about 4 kB.
const MOST_KEPT: u64 = 1_000;
/// A key nobody used for so long is parsed anew.
const KEPT: Duration = Duration::from_secs(3_600);

/// A key of ours with its name.
#[derive(Debug)]
pub struct LocalKey {
    id: Uri,
    key: PrivateKey,
}

impl LocalKey {
    /// Who signs, for [`phiomia_activitypub::signature::sign`].
    #[must_use]
    pub fn signer(&self) -> Signer<'_> {
        Signer { key_id: &self.id, key: &self.key }
    }
}

/// Our keys.
pub struct Keys {
    db: Db,
    addresses: Arc<Addresses>,
    entropy: Entropy,
    sealer: Sealer,
    kept: Recent<AccountId, Arc<LocalKey>>,
    /// One pair is made at a time: those who want the same one find it then.
    making: Mutex<()>,
}

impl Keys {
    pub(crate) fn new(db: Db, addresses: Arc<Addresses>, entropy: Entropy, sealer: Sealer) -> Keys {
        let kept = Recent::new(MOST_KEPT).resting(KEPT);
        Keys { db, addresses, entropy, sealer, kept, making: Mutex::default() }
    }

    /// The key of somebody here, or of the server itself ([`SERVER`]).
    ///
    /// # Errors
    /// The database failed, or the key was sealed with another secret than ours.
    pub async fn signer(&self, account: AccountId) -> Result<Arc<LocalKey>, Error> {
        if let Some(key) = self.kept.get(&account) {
            return Ok(key);
        }
        let pair = self.pair(account).await?;
        let der = self.sealer.open(&context(account), &pair.sealed)?;
        let key = PrivateKey::from_pkcs8(&der).map_err(|e| Fault::because("reading a key of ours", e))?;
        let key = Arc::new(LocalKey { id: self.id(account)?, key });
        self.kept.put(account, key.clone());
        Ok(key)
    }

    /// The public half, as a PEM.
    ///
    /// # Errors
    /// The database failed.
    pub async fn public_pem(&self, account: AccountId) -> Result<String, Error> {
        if let Some(pem) = self.db.read(move |q| Ok(key_pairs::public_pem(q, account)?)).await? {
            return Ok(pem);
        }
        Ok(self.pair(account).await?.public_pem)
    }

    /// Makes a new pair in place of the old one. Others fetch it when a signature does not fit what they know.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rotate(&self, account: AccountId) -> Result<(), Error> {
        let pair = self.make(account).await?;
        self.db.write(move |tx| Ok(key_pairs::replace(tx, account, &pair)?)).await?;
        self.forget(account);
        Ok(())
    }

    /// Parses the key anew at its next use.
    pub fn forget(&self, account: AccountId) {
        self.kept.drop(&account);
    }

    /// The name of a key.
    ///
    /// # Errors
    /// Our own address is none, which its configuration has ruled out.
    pub fn id(&self, account: AccountId) -> Result<Uri, Fault> {
        let actor = if account == SERVER { self.addresses.server_uri() } else { self.addresses.account_uri(account) };
        let id = Uri::parse(&format!("{actor}#main-key"), Web::HttpToo);
        id.map_err(|e| Fault::because("writing the name of a key", e))
    }

    async fn pair(&self, account: AccountId) -> Result<KeyPair, Error> {
        if let Some(pair) = self.db.read(move |q| Ok(key_pairs::find(q, account)?)).await? {
            return Ok(pair);
        }
        let _making = self.making.lock().await;
        // Within a write: what was kept a moment ago may not have reached a copy of the database.
        if let Some(pair) = self.db.write(move |tx| Ok(key_pairs::find(tx, account)?)).await? {
            return Ok(pair);
        }
        let pair = self.make(account).await?;
        self.db.write(move |tx| Ok(key_pairs::keep(tx, account, &pair)?)).await
    }

    /// Looking for two primes takes tens of milliseconds.
    async fn make(&self, account: AccountId) -> Result<KeyPair, Error> {
        let wrong = |_| Fault::new("making a key pair failed");
        let making = tokio::task::spawn_blocking(move || {
            let pair = RsaPair::generate(KeySize::Rsa2048).map_err(wrong)?;
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(wrong)?;
            Ok::<Vec<u8>, Fault>(der.as_ref().to_vec())
        });
        let der = making.await.map_err(|e| Fault::because("making a key pair", e))??;
        let key = PrivateKey::from_pkcs8(&der).map_err(|e| Fault::because("reading a new key", e))?;
        let sealed = self.sealer.seal(&self.entropy, &context(account), &der)?;
        Ok(KeyPair { sealed, public_pem: key.public_pem() })
    }
}

/// What a key is sealed for: it opens for nobody else.
fn context(account: AccountId) -> String {
    format!("signing key {account}")
}
