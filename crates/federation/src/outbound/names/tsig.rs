//! Signatures of messages to and from a name server, by a key that both know.
//! [RFC 8945](https://www.rfc-editor.org/rfc/rfc8945)

use aws_lc_rs::hmac;

use super::wire::{Entry, Message, class, kind, name_at, number, put, put_entry, put_name};

/// How far the clocks may be apart, in seconds. Section 10 advises this.
const FUDGE: u16 = 300;
const BAD_TIME: u16 = 18;

/// How it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// What every name server knows.
    Sha256,
    /// A longer one.
    Sha512,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "hmac-sha256",
            Algorithm::Sha512 => "hmac-sha512",
        }
    }

    fn in_the_library(self) -> hmac::Algorithm {
        match self {
            Algorithm::Sha256 => hmac::HMAC_SHA256,
            Algorithm::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

/// A key that a name server knows by its name.
#[derive(Clone, Debug)]
pub struct TsigKey {
    name: String,
    algorithm: Algorithm,
    key: hmac::Key,
}

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distrust {
    /// The server did not believe us; its number for why, and its clock in seconds since 1970 if that is it.
    Ours(u16, Option<u64>),
    /// It is not signed, or somebody else wrote it.
    Theirs,
}

/// What a signature says beside the bytes that prove it.
struct Said {
    /// Seconds since 1970.
    at: u64,
    fudge: u16,
    error: u16,
    other: Vec<u8>,
}

impl TsigKey {
    /// `secret`: its bytes.
    #[must_use]
    pub fn new(name: &str, algorithm: Algorithm, secret: &[u8]) -> TsigKey {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        TsigKey { name, algorithm, key: hmac::Key::new(algorithm.in_the_library(), secret) }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The message with its signature, and the bytes that prove it. `now`: seconds since 1970.
    pub(super) fn sign(&self, message: &[u8], now: u64) -> Option<(Vec<u8>, Vec<u8>)> {
        let said = Said { at: now, fudge: FUDGE, error: 0, other: Vec::new() };
        let mac = self.mac(None, message, &said)?.as_ref().to_vec();
        let mut data = Vec::new();
        put_name(&mut data, self.algorithm.name())?;
        put_time(&mut data, said.at);
        put(&mut data, said.fudge);
        put(&mut data, u16::try_from(mac.len()).ok()?);
        data.extend_from_slice(&mac);
        data.extend_from_slice(message.get(..2)?);
        put(&mut data, said.error);
        put(&mut data, 0);
        let mut bytes = message.to_vec();
        let entry = Entry { name: self.name.clone(), kind: kind::TSIG, class: class::ANY, ttl: 0, data };
        put_entry(&mut bytes, &entry)?;
        count(&mut bytes, |n| n.checked_add(1))?;
        Some((bytes, mac))
    }

    /// Whether the server with this key wrote this answer, to the question with this proof. `now`: seconds since 1970.
    pub(super) fn check(&self, bytes: &[u8], answer: &Message, question: &[u8], now: u64) -> Result<(), Distrust> {
        let last = answer.additional.last().filter(|entry| entry.kind == kind::TSIG).ok_or(Distrust::Theirs)?;
        let (said, mac) = read(&last.data).ok_or(Distrust::Theirs)?;
        let theirs = || {
            let [a, b, c, d, e, f] = <[u8; 6]>::try_from(said.other.as_slice()).ok()?;
            Some(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
        };
        // Who does not know the key cannot sign that.
        if said.error != 0 && said.error != BAD_TIME {
            return Err(Distrust::Ours(said.error, None));
        }
        let mut unsigned = bytes.get(..answer.last_at).ok_or(Distrust::Theirs)?.to_vec();
        count(&mut unsigned, |n| n.checked_sub(1)).ok_or(Distrust::Theirs)?;
        let text = self.text(Some(question), &unsigned, &said).ok_or(Distrust::Theirs)?;
        let is_right = last.name == self.name && hmac::verify(&self.key, &text, mac).is_ok();
        match (is_right, said.error) {
            (false, _) => Err(Distrust::Theirs),
            (true, 0) if said.at.abs_diff(now) > u64::from(said.fudge) => Err(Distrust::Theirs),
            (true, 0) => Ok(()),
            (true, error) => Err(Distrust::Ours(error, theirs())),
        }
    }

    fn mac(&self, question: Option<&[u8]>, message: &[u8], said: &Said) -> Option<hmac::Tag> {
        Some(hmac::sign(&self.key, &self.text(question, message, said)?))
    }

    /// What is signed. Section 4.3.
    fn text(&self, question: Option<&[u8]>, message: &[u8], said: &Said) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        if let Some(mac) = question {
            put(&mut text, u16::try_from(mac.len()).ok()?);
            text.extend_from_slice(mac);
        }
        text.extend_from_slice(message);
        put_name(&mut text, &self.name)?;
        put(&mut text, class::ANY);
        text.extend_from_slice(&[0; 4]);
        put_name(&mut text, self.algorithm.name())?;
        put_time(&mut text, said.at);
        put(&mut text, said.fudge);
        put(&mut text, said.error);
        put(&mut text, u16::try_from(said.other.len()).ok()?);
        text.extend_from_slice(&said.other);
        Some(text)
    }
}

/// A time of six bytes.
fn put_time(bytes: &mut Vec<u8>, seconds: u64) {
    bytes.extend(seconds.to_be_bytes().into_iter().skip(2));
}

/// Another number of records in the last section.
fn count(bytes: &mut [u8], change: impl FnOnce(u16) -> Option<u16>) -> Option<()> {
    let changed = change(number(bytes, 10)?)?;
    bytes.get_mut(10..12)?.copy_from_slice(&changed.to_be_bytes());
    Some(())
}

/// What a signature says, and its proof.
fn read(data: &[u8]) -> Option<(Said, &[u8])> {
    let (_, at) = name_at(data, 0)?;
    let rest = data.get(at..)?;
    let [a, b, c, d, e, f] = <[u8; 6]>::try_from(rest.get(..6)?).ok()?;
    let fudge = number(rest, 6)?;
    let (mac, rest) = rest.get(10..)?.split_at_checked(usize::from(number(rest, 8)?))?;
    let other = rest.get(6..)?.get(..usize::from(number(rest, 4)?))?.to_vec();
    let at = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    Some((Said { at, fudge, error: number(rest, 2)?, other }, mac))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]
    use super::*;

    /// An update of `example.org` as dnspython 2.9 signs it at 1,700,000,000, with the key `phiomia` of the bytes 0 to 31.
    const BEFORE: &str = "123428000001000100020001076578616d706c65036f7267000006000106736f6369616cc00c000500fe0000000000\
        00c01d000100ff000000000000c01d000100010000012c0004c0000201077068696f6d69610000fa00ff000000000";
    const SHA256: &str = "03d0b686d61632d7368613235360000006553f100012c00209e003c5b1885fc8215f60f25d155bf4f27352612182b1e\
        c97ca36d31bc01ce50123400000000";
    const SHA512: &str = "05d0b686d61632d7368613531320000006553f100012c00400c364b8f9f64378363f94f774b4cb759ce72f9cfc39c191\
        d1855100eee08a7a781bb8289bc752803520538cc8c9b1289b80e80cfb9dc4a37fd80755ceedda2a0123400000000";
    const NOW: u64 = 1_700_000_000;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().collect();
        digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }

    fn key(algorithm: Algorithm) -> TsigKey {
        TsigKey::new("Phiomia.", algorithm, &(0..32).collect::<Vec<u8>>())
    }

    /// Without its signature.
    fn unsigned(signed: &[u8]) -> Vec<u8> {
        let mut bytes = signed[..Message::read(signed).unwrap().last_at].to_vec();
        count(&mut bytes, |n| n.checked_sub(1)).unwrap();
        bytes
    }

    #[test]
    fn signatures_are_those_of_another_implementation() {
        for (algorithm, after) in [(Algorithm::Sha256, SHA256), (Algorithm::Sha512, SHA512)] {
            let expected = bytes(&format!("{BEFORE}{after}"));
            let (signed, _) = key(algorithm).sign(&unsigned(&expected), NOW).unwrap();
            assert_eq!(signed, expected, "{algorithm:?}");
        }
    }

    /// What a server answers: like a question, but over the proof of the question too.
    fn answered(by: &TsigKey, question: &[u8], said: &Said) -> Vec<u8> {
        let message = Message { id: [1, 2], flags: 0xa800, ..Message::default() }.write().unwrap();
        let mac = by.mac(Some(question), &message, said).unwrap();
        let (mut signed, _) = by.sign(&message, said.at).unwrap();
        let error_at = signed.len() - 4;
        signed[error_at - 2 - 32..error_at - 2].copy_from_slice(mac.as_ref());
        signed[error_at + 1] = u8::try_from(said.error).unwrap();
        if !said.other.is_empty() {
            signed[error_at + 3] = 6;
            signed.extend_from_slice(&said.other);
            // Six bytes more: the length stands before the name of the algorithm.
            let length_at = error_at - 2 - 32 - 2 - 2 - 6 - 13 - 1;
            signed[length_at] += 6;
        }
        signed
    }

    #[test]
    fn an_answer_is_believed_when_it_is_to_our_question_by_our_key() {
        let (ours, question) = (key(Algorithm::Sha256), [5; 32]);
        let said = |error, other| Said { at: NOW, fudge: FUDGE, error, other };
        let check =
            |answer: &[u8], question: &[u8], now| ours.check(answer, &Message::read(answer).unwrap(), question, now);
        let good = answered(&ours, &question, &said(0, Vec::new()));
        assert_eq!(check(&good, &question, NOW + 10), Ok(()));
        assert_eq!(check(&good, &[6; 32], NOW), Err(Distrust::Theirs), "to another question");
        assert_eq!(check(&good, &question, NOW + 301), Err(Distrust::Theirs), "an old one");
        let mut changed = good;
        changed[3] = 1;
        assert_eq!(check(&changed, &question, NOW), Err(Distrust::Theirs), "changed on the way");
        let other = TsigKey::new("phiomia", Algorithm::Sha256, &[9; 32]);
        let forged = answered(&other, &question, &said(0, Vec::new()));
        assert_eq!(check(&forged, &question, NOW), Err(Distrust::Theirs), "by another key");
        let bare = Message { id: [1, 2], flags: 0xa800, ..Message::default() }.write().unwrap();
        assert_eq!(check(&bare, &question, NOW), Err(Distrust::Theirs), "by nobody");
    }

    #[test]
    fn a_server_with_another_time_tells_it() {
        let (ours, question) = (key(Algorithm::Sha256), [5; 32]);
        let mut other = Vec::new();
        put_time(&mut other, NOW + 3_600);
        let late = answered(&ours, &question, &Said { at: NOW, fudge: FUDGE, error: BAD_TIME, other });
        let read = Message::read(&late).unwrap();
        assert_eq!(ours.check(&late, &read, &question, NOW), Err(Distrust::Ours(BAD_TIME, Some(NOW + 3_600))));
    }
}
