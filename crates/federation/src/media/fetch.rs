//! The first look at a file of another server: it is asked for once, however many look at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use http::StatusCode;
use phiomia_media::{Picture, Purpose, Unfit};
use phiomia_model::{Error, Fault};
use phiomia_social::{
    cards,
    remote::files::{self as verbs, Setback},
};
use phiomia_store::{
    db::remote_files::{self as rows, Impression},
    files::FileKey,
};
use phiomia_workshop::Spoiled;
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use super::{
    FETCHES_OF_HOST, Gallery, Look, Told, Version, Wanted,
    find::{OTHER_KIND, host},
    word,
};
use crate::outbound::{Answer, Failure};

const ACCEPT: &str = "image/webp, image/png, image/gif, image/jpeg, image/*;q=0.5";
/// How long somebody waits for it. It is fetched to its end all the same.
const PATIENCE: Duration = Duration::from_secs(25);
/// How long a fetch waits for its turn.
const TURN: Duration = Duration::from_secs(60);
/// Words of a cause that are kept.
const MOST_CAUSE: usize = 300;

/// What came of a fetch; shared by all who waited.
#[derive(Clone, Debug)]
enum Outcome {
    /// It lies on the files shelf.
    Kept(Vec<(Version, FileKey)>),
    /// It was made, and there is no room to keep it.
    Passing(Arc<Picture>),
    /// It is nothing that is decoded here.
    OtherKind,
    /// There is nothing.
    Nothing,
    /// We are to blame.
    Broken(String),
}

type Flight = Shared<BoxFuture<'static, Outcome>>;

/// What is being fetched, by address and purpose.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<(String, &'static str), Flight>>);

impl Gallery {
    /// Fetches what was wanted, and says what there is to show then: never [`Look::Wanted`].
    ///
    /// # Errors
    /// The database or the disk failed; transient when it takes too long.
    pub async fn fetch(&self, wanted: Wanted) -> Result<Look, Error> {
        let (version, stand, at) = (wanted.version, wanted.stand, wanted.url.clone());
        let Ok(outcome) = timeout(PATIENCE, self.flight(wanted)).await else {
            return Err(Fault::new("waiting for a picture of another server").transient().into());
        };
        Ok(match outcome {
            Outcome::Kept(versions) => {
                let find = |wanted: Version| versions.iter().find(|(v, _)| *v == wanted).map(|(_, key)| key.clone());
                find(version).or_else(|| find(Version::Original)).map_or(Look::Nothing(stand), Look::Kept)
            }
            Outcome::Passing(picture) => {
                let shown = match version {
                    Version::Small => picture.preview.as_ref(),
                    Version::Static => picture.still.as_ref(),
                    Version::Original => None,
                };
                let shown = shown.unwrap_or(&picture.original);
                Look::Passing(Bytes::from(shown.bytes.clone()), shown.format.media_type())
            }
            Outcome::OtherKind => Look::Elsewhere(at.into()),
            Outcome::Nothing => Look::Nothing(stand),
            Outcome::Broken(why) => return Err(Fault::new(why).into()),
        })
    }

