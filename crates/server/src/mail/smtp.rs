//! The conversation with the SMTP server.

use std::{fs, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        PoolConfig,
        authentication::{Credentials, Mechanism},
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use phiomia_model::{Addresses, Fault};

use super::text::Text;
use crate::config::{self, SmtpAuth, SmtpVerify, Starttls};

/// Each step of the conversation.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);
/// Connections kept for the next mail.
const MOST_CONNECTIONS: u32 = 2;

/// An SMTP server, and who writes through it.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

impl Smtp {
    /// As the settings say; `None` when they name no server.
    ///
    /// # Errors
    /// A sentence, for an address or certificate that does not read.
    pub fn new(said: &config::Smtp, addresses: &Addresses) -> Result<Option<Smtp>, String> {
        let Some(host) = &said.server else { return Ok(None) };
        let from = from(said, addresses)?;
        let reply_to = said.reply_to.as_deref().map(|text| mailbox(text, "smtp.reply_to")).transpose()?;
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.as_str())
            .port(said.port)
            .tls(tls(said, host)?)
            .hello_name(hello(said, addresses))
            .timeout(Some(TIMEOUT))
            .pool_config(PoolConfig::new().max_size(MOST_CONNECTIONS));
        if let Some((credentials, mechanism)) = credentials(said) {
            builder = builder.credentials(credentials).authentication(vec![mechanism]);
        }
        Ok(Some(Smtp { transport: builder.build(), from, reply_to }))
    }

    /// Sends one mail; `name` shows as who wrote it, unless the setting has a name of its own.
    pub(super) async fn send(&self, to: &str, name: &str, id: &str, text: Text) -> Result<(), Fault> {
        let broken = |e: lettre::error::Error| Fault::because("writing the head of a mail", e);
        let to: lettre::Address = to.parse().map_err(|e| Fault::because("reading the address of a mail", e))?;
        let from = match &self.from.name {
            Some(_) => self.from.clone(),
            None => Mailbox::new(Some(name.to_owned()), self.from.email.clone()),
        };
        let mut head = Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(text.subject)
            .message_id(Some(id.to_owned()));
        if let Some(reply_to) = &self.reply_to {
            head = head.reply_to(reply_to.clone());
        }
        let mut message = head.multipart(MultiPart::alternative_plain_html(text.plain, text.html)).map_err(broken)?;
        // Holiday answers stay away. Source: RFC 3834, section 5.
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        self.transport.send(message).await.map(|_| ()).map_err(|e| Fault::because("sending a mail", e))
    }
}

/// Who writes.
pub(super) fn from(said: &config::Smtp, addresses: &Addresses) -> Result<Mailbox, String> {
    match &said.from_address {
        Some(text) => mailbox(text, "smtp.from_address"),
        None => mailbox(&format!("notifications@{}", mail_domain(addresses)), "smtp.from_address"),
    }
}

/// How we greet.
pub(super) fn hello(said: &config::Smtp, addresses: &Addresses) -> ClientId {
    ClientId::Domain(said.domain.clone().unwrap_or_else(|| mail_domain(addresses).to_owned()))
}

/// How we sign in, where we do.
pub(super) fn credentials(said: &config::Smtp) -> Option<(Credentials, Mechanism)> {
    let mechanism = match said.auth_method {
        SmtpAuth::Plain => Mechanism::Plain,
        SmtpAuth::Login => Mechanism::Login,
        SmtpAuth::None => return None,
    };
    let (login, password) = (said.login.as_ref()?, said.password.as_ref()?);
    Some((Credentials::new(login.clone(), password.expose().to_owned()), mechanism))
}

fn mailbox(text: &str, key: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|e| format!("{key} is no address: {e}"))
}

/// A domain for development has a port, which no mail address has.
fn mail_domain(addresses: &Addresses) -> &str {
    addresses.local_domain.split(':').next().unwrap_or_default()
}

/// Mastodon's five settings about encryption in one.
pub(super) fn tls(said: &config::Smtp, host: &str) -> Result<Tls, String> {
    let mut parameters = TlsParameters::builder(host.to_owned());
    if said.verify_mode == SmtpVerify::None {
        parameters = parameters.dangerous_accept_invalid_certs(true);
    }
    if let Some(path) = &said.ca_file {
        let wrong = |why: String| format!("smtp.ca_file {} does not read: {why}", path.display());
        let pem = fs::read(path).map_err(|e| wrong(e.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|e| wrong(e.to_string()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    let parameters = parameters.build_rustls().map_err(|e| format!("TLS for SMTP cannot be prepared: {e}"))?;
    Ok(match said.starttls {
        _ if said.tls || said.ssl => Tls::Wrapper(parameters),
        Starttls::Always => Tls::Required(parameters),
        Starttls::Auto if said.starttls_auto => Tls::Opportunistic(parameters),
        Starttls::Auto | Starttls::Never => Tls::None,
    })
}
