//! `phiomia systemd`: units for this very server, complete.

use std::{
    env,
    net::SocketAddr,
    path::{Path, PathBuf, absolute},
};

use clap::Subcommand;

use super::{Failure, Global, front::fill, print};
use crate::config::{Config, setting::Source, value::Listen};

/// Where a service of the system keeps its data.
const DATA: &str = "/var/lib/phiomia";

/// Which unit.
#[derive(Debug, Subcommand)]
pub enum Systemd {
    /// Print the service: for /etc/systemd/system/phiomia.service
    Unit(Unit),
    /// Print the sockets, which stay open while the server restarts: for /etc/systemd/system/phiomia.socket
    Socket,
}

/// What of the service differs from the usual.
#[derive(Debug, clap::Args)]
pub struct Unit {
    /// Who runs the server
    #[arg(long, value_name = "NAME", default_value = "phiomia")]
    user: String,
    /// Memory it may take at most, its child processes included
    #[arg(long, value_name = "SIZE", default_value = "384M")]
    memory: String,
    /// The program, instead of this one
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

impl Systemd {
    /// # Errors
    /// When the configuration of this server does not hold, or a value has no place in a unit.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        let loaded = global.load(&[])?;
        let was_said = loaded.texts.get("data").is_some_and(|(_, source)| *source != Source::Default);
        let config = loaded.config;
        let data = if was_said { full(config.data())? } else { PathBuf::from(DATA) };
        match self {
            Systemd::Unit(wanted) => print(wanted.text(global, &config, &data)?.trim_end()),
            Systemd::Socket => print(socket(&config)?.trim_end()),
        }
    }
}

impl Unit {
    fn text(&self, global: &Global, config: &Config, data: &Path) -> Result<String, Failure> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => env::current_exe().map_err(|e| Failure::because("finding this program", e))?,
        };
        let mut start = vec![word(&full(&program)?)?];
        for (flag, file) in [("--config", &global.config), ("--env-file", &global.env_file)] {
            if let Some(file) = file {
                start.extend([flag.to_owned(), word(&full(file)?)?]);
            }
        }
        start.extend(["--data".to_owned(), word(data)?, "serve".to_owned()]);
        // systemd makes a folder of its own kind; any other one is there already.
        let folder = match data.strip_prefix("/var/lib") {
            Ok(name) => format!("StateDirectory={}\nStateDirectoryMode=0700", word(name)?),
            Err(_) => format!("ReadWritePaths={}", word(data)?),
        };
        let low = [Some(config.listen()), config.http_listen().map(|(listen, _)| listen)];
        let needs_low_ports = low.iter().flatten().filter_map(Listen::port).any(|port| (1..1024).contains(&port));
        let rights = match needs_low_ports {
            true => "AmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE",
            false => "CapabilityBoundingSet=\nPrivateUsers=yes",
        };
        let is_at_home = start.iter().any(|word| word.starts_with("/home/") || word.starts_with("/root/"));
        let addresses = config.addresses();
        fill(
            include_str!("phiomia.service"),
            &[
                ("domain", &addresses.web_domain),
                ("start", &start.join(" ")),
                ("user", &self.user),
                ("data", &word(data)?),
                ("folder", &folder),
                ("rights", rights),
                ("homes", if is_at_home { "read-only" } else { "yes" }),
                ("memory", &self.memory),
                ("files", &(config.server.max_connections.0.saturating_mul(2).max(16_384)).to_string()),
            ],
        )
    }
}

fn socket(config: &Config) -> Result<String, Failure> {
    let mut lines = places(&config.listen())?;
    if let Some((plain, _)) = config.http_listen() {
        lines.extend(places(&plain)?);
    }
    let lines: Vec<String> = lines.iter().map(|place| format!("ListenStream={place}")).collect();
    let mode = if matches!(config.listen(), Listen::Unix(_)) { "SocketMode=0666\n" } else { "" };
    let addresses = config.addresses();
    fill(
        include_str!("phiomia.socket"),
        &[("domain", &addresses.web_domain), ("listen", &lines.join("\n")), ("mode", mode)],
    )
}

/// Where to listen, as systemd writes it: it resolves no names.
fn places(listen: &Listen) -> Result<Vec<String>, Failure> {
    let text = match listen {
        Listen::Unix(path) => return Ok(vec![word(&full(path)?)?]),
        Listen::Tcp(text) => text,
    };
    if let Some(port) = text.strip_prefix("localhost:") {
        return Ok(vec![format!("127.0.0.1:{port}"), format!("[::1]:{port}")]);
    }
    match text.parse::<SocketAddr>() {
        Ok(address) => Ok(vec![address.to_string()]),
        Err(_) => Err(Failure(format!("systemd listens on addresses, not on names: write {text} with its address"))),
    }
}

fn full(path: &Path) -> Result<PathBuf, Failure> {
    absolute(path).map_err(|e| Failure::because(&format!("finding {}", path.display()), e))
}

/// A path as one word of a unit.
fn word(path: &Path) -> Result<String, Failure> {
    let shown = path.display().to_string();
    match shown.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '%' | '$' | '"' | '\'' | '\\')) {
        true => Err(Failure(format!("{shown} has characters that mean something else in a unit"))),
        false => Ok(shown),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn systemd_gets_addresses_and_no_names() {
        let shown = |text: &str| places(&Listen::Tcp(text.to_owned())).map(|all| all.join(" "));
        assert_eq!(shown("localhost:3000").unwrap(), "127.0.0.1:3000 [::1]:3000");
        assert_eq!(shown("[::]:443").unwrap(), "[::]:443");
        assert!(shown("social.example.org:443").unwrap_err().0.contains("not on names"));
        assert_eq!(places(&Listen::Unix("/run/phiomia.sock".into())).unwrap(), ["/run/phiomia.sock"]);
    }

    #[test]
    fn a_path_with_a_space_is_refused() {
        assert!(word(Path::new("/srv/my data")).is_err() && word(Path::new("/srv/100%")).is_err());
        assert_eq!(word(Path::new("/srv/data")).unwrap(), "/srv/data");
    }
}
