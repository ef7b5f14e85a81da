//! The user behind a token, in OpenID's claim names.
//!
//! Source: <https://docs.joinmastodon.org/methods/oauth/#userinfo>.

use phiomia_model::{Noun, Refusal};
use phiomia_store::db::accounts;
use serde::Serialize;

use crate::gate::{Answer, Ask, Member, json};

#[derive(Serialize)]
struct UserInfo {
    iss: String,
    sub: String,
    name: String,
    preferred_username: String,
    profile: String,
    picture: String,
}

/// `GET` and `POST /oauth/userinfo`.
///
/// # Errors
/// A fault of the database.
pub async fn show(ask: Ask<Member>) -> Answer {
    let id = ask.me.account;
    let account = ask.api.db.read(move |q| Ok(accounts::view(q, id)?)).await?;
    let account = account.ok_or(Refusal::NotFound(Noun::Account))?;
    json(&UserInfo {
        iss: ask.api.addresses.at("/"),
        sub: account.uri.clone(),
        name: if account.display_name.is_empty() { account.username.clone() } else { account.display_name.clone() },
        preferred_username: account.username.clone(),
        profile: account.url.clone(),
        picture: ask.api.addresses.at("/avatars/original/missing.png"),
    })
}
