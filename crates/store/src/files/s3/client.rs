//! The HTTP client that speaks with the bucket: our TLS, our timeouts, nobody in between.

use std::{fmt, future::Future, path::Path, pin::Pin, sync::Arc, time::Duration};

use object_store::{
    ClientOptions,
    client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService},
};
use phiomia_model::Fault;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::BucketSettings;

/// Slowest line on which an upload is waited for, in bytes a second.
const SLOWEST: usize = 32 * 1024;
/// Connections that wait for the next request.
const IDLE: usize = 8;
/// How long they do; servers in front of buckets hang up after a minute or less.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The client with its timeouts. A clone is another handle of the same.
#[derive(Clone)]
pub(crate) struct Client {
    client: reqwest::Client,
    read_timeout: Duration,
}

impl Client {
    pub(crate) fn new(settings: &BucketSettings) -> Result<Client, Fault> {
        #[expect(clippy::disallowed_methods, reason = "the bucket is a shelf of ours and no stranger")]
        let builder = reqwest::Client::builder();
        let client = builder
            .user_agent(concat!("Phiomia/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls(settings.ca_file.as_deref())?)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.open_timeout)
            .pool_max_idle_per_host(IDLE)
            .pool_idle_timeout(IDLE_TIMEOUT)
            // Files are compressed already, and their length has to stay what it is.
            .no_gzip()
            .no_brotli()
            .no_proxy()
            .build()
            .map_err(|error| Fault::because("making the client for the bucket", error))?;
        Ok(Client { client, read_timeout: settings.read_timeout })
    }

    /// What an address answers to somebody without a key.
    pub(super) async fn status_for_anybody(&self, url: &str) -> Result<u16, Fault> {
        let asked = tokio::time::timeout(self.read_timeout, self.client.get(url).send()).await;
        let answer = asked.map_err(|error| Fault::because(format!("asking {url}"), error))?;
        Ok(answer.map_err(|error| Fault::because(format!("asking {url}"), error.without_url()))?.status().as_u16())
    }

    /// Until the head of the answer is there: what is sent has to arrive, too.
    fn patience(&self, request: &HttpRequest) -> Duration {
        let seconds = request.body().content_length() / SLOWEST;
        self.read_timeout + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl HttpConnector for Client {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

type Calling<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

impl HttpService for Client {
    fn call<'a, 'b>(&'a self, request: HttpRequest) -> Calling<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let patience = self.patience(&request);
            match tokio::time::timeout(patience, HttpService::call(&self.client, request)).await {
                Ok(answered) => answered,
                Err(late) => Err(HttpError::new(HttpErrorKind::Timeout, late)),
            }
        })
    }
}

/// Whose certificates are believed: those of the system, those every browser knows, and an operator's own.
fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, Fault> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let what = || format!("reading certificates from {}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| Fault::because(what(), e))? {
            let certificate = certificate.map_err(|e| Fault::because(what(), e))?;
            roots.add(certificate).map_err(|e| Fault::because(what(), e))?;
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|e| Fault::because("setting TLS up", e))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
