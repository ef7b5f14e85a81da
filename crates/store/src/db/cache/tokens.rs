//! Access tokens that were just shown, so that an app that asks for one thing after the other is let in from memory.
//!
//! What takes a token's worth away, or changes what its holder may do, announces it. Unlike a post, a token is found by
//! its hash and dropped by its id or its holder; so nothing is looked for when one is dropped: each copy carries the
//! moment its reader began, and counts for nothing once its id or its holder was dropped after that.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use phiomia_model::{AccountId, TokenId};

use super::N_SHARDS;
use crate::{db::tokens::TokenView, recent::Recent, secret::SecretHash};

/// Tokens kept at most, of some hundred bytes each.
const MOST: u64 = 8_192;
/// A copy is read anew after that, whatever was announced or not.
const LIFETIME: Duration = Duration::from_secs(60);

pub(super) struct Tokens {
    values: Recent<SecretHash, Kept>,
    sequence: AtomicU64,
    /// When a token or holder of this shard was last dropped.
    dropped: Vec<AtomicU64>,
    hasher: RandomState,
}

#[derive(Clone)]
struct Kept {
    token: TokenView,
    began: u64,
}

/// By what tokens are dropped.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) enum Dropped {
    Token(TokenId),
    Holder(AccountId),
}

impl Tokens {
    pub(super) fn new() -> Tokens {
        Tokens {
            values: Recent::new(MOST).spread().living(LIFETIME),
            sequence: AtomicU64::new(1),
            dropped: std::iter::repeat_with(|| AtomicU64::new(0)).take(N_SHARDS).collect(),
            hasher: RandomState::new(),
        }
    }

    pub(super) fn moment(&self) -> u64 {
        self.sequence.load(Ordering::SeqCst)
    }

    pub(super) fn get(&self, hash: &SecretHash) -> Option<TokenView> {
        self.values.get(hash).filter(|kept| self.is_current(&kept.token, kept.began)).map(|kept| kept.token)
    }

    pub(super) fn put(&self, hash: SecretHash, token: &TokenView, began: u64) {
        if self.is_current(token, began) {
            self.values.put(hash, Kept { token: token.clone(), began });
        }
    }

    pub(super) fn drop(&self, what: Dropped) {
        let now = self.sequence.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(shard) = self.shard(what) {
            shard.fetch_max(now, Ordering::SeqCst);
        }
    }

    pub(super) fn clear(&self) {
        let now = self.sequence.fetch_add(1, Ordering::SeqCst) + 1;
        for shard in &self.dropped {
            shard.fetch_max(now, Ordering::SeqCst);
        }
        self.values.clear();
    }

    fn is_current(&self, token: &TokenView, began: u64) -> bool {
        let is_later = |what| self.shard(what).is_none_or(|shard| shard.load(Ordering::SeqCst) > began);
        let holder = token.account_id().map(Dropped::Holder);
        !is_later(Dropped::Token(token.id)) && !holder.is_some_and(is_later)
    }

    fn shard(&self, what: Dropped) -> Option<&AtomicU64> {
        let n = u64::try_from(N_SHARDS).unwrap_or(1);
        self.dropped.get(usize::try_from(self.hasher.hash_one(what) % n).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use phiomia_model::{AppId, Role, Scopes, Time};

    use super::*;
    use crate::db::{tokens::Holder, users::Standing};

    fn token() -> TokenView {
        let holder = Holder { account_id: AccountId(3), role: Role::User, standing: Standing::Good };
        TokenView {
            id: TokenId(1),
            app_id: AppId(2),
            scopes: Scopes::default(),
            created_at: Time(0),
            last_used_day: Some(0),
            holder: Some(holder),
        }
    }

    #[test]
    fn a_token_is_forgotten_with_itself_and_with_its_holder() {
        for what in [Dropped::Token(TokenId(1)), Dropped::Holder(AccountId(3))] {
            let (tokens, hash) = (Tokens::new(), SecretHash::of("secret"));
            let began = tokens.moment();
            tokens.put(hash, &token(), began);
            assert_eq!(tokens.get(&hash), Some(token()));
            tokens.drop(what);
            assert_eq!(tokens.get(&hash), None, "{what:?}");
            // A reader that began before.
            tokens.put(hash, &token(), began);
            assert_eq!(tokens.get(&hash), None, "{what:?}");
            tokens.put(hash, &token(), tokens.moment());
            assert_eq!(tokens.get(&hash), Some(token()));
            tokens.clear();
            assert_eq!(tokens.get(&hash), None);
        }
    }
}