    /// The fetch that is under way, or a new one. It goes on when nobody waits for it any more.
    fn flight(&self, wanted: Wanted) -> Flight {
        let key = (wanted.text.clone(), word(wanted.purpose));
        let mut flights = self.0.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&key) {
            return flight.clone();
        }
        let (gallery, own) = (self.clone(), key.clone());
        let task = tokio::spawn(async move {
            let outcome = match gallery.obtain(&wanted).await {
                Ok(outcome) => outcome,
                Err(Error::Refused(why)) => Outcome::Broken(why.to_string()),
                Err(Error::Broken(fault)) => Outcome::Broken(fault.chain()),
            };
            gallery.0.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&own);
            outcome
        });
        let flight = task.map(|done| done.unwrap_or_else(|e| Outcome::Broken(e.to_string()))).boxed().shared();
        flights.insert(key, flight.clone());
        flight
    }

    async fn obtain(&self, wanted: &Wanted) -> Result<Outcome, Error> {
        // Whoever looked before this fetch began may have seen that nothing lies here, and somebody else fetched it.
        let (text, purpose) = (wanted.text.clone(), word(wanted.purpose));
        let known = self.0.federation.db.read(move |q| Ok(rows::find(q, &text, purpose)?)).await?;
        if let Some(known) = known {
            let kept: Vec<(Version, FileKey)> = known
                .versions
                .iter()
                .filter_map(|kept| Some((Version::of(&kept.version)?, kept.key.parse().ok()?)))
                .collect();
            if kept.iter().any(|(version, _)| *version == wanted.version) {
                return Ok(Outcome::Kept(kept));
            }
            if verbs::rests(&known, self.0.federation.db.clock().now()) {
                let is_other = known.failure.as_deref() == Some(OTHER_KIND);
                return Ok(if is_other { Outcome::OtherKind } else { Outcome::Nothing });
            }
        }
        let at = host(&wanted.url);
        let of_host = self.0.hosts.get_or(at.clone(), || Arc::new(Semaphore::new(FETCHES_OF_HOST)));
        let late = || Fault::new("waiting for a turn to fetch a picture of another server").transient();
        let turn = async { Some((of_host.acquire().await.ok()?, self.0.fetches.acquire().await.ok()?)) };
        let _turn = timeout(TURN, turn).await.ok().flatten().ok_or_else(late)?;
        let (text, asked) = (wanted.text.clone(), at.clone());
        let id = self.0.federation.db.write(move |tx| Ok(rows::ask(tx, &text, purpose, &asked)?)).await?;
        match self.made(&wanted.url, wanted.purpose).await? {
            Ok(picture) => self.hang(id, wanted, picture).await,
            Err((why, setback)) => {
                tracing::debug!("{} is not shown: {why}", wanted.url);
                let outcome = if why == OTHER_KIND { Outcome::OtherKind } else { Outcome::Nothing };
                let why: String = why.chars().take(MOST_CAUSE).collect();
                self.0.federation.db.write(move |tx| verbs::fail(tx, id, &why, &setback)).await?;
                Ok(outcome)
            }
        }
    }

    /// The picture at an address, or why there is none.
    pub(super) async fn made(&self, url: &Url, purpose: Purpose) -> Result<Result<Picture, (String, Setback)>, Error> {
        let most = purpose.max_bytes();
        let answer = match self.0.federation.outbound.get_file(url, ACCEPT, most, &self.0.long).await {
            Ok(answer) => answer,
            // The picture may well be there.
            Err(failure @ Failure::NoNames) => {
                return Err(Fault::because("fetching a picture", failure).transient().into());
            }
            Err(failure) => {
                let setback = match failure {
                    Failure::TooLong(_) | Failure::Forbidden(..) | Failure::TooManyRedirects => Setback::Unfit,
                    Failure::Unreachable(_) | Failure::NoNames | Failure::TimedOut => Setback::Passing(None),
                };
                return Ok(Err((failure.to_string(), setback)));
            }
        };
        if !answer.status.is_success() {
            return Ok(Err((answer.status.as_u16().to_string(), self.setback(&answer))));
        }
        match self.0.workshop.picture(answer.body, purpose).await {
            Ok(picture) => Ok(Ok(picture)),
            // Browsers may show what is not decoded here.
            Err(Spoiled::Unfit(Unfit::UnknownKind | Unfit::ForeignPicture { .. } | Unfit::LargeAvif { .. })) => {
                Ok(Err((OTHER_KIND.to_owned(), Setback::Unfit)))
            }
            Err(Spoiled::Unfit(unfit)) => Ok(Err((unfit.to_string(), Setback::Unfit))),
            Err(Spoiled::Broken(fault)) => Err(fault.into()),
        }
    }

    fn setback(&self, answer: &Answer) -> Setback {
        match answer.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Setback::Passing(answer.retry_after(self.0.federation.db.clock().now()))
            }
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => Setback::Passing(None),
            _ => Setback::Absent,
        }
    }

    /// Keeps what was made, if there is room.
    async fn hang(&self, id: i64, wanted: &Wanted, picture: Picture) -> Result<Outcome, Error> {
        let size = (picture.original.width, picture.original.height);
        let (url, blurhash) = (wanted.text.clone(), picture.blurhash.clone());
        let db = &self.0.federation.db;
        match wanted.told {
            Some(Told::Attachment(status)) if wanted.purpose == Purpose::Attachment => {
                db.write(move |tx| verbs::describe(tx, status, &url, size, blurhash.as_deref())).await?;
            }
            Some(Told::Card(status)) => {
                let seen = Impression { blurhash, width: size.0, height: size.1 };
                let telling = db.write(move |tx| {
                    rows::impress(tx, id, &seen)?;
                    cards::seen(tx, status, &url, &seen)
                });
                telling.await?;
            }
            _ => {}
        }
        let picture = Arc::new(picture);
        match self.keep(id, wanted.purpose, &picture).await? {
            Some(kept) => Ok(Outcome::Kept(kept)),
            None => Ok(Outcome::Passing(picture)),
        }
    }
}
