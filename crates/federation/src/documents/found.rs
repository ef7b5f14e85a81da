//! How people and this server are found: WebFinger, host-meta, NodeInfo, and the names in addresses.

use phiomia_activitypub::{
    nodeinfo::{self, NodeInfo, Version},
    webfinger::{Jrd, Resource, host_meta},
};
use phiomia_model::{AccountId, Addresses, Error, Fault, Handle, Noun, Refusal, StatusId};
use phiomia_store::{Query, db::accounts};
use serde_json::Value;

use super::{known, local};
use crate::{Federation, build::uri};

/// What NodeInfo tells of this server.
#[derive(Clone, Debug, Default)]
pub struct Software {
    /// Of the program.
    pub version: String,
    /// Where its source is.
    pub repository: String,
    /// Whether one may sign up.
    pub is_open: bool,
    /// People.
    pub n_users: i64,
    /// People who were here in the last month.
    pub n_active_month: i64,
    /// People who were here in the last 180 days.
    pub n_active_half_year: i64,
    /// Posts written here.
    pub n_statuses: i64,
    /// What the server is called.
    pub title: String,
    /// What it is, in one line.
    pub description: String,
}

/// WebFinger's answer about `resource`, of `application/jrd+json`. Whatever a person was asked for by, the answer names
/// them by the domain of handles.
///
/// # Errors
/// `Malformed` without a resource, `NotFound`, `Gone`; a fault.
pub async fn webfinger(federation: &Federation, resource: Option<&str>) -> Result<Vec<u8>, Error> {
    let resource = resource.map(str::trim).filter(|text| !text.is_empty());
    let resource = resource.ok_or_else(|| Refusal::Malformed("The parameter `resource` is missing".to_owned()))?;
    let not_there = || Error::from(Refusal::NotFound(Noun::Account));
    let asked = match Resource::parse(resource, federation.web).ok_or_else(not_there)? {
        Resource::Account(handle) => by_handle(federation, &handle),
        Resource::Address(address) => by_address(federation, address.normal()),
    };
    let addresses = &federation.addresses;
    let subscribe = addresses.at("/authorize_interaction?uri={uri}");
    let of = |name: &str| Handle { username: name.to_owned(), domain: Some(addresses.local_domain.clone()) };
    let jrd = match asked.ok_or_else(not_there)? {
        Asked::Server => {
            let page = uri(&addresses.at("/about"))?;
            Jrd::of_account(&of(addresses.server_name()), &uri(&addresses.server_uri())?, &page, None, &subscribe)
        }
        Asked::Person(who) => {
            let view = federation.db.read(move |q| known(q, who.find(q)?.ok_or_else(not_there)?)).await?;
            // As in Mastodon: not where profiles are for few.
            let hung = view.own_avatar.as_ref().filter(|_| !view.is_suspended && !federation.settings.limited);
            let avatar =
                hung.map(|picture| Ok::<_, Fault>((uri(&addresses.file_url(&picture.file.key))?, &picture.file)));
            let avatar = avatar.transpose()?;
            let avatar = avatar.as_ref().map(|(address, file)| (address, file.media_type.as_str()));
            Jrd::of_account(&of(&view.username), &uri(&view.uri)?, &uri(&view.url)?, avatar, &subscribe)
        }
    };
    Ok(jrd.to_json().to_string().into_bytes())
}

/// Whom WebFinger is asked for.
enum Asked {
    Server,
    Person(Named),
}

/// Somebody here, by one of their names.
#[derive(Clone, Debug)]
enum Named {
    Username(String),
    Id(AccountId),
}

impl Named {
    fn find(&self, q: &Query<'_>) -> Result<Option<AccountId>, Error> {
        match self {
            Named::Id(id) => Ok(Some(*id)),
            Named::Username(name) => Ok(accounts::by_handle(q, &Handle::local(name.clone()))?),
        }
    }
}

fn by_handle(federation: &Federation, handle: &Handle) -> Option<Asked> {
    let domain = handle.domain.as_deref()?;
    if !is_ours(federation, domain) {
        return None;
    }
    let is_server = handle.username.eq_ignore_ascii_case(federation.addresses.server_name());
    Some(if is_server { Asked::Server } else { Asked::Person(Named::Username(handle.username.clone())) })
}

