//! Changing and deleting one's own posts.

use phiomia_mastodon::form::{Flag, List, Text, filled};
use phiomia_model::{
    MediaId, Noun, Refusal, StatusId, Viewer,
    media::MediaWords,
    status::{Edit, PollEdit},
};
use phiomia_social::statuses as verbs;
use serde::Deserialize;

use super::{PollInput, flag, language, media_ids, quote_policy, seen};
use crate::{
    gate::{Answer, Ask, Member, json},
    media, render,
};

#[derive(Deserialize)]
struct EditInput {
    status: Option<Text>,
    spoiler_text: Option<Text>,
    sensitive: Option<Flag>,
    language: Option<Text>,
    quote_approval_policy: Option<Text>,
    media_ids: Option<List<Text>>,
    #[serde(default, deserialize_with = "filled")]
    media_attributes: Option<List<MediaAttributes>>,
    #[serde(default, deserialize_with = "filled")]
    poll: Option<PollInput>,
}

/// What is said anew of one attachment.
#[derive(Deserialize)]
struct MediaAttributes {
    id: Text,
    description: Option<Text>,
    #[serde(default, deserialize_with = "filled")]
    focus: Option<Text>,
}

fn words(given: List<MediaAttributes>) -> Vec<(MediaId, MediaWords)> {
    let one = |said: MediaAttributes| {
        let focus = said.focus.and_then(|text| media::focus(&text.0));
        Some((said.id.0.parse().ok()?, MediaWords { description: said.description.map(|text| text.0), focus }))
    };
    given.0.into_iter().filter_map(one).collect()
}

/// `PUT /api/v1/statuses/:id`
pub async fn edit(ask: Ask<Member>) -> Answer {
    let id: StatusId = ask.id(Noun::Status)?;
    let input: EditInput = ask.decode()?;
    // As in Mastodon, an edit says all: the text, warning, mark, poll and attachments that it does not name are none.
    let change = Edit {
        text: Some(input.status.map(Into::into).unwrap_or_default()),
        spoiler_text: Some(input.spoiler_text.map(Into::into).unwrap_or_default()),
        is_sensitive: Some(flag(input.sensitive).unwrap_or_default()),
        language: language(input.language),
        quote_policy: quote_policy(input.quote_approval_policy)?,
        poll: input.poll.and_then(PollInput::into_draft).map_or(PollEdit::Remove, PollEdit::Set),
        media: Some(media_ids(input.media_ids)?),
        media_words: input.media_attributes.map(words).unwrap_or_default(),
    };
    ask.api.look_up_mentions(change.text.as_deref().unwrap_or_default()).await?;
    let (me, social) = (ask.me.account, ask.api.social());
    let view = ask
        .api
        .db
        .write(move |tx| {
            verbs::edit(tx, &social, me, id, &change)?;
            seen(tx, id, Viewer::Account(me), tx.now())
        })
        .await?;
    json(&render::status(&view, &ask.api.cx().await?))
}

#[derive(Deserialize)]
struct Policy {
    quote_approval_policy: Option<Text>,
}

/// `PUT /api/v1/statuses/:id/interaction_policy`
pub async fn interaction_policy(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<StatusId>(Noun::Status)?, ask.me.account);
    let policy = quote_policy(ask.decode::<Policy>()?.quote_approval_policy)?;
    let view = ask
        .api
        .db
        .write(move |tx| {
            verbs::set_quote_policy(tx, me, id, policy)?;
            seen(tx, id, Viewer::Account(me), tx.now())
        })
        .await?;
    json(&render::status(&view, &ask.api.cx().await?))
}

/// `POST /api/v1/statuses/:id/quotes/:quoting_status_id/revoke`: answers the post that quoted.
pub async fn revoke_quote(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<StatusId>(Noun::Status)?, ask.me.account);
    let quoting: StatusId = ask.piece("quoting_status_id").parse().map_err(|_| Refusal::NotFound(Noun::Record))?;
    let view = ask
        .api
        .db
        .write(move |tx| {
            verbs::revoke_quote(tx, me, id, quoting)?;
            seen(tx, quoting, Viewer::Account(me), tx.now())
        })
        .await?;
    json(&render::status(&view, &ask.api.cx().await?))
}

#[derive(Deserialize)]
struct Deleting {
    #[serde(default)]
    delete_media: Flag,
}

/// `DELETE /api/v1/statuses/:id`: answers the post as it was, with its text as typed, for writing it anew.
pub async fn delete(ask: Ask<Member>) -> Answer {
    let (id, me) = (ask.id::<StatusId>(Noun::Status)?, ask.me.account);
    let act = if ask.decode::<Deleting>()?.delete_media.0 { verbs::delete_with_media } else { verbs::delete };
    let (view, deleted) = ask
        .api
        .db
        .write(move |tx| {
            let view = seen(tx, id, Viewer::Account(me), tx.now())?;
            Ok((view, act(tx, me, id)?))
        })
        .await?;
    json(&render::deleted_status(&view, deleted.text, &ask.api.cx().await?))
}
