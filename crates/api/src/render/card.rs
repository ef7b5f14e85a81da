//! What is shown of the page that a post links to.

use phiomia_federation::media::{Named, Version};
use phiomia_mastodon::entities::{PreviewCard, PreviewCardAuthor, PreviewCardType};
use phiomia_model::card::{Card, CardKind};
use phiomia_store::db::{accounts::AccountView, statuses::StatusView};

use super::{Cx, account, elsewhere::host};

/// The card under a post.
pub(super) fn card(view: &StatusView, cx: &Cx) -> Option<PreviewCard> {
    let card = view.body.card.as_deref()?;
    let named = view.creator.as_deref().filter(|creator| !creator.is_suspended && !creator.is_deleted);
    // Only whoever has put the site on their list has written for it.
    let creator = named.filter(|creator| has_agreed(creator, card));
    let is_missing = named.is_some() && creator.is_none();
    let is_mine =
        view.mine.as_ref().is_some_and(|mine| mine.is_own) && named.is_some_and(|n| n.id == view.body.account);
    let author = PreviewCardAuthor {
        name: creator.map_or(&card.author_name, |creator| &creator.display_name).clone(),
        url: creator.map_or(&card.author_url, |creator| &creator.url).clone(),
        account: creator.map(|creator| account(creator, cx)),
    };
    let has_author = author.account.is_some() || !author.name.is_empty() || !author.url.is_empty();
    Some(PreviewCard {
        url: card.url.clone(),
        title: card.title.clone(),
        description: card.description.clone(),
        r#type: match card.kind {
            CardKind::Link => PreviewCardType::Link,
            CardKind::Photo => PreviewCardType::Photo,
            CardKind::Video => PreviewCardType::Video,
        },
        authors: if has_author { vec![author] } else { Vec::new() },
        author_name: card.author_name.clone(),
        author_url: card.author_url.clone(),
        provider_name: card.provider_name.clone(),
        provider_url: card.provider_url.clone(),
        html: card.html.clone(),
        width: i64::from(card.width),
        height: i64::from(card.height),
        image: card.image.as_deref().and_then(|image| {
            let named = Named::Card(view.body.id);
            cx.elsewhere.address(&named, image, Version::Original, [host(&card.url)])
        }),
        embed_url: card.embed_url.clone(),
        blurhash: card.blurhash.clone(),
        missing_attribution: (is_missing && is_mine).then_some(true),
        published_at: card.published_at.map(Into::into),
        language: card.language.clone(),
        image_description: card.image_description.clone(),
    })
}

/// Whether somebody says that they write for the site of a card: its host, or one above it, is on their list.
fn has_agreed(creator: &AccountView, card: &Card) -> bool {
    let rest = card.url.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase();
    creator.attribution_domains.iter().any(|domain| {
        let domain = domain.to_ascii_lowercase();
        host == domain || host.strip_suffix(&domain).is_some_and(|above| above.ends_with('.'))
    })
}
