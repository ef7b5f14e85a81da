//! The live shelf inside one process: counters and short-lived keys in sharded maps of bounded size.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use phiomia_model::Time;
use tokio::time::Instant;

use super::{
    bus::Bus,
    quota::{Hit, Quota},
};

const N_SHARDS: usize = 16;
/// Counters in one shard: 131,072 in all, about 20 MB when full.
const MAX_COUNTERS: usize = 8192;
/// Keys and values of one shard, in bytes: 32 MB in all.
const MAX_KEPT_BYTES: usize = 2 * 1024 * 1024;
/// What one key costs beside its text and value.
const ENTRY_BYTES: usize = 192;

/// Everything of the live shelf that needs no other process.
#[derive(Debug)]
pub(super) struct Memory {
    bus: Bus,
    hasher: RandomState,
    counters: Vec<Mutex<Counters>>,
    kept: Vec<Mutex<Kept>>,
}

impl Memory {
    pub(super) fn new() -> Memory {
        Memory {
            bus: Bus::new(),
            hasher: RandomState::new(),
            counters: std::iter::repeat_with(Mutex::default).take(N_SHARDS).collect(),
            kept: std::iter::repeat_with(Mutex::default).take(N_SHARDS).collect(),
        }
    }

    pub(super) fn bus(&self) -> &Bus {
        &self.bus
    }

    pub(super) fn hit(&self, hit: &Hit<'_>) -> Quota {
        let key = counter_key(hit);
        self.in_shard(&self.counters, &key, |counters| hit.counted(counters.hit(key.as_str(), hit)))
    }

    pub(super) fn peek(&self, hit: &Hit<'_>) -> Quota {
        let key = counter_key(hit);
        self.in_shard(&self.counters, &key, |counters| hit.peeked(counters.n_hits(&key, hit)))
    }

    pub(super) fn forget(&self, hit: &Hit<'_>) {
        let key = counter_key(hit);
        self.in_shard(&self.counters, &key, |counters| counters.0.remove(key.as_str()));
    }

    pub(super) fn set(&self, key: &str, value: Bytes, ttl: Duration) {
        self.in_shard(&self.kept, key, |kept| kept.set(key, value, ttl));
    }

    pub(super) fn add(&self, key: &str, value: Bytes, ttl: Duration) -> bool {
        self.in_shard(&self.kept, key, |kept| {
            let is_free = kept.get(key).is_none();
            if is_free {
                kept.set(key, value, ttl);
            }
            is_free
        })
    }

    pub(super) fn get(&self, key: &str) -> Option<Bytes> {
        self.in_shard(&self.kept, key, |kept| kept.get(key))
    }

    pub(super) fn take(&self, key: &str) -> Option<Bytes> {
        self.in_shard(&self.kept, key, |kept| {
            let value = kept.get(key);
            kept.remove(key);
            value
        })
    }

    fn in_shard<S: Default, T>(&self, shards: &[Mutex<S>], key: &str, with: impl FnOnce(&mut S) -> T) -> T {
        // The remainder is below the number of shards, so the conversion and the look-up hold.
        let n_shards = u64::try_from(shards.len()).unwrap_or(1).max(1);
        let at = usize::try_from(self.hasher.hash_one(key) % n_shards).unwrap_or(0);
        match shards.get(at) {
            Some(shard) => with(&mut lock(shard)),
            None => with(&mut S::default()),
        }
    }
}

/// A panic while a shard was held leaves at worst a counter that is off by one: go on.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn counter_key(hit: &Hit<'_>) -> String {
    format!("{}:{}", hit.bucket, hit.who)
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    start: Time,
    reset: Time,
    n_hits: u32,
    limit: u32,
}

impl Counter {
    /// How much of the limit is used, in thousandths. Who is near a limit is kept longest.
    fn fill(&self) -> u64 {
        u64::from(self.n_hits).saturating_mul(1000) / u64::from(self.limit.max(1))
    }
}

#[derive(Debug, Default)]
struct Counters(HashMap<Box<str>, Counter>);

impl Counters {
    /// Requests in this window, the new one among them.
    fn hit(&mut self, key: &str, hit: &Hit<'_>) -> u32 {
        let fresh = Counter { start: hit.start, reset: hit.reset, n_hits: 1, limit: hit.limit };
        if let Some(counter) = self.0.get_mut(key) {
            if counter.start == hit.start {
                counter.n_hits = counter.n_hits.saturating_add(1);
                counter.limit = hit.limit;
            } else {
                *counter = fresh;
            }
            return counter.n_hits;
        }
        if self.0.len() >= MAX_COUNTERS {
            self.make_room(hit.now);
        }
        self.0.insert(key.into(), fresh);
        1
    }

    fn n_hits(&self, key: &str, hit: &Hit<'_>) -> u32 {
        self.0.get(key).filter(|counter| counter.start == hit.start).map_or(0, |counter| counter.n_hits)
    }

