//! What browsers and authenticators say: read, and held against what was asked. Everything here is foreign data.
//! Source: <https://www.w3.org/TR/webauthn-3/>, sections 5.8.1, 6.1, 7.1 and 7.2.

use aws_lc_rs::{
    digest,
    signature::{
        ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
    },
};
use phiomia_model::Addresses;
use serde::Deserialize;

use super::cbor::{self, Item, take};

/// The numbers of the signatures we can check, as browsers are told: ECDSA with P-256, Ed25519, RSA.
/// Source: <https://www.iana.org/assignments/cose>.
pub const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];
const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;
/// Longer ids of credentials are refused. Source: section 4, "Credential ID".
const MOST_ID_BYTES: usize = 1_023;

/// Who we are to authenticators.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    /// The host of the web domain, to which passkeys belong.
    pub id: String,
    origin: String,
}

impl RelyingParty {
    /// As configured, whatever a request says.
    #[must_use]
    pub fn of(addresses: &Addresses) -> RelyingParty {
        let domain = addresses.web_domain.as_str();
        let host = match domain.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => domain,
        };
        RelyingParty { id: host.to_owned(), origin: addresses.base() }
    }
}

/// What the browser signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ceremony {
    Create,
    Get,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

/// The challenge a browser answers, if it answers for this ceremony on a page of ours.
pub(super) fn challenge(client_data: &[u8], ceremony: Ceremony, party: &RelyingParty) -> Option<String> {
    let said: ClientData = serde_json::from_slice(client_data).ok()?;
    let kind = match ceremony {
        Ceremony::Create => "webauthn.create",
        Ceremony::Get => "webauthn.get",
    };
    let is_ours = said.r#type == kind && said.origin == party.origin && !said.cross_origin;
    is_ours.then_some(said.challenge)
}

/// What an authenticator says about itself and its owner.
#[derive(Debug)]
pub(super) struct AuthenticatorData<'a> {
    flags: u8,
    /// How often it signed.
    pub(super) sign_count: u32,
    /// What it has made.
    pub(super) made: Option<Made<'a>>,
}

/// A credential that was made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Made<'a> {
    pub(super) id: &'a [u8],
    pub(super) public_key: &'a [u8],
}

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