fn by_address(federation: &Federation, address: &str) -> Option<Asked> {
    let path = own_path(federation, address)?;
    let one = |name: &str| (!name.is_empty() && !name.contains('/')).then(|| name.to_owned());
    if path == "actor" {
        return Some(Asked::Server);
    }
    if let Some(id) = path.strip_prefix("ap/users/") {
        return id.parse().ok().map(|id| Asked::Person(Named::Id(id)));
    }
    let name = path.strip_prefix('@').or_else(|| path.strip_prefix("users/"))?;
    one(name).map(|name| Asked::Person(Named::Username(name)))
}

/// The path of an address of ours, without slashes at its ends.
fn own_path<'a>(federation: &Federation, address: &'a str) -> Option<&'a str> {
    let (_, rest) = address.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    is_ours(federation, host).then(|| path.split(['?', '#']).next().unwrap_or("").trim_end_matches('/'))
}

/// The post that an address of ours names, be it the page or the id. Whether it is there is not looked at.
#[must_use]
pub fn own_status(federation: &Federation, address: &str) -> Option<StatusId> {
    let path = own_path(federation, address)?;
    let (start, id) = path.rsplit_once('/')?;
    let is_page = start.strip_prefix('@').is_some_and(|name| !name.contains('/'));
    let is_id = start.strip_prefix("ap/users/").is_some_and(|rest| rest.ends_with("/statuses"));
    if is_page || is_id { id.parse().ok() } else { None }
}

fn is_ours(federation: &Federation, domain: &str) -> bool {
    let own = federation.addresses.own_domains();
    let alternate = federation.settings.alternate_domains.iter().map(String::as_str);
    own.into_iter().chain(alternate).any(|ours| ours.eq_ignore_ascii_case(domain))
}

/// Whom `name` in `/@name` and `/users/name` means: somebody here, maybe with one of our domains.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn person(federation: &Federation, name: &str) -> Result<AccountId, Error> {
    let not_there = || Error::from(Refusal::NotFound(Noun::Account));
    let handle: Handle = name.parse().map_err(|_| not_there())?;
    if handle.domain.as_deref().is_some_and(|domain| !is_ours(federation, domain)) {
        return Err(not_there());
    }
    let named = Named::Username(handle.username);
    federation.db.read(move |q| Ok(known(q, named.find(q)?.ok_or_else(not_there)?)?.id)).await
}

/// The page of somebody here.
///
/// # Errors
/// `NotFound`, `Gone`; a fault.
pub async fn page_of_account(federation: &Federation, id: AccountId) -> Result<String, Error> {
    federation.db.read(move |q| Ok(local(q, id)?.url.clone())).await
}

/// host-meta in XML.
#[must_use]
pub fn host_meta(addresses: &Addresses) -> String {
    host_meta::xrd(&addresses.base())
}

/// host-meta in JSON.
#[must_use]
pub fn host_meta_json(addresses: &Addresses) -> Value {
    host_meta::jrd(&addresses.base())
}

/// Where NodeInfo is.
#[must_use]
pub fn nodeinfo_links(addresses: &Addresses) -> Value {
    nodeinfo::discovery(&addresses.base())
}

/// NodeInfo 2.0, or 2.1.
#[must_use]
pub fn nodeinfo(software: &Software, is_newer: bool) -> Value {
    let count = |n: i64| u64::try_from(n).ok();
    let info = NodeInfo {
        software: "phiomia".to_owned(),
        version: software.version.clone(),
        repository: Some(software.repository.clone()),
        homepage: None,
        protocols: vec!["activitypub".to_owned()],
        open_registrations: software.is_open,
        users: count(software.n_users),
        active_month: count(software.n_active_month),
        active_half_year: count(software.n_active_half_year),
        local_posts: count(software.n_statuses),
        name: Some(software.title.clone()),
        description: Some(software.description.clone()),
    };
    info.to_json(if is_newer { Version::V2_1 } else { Version::V2_0 })
}
