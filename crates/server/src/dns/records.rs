//! What is at a name, what shall be there, and what has to be changed for that.

use std::{collections::BTreeSet, fmt, net::IpAddr};

/// The two kinds of addresses, each with its kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const ALL: [Family; 2] = [Family::V4, Family::V6];

    /// What the record is called.
    #[must_use]
    pub fn record(self) -> &'static str {
        match self {
            Family::V4 => "A",
            Family::V6 => "AAAA",
        }
    }

    /// What the address is called.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }

    /// That of an address.
    #[must_use]
    pub fn of(address: &IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// The records of one family at a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Seconds.
    pub ttl: u32,
    /// Not empty.
    pub addresses: BTreeSet<IpAddr>,
}

/// What the one who keeps the records has at a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// `A`.
    pub v4: Option<Set>,
    /// `AAAA`.
    pub v6: Option<Set>,
    /// Why nothing may be written there, as half a sentence: `is an alias (CNAME) of other.example`.
    pub obstacle: Option<String>,
}

impl Held {
    /// Those of a family.
    #[must_use]
    pub fn of(&self, family: Family) -> Option<&Set> {
        match family {
            Family::V4 => self.v4.as_ref(),
            Family::V6 => self.v6.as_ref(),
        }
    }

    /// These instead of what is known of the family.
    pub fn put(&mut self, family: Family, set: Option<Set>) {
        match family {
            Family::V4 => self.v4 = set,
            Family::V6 => self.v6 = set,
        }
    }
}

/// What is known of this machine's addresses of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// These, and who said so.
    Addresses(BTreeSet<IpAddr>, &'static str),
    /// None. `is_sure`: the operator named all there are.
    None {
        /// Whether nobody else could know one.
        is_sure: bool,
    },
    /// Somebody who could have known gave no answer.
    Unknown(String),
    /// The operator looks after these.
    Ignored,
}

/// What is known of this machine's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// IPv4.
    pub v4: Outlook,
    /// IPv6.
    pub v6: Outlook,
}

impl Found {
    /// Of a family.
    #[must_use]
    pub fn of(&self, family: Family) -> &Outlook {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// All of them.
    #[must_use]
    pub fn addresses(&self) -> BTreeSet<IpAddr> {
        let of = |outlook: &Outlook| match outlook {
            Outlook::Addresses(addresses, _) => addresses.clone(),
            _ => BTreeSet::new(),
        };
        of(&self.v4).into_iter().chain(of(&self.v6)).collect()
    }

    /// Whether it is known which there are of a family, or that there are none. Behind a router a machine does not know its
    /// own IPv4 address: that it sees none says nothing.
    #[must_use]
    pub fn is_known(&self, family: Family) -> bool {
        match self.of(family) {
            Outlook::Addresses(..) => true,
            Outlook::None { is_sure } => *is_sure || family == Family::V6,
            Outlook::Unknown(_) | Outlook::Ignored => false,
        }
    }

    /// Why there is not a single one, as a sentence.
    fn nothing(&self) -> String {
        let whys: Vec<String> = Family::ALL
            .into_iter()
            .filter_map(|family| match self.of(family) {
                Outlook::Unknown(why) => Some(format!("{}: {why}", family.word())),
                _ => None,
            })
            .collect();
        let why = if whys.is_empty() { String::new() } else { format!(" ({})", whys.join("; ")) };
        format!(
            "this machine has no public address that could be found{why}: name them in dns.addresses, or let dns.echo_url \
             be asked"
        )
    }
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which records.
    pub family: Family,
    /// What is there now; `None`: nothing, or nobody knows.
    pub from: Option<Set>,
    /// What shall be there instead; `None`: nothing.
    pub to: Option<Set>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.family.record();
        match (&self.from, &self.to) {
            (None, Some(to)) => write!(f, "{record} {}", list(&to.addresses)),
            (Some(from), Some(to)) if from.addresses == to.addresses => {
                write!(f, "{record} {} for {} s instead of {} s", list(&to.addresses), to.ttl, from.ttl)
            }
            (Some(from), Some(to)) => {
                write!(f, "{record} {} instead of {}", list(&to.addresses), list(&from.addresses))
            }
            (Some(from), None) => write!(f, "{record} {} removed", list(&from.addresses)),
            (None, None) => write!(f, "{record} removed"),
        }
    }
}

/// Addresses for people.
pub fn list(addresses: &BTreeSet<IpAddr>) -> String {
    addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ")
}

