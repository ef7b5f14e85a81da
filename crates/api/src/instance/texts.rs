//! The server's long texts: what it is, what it does with data, the terms it is used under; the servers and languages
//! it knows.

use phiomia_mastodon::{entities, form::Text};
use phiomia_model::{Noun, Refusal, Time};
use phiomia_store::db::{
    discovery,
    federation::domains::{self, Severity},
    settings,
    terms::{self, TermsView},
};

use phiomia_text::sanitize;
use serde::Deserialize;

use crate::{
    gate::{Answer, Anyone, Ask, empty, json},
    render,
    settings::ShowDomainBlocks,
};

/// Servers that are found by the beginning of their name, at most; as in Mastodon.
const MOST_PEERS: i64 = 10;

/// `GET /api/v1/instance/extended_description`
pub async fn extended_description(ask: Ask<Anyone>) -> Answer {
    let content = ask.api.settings().await?.extended_description.as_deref().map(sanitize).unwrap_or_default();
    let updated_at = written_at(&ask, "extended_description").await?;
    json(&entities::ExtendedDescription { updated_at: updated_at.into(), content })
}

/// `GET /api/v1/instance/privacy_policy`. Empty until the owner writes one: nobody else can say what they do.
pub async fn privacy_policy(ask: Ask<Anyone>) -> Answer {
    let content = ask.api.settings().await?.privacy_policy.as_deref().map(sanitize).unwrap_or_default();
    let updated_at = written_at(&ask, "privacy_policy").await?;
    json(&entities::PrivacyPolicy { updated_at: updated_at.into(), content })
}

/// When a text was written; one that never was has been what it is since the server began.
async fn written_at(ask: &Ask<Anyone>, name: &'static str) -> Result<Time, phiomia_model::Error> {
    ask.api.db.read(move |q| Ok(settings::written_at(q, name)?)).await
}

/// `GET /api/v1/instance/terms_of_service`: those in force, or, before the first are, those to come.
pub async fn terms_of_service(ask: Ask<Anyone>) -> Answer {
    let all = ask.api.db.read(|q| Ok(terms::all(q)?)).await?;
    let today = ask.api.now().to_iso_day();
    let at = all.iter().rposition(|terms| terms.effective_date <= today).unwrap_or(0);
    shown(&all, at, &today)
}

/// `GET /api/v1/instance/terms_of_service/:date`
pub async fn terms_of_service_of(ask: Ask<Anyone>) -> Answer {
    let all = ask.api.db.read(|q| Ok(terms::all(q)?)).await?;
    let at = all.iter().position(|terms| terms.effective_date == ask.piece("date"));
    shown(&all, at.ok_or(Refusal::NotFound(Noun::Record))?, &ask.api.now().to_iso_day())
}

fn shown(all: &[TermsView], at: usize, today: &str) -> Answer {
    let terms = all.get(at).ok_or(Refusal::NotFound(Noun::Record))?;
    json(&entities::TermsOfService {
        effective_date: midnight(&terms.effective_date).into(),
        effective: terms.effective_date.as_str() <= today,
        content: sanitize(&terms.text),
        succeeded_by: all.get(at.saturating_add(1)).map(|next| midnight(&next.effective_date).into()),
    })
}

fn midnight(day: &str) -> Time {
    Time::parse(&format!("{day}T00:00:00Z")).unwrap_or(Time(0))
}

/// `GET /api/v1/instance/languages`
pub async fn languages(_: Ask<Anyone>) -> Answer {
    json(entities::LANGUAGES)
}

/// `GET /api/v1/instance/translation_languages`: none, as nothing is translated here.
pub async fn translation_languages(_: Ask<Anyone>) -> Answer {
    empty()
}

#[derive(Deserialize)]
struct Beginning {
    #[serde(default)]
    q: Text,
}

/// `GET /api/v1/peers/search`: a few servers whose name begins so, for somebody who types theirs.
pub async fn peers_search(ask: Ask<Anyone>) -> Answer {
    let typed = ask.decode::<Beginning>()?.q.0.trim().to_lowercase();
    // A name that is not of ASCII is known in its other form; what ends with a dot is half of a name.
    let beginning = match phiomia_text::domain_name(&typed) {
        Some(name) if !typed.is_ascii() => name,
        _ => typed,
    };
    if beginning.is_empty() || ask.api.federation.settings.limited {
        return json::<[String]>(&[]);
    }
    json(&ask.api.db.read(move |q| Ok(discovery::domains_beginning(q, &beginning, MOST_PEERS)?)).await?)
}

/// `GET /api/v1/instance/peers`
pub async fn peers(ask: Ask<Anyone>) -> Answer {
    json(&ask.api.db.read(|q| Ok(discovery::domains(q)?)).await?)
}

/// `GET /api/v1/instance/domain_blocks`: the strictest first. There is none where the owner does not publish it.
pub async fn domain_blocks(ask: Ask<Anyone>) -> Answer {
    match ask.api.settings().await?.show_domain_blocks {
        ShowDomainBlocks::All => {}
        ShowDomainBlocks::Users if ask.me.0.is_some() => {}
        ShowDomainBlocks::Users => {
            return Err(Refusal::Unauthenticated("This method requires an authenticated user").into());
        }
        ShowDomainBlocks::Disabled => return Err(Refusal::NotFound(Noun::Record).into()),
    }
    let mut blocks = ask.api.db.read(|q| Ok(domains::blocks(q)?)).await?;
    blocks.retain(|block| block.severity != Severity::Noop);
    blocks.sort_by_key(|block| std::cmp::Reverse(block.severity));
    json(&blocks.iter().map(render::domain_block).collect::<Vec<_>>())
}
