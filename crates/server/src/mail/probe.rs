//! A conversation with the SMTP server that ends before anything is sent: as far as it would be taken.

use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Tls},
        commands::{Mail, Rcpt, Rset},
        extension::ClientId,
    },
};
use phiomia_model::Addresses;
use tokio::time::timeout;

use super::smtp::{TIMEOUT, credentials, from, hello, tls};
use crate::config;

/// How far it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Talked {
    /// It would take a mail.
    ToTheEnd {
        /// Whether nobody on the way could read it.
        is_encrypted: bool,
    },
    /// Nobody answers.
    NoAnswer(String),
    /// The conversation did not become encrypted.
    NotEncrypted(String),
    /// Name and password are not taken.
    NotSignedIn(String),
    /// Our sender is not taken.
    SenderRefused(String),
    /// The recipient is not taken.
    RecipientRefused(String),
}

/// Talks as a mail to `recipient` would; to the sender itself when nobody is named. `None`: no server is set.
///
/// # Errors
/// A sentence, for settings that do not read.
pub async fn talk(
    said: &config::Smtp,
    addresses: &Addresses,
    recipient: Option<&str>,
) -> Result<Option<Talked>, String> {
    let Some(host) = &said.server else { return Ok(None) };
    let sender = from(said, addresses)?.email;
    let recipient = recipient.and_then(|text| text.parse().ok()).unwrap_or_else(|| sender.clone());
    let talking = converse(said, host, hello(said, addresses), (sender, recipient));
    let talked = timeout(TIMEOUT, Box::pin(talking)).await;
    Ok(Some(talked.unwrap_or_else(|_| Ok(Talked::NoAnswer("it takes too long".to_owned())))?))
}

async fn converse(
    said: &config::Smtp,
    host: &str,
    hello: ClientId,
    (sender, recipient): (Address, Address),
) -> Result<Talked, String> {
    let tls = tls(said, host)?;
    let wrapper = match &tls {
        Tls::Wrapper(parameters) => Some(parameters.clone()),
        _ => None,
    };
    let is_wrapped = wrapper.is_some();
    let connecting = AsyncSmtpConnection::connect_tokio1((host, said.port), Some(TIMEOUT), &hello, wrapper, None).await;
    let mut connection = match connecting {
        Ok(connection) => connection,
        Err(error) if is_wrapped && error.is_tls() => return Ok(Talked::NotEncrypted(words(&error))),
        Err(error) => return Ok(Talked::NoAnswer(words(&error))),
    };
    match tls {
        Tls::Required(_) if !connection.can_starttls() => {
            connection.abort().await;
            return Ok(Talked::NotEncrypted("it does not offer STARTTLS, and smtp.starttls wants it".to_owned()));
        }
        Tls::Required(parameters) | Tls::Opportunistic(parameters) if connection.can_starttls() => {
            if let Err(error) = connection.starttls(parameters, &hello).await {
                return Ok(Talked::NotEncrypted(words(&error)));
            }
        }
        _ => {}
    }
    let is_encrypted = connection.is_encrypted();
    let talked = match asked(&mut connection, credentials(said), sender, recipient).await {
        None => Talked::ToTheEnd { is_encrypted },
        Some(refused) => refused,
    };
    // Whatever it says to that: nothing was sent.
    let _ = connection.command(Rset).await;
    let _ = connection.quit().await;
    Ok(talked)
}

/// Signs in and names both ends; `None`: all was taken.
async fn asked(
    connection: &mut AsyncSmtpConnection,
    credentials: Option<(Credentials, Mechanism)>,
    sender: Address,
    recipient: Address,
) -> Option<Talked> {
    if let Some((credentials, mechanism)) = credentials
        && let Err(error) = connection.auth(&[mechanism], &credentials).await
    {
        return Some(Talked::NotSignedIn(words(&error)));
    }
    if let Err(error) = connection.command(Mail::new(Some(sender), Vec::new())).await {
        return Some(Talked::SenderRefused(words(&error)));
    }
    if let Err(error) = connection.command(Rcpt::new(recipient, Vec::new())).await {
        return Some(Talked::RecipientRefused(words(&error)));
    }
    None
}

/// An error with its causes; the library's own sentence is only the first of them.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
