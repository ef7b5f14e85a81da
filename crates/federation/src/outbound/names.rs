//! Questions to a name server that the system's resolver has no words for (`TXT`), or that another name server than the
//! system's shall answer. [RFC 1035](https://www.rfc-editor.org/rfc/rfc1035)

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use super::Prober;

/// For one server; then the next is asked.
const PATIENCE: Duration = Duration::from_secs(3);
const PORT: u16 = 53;
/// Bytes of a head, of an answer over UDP, and of one that is said to be longer than that.
const HEAD_BYTES: usize = 12;
const UDP_BYTES: usize = 4_096;
const TCP_BYTES: u16 = 16_384;
/// Labels of a name; more is nonsense.
const MOST_LABELS: usize = 128;
/// The class of everything there is.
const INTERNET: u16 = 1;
const IS_CUT: u8 = 0x02;
const NO_SUCH_NAME: u8 = 3;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// IPv4 addresses.
    A,
    /// Texts.
    Txt,
    /// IPv6 addresses.
    Aaaa,
}

impl RecordKind {
    const fn code(self) -> u16 {
        match self {
            RecordKind::A => 1,
            RecordKind::Txt => 16,
            RecordKind::Aaaa => 28,
        }
    }
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// An address.
    Address(IpAddr),
    /// A text, its parts joined.
    Text(String),
}

/// The name servers of this machine.
#[must_use]
pub fn name_servers() -> Vec<SocketAddr> {
    let text = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let named = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    let addresses = named.filter_map(|address| address.trim().parse::<IpAddr>().ok());
    addresses.map(|address| SocketAddr::new(address, PORT)).take(3).collect()
}

impl Prober {
    /// What the first of these servers that answers knows under a name; nothing when there is no such name.
    ///
    /// # Errors
    /// A sentence, when none of them gave an answer.
    pub async fn records(&self, servers: &[SocketAddr], name: &str, kind: RecordKind) -> Result<Vec<Record>, String> {
        let mut failure = "no name server is known".to_owned();
        for server in servers {
            match timeout(PATIENCE, ask(*server, name, kind)).await {
                Ok(Ok(found)) => return Ok(found),
                Ok(Err(why)) => failure = format!("the name server {server}: {why}"),
                Err(_) => failure = format!("the name server {server} does not answer"),
            }
        }
        Err(failure)
    }
}

async fn ask(server: SocketAddr, name: &str, kind: RecordKind) -> Result<Vec<Record>, String> {
    let shown = |e: std::io::Error| e.to_string();
    let mut id = [0; 2];
    aws_lc_rs::rand::fill(&mut id).map_err(|_| "the system gave no random bytes".to_owned())?;
    let question = question(id, name, kind).ok_or_else(|| format!("{name} is no name"))?;
    let here =
        if server.is_ipv4() { (IpAddr::from(Ipv4Addr::UNSPECIFIED), 0) } else { (Ipv6Addr::UNSPECIFIED.into(), 0) };
    let socket = UdpSocket::bind(here).await.map_err(shown)?;
    // Only what comes from there is heard.
    socket.connect(server).await.map_err(shown)?;
    socket.send(&question).await.map_err(shown)?;
    let mut answer = vec![0; UDP_BYTES];
    loop {
        let n_bytes = socket.recv(&mut answer).await.map_err(shown)?;
        if answer.get(..2) == Some(&id[..]) {
            answer.truncate(n_bytes);
            break;
        }
    }
    if answer.get(2).is_some_and(|flags| flags & IS_CUT != 0) {
        answer = in_full(server, &question).await.map_err(shown)?;
    }
    read(&answer, kind)
}

