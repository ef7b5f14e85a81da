//! What the server says about itself, and its long texts.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use phiomia_mastodon::entities;
use phiomia_model::{Error, Noun, Refusal};
use phiomia_store::db::terms::{self, TermsView};

use super::{Around, Head, Visitor, answer, frame, person::Person, shown_number};
use crate::{
    gate::Ask,
    instance,
    pages::Frame,
    render::{self, Cx, VERSION},
    settings::Registrations,
};

/// The page about the server.
#[derive(Debug, Template)]
#[template(path = "visitors/about.html")]
struct About {
    frame: Frame,
    around: Around,
    domain: String,
    description: String,
    extended: String,
    contact: Option<Person>,
    email: String,
    rules: Vec<entities::Rule>,
    /// The rules in other languages.
    translated: Vec<(String, Vec<entities::RuleTranslation>)>,
    n_people: String,
    n_active: String,
    n_posts: String,
    registrations: &'static str,
    can_sign_up: bool,
    has_privacy_policy: bool,
    has_terms: bool,
    status_page: Option<String>,
    source: Option<String>,
    version: &'static str,
}

impl About {
    /// What a language calls itself; its code, when nobody here knows that.
    fn name_of(code: &str) -> &str {
        entities::LANGUAGES.iter().find(|language| language.code == code).map_or(code, |language| language.name)
    }
}

/// `GET /about`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Visitor>) -> Result<Response, Error> {
    let (facts, cx) = (instance::facts(&ask.api).await?, ask.api.cx().await?);
    let has_terms = ask.api.db.read(|q| Ok(!terms::all(q)?.is_empty())).await?;
    let settings = &facts.settings;
    let rules: Vec<entities::Rule> = facts.rules.iter().map(render::rule).collect();
    let contact = facts.contact.as_ref().filter(|view| !view.is_suspended && !view.is_deleted);
    let head = Head::of_server("About", &settings.short_description, cx.addresses.at("/about"));
    let about = About {
        frame: frame(&ask.api).await?,
        around: Around::of(head),
        domain: cx.addresses.local_domain.clone(),
        description: settings.short_description.clone(),
        extended: long_text(settings.extended_description.as_deref().unwrap_or_default(), &cx),
        contact: contact.map(|view| Person::of(&render::account(view, &cx), &cx)),
        email: settings.contact_email.clone(),
        translated: translated(&rules),
        rules,
        n_people: shown_number(facts.n_users),
        n_active: shown_number(facts.usage.n_active),
        n_posts: shown_number(facts.usage.n_statuses),
        can_sign_up: settings.registrations != Registrations::Closed,
        registrations: match settings.registrations {
            Registrations::Open => "Everybody may sign up.",
            Registrations::Approval => "Everybody may ask for an account; the people who run this server decide.",
            Registrations::Closed => "New accounts are by invitation of the people who run this server.",
        },
        has_terms,
        has_privacy_policy: settings.privacy_policy.is_some(),
        status_page: settings.status_page_url.clone(),
        source: ask.api.source_url.clone(),
        version: VERSION,
    };
    answer::page(&ask, &about)
}

/// A text of the operator's alone.
#[derive(Debug, Template)]
#[template(path = "visitors/text.html")]
struct LongText {
    frame: Frame,
    around: Around,
    title: &'static str,
    text: String,
    /// The day from which it holds, `YYYY-MM-DD`.
    valid_from: Option<String>,
    /// Days of other versions, and where those are.
    others: Vec<(String, String)>,
}

/// `GET /privacy-policy`.
///
/// # Errors
/// `NotFound` when there is none; a fault.
pub async fn privacy_policy(ask: Ask<Visitor>) -> Result<Response, Error> {
    let (settings, cx) = (ask.api.settings().await?, ask.api.cx().await?);
    let text = settings.privacy_policy.as_deref().ok_or(Refusal::NotFound(Noun::Record))?;
    let title = "Privacy policy";
    let description = format!("What {} does with data about people.", settings.title);
    let head = Head::of_server(title, &description, cx.addresses.at("/privacy-policy"));
    let page = LongText {
        frame: frame(&ask.api).await?,
        around: Around::of(head),
        title,
        text: long_text(text, &cx),
        valid_from: None,
        others: Vec::new(),
    };
    answer::page(&ask, &page)
}

/// `GET /terms-of-service`: those in force, or the first ones when none is yet.
///
/// # Errors
/// `NotFound` when there are none; a fault.
pub async fn terms_of_service(ask: Ask<Visitor>) -> Result<Response, Error> {
    let today = ask.api.now().to_iso_day();
    let all = ask.api.db.read(|q| Ok(terms::all(q)?)).await?;
    let in_force = all.iter().rev().find(|one| one.effective_date <= today).or(all.first());
    show_terms(&ask, in_force, &all).await
}

/// `GET /terms-of-service/:date`.
///
/// # Errors
/// `NotFound` when none begin on that day; a fault.
pub async fn terms_of_day(ask: Ask<Visitor>) -> Result<Response, Error> {
    let all = ask.api.db.read(|q| Ok(terms::all(q)?)).await?;
    let wanted = all.iter().find(|one| one.effective_date == ask.piece("date"));
    show_terms(&ask, wanted, &all).await
}

async fn show_terms(ask: &Ask<Visitor>, wanted: Option<&TermsView>, all: &[TermsView]) -> Result<Response, Error> {
    let terms = wanted.ok_or(Refusal::NotFound(Noun::Record))?;
    let (settings, cx) = (ask.api.settings().await?, ask.api.cx().await?);
    let title = "Terms of service";
    let path = |terms: &TermsView| format!("/terms-of-service/{}", terms.effective_date);
    let description = format!("The terms of {} from {} on.", settings.title, terms.effective_date);
    let page = LongText {
        frame: frame(&ask.api).await?,
        around: Around::of(Head::of_server(title, &description, cx.addresses.at(&path(terms)))),
        title,
        text: long_text(&terms.text, &cx),
        valid_from: Some(terms.effective_date.clone()),
        others: all
            .iter()
            .filter(|other| other.effective_date != terms.effective_date)
            .map(|other| (other.effective_date.clone(), path(other)))
            .collect(),
    };
    answer::page(ask, &page)
}

/// What operators write is HTML; without any markup it is a text as posts are.
fn long_text(text: &str, cx: &Cx) -> String {
    if text.contains('<') {
        return phiomia_text::sanitize(text);
    }
    phiomia_text::render_status(text, &phiomia_text::Context { mentions: &[], addresses: &cx.addresses })
}

/// The rules by language, each whole: what has no translation stays as it is.
fn translated(rules: &[entities::Rule]) -> Vec<(String, Vec<entities::RuleTranslation>)> {
    let mut by_language: BTreeMap<&str, Vec<entities::RuleTranslation>> = BTreeMap::new();
    for language in rules.iter().flat_map(|rule| rule.translations.keys()) {
        by_language.entry(language).or_default();
    }
    for (language, list) in &mut by_language {
        list.extend(rules.iter().map(|rule| match rule.translations.get(*language) {
            Some(translation) => translation.clone(),
            None => entities::RuleTranslation { text: rule.text.clone(), hint: rule.hint.clone() },
        }));
    }
    by_language.into_iter().map(|(language, list)| (language.to_owned(), list)).collect()
}
