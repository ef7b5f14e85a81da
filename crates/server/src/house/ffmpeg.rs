//! Whether films are converted here: what the configuration wants and what the machine has.

use phiomia_workshop::{Converter, Ffmpeg};

use crate::config::{Config, Program, program_folders};

/// What was found, and one sentence about it.
pub struct Found {
    /// `None`: nothing is converted.
    pub converter: Option<Converter>,
    /// For people.
    pub sentence: String,
    /// Whether it was wanted and is not there, or not whole.
    pub is_amiss: bool,
}

impl Found {
    /// Tells the log.
    fn tell(&self) {
        if self.is_amiss {
            tracing::warn!("{}", self.sentence);
        } else {
            tracing::info!("{}", self.sentence);
        }
    }
}

/// Looks for ffmpeg and tells the log. It is started three times for that, so the start does not wait for it.
pub(super) async fn look(config: Config) -> Option<Converter> {
    let found = find(&config).await;
    found.tell();
    found.converter
}

/// Looks for ffmpeg.
pub async fn find(config: &Config) -> Found {
    let nothing = |sentence: String, is_amiss| Found { converter: None, sentence, is_amiss };
    let refused = "films and sounds that browsers do not play are refused";
    let (name, is_wanted) = match &config.media.ffmpeg {
        Program::Off => return nothing(format!("ffmpeg is switched off: {refused}"), false),
        Program::Auto => ("ffmpeg", false),
        Program::Named(name) => (name.as_str(), true),
    };
    let probe = match &config.media.ffprobe {
        Program::Named(name) => name.as_str(),
        Program::Auto | Program::Off => "ffprobe",
    };
    match Ffmpeg::find(name, probe, program_folders().as_deref()).await {
        Err(why) => nothing(format!("{why}: {refused}"), true),
        Ok(None) => nothing(format!("there is no {name} on this machine: {refused}"), is_wanted),
        Ok(Some(ffmpeg)) => {
            let (path, version) = (ffmpeg.ffmpeg.display(), &ffmpeg.version);
            let stills: Vec<&str> = ffmpeg.stills.iter().map(|codec| codec.name()).collect();
            let stills = match stills.as_slice() {
                [] => "; it decodes neither AVIF nor HEIC".to_owned(),
                stills => format!(", and pictures as {}", stills.join(" and ")),
            };
            let sentence =
                format!("films and sounds that browsers do not play are converted by {path} {version}{stills}");
            let (memory, patience) = (config.media.ffmpeg_memory.0, config.media.ffmpeg_time);
            Found { converter: Some(Converter { ffmpeg, memory, patience }), sentence, is_amiss: false }
        }
    }
}
