//! All routes over one state: which of them a request is for, and what is said around their answers.

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::Request,
    response::Response,
};
use http::{HeaderValue, Method, Uri, header};
use percent_encoding::percent_decode_str;

use super::{
    cors, pictures,
    route::{Pieces, Route, Run},
};
use crate::state::Api;

/// What answers a request that no route is for.
pub type Otherwise = fn(&Uri, &http::HeaderMap) -> Response;

/// An answer that is being made.
pub type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// The routes of one path.
#[derive(Default)]
struct Here {
    /// The names of its pieces, in their order.
    names: Vec<&'static str>,
    by_method: Vec<(Method, Arc<Run>)>,
}

impl Here {
    /// A `GET` route answers `HEAD` too.
    fn run(&self, method: &Method) -> Option<&Arc<Run>> {
        let of = |wanted: &Method| self.by_method.iter().find(|(method, _)| method == wanted).map(|(_, run)| run);
        of(method).or_else(|| if *method == Method::HEAD { of(&Method::GET) } else { None })
    }

    /// The methods of the path, as `Allow` lists them.
    fn allowed(&self) -> String {
        let name = |(method, _): &(Method, Arc<Run>)| match *method {
            Method::GET => "GET,HEAD".to_owned(),
            ref other => other.to_string(),
        };
        self.by_method.iter().map(name).collect::<Vec<_>>().join(",")
    }
}

/// What there is for a request.
enum Found<'a> {
    Route(&'a Arc<Run>, Pieces),
    /// Its path is one of ours, but not with its method.
    Others(&'a Here),
    Nothing,
}

/// The whole of it. A clone is another handle of the same.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    api: Api,
    paths: matchit::Router<Here>,
    otherwise: Otherwise,
}

impl Site {
    /// These routes; what none of them is for is answered `otherwise`.
    #[must_use]
    pub fn of(api: &Api, routes: Vec<Route>, otherwise: Otherwise) -> Site {
        let mut by_path: Vec<(&'static str, Here)> = Vec::new();
        for route in routes {
            let (method, path, run) = route.into_run();
            let known = by_path.iter().position(|(known, _)| *known == path);
            match known.and_then(|at| by_path.get_mut(at)) {
                Some((_, here)) => here.by_method.push((method, run)),
                None => by_path.push((path, Here { names: names(path), by_method: vec![(method, run)] })),
            }
        }
        let mut paths = matchit::Router::new();
        for (path, here) in by_path {
            // Of two paths that cannot be told apart the first counts; a test asks for every route.
            if let Err(error) = paths.insert(path, here) {
                tracing::error!(%error, "the route {path} is never reached: {error}");
            }
        }
        Site(Arc::new(Inner { api: api.clone(), paths, otherwise }))
    }

    /// The answer to a request.
    pub async fn answer(self, request: Request) -> Response {
        let inner = &self.0;
        let is_open = cors::is_open(request.uri().path());
        if is_open && request.method() == Method::OPTIONS {
            return cors::preflight();
        }
        let is_head = request.method() == Method::HEAD;
        let mut response = inner.begin(request).await;
        if let Some(origin) = inner.api.addresses.public_files.origin() {
            pictures::allow(response.headers_mut(), origin);
        }
        if is_open {
            cors::open(response.headers_mut());
        }
        if is_head { head(response) } else { response }
    }

    /// The same as a router of the library's, for tests that want one.
    pub fn into_router(self) -> Router {
        Router::new().fallback(move |request: Request| self.clone().answer(request))
    }
}

impl Inner {
    fn begin(&self, mut request: Request) -> Answering {
        let mut found = self.find(request.method(), request.uri().path());
        // As in Rails, a slash or a format at the end changes nothing.
        if matches!(found, Found::Nothing)
            && let Some(uri) = plainer(request.uri())
        {
            found = self.find(request.method(), uri.path());
            if matches!(found, Found::Route(..)) {
                *request.uri_mut() = uri;
            }
        }
        let otherwise = || (self.otherwise)(request.uri(), request.headers());
        match found {
            Found::Route(run, pieces) => run(self.api.clone(), request, pieces),
            Found::Others(here) => {
                let mut response = otherwise();
                if let Ok(methods) = HeaderValue::try_from(here.allowed()) {
                    response.headers_mut().insert(header::ALLOW, methods);
                }
                Box::pin(ready(response))
            }
            Found::Nothing => Box::pin(ready(otherwise())),
        }
    }

    fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let Ok(found) = self.paths.at(path) else { return Found::Nothing };
        let Some(run) = found.value.run(method) else { return Found::Others(found.value) };
        let piece = |(name, text): (&&'static str, (&str, &str))| (*name, decoded(text.1));
        Found::Route(run, found.value.names.iter().zip(found.params.iter()).map(piece).collect())
    }
}

/// A piece with a NUL names nothing of ours, and PostgreSQL would not look it up. Nor does one that is not UTF-8.
fn decoded(piece: &str) -> String {
    match percent_decode_str(piece).decode_utf8() {
        Ok(text) if text.contains('\0') => text.replace('\0', ""),
        Ok(text) => text.into_owned(),
        Err(_) => String::new(),
    }
}

/// The names in `{}` of a path.
fn names(path: &'static str) -> Vec<&'static str> {
    let name = |piece: &'static str| Some(piece.split_once('}')?.0.trim_start_matches('*'));
    path.split('{').skip(1).filter_map(name).collect()
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

/// The same answer without its body, whose length is told.
fn head(mut response: Response) -> Response {
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    *response.body_mut() = Body::empty();
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_names_of_a_path_are_what_stands_in_braces() {
        assert_eq!(names("/api/v1/statuses/{id}/context"), ["id"]);
        assert_eq!(names("/@{acct}/{id}/{*rest}"), ["acct", "id", "rest"]);
        assert!(names("/health").is_empty());
    }

    #[test]
    fn every_route_of_the_table_is_reached_by_its_path_and_method() {
        let routes = crate::routes::table();
        let all: BTreeSet<&'static str> = routes.iter().map(|route| route.path).collect();
        let mut paths = matchit::Router::new();
        for path in &all {
            assert!(paths.insert(*path, *path).is_ok(), "{path} cannot be told apart from another");
        }
        for path in all {
            let asked = path.replace(['{', '}', '*'], "");
            assert_eq!(paths.at(&asked).map(|found| *found.value), Ok(path), "{asked}");
        }
        let known: BTreeSet<(&str, &str)> = routes.iter().map(|route| (route.method.as_str(), route.path)).collect();
        assert_eq!(known.len(), routes.len(), "a route is there twice");
    }

    #[test]
    fn pieces_are_decoded() {
        assert_eq!(decoded("a%20b"), "a b");
        assert_eq!(decoded("a%00b"), "ab");
        assert_eq!(decoded("%ff"), "");
    }
}
