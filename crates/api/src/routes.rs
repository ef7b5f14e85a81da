//! Every route on one page, with what it declares: who may come, with which scopes (any one suffices), what it counts
//! in, what body it takes, who may keep the answer.

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, Uri};
use tower::ServiceExt as _;

use crate::{
    gate::{self, Anyone, Body, Cache, Needs, Route},
    health,
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
                None => unknown().await,
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

/// Mastodon's answer to a path or method it does not know.
#[expect(clippy::unused_async, reason = "a handler waits, whether it has to or not")]
async fn unknown() -> Response {
    (StatusCode::NOT_FOUND, axum::Json(serde_json::json!({ "error": "Not Found" }))).into_response()
}
