//! Ranges of network addresses.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Addresses that share their first bits: `10.0.0.0/8`, `::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    base: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Whether the address is in the range. IPv4 addresses written as IPv6 (`::ffff:…`) count as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(there)) => same_prefix(&base.octets(), &there.octets(), self.bits),
            (IpAddr::V6(base), IpAddr::V6(there)) => same_prefix(&base.octets(), &there.octets(), self.bits),
            _ => false,
        }
    }
    /// Its first address, or the one it was written with.
    #[must_use]
    pub const fn base(&self) -> IpAddr {
        self.base
    }
    /// Whether every address of its kind is in the range.
    #[must_use]
    pub const fn is_everything(&self) -> bool {
        self.bits == 0
    }
}

impl fmt::Display for Cidr {
    /// With the bits that count alone: `192.0.2.0/24`, also when it was written `192.0.2.7/24`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = match self.base {
            IpAddr::V4(base) => IpAddr::V4(Ipv4Addr::from_bits(
                base.to_bits() & u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0),
            )),
            IpAddr::V6(base) => IpAddr::V6(Ipv6Addr::from_bits(
                base.to_bits() & u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0),
            )),
        };
        write!(f, "{base}/{}", self.bits)
    }
}

fn same_prefix(a: &[u8], b: &[u8], bits: u8) -> bool {
    let mut left = u32::from(bits);
    for (x, y) in a.iter().zip(b) {
        let here = left.min(8);
        let mask = u8::MAX.checked_shl(8 - here).unwrap_or(0);
        if (x ^ y) & mask != 0 {
            return false;
        }
        left -= here;
    }
    true
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Cidr, String> {
        let wrong = || format!("must be addresses or ranges such as 10.0.0.0/8, not {text:?}");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let base = address.parse::<IpAddr>().map_err(|_| wrong())?.to_canonical();
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse::<u8>().map_err(|_| wrong()))?;
        if bits > most { Err(wrong()) } else { Ok(Cidr { base, bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_written_with_the_bits_that_count() {
        let written = |text: &str| text.parse::<Cidr>().map(|range| range.to_string());
        assert_eq!(written("192.0.2.7/24"), Ok("192.0.2.0/24".to_owned()));
        assert_eq!(written("192.0.2.7"), Ok("192.0.2.7/32".to_owned()));
        assert_eq!(written("0.0.0.0/0"), Ok("0.0.0.0/0".to_owned()));
        assert_eq!(written("2001:db8::1/32"), Ok("2001:db8::/32".to_owned()));
    }
}
