//! How often is too often: fixed windows, counted on the live shelf, told in `X-RateLimit-*`.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use phiomia_model::{AccountId, Refusal, Time, TokenId};
use phiomia_store::live::{Live, Quota};

use crate::peer::ClientAddr;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// A bucket a route counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Every API request: 1,500 per user and 300 per token, or 300 per address, in 5 minutes.
    Api,
    /// Turning pages: 300 in 15 minutes by user or address; only requests that name a page count.
    Paging,
    /// Deleting and unboosting: 30 in 30 minutes by user.
    Delete,
    /// Posts and edits: 300 in 3 hours by account.
    Post,
    /// Follows: 400 in 24 hours by account.
    Follow,
    /// Uploads: 30 in 30 minutes by user.
    Media,
    /// Pictures of other servers that have to be fetched first: 600 in 10 minutes by address. Those that lie here are not
    /// counted: a page of posts has dozens.
    MediaProxy,
    /// Reports: 400 in 24 hours by account.
    Report,
    /// Registering apps: 5 in 10 minutes by address.
    App,
    /// Forms for signing in and up, resets, confirmations: 25 in 5 minutes by address.
    Form,
    /// Opening streams: 300 in 5 minutes by user or address. Not of [`Rate::Api`], so that a client on a bad line, which
    /// opens them again and again, can still fetch what it missed.
    Streaming,
    /// Signing up by API: 5 in 30 minutes by address.
    SignUp,
    /// Changing the password: 10 in 10 minutes by user.
    Password,
}

/// By whom is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user, when one is known.
    pub account: Option<AccountId>,
    /// The token, when there is one.
    pub token: Option<TokenId>,
    /// The address.
    pub client: ClientAddr,
}

struct Count {
    bucket: &'static str,
    who: String,
    limit: u32,
    window: Duration,
}

impl Identity {
    fn by_user(&self) -> String {
        match self.account {
            Some(account) => format!("account:{account}"),
            None => self.by_address(),
        }
    }
    fn by_address(&self) -> String {
        format!("address:{}", self.client.bucket())
    }
}

impl Rate {
    /// What one request counts in; `is_paging`: it names a page.
    fn counts(self, who: &Identity, is_paging: bool) -> Vec<Count> {
        let count = |bucket, who, limit, seconds| Count { bucket, who, limit, window: Duration::from_secs(seconds) };
        match self {
            Rate::Api => match (who.account, who.token) {
                (None, None) => vec![count("api_address", who.by_address(), 300, 5 * MINUTE)],
                (account, token) => {
                    let user = account.map(|_| count("api_user", who.by_user(), 1_500, 5 * MINUTE));
                    let token = token.map(|t| count("api_token", format!("token:{t}"), 300, 5 * MINUTE));
                    user.into_iter().chain(token).collect()
                }
            },
            Rate::Paging if is_paging => vec![count("paging", who.by_user(), 300, 15 * MINUTE)],
            Rate::Paging => Vec::new(),
            Rate::Delete => vec![count("delete", who.by_user(), 30, 30 * MINUTE)],
            Rate::Post => vec![count("post", who.by_user(), 300, 3 * HOUR)],
            Rate::Follow => vec![count("follow", who.by_user(), 400, 24 * HOUR)],
            Rate::Media => vec![count("media", who.by_user(), 30, 30 * MINUTE)],
            Rate::MediaProxy => vec![count("media_proxy", who.by_address(), 600, 10 * MINUTE)],
            Rate::Report => vec![count("report", who.by_user(), 400, 24 * HOUR)],
            Rate::Streaming => vec![count("streaming", who.by_user(), 300, 5 * MINUTE)],
            Rate::App => vec![count("app", who.by_address(), 5, 10 * MINUTE)],
            Rate::SignUp => vec![count("sign_up", who.by_address(), 5, 30 * MINUTE)],
            Rate::Password => vec![count("password", who.by_user(), 10, 10 * MINUTE)],
            Rate::Form => vec![count("form", who.by_address(), 25, 5 * MINUTE)],
        }
    }
}

/// Counts one request in all buckets of its route. The quota with the least left, and whether any is used up.
pub(super) async fn hit(live: &Live, rates: &[Rate], who: &Identity, is_paging: bool, now: Time) -> Option<Quota> {
    let mut tightest: Option<Quota> = None;
    for count in rates.iter().flat_map(|rate| rate.counts(who, is_paging)) {
        let quota = live.hit(count.bucket, &count.who, count.limit, count.window, now).await;
        let is_tighter = tightest
            .as_ref()
            .is_none_or(|t| (quota.is_over, u32::MAX - quota.remaining) > (t.is_over, u32::MAX - t.remaining));
        if is_tighter {
            tightest = Some(quota);
        }
    }
    tightest
}

/// The refusal of a request that is one too many.
pub(super) fn too_many(quota: &Quota, now: Time) -> Refusal {
    let left = quota.reset.0.saturating_sub(now.0).max(0);
    // Rounded up, so that who obeys is not refused again.
    let seconds = u64::try_from(left).unwrap_or(0).div_ceil(1_000_000);
    Refusal::TooMany { retry_after: Duration::from_secs(seconds) }
}

/// Tells how the caller stands.
pub(super) fn tell(quota: &Quota, headers: &mut HeaderMap) {
    headers.insert(HeaderName::from_static("x-ratelimit-limit"), HeaderValue::from(quota.limit));
    headers.insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(quota.remaining));
    if let Ok(reset) = HeaderValue::from_str(&quota.reset.to_iso_micros()) {
        headers.insert(HeaderName::from_static("x-ratelimit-reset"), reset);
    }
}
