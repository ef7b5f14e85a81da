//! Ranges of network addresses.

use std::{net::IpAddr, str::FromStr};

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
