//! Hashtags.

use phiomia_mastodon::entities::{self, Decimal, Id, UseHistory};
use phiomia_model::Time;
use phiomia_store::db::{accounts::AccountView, featured_tags::FeaturedTagView, tags::TagView};

use super::Cx;

/// What a viewer does with a tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TagStance {
    /// They follow it.
    pub is_followed: bool,
    /// They show it on their profile.
    pub is_featured: bool,
}

/// A tag on somebody's profile.
#[must_use]
pub fn featured_tag(view: &FeaturedTagView, owner: &AccountView, cx: &Cx) -> entities::FeaturedTag {
    entities::FeaturedTag {
        id: Id(view.id),
        name: view.tag.display_name.clone(),
        url: cx.addresses.at(&format!("/@{}/tagged/{}", owner.acct(), view.tag.name)),
        statuses_count: Decimal(view.statuses_count),
        last_status_at: view.last_status.map(|status| status.time().into()),
    }
}

/// A hashtag with its use in the week before `now`; `None` for a visitor's stance.
#[must_use]
pub fn tag(
    view: &TagView,
    history: &[(i64, i64, i64)],
    now: Time,
    stance: Option<TagStance>,
    cx: &Cx,
) -> entities::Tag {
    entities::Tag {
        id: view.id,
        name: view.display_name.clone(),
        url: cx.addresses.tag_url(&view.name),
        history: tag_history(history, now),
        following: stance.map(|stance| stance.is_followed),
        featuring: stance.map(|stance| stance.is_featured),
    }
}

/// Seven days, today first; days without use are there as zeros.
#[must_use]
pub fn tag_history(uses: &[(i64, i64, i64)], now: Time) -> Vec<UseHistory> {
    let today = now.as_days();
    (0..7)
        .map(|back| {
            let day = today - back;
            let (_, n, people) = uses.iter().find(|(d, ..)| *d == day).copied().unwrap_or((day, 0, 0));
            UseHistory { day: Decimal(day * 86_400), uses: Decimal(n), accounts: Decimal(people) }
        })
        .collect()
}
