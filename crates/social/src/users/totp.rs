//! Codes that change every 30 seconds. Source: RFC 6238, with HMAC-SHA-1 and six digits, which is what every
//! authenticator app can do.

use aws_lc_rs::{constant_time, hmac};
use phiomia_model::Time;

/// Bytes of a secret: as long as the hash. Source: RFC 4226, section 4.
pub(super) const SECRET_BYTES: usize = 20;
const STEP_SECONDS: i64 = 30;
const DIGITS: usize = 6;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step whose code this is, if it is that of this moment, of the one before or of the next: clocks differ.
pub(super) fn step_of(secret: &[u8], code: &str, now: Time) -> Option<i64> {
    let this = now.as_secs().div_euclid(STEP_SECONDS);
    (this.saturating_sub(1)..=this.saturating_add(1))
        .find(|step| constant_time::verify_slices_are_equal(code_at(secret, *step).as_bytes(), code.as_bytes()).is_ok())
}

/// The code of a step. Source: RFC 4226, section 5.3.
pub(super) fn code_at(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let hash = tag.as_ref();
    let at = usize::from(hash.last().copied().unwrap_or_default() & 15);
    let word = hash.iter().skip(at).take(4).fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
    format!("{:0DIGITS$}", (word & 0x7fff_ffff) % 1_000_000)
}

/// As people type it into an app. Source: RFC 4648, section 6, without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(8).div_ceil(5));
    let (mut held, mut n_held) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        n_held += 8;
        while n_held >= 5 {
            n_held -= 5;
            text.push(letter(held >> n_held));
        }
    }
    if n_held > 0 {
        text.push(letter(held << (5 - n_held)));
    }
    text
}

fn letter(bits: u32) -> char {
    usize::try_from(bits & 31).ok().and_then(|at| ALPHABET.get(at)).map_or('A', |byte| char::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // Source: RFC 6238, appendix B: the last six of its eight digits.
        let secret = b"12345678901234567890";
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(code_at(secret, seconds / STEP_SECONDS), code);
            let moment = |offset: i64| Time::from_millis((seconds + offset) * 1_000);
            assert!([-30, 0, 30].into_iter().all(|o| step_of(secret, code, moment(o)) == Some(seconds / STEP_SECONDS)));
            assert!([-90, 90].into_iter().all(|o| step_of(secret, code, moment(o)).is_none()));
        }
        assert_eq!(step_of(secret, "", Time(59_000_000)), None);
    }

    #[test]
    fn secrets_are_written_in_base32() {
        // Source: RFC 4648, section 10.
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
    }
}
