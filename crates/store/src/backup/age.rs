//! Encryption as `age` does it (version 1, X25519), so that `age` opens what is written here: for whom it is encrypted is
//! known on the server, and who may open it is not.
//!
//! Own, on the one crypto library of this program: the crate for it brings another. Source: <https://age-encryption.org/v1>.

use std::{
    fmt,
    io::{self, Read, Write},
    str::FromStr,
};

use aws_lc_rs::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    agreement::{PrivateKey, UnparsedPublicKey, X25519, agree},
    hkdf, hmac,
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use phiomia_model::{Fault, Refusal};

use super::bech32;
use crate::secret::Entropy;

const FIRST_LINE: &str = "age-encryption.org/v1";
const KIND: &str = "X25519";
const INFO: &[u8] = b"age-encryption.org/v1/X25519";
const KEY_BYTES: usize = 32;
const FILE_KEY_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
/// Bytes of a piece before it is encrypted.
const PIECE: usize = 64 * 1024;
/// A header is longer only if somebody plays with us.
const LONGEST_HEADER: usize = 64 * 1024;
/// Letters of a line of base64 in the header.
const LINE: usize = 64;

/// For whom something is encrypted: `age1…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient([u8; KEY_BYTES]);

impl FromStr for Recipient {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Recipient, Refusal> {
        let bytes = bech32::decode("age", text.trim()).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Recipient).ok_or_else(|| Refusal::Invalid(format!("`{text}` is no recipient such as age1…")))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32::encode("age", &self.0))
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({self})")
    }
}

/// Who may open it: `AGE-SECRET-KEY-1…`. Never printed.
pub struct Identity([u8; KEY_BYTES]);

impl Identity {
    /// A new one, and its text for who keeps it.
    ///
    /// # Errors
    /// No random bytes.
    pub fn new(entropy: &Entropy) -> Result<(Identity, crate::Secret), Fault> {
        let mut key = [0; KEY_BYTES];
        entropy.fill(&mut key)?;
        let text = bech32::encode("age-secret-key-", &key).to_ascii_uppercase();
        Ok((Identity(key), crate::Secret::new(text)))
    }

    /// The identities in a file as `age-keygen` writes it: one a line, comments behind `#`.
    ///
    /// # Errors
    /// A refusal when a line is none, or when there is none at all.
    pub fn all(text: &str) -> Result<Vec<Identity>, Refusal> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let one = |line| bech32::decode("age-secret-key-", line).and_then(|bytes| bytes.try_into().ok()).map(Identity);
        let all: Option<Vec<Identity>> = lines.map(one).collect();
        all.filter(|all| !all.is_empty())
            .ok_or_else(|| Refusal::Invalid("the identity file has no lines such as AGE-SECRET-KEY-1…".to_owned()))
    }

    /// For whom is encrypted what it opens.
    ///
    /// # Errors
    /// The library failed.
    pub fn recipient(&self) -> Result<Recipient, Fault> {
        Ok(Recipient(public(&private(&self.0)?)?))
    }

    fn open(&self, stanza: &Stanza) -> Option<[u8; FILE_KEY_BYTES]> {
        let share: [u8; KEY_BYTES] = BASE64.decode(stanza.arguments.get(1)?).ok()?.try_into().ok()?;
        let own = private(&self.0).ok()?;
        let recipient = public(&own).ok()?;
        let key = wrapping(&own, &share, &share, &recipient).ok()?;
        let mut body = BASE64.decode(&stanza.body).ok()?;
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        key.open_in_place(nonce, Aad::empty(), &mut body).ok()?.try_into().ok()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

fn private(bytes: &[u8; KEY_BYTES]) -> Result<PrivateKey, Fault> {
    PrivateKey::from_private_key(&X25519, bytes).map_err(|_| failed())
}

fn public(key: &PrivateKey) -> Result<[u8; KEY_BYTES], Fault> {
    let public = key.compute_public_key().map_err(|_| failed())?;
    public.as_ref().try_into().map_err(|_| failed())
}

/// What the file's key is wrapped with, from either side.
fn wrapping(own: &PrivateKey, peer: &[u8], share: &[u8], recipient: &[u8]) -> Result<LessSafeKey, Fault> {
    let salt = [share, recipient].concat();
    agree(own, UnparsedPublicKey::new(&X25519, peer), failed(), |secret| cipher(&derived(secret, &salt, INFO)?))
}

fn derived(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<[u8; KEY_BYTES], Fault> {
    let mut out = [0; KEY_BYTES];
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let info = [info];
    let expanded = secret.expand(&info, hkdf::HKDF_SHA256).map_err(|_| failed())?;
    expanded.fill(&mut out).map_err(|_| failed())?;
    Ok(out)
}

fn cipher(key: &[u8; KEY_BYTES]) -> Result<LessSafeKey, Fault> {
    Ok(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).map_err(|_| failed())?))
}

