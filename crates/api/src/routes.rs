//! Every route on one page, with what it declares: who may come, with which scopes (any one suffices), what it counts
//! in, what body it takes, who may keep the answer.

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use phiomia_model::{Noun, Refusal};
use tower::ServiceExt as _;

use crate::{
    gate::{self, Anyone, Body, Cache, Client, Member, Needs, Route},
    health, oauth,
    pages::{self, Browser},
    state::Api,
};

/// The answer depends on who asks.
const PERSONAL: Cache = Cache::Personal;

macro_rules! table {
    ($($method:ident $path:literal $who:ident [$($scope:literal),*] [$($rate:ident),*] $body:ident $cache:ident $handler:path;)*) => {
        vec![$(Route::new(
            Method::$method,
            $path,
            Needs::<$who> {
                who: std::marker::PhantomData,
                scopes: const { &[$(phiomia_model::Scope::of($scope)),*] },
                rates: &[$(gate::Rate::$rate),*],
                body: Body::$body,
                cache: $cache,
            },
            $handler,
        )),*]
    };
}

/// The table.
#[must_use]
pub fn table() -> Vec<Route> {
    table! {
        // method path                                  who    scopes             counts in     body    kept by   handler
        GET "/"                                         Browser []                 []            Nothing PERSONAL  pages::home::show;
        GET "/owner/{token}"                            Browser []                 [Form]        Nothing PERSONAL  pages::owner::show;
        POST "/owner/{token}"                           Browser []                 [Form]        Form    PERSONAL  pages::owner::create;
        GET "/auth/sign_in"                             Browser []                 []            Nothing PERSONAL  pages::sign_in::new;
        POST "/auth/sign_in"                            Browser []                 [Form]        Form    PERSONAL  pages::sign_in::create;
        GET "/auth/sign_out"                            Browser []                 []            Nothing PERSONAL  pages::sign_in::leave;
        POST "/auth/sign_out"                           Browser []                 []            Form    PERSONAL  pages::sign_in::delete;
        DELETE "/auth/sign_out"                         Browser []                 []            Form    PERSONAL  pages::sign_in::delete;
        GET "/packs/{name}"                             Anyone []                  []            Nothing PERSONAL  pages::style::show;

        POST "/api/v1/apps"                             Anyone []                  [App]         Form    PERSONAL  oauth::apps::create;
        GET "/api/v1/apps/verify_credentials"           Client []                  [Api]         Nothing PERSONAL  oauth::apps::verify_credentials;
        GET "/oauth/authorize"                          Browser []                 []            Nothing PERSONAL  pages::consent::show;
        POST "/oauth/authorize"                         Browser []                 [Form]        Form    PERSONAL  pages::consent::create;
        DELETE "/oauth/authorize"                       Browser []                 [Form]        Form    PERSONAL  pages::consent::delete;
        GET "/oauth/authorize/native"                   Browser []                 []            Nothing PERSONAL  pages::consent::native;
        POST "/oauth/token"                             Anyone []                  [Api]         Form    PERSONAL  oauth::token::create;
        POST "/oauth/revoke"                            Anyone []                  [Api]         Form    PERSONAL  oauth::revoke::create;
        GET "/oauth/userinfo"                           Member ["profile"]         [Api]         Nothing PERSONAL  oauth::userinfo::show;
        POST "/oauth/userinfo"                          Member ["profile"]         [Api]         Form    PERSONAL  oauth::userinfo::show;
        GET "/.well-known/oauth-authorization-server"   Anyone []                  []            Nothing PERSONAL  oauth::metadata::show;

        GET "/health"                                   Anyone []                 []            Nothing PERSONAL  health::ready;
        GET "/livez"                                    Anyone []                 []            Nothing PERSONAL  health::live;
        GET "/readyz"                                   Anyone []                 []            Nothing PERSONAL  health::ready;
    }
}

/// All routes over one state.
pub fn router(api: &Api) -> Router {
    let routes = table().into_iter().fold(Router::new(), |router, route| route.mount(router, api));
    let strict = routes.clone().method_not_allowed_fallback(unknown).fallback(unknown);
    // As in Rails, a slash or a format at the end changes nothing.
    let lenient = move |request: Request| {
        let strict = strict.clone();
        async move {
            match plainer(request.uri()) {
                Some(uri) => {
                    let mut request = request;
                    *request.uri_mut() = uri;
                    strict.oneshot(request).await.unwrap_or_else(|never| match never {})
                }
                None => unknown(request.uri().clone(), request.headers().clone()).await,
            }
        }
    };
    gate::around(routes.method_not_allowed_fallback(unknown).fallback(lenient))
}

/// The address without a slash or `.json` at its end; `None` when it has neither.
fn plainer(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let plain = path.strip_suffix('/').or_else(|| path.strip_suffix(".json"))?;
    let target = match uri.query() {
        Some(query) => format!("{plain}?{query}"),
        None => plain.to_owned(),
    };
    if plain.is_empty() { None } else { target.parse().ok() }
}

/// Mastodon's answer to a path or method it does not know: a page for browsers, JSON for everybody else.
async fn unknown(uri: Uri, headers: HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/html") && !uri.path().starts_with("/api/") {
        return pages::html_refusal(&Refusal::NotFound(Noun::Record).into());
    }
    (StatusCode::NOT_FOUND, axum::Json(serde_json::json!({ "error": "Not Found" }))).into_response()
}
