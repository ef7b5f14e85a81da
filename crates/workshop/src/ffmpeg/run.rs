//! One run of a program of others, and how it ended.

use std::{
    fs::File,
    io,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use phiomia_media::Unfit;
use phiomia_model::limits::LIMITS;
use tokio::{process::Command, time::timeout};

use super::{Converter, MOST_SAID, most_made};
use crate::{Place, Spoiled, Workshop, broken, child, read};

/// The signal to a program whose file grew too large, on the systems that we run on.
const TOO_LARGE: i32 = 25;

/// What is to be done.
pub(super) struct Errand<'a> {
    pub(super) program: &'a Path,
    pub(super) arguments: Vec<String>,
    /// Its standard input.
    pub(super) from: File,
    /// Its standard output; `None`: it is read here.
    pub(super) to: Option<File>,
    pub(super) patience: Duration,
}

/// How it ended.
pub(super) enum Ended {
    /// With what it said.
    Well(Vec<u8>),
    Badly,
    Late,
    /// It made more than may be.
    TooLarge,
    /// It took more memory or processor time than may be.
    Killed,
}

impl Ended {
    /// What is told to whoever sent the file.
    pub(super) fn unfit(&self, patience: Duration) -> Unfit {
        Unfit::Unconverted(match self {
            Ended::Well(_) | Ended::Badly => "it is damaged, or of a kind that is not known".to_owned(),
            Ended::Late => format!("it takes longer than {} s", patience.as_secs()),
            Ended::TooLarge => format!("it would become larger than {} MB", LIMITS.video_bytes / 1_000_000),
            Ended::Killed => "it takes more memory or time than it is given".to_owned(),
        })
    }
}

impl Workshop {
    /// Runs it. When this is dropped, the program is killed.
    pub(super) async fn errand(&self, converter: &Converter, errand: Errand<'_>) -> Result<Ended, Spoiled> {
        let patience = errand.patience;
        match timeout(patience, self.run(converter, errand)).await {
            Ok(ended) => ended.map_err(|error| broken("starting ffmpeg", error)),
            Err(_) => Ok(Ended::Late),
        }
    }

    async fn run(&self, converter: &Converter, errand: Errand<'_>) -> io::Result<Ended> {
        let mut command = self.command(converter, &errand);
        let is_heard = errand.to.is_none();
        let mut child = command
            .args(&errand.arguments)
            .env_clear()
            .stdin(Stdio::from(errand.from))
            .stdout(errand.to.map_or_else(Stdio::piped, Stdio::from))
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        // What the command holds of the file that is made is not needed any more.
        drop(command);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (said, why) = tokio::join!(read(stdout, MOST_SAID), read(stderr, 4_096));
        let status = child.wait().await?;
        if status.code() == Some(child::REFUSES_TO_WORK) && why.starts_with(b"phiomia: ") {
            return Err(io::Error::other(String::from_utf8_lossy(&why).trim().to_owned()));
        }
        if !status.success() {
            let why = String::from_utf8_lossy(&why).into_owned();
            tracing::info!(status = %status, why, "ffmpeg made nothing of a file");
        }
        Ok(ended(status, if is_heard { said } else { Vec::new() }))
    }

    /// The program, through a child of ours that gives up what it may not do.
    fn command(&self, converter: &Converter, errand: &Errand<'_>) -> Command {
        let Place::Children(settings) = &self.0.place else { return Command::new(errand.program) };
        let (program, arguments) = &settings.program;
        let bytes = if errand.to.is_some() { most_made() } else { 0 };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .arg(converter.memory.to_string())
            .args(["--seconds", &errand.patience.as_secs().max(1).to_string(), "--bytes", &bytes.to_string(), "--"])
            .arg(errand.program);
        command
    }
}

fn ended(status: ExitStatus, said: Vec<u8>) -> Ended {
    match (status.success(), status.signal()) {
        (true, _) => Ended::Well(said),
        (false, Some(TOO_LARGE)) => Ended::TooLarge,
        (false, Some(_)) => Ended::Killed,
        (false, None) => Ended::Badly,
    }
}
