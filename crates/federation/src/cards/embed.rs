//! oEmbed: pictures and films that say how they are shown elsewhere. Source: <https://oembed.com>.

use phiomia_model::card::{Card, CardKind};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::page::{ShowFrame as _, address, frame_address, name, pixels};

/// What a page answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Embed {
    r#type: String,
    title: Value,
    author_name: Value,
    author_url: Value,
    provider_name: Value,
    provider_url: Value,
    thumbnail_url: Value,
    url: Value,
    html: Value,
    width: Value,
    height: Value,
}

impl Embed {
    /// Reads an answer.
    pub(super) fn read(body: &[u8]) -> Option<Embed> {
        serde_json::from_slice(body).ok()
    }

    /// Says on the card what it is. As in Mastodon, of pictures and films only: all else a page says itself.
    pub(super) fn put_into(&self, card: &mut Card, own_host: &str) {
        let Ok(at) = Url::parse(&card.url) else { return };
        let said = |value: &Value| value.as_str().and_then(|url| address(&at, url));
        match self.r#type.as_str() {
            "photo" => {
                let Some(url) = said(&self.url) else { return };
                card.kind = CardKind::Photo;
                card.html = String::new();
                card.image = said(&self.thumbnail_url).or_else(|| Some(url.clone()));
                (card.width, card.height) = (number(&self.width), number(&self.height));
                card.embed_url = url;
            }
            "video" => {
                let frame = self.html.as_str().and_then(phiomia_text::frame);
                let Some((source, width, height)) = frame else { return };
                // A frame of our own pages could do what its viewer can.
                let is_foreign = |url: &String| Url::parse(url).is_ok_and(|url| url.host_str() != Some(own_host));
                let Some(source) = frame_address(&at, &source).filter(is_foreign) else { return };
                let or = |n: u32, said: &Value| if n == 0 { number(said) } else { n };
                card.show_frame(&source, or(width, &self.width), or(height, &self.height));
                card.image = said(&self.thumbnail_url).or(card.image.take());
            }
            _ => return,
        }
        for (place, value) in [
            (&mut card.title, &self.title),
            (&mut card.author_name, &self.author_name),
            (&mut card.provider_name, &self.provider_name),
        ] {
            if let Some(words) = value.as_str().filter(|words| !words.trim().is_empty()) {
                *place = name(words);
            }
        }
        card.author_url = said(&self.author_url).unwrap_or_default();
        card.provider_url = said(&self.provider_url).unwrap_or_default();
    }
}

/// Numbers, or numbers in quotes.
fn number(value: &Value) -> u32 {
    match value {
        Value::String(text) => pixels(text),
        other => other.as_u64().map_or(0, |n| pixels(&n.to_string())),
    }
}
