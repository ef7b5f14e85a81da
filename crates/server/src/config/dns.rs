//! The server's own DNS records: the section of the configuration, and what of it does not fit together.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;

use super::{
    Config,
    setting::section,
    value::{Domain, ListItem, Secret, Value, words},
};

section! {
    /// The addresses of this machine in the DNS (`A`, `AAAA`) for the domain that serves pages: published by the server itself
    /// when it starts and when they change. [How to](hosting/dns.md).
    Dns in "dns.";
    /// How records are written: `route53` (Amazon), `rfc2136` (updates that BIND, Knot, PowerDNS and others take) or `command`
    /// (a program of yours). Without it nothing is published.
    provider: Option<DnsProvider> = "", [];
    /// The addresses to publish. Without it they are found out by `dns.sources`.
    addresses: Vec<IpAddr> = "", [];
    /// Where the addresses of this machine are looked for, the first that knows one counts, for IPv4 and IPv6 each: at its
    /// network `interfaces`, at the metadata of a machine of `ec2`, and by asking `dns.echo_url` (`echo`).
    sources: Vec<AddressSource> = "interfaces, ec2, echo", [];
    /// A page that answers with the address it is asked from and nothing else, as `https://icanhazip.com`. Asked over IPv4 and
    /// IPv6 each, where none of the sources before it knows an address.
    echo_url: Option<String> = "", [];
    /// Where a machine of EC2 is told about itself.
    ec2_metadata: String = "http://169.254.169.254", ["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
    /// Which records are looked after: `both`, `ipv4` (`A` alone) or `ipv6` (`AAAA` alone). The other one stays as it is.
    families: Families = "both", [];
    /// How long others may keep the records.
    ttl: Duration = "5m", [];
    /// How often the server looks whether its addresses or the records have changed.
    interval: Duration = "5m", [];
    /// How long the first certificate (`tls.acme`) waits at most until the domain leads to this machine.
    wait: Duration = "10m", [];
    /// The name server that is asked where the domain leads, as `9.9.9.9` or `192.0.2.1:5353`. Without it: as this machine
    /// looks names up.
    name_server: Option<NameServer> = "", [];
    /// The program of `command`: `PROGRAM set NAME TYPE TTL ADDRESS...` and `PROGRAM remove NAME TYPE`; for `dns-01` also
    /// `PROGRAM present NAME TEXT` and `PROGRAM cleanup NAME TEXT`. It gets five minutes.
    command: Option<PathBuf> = "", [];
    /// The hosted zone of Route 53, as `Z0123456789ABCDEFGHIJ`. Without it: the nearest one above the domain, which needs the
    /// right to list zones.
    route53_zone_id: Option<String> = "", [];
    /// The region by which requests to Route 53 are signed: another one only in China and for governments.
    route53_region: String = "us-east-1", [];
    /// The address of Route 53, where it is another one.
    route53_endpoint: String = "https://route53.amazonaws.com", ["AWS_ENDPOINT_URL_ROUTE_53"];
    /// A key for Route 53. Without it: the role of this machine or container.
    route53_access_key_id: Option<String> = "", ["AWS_ACCESS_KEY_ID"];
    /// That key's secret.
    route53_secret_access_key: Option<Secret> = "", ["AWS_SECRET_ACCESS_KEY"];
    /// What belongs to a key that was lent for some hours.
    route53_session_token: Option<Secret> = "", ["AWS_SESSION_TOKEN"];
    /// Where a container asks for its role: a path (ECS sets it), or an address (EKS).
    route53_container_credentials: Option<String> = "", [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    ];
    /// A file with what is shown at that address.
    route53_container_token_file: Option<PathBuf> = "", ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
    /// The name server that takes updates (the primary one), as `ns1.example.org` or `192.0.2.53:53`.
    rfc2136_server: Option<String> = "", [];
    /// The zone there. Without it: the one that the domain is in, as that server says.
    rfc2136_zone: Option<Domain> = "", [];
    /// The name of the key (TSIG) by which updates are signed.
    rfc2136_key_name: Option<String> = "", [];
    /// The key, as `tsig-keygen` prints it (base64).
    rfc2136_key: Option<Secret> = "", [];
    /// How it signs.
    rfc2136_algorithm: TsigAlgorithm = "hmac-sha256", [];
}

words! {
    /// How records are written.
    DnsProvider {
        /// At Amazon.
        Route53 = "route53",
        /// By updates that are signed.
        Rfc2136 = "rfc2136",
        /// By a program of the operator.
        Command = "command",
    }
}

words! {
    /// Who knows an address of this machine.
    AddressSource {
        /// The system.
        Interfaces = "interfaces",
        /// Amazon.
        Ec2 = "ec2",
        /// Somebody outside.
        Echo = "echo",
    }
}

words! {
    /// Which records are looked after.
    Families {
        /// `A` and `AAAA`.
        Both = "both",
        /// `A`.
        Ipv4 = "ipv4",
        /// `AAAA`.
        Ipv6 = "ipv6",
    }
}

words! {
    /// How updates are signed.
    TsigAlgorithm {
        /// As usual.
        Sha256 = "hmac-sha256",
        /// Longer.
        Sha512 = "hmac-sha512",
    }
}

impl ListItem for AddressSource {
    const LIST_SHAPE: &'static str = "list of `interfaces`, `ec2`, `echo`";
}

impl Value for IpAddr {
    const SHAPE: &'static str = "address";

    fn read(text: &str) -> Result<IpAddr, String> {
        text.parse().map_err(|_| format!("must be an address such as 192.0.2.1 or 2001:db8::1, not {text:?}"))
    }
}

impl ListItem for IpAddr {
    const LIST_SHAPE: &'static str = "list of addresses";
}

/// Address and port of a name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameServer(pub std::net::SocketAddr);

impl Value for NameServer {
    const SHAPE: &'static str = "address of a name server";

    fn read(text: &str) -> Result<NameServer, String> {
        let with_port = text.parse::<std::net::SocketAddr>().ok();
        let found = with_port.or_else(|| Some((text.parse::<IpAddr>().ok()?, 53).into()));
        found.map(NameServer).ok_or_else(|| "must be an address, as 9.9.9.9 or 127.0.0.1:5353".to_owned())
    }
}

impl Dns {
    /// The bytes of the key by which updates are signed.
    pub(crate) fn rfc2136_key_bytes(&self) -> Result<Vec<u8>, String> {
        let text = self.rfc2136_key.as_ref().map(Secret::expose).unwrap_or_default();
        let bytes = STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty());
        bytes.ok_or_else(|| "dns.rfc2136_key is not base64, as tsig-keygen prints it".to_owned())
    }
}

