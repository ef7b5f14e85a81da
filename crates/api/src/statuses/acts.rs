//! Favourites, boosts, bookmarks, pins, muted threads. Every answer shows the new state.

use phiomia_mastodon::form::{Text, filled};
use phiomia_model::{AccountId, Error, Noun, Refusal, StatusId, Viewer, Visibility};
use phiomia_social::{conversations, statuses as verbs};
use phiomia_store::Tx;
use serde::Deserialize;

use super::seen;
use crate::{
    gate::{Answer, Ask, Member, json},
    render,
};

/// Does one thing with a post and answers the post that the act names, as it is afterwards.
async fn act(
    ask: &Ask<Member>,
    mut act: impl FnMut(&Tx<'_>, AccountId, StatusId) -> Result<StatusId, Error> + Send + 'static,
) -> Answer {
    let (id, me) = (ask.id::<StatusId>(Noun::Status)?, ask.me.account);
    let view = ask
        .api
        .db
        .write(move |tx| {
            let id = act(tx, me, id)?;
            seen(tx, id, Viewer::Account(me), tx.now())
        })
        .await?;
    json(&render::status(&view, &ask.api.cx().await?))
}

/// `POST /api/v1/statuses/:id/favourite`
pub async fn favourite(ask: Ask<Member>) -> Answer {
    act(&ask, verbs::favourite).await
}

/// `POST /api/v1/statuses/:id/unfavourite`
pub async fn unfavourite(ask: Ask<Member>) -> Answer {
    act(&ask, verbs::unfavourite).await
}

/// `POST /api/v1/statuses/:id/bookmark`
pub async fn bookmark(ask: Ask<Member>) -> Answer {
    act(&ask, verbs::bookmark).await
}

/// `POST /api/v1/statuses/:id/unbookmark`
pub async fn unbookmark(ask: Ask<Member>) -> Answer {
    act(&ask, verbs::unbookmark).await
}

/// `POST /api/v1/statuses/:id/mute`
pub async fn mute(ask: Ask<Member>) -> Answer {
    act(&ask, conversations::mute).await
}

/// `POST /api/v1/statuses/:id/unmute`
pub async fn unmute(ask: Ask<Member>) -> Answer {
    act(&ask, conversations::unmute).await
}

/// `POST /api/v1/statuses/:id/pin`
pub async fn pin(ask: Ask<Member>) -> Answer {
    let social = ask.api.social();
    act(&ask, move |tx, me, id| verbs::pin(tx, &social, me, id)).await
}

/// `POST /api/v1/statuses/:id/unpin`
pub async fn unpin(ask: Ask<Member>) -> Answer {
    act(&ask, verbs::unpin).await
}

#[derive(Deserialize)]
struct Boost {
    #[serde(default, deserialize_with = "filled")]
    visibility: Option<Text>,
}

/// `POST /api/v1/statuses/:id/reblog`: answers the boost.
pub async fn reblog(ask: Ask<Member>) -> Answer {
    let visibility: Option<Visibility> = ask
        .decode::<Boost>()?
        .visibility
        .map(|word| word.0.parse())
        .transpose()
        .map_err(|_| Refusal::validation("Visibility is not included in the list"))?;
    act(&ask, move |tx, me, id| verbs::reblog(tx, me, id, visibility)).await
}

/// `POST /api/v1/statuses/:id/unreblog`: answers the post that was boosted.
pub async fn unreblog(ask: Ask<Member>) -> Answer {
    act(&ask, verbs::unreblog).await
}
