//! What lives only while the server runs: announced events, rate counters, short-lived keys. In memory, or in Redis
//! (Valkey) when several processes share them.
//!
//! Losing it loses nothing durable. While Redis is away events still reach the listeners of this process, rate limits
//! are counted by this process alone, and short-lived keys answer with a fault that passes by itself.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use phiomia_model::{Event, Fault, Time};

mod bus;
mod memory;
mod quota;
mod redis;
mod relay;

pub use bus::{Lagged, Subscription};
pub use quota::Quota;
pub use redis::RedisSettings;

use self::{memory::Memory, quota::Hit, redis::Redis};

/// Longest value of a short-lived key, in bytes.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// Longest name of a short-lived key, in bytes.
pub const MAX_KEY_BYTES: usize = 1024;

/// The live shelf. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub struct Live(Size);

#[derive(Clone, Debug)]
enum Size {
    Memory(Arc<Memory>),
    Redis(Arc<Redis>),
}

impl Live {
    /// Whether other processes publish here, too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Size::Redis(_))
    }

    /// Everything in this process.
    #[must_use]
    pub fn memory() -> Live {
        Live(Size::Memory(Arc::new(Memory::new())))
    }

    /// Shared through a Redis or Valkey server. From then on its absence is survived and ends by itself.
    ///
    /// # Errors
    /// When the settings do not hold or the server does not answer now: a start with a wrong address should say so.
    pub async fn redis(settings: RedisSettings) -> Result<Live, Fault> {
        Ok(Live(Size::Redis(Arc::new(Redis::connect(settings).await?))))
    }

    /// Tells every subscription, of this process at once and of the others through Redis. Never fails: what could
    /// not be sent to the others makes them see [`Lagged`] as soon as Redis is back.
    pub async fn publish(&self, event: &Event) {
        match &self.0 {
            Size::Memory(memory) => memory.bus().send(event.clone()),
            Size::Redis(redis) => redis.publish(event).await,
        }
    }

    /// Hears every event published from now on.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.local().bus().subscribe()
    }

    /// Counts one request of `who` in a bucket and says how it stands. Windows are aligned to 1970, so that every
    /// process agrees on them. A request that is over the limit is counted too.
    pub async fn hit(&self, bucket: &str, who: &str, limit: u32, window: Duration, now: Time) -> Quota {
        let hit = Hit::new(bucket, who, limit, window, now);
        match &self.0 {
            Size::Memory(memory) => memory.hit(&hit),
            Size::Redis(redis) => redis.hit(&hit).await,
        }
    }

    /// How `who` stands in a bucket, without counting.
    pub async fn peek(&self, bucket: &str, who: &str, limit: u32, window: Duration, now: Time) -> Quota {
        let hit = Hit::new(bucket, who, limit, window, now);
        match &self.0 {
            Size::Memory(memory) => memory.peek(&hit),
            Size::Redis(redis) => redis.peek(&hit).await,
        }
    }

    /// Forgets what `who` did in a bucket in the window of `now`, as after a successful sign-in.
    pub async fn forget(&self, bucket: &str, who: &str, window: Duration, now: Time) {
        let hit = Hit::new(bucket, who, 0, window, now);
        match &self.0 {
            Size::Memory(memory) => memory.forget(&hit),
            Size::Redis(redis) => redis.forget(&hit).await,
        }
    }

    /// Keeps a value for `ttl`, in place of an older one.
    ///
    /// # Errors
    /// When the key is longer than [`MAX_KEY_BYTES`] or the value than [`MAX_VALUE_BYTES`], or when Redis is away (transient).
    pub async fn set(&self, key: &str, value: impl Into<Bytes>, ttl: Duration) -> Result<(), Fault> {
        let value = checked(key, value.into())?;
        match &self.0 {
            Size::Memory(memory) => {
                memory.set(key, value, ttl);
                Ok(())
            }
            Size::Redis(redis) => redis.set(key, &value, ttl).await,
        }
    }

    /// Keeps a value for `ttl` if the key has none. `false`: it had one, which stays.
    ///
    /// # Errors
    /// As [`Live::set`].
    pub async fn add(&self, key: &str, value: impl Into<Bytes>, ttl: Duration) -> Result<bool, Fault> {
        let value = checked(key, value.into())?;
        match &self.0 {
            Size::Memory(memory) => Ok(memory.add(key, value, ttl)),
            Size::Redis(redis) => redis.add(key, &value, ttl).await,
        }
    }

    /// The value, `None` when there is none or its time is over.
    ///
    /// # Errors
    /// When Redis is away (transient).
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, Fault> {
        match &self.0 {
            Size::Memory(memory) => Ok(memory.get(key)),
            Size::Redis(redis) => redis.get(key).await,
        }
    }

    /// The value, which is then gone: of several who take one key at the same moment one gets it.
    ///
    /// # Errors
    /// When Redis is away (transient).
    pub async fn take(&self, key: &str) -> Result<Option<Bytes>, Fault> {
        match &self.0 {
            Size::Memory(memory) => Ok(memory.take(key)),
            Size::Redis(redis) => redis.take(key).await,
        }
    }

    /// Whether it answers. Memory always does.
    ///
    /// # Errors
    /// When Redis is away (transient).
    pub async fn health(&self) -> Result<(), Fault> {
        match &self.0 {
            Size::Memory(_) => Ok(()),
            Size::Redis(redis) => redis.health().await,
        }
    }

    fn local(&self) -> &Memory {
        match &self.0 {
            Size::Memory(memory) => memory,
            Size::Redis(redis) => redis.local(),
        }
    }
}

fn checked(key: &str, value: Bytes) -> Result<Bytes, Fault> {
    if key.len() > MAX_KEY_BYTES || value.len() > MAX_VALUE_BYTES {
        return Err(Fault::new(format!(
            "a short-lived key has {} bytes (the limit is {MAX_KEY_BYTES}) and its value {} ({MAX_VALUE_BYTES})",
            key.len(),
            value.len()
        )));
    }
    Ok(value)
}
