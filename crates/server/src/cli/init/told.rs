//! What is said at the end: what there is now, and what is left to do.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    path::Path,
};

use clap::ValueEnum as _;
use phiomia_model::Addresses;

use super::{Answers, Kind, Owner, Written};
use crate::{
    cli::front::{apex, host},
    config::SYSTEM_FILE,
};

/// Everything there is to tell.
pub(super) struct Told<'a> {
    pub answers: &'a Answers,
    pub addresses: &'a Addresses,
    pub file: &'a Path,
    pub data: &'a Path,
    pub written: Written,
    pub owner: &'a Owner,
    /// Addresses that were named; without any, this machine is looked at.
    pub machine: &'a [IpAddr],
}

impl Told<'_> {
    pub(super) fn text(&self) -> String {
        let handle = format!("@{}@{}", self.answers.name, self.answers.domain.as_str());
        let is_same = self.written == Written::Same && matches!(self.owner, Owner::There(_));
        let head = if is_same { "Nothing had to be changed." } else { "Ready to start." };
        let file = if self.written == Written::New { "written" } else { "as it was" };
        let mut text = format!(
            "{head}\n\nConfiguration  {} ({file})\nData           {}\n",
            self.file.display(),
            self.data.display()
        );
        let account = match self.owner {
            Owner::New(link) => {
                format!(
                    "Owner          {handle} (made)\nSign in once   {link}\n               when the server runs, within 15 minutes; another one: {} account owner-link\n",
                    self.program()
                )
            }
            Owner::There(email) if *email == self.answers.email => format!("Owner          {handle} (as it was)\n"),
            Owner::There(_) => format!(
                "Owner          {handle} (as it was, with another e-mail address: {} account modify {} --email {})\n",
                self.program(),
                self.answers.name,
                self.answers.email
            ),
        };
        text.push_str(&account);
        if !self.answers.web_domain.is_for_development() {
            text.push_str(&self.records());
        }
        if self.answers.domain != self.answers.web_domain {
            text.push_str(&self.apex());
        }
        text.push_str(&self.next());
        text
    }

    /// The command line that finds this very server.
    fn program(&self) -> String {
        if self.file == Path::new(SYSTEM_FILE) {
            "sudo -u phiomia phiomia".to_owned()
        } else if self.file.parent() == Some(self.data) {
            format!("phiomia --data {}", self.data.display())
        } else {
            format!("phiomia --config {}", self.file.display())
        }
    }

    fn records(&self) -> String {
        let mut lines = String::from("\nSet these DNS records:\n\n");
        let name = format!("{}.", host(self.answers.web_domain.as_str()));
        let found = if self.machine.is_empty() { machine() } else { self.machine.to_vec() };
        if !found.iter().any(IpAddr::is_ipv4) {
            let _ = writeln!(lines, "  {name}  A     (the public IPv4 address of this machine)");
        }
        for address in &found {
            let kind = if address.is_ipv4() { "A   " } else { "AAAA" };
            let _ = writeln!(lines, "  {name}  {kind}  {address}");
        }
        lines
    }

    fn apex(&self) -> String {
        let (from, to) = (&self.addresses.local_domain, &self.addresses.web_domain);
        let mut lines = format!("\nLead these addresses of {from} on, with what follows the question mark:\n\n");
        for path in apex::PATHS {
            let _ = writeln!(lines, "  https://{from}{path}  ->  https://{to}{path}");
        }
        let kinds: Vec<String> = Kind::value_variants()
            .iter()
            .filter_map(|kind| Some(kind.to_possible_value()?.get_name().to_owned()))
            .collect();
        let _ = writeln!(lines, "\n  {} apex print KIND  says how: {}", self.program(), kinds.join(", "));
        lines
    }

    fn next(&self) -> String {
        let program = self.program();
        if self.file == Path::new(SYSTEM_FILE) {
            return "\nNext:\n\n  phiomia systemd socket > /etc/systemd/system/phiomia.socket\n  systemctl daemon-reload\n  \
                    systemctl enable --now phiomia.socket phiomia.service\n  sudo -u phiomia phiomia doctor\n"
                .to_owned();
        }
        format!("\nNext:\n\n  {program} serve    # or as a service: {program} systemd unit\n  {program} doctor\n")
    }
}

/// The addresses of this machine that the world can see. Behind the address translation of a provider there is none.
fn machine() -> Vec<IpAddr> {
    // Addresses for documentation, to which nothing is sent: the system only chooses the way there.
    let towards = |from: IpAddr, to: IpAddr| {
        let socket = UdpSocket::bind((from, 0)).ok()?;
        socket.connect((to, 9)).ok()?;
        socket.local_addr().ok().map(|address| address.ip()).filter(is_public)
    };
    let four = towards(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into());
    let six = towards(Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into());
    four.into_iter().chain(six).collect()
}

fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [a, b, ..] = four.octets();
            // 100.64.0.0/10 is what providers share among customers.
            let is_shared = a == 100 && (64..128).contains(&b);
            !(four.is_private() || four.is_loopback() || four.is_link_local() || four.is_unspecified() || is_shared)
        }
        // Global unicast is 2000::/3.
        IpAddr::V6(six) => six.segments().first().is_some_and(|first| first & 0xe000 == 0x2000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_others_can_reach_go_into_the_dns() {
        let seen = |text: &str| text.parse().is_ok_and(|address| is_public(&address));
        for address in ["203.0.113.7", "100.128.0.1", "2a01:4f8::1"] {
            assert!(seen(address), "{address}");
        }
        for address in [
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
        ] {
            assert!(!seen(address), "{address}");
        }
    }
}
