//! Which application asks: by Basic authentication or by parameters.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::header;
use percent_encoding::percent_decode_str;
use phiomia_model::Error;
use phiomia_store::{
    SecretHash,
    db::apps::{self, AppView},
};

use crate::gate::{Anyone, Ask};

/// The application that asks, after it has shown its secret. An application that cannot keep one needs none.
/// `None`: unknown, or the secret is wrong or missing.
pub(super) async fn authenticate(ask: &Ask<Anyone>) -> Result<Option<AppView>, Error> {
    let Some((client_id, secret)) = shown(ask) else { return Ok(None) };
    let app = ask.api.db.read(move |q| Ok(apps::by_client_id(q, &client_id)?)).await?;
    Ok(app.filter(|app| match &secret {
        Some(secret) => SecretHash::of(secret) == app.client_secret_hash,
        None => !app.is_confidential,
    }))
}

fn shown(ask: &Ask<Anyone>) -> Option<(String, Option<String>)> {
    if let Some(basic) = ask.header(header::AUTHORIZATION.as_str()).and_then(basic) {
        return Some(basic);
    }
    let secret = ask.input.text("client_secret").filter(|secret| !secret.is_empty());
    Some((ask.input.text("client_id")?, secret))
}

/// Reads `Basic …`; both parts are form-encoded. Source: RFC 6749, section 2.3.1.
fn basic(value: &str) -> Option<(String, Option<String>)> {
    let (kind, encoded) = value.split_once(' ')?;
    if !kind.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = text.split_once(':')?;
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8().ok().map(|p| p.into_owned());
    Some((decode(client_id)?, decode(secret).filter(|secret| !secret.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_authentication_is_form_encoded() {
        let read = |text: &str| basic(&format!("basic {}", STANDARD.encode(text)));
        assert_eq!(read("a%3Ab:s+%26"), Some(("a:b".to_owned(), Some("s &".to_owned()))));
        assert_eq!(read("a:"), Some(("a".to_owned(), None)));
        assert_eq!((read("no colon"), basic("Bearer x")), (None, None));
    }
}
