//! Questions to a name server that the system's resolver has no words for (`TXT`), or that another name server than the
//! system's shall answer; and changes of its records. [RFC 1035](https://www.rfc-editor.org/rfc/rfc1035)

mod primary;
mod tsig;
mod wire;

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

pub use primary::{Change, Held, Primary, Unchanged};
pub use tsig::{Algorithm, TsigKey};
use wire::{Message, Question, flag, kind};

/// For one server; then the next is asked.
const PATIENCE: Duration = Duration::from_secs(3);
const PORT: u16 = 53;
/// Bytes of an answer over UDP, and of one that is said to be longer than that.
const UDP_BYTES: usize = 4_096;
const TCP_BYTES: u16 = 16_384;
const NO_SUCH_NAME: u16 = 3;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKind {
    /// IPv4 addresses.
    A,
    /// Texts.
    Txt,
    /// IPv6 addresses.
    Aaaa,
    /// Another name that is meant.
    Cname,
    /// The name servers of a zone.
    Ns,
    /// Where a zone begins.
    Soa,
    /// Servers that take mail.
    Mx,
}

impl RecordKind {
    const fn code(self) -> u16 {
        match self {
            RecordKind::A => kind::A,
            RecordKind::Txt => kind::TXT,
            RecordKind::Aaaa => kind::AAAA,
            RecordKind::Cname => kind::CNAME,
            RecordKind::Ns => kind::NS,
            RecordKind::Soa => kind::SOA,
            RecordKind::Mx => kind::MX,
        }
    }
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Record {
    /// An address.
    Address(IpAddr),
    /// A text, its parts joined.
    Text(String),
    /// A name, without a dot at its end: the one that is meant, that of a server.
    Name(String),
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
        records(servers, name, kind).await
    }
}

/// The same for whoever needs no prober.
pub(super) async fn records(servers: &[SocketAddr], name: &str, kind: RecordKind) -> Result<Vec<Record>, String> {
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

async fn ask(server: SocketAddr, name: &str, kind: RecordKind) -> Result<Vec<Record>, String> {
    let shown = |e: std::io::Error| e.to_string();
    let id = new_id().ok_or_else(|| "the system gave no random bytes".to_owned())?;
    let question = question(id, name, kind).write().filter(|_| !name.is_empty());
    let question = question.ok_or_else(|| format!("{name} is no name"))?;
    let mut answer = said(server, id, &question).await.map_err(shown)?;
    if wire::number(&answer, 2).is_some_and(|flags| flags & flag::CUT != 0) {
        let mut stream = TcpStream::connect(server).await.map_err(shown)?;
        answer = over(&mut stream, &question).await.map_err(shown)?;
    }
    read(&answer, kind)
}

/// Whether a server says anything about a name, and be it that there is no such name.
pub(super) async fn answers(server: SocketAddr, name: &str) -> bool {
    let Some(id) = new_id() else { return false };
    match question(id, name, RecordKind::A).write().filter(|_| !name.is_empty()) {
        Some(question) => said(server, id, &question).await.is_ok(),
        // What is no name is refused by whoever is asked.
        None => true,
    }
}

/// The answer to a question, as it came.
async fn said(server: SocketAddr, id: [u8; 2], question: &[u8]) -> std::io::Result<Vec<u8>> {
    let here =
        if server.is_ipv4() { (IpAddr::from(Ipv4Addr::UNSPECIFIED), 0) } else { (Ipv6Addr::UNSPECIFIED.into(), 0) };
    let socket = UdpSocket::bind(here).await?;
    // Only what comes from there is heard.
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut answer = vec![0; UDP_BYTES];
    loop {
        let n_bytes = socket.recv(&mut answer).await?;
        if answer.get(..2) == Some(&id[..]) {
            answer.truncate(n_bytes);
            return Ok(answer);
        }
    }
}

/// A number that nobody can guess who does not see the question.
fn new_id() -> Option<[u8; 2]> {
    let mut id = [0; 2];
    aws_lc_rs::rand::fill(&mut id).ok()?;
    Some(id)
}

/// One question, to be looked into for us.
fn question(id: [u8; 2], name: &str, kind: RecordKind) -> Message {
    let question = Question { name: name.to_owned(), kind: kind.code() };
    Message { id, flags: flag::RECURSION, questions: vec![question], ..Message::default() }
}

/// One exchange over TCP.
async fn over(stream: &mut TcpStream, message: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut framed = u16::try_from(message.len()).unwrap_or_default().to_be_bytes().to_vec();
    framed.extend_from_slice(message);
    stream.write_all(&framed).await?;
    let n_bytes = stream.read_u16().await?.min(TCP_BYTES);
    let mut answer = vec![0; usize::from(n_bytes)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

/// The records of the wanted kind; those on the way (aliases) are passed over.
fn read(answer: &[u8], kind: RecordKind) -> Result<Vec<Record>, String> {
    let broken = || "its answer does not read".to_owned();
    let message = Message::read(answer).ok_or_else(broken)?;
    match message.code() {
        0 => {}
        NO_SUCH_NAME => return Ok(Vec::new()),
        code => return Err(format!("it failed (code {code})")),
    }
    let wanted = message.answers.iter().filter(|entry| entry.kind == kind.code());
    wanted.map(|entry| entry.record().ok_or_else(broken)).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]
    use super::*;

    /// An answer to `name`, with an alias before what was asked for.
    fn answered(name: &str, kind: RecordKind, data: &[&[u8]]) -> Vec<u8> {
        let mut bytes = question([7, 7], name, kind).write().unwrap();
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
        bytes[3] = 3;
        assert_eq!(read(&bytes, RecordKind::A), Ok(Vec::new()));
        bytes[3] = 2;
        assert!(read(&bytes, RecordKind::A).is_err());
    }

    #[test]
    fn what_is_cut_off_harms_nobody() {
        let bytes = answered("example.org", RecordKind::Txt, &[b"\x06v=spf1"]);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length], RecordKind::Txt).is_err(), "{length}");
        }
    }
}
