//! The stylesheets and the script for passkeys, under names that change with them, so that browsers may keep them for good.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use phiomia_model::{Error, Noun, Refusal};
use phiomia_store::SecretHash;

use crate::gate::{Anyone, Ask};

struct File {
    path: String,
    text: String,
    media_type: &'static str,
}

impl File {
    /// A stylesheet, without the blanks that are there for who writes it.
    fn new(name: &str, text: &str) -> File {
        File::named(name, compact(text))
    }

    fn named(name: &str, text: String) -> File {
        let hash: String = SecretHash::of(&text).bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        File { path: format!("/packs/{name}-{hash}.css"), text, media_type: "text/css; charset=utf-8" }
    }

    fn script(name: &str, text: &str) -> File {
        let file = File::named(name, text.to_owned());
        let path = file.path.trim_end_matches("css").to_owned() + "js";
        File { path, media_type: "text/javascript; charset=utf-8", ..file }
    }
}

/// For every page.
static PAGES: LazyLock<File> = LazyLock::new(|| File::new("pages", include_str!("../../templates/style.css")));
/// For those that anybody may read, beside the first.
static VISITORS: LazyLock<File> =
    LazyLock::new(|| File::new("visitors", include_str!("../../templates/visitors/style.css")));

/// For pages where a passkey can be used.
static PASSKEYS: LazyLock<File> =
    LazyLock::new(|| File::script("passkeys", include_str!("../../templates/passkeys.js")));

/// Address of the stylesheet of every page.
pub(super) fn path() -> &'static str {
    &PAGES.path
}

/// Address of the one that public pages have beside it.
pub(super) fn visitors() -> &'static str {
    &VISITORS.path
}

/// Address of the script for passkeys.
pub(super) fn passkeys() -> &'static str {
    &PASSKEYS.path
}

/// `GET /packs/{name}`.
///
/// # Errors
/// `NotFound` for any other name.
pub async fn show(ask: Ask<Anyone>) -> Result<Response, Error> {
    let file = [&*PAGES, &*VISITORS, &*PASSKEYS]
        .into_iter()
        .find(|file| file.path == ask.parts.uri.path())
        .ok_or(Refusal::NotFound(Noun::Record))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, file.text.clone()).into_response())
}

/// CSS as ours is written, a rule or a declaration a line, without what browsers do not need.
fn compact(css: &str) -> String {
    let joined: String = css.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    [
        (" { ", "{"),
        (" {", "{"),
        ("{ ", "{"),
        ("; }", "}"),
        (";}", "}"),
        ("; ", ";"),
        (": ", ":"),
        (", ", ","),
        (" > ", ">"),
    ]
    .into_iter()
    .fold(joined, |css, (from, to)| css.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stylesheets_lose_blanks_and_nothing_else() {
        let css = "a,\nb > c { color: var(--ink); font: 600 1rem/1.2 \"Iowan Old Style\", serif; }\n@media print {\n  a::after { content: \"…\"; }\n}\n";
        let told =
            "a,b>c{color:var(--ink);font:600 1rem/1.2 \"Iowan Old Style\",serif}@media print{a::after{content:\"…\"}}";
        assert_eq!(compact(css), told);
        let both = PAGES.text.len() + VISITORS.text.len();
        assert!(both < 13_000, "{both}");
    }
}
