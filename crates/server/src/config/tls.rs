//! TLS at the listener: the section of the configuration, and the words that only it has.

use std::{path::PathBuf, time::Duration};

use super::{
    setting::section,
    value::{Domain, Listen, Secret, Value, words},
};

section! {
    /// TLS at the listener, for a server without a proxy in front: with files of one's own (`cert_file`, `key_file`), or with
    /// certificates that the server gets and renews itself (`acme`). Every connection to `server.listen` then speaks TLS
    /// (HTTP/2 and HTTP/1.1). [How to](hosting/tls.md).
    Tls in "tls.";
    /// A PEM file with this server's certificate, then those between it and the authority. It is looked at every minute: a
    /// renewed pair is taken up without a restart.
    cert_file: Option<PathBuf> = "", [];
    /// A PEM file with the certificate's private key (PKCS#8, PKCS#1 or SEC1), not encrypted.
    key_file: Option<PathBuf> = "", [];
    /// Where who comes over plain http is led to https: an address as for `server.listen`, or `none`. With `tls.acme` the
    /// authority may ask there, too. `auto`: port 80 beside a `server.listen` at port 443, if this process may have it.
    http_listen: HttpListen = "auto", [];
    /// Get certificates from an authority and renew them, by ACME (RFC 8555). Who sets this agrees to the authority's terms.
    acme: bool = "false", [];
    /// Which authority: `letsencrypt`; `letsencrypt-staging`, whose certificates no browser believes, to try whether
    /// everything is right; or the `https` address of another one's directory.
    acme_directory: Directory = "letsencrypt", [];
    /// Where the authority may write to when something is wrong with the certificate.
    acme_email: Option<String> = "", [];
    /// The domains of the certificate. Without it: the one that serves pages and the API, and of `instance.domain` and
    /// `instance.alternate_domains` those that lead to the same addresses.
    acme_domains: Vec<Domain> = "", [];
    /// How the authority is shown that a domain is ours. `auto`: `tls-alpn-01` at port 443, then `http-01` at port 80, then
    /// `dns-01` by a `dns.provider` that is `route53` or `rfc2136`; with `tls.acme_dns_hook` `dns-01` alone.
    acme_challenge: AcmeChallenge = "auto", [];
    /// A program that writes records for `dns-01`, instead of `dns.provider`: `HOOK present NAME TEXT` makes a TXT record at
    /// `NAME` and ends when all name servers have it, `HOOK cleanup NAME TEXT` takes it away. It gets five minutes.
    acme_dns_hook: Option<PathBuf> = "", [];
    /// A PEM file with more authorities that may sign the certificate of the directory: for one in a network of your own.
    acme_ca_file: Option<PathBuf> = "", [];
    /// The number of your account at an authority that wants one (external account binding).
    acme_eab_key_id: Option<String> = "", [];
    /// The key of that account, as the authority gave it (base64url).
    acme_eab_key: Option<Secret> = "", [];
    /// How long is waited after the first failure. All later waits grow with it: 5, 15, 60, 180, 360 times as long, then
    /// always 720 times (12 hours).
    acme_first_retry: Duration = "1m", [];
}

words! {
    /// How a domain is shown to be ours.
    AcmeChallenge {
        /// What is possible.
        Auto = "auto",
        /// A certificate of its own at port 443.
        TlsAlpn01 = "tls-alpn-01",
        /// A page at port 80.
        Http01 = "http-01",
        /// A record of the domain.
        Dns01 = "dns-01",
    }
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

/// The address of an authority's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory(pub String);

impl Value for Directory {
    const SHAPE: &'static str = "`letsencrypt`, `letsencrypt-staging` or address";

    fn read(text: &str) -> Result<Directory, String> {
        let url = match text {
            "letsencrypt" => "https://acme-v02.api.letsencrypt.org/directory",
            "letsencrypt-staging" => "https://acme-staging-v02.api.letsencrypt.org/directory",
            _ if url::Url::parse(text).is_ok_and(|url| url.scheme() == "https") => text,
            _ => {
                return Err(format!(
                    "must be letsencrypt, letsencrypt-staging or an address that begins with https://, not {text:?}"
                ));
            }
        };
        Ok(Directory(url.to_owned()))
    }
}