/// The same over TCP, for an answer that did not fit.
async fn in_full(server: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_u16(u16::try_from(question.len()).unwrap_or_default()).await?;
    stream.write_all(question).await?;
    let n_bytes = stream.read_u16().await?.min(TCP_BYTES);
    let mut answer = vec![0; usize::from(n_bytes)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

/// One question, to be looked into for us. `None`: the name cannot be written.
fn question(id: [u8; 2], name: &str, kind: RecordKind) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + name.len() + 6);
    bytes.extend_from_slice(&id);
    bytes.extend_from_slice(&[0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?;
        bytes.push(length);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend_from_slice(&kind.code().to_be_bytes());
    bytes.extend_from_slice(&INTERNET.to_be_bytes());
    (name.len() <= 253).then_some(bytes)
}

/// The records of the wanted kind; those on the way (aliases) are passed over.
fn read(answer: &[u8], kind: RecordKind) -> Result<Vec<Record>, String> {
    let broken = || "its answer does not read".to_owned();
    let code = answer.get(3).ok_or_else(broken)? & 0x0f;
    match code {
        0 => {}
        NO_SUCH_NAME => return Ok(Vec::new()),
        code => return Err(format!("it failed (code {code})")),
    }
    let n_questions = number(answer, 4).ok_or_else(broken)?;
    let n_answers = number(answer, 6).ok_or_else(broken)?;
    let mut at = HEAD_BYTES;
    for _ in 0..n_questions {
        at = after_name(answer, at).ok_or_else(broken)?.saturating_add(4);
    }
    let mut found = Vec::new();
    for _ in 0..n_answers {
        at = after_name(answer, at).ok_or_else(broken)?;
        let is_wanted = number(answer, at).ok_or_else(broken)? == kind.code();
        let length = usize::from(number(answer, at.saturating_add(8)).ok_or_else(broken)?);
        let begin = at.saturating_add(10);
        let data = answer.get(begin..begin.saturating_add(length)).ok_or_else(broken)?;
        at = begin.saturating_add(length);
        if is_wanted {
            found.push(record(data, kind).ok_or_else(broken)?);
        }
    }
    Ok(found)
}

fn record(data: &[u8], kind: RecordKind) -> Option<Record> {
    match kind {
        RecordKind::A => Some(Record::Address(IpAddr::from(<[u8; 4]>::try_from(data).ok()?))),
        RecordKind::Aaaa => Some(Record::Address(IpAddr::from(<[u8; 16]>::try_from(data).ok()?))),
        RecordKind::Txt => {
            let (mut rest, mut text) = (data, Vec::new());
            while let Some((length, after)) = rest.split_first() {
                let (part, after) = after.split_at_checked(usize::from(*length))?;
                text.extend_from_slice(part);
                rest = after;
            }
            Some(Record::Text(String::from_utf8_lossy(&text).into_owned()))
        }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes(<[u8; 2]>::try_from(pair).ok()?))
}

/// Where a name ends: with nothing, or with the place where it goes on.
fn after_name(bytes: &[u8], mut at: usize) -> Option<usize> {
    for _ in 0..MOST_LABELS {
        match usize::from(*bytes.get(at)?) {
            0 => return at.checked_add(1),
            length if length & 0xc0 == 0xc0 => return at.checked_add(2),
            length => at = at.checked_add(1)?.checked_add(length)?,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]
    use super::*;

    /// An answer to `name`, with an alias before what was asked for.
    fn answered(name: &str, kind: RecordKind, data: &[&[u8]]) -> Vec<u8> {
        let mut bytes = question([7, 7], name, kind).unwrap();
        bytes[2] = 0x81;
        bytes[7] = u8::try_from(data.len() + 1).unwrap();
        let mut add = |kind: u16, data: &[u8]| {
            bytes.extend_from_slice(&[0xc0, 12]);
            bytes.extend_from_slice(&kind.to_be_bytes());
            bytes.extend_from_slice(&[0, 1, 0, 0, 0, 60]);
            bytes.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(data);
        };
        add(5, &[0xc0, 12]);
        data.iter().for_each(|data| add(kind.code(), data));
        bytes
    }

    #[test]
    fn addresses_and_texts_are_read_and_aliases_passed_over() {
        let bytes = answered("example.org", RecordKind::A, &[&[192, 0, 2, 1], &[192, 0, 2, 2]]);
        let address = |text: &str| Record::Address(text.parse().unwrap());
        assert_eq!(read(&bytes, RecordKind::A), Ok(vec![address("192.0.2.1"), address("192.0.2.2")]));
        let long = answered("example.org", RecordKind::Txt, &[b"\x06v=spf1\x05 -all"]);
        assert_eq!(read(&long, RecordKind::Txt), Ok(vec![Record::Text("v=spf1 -all".to_owned())]));
    }

    #[test]
    fn a_name_that_is_not_there_has_no_records_and_a_server_that_fails_gave_no_answer() {
        let mut bytes = answered("example.org", RecordKind::A, &[]);
        bytes[3] = NO_SUCH_NAME;
        assert_eq!(read(&bytes, RecordKind::A), Ok(Vec::new()));
        bytes[3] = 2;
        assert!(read(&bytes, RecordKind::A).is_err());
    }

    #[test]
    fn what_is_cut_off_or_points_nowhere_harms_nobody() {
        let bytes = answered("example.org", RecordKind::Txt, &[b"\x06v=spf1"]);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length], RecordKind::Txt).is_err(), "{length}");
        }
        assert_eq!(question([0, 0], "a..b", RecordKind::A), None);
        assert_eq!(question([0, 0], &"a".repeat(64), RecordKind::A), None);
    }
}
