//! `/media_proxy/…`: pictures of other servers, by addresses that only we can make.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use phiomia_federation::media::{Look, Stand, Version};
use phiomia_model::{Error, Noun, Refusal};

use crate::{
    gate::{Anyone, Ask, Rate},
    pictures,
};

/// How long an answer that leads elsewhere may be kept, in seconds.
const REDIRECT_LIFE: &str = "public, max-age=3600";

/// `GET /media_proxy/:name/:version`. What does not lie here is fetched now, and only that is counted.
///
/// # Errors
/// `NotFound` for what is not there, not ours or not shown.
pub async fn show(ask: Ask<Anyone>) -> Result<Response, Error> {
    let not_there = || Refusal::NotFound(Noun::Record);
    let version = Version::of(ask.piece("version")).ok_or_else(not_there)?;
    let gallery = &ask.api.gallery;
    // A file that is gone although its row was there is fetched anew.
    for _ in 0..2 {
        let look = match gallery.find(ask.piece("name"), version).await? {
            Look::Wanted(wanted) => {
                ask.count(Rate::MediaProxy).await?;
                Box::pin(gallery.fetch(wanted)).await?
            }
            look => look,
        };
        match look {
            Look::Kept(key) => match pictures::shelved(&ask, &key).await? {
                Some(answer) => return Ok(answer),
                None => gallery.lost(&key).await?,
            },
            Look::Passing(bytes, media_type) => return Ok(pictures::picture(media_type, bytes)),
            Look::Elsewhere(url) => return Ok(redirect(&url)),
            Look::Nothing(Stand::Avatar) => {
                return Ok(redirect(&ask.api.addresses.at("/avatars/original/missing.png")));
            }
            Look::Nothing(Stand::Header) => {
                return Ok(redirect(&ask.api.addresses.at("/headers/original/missing.png")));
            }
            Look::Nothing(Stand::Nothing) | Look::Wanted(_) => return Err(not_there().into()),
        }
    }
    Err(not_there().into())
}

fn redirect(to: &str) -> Response {
    let mut answer = StatusCode::FOUND.into_response();
    let headers = answer.headers_mut();
    HeaderValue::try_from(to).into_iter().for_each(|to| drop(headers.insert(header::LOCATION, to)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(REDIRECT_LIFE));
    // Web clients on other sites draw what it leads to.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}
