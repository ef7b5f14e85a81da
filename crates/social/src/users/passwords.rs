//! Passwords: Argon2id made and checked, bcrypt from a Mastodon database checked and replaced, a few at a time.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use phiomia_model::{Fault, error::FieldError, limits::LIMITS};
use phiomia_store::{Entropy, Secret};
use tokio::sync::Semaphore;

/// 19 MiB, two passes, one lane: the first choice of OWASP's password storage page.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
/// The working memory of a hash of ours, in blocks of a KiB.
const OWN_BLOCKS: usize = MEMORY_KIB as usize;
/// What a row may ask of us at most: rows may come from elsewhere.
const MOST_MEMORY_KIB: u32 = 128 * 1024;
const MOST_PASSES: u32 = 16;

/// What checking a password gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not the one.
    Wrong,
    /// It is.
    Right,
    /// It is, and this hash of it shall take the place of the old one.
    RightButOld(Secret),
}

/// Makes and checks password hashes. Clones share the places and their memory.
#[derive(Clone)]
pub struct Passwords {
    entropy: Entropy,
    places: Arc<Semaphore>,
    memory: Arc<Memory>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passwords")
    }
}

/// The working memory of each place, kept from one hash to the next: what is given back in such pieces by changing threads
/// the allocator keeps, for each of them anew, and the process grew by half a gigabyte.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn with<T>(&self, n_blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut blocks = kept.unwrap_or_default();
        blocks.resize(blocks.len().max(n_blocks), Block::default());
        let done = work(&mut blocks);
        // Rows from elsewhere may ask for more than ours do; that much is not kept.
        if blocks.len() <= OWN_BLOCKS {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
        }
        done
    }
}

impl Passwords {
    /// One for the whole process.
    #[must_use]
    pub fn new(entropy: Entropy) -> Passwords {
        // Each takes its 19 MiB and a core; the other half of the cores serves meanwhile.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Passwords { entropy, places: Arc::new(Semaphore::new((cores / 2).clamp(1, 4))), memory: Arc::default() }
    }

    /// The hash to keep of a password. Waits for a place.
    ///
    /// # Errors
    /// No random bytes, or no thread.
    pub async fn hash(&self, password: &Secret) -> Result<Secret, Fault> {
        let mut salt = [0_u8; SALT_BYTES];
        self.entropy.fill(&mut salt)?;
        let (password, memory) = (password.clone(), self.memory.clone());
        self.on_a_thread(move || argon2_hash(&memory, &password, &salt)).await?
    }

    /// Whether `password` is the one behind `kept`. Takes as long when there is none to compare with.
    ///
    /// # Errors
    /// No thread, or the kept hash is of no kind we know.
    pub async fn verify(&self, password: &Secret, kept: Option<&Secret>) -> Result<Verdict, Fault> {
        let (candidate, kept) = (password.clone(), kept.cloned());
        // Longer than any password that could have been set: not worth a hash, and the same for everybody.
        if candidate.expose().chars().count() > LIMITS.password_characters.1 {
            return Ok(Verdict::Wrong);
        }
        let memory = self.memory.clone();
        let (is_right, is_old) = self
            .on_a_thread(move || match &kept {
                None => {
                    let nobodys = argon2_hash(&memory, &candidate, &[0; SALT_BYTES])?;
                    Ok((false, nobodys.expose().is_empty()))
                }
                Some(kept) if kept.expose().starts_with("$argon2id$") => argon2_verify(&memory, &candidate, kept),
                Some(kept) if kept.expose().starts_with("$2") => bcrypt::verify(candidate.expose(), kept.expose())
                    .map(|is_right| (is_right, true))
                    .map_err(|e| Fault::because("reading a bcrypt hash", e)),
                Some(_) => Err(Fault::new("a password hash is neither Argon2id nor bcrypt")),
            })
            .await??;
        match (is_right, is_old) {
            (false, _) => Ok(Verdict::Wrong),
            (true, false) => Ok(Verdict::Right),
            (true, true) => Ok(Verdict::RightButOld(self.hash(password).await?)),
        }
    }

    async fn on_a_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let place = self.places.clone().acquire_owned().await;
        let place = place.map_err(|e| Fault::because("waiting to hash a password", e))?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        })
        .await
        .map_err(|e| Fault::because("hashing a password", e))
    }
}

