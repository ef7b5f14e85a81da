//! What is done with ffmpeg where it is found: browsers get films and sounds that they can play, and a picture that
//! stands for a film.
//!
//! The program is told how the file is wrapped (by our own look at its first bytes), has that file and the one it makes,
//! and nothing else: see `child::become_tool`. What it made is read by our own child as if a stranger had sent it.

mod arguments;
mod find;
mod run;
mod still;

use std::{fs::File, io, os::unix::fs::FileExt as _, time::Duration};

use phiomia_media::{Foreign, N_TELLING, Picture, Playable, Purpose, Unfit, demuxer};
use phiomia_model::limits::LIMITS;

use self::{
    arguments::{Frame, Make},
    run::{Ended, Errand},
};
use crate::{Spoiled, Spooled, Workshop, broken, spool};

pub use find::Ffmpeg;

/// Until a look at a file is given up.
const QUICK: Duration = Duration::from_secs(20);
/// Most bytes of a picture or of what is told of a file.
const MOST_SAID: u64 = 16 * 1024 * 1024;

/// ffmpeg and its ceilings.
#[derive(Clone, Debug)]
pub struct Converter {
    /// The programs.
    pub ffmpeg: Ffmpeg,
    /// Bytes of memory.
    pub memory: u64,
    /// Until a conversion is given up.
    pub patience: Duration,
}

/// A film or a sound that browsers play, made of one that they do not.
#[derive(Clone, Debug)]
pub struct Converted {
    /// Where it lies.
    pub film: Spooled,
    /// What it is.
    pub playable: Playable,
}

impl Workshop {
    /// What converts; `None` where there is no ffmpeg. Waits until that is known.
    pub async fn converter(&self) -> Option<&Converter> {
        self.0.converter.wait().await.as_ref()
    }

    /// What is in a film or a sound that browsers do not play. Waits for its turn.
    ///
    /// # Errors
    /// What is wrong with it, also that it cannot be converted; or what is wrong with us.
    pub async fn foreign(&self, film: &Spooled) -> Result<Foreign, Spoiled> {
        let demuxer = demuxer_of(film)?;
        let converter = self.converter().await.ok_or(Spoiled::Unfit(Unfit::UnknownKind))?;
        let _turn = self.0.looks.acquire().await.map_err(|_| broken("waiting", io::ErrorKind::Other.into()))?;
        let errand = Errand {
            program: &converter.ffmpeg.ffprobe,
            arguments: arguments::probe(demuxer),
            from: open(film)?,
            to: None,
            patience: QUICK,
        };
        match self.errand(converter, errand).await? {
            Ended::Well(said) => Foreign::read(&said, demuxer).map_err(Spoiled::Unfit),
            other => Err(Spoiled::Unfit(other.unfit(QUICK))),
        }
    }

    /// Makes of a film or a sound one that browsers play. Waits for its turn, and takes as long as it takes; whoever no
    /// longer wants it drops this, which ends the program.
    ///
    /// # Errors
    /// What is wrong with it, or with us.
    pub async fn convert(&self, film: &Spooled, foreign: &Foreign) -> Result<Converted, Spoiled> {
        let converter = self.converter().await.ok_or(Spoiled::Unfit(Unfit::UnknownKind))?;
        let _turn = self.0.kiln.acquire().await.map_err(|_| broken("waiting", io::ErrorKind::Other.into()))?;
        let sound = if converter.ffmpeg.writes_mp3 { Make::Mp3 } else { Make::Aac };
        let ways: &[Make] = match &foreign.film {
            None => &[sound],
            Some(_) if foreign.demuxer == "gif" => &[Make::Animation],
            Some(film) if film.is_safe => &[Make::Rewrapped, Make::Film],
            Some(_) => &[Make::Film],
        };
        let mut why = Unfit::NothingToPlay;
        for way in ways {
            match self.made(converter, film, foreign, *way).await {
                Err(Spoiled::Unfit(unfit)) => why = unfit,
                done => return done,
            }
        }
        Err(Spoiled::Unfit(why))
    }

    async fn made(
        &self,
        converter: &Converter,
        film: &Spooled,
        foreign: &Foreign,
        make: Make,
    ) -> Result<Converted, Spoiled> {
        let made = self.nameless().await?;
        let errand = Errand {
            program: &converter.ffmpeg.ffmpeg,
            arguments: arguments::convert(foreign, make),
            from: open(film)?,
            to: Some(made.try_clone().map_err(|error| broken("opening a film", error))?),
            patience: converter.patience,
        };
        match self.errand(converter, errand).await? {
            Ended::Well(_) => {}
            other => return Err(Spoiled::Unfit(other.unfit(converter.patience))),
        }
        let film = Spooled::of(made).map_err(|error| broken("looking at a film", error))?;
        let playable = match self.film(&film).await {
            Err(Spoiled::Unfit(Unfit::Foreign { .. } | Unfit::UnknownKind)) => {
                Err(Spoiled::Unfit(Unfit::Unconverted("what came of it cannot be played".to_owned())))
            }
            done => done,
        }?;
        Ok(Converted { film, playable })
    }

    /// The picture that stands for a film: its first. For a sound the one that lies beside it. Waits for its turn.
    ///
    /// # Errors
    /// What is wrong with it, or with us.
    pub async fn poster(&self, film: &Spooled, is_film: bool) -> Result<Picture, Spoiled> {
        let demuxer = demuxer_of(film)?;
        self.drawn(film, arguments::frame(demuxer, if is_film { Frame::First } else { Frame::Cover })).await
    }

    /// The picture that stands for a sound which has none: how loud it is from its beginning to its end. Waits for its turn.
    ///
    /// # Errors
    /// What is wrong with it, or with us.
    pub async fn wave(&self, sound: &Spooled) -> Result<Picture, Spoiled> {
        self.drawn(sound, arguments::wave(demuxer_of(sound)?)).await
    }

    async fn drawn(&self, film: &Spooled, arguments: Vec<String>) -> Result<Picture, Spoiled> {
        let converter = self.converter().await.ok_or(Spoiled::Unfit(Unfit::UnknownKind))?;
        let turn = self.0.looks.acquire().await.map_err(|_| broken("waiting", io::ErrorKind::Other.into()))?;
        let errand =
            Errand { program: &converter.ffmpeg.ffmpeg, arguments, from: open(film)?, to: None, patience: QUICK };
        let bytes = match self.errand(converter, errand).await? {
            Ended::Well(bytes) => bytes,
            other => return Err(Spoiled::Unfit(other.unfit(QUICK))),
        };
        drop(turn);
        self.picture(bytes.into(), Purpose::Thumbnail).await
    }

    /// A file that this process alone can reach, and the program it is given to.
    async fn nameless(&self) -> Result<File, Spoiled> {
        let folder = self.folder();
        let made = tokio::task::spawn_blocking(move || spool::nameless(&folder)).await.map_err(io::Error::other);
        made.and_then(|made| made).map_err(|error| broken("making a file for a film", error))
    }
}

fn open(film: &Spooled) -> Result<File, Spoiled> {
    film.open().map_err(|error| broken("opening a film", error))
}

/// How a file is wrapped, by its first bytes.
fn demuxer_of(film: &Spooled) -> Result<&'static str, Spoiled> {
    let mut start = [0; N_TELLING];
    let n = open(film)?.read_at(&mut start, 0).map_err(|error| broken("reading a film", error))?;
    demuxer(start.get(..n).unwrap_or_default()).ok_or(Spoiled::Unfit(Unfit::UnknownKind))
}

/// Most bytes of a film that is made.
const fn most_made() -> u64 {
    LIMITS.video_bytes as u64
}
