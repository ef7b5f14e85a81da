//! The PROXY protocol, versions 1 and 2: what a front that passes bytes on writes before them, so that the address of the
//! client is not lost. Source: <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The first bytes of version 2.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, its end included.
const LONGEST_LINE: usize = 107;
/// Addresses, and what else fronts tell; more than any of them writes.
const LONGEST_BODY: usize = 4_096;

/// Reads the header and not a byte more. `None`: the front speaks for itself, as it does to see whether we live.
///
/// # Errors
/// Something else came, or the connection ended.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    match stream.read_u8().await? {
        b'P' => line(stream).await,
        b'\r' => binary(stream).await,
        _ => Err(wrong("it does not begin with PROXY")),
    }
}

/// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`, of which the first letter was read.
async fn line(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let mut line = vec![b'P'];
    while !line.ends_with(b"\r\n") {
        if line.len() == LONGEST_LINE {
            return Err(wrong("the line is too long"));
        }
        line.push(stream.read_u8().await?);
    }
    let line = std::str::from_utf8(&line).map_err(|_| wrong("the line is no text"))?;
    let mut words = line.trim_end().split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some("PROXY"), Some("UNKNOWN"), _) => Ok(None),
        (Some("PROXY"), Some("TCP4"), Some(address)) => {
            let address: Ipv4Addr = address.parse().map_err(|_| wrong("the address is none"))?;
            Ok(Some(IpAddr::V4(address)))
        }
        (Some("PROXY"), Some("TCP6"), Some(address)) => {
            let address: Ipv6Addr = address.parse().map_err(|_| wrong("the address is none"))?;
            Ok(Some(IpAddr::V6(address)))
        }
        _ => Err(wrong("the line is another one")),
    }
}

async fn binary(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let mut head = [0_u8; 15];
    stream.read_exact(&mut head).await?;
    let [.., version, family, high, low] = head;
    if SIGNATURE.get(1..) != head.get(..11) || version >> 4 != 2 {
        return Err(wrong("the signature is another one"));
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > LONGEST_BODY {
        return Err(wrong("it is too long"));
    }
    let mut body = vec![0_u8; length];
    stream.read_exact(&mut body).await?;
    match (version & 0x0f, family) {
        // LOCAL, and what has no address: sockets of the machine, something unknown.
        (0, _) | (1, 0x00 | 0x31 | 0x32) => Ok(None),
        (1, 0x11) => {
            let address = body.first_chunk::<4>().ok_or_else(|| wrong("the address is cut off"))?;
            Ok(Some(IpAddr::from(*address)))
        }
        (1, 0x21) => {
            let address = body.first_chunk::<16>().ok_or_else(|| wrong("the address is cut off"))?;
            Ok(Some(IpAddr::from(*address)))
        }
        _ => Err(wrong("the command or the family is unknown")),
    }
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("this is no header of the PROXY protocol: {why}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    /// What is read, and what is left for the next.
    fn of(bytes: &[u8]) -> Result<(Option<String>, Vec<u8>), String> {
        let mut rest = bytes;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(read(&mut rest)).map_err(|e| e.to_string())?;
        Ok((found.map(|address| address.to_string()), rest.to_vec()))
    }

    fn binary(version: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[version, family], &length, body, b"GET"].concat()
    }

    #[test]
    fn both_versions_give_the_address_and_leave_what_follows() {
        let left = |address: &str| Ok((Some(address.to_owned()), b"GET".to_vec()));
        assert_eq!(of(b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\nGET"), left("192.0.2.1"));
        assert_eq!(of(b"PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\nGET"), left("2001:db8::1"));
        assert_eq!(of(&binary(0x21, 0x11, &[192, 0, 2, 1, 198, 51, 100, 1, 0, 1, 1, 187])), left("192.0.2.1"));
        let six = [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[1], &[0; 20], &[4, 0, 1, 0]].concat();
        assert_eq!(of(&binary(0x21, 0x21, &six)), left("2001:db8::1"));
    }

    #[test]
    fn a_front_may_speak_for_itself() {
        assert_eq!(of(b"PROXY UNKNOWN\r\nGET"), Ok((None, b"GET".to_vec())));
        assert_eq!(of(&binary(0x20, 0x00, &[])), Ok((None, b"GET".to_vec())));
        assert_eq!(of(&binary(0x21, 0x31, &[0; 216])), Ok((None, b"GET".to_vec())));
    }

    #[test]
    fn anything_else_is_refused_and_what_is_cut_off_too() {
        let long = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat();
        let bad: [&[u8]; 7] = [
            b"GET / HTTP/1.1\r\n\r\n",
            b"PROXY TCP4 example.org 1.1.1.1 1 1\r\n",
            b"PROXY TCP4 2001:db8::1 1.1.1.1 1 1\r\n",
            b"POST / HTTP/1.1\r\n",
            b"PROXY TCP4 192.0.2.1",
            b"",
            &long,
        ];
        for bytes in bad {
            assert!(of(bytes).is_err(), "{bytes:?}");
        }
        assert!(of(&binary(0x11, 0x11, &[0; 12])).is_err());
        assert!(of(&binary(0x21, 0x11, &[0; 3])).is_err());
        assert!(of(&binary(0x21, 0x11, &[0; 5_000])).is_err());
    }
}
