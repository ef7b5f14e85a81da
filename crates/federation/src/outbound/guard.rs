//! Which addresses may be connected to: an allow-list, so that whatever the future brings is refused first.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use phiomia_model::Cidr;

/// Addresses of the open network, and those an operator opened by hand.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    pub(super) allowed: Vec<Cidr>,
}

impl Guard {
    /// Whether this address may be connected to.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        is_global(address) || self.allowed.iter().any(|range| range.contains(address))
    }
}

/// Whether an address is globally routable unicast. IPv6 forms that embed, map or translate an IPv4 address are not:
/// nobody publishes them, and they lead around the check.
/// Sources: <https://www.iana.org/assignments/iana-ipv4-special-registry/>,
/// <https://www.iana.org/assignments/iana-ipv6-special-registry/>.
#[must_use]
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 31, 196)
            | (192, 52, 193)
            | (192, 88, 99)
            | (192, 168, _)
            | (192, 175, 48)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, ..)
    );
    !is_special
}

/// Of all of IPv6 only 2000::/3 is given out, and parts of that are special.
fn is_global_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    let is_unicast = a & 0xe000 == 0x2000;
    let is_special = matches!(
        (a, b, c),
        // Teredo, ORCHID, benchmarking and other protocol assignments: 2001::/23.
        (0x2001, 0..=0x01ff, _)
            // Documentation.
            | (0x2001, 0x0db8, _)
            | (0x3fff, 0..=0x0fff, _)
            // 6to4 carries an IPv4 address.
            | (0x2002, ..)
            | (0x2620, 0x004f, 0x8000)
    );
    is_unicast && !is_special
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn only_addresses_of_the_open_network_are_admitted() {
        let guard = Guard::default();
        for good in
            ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1", "100.63.0.1", "172.32.0.1"]
        {
            assert!(guard.admits(good.parse().unwrap()), "{good}");
        }
        for bad in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:1.1.1.1",
            "::1.1.1.1",
            "64:ff9b::1.1.1.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:101:101::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!guard.admits(bad.parse().unwrap()), "{bad}");
        }
    }

    #[test]
    fn what_an_operator_opens_is_open_and_nothing_beside_it() {
        let guard = Guard { allowed: vec!["127.0.0.0/30".parse().unwrap()] };
        assert!(guard.admits("127.0.0.2".parse().unwrap()));
        assert!(!guard.admits("127.0.0.4".parse().unwrap()) && !guard.admits("10.0.0.1".parse().unwrap()));
    }
}
