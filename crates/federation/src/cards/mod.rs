//! Pages that posts link to: asked for once, read within bounds, and what they say of themselves kept as plain text.

mod embed;
mod page;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use phiomia_model::{Error, Fault, Handle, StatusId, card::Card};
use phiomia_social::cards;
use phiomia_store::db::federation::domains;
use url::Url;

use crate::{
    Federation,
    outbound::{Answer, Failure},
};

const ACCEPT: &str = "text/html, application/xhtml+xml;q=0.9";
/// Bytes in which a page says how it is encoded. Source: <https://html.spec.whatwg.org/#determining-the-character-encoding>.
const PRELUDE: usize = 1_024;

impl Federation {
    /// The work of `Job::FetchCard`. A page that does not answer is not asked again for this post.
    pub(crate) async fn fetch_card(&self, status: StatusId) -> Result<(), Error> {
        let social = self.social.clone();
        let Some((id, url)) = self.db.write(move |tx| cards::begin(tx, &social, status)).await? else { return Ok(()) };
        let card = match self.read_card(&url).await {
            Ok(card) => card,
            Err(Error::Refused(why)) => {
                tracing::debug!("{url} is not shown: {why}");
                None
            }
            Err(broken) => return Err(broken),
        };
        self.db.write(move |tx| cards::keep(tx, id, card.clone())).await
    }

    async fn read_card(&self, link: &str) -> Result<Option<Card>, Error> {
        let Ok(url) = Url::parse(link) else { return Ok(None) };
        let Some(answer) = self.ask_page(&url).await? else { return Ok(None) };
        let head = phiomia_text::page_head(&decoded(&answer));
        let mut card = page::card(link, &answer.url, &head);
        if let Some(at) = page::oembed(&answer.url, &head)
            && let Some(embed) = self.ask_embed(&at).await?
        {
            embed.put_into(&mut card, &self.addresses.web_domain);
        }
        if card.title.is_empty() {
            return Ok(None);
        }
        if let Some(handle) = head.meta(&["fediverse:creator"]).and_then(|text| text.parse::<Handle>().ok()) {
            card.creator = match self.account_by_handle(&handle).await {
                Ok(account) => Some(account),
                Err(missing) if missing.is_ours() => return Err(missing.for_job()),
                Err(_) => None,
            };
        }
        if let Some(image) = card.image.as_deref().and_then(|image| Url::parse(image).ok())
            && self.is_kept_away(&image, true).await?
        {
            card.image = None;
        }
        Ok(Some(card))
    }

    /// A page, when it is one.
    pub(crate) async fn ask_page(&self, url: &Url) -> Result<Option<Answer>, Error> {
        if self.is_kept_away(url, false).await? {
            return Ok(None);
        }
        match self.outbound.get_beginning(url, ACCEPT).await {
            Ok(answer) if answer.status.is_success() && is_html(&answer) => Ok(Some(answer)),
            Ok(_) => Ok(None),
            // The page may well be there.
            Err(failure @ Failure::NoNames) => Err(Fault::because("asking for a page", failure).transient().into()),
            Err(failure) => {
                tracing::debug!("the page at {url} is not shown: {failure}");
                Ok(None)
            }
        }
    }

    async fn ask_embed(&self, url: &Url) -> Result<Option<embed::Embed>, Error> {
        if self.is_kept_away(url, false).await? {
            return Ok(None);
        }
        let answer = self.outbound.get(url, "application/json", None).await.ok();
        Ok(answer.filter(|answer| answer.status.is_success()).and_then(|answer| embed::Embed::read(&answer.body)))
    }

    /// Whether nothing is asked of a host, or no pictures.
    async fn is_kept_away(&self, url: &Url, is_picture: bool) -> Result<bool, Error> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let standing = self.db.read(move |q| Ok(domains::standing(q, &host)?)).await?;
        Ok(standing.severity == domains::Severity::Suspend || (is_picture && standing.rejects_media))
    }
}

fn is_html(answer: &Answer) -> bool {
    let kind = answer.content_type().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "text/html" | "application/xhtml+xml")
}

/// A page as text: in the encoding its server names, else that of its own beginning, else UTF-8 when it is that.
pub(crate) fn decoded(answer: &Answer) -> String {
    let body = &answer.body;
    let kind = answer.content_type().to_ascii_lowercase();
    let by_server = kind.split_once("charset=").map(|(_, name)| name.trim_matches(['"', '\'', ' ', ';']).to_owned());
    let by_itself = || {
        let beginning = body.get(..PRELUDE).unwrap_or(body);
        phiomia_text::page_charset(&String::from_utf8_lossy(beginning))
    };
    let named = by_server.or_else(by_itself).and_then(|name| Encoding::for_label(name.as_bytes()));
    // A page that was cut may end within a character.
    let is_utf8 = || std::str::from_utf8(body).map_or_else(|error| error.error_len().is_none(), |_| true);
    let encoding = named.unwrap_or_else(|| if is_utf8() { UTF_8 } else { WINDOWS_1252 });
    encoding.decode(body).0.into_owned()
}
