//! What browsers do not play: by which name the converter knows its wrapping, and what the converter says is in it.
//! Nothing is converted here; this room only reads.

use phiomia_model::limits::LIMITS;
use serde::Deserialize;

use crate::{
    Container, Format, Unfit,
    playable::{Film, fraction},
};

/// Media types that are taken beside the others where there is a converter.
pub const CONVERTED_TYPES: [&str; 20] = [
    "video/ogg",
    "video/3gpp",
    "video/x-msvideo",
    "video/avi",
    "video/x-matroska",
    "video/mp2t",
    "video/mpeg",
    "video/x-flv",
    "video/x-ms-asf",
    "video/x-ms-wmv",
    "audio/x-ms-wma",
    "audio/3gpp",
    "audio/amr",
    "audio/aiff",
    "audio/x-aiff",
    "audio/x-caf",
    "audio/basic",
    "audio/wavpack",
    "audio/x-wavpack",
    "audio/x-matroska",
];

/// Profiles of H.264 that every browser shows.
const SAFE_PROFILES: [&str; 4] = ["Baseline", "Constrained Baseline", "Main", "High"];
/// Wrappings whose H.264 can be put into another one as it is: these tell when each picture is shown.
const TIMED: [&str; 4] = ["mov", "matroska", "mpegts", "flv"];

/// ffmpeg's name for how a file is wrapped, by its first bytes. It is told that name, so that it never takes a file for
/// a playlist or a script that leads to other files.
#[must_use]
pub fn demuxer(start: &[u8]) -> Option<&'static str> {
    if Format::of(start) == Some(Format::Gif) {
        return Some("gif");
    }
    Some(match Container::of(start)? {
        Container::Mp4 => "mov",
        Container::WebM => "matroska",
        Container::Mp3 => "mp3",
        Container::Aac => "aac",
        Container::Ogg => "ogg",
        Container::Flac => "flac",
        Container::Wav => "wav",
        Container::Asf => "asf",
        Container::Avi => "avi",
        Container::MpegTs => "mpegts",
        Container::MpegPs => "mpeg",
        Container::Flv => "flv",
        Container::Aiff => "aiff",
        Container::Amr => "amr",
        Container::Caf => "caf",
        Container::Au => "au",
        Container::WavPack => "wv",
    })
}

/// What is in a file that has to be converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// How it is wrapped, by [`demuxer`].
    pub demuxer: &'static str,
    /// What there is to see.
    pub film: Option<ForeignFilm>,
    /// How what there is to hear is encoded: `aac`.
    pub sound: Option<String>,
    /// Whether a picture lies beside the sound.
    pub has_cover: bool,
    /// How long it plays, where it says so.
    pub duration_ms: Option<u64>,
}

/// What there is to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignFilm {
    /// How it is encoded: `hevc`.
    pub codec: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Whether the pictures can be kept as they are, and only the wrapping is wrong.
    pub is_safe: bool,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Whole>,
}

#[derive(Deserialize)]
struct Whole {
    duration: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    codec_type: Option<String>,
    codec_name: Option<String>,
    profile: Option<String>,
    pix_fmt: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    sample_aspect_ratio: Option<String>,
    avg_frame_rate: Option<String>,
    disposition: Option<Disposition>,
}

#[derive(Deserialize)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
}

impl Stream {
    fn is_film(&self) -> bool {
        self.codec_type.as_deref() == Some("video") && !self.is_cover()
    }

    fn is_cover(&self) -> bool {
        self.disposition.as_ref().is_some_and(|disposition| disposition.attached_pic == 1)
    }

    fn codec(&self) -> Option<&str> {
        self.codec_name.as_deref().filter(|name| *name != "unknown")
    }

    fn frame_rate(&self) -> Option<(u32, u32)> {
        let (above, below) = self.avg_frame_rate.as_deref()?.split_once('/')?;
        fraction(above.parse().ok()?, below.parse().ok()?)
    }

    fn film(&self, demuxer: &str) -> Result<ForeignFilm, Unfit> {
        let codec = self.codec().ok_or_else(|| Unfit::Unconverted("its pictures are of an unknown kind".to_owned()))?;
        let (width, height) = (self.width.unwrap_or(0), self.height.unwrap_or(0));
        Film { codec: "", width, height, frame_rate: self.frame_rate(), first: None }.check()?;
        let is_square = matches!(self.sample_aspect_ratio.as_deref(), None | Some("1:1" | "0:1" | "N/A"));
        let is_safe = codec == "h264"
            && is_square
            && TIMED.contains(&demuxer)
            && self.pix_fmt.as_deref().is_some_and(|format| format == "yuv420p" || format == "yuvj420p")
            && self.profile.as_deref().is_some_and(|profile| SAFE_PROFILES.contains(&profile));
        Ok(ForeignFilm { codec: codec.to_owned(), width, height, is_safe })
    }
}

