//! An authenticator in software: makes credentials, signs, counts. What browsers do around it, too.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

/// The origin of houses.
pub const ORIGIN: &str = "https://phiomia.example";
pub const HOST: &str = "phiomia.example";
pub const PRESENT: u8 = 1;
pub const VERIFIED: u8 = 4;

pub enum Key {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

/// One credential, with everything that a test may bend.
pub struct Authenticator {
    key: Key,
    pub id: Vec<u8>,
    pub handle: String,
    pub count: u32,
    pub flags: u8,
    pub origin: String,
    pub host: String,
}

impl Key {
    pub fn p256() -> Key {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        Key::P256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap())
    }
    pub fn ed25519() -> Key {
        Key::Ed25519(Ed25519KeyPair::generate().unwrap())
    }
    pub fn rsa() -> Key {
        Key::Rsa(Box::new(RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap()))
    }
    /// Source: RFC 9053, sections 2 and 7; RFC 8230, section 4.
    fn cose(&self) -> Vec<u8> {
        match self {
            Key::P256(pair) => {
                let point = pair.public_key().as_ref();
                [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", &point[1..33], b"\x22\x58\x20", &point[33..]].concat()
            }
            Key::Ed25519(pair) => [b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20", pair.public_key().as_ref()].concat(),
            Key::Rsa(pair) => {
                // PKCS #1: two numbers of a sequence, of 256 and 3 bytes with this size.
                let der = pair.public_key().as_ref();
                let (n, e) = (&der[9..265], &der[der.len() - 3..]);
                let head = [b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59".as_slice(), &two(n.len())].concat();
                [&head, n, &[0x21, 0x40 | two(e.len())[1]], e].concat()
            }
        }
    }
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Key::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

impl Authenticator {
    pub fn new(key: Key, id: &[u8]) -> Authenticator {
        Authenticator {
            key,
            id: id.to_vec(),
            handle: String::new(),
            count: 0,
            flags: PRESENT | VERIFIED,
            origin: ORIGIN.to_owned(),
            host: HOST.to_owned(),
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["challenge"];
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false }).to_string().into()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let hash = digest(&SHA256, self.host.as_bytes());
        [hash.as_ref(), &[flags], &self.count.to_be_bytes()].concat()
    }

    /// The answer to `/settings/passkeys/options`.
    pub fn make(&mut self, options: &Value) -> String {
        self.handle = options["user"]["id"].as_str().unwrap().to_owned();
        let length = two(self.id.len());
        let data = [&self.data(self.flags | 0x40), &[7; 16][..], &length, &self.id, &self.key.cose()].concat();
        let data_length = two(data.len());
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59", &data_length[..], &data].concat();
        json!({
            "clientDataJSON": BASE64.encode(self.client_data("webauthn.create", options)),
            "attestationObject": BASE64.encode(object),
        })
        .to_string()
    }

    /// The answer to `/auth/sign_in/passkey/options`.
    pub fn sign(&mut self, options: &Value) -> String {
        if self.count > 0 {
            self.count += 1;
        }
        self.sign_as_counted(options).to_string()
    }

    pub fn sign_as_counted(&self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(self.flags);
        let message = [&data, digest(&SHA256, &client_data).as_ref()].concat();
        json!({
            "id": BASE64.encode(&self.id),
            "clientDataJSON": BASE64.encode(client_data),
            "authenticatorData": BASE64.encode(data),
            "signature": BASE64.encode(self.key.sign(&message)),
            "userHandle": self.handle,
        })
    }
}

fn two(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap().to_be_bytes()
}