fn header_mac(file_key: &[u8], header: &[u8]) -> Result<hmac::Tag, Fault> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &derived(file_key, &[], b"header")?);
    Ok(hmac::sign(&key, header))
}

fn failed() -> Fault {
    Fault::new("encrypting a backup")
}

/// The nonce of a piece: its number, and whether it is the last.
fn nonce(number: u64, is_last: bool) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    let number = number.to_be_bytes();
    nonce.iter_mut().skip(NONCE_LEN - 1 - number.len()).zip(number).for_each(|(to, from)| *to = from);
    if let Some(last) = nonce.last_mut() {
        *last = u8::from(is_last);
    }
    Nonce::assume_unique_for_key(nonce)
}

/// Encrypts what is written into it.
pub struct Encrypting<W> {
    out: W,
    key: LessSafeKey,
    piece: Vec<u8>,
    number: u64,
}

impl<W: Write> Encrypting<W> {
    /// For these recipients, each of whom opens all of it.
    ///
    /// # Errors
    /// No random bytes, or what is written to failed.
    pub fn begin(mut out: W, recipients: &[Recipient], entropy: &Entropy) -> Result<Encrypting<W>, Fault> {
        let mut file_key = [0; FILE_KEY_BYTES];
        entropy.fill(&mut file_key)?;
        let mut header = format!("{FIRST_LINE}\n");
        for Recipient(recipient) in recipients {
            let mut own = [0; KEY_BYTES];
            entropy.fill(&mut own)?;
            let own = private(&own)?;
            let share = public(&own)?;
            let key = wrapping(&own, recipient, &share, recipient)?;
            let mut body = file_key.to_vec();
            let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
            key.seal_in_place_append_tag(nonce, Aad::empty(), &mut body).map_err(|_| failed())?;
            header.push_str(&format!("-> {KIND} {}\n{}\n", BASE64.encode(share), BASE64.encode(body)));
        }
        header.push_str("---");
        let mac = header_mac(&file_key, header.as_bytes())?;
        header.push_str(&format!(" {}\n", BASE64.encode(mac)));
        let mut salt = [0; FILE_KEY_BYTES];
        entropy.fill(&mut salt)?;
        let written = out.write_all(header.as_bytes()).and_then(|()| out.write_all(&salt));
        written.map_err(|e| Fault::because("writing the backup", e))?;
        let key = cipher(&derived(&file_key, &salt, b"payload")?)?;
        Ok(Encrypting { out, key, piece: Vec::with_capacity(PIECE + TAG_BYTES), number: 0 })
    }

    /// The end of all; what was written into.
    ///
    /// # Errors
    /// What is written to failed.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        Ok(self.out)
    }

    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = nonce(self.number, is_last);
        let sealed = self.key.seal_in_place_append_tag(nonce, Aad::empty(), &mut self.piece);
        sealed.map_err(|_| io::Error::other("encrypting failed"))?;
        self.out.write_all(&self.piece)?;
        self.piece.clear();
        self.number += 1;
        Ok(())
    }
}

impl<W: Write> Write for Encrypting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() == PIECE {
            // Something follows, so it is not the last.
            self.seal(false)?;
        }
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// One way to the file's key.
#[derive(Debug)]
struct Stanza {
    arguments: Vec<String>,
    body: String,
}

/// Decrypts what it reads.
pub struct Decrypting<R> {
    from: R,
    key: LessSafeKey,
    /// The next piece as it came.
    ahead: Vec<u8>,
    open: Vec<u8>,
    at: usize,
    number: u64,
    is_over: bool,
}

