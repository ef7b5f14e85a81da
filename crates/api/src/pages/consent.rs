//! Allowing an application, or not, and the code for those that have no address to be sent to.

use askama::Template;
use axum::response::Response;
use http::{StatusCode, header};
use phiomia_mastodon::Tree;
use phiomia_model::{Error, Fault, Noun, Refusal, Scopes};
use phiomia_social::apps::{self, Grant, OUT_OF_BAND};
use phiomia_store::db::apps::{self as rows, AppView};

use super::{Browser, CONSENT_POLICY, Frame, notice, page, redirect};
use crate::{
    gate::Ask,
    oauth::{OauthError, describe::describe, token::wanted},
};

/// The parameters that a request to authorize carries from page to page.
const PARAMETERS: [&str; 8] =
    ["client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method", "lang"];

#[derive(Template)]
#[template(path = "authorize.html")]
struct Consent {
    frame: Frame,
    app: String,
    website: Option<String>,
    username: String,
    domain: String,
    scopes: Vec<String>,
    goes_to: Option<String>,
    fields: Vec<(&'static str, String)>,
    /// This page, without what forced anybody to sign in.
    here: String,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    frame: Frame,
    code: String,
}

/// A request to authorize that holds.
struct Wish {
    app: AppView,
    redirect_uri: String,
    scopes: Scopes,
    state: Option<String>,
    code_challenge: Option<String>,
}

/// `GET /oauth/authorize`.
///
/// # Errors
/// A fault.
pub async fn show(ask: Ask<Browser>) -> Result<Response, Error> {
    let wish = match wish(&ask).await? {
        Ok(wish) => wish,
        Err(error) => return refused(&ask, error).await,
    };
    let is_forced = ask.input.flag("force_login");
    let Some(user) = ask.me.user.as_ref().filter(|_| !is_forced) else { return to_sign_in(&ask) };
    let goes_to = url::Url::parse(&wish.redirect_uri).ok().and_then(|u| u.host_str().map(str::to_owned));
    let consent = Consent {
        frame: Frame::of(&ask).await?,
        app: wish.app.name,
        website: wish.app.website.filter(|w| w.starts_with("https://") || w.starts_with("http://")),
        username: user.username.clone(),
        domain: ask.api.addresses.local_domain.clone(),
        scopes: describe(&wish.scopes),
        goes_to: goes_to.filter(|_| wish.redirect_uri != OUT_OF_BAND),
        fields: parameters(&ask.input),
        here: here(&ask.input),
    };
    let mut response = page(&ask, StatusCode::OK, &consent)?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, CONSENT_POLICY);
    Ok(response)
}

/// `POST /oauth/authorize`: allowed, or with `_method=delete`, as the form without script sends it, denied.
///
/// # Errors
/// A fault.
pub async fn create(ask: Ask<Browser>) -> Result<Response, Error> {
    if ask.input.text("_method").is_some_and(|m| m.eq_ignore_ascii_case("delete")) {
        return delete(ask).await;
    }
    let wish = match wish(&ask).await? {
        Ok(wish) => wish,
        Err(error) => return refused(&ask, error).await,
    };
    let Some(account) = ask.me.account() else { return to_sign_in(&ask) };
    let grant = Grant {
        app: wish.app.id,
        account,
        redirect_uri: wish.redirect_uri.clone(),
        scopes: wish.scopes,
        code_challenge: wish.code_challenge,
    };
    let code = apps::grant(&ask.api.db, &ask.api.entropy, grant).await?;
    if wish.redirect_uri == OUT_OF_BAND {
        return redirect(&ask, &format!("/oauth/authorize/native?code={}", code.expose()));
    }
    let answer = [("code", Some(code.expose().to_owned())), ("state", wish.state)];
    redirect(&ask, &with_answer(&wish.redirect_uri, answer)?)
}

