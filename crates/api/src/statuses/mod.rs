//! Posts, and what people do with them.

mod acts;
mod create;
mod deliveries;
mod edit;
mod lists;
mod show;

pub use acts::{bookmark, favourite, mute, pin, reblog, unbookmark, unfavourite, unmute, unpin, unreblog};
pub use create::create;
pub(crate) use create::idempotency_key;
pub use deliveries::deliveries;
pub use edit::{delete, edit, interaction_policy, revoke_quote};
pub use lists::{bookmarks, favourited_by, favourites, quotes, reblogged_by};
pub use show::{context, history, many, show, source};

use phiomia_mastodon::{
    entities::language_code,
    form::{Flag, List, Number, Text, filled},
};
use phiomia_model::{Error, MediaId, Noun, QuotePolicy, Refusal, StatusId, Time, Viewer, status::PollDraft};
use phiomia_store::{
    Query,
    db::statuses::{self as posts, StatusView},
};
use serde::Deserialize;

/// The post, if the viewer may see it. "Not there" and "not for you" are one answer.
fn seen(q: &Query<'_>, id: StatusId, viewer: Viewer, now: Time) -> Result<StatusView, Error> {
    Ok(posts::view(q, id, viewer, now)?.ok_or(Refusal::NotFound(Noun::Status))?)
}

/// What cannot be done yet is refused rather than dropped: a post without its picture is not what its author wrote.
/// The uploads that are named; an id that can be nobody's is of no upload, which is refused in the same words.
fn media_ids(ids: Option<List<Text>>) -> Result<Vec<MediaId>, Refusal> {
    let ids = ids.map(|ids| ids.0).unwrap_or_default();
    let wrong = |id: &str| Refusal::validation(&format!("Media {id} not found or already attached to another post"));
    let named = ids.into_iter().filter(|id| !id.0.is_empty());
    named.map(|id| id.0.parse().map_err(|_| wrong(&id.0))).collect()
}

fn quote_policy(word: Option<Text>) -> Result<Option<QuotePolicy>, Refusal> {
    let parse = |word: Text| {
        word.0.parse().map_err(|_| Refusal::validation("Quote approval policy is not included in the list"))
    };
    word.filter(|word| !word.0.is_empty()).map(parse).transpose()
}

/// As in Mastodon, a code that is no language is as none.
fn language(code: Option<Text>) -> Option<String> {
    code.and_then(|code| language_code(&code.0)).map(ToOwned::to_owned)
}

fn flag(flag: Option<Flag>) -> Option<bool> {
    flag.map(Into::into)
}

/// The `poll` of a post.
#[derive(Deserialize)]
struct PollInput {
    options: Option<List<Text>>,
    #[serde(default, deserialize_with = "filled")]
    expires_in: Option<Number>,
    multiple: Option<Flag>,
    hide_totals: Option<Flag>,
}

impl PollInput {
    /// `None` for `{}`, which is as good as no poll.
    fn into_draft(self) -> Option<PollDraft> {
        if self.options.is_none() && self.expires_in.is_none() {
            return None;
        }
        Some(PollDraft {
            options: self.options.unwrap_or_default().strings(),
            expires_in: self.expires_in.map(|seconds| seconds.0),
            is_multiple: flag(self.multiple).unwrap_or_default(),
            hides_totals: flag(self.hide_totals).unwrap_or_default(),
        })
    }
}