impl<R: Read> Decrypting<R> {
    /// Opens it with the first of these that can.
    ///
    /// # Errors
    /// A refusal when none can, or when it is not what `age` writes.
    pub fn begin(mut from: R, identities: &[Identity]) -> Result<Decrypting<R>, Refusal> {
        let refused = |why: &str| Refusal::Invalid(format!("the backup cannot be decrypted: {why}"));
        let damaged = || refused("its head is damaged");
        let mut header = Vec::new();
        let (stanzas, mac) = head(&mut from, &mut header).ok_or_else(damaged)?;
        let keys = stanzas.iter().filter(|stanza| stanza.arguments.first().is_some_and(|kind| kind == KIND));
        let mut opened = keys.flat_map(|stanza| identities.iter().filter_map(|identity| identity.open(stanza)));
        let file_key = opened.next().ok_or_else(|| refused("it is for another identity"))?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &derived(&file_key, &[], b"header").map_err(|_| damaged())?);
        hmac::verify(&key, &header, &mac).map_err(|_| damaged())?;
        let mut salt = [0; FILE_KEY_BYTES];
        from.read_exact(&mut salt).map_err(|_| damaged())?;
        let key = derived(&file_key, &salt, b"payload").and_then(|key| cipher(&key)).map_err(|_| damaged())?;
        let mut decrypting =
            Decrypting { from, key, ahead: Vec::new(), open: Vec::new(), at: 0, number: 0, is_over: false };
        decrypting.ahead = decrypting.piece().map_err(|_| damaged())?;
        Ok(decrypting)
    }

    fn piece(&mut self) -> io::Result<Vec<u8>> {
        let mut piece = Vec::new();
        self.from.by_ref().take((PIECE + TAG_BYTES) as u64).read_to_end(&mut piece)?;
        Ok(piece)
    }

    fn next(&mut self) -> io::Result<()> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "what was encrypted is damaged or cut off");
        let next = self.piece()?;
        let mut sealed = std::mem::replace(&mut self.ahead, next);
        let is_last = self.ahead.is_empty();
        let nonce = nonce(self.number, is_last);
        let n = self.key.open_in_place(nonce, Aad::empty(), &mut sealed).map_err(|_| damaged())?.len();
        sealed.truncate(n);
        // Nothing is the last piece only where there is nothing at all.
        if n == 0 && self.number > 0 {
            return Err(damaged());
        }
        (self.open, self.at, self.is_over) = (sealed, 0, is_last);
        self.number += 1;
        Ok(())
    }
}

impl<R: Read> Read for Decrypting<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.open.len() {
            if self.is_over {
                return Ok(0);
            }
            self.next()?;
        }
        let ready = self.open.get(self.at..).unwrap_or_default();
        let n = ready.len().min(into.len());
        into.iter_mut().zip(ready).for_each(|(to, from)| *to = *from);
        self.at += n;
        Ok(n)
    }
}

/// Reads the head, and nothing behind it: its ways to the key, and the code of all of it up to `---`.
fn head(from: &mut impl Read, header: &mut Vec<u8>) -> Option<(Vec<Stanza>, Vec<u8>)> {
    if line(from, header)? != FIRST_LINE {
        return None;
    }
    let mut stanzas: Vec<Stanza> = Vec::new();
    loop {
        let next = line(from, header)?;
        if let Some(mac) = next.strip_prefix("--- ") {
            let behind = mac.len() + 2;
            header.truncate(header.len().checked_sub(behind)?);
            return Some((stanzas, BASE64.decode(mac).ok()?));
        }
        let arguments = next.strip_prefix("-> ")?.split(' ').map(str::to_owned).collect();
        let mut body = String::new();
        loop {
            let part = line(from, header)?;
            body.push_str(&part);
            if part.len() < LINE {
                break;
            }
        }
        stanzas.push(Stanza { arguments, body });
    }
}

