//! The addresses that the system itself has, as far as they are of the open network.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
};

use phiomia_federation::outbound::is_global;

use super::records::Family;

/// Linux' list of IPv6 addresses, where a process finds it that sees nothing but processes (`ProcSubset=pid`).
const LIST: &str = "/proc/self/net/if_inet6";
/// Addresses that change by themselves, or are on their way in or out.
/// <https://github.com/torvalds/linux/blob/master/include/uapi/linux/if_addr.h>
const PASSING: u8 = 0x01 | 0x08 | 0x20 | 0x40;

/// The address by which this machine would go out. Behind the address translation of a provider there is none.
#[must_use]
pub fn address(family: Family) -> Option<IpAddr> {
    let towards = towards(family).filter(|address| is_global(*address));
    if family == Family::V4 {
        return towards;
    }
    let steady = steady(&fs::read_to_string(LIST).unwrap_or_default());
    // Machines that hide theirs go out by another one every day.
    towards.filter(|address| steady.is_empty() || steady.contains(address)).or_else(|| steady.first().copied())
}

/// Addresses for documentation, to which nothing is sent: the system only chooses the way there.
fn towards(family: Family) -> Option<IpAddr> {
    let (from, to): (IpAddr, IpAddr) = match family {
        Family::V4 => (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into()),
        Family::V6 => (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()),
    };
    let socket = UdpSocket::bind((from, 0)).ok()?;
    socket.connect((to, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// Of that list those that are for good.
fn steady(list: &str) -> Vec<IpAddr> {
    let one = |line: &str| {
        let mut words = line.split_whitespace();
        let address = u128::from_str_radix(words.next()?, 16).ok()?;
        let flags = u8::from_str_radix(words.nth(3)?, 16).ok()?;
        let address = IpAddr::from(Ipv6Addr::from(address));
        (flags & PASSING == 0 && is_global(address)).then_some(address)
    };
    list.lines().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn of_the_addresses_of_linux_those_that_stay_and_are_of_the_open_network_count() {
        let list = "\
00000000000000000000000000000001 01 80 10 80       lo
2a0104f80000000000000000000000aa 02 40 00 01     eth0
2a0104f80000000000000000000000ab 02 40 00 20     eth0
2a0104f80000000000000000000000ac 02 40 00 00     eth0
2a0104f80000000000000000000000ad 02 40 00 80     eth0
fd000000000000000000000000000002 02 40 00 82     eth0
fe8000000000000000fc00fffe000001 02 40 20 80     eth0
nonsense
";
        let expected: Vec<IpAddr> = ["2a01:4f8::ac", "2a01:4f8::ad"].iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(steady(list), expected);
        assert!(address(Family::V4).is_none_or(is_global) && address(Family::V6).is_none_or(is_global));
    }
}
