//! What the server says about itself.

mod texts;

pub use texts::{
    domain_blocks, extended_description, languages, peers, peers_search, privacy_policy, terms_of_service,
    terms_of_service_of, translation_languages,
};

use std::sync::Arc;

use phiomia_mastodon::entities::{self, Decimal};
use phiomia_model::{Error, Handle};
use phiomia_store::db::{accounts, activity::Week, server, terms};

use crate::{
    gate::{Answer, Anyone, Ask, json},
    render::{self, InstanceFacts},
    state::Api,
};

/// `GET /api/v1/instance/activity`
pub async fn activity(ask: Ask<Anyone>) -> Answer {
    let weeks = ask.api.activity().await?;
    let week = |week: &Week| entities::InstanceActivity {
        week: Decimal(week.begins.as_secs()),
        statuses: Decimal(week.statuses),
        logins: Decimal(week.people),
        registrations: Decimal(week.registrations),
    };
    json(&weeks.iter().map(week).collect::<Vec<_>>())
}

/// `GET /api/v2/instance`
pub async fn show(ask: Ask<Anyone>) -> Answer {
    json(&render::instance(&*facts(&ask.api).await?, &ask.api.cx().await?))
}

/// Since 2022-11-14 version 2 is meant.
const V1_OLD_SINCE: i64 = 1_668_384_000;

/// `GET /api/v1/instance`
pub async fn show_v1(ask: Ask<Anyone>) -> Answer {
    let reply = json(&render::instance_v1(&*facts(&ask.api).await?, &ask.api.cx().await?))?;
    Ok(reply.deprecated_since(V1_OLD_SINCE))
}

pub(crate) async fn facts(api: &Api) -> Result<Arc<InstanceFacts>, Error> {
    if let Some(facts) = api.kept_facts() {
        return Ok(facts);
    }
    let (settings, now) = (api.settings().await?, api.now());
    let contact = settings.contact_username.clone();
    let addresses = api.addresses.clone();
    let source_url = api.source_url.clone().unwrap_or_else(|| addresses.at("/about"));
    let converts = api.workshop.converter().await.is_some();
    let stills = api.workshop.stills().await;
    let is_limited = api.federation.settings.limited;
    let facts = api
        .db
        .read(move |q| {
            let named = contact.as_deref().and_then(|name| name.parse::<Handle>().ok());
            let contact = match named {
                Some(handle) => accounts::by_handle(q, &handle.relative_to(&addresses.own_domains()))?,
                None => accounts::first_owner(q)?,
            };
            Ok(InstanceFacts {
                settings: settings.clone(),
                rules: server::rules(q)?,
                contact: contact.map(|id| accounts::view(q, id)).transpose()?.flatten(),
                n_users: accounts::n_local(q)?,
                usage: server::usage(q, now)?,
                source_url: source_url.clone(),
                converts,
                stills: stills.clone(),
                has_terms: !terms::all(q)?.is_empty(),
                is_limited,
            })
        })
        .await?;
    let facts = Arc::new(facts);
    api.keep_facts(facts.clone());
    Ok(facts)
}

/// `GET /api/v1/instance/rules`
pub async fn rules(ask: Ask<Anyone>) -> Answer {
    let rules = ask.api.db.read(|q| Ok(server::rules(q)?)).await?;
    json(&rules.iter().map(render::rule).collect::<Vec<_>>())
}

/// `GET /api/v1/custom_emojis`
pub async fn custom_emojis(ask: Ask<Anyone>) -> Answer {
    json(&render::picker_emojis(&ask.api.cx().await?))
}
