//! Whether ffmpeg is on this machine, and what it can do.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use phiomia_media::StillCodec;
use tokio::{process::Command, time::timeout};

/// Until it is given up to hear of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Two programs that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ffmpeg {
    /// Converts.
    pub ffmpeg: PathBuf,
    /// Tells what is in a file.
    pub ffprobe: PathBuf,
    /// `5.1.9-0+deb12u1`.
    pub version: String,
    /// Whether it writes MP3; else sounds become AAC.
    pub writes_mp3: bool,
    /// What it decodes of pictures in boxes.
    pub stills: Vec<StillCodec>,
}

impl Ffmpeg {
    /// Looks for the programs: each a path, or a name that is looked for in the folders of `path`. `None`: the first is
    /// not there.
    ///
    /// # Errors
    /// Half a sentence: one of them is there and cannot be used, or the second is not there.
    pub async fn find(ffmpeg: &str, ffprobe: &str, path: Option<&OsStr>) -> Result<Option<Ffmpeg>, String> {
        let Some(ffmpeg) = lies(ffmpeg, path) else { return Ok(None) };
        // They come together: one beside the other is the one that belongs to it.
        let beside = ffmpeg.parent().map(|folder| folder.join(ffprobe)).filter(|path| path.is_file());
        let Some(ffprobe) = beside.or_else(|| lies(ffprobe, path)) else {
            return Err(format!("{} is there, but no {ffprobe} beside it", ffmpeg.display()));
        };
        let told = heard(&ffmpeg, "-version").await?;
        heard(&ffprobe, "-version").await?;
        let version = told.split_whitespace().nth(2).unwrap_or("of an unknown version").to_owned();
        let encoders = heard(&ffmpeg, "-encoders").await?;
        let writes = |name: &str| has(&encoders, name);
        for needed in ["libx264", "aac", "mjpeg"] {
            if !writes(needed) {
                return Err(format!("{} is there, but was built without {needed}", ffmpeg.display()));
            }
        }
        let (decoders, demuxers) = (heard(&ffmpeg, "-decoders").await?, heard(&ffmpeg, "-demuxers").await?);
        let reads = |codec: &StillCodec| match codec {
            StillCodec::Hevc => has(&decoders, "hevc") && has(&demuxers, "hevc"),
            // Its own decoder of this name is for machines with a part for it.
            StillCodec::Av1 => (has(&decoders, "libdav1d") || has(&decoders, "libaom-av1")) && has(&demuxers, "obu"),
        };
        let stills = [StillCodec::Av1, StillCodec::Hevc].into_iter().filter(reads).collect();
        Ok(Some(Ffmpeg { ffmpeg, ffprobe, version, writes_mp3: writes("libmp3lame"), stills }))
    }
}

/// Whether a name stands in one of the lists that the program tells: behind what it can do with it.
fn has(list: &str, name: &str) -> bool {
    list.lines().any(|line| line.split_whitespace().nth(1) == Some(name))
}

fn lies(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    if name.contains('/') {
        return std::path::absolute(name).ok().filter(|path| path.is_file());
    }
    std::env::split_paths(path?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

async fn heard(program: &Path, argument: &str) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(["-hide_banner", argument]).env_clear().stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = match timeout(PATIENCE, command.output()).await {
        Ok(output) => output.map_err(|error| format!("{} cannot be started: {error}", program.display()))?,
        Err(_) => return Err(format!("{} does not answer within {} s", program.display(), PATIENCE.as_secs())),
    };
    if !output.status.success() {
        return Err(format!("{} does not work: {}", program.display(), output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
