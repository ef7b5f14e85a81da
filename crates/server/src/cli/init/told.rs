//! What is said at the end: what there is now, and what is left to do.

use std::{fmt::Write as _, net::IpAddr, path::Path};

use clap::ValueEnum as _;
use phiomia_model::Addresses;

use super::{Answers, Kind, Owner, Written};
use crate::{
    cli::front::{apex, host},
    config::SYSTEM_FILE,
    dns::{Family, interface_address},
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
    /// Whether the server writes its records itself.
    pub publishes: bool,
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
        if self.publishes {
            return format!(
                "\nThe server writes its DNS records itself; {} dns publish --dry-run says which\n",
                self.program()
            );
        }
        let mut lines = String::from("\nSet these DNS records:\n\n");
        let name = format!("{}.", host(self.answers.web_domain.as_str()));
        let found = match self.machine {
            [] => Family::ALL.into_iter().filter_map(interface_address).collect(),
            named => named.to_vec(),
        };
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