fn line(from: &mut impl Read, header: &mut Vec<u8>) -> Option<String> {
    let begin = header.len();
    let mut byte = [0];
    loop {
        from.read_exact(&mut byte).ok()?;
        header.extend(byte);
        if byte == [b'\n'] {
            let line = header.get(begin..header.len().checked_sub(1)?)?;
            return String::from_utf8(line.to_vec()).ok();
        }
        if header.len() > LONGEST_HEADER {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they expect")]

    use super::*;

    fn sealed(plain: &[u8], recipients: &[Recipient]) -> Vec<u8> {
        let mut writer = Encrypting::begin(Vec::new(), recipients, &Entropy::system()).unwrap();
        writer.write_all(plain).unwrap();
        writer.finish().unwrap()
    }

    fn opened(sealed: &[u8], identities: &[Identity]) -> Result<Vec<u8>, String> {
        let mut reader = Decrypting::begin(sealed, identities).map_err(|e| e.to_string())?;
        let mut plain = Vec::new();
        reader.read_to_end(&mut plain).map_err(|e| e.to_string())?;
        Ok(plain)
    }

    #[test]
    fn every_recipient_opens_what_is_encrypted_whatever_its_length() {
        let (one, _) = Identity::new(&Entropy::system()).unwrap();
        let (two, text) = Identity::new(&Entropy::system()).unwrap();
        let (other, _) = Identity::new(&Entropy::system()).unwrap();
        let recipients = [one.recipient().unwrap(), two.recipient().unwrap()];
        let two = Identity::all(&format!("# mine\n{}\n", text.expose())).unwrap();
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let plain: Vec<u8> = (0..=255).cycle().take(length).collect();
            let sealed = sealed(&plain, &recipients);
            assert_eq!(opened(&sealed, &two).unwrap(), plain, "{length}");
            assert!(opened(&sealed, std::slice::from_ref(&other)).unwrap_err().contains("another identity"));
        }
        assert_eq!(recipients[0].to_string().parse::<Recipient>().unwrap(), recipients[0]);
    }

    #[test]
    fn what_age_itself_encrypted_is_opened() {
        // By age 1.1.1 of Debian 12, for somebody else and for this identity.
        let identity = "AGE-SECRET-KEY-10X099NW5XN29QWCE5XKVSZUEHSCGLJNTCX2WR653LD63W5Q63WWSJNFSUH";
        let sealed = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA2VXVyZk8rWGxuRlVuU2VFN2t4MGZ1U0lCenR4aVlNRlBJYkgzV1ZDdEMw\
            CmUxZzFhcThDTG41aURCeHpEeEF2ZXJqWUpsQ1o4VzJiMU8rRzcxa2h1dEUKLT4gWDI1NTE5IFZYR1g4OXB1TWsvZ2E4aUNzdG1mcE5WMlVzMytE\
            K2JQelYvVVBWWnVESFEKNnpnVnB0REJXbys2VE15bi9DU1hUeWJXaWJNQ296SUtPa2pPTmpNV3FHSQotLS0gTHRJK012Zmt2MHpYMG5jZHcveDY5\
            aXY4eDIvN1Vxck1kUVlEQWQ3M1N5SQolo20BY5E0ANbeIDOfwAcCD4zHLqoOtLSKC/uaLvY6KCN4p6B47rMr+4tHFJMaIKEIAcWtiK10hh24";
        let sealed = base64::engine::general_purpose::STANDARD.decode(sealed).unwrap();
        let identities = Identity::all(identity).unwrap();
        assert_eq!(opened(&sealed, &identities).unwrap(), b"a backup made by age 1.1.1");
        let recipient = "age1pxaexxhqmgnmf4vnfa3rhctzhuavx4wggeq8mzgtzdxdkn7jca2s65jw29";
        assert_eq!(identities[0].recipient().unwrap().to_string(), recipient);
    }

    #[test]
    fn what_was_changed_or_cut_does_not_open() {
        let (identity, _) = Identity::new(&Entropy::system()).unwrap();
        let identity = [identity];
        let sealed = sealed(&vec![5; 2 * PIECE + 10], &[identity[0].recipient().unwrap()]);
        for at in [0, 30, 70, 120, 190, 230, sealed.len() / 2, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(opened(&changed, &identity).is_err(), "{at}");
        }
        let head = sealed.len() - 2 * PIECE - 10 - 3 * TAG_BYTES;
        for cut in [0, 10, head, head + PIECE + TAG_BYTES, head + 2 * (PIECE + TAG_BYTES), sealed.len() - 1] {
            assert!(opened(&sealed[..cut], &identity).is_err(), "{cut}");
        }
    }
}
