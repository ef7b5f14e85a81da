//! Finding people by name.

use std::sync::Arc;

use phiomia_mastodon::form::{Flag, Number, Text};
use phiomia_model::{AccountId, Error, Handle, Noun, Refusal};
use phiomia_store::{
    Query,
    db::accounts::{self, AccountSearch, AccountView},
};
use serde::Deserialize;

use super::existing;
use crate::{
    gate::{Answer, Anyone, Ask, Member, json},
    render,
};

#[derive(Deserialize)]
struct Lookup {
    acct: Text,
}

/// `GET /api/v1/accounts/lookup`
pub async fn lookup(ask: Ask<Anyone>) -> Answer {
    let handle: Handle = ask.decode::<Lookup>()?.acct.0.parse().map_err(|_| Refusal::NotFound(Noun::Account))?;
    let handle = handle.relative_to(&ask.api.addresses.own_domains());
    let view = ask
        .api
        .db
        .read(move |q| existing(q, accounts::by_handle(q, &handle)?.ok_or(Refusal::NotFound(Noun::Account))?))
        .await?;
    json(&render::account(&view, &ask.api.cx().await?))
}

#[derive(Deserialize)]
struct Search {
    q: Text,
    #[serde(default)]
    limit: Option<Number>,
    #[serde(default)]
    offset: Option<Number>,
    #[serde(default)]
    following: Flag,
    #[serde(default)]
    resolve: Flag,
}

/// `GET /api/v1/accounts/search`
pub async fn search(ask: Ask<Member>) -> Answer {
    let search: Search = ask.decode()?;
    let limit = search.limit.map_or(40, |n| n.0).clamp(1, 80);
    let offset = search.offset.map_or(0, |n| n.0).max(0);
    let mut name = search.q.0;
    if search.resolve.0
        && offset == 0
        && let Some(handle) = ask.api.look_up_handle(&name).await?
    {
        name = handle;
    }
    let wanted = Wanted::read(&name, &ask.api.addresses.own_domains());
    let (viewer, following_only) = (ask.me.account, search.following.0);
    let views = ask.api.db.read(move |q| found(q, &wanted, Some(viewer), following_only, (limit, offset))).await?;
    let cx = ask.api.cx().await?;
    json(&views.iter().map(|view| render::account(view, &cx)).collect::<Vec<_>>())
}

/// What a search text asks for among people.
pub struct Wanted {
    /// The beginning of a name.
    pub text: String,
    /// Only this domain; `""` for here.
    pub domain: Option<String>,
}

impl Wanted {
    /// `ali`, `@alice@example.org`, `Alice Example`.
    #[must_use]
    pub fn read(text: &str, own_domains: &[&str]) -> Wanted {
        let text = text.trim();
        let text = text.strip_prefix("acct:").unwrap_or(text);
        let text = text.strip_prefix('@').unwrap_or(text);
        match text.split_once('@') {
            Some((name, domain)) if !domain.is_empty() => {
                let is_own = own_domains.iter().any(|own| own.eq_ignore_ascii_case(domain));
                let domain = if is_own { String::new() } else { domain.to_lowercase() };
                Wanted { text: name.to_owned(), domain: Some(domain) }
            }
            Some((name, _)) => Wanted { text: name.to_owned(), domain: None },
            None => Wanted { text: text.to_owned(), domain: None },
        }
    }
}

/// Accounts found for the general search; nobody in particular is asked for when `viewer` is none.
///
/// # Errors
/// The database failed.
pub fn found(
    q: &Query<'_>,
    wanted: &Wanted,
    viewer: Option<AccountId>,
    following_only: bool,
    (limit, offset): (i64, i64),
) -> Result<Vec<Arc<AccountView>>, Error> {
    if wanted.text.is_empty() {
        return Ok(Vec::new());
    }
    let search = AccountSearch {
        text: &wanted.text,
        domain: wanted.domain.as_deref(),
        // No account has the id 0, so nothing stands between it and anybody.
        viewer: viewer.unwrap_or(AccountId(0)),
        following_only,
        limit,
        offset,
    };
    Ok(accounts::views(q, &accounts::search(q, &search)?)?)
}
