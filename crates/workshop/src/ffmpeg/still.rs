//! Pictures in the boxes of films that our own child does not decode (HEIC, and AVIF of more than fits into its memory), with
//! ffmpeg where it does. They become JPEG, as Mastodon makes of them; what was seen through them is black then.
//!
//! Our own child takes the encoded parts out of the boxes, and nothing else of the file is given to the program. What it
//! makes is decoded by our own child as if a stranger had sent it.

use std::io::{self, Write as _};

use bytes::Bytes;
use phiomia_media::{
    Still, StillCodec, Unfit,
    heif::with_profile,
    wire::{self, Task},
};

use super::{
    QUICK, arguments,
    run::{Ended, Errand},
};
use crate::{Asked, Place, Spoiled, Workshop, ask, broken, gone, patiently};

impl Workshop {
    /// What is read of pictures in boxes here. Waits until that is known.
    pub async fn stills(&self) -> Vec<StillCodec> {
        let mut stills = vec![StillCodec::Av1];
        if self.converts(StillCodec::Hevc).await {
            stills.push(StillCodec::Hevc);
        }
        stills
    }

    /// Whether ffmpeg is there and decodes such pictures.
    pub(crate) async fn converts(&self, codec: StillCodec) -> bool {
        self.converter().await.is_some_and(|converter| converter.ffmpeg.stills.contains(&codec))
    }

    /// The same picture as a JPEG, whose pixels are no more than any purpose wants.
    pub(crate) async fn still(&self, file: &Bytes, codec: StillCodec) -> Result<Bytes, Spoiled> {
        let foreign = |codec: StillCodec| Spoiled::Unfit(Unfit::ForeignPicture { kind: codec.name().to_owned() });
        if !self.converts(codec).await {
            return Err(foreign(codec));
        }
        let mut still = self.unwrapped(file).await?;
        let converter = self.converter().await.filter(|converter| converter.ffmpeg.stills.contains(&still.codec));
        let converter = converter.ok_or_else(|| foreign(still.codec))?;
        let (mut from, stream) = (self.nameless().await?, std::mem::take(&mut still.stream));
        let writing = tokio::task::spawn_blocking(move || from.write_all(&stream).map(|()| from));
        let written = writing.await.map_err(io::Error::other).and_then(|written| written);
        let from = written.map_err(|error| broken("writing a picture for ffmpeg", error))?;
        let _turn = self.0.looks.acquire().await.map_err(|_| broken("waiting", io::ErrorKind::Other.into()))?;
        let errand = Errand {
            program: &converter.ffmpeg.ffmpeg,
            arguments: arguments::still(&still),
            from,
            to: None,
            patience: QUICK,
        };
        match self.errand(converter, errand).await? {
            Ended::Well(jpeg) => Ok(with_profile(&jpeg, still.profile.as_deref()).into()),
            other => Err(Spoiled::Unfit(other.unfit(QUICK))),
        }
    }

    async fn unwrapped(&self, file: &Bytes) -> Result<Still, Spoiled> {
        let _bench = self.0.benches.acquire().await.map_err(|_| broken("waiting", io::ErrorKind::Other.into()))?;
        let said = match &self.0.place {
            Place::Here => {
                let asked = [Task::Unwrap.line().as_slice(), file].concat();
                wire::answer(&asked).unwrap_or_default()
            }
            Place::Children(settings) => patiently(settings, ask(settings, Asked::Picture(Task::Unwrap, file))).await?,
        };
        wire::understand_unwrapped(&said).unwrap_or_else(|| Err(gone())).map_err(Spoiled::Unfit)
    }
}
