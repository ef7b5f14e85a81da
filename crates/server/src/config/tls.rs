//! TLS at the listener: the section of the configuration, and the words that only it has.

use std::path::PathBuf;

use super::{
    setting::section,
    value::{Listen, Value},
};

section! {
    /// TLS at the listener, for a server without a proxy in front. With both files every connection to `server.listen`
    /// speaks TLS (HTTP/2 and HTTP/1.1). They are looked at every minute: a renewed pair is taken up without a restart.
    Tls in "tls.";
    /// A PEM file with this server's certificate, then those between it and the authority.
    cert_file: Option<PathBuf> = "", [];
    /// A PEM file with the certificate's private key (PKCS#8, PKCS#1 or SEC1), not encrypted.
    key_file: Option<PathBuf> = "", [];
    /// Where who comes over plain http is led to https: an address as for `server.listen`, or `none`.
    /// `auto`: port 80 beside a `server.listen` at port 443, if this process may have it.
    http_listen: HttpListen = "auto", [];
}

/// Where plain http is answered beside TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpListen {
    /// At port 80 where https is at port 443.
    Auto,
    /// Nowhere.
    None,
    /// There, or the server does not start.
    At(Listen),
}

impl Value for HttpListen {
    const SHAPE: &'static str = "address, `auto` or `none`";

    fn read(text: &str) -> Result<HttpListen, String> {
        match text {
            "auto" => Ok(HttpListen::Auto),
            "none" => Ok(HttpListen::None),
            _ => Listen::read(text).map(HttpListen::At),
        }
    }
}