/// What is wrong with a new password, in Mastodon's words.
pub(super) fn check(password: &Secret) -> Option<FieldError> {
    let (least, most) = LIMITS.password_characters;
    let n_characters = password.expose().chars().count();
    let (code, description) = match n_characters {
        0 => ("ERR_BLANK", "can't be blank".to_owned()),
        n if n < least => ("ERR_TOO_SHORT", format!("is too short (minimum is {least} characters)")),
        n if n > most => ("ERR_TOO_LONG", format!("is too long (maximum is {most} characters)")),
        _ => return None,
    };
    Some(FieldError { field: "password", code, description })
}

fn argon2_hash(memory: &Memory, password: &Secret, salt: &[u8]) -> Result<Secret, Fault> {
    let hash = argon2_raw(memory, password, salt, (MEMORY_KIB, PASSES, LANES), HASH_BYTES)?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(Secret::new(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}")))
}

fn argon2_raw(
    memory: &Memory,
    password: &Secret,
    salt: &[u8],
    (memory_kib, passes, lanes): (u32, u32, u32),
    n_bytes: usize,
) -> Result<Vec<u8>, Fault> {
    let broken = |e: argon2::Error| Fault::new(format!("hashing a password: {e}"));
    let params = Params::new(memory_kib, passes, lanes, Some(n_bytes)).map_err(broken)?;
    let mut hash = vec![0_u8; n_bytes];
    let n_blocks = params.block_count();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let work = |blocks: &mut [Block]| {
        argon2.hash_password_into_with_memory(password.expose().as_bytes(), salt, &mut hash, blocks)
    };
    memory.with(n_blocks, work).map_err(broken)?;
    Ok(hash)
}

/// Whether it is right, and whether the hash was made with other numbers than ours.
fn argon2_verify(memory: &Memory, password: &Secret, kept: &Secret) -> Result<(bool, bool), Fault> {
    let parts = read_argon2(kept.expose()).ok_or_else(|| Fault::new("an Argon2id hash of a form we do not read"))?;
    let hash = argon2_raw(memory, password, &parts.salt, parts.numbers, parts.hash.len())?;
    let is_right = constant_time::verify_slices_are_equal(&hash, &parts.hash).is_ok();
    Ok((is_right, parts.numbers != (MEMORY_KIB, PASSES, LANES)))
}

struct Argon2Parts {
    numbers: (u32, u32, u32),
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// Reads `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, the PHC string format.
fn read_argon2(text: &str) -> Option<Argon2Parts> {
    let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
    let (numbers, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let mut numbers = numbers.split(',');
    let mut number = |name: &str, most: u32| {
        let n: u32 = numbers.next()?.strip_prefix(name)?.parse().ok()?;
        (n <= most).then_some(n)
    };
    let numbers = (number("m=", MOST_MEMORY_KIB)?, number("t=", MOST_PASSES)?, number("p=", 8)?);
    let decode = |text: &str| STANDARD_NO_PAD.decode(text).ok().filter(|b| (8..=128).contains(&b.len()));
    Some(Argon2Parts { numbers, salt: decode(salt)?, hash: decode(hash)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_other_numbers_are_read_within_bounds() {
        let text = |numbers: &str| format!("$argon2id$v=19${numbers}$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA");
        assert!(read_argon2(&text("m=65536,t=3,p=4")).is_some_and(|p| p.numbers == (65_536, 3, 4)));
        for bad in ["m=4194304,t=3,p=4", "m=65536,t=3", "t=3,m=65536,p=4", "m=x,t=3,p=4"] {
            assert!(read_argon2(&text(bad)).is_none(), "{bad}");
        }
    }

    #[test]
    fn new_passwords_have_8_to_256_characters() {
        let code = |p: &str| check(&Secret::new(p)).map(|e| e.code);
        assert_eq!(code(""), Some("ERR_BLANK"));
        assert_eq!((code("1234567"), code("üüüüüüüü")), (Some("ERR_TOO_SHORT"), None));
        assert_eq!((code(&"ü".repeat(256)), code(&"ü".repeat(257))), (None, Some("ERR_TOO_LONG")));
    }
}
