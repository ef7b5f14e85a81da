//! Which domains a certificate is for.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use tokio::{net::lookup_host, time::timeout};

/// How long a name server may think.
const LOOK_UP: Duration = Duration::from_secs(10);

/// The domains of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Without them there is no certificate; the first is the one that serves pages and the API.
    pub(super) sure: Vec<String>,
    /// Those that are served elsewhere, perhaps: in the certificate when they lead to where the first one leads.
    pub(super) maybe: Vec<String>,
}

impl Wanted {
    /// What is asked for now.
    pub(super) async fn now(&self) -> Vec<String> {
        let mut names = self.sure.clone();
        let Some(first) = self.sure.first() else { return names };
        if self.maybe.is_empty() {
            return names;
        }
        let ours = addresses(first).await;
        for name in &self.maybe {
            if leads_here(&addresses(name).await, &ours) && !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

/// Whether whoever goes there comes to us: to no address that is not ours.
fn leads_here(theirs: &BTreeSet<IpAddr>, ours: &BTreeSet<IpAddr>) -> bool {
    !theirs.is_empty() && theirs.is_subset(ours)
}

/// Nothing when it has none, or nobody says.
async fn addresses(name: &str) -> BTreeSet<IpAddr> {
    match timeout(LOOK_UP, lookup_host((name, 443))).await {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_leads_here_when_all_its_addresses_are_ours() {
        let set = |texts: &[&str]| texts.iter().filter_map(|text| text.parse().ok()).collect::<BTreeSet<IpAddr>>();
        let ours = set(&["192.0.2.1", "2001:db8::1"]);
        assert!(leads_here(&set(&["192.0.2.1"]), &ours));
        assert!(leads_here(&ours, &ours));
        assert!(!leads_here(&set(&["192.0.2.1", "198.51.100.7"]), &ours));
        assert!(!leads_here(&set(&[]), &ours) && !leads_here(&set(&["192.0.2.1"]), &set(&[])));
    }
}
