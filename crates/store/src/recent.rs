//! Values that were used lately, kept in memory up to a weight. Which of them goes first: one that was not asked for since
//! the hand of the clock last came by ("second chance"), so that what is asked for once does not drive out what is asked
//! for all the time.
//!
//! Asking costs a lock that is held for some tens of nanoseconds: a page of posts asks for forty things.

use std::{
    borrow::Borrow,
    collections::HashMap,
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Parts of a memory that is asked by many threads at once.
const N_SHARDS: u64 = 16;

/// How long a value is kept at most.
#[derive(Clone, Copy, Debug)]
enum Lifetime {
    Unbounded,
    SinceWritten(Duration),
    SinceUsed(Duration),
}

/// The memory.
pub struct Recent<K, V> {
    shards: Vec<Mutex<Shard<K, V>>>,
    hasher: RandomState,
    /// What one shard may weigh.
    most: u64,
    lifetime: Lifetime,
    weigh: fn(&K, &V) -> u32,
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    /// As many values as `most`.
    #[must_use]
    pub fn new(most: u64) -> Recent<K, V> {
        Recent {
            shards: vec![Mutex::default()],
            hasher: RandomState::new(),
            most,
            lifetime: Lifetime::Unbounded,
            weigh: |_, _| 1,
        }
    }

    /// As many values as weigh `most` together. One that weighs more is not kept.
    #[must_use]
    pub fn weighing(most: u64, weigh: fn(&K, &V) -> u32) -> Recent<K, V> {
        Recent { weigh, ..Recent::new(most) }
    }

    /// The same in parts with a lock each, for what is asked for all the time. A value has to fit into one of them.
    #[must_use]
    pub fn spread(self) -> Recent<K, V> {
        let shards = std::iter::repeat_with(Mutex::default).take(usize::try_from(N_SHARDS).unwrap_or(1)).collect();
        Recent { shards, most: (self.most / N_SHARDS).max(1), ..self }
    }

    /// The same, where a value is forgotten some time after it was put in.
    #[must_use]
    pub fn living(self, since_written: Duration) -> Recent<K, V> {
        Recent { lifetime: Lifetime::SinceWritten(since_written), ..self }
    }

    /// The same, where a value is forgotten when nobody asked for it for some time.
    #[must_use]
    pub fn resting(self, since_used: Duration) -> Recent<K, V> {
        Recent { lifetime: Lifetime::SinceUsed(since_used), ..self }
    }

    /// The value.
    pub fn get<Q: ?Sized + Eq + Hash>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.shard(key)?.get(key, self.lifetime)
    }

    /// Whether there is a value.
    pub fn contains<Q: ?Sized + Eq + Hash>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// The value; where there is none, what is made, which is then kept. Others wait meanwhile.
    pub fn get_or(&self, key: K, make: impl FnOnce() -> V) -> V {
        let Some(mut shard) = self.shard(&key) else { return make() };
        if let Some(value) = shard.get(&key, self.lifetime) {
            return value;
        }
        let value = make();
        let weight = (self.weigh)(&key, &value);
        shard.put(key, value.clone(), weight, self.most, self.lifetime);
        value
    }

    /// Keeps a value in place of an older one.
    pub fn put(&self, key: K, value: V) {
        let weight = (self.weigh)(&key, &value);
        if let Some(mut shard) = self.shard(&key) {
            shard.put(key, value, weight, self.most, self.lifetime);
        }
    }

    /// Forgets a value.
    pub fn drop<Q: ?Sized + Eq + Hash>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        if let Some(mut shard) = self.shard(key) {
            shard.remove(key);
        }
    }

    /// Forgets all.
    pub fn clear(&self) {
        for shard in &self.shards {
            *lock(shard) = Shard::default();
        }
    }

    fn shard<Q: ?Sized + Hash>(&self, key: &Q) -> Option<MutexGuard<'_, Shard<K, V>>> {
        let at = match self.shards.len() {
            0 | 1 => 0,
            // Below the number of shards, so the conversion holds.
            n => usize::try_from(self.hasher.hash_one(key) % u64::try_from(n).unwrap_or(1)).unwrap_or(0),
        };
        self.shards.get(at).map(lock)
    }
}

impl<K, V> fmt::Debug for Recent<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").field("most", &self.most).finish_non_exhaustive()
    }
}

/// Nothing is half done when a thread panics here.
fn lock<K, V>(shard: &Mutex<Shard<K, V>>) -> MutexGuard<'_, Shard<K, V>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Kept<K, V> {
    key: K,
    value: V,
    weight: u32,
    /// When it was put in or asked for, whichever its life is counted from.
    since: Option<Instant>,
    is_used: bool,
}

impl<K, V> Kept<K, V> {
    fn is_over(&self, lifetime: Lifetime) -> bool {
        match lifetime {
            Lifetime::Unbounded => false,
            Lifetime::SinceWritten(life) | Lifetime::SinceUsed(life) => {
                self.since.is_some_and(|since| since.elapsed() > life)
            }
        }
    }
}

struct Shard<K, V> {
    places: HashMap<K, usize>,
    /// In a circle. What is put in goes where something just went, behind the hand: it is looked at last.
    kept: Vec<Option<Kept<K, V>>>,
    /// Places in the circle where nothing is.
    free: Vec<usize>,
    weight: u64,
    /// The next to be looked at when room is needed.
    hand: usize,
}

