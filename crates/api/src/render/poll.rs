//! Polls.

use phiomia_mastodon::entities;
use phiomia_store::db::statuses::StatusView;

use super::Cx;

/// The poll of a post as its viewer sees it; `None` without one.
#[must_use]
pub fn poll(view: &StatusView, cx: &Cx) -> Option<entities::Poll> {
    let poll = view.body.poll.as_ref()?;
    let is_hidden = poll.hides_totals && !view.is_poll_over;
    let mine = view.mine.as_ref();
    Some(entities::Poll {
        id: poll.id.0.into(),
        expires_at: poll.expires_at.map(Into::into),
        expired: view.is_poll_over,
        multiple: poll.is_multiple,
        votes_count: poll.options.iter().map(|option| option.votes_count).sum(),
        voters_count: Some(poll.voters_count),
        options: poll
            .options
            .iter()
            .map(|option| entities::PollOption {
                title: option.title.clone(),
                votes_count: (!is_hidden).then_some(option.votes_count),
            })
            .collect(),
        emojis: if view.body.is_local {
            cx.emojis_in(poll.options.iter().map(|option| option.title.as_str()))
        } else {
            Vec::new()
        },
        // As in Mastodon, an author sees the results as one who has voted.
        voted: mine.map(|m| m.is_own || !m.own_votes.is_empty()),
        own_votes: mine.map(|m| m.own_votes.clone()),
    })
}
