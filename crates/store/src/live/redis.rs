//! The live shelf in Redis or Valkey: the names of its keys and the commands on them.

use std::{fmt, sync::Arc, time::Duration};

use ::redis::{Cmd, FromRedisValue, Script};
use bytes::Bytes;
use phiomia_model::{Event, Fault};
use tokio::task::JoinHandle;

use super::{
    memory::Memory,
    quota::{Hit, Quota},
    relay::{self, Link},
};

/// Counts a request and lets the counter end with its window, in one step: a counter can not stay without an end.
const COUNT: &str = "
    local n = redis.call('incr', KEYS[1])
    if n == 1 then redis.call('pexpire', KEYS[1], ARGV[1]) end
    return n";

/// Where Redis is and which names there are ours.
#[derive(Clone, Default)]
pub struct RedisSettings {
    /// `redis://[user][:password]@host[:port][/database]`, `rediss://` for TLS, `unix:///path`; `valkey` likewise.
    pub url: String,
    /// Put before every key and channel, as Mastodon's `REDIS_NAMESPACE`. After it comes `phiomia:`, so that a
    /// Mastodon server on the same database is not disturbed.
    pub namespace: Option<String>,
    /// Certificate authorities to trust for `rediss://`, as PEM, in place of the public ones.
    pub ca_pem: Option<Vec<u8>>,
}

impl fmt::Debug for RedisSettings {
    /// The address may hold a password and is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// Commands go over one connection, events come in on another; both are made anew by [`relay::keep`].
pub(super) struct Redis {
    link: Arc<Link>,
    prefix: String,
    count: Script,
    /// This process' listeners, and counters for while Redis is away. Counted always, so that nobody gets a fresh
    /// window out of a loss.
    local: Memory,
    keeper: JoinHandle<()>,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Redis {
    pub(super) async fn connect(settings: RedisSettings) -> Result<Redis, Fault> {
        let prefix = match settings.namespace.as_deref() {
            None | Some("") => "phiomia:".to_owned(),
            Some(namespace) => format!("{namespace}:phiomia:"),
        };
        let local = Memory::new();
        let link = Arc::new(Link::new(settings, &prefix, local.bus().clone())?);
        let incoming = link.connect().await?;
        let keeper = tokio::spawn(relay::keep(Arc::clone(&link), incoming));
        Ok(Redis { link, prefix, count: Script::new(COUNT), local, keeper })
    }

    pub(super) fn local(&self) -> &Memory {
        &self.local
    }

    /// Here at once, then through Redis to the others.
    pub(super) async fn publish(&self, event: &Event) {
        self.local.bus().send(event.clone());
        self.link.publish(event).await;
    }

    pub(super) async fn hit(&self, hit: &Hit<'_>) -> Quota {
        let own = self.local.hit(hit);
        let key = self.counter_key(hit);
        let mut counting = self.count.key(key);
        counting.arg(hit.ttl_ms());
        let counted = self.link.with(async |connection| counting.invoke_async::<u64>(connection).await).await;
        counted.map_or(own, |n_hits| hit.counted(saturated(n_hits)))
    }

    pub(super) async fn peek(&self, hit: &Hit<'_>) -> Quota {
        let counted = self.ask::<Option<u64>>(Cmd::new().arg("GET").arg(self.counter_key(hit))).await;
        counted.map_or_else(|_| self.local.peek(hit), |n_hits| hit.peeked(saturated(n_hits.unwrap_or(0))))
    }

    pub(super) async fn forget(&self, hit: &Hit<'_>) {
        self.local.forget(hit);
        if let Err(fault) = self.ask::<()>(Cmd::new().arg("DEL").arg(self.counter_key(hit))).await {
            tracing::debug!("a counter in Redis lives on until its window ends: {}", fault.chain());
        }
    }

    pub(super) async fn set(&self, key: &str, value: &Bytes, ttl: Duration) -> Result<(), Fault> {
        self.ask(Cmd::new().arg("SET").arg(self.value_key(key)).arg(value.as_ref()).arg("PX").arg(millis(ttl))).await
    }

    pub(super) async fn add(&self, key: &str, value: &Bytes, ttl: Duration) -> Result<bool, Fault> {
        let mut command = Cmd::new();
        command.arg("SET").arg(self.value_key(key)).arg(value.as_ref()).arg("PX").arg(millis(ttl)).arg("NX");
        // `OK`, or nil when the key was there.
        self.ask::<Option<String>>(&command).await.map(|done| done.is_some())
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Bytes>, Fault> {
        self.ask(Cmd::new().arg("GET").arg(self.value_key(key))).await
    }

    pub(super) async fn take(&self, key: &str) -> Result<Option<Bytes>, Fault> {
        self.ask(Cmd::new().arg("GETDEL").arg(self.value_key(key))).await
    }

    pub(super) async fn health(&self) -> Result<(), Fault> {
        self.ask::<String>(Cmd::new().arg("PING")).await.map(drop)
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Fault> {
        self.link.with(async |connection| command.query_async::<T>(connection).await).await
    }

    /// The start of the window is part of the name: a new window is a new counter.
    fn counter_key(&self, hit: &Hit<'_>) -> String {
        format!("{}limit:{}:{}:{}", self.prefix, hit.bucket, hit.start.as_millis(), hit.who)
    }

    fn value_key(&self, key: &str) -> String {
        format!("{}key:{key}", self.prefix)
    }
}

fn saturated(n_hits: u64) -> u32 {
    u32::try_from(n_hits).unwrap_or(u32::MAX)
}

/// At least one, since Redis refuses a life of zero; at most a century, since it refuses an end beyond its clock.
fn millis(ttl: Duration) -> u64 {
    const CENTURY_MS: u64 = 100 * 365 * 86_400 * 1000;
    u64::try_from(ttl.as_millis()).unwrap_or(CENTURY_MS).clamp(1, CENTURY_MS)
}
