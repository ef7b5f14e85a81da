//! Messages of name servers, written without compression and read with it.
//! [RFC 1035](https://www.rfc-editor.org/rfc/rfc1035#section-4)

use std::net::IpAddr;

use super::Record;

/// Bytes of a head.
const HEAD_BYTES: usize = 12;
/// Labels of a name, and jumps within it; more is nonsense.
const MOST_LABELS: usize = 128;
const LABEL_BYTES: usize = 63;
const NAME_BYTES: usize = 253;
/// A text longer than this is written in several parts.
const TEXT_BYTES: usize = 255;

/// Records by their numbers.
pub(super) mod kind {
    pub(in crate::outbound) const A: u16 = 1;
    pub(in crate::outbound) const NS: u16 = 2;
    pub(in crate::outbound) const CNAME: u16 = 5;
    pub(in crate::outbound) const SOA: u16 = 6;
    pub(in crate::outbound) const MX: u16 = 15;
    pub(in crate::outbound) const TXT: u16 = 16;
    pub(in crate::outbound) const AAAA: u16 = 28;
    pub(in crate::outbound) const TSIG: u16 = 250;
}

/// Classes. Two of them say in an update what is not to be.
pub(super) mod class {
    pub(in crate::outbound) const INTERNET: u16 = 1;
    pub(in crate::outbound) const NONE: u16 = 254;
    pub(in crate::outbound) const ANY: u16 = 255;
}

/// What the second word of a head says.
pub(super) mod flag {
    pub(in crate::outbound) const AUTHORITATIVE: u16 = 0x0400;
    pub(in crate::outbound) const CUT: u16 = 0x0200;
    pub(in crate::outbound) const RECURSION: u16 = 0x0100;
    pub(in crate::outbound) const UPDATE: u16 = 5 << 11;
}

/// What is asked for; of an update, its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) kind: u16,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// In lower case, without a dot at its end.
    pub(super) name: String,
    pub(super) kind: u16,
    pub(super) class: u16,
    pub(super) ttl: u32,
    /// Names in it are written out.
    pub(super) data: Vec<u8>,
}

/// A question, an update, or an answer. Of an update the sections are called zone, prerequisites, changes, and others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: [u8; 2],
    pub(super) flags: u16,
    pub(super) questions: Vec<Question>,
    pub(super) answers: Vec<Entry>,
    pub(super) authority: Vec<Entry>,
    pub(super) additional: Vec<Entry>,
    /// Of what was read: where its last record begins.
    pub(super) last_at: usize,
}

impl Entry {
    /// What it says, if it is of a kind that we know.
    pub(super) fn record(&self) -> Option<Record> {
        let data = self.data.as_slice();
        match self.kind {
            kind::A => Some(Record::Address(IpAddr::from(<[u8; 4]>::try_from(data).ok()?))),
            kind::AAAA => Some(Record::Address(IpAddr::from(<[u8; 16]>::try_from(data).ok()?))),
            kind::TXT => {
                let (mut rest, mut text) = (data, Vec::new());
                while let Some((length, after)) = rest.split_first() {
                    let (part, after) = after.split_at_checked(usize::from(*length))?;
                    text.extend_from_slice(part);
                    rest = after;
                }
                Some(Record::Text(String::from_utf8_lossy(&text).into_owned()))
            }
            kind::CNAME | kind::NS | kind::SOA | kind::MX => Some(Record::Name(name_at(data, 0)?.0)),
            _ => None,
        }
    }
}

/// What a record holds, as it is written.
pub(super) fn data(record: &Record) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    match record {
        Record::Address(IpAddr::V4(address)) => bytes.extend_from_slice(&address.octets()),
        Record::Address(IpAddr::V6(address)) => bytes.extend_from_slice(&address.octets()),
        Record::Text(text) => {
            for part in text.as_bytes().chunks(TEXT_BYTES) {
                bytes.push(u8::try_from(part.len()).ok()?);
                bytes.extend_from_slice(part);
            }
        }
        Record::Name(name) => put_name(&mut bytes, name)?,
    }
    Some(bytes)
}

impl Message {
    /// What the answer is worth: 0 is good. <https://www.iana.org/assignments/dns-parameters/#dns-parameters-6>
    pub(super) fn code(&self) -> u16 {
        self.flags & 0x000f
    }

