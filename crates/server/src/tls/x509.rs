//! What is read of a certificate without a library for it: when it holds, whose it is, what it is called at its authority.
//! [RFC 5280, 4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)

use jiff::{civil::DateTime, tz::TimeZone};
use phiomia_model::Time;

/// The parts of a certificate that are looked at.
#[derive(Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The number its authority gave it, as it is encoded.
    pub serial: &'a [u8],
    /// Who signed it, as it is encoded.
    pub issuer: &'a [u8],
    /// Whose it is, the same way.
    pub subject: &'a [u8],
    /// It holds from here.
    pub not_before: Time,
    /// To here.
    pub not_after: Time,
    /// The domains it is for.
    pub names: Vec<&'a str>,
    /// The key of its authority (`keyIdentifier`), if it says which.
    pub authority: Option<&'a [u8]>,
}

const INTEGER: u8 = 0x02;
const OBJECT_ID: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const UTC_TIME: u8 = 0x17;
/// `[0]`, explicit.
const CONTEXT_0: u8 = 0xa0;
/// `[0]` and `[2]`, implicit: `keyIdentifier`, and `dNSName`.
const KEY_IDENTIFIER: u8 = 0x80;
const DNS_NAME: u8 = 0x82;
/// `[3]`, explicit.
const EXTENSIONS: u8 = 0xa3;
/// 2.5.29.17 and 2.5.29.35.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];

/// `None`: it is no certificate.
#[must_use]
pub fn read(certificate: &[u8]) -> Option<Facts<'_>> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut rest, _) = element(certificate)?;
    // The version, which the oldest certificates leave out.
    if let Some((CONTEXT_0, _, after)) = element(rest) {
        rest = after;
    }
    let (INTEGER, serial, rest) = element(rest)? else { return None };
    // The algorithm.
    let (_, _, rest) = element(rest)?;
    let (_, issuer, rest) = element(rest)?;
    let (_, validity, rest) = element(rest)?;
    let (_, subject, _) = element(rest)?;
    let (tag, text, after) = element(validity)?;
    let not_before = time(tag, text)?;
    let (tag, text, _) = element(after)?;
    let not_after = time(tag, text)?;
    let mut facts = Facts { serial, issuer, subject, not_before, not_after, names: Vec::new(), authority: None };
    let extensions = elements(rest).find(|(tag, _)| *tag == EXTENSIONS);
    let list = extensions.and_then(|(_, content)| element(content)).map(|(_, list, _)| list).unwrap_or_default();
    for (_, extension) in elements(list) {
        look_at(extension, &mut facts);
    }
    Some(facts)
}

/// One extension: its kind, maybe that it is critical, its value.
fn look_at<'a>(extension: &'a [u8], facts: &mut Facts<'a>) {
    let mut parts = elements(extension);
    let Some((OBJECT_ID, kind)) = parts.next() else { return };
    let Some((_, value)) = parts.find(|(tag, _)| *tag == OCTET_STRING) else { return };
    let inside = element(value).map(|(_, list, _)| list).unwrap_or_default();
    match kind {
        SUBJECT_ALT_NAME => {
            let names = elements(inside).filter(|(tag, _)| *tag == DNS_NAME);
            facts.names = names.filter_map(|(_, name)| std::str::from_utf8(name).ok()).collect();
        }
        AUTHORITY_KEY_IDENTIFIER => {
            facts.authority = elements(inside).find(|(tag, _)| *tag == KEY_IDENTIFIER).map(|(_, key)| key);
        }
        _ => {}
    }
}

/// Two digits of the year: 50 and above are of the last century.
fn time(tag: u8, text: &[u8]) -> Option<Time> {
    let text = std::str::from_utf8(text).ok()?;
    let century = match tag {
        UTC_TIME if text.get(..2)? >= "50" => "19",
        UTC_TIME => "20",
        _ => "",
    };
    let moment = DateTime::strptime("%Y%m%d%H%M%SZ", format!("{century}{text}")).ok()?;
    Some(Time(TimeZone::UTC.to_timestamp(moment).ok()?.as_microsecond()))
}

/// One after the other, until something is none.
fn elements(mut der: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, rest) = element(der)?;
        der = rest;
        Some((tag, content))
    })
}

/// The first element of DER: its tag, what is in it, what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // So many bytes of length follow; a certificate needs no more than three.
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};

    use super::*;

    #[test]
    fn a_certificate_says_until_when_for_whom_and_by_whom() {
        // Made with openssl 3: x509 -req -days 30 -set_serial 0x00f1e2d3c4b5a697 with two names and an authority.
        let der = CertificateDer::from_pem_slice(include_bytes!("named.pem")).unwrap();
        let facts = read(&der).unwrap();
        assert_eq!(facts.serial, [0, 0xf1, 0xe2, 0xd3, 0xc4, 0xb5, 0xa6, 0x97]);
        assert_eq!(facts.names, ["social.example.org", "example.org"]);
        assert_eq!(facts.authority.map(<[u8]>::len), Some(20));
        assert_eq!(facts.not_after.since(facts.not_before).as_secs(), 30 * 86_400);
    }

    #[test]
    fn what_is_cut_off_is_no_certificate_and_harms_nobody() {
        let der = CertificateDer::from_pem_slice(include_bytes!("named.pem")).unwrap();
        for length in 0..der.len() {
            let _ = read(der.get(..length).unwrap());
        }
        assert_eq!(read(b""), None);
        assert_eq!(read(&[0x30, 0x83, 0xff, 0xff, 0xff]), None);
    }
}
