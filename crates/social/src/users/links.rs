//! One-time links: for the first owner of an empty server, and to sign in without a password.

use std::time::Duration;

use phiomia_model::{AccountId, Error, Noun, Refusal};
use phiomia_store::{
    Db, Entropy, Secret,
    db::{
        links::{self, LinkView, Purpose},
        users,
    },
};

/// How long the link of the first start is good.
pub const OWNER_LINK_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How long a link that signs in is good.
pub const SIGN_IN_LINK_LIFE: Duration = Duration::from_secs(15 * 60);

/// A link whose bearer chooses the owner's name and password; earlier ones end. The address is `/owner/<secret>`.
///
/// # Errors
/// `Conflict` when the server has an owner; a fault.
pub async fn first_owner_link(db: &Db, entropy: &Entropy) -> Result<Secret, Error> {
    let secret = entropy.secret()?;
    let hash = secret.hash();
    db.write(move |tx| {
        if users::owner(tx)?.is_some() {
            return Err(Refusal::Conflict("This server has an owner already".to_owned()).into());
        }
        links::delete_of_purpose(tx, Purpose::FirstOwner)?;
        let link = LinkView { account_id: None, detail: None, expires_at: tx.now().plus(OWNER_LINK_LIFE) };
        Ok(links::insert(tx, hash, Purpose::FirstOwner, &link)?)
    })
    .await?;
    Ok(secret)
}

/// A link that signs somebody in once. The address is `/owner/<secret>`.
///
/// # Errors
/// `NotFound` when there is no such user; a fault.
pub async fn sign_in_link(db: &Db, entropy: &Entropy, account: AccountId) -> Result<Secret, Error> {
    let secret = entropy.secret()?;
    let hash = secret.hash();
    db.write(move |tx| {
        if users::find(tx, account)?.is_none_or(|u| u.deleted_at.is_some()) {
            return Err(Refusal::NotFound(Noun::Account).into());
        }
        let link = LinkView { account_id: Some(account), detail: None, expires_at: tx.now().plus(SIGN_IN_LINK_LIFE) };
        Ok(links::insert(tx, hash, Purpose::SignIn, &link)?)
    })
    .await?;
    Ok(secret)
}
