//! Whose certificates are believed: those of the system, those every browser knows, and an operator's own.

use std::{path::Path, sync::Arc};

use phiomia_model::Fault;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};

pub(super) fn config(ca_file: Option<&Path>) -> Result<ClientConfig, Fault> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|e| Fault::because("setting TLS up", e))?;
    Ok(builder.with_root_certificates(roots(ca_file)?).with_no_client_auth())
}

pub(super) fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, Fault> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // Also what SSL_CERT_FILE names. Certificates the library cannot read are passed over.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let what = || format!("reading certificates from {}", path.display());
        let certificates = CertificateDer::pem_file_iter(path).map_err(|e| Fault::because(what(), e))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|e| Fault::because(what(), e))?;
            roots.add(certificate).map_err(|e| Fault::because(what(), e))?;
        }
    }
    Ok(roots)
}
