//! Where files of strangers are opened: in a child process of its own for each, with a ceiling of memory and time, and
//! without a way to any file or connection. If it dies, one file was not taken.

mod child;

use std::{ffi::OsString, io, path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use bytes::Bytes;
use phiomia_media::{
    Picture, Purpose, Unfit,
    wire::{self, Task},
};
use phiomia_model::Fault;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
    sync::Semaphore,
    time::timeout,
};

pub use child::work;

/// Most bytes that a child may say: what it makes is smaller than what it got, most of the time.
const MOST_ANSWER: u64 = 64 * 1024 * 1024;

/// Ceilings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The program that becomes a child, and its arguments.
    pub program: (PathBuf, Vec<OsString>),
    /// Bytes of memory of a child.
    pub memory: u64,
    /// Until a child is given up.
    pub patience: Duration,
    /// Children at a time; others wait.
    pub concurrency: usize,
}

impl Settings {
    /// This program as its own child, through its command `media-child`.
    ///
    /// # Errors
    /// When the system does not say where the program lies.
    pub fn of_this_program() -> io::Result<Settings> {
        Ok(Settings {
            program: (std::env::current_exe()?, vec!["media-child".into()]),
            memory: 200 * 1024 * 1024,
            patience: Duration::from_secs(60),
            concurrency: 1,
        })
    }
}

/// Why nothing came of a file.
#[derive(Debug)]
pub enum Spoiled {
    /// The file is to blame.
    Unfit(Unfit),
    /// We are.
    Broken(Fault),
}

/// The workshop. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub struct Workshop(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    place: Place,
    benches: Semaphore,
}

#[derive(Debug)]
enum Place {
    Children(Settings),
    /// In this very process.
    Here,
}

impl Workshop {
    /// One whose work is done by children.
    #[must_use]
    pub fn new(settings: Settings) -> Workshop {
        let benches = Semaphore::new(settings.concurrency.max(1));
        Workshop(Arc::new(Inner { place: Place::Children(settings), benches }))
    }

    /// One that works within this process: for tests, where there is no program to be a child. What strangers made
    /// never comes here.
    #[must_use]
    pub fn inside() -> Workshop {
        Workshop(Arc::new(Inner { place: Place::Here, benches: Semaphore::new(1) }))
    }

    /// Makes a picture fit for something. Waits for its turn.
    ///
    /// # Errors
    /// What is wrong with the file, or with us.
    pub async fn picture(&self, bytes: Bytes, purpose: Purpose) -> Result<Picture, Spoiled> {
        // Known before a child is started.
        if bytes.len() > purpose.max_bytes() {
            return Err(Spoiled::Unfit(Unfit::TooManyBytes { most: purpose.max_bytes() }));
        }
        if phiomia_media::Format::of(&bytes).is_none() {
            return Err(Spoiled::Unfit(Unfit::UnknownKind));
        }
        let broken = |doing: &str, error: io::Error| Spoiled::Broken(Fault::because(doing, error));
        let _bench = self.0.benches.acquire().await.map_err(|_| broken("waiting", io::ErrorKind::Other.into()))?;
        let said = match &self.0.place {
            Place::Here => {
                let asked = [Task::Picture(purpose).line().as_slice(), &bytes].concat();
                tokio::task::spawn_blocking(move || wire::answer(&asked))
                    .await
                    .map_err(|error| broken("decoding", io::Error::other(error)))?
                    .unwrap_or_default()
            }
            Place::Children(settings) => {
                let asked = ask(settings, Task::Picture(purpose), &bytes);
                match timeout(settings.patience, asked).await {
                    Ok(said) => said.map_err(|error| broken("starting the child that decodes", error))?,
                    Err(_) => {
                        let seconds = settings.patience.as_secs();
                        return Err(Spoiled::Unfit(Unfit::Unreadable(format!("it takes longer than {seconds} s"))));
                    }
                }
            }
        };
        let gone = || Unfit::Unreadable("decoding it takes more memory or time than it is given".to_owned());
        wire::understand(&said).unwrap_or_else(|| Err(gone())).map_err(Spoiled::Unfit)
    }
}

/// Starts a child, gives it the task and the file, and hears it out. What it says may be anything.
async fn ask(settings: &Settings, task: Task, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let (program, arguments) = &settings.program;
    let mut child = Command::new(program)
        .args(arguments)
        .arg(settings.memory.to_string())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async {
        if let Some(mut stdin) = stdin {
            // A child that died does not listen; that it died shows in what it does not say.
            let _ = stdin.write_all(&task.line()).await;
            let _ = stdin.write_all(bytes).await;
        }
    };
    let ((), said, why) = tokio::join!(give, read(stdout, MOST_ANSWER), read(stderr, 4_096));
    let ended = child.wait().await?;
    if ended.code() == Some(child::REFUSES_TO_WORK) {
        return Err(io::Error::other(String::from_utf8_lossy(&why).trim().to_owned()));
    }
    if !ended.success() {
        let why = String::from_utf8_lossy(&why).into_owned();
        tracing::info!(status = %ended, why, "a file was too much for the child that decodes");
    }
    Ok(said)
}

async fn read(from: Option<impl AsyncRead + Unpin>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // Cut off or broken: what is there is looked at, and is not whole.
        let _ = from.take(most).read_to_end(&mut bytes).await;
    }
    bytes
}
