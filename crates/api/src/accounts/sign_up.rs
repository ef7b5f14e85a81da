//! Signing up through an app, and the mail that confirms the address.

use phiomia_mastodon::{
    entities::Token,
    form::{Flag, Text},
};
use phiomia_model::{AccountId, Error, Refusal};
use phiomia_social::{
    apps,
    users::{self, Age, NewUser, Origin, SignUp},
};
use phiomia_store::{
    Secret,
    db::{
        moderation::sign_ups::{self, IpSeverity},
        tokens,
    },
};
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Client, empty, json},
    pages::settings::is_language_tag,
    settings::Registrations,
    state::Api,
};

/// Mastodon's sentences.
const NOT_ALLOWED: &str = "This action is not allowed";
const NEEDS_USER: &str = "This method requires an authenticated user";

/// What may be sent.
#[derive(Deserialize)]
struct Input {
    #[serde(default)]
    username: Text,
    #[serde(default)]
    email: Text,
    #[serde(default)]
    password: Text,
    agreement: Option<Flag>,
    locale: Option<Text>,
    reason: Option<Text>,
    date_of_birth: Option<Text>,
}

/// `POST /api/v1/accounts`: the token works once the address is confirmed, and the sign-up approved where that is asked.
pub async fn create(ask: Ask<Client>) -> Answer {
    let (api, settings) = (&ask.api, ask.api.settings().await?);
    let rule = api.rule_for(ask.client).await?;
    if settings.registrations == Registrations::Closed || rule == Some(IpSeverity::SignUpBlock) {
        return Err(Refusal::Forbidden(NOT_ALLOWED).into());
    }
    let input: Input = ask.decode()?;
    let mail_servers = mail_servers(api, &input.email.0).await?;
    let born = input.date_of_birth.as_ref().map(|born| born.0.as_str());
    let age = Age::judge(settings.least_age(), born, &api.now().to_iso_day());
    let new = NewUser {
        username: input.username.0,
        email: Some(input.email.0),
        password: Some(Secret::new(input.password.0)),
        is_discoverable: true,
        is_indexable: true,
        locale: input.locale.map(|l| l.0).filter(|l| is_language_tag(l)),
        reason: input.reason.map(|r| r.0).filter(|r| !r.trim().is_empty()),
        ..NewUser::default()
    };
    let sign_up = SignUp {
        new,
        agrees: input.agreement.is_some_and(Into::into),
        age,
        needs_approval: settings.registrations == Registrations::Approval || rule.is_some(),
        origin: Origin { address: Some(ask.client.0), app: Some(ask.me.app) },
        mail_servers,
    };
    let account = users::sign_up(&api.db, &api.addresses, &api.passwords, sign_up).await?;
    let scopes = ask.me.scopes.clone();
    let token = apps::give_token(&api.db, &api.entropy, ask.me.app, Some(account), scopes).await?;
    json(&Token {
        access_token: token.secret.expose().to_owned(),
        token_type: "Bearer".to_owned(),
        scope: token.scopes.to_string(),
        created_at: token.created_at.as_secs(),
    })
}

/// `POST /api/v1/emails/confirmations`: the mail once more, to another address if one is given.
pub async fn resend_confirmation(ask: Ask<Client>) -> Answer {
    let (account, _) = holder(&ask).await?.ok_or_else(|| Refusal::Invalid(NEEDS_USER.to_owned()))?;
    let email = ask.input.text("email");
    let mail_servers = mail_servers(&ask.api, email.as_deref().unwrap_or_default()).await?;
    users::resend_confirmation(&ask.api.db, account, email, mail_servers).await?;
    empty()
}

/// `GET /api/v1/emails/check_confirmation`: `true` once the address is confirmed.
pub async fn check_confirmation(ask: Ask<Client>) -> Answer {
    let (_, is_confirmed) = holder(&ask).await?.ok_or(Refusal::Unauthenticated(NEEDS_USER))?;
    json(&is_confirmed)
}

/// Which servers take the mail of an address, where a rule could name one of them. Nobody waits long for that: what the DNS
/// does not say in time is not known.
///
/// # Errors
/// The database failed.
pub(crate) async fn mail_servers(api: &Api, email: &str) -> Result<Vec<String>, Error> {
    let Some((_, domain)) = email.trim().rsplit_once('@').filter(|(_, domain)| !domain.is_empty()) else {
        return Ok(Vec::new());
    };
    if !api.db.read(|q| Ok(sign_ups::is_any_email_domain(q)?)).await? {
        return Ok(Vec::new());
    }
    match api.federation.outbound.mail_servers(domain).await {
        Ok(names) => Ok(names),
        Err(why) => {
            tracing::info!("who takes the mail of {domain:?} is not known: {why}");
            Ok(Vec::new())
        }
    }
}

/// Whose token it is, also while they may not act yet, and whether their address is confirmed.
async fn holder(ask: &Ask<Client>) -> Result<Option<(AccountId, bool)>, Error> {
    let token = ask.me.token;
    ask.api
        .db
        .read(move |q| {
            let Some(account) = tokens::find_id(q, token)?.and_then(|token| token.account_id()) else {
                return Ok(None);
            };
            let user = phiomia_store::db::users::find(q, account)?;
            Ok(user.map(|user| (account, user.confirmed_at.is_some())))
        })
        .await
}
