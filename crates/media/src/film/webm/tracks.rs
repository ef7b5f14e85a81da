//! The tracks of a WebM.

use phiomia_model::media::SoundTrack;

use super::{
    elements::{Element, Inner, children, number},
    info::{float, keep_or_void, only},
};
use crate::{
    Unfit,
    poster::Coding,
    source::{Source, cut},
};

const ENTRY: u32 = 0xae;
const NUMBER: u32 = 0xd7;
const TYPE: u32 = 0x83;
const CODEC: u32 = 0x86;
/// What its decoder has to know.
const PRIVATE: u32 = 0x63_a2;
/// Most of it that is read, in bytes.
const MOST_PRIVATE: usize = 4_096;
const DEFAULT_DURATION: u32 = 0x23_e383;
const VIDEO: u32 = 0xe0;
const WIDTH: u32 = 0xb0;
const HEIGHT: u32 = 0xba;
const AUDIO: u32 = 0xe1;
const RATE: u32 = 0xb5;
const CHANNELS: u32 = 0x9f;
/// What people write about a track.
const NAME: u32 = 0x53_6e;
/// What it was made by.
const CODEC_NAME: u32 = 0x25_8688;
const CRC: u32 = 0xbf;

#[derive(Clone, Debug, Default)]
struct Track {
    number: u64,
    kind: u64,
    codec: String,
    private: Vec<u8>,
    frame_nanoseconds: Option<u64>,
    width: u32,
    height: u32,
    rate_hz: u32,
    channels: u32,
}

/// The first film and the first sound.
#[derive(Debug)]
pub(super) struct Tracks {
    film: Option<Track>,
    sound: Option<Track>,
}

impl Tracks {
    pub(super) fn read(body: &[u8]) -> Result<Tracks, Unfit> {
        let tracks: Vec<Track> = children(body).filter(|inner| inner.id == ENTRY).take(64).map(track).collect();
        let first = |kind| tracks.iter().find(|track| track.kind == kind).cloned();
        let (film, sound) = (first(1), first(2));
        if film.is_none() && sound.is_none() { Err(Unfit::NothingToPlay) } else { Ok(Tracks { film, sound }) }
    }

    /// Which blocks are pictures.
    pub(super) fn film_number(&self) -> Option<u64> {
        self.film.as_ref().map(|track| track.number)
    }

    /// How pictures of the film are decoded here, if they are.
    pub(super) fn coding(&self) -> Option<Coding> {
        let film = self.film.as_ref()?;
        match film.codec.as_str() {
            "V_VP8" => Some(Coding::Vp8),
            "V_AV1" => Some(Coding::Av1(film.private.get(4..).unwrap_or_default().to_vec())),
            _ => None,
        }
    }

    pub(super) fn frame_nanoseconds(&self) -> Option<u64> {
        self.film.as_ref().and_then(|track| track.frame_nanoseconds).filter(|nanoseconds| *nanoseconds > 0)
    }

    /// Codec, width and height of the film, and the sound.
    ///
    /// # Errors
    /// [`Unfit::Foreign`] for what belongs into Matroska alone.
    #[expect(clippy::type_complexity, reason = "two things that are taken apart at once")]
    pub(super) fn into_parts(self) -> Result<(Option<(&'static str, u32, u32)>, Option<SoundTrack>), Unfit> {
        let film = match self.film {
            None => None,
            Some(track) => {
                let codec = match track.codec.as_str() {
                    "V_VP8" => "vp8",
                    "V_VP9" => "vp9",
                    "V_AV1" => "av1",
                    other => return Err(foreign(other)),
                };
                Some((codec, track.width, track.height))
            }
        };
        let sound = match self.sound {
            None => None,
            Some(track) => {
                let codec = match track.codec.as_str() {
                    "A_OPUS" => "opus",
                    "A_VORBIS" => "vorbis",
                    other => return Err(foreign(other)),
                };
                Some(SoundTrack { codec: codec.to_owned(), rate_hz: track.rate_hz, channels: track.channels })
            }
        };
        Ok((film, sound))
    }
}

fn foreign(codec: &str) -> Unfit {
    let name = match codec {
        "V_MPEG4/ISO/AVC" => "H.264",
        "V_MPEGH/ISO/HEVC" => "HEVC (H.265)",
        "A_PCM/INT/LIT" | "A_PCM/INT/BIG" | "A_PCM/FLOAT/IEEE" => "PCM",
        "A_AC3" => "Dolby Digital",
        "A_FLAC" => "FLAC",
        _ if codec.starts_with("A_AAC") => "AAC",
        _ if codec.starts_with("A_MPEG") => "MP3",
        _ => "something unknown",
    };
    Unfit::Foreign { codec: format!("{name} in Matroska") }
}

fn track(entry: Inner<'_>) -> Track {
    // Channels and rate that are not said are these.
    let mut track = Track { channels: 1, rate_hz: 8_000, ..Track::default() };
    for inner in children(entry.body) {
        match inner.id {
            NUMBER => track.number = number(inner.body),
            TYPE => track.kind = number(inner.body),
            CODEC => {
                let name = inner.body.get(..inner.body.len().min(64)).unwrap_or_default();
                track.codec = String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
            }
            PRIVATE => {
                track.private = inner.body.get(..inner.body.len().min(MOST_PRIVATE)).unwrap_or_default().to_vec()
            }
            DEFAULT_DURATION => track.frame_nanoseconds = Some(number(inner.body)),
            VIDEO => {
                for inner in children(inner.body) {
                    let side = || u32::try_from(number(inner.body)).unwrap_or(u32::MAX);
                    match inner.id {
                        WIDTH => track.width = side(),
                        HEIGHT => track.height = side(),
                        _ => {}
                    }
                }
            }
            AUDIO => {
                for inner in children(inner.body) {
                    match inner.id {
                        RATE => {
                            let rate = float(inner.body).filter(|rate| (1.0..=1e6).contains(rate));
                            let rate = rate.and_then(|rate| std::time::Duration::try_from_secs_f64(rate).ok());
                            track.rate_hz = rate.and_then(|rate| u32::try_from(rate.as_secs()).ok()).unwrap_or(0);
                        }
                        CHANNELS => track.channels = u32::try_from(number(inner.body)).unwrap_or(0),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    track
}

/// The element without what somebody wrote about the tracks, and without sums that would be wrong.
pub(super) fn without_names(source: &mut Source<'_>, part: &Element, body: &[u8]) -> Result<Vec<u8>, Unfit> {
    let n_head = usize::try_from(part.body.saturating_sub(part.at)).map_err(|_| cut())?;
    let mut out = source.bytes(part.at, n_head)?;
    only(&mut out, body, |out, inner, whole| {
        if inner.id != ENTRY {
            return keep_or_void(out, whole, false);
        }
        out.extend(whole.get(..inner.n_head).unwrap_or_default());
        only(out, inner.body, |out, inner, whole| {
            keep_or_void(out, whole, !matches!(inner.id, NAME | CODEC_NAME | CRC))
        })
    })?;
    Ok(out)
}
