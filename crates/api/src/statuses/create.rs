//! `POST /api/v1/statuses`

use phiomia_mastodon::form::{Flag, Id, List, Text, filled};
use phiomia_model::{Error, Refusal, StatusId, Viewer, status::Draft};
use phiomia_social::scheduled::{self as verbs, Submitted};
use phiomia_store::db::{scheduled::ScheduledView, statuses::StatusView};
use serde::Deserialize;

use super::{PollInput, flag, language, media_ids, quote_policy, seen};
use crate::{
    gate::{Answer, Ask, Member, json},
    render,
    scheduled::time,
};

/// Longest `Idempotency-Key`, in bytes.
const LONGEST_KEY: usize = 255;

#[derive(Deserialize)]
struct NewStatus {
    status: Option<Text>,
    spoiler_text: Option<Text>,
    visibility: Option<Text>,
    sensitive: Option<Flag>,
    language: Option<Text>,
    #[serde(default, deserialize_with = "filled")]
    in_reply_to_id: Option<Id<StatusId>>,
    quote_approval_policy: Option<Text>,
    media_ids: Option<List<Text>>,
    #[serde(default, deserialize_with = "filled")]
    poll: Option<PollInput>,
    #[serde(default, deserialize_with = "filled")]
    scheduled_at: Option<Text>,
    #[serde(default, deserialize_with = "filled")]
    quoted_status_id: Option<Id<StatusId>>,
}

impl NewStatus {
    fn into_draft(self, ask: &Ask<Member>) -> Result<Draft, Error> {
        let media = media_ids(self.media_ids)?;
        let visibility = self.visibility.filter(|word| !word.0.is_empty()).map(|word| word.0.parse());
        let visibility =
            visibility.transpose().map_err(|_| Refusal::validation("Visibility is not included in the list"))?;
        let in_reply_to = match self.in_reply_to_id {
            None => None,
            Some(Id(None)) => return Err(Refusal::NoParent.into()),
            Some(Id(id)) => id,
        };
        let quoted = match self.quoted_status_id {
            None => None,
            Some(Id(None)) => return Err(Refusal::NoQuoted.into()),
            Some(Id(id)) => id,
        };
        Ok(Draft {
            text: self.status.unwrap_or_default().0,
            spoiler_text: self.spoiler_text.unwrap_or_default().0,
            visibility,
            is_sensitive: flag(self.sensitive),
            language: language(self.language),
            in_reply_to,
            quoted,
            quote_policy: quote_policy(self.quote_approval_policy)?,
            poll: self.poll.and_then(PollInput::into_draft),
            media,
            app: Some(ask.me.app),
            idempotency_key: idempotency_key(ask),
        })
    }
}

/// The key by which a request that is sent once more is known.
pub(crate) fn idempotency_key<G>(ask: &Ask<G>) -> Option<String> {
    let key = ask.header("idempotency-key").filter(|key| !key.is_empty())?;
    Some(key.chars().take(LONGEST_KEY).collect())
}

enum Made {
    Post(Box<StatusView>),
    Waiting(Box<ScheduledView>),
}

/// Posts, or keeps the post for its time; answers what there is then; the same key within an hour answers the same one.
pub async fn create(ask: Ask<Member>) -> Answer {
    let input = ask.decode::<NewStatus>()?;
    let at = input.scheduled_at.as_ref().map(time).transpose()?;
    let draft = input.into_draft(&ask)?;
    ask.api.look_up_mentions(&draft.text).await?;
    let (me, social) = (ask.me.account, ask.api.social());
    let made = ask
        .api
        .db
        .write(move |tx| {
            Ok(match verbs::submit(tx, &social, me, &draft, at)? {
                Submitted::Posted(id) => Made::Post(Box::new(seen(tx, id, Viewer::Account(me), tx.now())?)),
                Submitted::Waiting(id) => Made::Waiting(Box::new(verbs::own(tx, me, id)?)),
            })
        })
        .await?;
    match made {
        Made::Post(view) => json(&render::status(&view, &ask.api.cx().await?)),
        Made::Waiting(view) => json(&render::scheduled_status(&view, &ask.api.addresses)),
    }
}