/// `DELETE /oauth/authorize`.
///
/// # Errors
/// A fault.
pub async fn delete(ask: Ask<Browser>) -> Result<Response, Error> {
    let wish = match wish(&ask).await? {
        Ok(wish) => wish,
        Err(error) => return refused(&ask, error).await,
    };
    if ask.me.user.is_none() {
        return to_sign_in(&ask);
    }
    let sentence = "The resource owner or authorization server denied the request.";
    if wish.redirect_uri == OUT_OF_BAND {
        return notice(&ask, StatusCode::OK, "Nothing was allowed", "You can close this page.").await;
    }
    let answer = [
        ("error", Some("access_denied".to_owned())),
        ("error_description", Some(sentence.to_owned())),
        ("state", wish.state),
    ];
    redirect(&ask, &with_answer(&wish.redirect_uri, answer)?)
}

/// `GET /oauth/authorize/native`: the code, to be copied.
///
/// # Errors
/// A fault.
pub async fn native(ask: Ask<Browser>) -> Result<Response, Error> {
    let code = ask.input.text("code").unwrap_or_default();
    // Only what can be a code of ours: this page shows nobody's words.
    let is_code = !code.is_empty() && code.len() < 128;
    if ask.me.user.is_none() || !is_code || !code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        return Err(Refusal::NotFound(Noun::Record).into());
    }
    let frame = Frame::of(&ask).await?;
    page(&ask, StatusCode::OK, &CodePage { frame, code })
}

/// Checks a request to authorize. What is wrong is shown here and never sent on: the address itself may be what is wrong.
async fn wish(ask: &Ask<Browser>) -> Result<Result<Wish, OauthError>, Error> {
    let parameter = |name: &'static str| ask.input.text(name).filter(|value| !value.is_empty());
    let Some(client_id) = parameter("client_id") else { return Ok(Err(OauthError::MissingParameter("client_id"))) };
    let Some(app) = ask.api.db.read(move |q| Ok(rows::by_client_id(q, &client_id)?)).await? else {
        return Ok(Err(OauthError::InvalidClient));
    };
    let redirect_uri = parameter("redirect_uri").or_else(|| match app.redirect_uris.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    });
    let Some(redirect_uri) = redirect_uri.filter(|uri| app.redirect_uris.contains(uri)) else {
        return Ok(Err(OauthError::InvalidRedirectUri));
    };
    match parameter("response_type").as_deref() {
        Some("code") => {}
        None => return Ok(Err(OauthError::MissingParameter("response_type"))),
        Some(_) => return Ok(Err(OauthError::UnsupportedResponseType)),
    }
    let Some(scopes) = wanted(parameter("scope").as_deref(), &app) else { return Ok(Err(OauthError::InvalidScope)) };
    let code_challenge = parameter("code_challenge");
    match (&code_challenge, parameter("code_challenge_method").as_deref()) {
        (None, _) if !app.is_confidential => return Ok(Err(OauthError::MissingChallenge)),
        // No method means `plain` (RFC 7636, section 4.3), which protects from nobody who can read the request.
        (None, _) | (Some(_), Some("S256")) => {}
        (Some(_), _) => return Ok(Err(OauthError::InvalidChallengeMethod)),
    }
    Ok(Ok(Wish { app, redirect_uri, scopes, state: parameter("state"), code_challenge }))
}

async fn refused(ask: &Ask<Browser>, error: OauthError) -> Result<Response, Error> {
    notice(ask, error.status(), "This request does not hold", error.sentence()).await
}

fn to_sign_in(ask: &Ask<Browser>) -> Result<Response, Error> {
    redirect(ask, &format!("/auth/sign_in?{}", query([("return_to", here(&ask.input))])))
}

fn here(input: &Tree) -> String {
    format!("/oauth/authorize?{}", query(parameters(input)))
}

fn parameters(input: &Tree) -> Vec<(&'static str, String)> {
    PARAMETERS.into_iter().filter_map(|name| Some((name, input.text(name)?))).collect()
}

fn query(pairs: impl IntoIterator<Item = (&'static str, String)>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The application's address with the answer in its query, beside what it had there.
fn with_answer<const N: usize>(uri: &str, answer: [(&'static str, Option<String>); N]) -> Result<String, Error> {
    let mut url = url::Url::parse(uri).map_err(|e| Fault::because("reading a registered redirect address", e))?;
    url.query_pairs_mut().extend_pairs(answer.into_iter().filter_map(|(name, value)| Some((name, value?))));
    Ok(url.into())
}