impl<K, V> Default for Shard<K, V> {
    fn default() -> Shard<K, V> {
        Shard { places: HashMap::new(), kept: Vec::new(), free: Vec::new(), weight: 0, hand: 0 }
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Shard<K, V> {
    fn get<Q: ?Sized + Eq + Hash>(&mut self, key: &Q, lifetime: Lifetime) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = *self.places.get(key)?;
        let kept = self.kept.get_mut(at)?.as_mut()?;
        if kept.is_over(lifetime) {
            self.remove_at(at);
            return None;
        }
        kept.is_used = true;
        if matches!(lifetime, Lifetime::SinceUsed(_)) {
            kept.since = Some(Instant::now());
        }
        Some(kept.value.clone())
    }

    fn put(&mut self, key: K, value: V, weight: u32, most: u64, lifetime: Lifetime) {
        self.remove(&key);
        if u64::from(weight) > most {
            return;
        }
        while !self.places.is_empty() && self.weight + u64::from(weight) > most {
            self.make_room(lifetime);
        }
        let since = (!matches!(lifetime, Lifetime::Unbounded)).then(Instant::now);
        let kept = Some(Kept { key: key.clone(), value, weight, since, is_used: false });
        let at = self.free.pop().unwrap_or(self.kept.len());
        match self.kept.get_mut(at) {
            Some(place) => *place = kept,
            None => self.kept.push(kept),
        }
        self.places.insert(key, at);
        self.weight += u64::from(weight);
    }

    /// Drops the value under the hand, or takes its second chance, and goes on.
    fn make_room(&mut self, lifetime: Lifetime) {
        let at = if self.hand < self.kept.len() { self.hand } else { 0 };
        self.hand = at + 1;
        match self.kept.get_mut(at) {
            Some(Some(kept)) if kept.is_used && !kept.is_over(lifetime) => kept.is_used = false,
            _ => self.remove_at(at),
        }
    }

    fn remove<Q: ?Sized + Eq + Hash>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        if let Some(at) = self.places.get(key).copied() {
            self.remove_at(at);
        }
    }

    fn remove_at(&mut self, at: usize) {
        if let Some(gone) = self.kept.get_mut(at).and_then(Option::take) {
            self.places.remove(&gone.key);
            self.weight = self.weight.saturating_sub(u64::from(gone.weight));
            self.free.push(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_what_is_not_goes() {
        let recent: Recent<u32, u32> = Recent::new(10);
        for n in 0..10 {
            recent.put(n, n);
        }
        for n in 100..200 {
            assert_eq!(recent.get(&3), Some(3), "before {n}");
            recent.put(n, n);
        }
        assert!(!recent.contains(&4));
        let kept: Vec<u32> = (0..200).filter(|n| recent.contains(n)).collect();
        assert_eq!(kept, [3, 191, 192, 193, 194, 195, 196, 197, 198, 199], "and the newest");
    }

    #[test]
    fn what_is_kept_weighs_no_more_than_it_may() {
        let recent: Recent<String, String> =
            Recent::weighing(100, |key, value| u32::try_from(key.len() + value.len()).unwrap_or(u32::MAX));
        for n in 0..50 {
            recent.put(format!("{n:02}"), "v".repeat(n));
            let weights = (0..=n).filter_map(|n| recent.get(format!("{n:02}").as_str())).map(|value| value.len() + 2);
            assert!(weights.sum::<usize>() <= 100);
            assert!(recent.contains(format!("{n:02}").as_str()), "{n} is the newest");
        }
        recent.put("too".to_owned(), "x".repeat(98));
        assert!(!recent.contains("too"));
        // What was there under its name is not true any more.
        recent.put("49".to_owned(), "x".repeat(99));
        assert!(!recent.contains("49"));
    }

    #[test]
    fn a_value_is_replaced_forgotten_and_made_once() {
        let recent: Recent<&str, i32> = Recent::new(1_000).spread();
        for (n, name) in [(0, "a"), (1, "b"), (2, "c")] {
            recent.put(name, -1);
            recent.put(name, n);
        }
        assert_eq!((recent.get("a"), recent.get("b"), recent.get("c")), (Some(0), Some(1), Some(2)));
        recent.drop("a");
        assert_eq!((recent.get("a"), recent.get("b")), (None, Some(1)));
        assert_eq!((recent.get_or("a", || 7), recent.get_or("a", || 8)), (7, 7));
        recent.clear();
        assert_eq!(recent.get("b"), None);
    }

    #[test]
    fn a_life_ends_by_what_it_is_counted_from() {
        let life = Duration::from_millis(60);
        let (written, used) = (Recent::new(10).living(life), Recent::new(10).resting(life));
        written.put(1, ());
        used.put(1, ());
        let begun = Instant::now();
        while begun.elapsed() < life * 2 {
            // A machine that stands still for as long as a life ends it rightly.
            if used.get(&1).is_none() {
                used.put(1, ());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!written.contains(&1));
        assert!(used.contains(&1) || begun.elapsed() > life * 3);
        std::thread::sleep(life + Duration::from_millis(20));
        assert!(!used.contains(&1));
    }
}
