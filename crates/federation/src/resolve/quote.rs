//! What posts elsewhere quote, and whether the quoted author allows it.
//! Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/044f/fep-044f.md>.

use phiomia_activitypub::{Note, QuoteAuthorization, Uri};
use phiomia_model::{Error, QuoteState, StatusId, remote::RemoteQuote};
use phiomia_social::remote;
use phiomia_store::db::{accounts, statuses};

use super::{Missing, Reach};
use crate::Federation;

/// A stamp whose server was away is asked for again after the first wait of a delivery, as often as this.
const STAMP_WAITS: u32 = 4;

impl Federation {
    /// What a post quotes, fetched, and whether its author allows it: by a stamp, or because it is their own.
    pub(super) async fn quote(&self, note: &Note, reach: Reach) -> Result<Option<RemoteQuote>, Missing> {
        let Some(quote) = &note.quote else { return Ok(None) };
        let quoted = match (self.known_status(&quote.object).await?, reach) {
            (Some(known), _) => Ok(known),
            // Within a quoted post no further quote is followed.
            (None, Reach::Itself) => Err(Missing::Gone(quote.object.clone())),
            (None, Reach::Quoted) => Box::pin(self.fetch_within(&quote.object, Reach::Itself)).await,
        };
        let stamp = quote.authorization.as_ref();
        let again = stamp.map(|_| self.settings.deliveries.first_retry.saturating_mul(STAMP_WAITS));
        let mut ask_again = None;
        let author = match quoted {
            Ok(quoted) => self.author_of(quoted).await?,
            Err(missing) if missing.is_ours() => return Err(missing),
            Err(missing) => {
                ask_again = again.filter(|_| missing.passes());
                None
            }
        };
        let is_own = author.as_ref().is_some_and(|author| *author == note.author);
        let is_allowed = match (stamp, &author) {
            _ if is_own => true,
            (Some(stamp), Some(_)) if self.is_own(stamp) => {
                let (name, quoting) = (stamp.normal().to_owned(), note.id.normal().to_owned());
                self.db
                    .read(move |q| match statuses::quote_by_stamp(q, &name)? {
                        Some(status) => {
                            let holds =
                                statuses::quote_of(q, status)?.is_some_and(|quote| quote.state == QuoteState::Accepted);
                            Ok(holds && statuses::source(q, status)?.is_some_and(|row| row.uri == quoting))
                        }
                        None => Ok(false),
                    })
                    .await?
            }
            (Some(stamp), Some(author)) => match self.stamp_allows(stamp, &note.id, &quote.object, author).await {
                Ok(is_allowed) => is_allowed,
                Err(missing) if missing.is_ours() => return Err(missing),
                // The post does not wait for another server that is away: the stamp is asked for once more.
                Err(_) => {
                    ask_again = again;
                    false
                }
            },
            _ => false,
        };
        Ok(Some(RemoteQuote {
            uri: quote.object.normal().to_owned(),
            stamp: stamp.map(|uri| uri.normal().to_owned()),
            is_allowed,
            ask_again,
        }))
    }

    async fn author_of(&self, status: StatusId) -> Result<Option<Uri>, Error> {
        let uri = self.db.read(move |q| {
            let Some(row) = statuses::source(q, status)? else { return Ok(None) };
            Ok(accounts::view(q, row.author)?.map(|view| view.uri.clone()))
        });
        Ok(uri.await?.and_then(|text| Uri::parse(&text, self.web).ok()))
    }

    /// Whether a stamp, at its own server, allows exactly this quote.
    pub(crate) async fn stamp_allows(
        &self,
        stamp: &Uri,
        quoting: &Uri,
        quoted: &Uri,
        author: &Uri,
    ) -> Result<bool, Missing> {
        match self.fetch_document(stamp).await {
            Ok(document) => {
                let read = QuoteAuthorization::read(&document);
                Ok(read.is_ok_and(|stamp| stamp.allows(quoting, quoted, author)))
            }
            Err(missing) if missing.passes() => Err(missing),
            Err(_) => Ok(false),
        }
    }

    /// Asks once more whether a quote between others is allowed. The work of `Job::CheckQuote`.
    pub(crate) async fn check_quote(&self, quoting: StatusId) -> Result<(), Error> {
        let Some((names, author)) = self.open_quote(quoting).await? else { return Ok(()) };
        let [Ok(stamp), Ok(own), Ok(quoted)] = names.map(|text| Uri::parse(&text, self.web)) else { return Ok(()) };
        let author = match author {
            Some(author) => Some(author),
            // The quoted post was not to be had either; it finds its quotes when it comes.
            None => {
                let status = self.status(&quoted).await.map_err(Missing::for_job)?;
                self.author_of(status).await?
            }
        };
        let Some(author) = author else { return Ok(()) };
        match self.stamp_allows(&stamp, &own, &quoted, &author).await {
            Ok(true) => {
                let stamp = stamp.normal().to_owned();
                self.db.write(move |tx| remote::quote_stamped(tx, quoting, &stamp)).await
            }
            Ok(false) => Ok(()),
            Err(missing) => Err(missing.for_job()),
        }
    }

    /// Of a quote between others that is not decided: stamp, quoting and quoted post, and the quoted author if that is known.
    async fn open_quote(&self, quoting: StatusId) -> Result<Option<([String; 3], Option<Uri>)>, Error> {
        let found = self.db.read(move |q| {
            let (Some(row), Some(quote)) = (statuses::source(q, quoting)?, statuses::quote_of(q, quoting)?) else {
                return Ok(None);
            };
            let is_open = quote.state == QuoteState::Pending && !row.is_local;
            let (quoted, stamp) = statuses::quote_names(q, quoting)?;
            let names = stamp.zip(quoted).filter(|_| is_open).map(|(stamp, quoted)| [stamp, row.uri, quoted]);
            Ok(names.map(|names| (names, quote.quoted)))
        });
        let Some((names, quoted)) = found.await? else { return Ok(None) };
        let author = match quoted {
            Some(quoted) => self.author_of(quoted).await?,
            None => None,
        };
        Ok(Some((names, author)))
    }
}
