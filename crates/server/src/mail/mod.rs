//! Mail on its way out: written as plain text and as HTML, handed to the SMTP server of the settings.

pub mod probe;
mod smtp;
mod text;

use std::sync::Arc;

use phiomia_model::{AccountId, Addresses, Error, job::Mail};
use phiomia_social::users;
use phiomia_store::{Db, Entropy, db::settings};

pub use smtp::Smtp;

/// The domain that mails come from.
///
/// # Errors
/// A sentence, for a sender that is no address.
pub fn sender_domain(said: &crate::config::Smtp, addresses: &Addresses) -> Result<String, String> {
    Ok(smtp::from(said, addresses)?.email.domain().to_owned())
}

/// Sends mails to people who live here.
#[derive(Clone)]
pub struct Post {
    /// Where people and links are.
    pub db: Db,
    /// Where the secrets in links come from.
    pub entropy: Entropy,
    /// Where this server is found.
    pub addresses: Arc<Addresses>,
    /// `None`: no SMTP server is set.
    pub smtp: Option<Smtp>,
}

impl Post {
    /// Makes one mail and sends it. Running it twice sends two, of which the second has the good link.
    ///
    /// # Errors
    /// A fault, when the SMTP server did not take it.
    pub async fn send(&self, account: AccountId, mail: Mail) -> Result<(), Error> {
        let Some(smtp) = &self.smtp else {
            tracing::warn!(account.id = %account, "a mail was not sent: no SMTP server is set");
            return Ok(());
        };
        let Some(letter) = users::letter(&self.db, &self.entropy, account, mail).await? else { return Ok(()) };
        let title = self.db.read(|q| Ok(settings::get(q, "title")?)).await?.filter(|title| !title.is_empty());
        let server = title.unwrap_or_else(|| self.addresses.local_domain.clone());
        let text = text::write(&letter, &self.addresses, &server)?;
        let mut name = [0_u8; 16];
        self.entropy.fill(&mut name)?;
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        smtp.send(&letter.to, &server, &format!("<{name}@{}>", self.addresses.web_domain), text).await?;
        tracing::info!(account.id = %account, ?mail, "sent a mail");
        Ok(())
    }
}