/// What has to be changed so that `name` leads to this machine and nowhere else; nothing when all is right. `held`: `None`
/// when nobody can say. An `AAAA` that is not ours goes, for whoever has IPv6 would go by it; an `A` only when the
/// operator named all addresses, for behind a router the machine does not know its own.
///
/// # Errors
/// A sentence: something else is at the name, or no address is known.
pub fn plan(name: &str, found: &Found, held: Option<&Held>, ttl: u32) -> Result<Vec<Change>, String> {
    if let Some(obstacle) = held.and_then(|held| held.obstacle.as_ref()) {
        return Err(format!("{name} {obstacle}, and is left as it is"));
    }
    if found.addresses().is_empty() {
        return Err(found.nothing());
    }
    let change = |family| {
        let from = held.and_then(|held| held.of(family)).cloned();
        let to = match found.of(family) {
            Outlook::Addresses(addresses, _) => Some(Set { ttl, addresses: addresses.clone() }),
            _ => None,
        };
        (found.is_known(family) && from != to).then_some(Change { family, from, to })
    };
    Ok(Family::ALL.into_iter().filter_map(change).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn set(ttl: u32, addresses: &[&str]) -> Set {
        Set { ttl, addresses: addresses.iter().map(|address| address.parse().unwrap()).collect() }
    }

    fn known(addresses: &[&str]) -> Outlook {
        Outlook::Addresses(set(0, addresses).addresses, "dns.addresses")
    }

    fn said(found: &Found, held: &Held) -> Result<Vec<String>, String> {
        Ok(plan("a.example", found, Some(held), 300)?.iter().map(Change::to_string).collect())
    }

    const NO_SIX: Outlook = Outlook::None { is_sure: false };

    #[test]
    fn what_is_right_is_left_alone_and_what_is_not_is_put_right() {
        let found = Found { v4: known(&["192.0.2.1"]), v6: known(&["2001:db8::1"]) };
        let mut held = Held { v4: Some(set(300, &["192.0.2.1"])), ..Held::default() };
        assert_eq!(said(&found, &held).unwrap(), ["AAAA 2001:db8::1"]);
        held.v6 = Some(set(300, &["2001:db8::1"]));
        assert_eq!(said(&found, &held).unwrap(), Vec::<String>::new());
        held.v4 = Some(set(60, &["192.0.2.1"]));
        assert_eq!(said(&found, &held).unwrap(), ["A 192.0.2.1 for 300 s instead of 60 s"]);
        held.v4 = Some(set(300, &["192.0.2.1", "198.51.100.7"]));
        assert_eq!(said(&found, &held).unwrap(), ["A 192.0.2.1 instead of 192.0.2.1, 198.51.100.7"]);
    }

    #[test]
    fn an_address_of_before_goes_and_one_that_nobody_can_know_stays() {
        let held = Held { v4: Some(set(300, &["192.0.2.9"])), v6: Some(set(300, &["2001:db8::9"])), obstacle: None };
        let found = Found { v4: known(&["192.0.2.1"]), v6: NO_SIX };
        assert_eq!(said(&found, &held).unwrap(), ["A 192.0.2.1 instead of 192.0.2.9", "AAAA 2001:db8::9 removed"]);
        let behind_a_router = Found { v4: Outlook::None { is_sure: false }, v6: known(&["2001:db8::1"]) };
        assert_eq!(said(&behind_a_router, &held).unwrap(), ["AAAA 2001:db8::1 instead of 2001:db8::9"]);
        let named = Found { v4: Outlook::None { is_sure: true }, v6: known(&["2001:db8::9"]) };
        assert_eq!(said(&named, &held).unwrap(), ["A 192.0.2.9 removed"]);
        let silent = Found { v4: known(&["192.0.2.9"]), v6: Outlook::Unknown("no answer".to_owned()) };
        assert_eq!(said(&silent, &held).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_alias_is_not_overwritten_and_nothing_is_removed_for_want_of_an_address() {
        let held = Held { obstacle: Some("is an alias (CNAME) of b.example".to_owned()), ..Held::default() };
        let found = Found { v4: known(&["192.0.2.1"]), v6: NO_SIX };
        assert_eq!(
            said(&found, &held).unwrap_err(),
            "a.example is an alias (CNAME) of b.example, and is left as it is"
        );
        let held = Held { v6: Some(set(300, &["2001:db8::9"])), ..Held::default() };
        let nothing = Found { v4: Outlook::Unknown("no answer".to_owned()), v6: NO_SIX };
        let why = said(&nothing, &held).unwrap_err();
        assert!(why.contains("no public address") && why.contains("IPv4: no answer"), "{why}");
    }
}
