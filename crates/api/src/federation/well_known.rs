//! How people and this server are found.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use phiomia_federation::documents::{self, Software};
use phiomia_model::Error;

use crate::{
    gate::{Anyone, Ask},
    instance,
    settings::Registrations,
};

fn answer(media_type: &'static str, body: impl Into<axum::body::Body>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))], body.into()).into_response()
}

/// `GET /.well-known/webfinger?resource=`
///
/// # Errors
/// `Malformed`, `NotFound`, `Gone`; a fault.
pub async fn webfinger(ask: Ask<Anyone>) -> Result<Response, Error> {
    let resource = ask.input.text("resource");
    let body = documents::webfinger(&ask.api.federation, resource.as_deref()).await?;
    Ok(answer("application/jrd+json; charset=utf-8", body))
}

/// `GET /.well-known/host-meta`
///
/// # Errors
/// Never; for the symmetry of handlers.
pub async fn host_meta(ask: Ask<Anyone>) -> Result<Response, Error> {
    Ok(answer("application/xrd+xml; charset=utf-8", documents::host_meta(&ask.api.addresses)))
}

/// `GET /.well-known/host-meta.json`
///
/// # Errors
/// Never; for the symmetry of handlers.
pub async fn host_meta_json(ask: Ask<Anyone>) -> Result<Response, Error> {
    let body = documents::host_meta_json(&ask.api.addresses).to_string();
    Ok(answer("application/json; charset=utf-8", body))
}

/// `GET /.well-known/nodeinfo`
///
/// # Errors
/// Never; for the symmetry of handlers.
pub async fn nodeinfo_links(ask: Ask<Anyone>) -> Result<Response, Error> {
    let body = documents::nodeinfo_links(&ask.api.addresses).to_string();
    Ok(answer("application/json; charset=utf-8", body))
}

/// `GET /nodeinfo/2.0`
///
/// # Errors
/// A fault.
pub async fn nodeinfo_2_0(ask: Ask<Anyone>) -> Result<Response, Error> {
    let media_type = "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"; charset=utf-8";
    Ok(answer(media_type, nodeinfo(&ask, false).await?))
}

/// `GET /nodeinfo/2.1`
///
/// # Errors
/// A fault.
pub async fn nodeinfo_2_1(ask: Ask<Anyone>) -> Result<Response, Error> {
    let media_type = "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.1#\"; charset=utf-8";
    Ok(answer(media_type, nodeinfo(&ask, true).await?))
}

async fn nodeinfo(ask: &Ask<Anyone>, is_newer: bool) -> Result<String, Error> {
    let facts = instance::facts(&ask.api).await?;
    let software = Software {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        repository: facts.source_url.clone(),
        is_open: facts.settings.registrations != Registrations::Closed,
        n_users: facts.n_users,
        n_active_month: facts.usage.n_active,
        n_active_half_year: facts.usage.n_active_half_year,
        n_statuses: facts.usage.n_statuses,
        title: facts.settings.title.clone(),
        description: facts.settings.short_description.clone(),
    };
    Ok(documents::nodeinfo(&software, is_newer).to_string())
}
