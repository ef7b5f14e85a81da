//! Maps by ids. A page of posts looks up hundreds of times, and a hash that bears texts of strangers costs more than all the
//! rest of such a look. Ids are given here: nobody chooses them so that they meet.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
};

/// A map by ids.
pub type ById<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;

/// A set of ids.
pub type Ids<K> = HashSet<K, BuildHasherDefault<IdHasher>>;

/// Odd, with its bits well mixed (those of the golden ratio).
const MIXED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes one number.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0 ^ n).wrapping_mul(MIXED);
    }

    fn write_i64(&mut self, n: i64) {
        self.write_u64(n.cast_unsigned());
    }

    /// Maps use the lowest and the highest bits; the product is best mixed in the highest.
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use phiomia_model::StatusId;

    use super::*;

    #[test]
    fn ids_of_one_moment_and_of_many_fall_into_different_places() {
        let place = |id: i64| ById::<StatusId, ()>::default().hasher().hash_one(StatusId(id)) % 1_024;
        for step in [1, 1 << 16, 1 << 20, 1 << 32] {
            let places: HashSet<u64> = (0..512).map(|n| place(110_000_000_000_000_000 + n * step)).collect();
            // 403 are to be expected of the best hash.
            assert!(places.len() > 300, "{} places of ids that are {step} apart", places.len());
        }
    }
}
