//! How our own doctor is told from everybody else: by a mark that only this server can make. Nothing is kept for it, so
//! that the doctor may be another process than the one that is asked.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use phiomia_model::Time;
use phiomia_store::seal::Sealer;

/// How long a token is good for.
const LIFE: Duration = Duration::from_secs(600);

/// A token for a path.
#[must_use]
pub fn make(sealer: &Sealer, now: Time) -> String {
    let until = now.plus(LIFE).as_secs();
    format!("{until}.{}", URL_SAFE_NO_PAD.encode(sealer.mark(&asked(until))))
}

/// Whether it is one of ours and still good.
#[must_use]
pub fn is_good(sealer: &Sealer, token: &str, now: Time) -> bool {
    let Some((until, mark)) = token.split_once('.') else { return false };
    let (Ok(until), Ok(mark)) = (until.parse::<i64>(), URL_SAFE_NO_PAD.decode(mark)) else { return false };
    until >= now.as_secs() && sealer.is_marked(&asked(until), &mark)
}

/// What only this server can answer to a token.
#[must_use]
pub fn proof(sealer: &Sealer, token: &str) -> String {
    URL_SAFE_NO_PAD.encode(sealer.mark(format!("the doctor was here with {token}").as_bytes()))
}

fn asked(until: i64) -> Vec<u8> {
    format!("the doctor may ask until {until}").into_bytes()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_token_is_good_here_and_for_a_while() {
        let (ours, other) = (Sealer::new(&[1; 32]).unwrap(), Sealer::new(&[2; 32]).unwrap());
        let now = Time(1_795_608_000_000_000);
        let token = make(&ours, now);
        assert!(is_good(&ours, &token, now) && is_good(&ours, &token, now.plus(LIFE)));
        assert!(!is_good(&other, &token, now));
        assert!(!is_good(&ours, &token, now.plus(LIFE * 2)));
        let later = token.replacen('1', "2", 1);
        assert!(!is_good(&ours, &later, now), "a longer life is another token");
        for rubbish in ["", ".", "1.", "x.y", &token[..token.len() - 2]] {
            assert!(!is_good(&ours, rubbish, now), "{rubbish}");
        }
        assert_ne!(proof(&ours, &token), proof(&other, &token));
    }
}