    /// `None`: a name in it cannot be written.
    pub(super) fn write(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&self.id);
        put(&mut bytes, self.flags);
        put(&mut bytes, u16::try_from(self.questions.len()).ok()?);
        for section in [&self.answers, &self.authority, &self.additional] {
            put(&mut bytes, u16::try_from(section.len()).ok()?);
        }
        for Question { name, kind } in &self.questions {
            put_name(&mut bytes, name)?;
            put(&mut bytes, *kind);
            put(&mut bytes, class::INTERNET);
        }
        for entry in self.answers.iter().chain(&self.authority).chain(&self.additional) {
            put_entry(&mut bytes, entry)?;
        }
        Some(bytes)
    }

    /// `None`: it does not read.
    pub(super) fn read(bytes: &[u8]) -> Option<Message> {
        let mut message =
            Message { id: bytes.get(..2)?.try_into().ok()?, flags: number(bytes, 2)?, ..Message::default() };
        let mut at = HEAD_BYTES;
        for _ in 0..number(bytes, 4)? {
            let (name, after) = name_at(bytes, at)?;
            message.questions.push(Question { name, kind: number(bytes, after)? });
            at = after.checked_add(4)?;
        }
        for (place, section) in [(6, &mut message.answers), (8, &mut message.authority), (10, &mut message.additional)]
        {
            for _ in 0..number(bytes, place)? {
                message.last_at = at;
                let (entry, after) = entry_at(bytes, at)?;
                section.push(entry);
                at = after;
            }
        }
        Some(message)
    }
}

/// A number of two bytes.
pub(super) fn put(bytes: &mut Vec<u8>, number: u16) {
    bytes.extend_from_slice(&number.to_be_bytes());
}

/// `None`: it is no name.
pub(super) fn put_name(bytes: &mut Vec<u8>, name: &str) -> Option<()> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > NAME_BYTES {
        return None;
    }
    for label in name.split('.').filter(|_| !name.is_empty()) {
        bytes.push(u8::try_from(label.len()).ok().filter(|_| (1..=LABEL_BYTES).contains(&label.len()))?);
        bytes.extend_from_slice(label.to_ascii_lowercase().as_bytes());
    }
    bytes.push(0);
    Some(())
}

pub(super) fn put_entry(bytes: &mut Vec<u8>, entry: &Entry) -> Option<()> {
    put_name(bytes, &entry.name)?;
    put(bytes, entry.kind);
    put(bytes, entry.class);
    bytes.extend_from_slice(&entry.ttl.to_be_bytes());
    put(bytes, u16::try_from(entry.data.len()).ok()?);
    bytes.extend_from_slice(&entry.data);
    Some(())
}

/// A number of two bytes.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// A name, and where it ends: with nothing, or with the place where it goes on.
pub(super) fn name_at(bytes: &[u8], at: usize) -> Option<(String, usize)> {
    let (mut name, mut at, mut after) = (String::new(), at, None);
    for _ in 0..MOST_LABELS {
        let length = usize::from(*bytes.get(at)?);
        let next = at.checked_add(1)?;
        match length {
            0 => return Some((name, after.unwrap_or(next))),
            _ if length & 0xc0 == 0xc0 => {
                after = after.or(Some(at.checked_add(2)?));
                at = usize::from(number(bytes, at)? & 0x3fff);
            }
            _ => {
                let end = next.checked_add(length)?;
                let label = String::from_utf8_lossy(bytes.get(next..end)?).to_ascii_lowercase();
                if !name.is_empty() {
                    name.push('.');
                }
                name.push_str(&label);
                at = end;
            }
        }
        if name.len() > NAME_BYTES {
            return None;
        }
    }
    None
}