    /// Drops windows that are over. If that frees too little, the half that is farthest from its limit goes: whoever
    /// floods us with new addresses must not make us forget a password guesser.
    fn make_room(&mut self, now: Time) {
        self.0.retain(|_, counter| counter.reset > now);
        if self.0.len() <= MAX_COUNTERS / 4 * 3 {
            return;
        }
        let mut fills: Vec<u64> = self.0.values().map(Counter::fill).collect();
        let half = fills.len() / 2;
        let (_, &mut median, _) = fills.select_nth_unstable(half);
        let mut n_to_drop = half;
        self.0.retain(|_, counter| {
            let is_dropped = n_to_drop > 0 && counter.fill() <= median;
            n_to_drop -= usize::from(is_dropped);
            !is_dropped
        });
    }
}

#[derive(Debug)]
struct Value {
    bytes: Bytes,
    /// Monotonic: a wall clock that jumps neither ends nor lengthens a life.
    until: Instant,
}

#[derive(Debug, Default)]
struct Kept {
    values: HashMap<Arc<str>, Value>,
    /// The same keys, soonest end first.
    ends: BTreeSet<(Instant, Arc<str>)>,
    n_bytes: usize,
}

impl Kept {
    fn get(&self, key: &str) -> Option<Bytes> {
        let value = self.values.get(key)?;
        (value.until > Instant::now()).then(|| value.bytes.clone())
    }

    /// Drops what is over, and when still full what would end soonest.
    fn set(&mut self, key: &str, bytes: Bytes, ttl: Duration) {
        self.remove(key);
        let now = Instant::now();
        // A life too long for the clock is as good as a year.
        let until = now.checked_add(ttl).unwrap_or_else(|| now + Duration::from_secs(365 * 86_400));
        let size_bytes = size_bytes(key, &bytes);
        while let Some((end, oldest)) = self.ends.first().cloned() {
            let is_full = self.n_bytes.saturating_add(size_bytes) > MAX_KEPT_BYTES;
            if end > now && !is_full {
                break;
            }
            self.remove(&oldest);
        }
        let key: Arc<str> = key.into();
        self.n_bytes = self.n_bytes.saturating_add(size_bytes);
        self.ends.insert((until, Arc::clone(&key)));
        self.values.insert(key, Value { bytes, until });
    }

    fn remove(&mut self, key: &str) {
        if let Some((key, value)) = self.values.remove_entry(key) {
            self.n_bytes = self.n_bytes.saturating_sub(size_bytes(&key, &value.bytes));
            self.ends.remove(&(value.until, key));
        }
    }
}

fn size_bytes(key: &str, bytes: &Bytes) -> usize {
    ENTRY_BYTES.saturating_add(key.len()).saturating_add(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(300);

    #[test]
    fn a_flood_of_addresses_neither_grows_without_bound_nor_hides_a_guesser() {
        let memory = Memory::new();
        let guess = Hit::new("login", "alice", 5, WINDOW, Time(0));
        for _ in 0..6 {
            memory.hit(&guess);
        }
        for n in 0..(N_SHARDS * MAX_COUNTERS * 2) {
            memory.hit(&Hit::new("api_ip", &n.to_string(), 300, WINDOW, Time(0)));
        }
        let n_counters: usize = memory.counters.iter().map(|shard| lock(shard).0.len()).sum();
        assert!(n_counters <= N_SHARDS * MAX_COUNTERS, "{n_counters} counters are kept");
        assert!(memory.peek(&guess).is_over, "the guesser was forgotten");
    }

    #[test]
    fn windows_that_are_over_make_room_first() {
        let mut counters = Counters::default();
        for n in 0..MAX_COUNTERS {
            counters.hit(&n.to_string(), &Hit::new("api_ip", "", 300, WINDOW, Time(0)));
        }
        counters.hit("new", &Hit::new("api_ip", "", 300, WINDOW, Time(0).plus(WINDOW)));
        assert_eq!(counters.0.len(), 1);
    }

    #[test]
    fn a_full_shelf_drops_the_keys_that_would_end_soonest() {
        let mut kept = Kept::default();
        let value = Bytes::from(vec![0_u8; 60_000]);
        kept.set("long", value.clone(), Duration::from_secs(3600));
        for n in 0..100 {
            kept.set(&format!("short {n}"), value.clone(), Duration::from_secs(60 + n));
        }
        assert!(kept.n_bytes <= MAX_KEPT_BYTES);
        assert!(kept.get("long").is_some() && kept.get("short 99").is_some());
        assert!(kept.get("short 0").is_none());
        for key in kept.values.keys().cloned().collect::<Vec<_>>() {
            kept.remove(&key);
        }
        assert_eq!((kept.n_bytes, kept.ends.len()), (0, 0));
    }
}
