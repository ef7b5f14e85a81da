//! How the samples of a track are encoded: the box `stsd`.

use super::{Box, children, find};
use crate::{
    Unfit,
    heif::Colouring,
    poster::Coding,
    source::{Bytes, cut},
};

/// Profiles of H.264 whose pictures every browser shows: baseline, main and high, all of 8 bits and 4:2:0.
const SAFE_PROFILES: [u8; 3] = [66, 77, 100];

/// Samples a second that there are.
const RATES: [u32; 13] =
    [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000, 192_000];

/// How a track is encoded.
#[derive(Debug)]
pub(super) enum Encoded {
    Film { codec: &'static str, width: u32, height: u32, foreign: Option<&'static str>, still: Option<Still> },
    Sound { codec: &'static str, rate_hz: u32, channels: u32, foreign: Option<&'static str> },
}

/// What has to be known to decode one picture of a film.
#[derive(Debug)]
pub(super) struct Still {
    pub(super) coding: Coding,
    pub(super) colouring: Option<Colouring>,
}

impl Encoded {
    /// Its name for people, if not every browser plays it.
    pub(super) const fn foreign(&self) -> Option<&'static str> {
        match self {
            Encoded::Film { foreign, .. } | Encoded::Sound { foreign, .. } => *foreign,
        }
    }
}

/// `None`: it is none of what is shown or heard, as a picture beside a sound.
pub(super) fn read(table: &[u8], is_film: bool) -> Result<Option<Encoded>, Unfit> {
    let list = find(table, *b"stsd").ok_or_else(cut)?;
    let Some(entry) = list.body.get(8..).and_then(|entries| children(entries).next()) else { return Ok(None) };
    let encoded = if is_film { film(entry) } else { sound(entry) };
    encoded.ok_or_else(cut).map(|encoded| match encoded {
        Encoded::Film { codec: "picture", .. } => None,
        encoded => Some(encoded),
    })
}

fn film(entry: Box<'_>) -> Option<Encoded> {
    let mut body = Bytes(entry.body);
    body.skip(24)?;
    let (width, height) = (u32::from(body.u16()?), u32::from(body.u16()?));
    body.skip(50)?;
    let mut still = None;
    let (codec, foreign) = match &entry.kind {
        b"avc1" | b"avc3" => {
            let config = find(body.0, *b"avcC")?.body;
            let profile = *config.get(1)?;
            let colouring = find(body.0, *b"colr").and_then(|inner| Colouring::read(inner.body));
            still = Some(Still { coding: Coding::H264(config.to_vec()), colouring });
            let is_safe = SAFE_PROFILES.contains(&profile);
            ("h264", (!is_safe).then_some("H.264 with more than 8 bits or other colours than 4:2:0"))
        }
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => ("hevc", Some("HEVC (H.265)")),
        b"av01" => ("av1", Some("AV1 in MP4")),
        b"vp08" | b"vp09" => ("vp9", Some("VP9 in MP4")),
        b"mp4v" => ("mpeg4", Some("MPEG-4 Part 2")),
        b"apcn" | b"apch" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => ("prores", Some("ProRes")),
        b"s263" | b"h263" => ("h263", Some("H.263")),
        b"jpeg" | b"png " => ("picture", None),
        b"mjpa" | b"mjpb" => ("mjpeg", Some("Motion JPEG")),
        _ => ("unknown", Some("something unknown")),
    };
    Some(Encoded::Film { codec, width, height, foreign, still })
}

fn sound(entry: Box<'_>) -> Option<Encoded> {
    let mut body = Bytes(entry.body);
    body.skip(8)?;
    let version = body.u16()?;
    body.skip(6)?;
    let mut channels = u32::from(body.u16()?);
    body.skip(6)?;
    let mut rate_hz = body.u32()? >> 16;
    match version {
        1 => body.skip(16)?,
        2 => {
            body.skip(4)?;
            let rate = f64::from_bits(body.u64()?);
            rate_hz = RATES.into_iter().find(|known| (f64::from(*known) - rate).abs() < 1.0).unwrap_or(0);
            channels = body.u32()?;
            body.skip(20)?;
        }
        _ => {}
    }
    let (codec, foreign) = match &entry.kind {
        b"mp4a" => esds(body.0),
        b"ac-3" => ("ac3", Some("Dolby Digital")),
        b"ec-3" => ("eac3", Some("Dolby Digital Plus")),
        b"Opus" => ("opus", Some("Opus in MP4")),
        b"fLaC" => ("flac", Some("FLAC in MP4")),
        b"alac" => ("alac", Some("Apple Lossless")),
        b"samr" | b"sawb" => ("amr", Some("AMR")),
        b"sowt" | b"twos" | b"lpcm" | b"in24" | b"in32" | b"fl32" | b"raw " | b"ulaw" | b"alaw" => ("pcm", Some("PCM")),
        b".mp3" => ("mp3", None),
        _ => ("unknown", Some("an unknown sound")),
    };
    Some(Encoded::Sound { codec, rate_hz, channels, foreign })
}

/// What an `mp4a` is: the type of object in its descriptor. Source: ISO/IEC 14496-1, 7.2.6.6.
fn esds(inner: &[u8]) -> (&'static str, Option<&'static str>) {
    // QuickTime has it one box deeper.
    let place = find(inner, *b"wave").map_or(inner, |wave| wave.body);
    match find(place, *b"esds").and_then(|found| object_type(found.body)) {
        Some(0x40 | 0x66..=0x68) => ("aac", None),
        Some(0x69 | 0x6b) => ("mp3", None),
        _ => ("unknown", Some("an unknown sound")),
    }
}

fn object_type(esds: &[u8]) -> Option<u8> {
    let mut body = Bytes(esds);
    body.skip(4)?;
    let (3, _) = (body.u8()?, length(&mut body)?) else { return None };
    body.skip(2)?;
    let flags = body.u8()?;
    if flags & 0x80 != 0 {
        body.skip(2)?;
    }
    if flags & 0x40 != 0 {
        let n = usize::from(body.u8()?);
        body.skip(n)?;
    }
    if flags & 0x20 != 0 {
        body.skip(2)?;
    }
    let (4, _) = (body.u8()?, length(&mut body)?) else { return None };
    body.u8()
}

/// Seven bits a byte, at most four bytes.
fn length(body: &mut Bytes<'_>) -> Option<u32> {
    let mut length = 0;
    for _ in 0..4 {
        let byte = body.u8()?;
        length = length << 7 | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(length)
}