fn entry_at(bytes: &[u8], at: usize) -> Option<(Entry, usize)> {
    let (name, at) = name_at(bytes, at)?;
    let (kind, class) = (number(bytes, at)?, number(bytes, at.checked_add(2)?)?);
    let ttl = u32::from_be_bytes(bytes.get(at.checked_add(4)?..at.checked_add(8)?)?.try_into().ok()?);
    let begin = at.checked_add(10)?;
    let end = begin.checked_add(usize::from(number(bytes, at.checked_add(8)?)?))?;
    let mut data = bytes.get(begin..end)?.to_vec();
    // Of a zone's beginning, only the name of its first server is of interest.
    if matches!(kind, kind::CNAME | kind::NS | kind::SOA | kind::MX) && !data.is_empty() {
        // What takes mail stands behind a preference, which does not count here.
        let begin = if kind == kind::MX { begin.checked_add(2)? } else { begin };
        let (name, _) = name_at(bytes, begin)?;
        data.clear();
        put_name(&mut data, &name)?;
    }
    Some((Entry { name, kind, class, ttl, data }, end))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]
    use super::*;

    /// An answer as name servers write it: names point to where they stand already.
    fn answer() -> Vec<u8> {
        let question = Question { name: "social.example.org".to_owned(), kind: kind::A };
        let message = Message { id: [7, 7], flags: 0x8180, questions: vec![question], ..Message::default() };
        let mut bytes = message.write().unwrap();
        bytes[7] = 2;
        // An alias to `a.example.org`: one label, then the place of `example.org`.
        bytes.extend_from_slice(&[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, b'a', 0xc0, 19]);
        let alias_at = bytes.len() - 4;
        bytes.extend_from_slice(&[0xc0, u8::try_from(alias_at).unwrap(), 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
        bytes
    }

    #[test]
    fn names_are_read_where_they_point_to() {
        let read = Message::read(&answer()).unwrap();
        assert_eq!(read.questions[0].name, "social.example.org");
        assert_eq!(read.answers[0].record(), Some(Record::Name("a.example.org".to_owned())));
        assert_eq!(read.answers[1].name, "a.example.org");
        assert_eq!(read.answers[1].record(), Some(Record::Address("192.0.2.1".parse().unwrap())));
        assert_eq!(read.last_at, answer().len() - 16);
    }

    #[test]
    fn the_servers_that_take_mail_are_read_where_their_names_point_to() {
        let question = Question { name: "example.org".to_owned(), kind: kind::MX };
        let message = Message { questions: vec![question], ..Message::default() };
        let mut bytes = message.write().unwrap();
        bytes[7] = 2;
        // `Mail.` before the name that was asked about, and a dot alone: nobody takes mail.
        bytes
            .extend_from_slice(&[0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 9, 0, 10, 4, b'M', b'a', b'i', b'l', 0xc0, 12]);
        bytes.extend_from_slice(&[0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 3, 0, 0, 0]);
        let read = Message::read(&bytes).unwrap();
        let named = |text: &str| Some(Record::Name(text.to_owned()));
        assert_eq!(read.answers.iter().map(Entry::record).collect::<Vec<_>>(), [named("mail.example.org"), named("")]);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let entry = |record: &Record, kind| Entry {
            name: "a.example.org".to_owned(),
            kind,
            class: class::INTERNET,
            ttl: 300,
            data: data(record).unwrap(),
        };
        let long = Record::Text("x".repeat(300));
        let message = Message {
            questions: vec![Question { name: "example.org".to_owned(), kind: kind::SOA }],
            answers: vec![entry(&Record::Address("2001:db8::1".parse().unwrap()), kind::AAAA)],
            authority: vec![entry(&long, kind::TXT)],
            additional: vec![entry(&Record::Name("b.example".to_owned()), kind::CNAME)],
            ..Message::default()
        };
        let read = Message::read(&message.write().unwrap()).unwrap();
        assert_eq!(read.authority[0].record(), Some(long));
        assert_eq!(Message { last_at: 0, ..read }, message);
    }

    #[test]
    fn what_is_cut_off_or_points_in_circles_harms_nobody() {
        let bytes = answer();
        for length in 0..bytes.len() {
            assert_eq!(Message::read(&bytes[..length]), None, "{length}");
        }
        assert_eq!(name_at(&[0xc0, 0], 0), None);
        assert_eq!(name_at(&[1, b'a', 0xc0, 0], 0), None);
        for bad in ["a..b", &"a".repeat(64), &"a.".repeat(128)] {
            assert_eq!(put_name(&mut Vec::new(), bad), None, "{bad}");
        }
    }
}
