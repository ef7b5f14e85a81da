//! The authority: how it is spoken with, and who this server is there.

use std::{future::Future, pin::Pin, time::Duration};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use instant_acme::{
    Account, AccountCredentials, BodyWrapper, BytesResponse, CertificateIdentifier, Error as AcmeError,
    ExternalAccountKey, HttpClient, NewAccount,
};
use phiomia_federation::Outbound;
use phiomia_model::{Error, Fault, Time};
use phiomia_store::db::certificates::{self, CertificateRow};
use rustls::pki_types::Der;

use super::{Acme, RENEWAL_INFO, account_context, schedule, words::Why};
use crate::tls;

/// The one client of the house, as the library wants it.
struct Client(Outbound);

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, AcmeError>> + Send>> {
        let outbound = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let host = parts.uri.host().unwrap_or_default().to_owned();
            let Ok(body) = body.collect().await;
            let body = body.to_bytes();
            let asked = outbound.exchange(Request::from_parts(parts, body)).await;
            let answer = asked.map_err(|e| AcmeError::Other(format!("{host} cannot be asked: {e}").into()))?;
            let mut response = http::Response::new(());
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            let (parts, ()) = response.into_parts();
            Ok(BytesResponse { parts, body: Box::new(answer.body) })
        })
    }
}

impl Acme {
    /// Who we are there, made known at the first time.
    pub(super) async fn account(&self) -> Result<Account, Why> {
        let directory = &self.settings.directory;
        let builder = Account::builder_with_http(Box::new(Client(self.outbound.clone())));
        let doing = format!("asking {directory} for an account");
        let (searched, context) = (directory.clone(), account_context(directory));
        let kept = self.db.read(move |q| Ok(certificates::account(q, &searched)?)).await.map_err(|e| broken(&e))?;
        if let Some(sealed) = kept {
            let plain = self.sealer.open(&context, &sealed).map_err(|fault| Why::plain(fault.chain()))?;
            let credentials: AccountCredentials =
                serde_json::from_slice(&plain).map_err(|e| Why::plain(format!("the account does not read: {e}")))?;
            return builder.from_credentials(credentials).await.map_err(|e| Why::of(&doing, &e));
        }
        let contact = self.settings.email.as_ref().map(|email| format!("mailto:{email}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let bound = self.bound_to()?;
        let made = builder.create(&new, directory.clone(), bound.as_ref()).await;
        let (account, credentials) = made.map_err(|e| Why::of(&doing, &e))?;
        let plain = serde_json::to_vec(&credentials).map_err(|e| Why::plain(e.to_string()))?;
        let sealed = self.sealer.seal(&self.entropy, &context, &plain).map_err(|fault| Why::plain(fault.chain()))?;
        let kept_for = directory.clone();
        let keeping = self.db.write(move |tx| Ok(certificates::keep_account(tx, &kept_for, &sealed)?));
        keeping.await.map_err(|e| broken(&e))?;
        Ok(account)
    }

    /// The authority does not know us any more: the next time we make ourselves known anew.
    pub(super) async fn forget_account(&self) -> Result<(), Why> {
        let directory = self.settings.directory.clone();
        self.db.write(move |tx| Ok(certificates::drop_account(tx, &directory)?)).await.map_err(|e| broken(&e))
    }

    fn bound_to(&self) -> Result<Option<ExternalAccountKey>, Why> {
        let Some((number, key)) = &self.settings.bound_to else { return Ok(None) };
        let text = key.expose().trim_end_matches('=');
        // Some write it in the other alphabet.
        let bytes = URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD.decode(key.expose()));
        let bytes = bytes.map_err(|_| Why::plain("tls.acme_eab_key is not base64url, as authorities write it"))?;
        Ok(Some(ExternalAccountKey::new(number.clone(), &bytes)))
    }

    /// Asks when the authority wishes the next order, and notes it; gives how long it is not asked again. Authorities
    /// that wish nothing are left alone for a day. [RFC 9773](https://www.rfc-editor.org/rfc/rfc9773)
    pub(super) async fn ask_when(&self, row: &CertificateRow) -> Result<Duration, Error> {
        let asked = match row.chain.as_deref().and_then(identifier) {
            Some(id) => match self.account().await {
                Ok(account) => account.renewal_info(&id).await,
                Err(_) => return Ok(RENEWAL_INFO),
            },
            None => return Ok(RENEWAL_INFO * 4),
        };
        let (info, pause) = match asked {
            Ok(told) => told,
            Err(AcmeError::Unsupported(_)) => return Ok(RENEWAL_INFO * 4),
            Err(error) => {
                tracing::debug!(%error, "the authority does not say when it wishes the next order: {error}");
                return Ok(RENEWAL_INFO);
            }
        };
        let window = info.suggested_window;
        let [start, end] = [window.start, window.end].map(time);
        if row.next_at < start || row.next_at > end {
            let next_at = schedule::within(start, end, self.share()?);
            tracing::info!("the authority wishes the next order at {}", next_at.to_iso_millis());
            let directory = self.settings.directory.clone();
            self.db.write(move |tx| Ok(certificates::move_next(tx, &directory, next_at)?)).await?;
        }
        Ok(pause.clamp(RENEWAL_INFO / 6, RENEWAL_INFO * 4))
    }
}

/// What the authority calls a certificate; `None`: it does not say by whom it is.
pub(super) fn identifier(chain: &str) -> Option<CertificateIdentifier<'static>> {
    tls::first_of(chain.as_bytes(), |facts| {
        let id = CertificateIdentifier::new(Der::from_slice(facts.authority?), Der::from_slice(facts.serial));
        Some(id.into_owned())
    })
}

fn time(moment: impl Into<std::time::SystemTime>) -> Time {
    let since = moment.into().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

pub(super) fn broken(error: &Error) -> Why {
    match error {
        Error::Refused(refusal) => Why::plain(refusal.to_string()),
        Error::Broken(fault) => Why::plain(Fault::chain(fault)),
    }
}
