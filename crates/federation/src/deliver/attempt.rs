//! One delivery: signed, sent, and the answer looked at; with the other kind of signature when the first one is refused.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use phiomia_activitypub::{
    signature::{self, Dialect},
    synchronization,
};
use phiomia_model::{Error, Fault};
use phiomia_store::db::federation::{deliveries::Due, hosts::Standing};
use url::Url;

use super::{
    Activity, Shared, Signed, rules,
    rules::{Verdict, verdict},
    told,
};
use crate::outbound::{Answer, Failure};

/// The media type of what is sent and of what is understood in answers.
const ACTIVITY: HeaderValue = HeaderValue::from_static("application/activity+json");

/// How one delivery went.
pub(super) struct Report {
    pub(super) due: Due,
    pub(super) verdict: Verdict,
    /// The signature that was taken after the usual one was refused.
    pub(super) learned: Option<Dialect>,
    /// How long the other side took.
    pub(super) took: Duration,
}

/// Sends one delivery to a host that stands so and took this kind of signature last.
pub(super) async fn attempt(shared: Arc<Shared>, due: Due, dialect: Dialect, standing: Standing) -> Report {
    let report = |due, verdict| Report { due, verdict, learned: None, took: Duration::ZERO };
    if due.expires_at <= shared.federation.db.clock().now() {
        return report(due, Verdict::Postponed);
    }
    let activity = match shared.activity(due.outgoing).await {
        Ok(Some(activity)) => activity,
        Ok(None) => return report(due, Verdict::Missing),
        Err(error) => return report(due, broken(&error)),
    };
    let Ok(url) = Url::parse(&due.inbox) else {
        return report(due, Verdict::Refused("the inbox is not an address".to_owned()));
    };
    shared.weather.wait(&due.host).await;
    let _slot = shared.slots.take(standing).await;
    let begun = Instant::now();
    let followers = match followers(&shared, &activity, &due.host).await {
        Ok(header) => header,
        Err(error) => return report(due, broken(&error)),
    };
    let once = |dialect| once(&shared, &url, &activity, dialect, followers.clone());
    let (mut outcome, mut learned) = match once(dialect).await {
        Ok(outcome) => (outcome, None),
        Err(error) => return report(due, broken(&error)),
    };
    if outcome.as_ref().is_ok_and(rules::blames_signature)
        && let Ok(second) = once(dialect.other()).await
        && second.as_ref().is_ok_and(|answer| !rules::blames_signature(answer))
    {
        learned = Some(dialect.other());
        outcome = second;
    }
    if outcome.is_ok() {
        shared.weather.answered();
    }
    let verdict = verdict(&outcome, shared.federation.db.clock().now());
    // Only what was taken says which signature is taken.
    let learned = learned.filter(|_| verdict == Verdict::Delivered);
    Report { due, verdict, learned, took: begun.elapsed() }
}

/// Something of ours failed.
fn broken(error: &Error) -> Verdict {
    match error {
        Error::Broken(fault) if fault.is_transient() => Verdict::Postponed,
        Error::Refused(_) => Verdict::Postponed,
        Error::Broken(_) => Verdict::Broken(told(error)),
    }
}

/// Whom of a host's people the sender counts among their followers, where that is told along: as it is now, and not as it
/// was when the activity was written.
async fn followers(shared: &Shared, activity: &Activity, host: &str) -> Result<Option<HeaderValue>, Error> {
    if !activity.tells_followers {
        return Ok(None);
    }
    shared.federation.followers_header(activity.sender, host).await
}

/// One request. The error is ours, a failure theirs.
async fn once(
    shared: &Arc<Shared>,
    url: &Url,
    activity: &Activity,
    dialect: Dialect,
    followers: Option<HeaderValue>,
) -> Result<Result<Answer, Failure>, Error> {
    let mut headers = sign(shared, url, activity, dialect, followers).await?;
    headers.push((header::CONTENT_TYPE, ACTIVITY));
    headers.push((header::ACCEPT, ACTIVITY));
    Ok(shared.federation.outbound.post(url, activity.body.clone(), headers).await)
}

/// The headers of a signed request. One RSA operation.
async fn sign(
    shared: &Arc<Shared>,
    url: &Url,
    activity: &Activity,
    dialect: Dialect,
    followers: Option<HeaderValue>,
) -> Result<Signed, Error> {
    let key = shared.federation.keys.signer(activity.sender).await?;
    let (url, body, now) = (url.clone(), Bytes::clone(&activity.body), shared.federation.db.clock().now());
    let signing = shared.signers.make(move || {
        let more = followers.map(|value| (synchronization::HEADER, value));
        signature::sign_with(dialect, &Method::POST, &url, Some(&body), key.signer(), now, more)
    });
    Ok(signing.await?.ok_or_else(|| Fault::new("signing a request failed"))?)
}
