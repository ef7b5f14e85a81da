//! `phiomia proxy`: the configuration of a front, complete, for this very server.

use clap::{Subcommand, ValueEnum};

use super::{Failure, fill, host};
use crate::{
    cli::{Global, print},
    config::value::Listen,
};

/// What to do about a front.
#[derive(Debug, Subcommand)]
pub enum Proxy {
    /// Print a whole configuration: TLS, WebSocket, streams, sizes, caching, the real address of clients
    Config(Config),
}

/// The front, and what of it differs from the usual.
#[derive(Debug, clap::Args)]
pub struct Config {
    /// Which program stands in front
    #[arg(value_enum)]
    program: Program,
    /// The certificate with its chain, PEM; for haproxy with the key in the same file. Caddy gets its own without it
    #[arg(long, value_name = "FILE")]
    cert: Option<String>,
    /// The certificate's key, PEM
    #[arg(long, value_name = "FILE")]
    key: Option<String>,
    /// The address to listen at, instead of all
    #[arg(long, value_name = "ADDRESS")]
    address: Option<std::net::IpAddr>,
    /// The port for https
    #[arg(long, value_name = "PORT", default_value_t = 443)]
    https_port: u16,
    /// The port for http, which leads to https
    #[arg(long, value_name = "PORT", default_value_t = 80)]
    http_port: u16,
    /// Where the front keeps copies of pictures (nginx, apache)
    #[arg(long, value_name = "DIR")]
    cache: Option<String>,
}

/// Programs that are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Program {
    /// For a file in sites-enabled
    Nginx,
    /// A Caddyfile, which gets its certificate itself
    Caddy,
    /// A whole haproxy.cfg
    Haproxy,
    /// For a file in sites-enabled; needs the modules ssl, proxy, `proxy_http`, headers, http2
    Apache,
}

impl Proxy {
    /// # Errors
    /// When the configuration of this server does not hold, or names no domain.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        let Proxy::Config(wanted) = self;
        let config = global.load(&[])?.config;
        if config.instance.domain.is_none() {
            return Err(Failure("which domain? Set instance.domain (LOCAL_DOMAIN) first".to_owned()));
        }
        if config.speaks_tls() {
            return Err(Failure(
                "this server speaks TLS itself (tls.cert_file or tls.acme): behind a front it must not".to_owned(),
            ));
        }
        let addresses = config.addresses();
        print(wanted.text(&addresses.web_domain, &config.listen())?.trim_end())
    }
}

impl Config {
    fn text(&self, web_domain: &str, listen: &Listen) -> Result<String, Failure> {
        let host = host(web_domain);
        let cert = self.cert.clone().unwrap_or_else(|| match self.program {
            Program::Haproxy => format!("/etc/haproxy/certs/{host}.pem"),
            _ => format!("/etc/letsencrypt/live/{host}/fullchain.pem"),
        });
        let key = self.key.clone().unwrap_or_else(|| format!("/etc/letsencrypt/live/{host}/privkey.pem"));
        let cache = self.cache.as_deref().unwrap_or(match self.program {
            Program::Apache => "/var/cache/apache2/mod_cache_disk",
            _ => "/var/cache/phiomia",
        });
        let template = match self.program {
            Program::Nginx => include_str!("nginx.conf"),
            Program::Caddy => include_str!("Caddyfile"),
            Program::Haproxy => include_str!("haproxy.cfg"),
            Program::Apache => include_str!("apache.conf"),
        };
        fill(
            template,
            &[
                ("web_domain", web_domain),
                ("host", host),
                ("cert", &cert),
                ("key", &key),
                ("cache", cache),
                ("upstream", &self.upstream(listen)),
                ("listen_http", &self.listen(self.http_port)),
                ("listen_https", &self.listen(self.https_port)),
                ("globals", &self.caddy_globals()),
                ("caddy_bind", &self.address.map(|address| format!("\tbind {address}\n")).unwrap_or_default()),
                ("caddy_tls", &self.caddy_tls(&key)),
            ],
        )
    }

    /// Where to listen, in the program's own words.
    fn listen(&self, port: u16) -> String {
        let at = |address: std::net::IpAddr| std::net::SocketAddr::new(address, port).to_string();
        let is_https = port == self.https_port;
        match (self.program, self.address) {
            (Program::Nginx, one) => {
                let secure = if is_https { " ssl http2" } else { "" };
                let places = match one {
                    Some(address) => vec![at(address)],
                    None => vec![port.to_string(), format!("[::]:{port}")],
                };
                let lines: Vec<String> = places.iter().map(|place| format!("listen {place}{secure};")).collect();
                lines.join("\n    ")
            }
            (Program::Haproxy, None) => format!(":::{port} v4v6"),
            (Program::Apache, None) => format!("*:{port}"),
            (_, Some(address)) => at(address),
            (_, None) => port.to_string(),
        }
    }

    /// This server, as the program names it.
    fn upstream(&self, listen: &Listen) -> String {
        match (listen, self.program) {
            (Listen::Unix(path), Program::Nginx) => format!("unix:{}", path.display()),
            (Listen::Unix(path), Program::Caddy) => format!("unix/{}", path.display()),
            (Listen::Unix(path), Program::Haproxy) => format!("unix@{}", path.display()),
            (Listen::Unix(path), Program::Apache) => format!("unix:{}|http://localhost", path.display()),
            (Listen::Tcp(address), program) => {
                // An address for everybody is none that one can call; a name may have two addresses, and one is enough.
                let near = match address.rsplit_once(':') {
                    Some(("0.0.0.0" | "localhost", port)) => format!("127.0.0.1:{port}"),
                    Some(("[::]", port)) => format!("[::1]:{port}"),
                    _ => address.clone(),
                };
                if program == Program::Apache { format!("http://{near}") } else { near }
            }
        }
    }

    /// Caddy's own switches, where the ports are not the usual ones.
    fn caddy_globals(&self) -> String {
        if (self.http_port, self.https_port) == (80, 443) {
            return String::new();
        }
        format!("{{\n\thttp_port {}\n\thttps_port {}\n}}\n\n", self.http_port, self.https_port)
    }

    fn caddy_tls(&self, key: &str) -> String {
        self.cert.as_ref().map(|cert| format!("\ttls {cert} {key}\n\n")).unwrap_or_default()
    }
}