impl Foreign {
    /// What `ffprobe -of json` said of a file.
    ///
    /// # Errors
    /// What is wrong with the file: nothing in it that is known, or more than may be.
    pub fn read(said: &[u8], demuxer: &'static str) -> Result<Foreign, Unfit> {
        let said: Said =
            serde_json::from_slice(said).map_err(|_| Unfit::Unconverted("what is in it cannot be told".to_owned()))?;
        let film = said.streams.iter().find(|stream| stream.is_film());
        let sound = said.streams.iter().find(|stream| stream.codec_type.as_deref() == Some("audio"));
        if film.is_none() && sound.is_none() {
            return Err(Unfit::NothingToPlay);
        }
        let sound = match sound.map(Stream::codec) {
            None => None,
            Some(Some(codec)) => Some(codec.to_owned()),
            Some(None) => return Err(Unfit::Unconverted("its sound is of an unknown kind".to_owned())),
        };
        let duration_ms = said.format.and_then(|whole| milliseconds(whole.duration.as_deref()?));
        let rate = film.and_then(Stream::frame_rate);
        let film = film.map(|stream| stream.film(demuxer)).transpose()?;
        // What is only wrapped anew costs nothing for each picture.
        if let Some(((frames, seconds), ms)) =
            rate.zip(duration_ms).filter(|_| film.as_ref().is_some_and(|film| !film.is_safe))
        {
            let n_thousandths = u128::from(frames) * u128::from(ms) / u128::from(seconds);
            if n_thousandths > LIMITS.video_frames as u128 * 1_000 {
                return Err(Unfit::TooLong);
            }
        }
        Ok(Foreign { demuxer, film, sound, has_cover: said.streams.iter().any(Stream::is_cover), duration_ms })
    }
}

/// `12.345678`, in thousandths. A thousand hours are the most that is believed.
fn milliseconds(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds = seconds.parse::<u64>().ok().filter(|seconds| *seconds < 3_600_000)?;
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some(seconds * 1_000 + thousandths.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test shall fail loudly")]

    use super::*;

    fn read(said: &str) -> Result<Foreign, Unfit> {
        Foreign::read(said.as_bytes(), "matroska")
    }

    #[test]
    fn what_the_converter_says_is_read_within_bounds() {
        let said = r#"{"streams": [
            {"codec_type": "video", "codec_name": "png", "width": 9, "height": 9, "disposition": {"attached_pic": 1}},
            {"codec_type": "video", "codec_name": "hevc", "profile": "Main", "width": 160, "height": 120,
             "pix_fmt": "yuv420p", "avg_frame_rate": "30000/1001"},
            {"codec_type": "audio", "codec_name": "opus", "avg_frame_rate": "0/0"}], "format": {"duration": "1.5"}}"#;
        let found = read(said).unwrap();
        let film = ForeignFilm { codec: "hevc".to_owned(), width: 160, height: 120, is_safe: false };
        assert_eq!(found.film, Some(film));
        assert_eq!((found.sound.as_deref(), found.has_cover, found.duration_ms), (Some("opus"), true, Some(1_500)));
        let of = |more: &str| {
            read(&format!(r#"{{"streams": [{{"codec_type": "video", {more}}}], "format": {{"duration": "400"}}}}"#))
        };
        let safe = of(r#""codec_name": "h264", "profile": "High", "pix_fmt": "yuv420p", "width": 2, "height": 2"#);
        assert!(safe.unwrap().film.unwrap().is_safe);
        let quick = r#""codec_name": "vp9", "width": 2, "height": 2, "avg_frame_rate": "121/1""#;
        assert_eq!(of(quick), Err(Unfit::TooManyFrames { rate: 121 }));
        let long = r#""codec_name": "vp9", "width": 2, "height": 2, "avg_frame_rate": "100/1""#;
        assert_eq!(of(long), Err(Unfit::TooLong));
        let large = r#""codec_name": "vp9", "width": 4000, "height": 3000"#;
        assert_eq!(of(large), Err(Unfit::TooManyFilmPixels { width: 4_000, height: 3_000 }));
        assert!(matches!(of(r#""width": 2, "height": 2"#), Err(Unfit::Unconverted(_))));
        assert_eq!(read(r#"{"streams": [{"codec_type": "subtitle"}]}"#), Err(Unfit::NothingToPlay));
        for odd in ["", "[]", r#"{"streams": 7}"#, r#"{"streams": [{"width": -1}]}"#, "{}"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_file_is_wrapped_as_it_begins() {
        assert_eq!(demuxer(b"GIF89a......"), Some("gif"));
        assert_eq!(demuxer(b"RIFF....AVI LIST"), Some("avi"));
        assert_eq!(demuxer(b"#EXTM3U\n"), None);
        assert_eq!(
            (milliseconds("12.3456"), milliseconds("7"), milliseconds("N/A")),
            (Some(12_345), Some(7_000), None)
        );
    }
}
