//! How one relates to others: following, blocking, muting, notes. Every answer shows the new state.

use std::time::Duration;

use phiomia_mastodon::form::{Flag, Id, List, Number, Text};
use phiomia_model::{AccountId, Error, Noun, Refusal, limits::LIMITS};
use phiomia_social::relationships::{self as verbs, Mute};
use phiomia_store::{
    Tx,
    db::relationships::{self, FollowOptions},
};
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Member, json},
    render,
};

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    id: List<Id<AccountId>>,
    #[serde(default)]
    with_suspended: Flag,
}

/// `GET /api/v1/accounts/relationships`
pub async fn relationships(ask: Ask<Member>) -> Answer {
    let wanted: Wanted = ask.decode()?;
    let (me, ids, with_suspended) = (ask.me.account, wanted.id.ids(), wanted.with_suspended.0);
    if ids.len() > LIMITS.ids_per_request {
        return Err(Refusal::validation(&format!("At most {} ids may be given", LIMITS.ids_per_request)).into());
    }
    let views = ask.api.db.read(move |q| Ok(relationships::views(q, me, &ids)?)).await?;
    let shown = views.iter().filter(|view| with_suspended || !view.is_suspended);
    json(&shown.map(render::relationship).collect::<Vec<_>>())
}

/// Does one thing to somebody and answers how one relates to them afterwards.
async fn change(
    ask: &Ask<Member>,
    mut act: impl FnMut(&Tx<'_>, AccountId, AccountId) -> Result<(), Error> + Send + 'static,
) -> Answer {
    let (me, target) = (ask.me.account, ask.id::<AccountId>(Noun::Account)?);
    let view = ask
        .api
        .db
        .write(move |tx| {
            act(tx, me, target)?;
            Ok(relationships::view(tx, me, target)?.ok_or(Refusal::NotFound(Noun::Account))?)
        })
        .await?;
    json(&render::relationship(&view))
}

#[derive(Deserialize)]
struct Following {
    reblogs: Option<Flag>,
    notify: Option<Flag>,
    languages: Option<List<Text>>,
}

/// `POST /api/v1/accounts/:id/follow`
pub async fn follow(ask: Ask<Member>) -> Answer {
    let how: Following = ask.decode()?;
    let how = FollowOptions {
        shows_reblogs: how.reblogs.map(Into::into),
        notifies: how.notify.map(Into::into),
        languages: how.languages.map(List::strings),
    };
    change(&ask, move |tx, me, target| verbs::follow(tx, me, target, &how)).await
}

/// `POST /api/v1/accounts/:id/unfollow`
pub async fn unfollow(ask: Ask<Member>) -> Answer {
    change(&ask, verbs::unfollow).await
}

/// `POST /api/v1/accounts/:id/remove_from_followers`
pub async fn remove_from_followers(ask: Ask<Member>) -> Answer {
    change(&ask, verbs::remove_from_followers).await
}

/// `POST /api/v1/follow_requests/:id/authorize`
pub async fn authorize_request(ask: Ask<Member>) -> Answer {
    change(&ask, verbs::authorize_request).await
}

/// `POST /api/v1/follow_requests/:id/reject`
pub async fn reject_request(ask: Ask<Member>) -> Answer {
    change(&ask, verbs::reject_request).await
}

/// `POST /api/v1/accounts/:id/block`
pub async fn block(ask: Ask<Member>) -> Answer {
    change(&ask, verbs::block).await
}

/// `POST /api/v1/accounts/:id/unblock`
pub async fn unblock(ask: Ask<Member>) -> Answer {
    change(&ask, verbs::unblock).await
}

#[derive(Deserialize)]
struct Muting {
    notifications: Option<Flag>,
    duration: Option<Number>,
}

/// `POST /api/v1/accounts/:id/mute`
pub async fn mute(ask: Ask<Member>) -> Answer {
    let how: Muting = ask.decode()?;
    let seconds = how.duration.map_or(0, |n| u64::try_from(n.0).unwrap_or(0));
    let how =
        Mute { hides_notifications: how.notifications.is_none_or(Into::into), duration: Duration::from_secs(seconds) };
    change(&ask, move |tx, me, target| verbs::mute(tx, me, target, how)).await
}

/// `POST /api/v1/accounts/:id/unmute`
pub async fn unmute(ask: Ask<Member>) -> Answer {
    change(&ask, verbs::unmute).await
}

#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    comment: Option<Text>,
}

/// `POST /api/v1/accounts/:id/note`
pub async fn note(ask: Ask<Member>) -> Answer {
    let comment = ask.decode::<Note>()?.comment.unwrap_or_default().0;
    change(&ask, move |tx, me, target| verbs::note(tx, me, target, &comment)).await
}

/// `POST /api/v1/accounts/:id/endorse`
pub async fn endorse(ask: Ask<Member>) -> Answer {
    change(&ask, verbs::endorse).await
}

/// `POST /api/v1/accounts/:id/unendorse`
pub async fn unendorse(ask: Ask<Member>) -> Answer {
    change(&ask, verbs::unendorse).await
}