impl Config {
    pub(super) fn dns_contradictions(&self) -> Vec<String> {
        let said = &self.dns;
        let mut all = Vec::new();
        let web_domain = self.instance.web_domain.as_ref().or(self.instance.domain.as_ref());
        if said.provider.is_some() && web_domain.is_none_or(Domain::is_for_development) {
            all.push("dns.provider needs instance.domain: a name of this machine alone is in no DNS".to_owned());
        }
        let is_web = |address: &str, http: bool| {
            Url::parse(address)
                .is_ok_and(|url| url.has_host() && (url.scheme() == "https" || http && url.scheme() == "http"))
        };
        if !said.echo_url.as_ref().is_none_or(|url| is_web(url, self.federation.allow_http)) {
            all.push("dns.echo_url must begin with https://: anybody on the way could say another address".to_owned());
        }
        for (key, url) in [("dns.ec2_metadata", &said.ec2_metadata), ("dns.route53_endpoint", &said.route53_endpoint)] {
            if !is_web(url, true) {
                all.push(format!("{key} must begin with https:// or http:// and name a host"));
            }
        }
        let ttl = said.ttl.as_secs();
        if !(1..=604_800).contains(&ttl) {
            all.push("dns.ttl must be between 1s and 7d".to_owned());
        }
        let needs = |all: &mut Vec<String>, provider: DnsProvider, key: &str, is_there: bool| {
            if said.provider == Some(provider) && !is_there {
                all.push(format!("dns.provider is {}, and dns.{key} is missing", provider.word()));
            }
        };
        needs(&mut all, DnsProvider::Command, "command", said.command.is_some());
        needs(&mut all, DnsProvider::Rfc2136, "rfc2136_server", said.rfc2136_server.is_some());
        needs(&mut all, DnsProvider::Rfc2136, "rfc2136_key_name", said.rfc2136_key_name.is_some());
        needs(&mut all, DnsProvider::Rfc2136, "rfc2136_key", said.rfc2136_key.is_some());
        if said.rfc2136_key.is_some() {
            all.extend(said.rfc2136_key_bytes().err());
        }
        if said.provider == Some(DnsProvider::Route53) {
            all.extend(said.route53_contradictions().into_iter().map(str::to_owned));
        }
        all
    }
}

impl Dns {
    fn route53_contradictions(&self) -> Vec<&'static str> {
        let mut all = Vec::new();
        if self.route53_access_key_id.is_some() != self.route53_secret_access_key.is_some() {
            all.push("dns.route53_access_key_id and dns.route53_secret_access_key belong together");
        }
        let is_address = self.route53_container_credentials.as_ref().is_some_and(|place| !place.starts_with('/'));
        if is_address && self.route53_container_token_file.is_none() {
            all.push(
                "dns.route53_container_credentials is an address, and dns.route53_container_token_file is missing",
            );
        }
        let is_zone = |id: &String| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !self.route53_zone_id.as_ref().is_none_or(is_zone) {
            all.push("dns.route53_zone_id must be the number of a zone, as Z0123456789ABCDEFGHIJ");
        }
        all
    }
}