impl<'a> AuthenticatorData<'a> {
    /// Reads it, if it is for us, somebody was there, and it is whole.
    pub(super) fn read(bytes: &'a [u8], party: &RelyingParty) -> Option<AuthenticatorData<'a>> {
        let mut left = bytes;
        let hash = take(&mut left, 32)?;
        let flags = *take(&mut left, 1)?.first()?;
        let sign_count = u32::from_be_bytes(take(&mut left, 4)?.try_into().ok()?);
        let is_ours = hash == digest::digest(&digest::SHA256, party.id.as_bytes()).as_ref();
        if !is_ours || flags & PRESENT == 0 {
            return None;
        }
        let made = if flags & HAS_CREDENTIAL == 0 { None } else { Some(Made::read(&mut left)?) };
        if flags & HAS_EXTENSIONS != 0 {
            cbor::read(&mut left)?;
        }
        left.is_empty().then_some(AuthenticatorData { flags, sign_count, made })
    }

    /// Whether it asked for a fingerprint, a PIN or the like.
    pub(super) fn is_verified(&self) -> bool {
        self.flags & VERIFIED != 0
    }
}

impl<'a> Made<'a> {
    fn read(left: &mut &'a [u8]) -> Option<Made<'a>> {
        let _model = take(left, 16)?;
        let n_bytes = usize::from(u16::from_be_bytes(take(left, 2)?.try_into().ok()?));
        let id = take(left, n_bytes)?;
        let from_key = *left;
        cbor::read(left)?;
        let public_key = from_key.get(..from_key.len().checked_sub(left.len())?)?;
        let is_good = (1..=MOST_ID_BYTES).contains(&n_bytes) && Key::read(public_key).is_some();
        is_good.then_some(Made { id, public_key })
    }
}

/// What an authenticator hands over when it has made a credential: the authenticator's data in it. Who made the
/// authenticator is not asked, so what it says about that is not read.
pub(super) fn attested(object: &[u8]) -> Option<&[u8]> {
    let mut left = object;
    let data = cbor::read(&mut left)?.named("authData")?.bytes()?;
    left.is_empty().then_some(data)
}

/// A public key of a kind we can check.
enum Key<'a> {
    P256 { x: &'a [u8], y: &'a [u8] },
    Ed25519(&'a [u8]),
    Rsa { n: &'a [u8], e: &'a [u8] },
}

impl<'a> Key<'a> {
    fn read(cose: &'a [u8]) -> Option<Key<'a>> {
        let mut left = cose;
        let map = cbor::read(&mut left)?;
        if !left.is_empty() {
            return None;
        }
        let bytes = |key| map.at(key).and_then(Item::bytes);
        let number = |key| map.at(key).and_then(Item::int);
        let of_32 = |key| bytes(key).filter(|bytes| bytes.len() == 32);
        match (number(1)?, number(3)?) {
            (2, ES256) if number(-1) == Some(1) => Some(Key::P256 { x: of_32(-2)?, y: of_32(-3)? }),
            (1, EDDSA) if number(-1) == Some(6) => Some(Key::Ed25519(of_32(-2)?)),
            (3, RS256) => Some(Key::Rsa { n: bytes(-1)?, e: bytes(-2)? }),
            _ => None,
        }
    }

    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let checked = match self {
            Key::P256 { x, y } => {
                let point = [&[4], *x, *y].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Key::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Key::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        checked.is_ok()
    }
}

/// Whether the credential of this key signed what authenticator and browser say.
pub(super) fn is_signed(public_key: &[u8], data: &[u8], client_data: &[u8], signature: &[u8]) -> bool {
    let message = [data, digest::digest(&digest::SHA256, client_data).as_ref()].concat();
    Key::read(public_key).is_some_and(|key| key.has_signed(&message, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(web_domain: &str) -> RelyingParty {
        let of = |text: &str| text.to_owned();
        RelyingParty::of(&Addresses::new(of("https"), of("example.org"), of(web_domain)))
    }

    #[test]
    fn passkeys_belong_to_the_host_and_answers_come_from_the_origin() {
        assert_eq!(party("social.example.org").id, "social.example.org");
        let party = party("localhost:3000");
        assert_eq!((party.id.as_str(), party.origin.as_str()), ("localhost", "https://localhost:3000"));
        let said = |kind: &str, origin: &str, more: &str| {
            let text = format!(r#"{{"type":"webauthn.{kind}","challenge":"abc","origin":"{origin}"{more}}}"#);
            challenge(text.as_bytes(), Ceremony::Get, &party)
        };
        assert_eq!(said("get", "https://localhost:3000", ""), Some("abc".to_owned()));
        assert_eq!(said("get", "https://localhost:3000", r#","crossOrigin":false,"new":1"#), Some("abc".to_owned()));
        assert_eq!(said("create", "https://localhost:3000", ""), None);
        assert_eq!(said("get", "https://localhost:3001", ""), None);
        assert_eq!(said("get", "https://evil.example", ""), None);
        assert_eq!(said("get", "https://localhost:3000", r#","crossOrigin":true"#), None);
        assert_eq!(challenge(b"no json", Ceremony::Get, &party), None);
    }

    #[test]
    fn what_an_authenticator_says_is_for_us_of_somebody_there_and_whole() {
        let party = party("example.org");
        let data = |id: &str, flags: u8, rest: &[u8]| {
            let hash = digest::digest(&digest::SHA256, id.as_bytes());
            [hash.as_ref(), &[flags], &7_u32.to_be_bytes(), rest].concat()
        };
        let read = |bytes: &[u8]| {
            AuthenticatorData::read(bytes, &party)
                .map(|read| (read.is_verified(), read.sign_count, read.made.is_some()))
        };
        assert_eq!(read(&data("example.org", PRESENT, b"")), Some((false, 7, false)));
        assert_eq!(read(&data("example.org", PRESENT | VERIFIED, b"")), Some((true, 7, false)));
        assert_eq!(read(&data("example.org", PRESENT | HAS_EXTENSIONS, b"\xa0")), Some((false, 7, false)));
        assert_eq!(read(&data("example.com", PRESENT, b"")), None);
        assert_eq!(read(&data("example.org", VERIFIED, b"")), None);
        assert_eq!(read(&data("example.org", PRESENT, b"x")), None);
        assert_eq!(read(&data("example.org", PRESENT | HAS_EXTENSIONS, b"")), None);
        let whole = data("example.org", PRESENT, b"");
        assert!((0..whole.len()).all(|end| whole.get(..end).and_then(read).is_none()));
    }

    #[test]
    fn a_credential_has_an_id_of_a_lawful_length_and_a_key_we_can_check() {
        let ed = [b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20".as_slice(), &[9; 32]].concat();
        let made = |id: &[u8], key: &[u8]| {
            let length = u16::try_from(id.len()).unwrap_or(u16::MAX).to_be_bytes();
            let bytes = [&[0; 16], &length[..], id, key].concat();
            Made::read(&mut bytes.as_slice()).map(|made| (made.id.len(), made.public_key.len()))
        };
        assert_eq!(made(b"id", &ed), Some((2, ed.len())));
        assert_eq!(made(&[1; 1_023], &ed), Some((1_023, ed.len())));
        assert_eq!((made(b"", &ed), made(&[1; 1_024], &ed)), (None, None));
        // Another curve, a key that is too short, another kind of signature.
        assert_eq!(made(b"id", &ed.replace_at(7, 0x05)), None);
        assert_eq!(made(b"id", &[b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x1f".as_slice(), &[9; 31]].concat()), None);
        assert_eq!(made(b"id", &ed.replace_at(4, 0x26)), None);
    }

    trait ReplaceAt {
        fn replace_at(&self, at: usize, byte: u8) -> Vec<u8>;
    }
    impl ReplaceAt for Vec<u8> {
        fn replace_at(&self, at: usize, byte: u8) -> Vec<u8> {
            self.iter().enumerate().map(|(i, b)| if i == at { byte } else { *b }).collect()
        }
    }
}
