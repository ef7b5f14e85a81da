//! Who is on the other end of a request, as the listener found out: put into every request's extensions.

use std::net::{IpAddr, Ipv6Addr};

use http::{HeaderValue, request::Parts};
use tokio::sync::watch;

/// All of it, in one piece: each piece that is put into a request costs.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The client.
    pub client: ClientAddr,
    /// Who is at the other end of the socket.
    pub near: NearAddr,
    /// What the request is called.
    pub id: RequestId,
    /// Tells of the process' end; `None` in tests.
    pub stopping: Option<Stopping>,
}

impl Arrival {
    /// Of a client at this address, with nobody in between and no name: for tests.
    #[must_use]
    pub fn from(address: IpAddr) -> Arrival {
        let id = RequestId(HeaderValue::from_static("test"));
        Arrival { client: ClientAddr(address), near: NearAddr(address), id, stopping: None }
    }

    /// The client of a request; where nobody has looked, an address that is nobody's.
    #[must_use]
    pub fn client(parts: &Parts) -> ClientAddr {
        parts.extensions.get::<Arrival>().map_or(ClientAddr(IpAddr::from([0, 0, 0, 0])), |arrival| arrival.client)
    }
}

/// The client's address: the socket's, or the one a trusted proxy tells.
/// IPv4 addresses written as IPv6 (`::ffff:…`) are IPv4 here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddr(pub IpAddr);

impl ClientAddr {
    /// The address that limits count by: of IPv6 the first 64 bits, because one customer has them all.
    #[must_use]
    pub fn bucket(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        }
    }
}

/// The address at the other end of the socket: that of the client, or of the front nearest to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearAddr(pub IpAddr);

/// What a request is called in the log and in `X-Request-Id`. Letters, digits, `-` and `_`, at most 64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub HeaderValue);

impl RequestId {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// Tells long answers (streams) that the process is about to end. Whoever keeps it until the stream is closed is waited
/// for, up to ten seconds.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// `flag` becomes `true` once, when the process stops.
    #[must_use]
    pub fn new(flag: watch::Receiver<bool>) -> Stopping {
        Stopping(flag)
    }
    /// Waits until the process stops. Returns at once if it already does.
    pub async fn wait(&mut self) {
        // An error means that whoever could tell is gone, which is a stop as well.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_counts_by_the_first_64_bits() {
        let bucket = |text: &str| text.parse().map(|ip| ClientAddr(ip).bucket().to_string());
        assert_eq!(bucket("2001:db8:1:2:3:4:5:6"), Ok("2001:db8:1:2::".to_owned()));
        assert_eq!(bucket("192.0.2.7"), Ok("192.0.2.7".to_owned()));
    }
}
