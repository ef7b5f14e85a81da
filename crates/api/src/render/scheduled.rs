//! Posts that wait for their time.

use phiomia_mastodon::entities;
use phiomia_model::{Addresses, Visibility, status::PollDraft};
use phiomia_store::db::scheduled::ScheduledView;

/// A post that waits, with what was asked for.
#[must_use]
pub fn scheduled_status(view: &ScheduledView, addresses: &Addresses) -> entities::ScheduledStatus {
    let draft = &view.draft;
    entities::ScheduledStatus {
        id: view.id.0.into(),
        scheduled_at: view.scheduled_at.into(),
        params: entities::ScheduledParams {
            text: draft.text.clone(),
            poll: draft.poll.as_ref().map(poll),
            media_ids: (!draft.media.is_empty()).then(|| draft.media.iter().map(|id| id.0.into()).collect()),
            sensitive: draft.is_sensitive,
            spoiler_text: Some(draft.spoiler_text.clone()).filter(|text| !text.is_empty()),
            visibility: draft.visibility.unwrap_or(Visibility::Public),
            in_reply_to_id: draft.in_reply_to.map(|id| id.0),
            quoted_status_id: draft.quoted,
            quote_approval_policy: draft.quote_policy,
            language: draft.language.clone(),
            application_id: draft.app.map_or(0, |app| app.0),
            scheduled_at: (),
            // Mastodon shows neither what the app sent nor what it counts in.
            idempotency: None,
            with_rate_limit: false,
        },
        media_attachments: view.media.iter().map(|media| super::media(media, addresses)).collect(),
    }
}

fn poll(draft: &PollDraft) -> entities::ScheduledPoll {
    entities::ScheduledPoll {
        options: draft.options.clone(),
        expires_in: draft.expires_in.unwrap_or_default(),
        multiple: Some(draft.is_multiple),
        hide_totals: Some(draft.hides_totals),
    }
}
