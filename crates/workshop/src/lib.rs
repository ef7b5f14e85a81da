//! Where files of strangers are opened: in a child process of its own for each, with a ceiling of memory and time, and
//! without a way to any file or connection. If it dies, one file was not taken.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(not(target_os = "linux"))]
#[path = "uncalled.rs"]
mod calls;
mod child;
#[cfg(target_os = "linux")]
mod confine;
#[cfg(not(target_os = "linux"))]
#[path = "unconfined.rs"]
mod confine;
mod ffmpeg;
mod spool;

use std::{ffi::OsString, io, path::PathBuf, process::Stdio, sync::Arc, time::Duration};

use bytes::Bytes;
use phiomia_media::{
    Format, Picture, Playable, Purpose, StillCodec, Unfit,
    wire::{self, Task},
};
use phiomia_model::Fault;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
    sync::{Semaphore, SetOnce},
    time::timeout,
};

pub use child::{Ceilings, Work, become_tool, work};
pub use ffmpeg::{Converted, Converter, Ffmpeg};
pub use spool::{Spool, Spooled};

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
    /// Where films lie while they come in.
    pub folder: PathBuf,
    /// Bytes of the disk there that films leave to others.
    pub reserve: u64,
    /// What makes films for browsers of other films; `None`: they are refused.
    pub converter: Option<Converter>,
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
            folder: std::env::temp_dir(),
            reserve: 0,
            converter: None,
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
    /// Set once it is known whether there is one.
    converter: SetOnce<Option<Converter>>,
    /// Conversions: one at a time.
    kiln: Semaphore,
    /// Looks at a file by a program of others, which are short: one at a time.
    looks: Semaphore,
    spools: Arc<Semaphore>,
}

#[derive(Debug)]
enum Place {
    Children(Box<Settings>),
    /// In this very process.
    Here,
}

impl Workshop {
    /// One whose work is done by children.
    #[must_use]
    pub fn new(settings: Settings) -> Workshop {
        let converter = SetOnce::from(settings.converter.clone());
        Workshop::of_children(settings, converter)
    }

    /// One that looks for a converter meanwhile: who needs to know waits for the look, and nobody else does.
    #[must_use]
    pub fn seeking(settings: Settings, look: impl Future<Output = Option<Converter>> + Send + 'static) -> Workshop {
        let workshop = Workshop::of_children(settings, SetOnce::new());
        let told = workshop.clone();
        tokio::spawn(async move {
            // Nobody else sets it.
            let _ = told.0.converter.set(look.await);
        });
        workshop
    }

    fn of_children(settings: Settings, converter: SetOnce<Option<Converter>>) -> Workshop {
        let n_benches = settings.concurrency.max(1);
        Workshop::of(Place::Children(Box::new(settings)), n_benches, converter)
    }

    /// One that works within this process: for tests, where there is no program to be a child. What strangers made
    /// never comes here.
    #[must_use]
    pub fn inside() -> Workshop {
        Workshop::of(Place::Here, 1, SetOnce::from(None))
    }

    /// The same with a converter, which is a process of its own in any case, here without ceilings.
    #[must_use]
    pub fn inside_with(converter: Converter) -> Workshop {
        Workshop::of(Place::Here, 1, SetOnce::from(Some(converter)))
    }

    fn of(place: Place, n_benches: usize, converter: SetOnce<Option<Converter>>) -> Workshop {
        let spools = Arc::new(Semaphore::new(spool::MOST_SPOOLED));
        Workshop(Arc::new(Inner {
            place,
            benches: Semaphore::new(n_benches),
            converter,
            kiln: Semaphore::new(1),
            looks: Semaphore::new(1),
            spools,
        }))
    }

    fn folder(&self) -> PathBuf {
        match &self.0.place {
            Place::Children(settings) => settings.folder.clone(),
            Place::Here => std::env::temp_dir(),
        }
    }

    fn reserve(&self) -> u64 {
        match &self.0.place {
            Place::Children(settings) => settings.reserve,
            Place::Here => 0,
        }
    }

    /// Begins a file for a film that comes in. Waits while too many do.
    ///
    /// # Errors
    /// When the disk fails, or has no room for films any more.
    pub async fn spool(&self) -> Result<Spool, Fault> {
        let begun = Spool::begin(&self.folder(), self.reserve(), &self.0.spools).await;
        begun.map_err(|error| Fault::because("making a file for a film", error))
    }

    /// What a film or a sound is, and of what the file is made that is kept. Waits for its turn.
    ///
    /// # Errors
    /// What is wrong with the file, or with us.
    pub async fn film(&self, film: &Spooled) -> Result<Playable, Spoiled> {
        let said = self.asked_of_film(film, "reading a film", |file| wire::answer_film(file), Asked::Film).await?;
        wire::understand_film(&said, film.size_bytes()).unwrap_or_else(|| Err(gone())).map_err(Spoiled::Unfit)
    }

    /// What is said of a film, here or by a child, when its turn has come.
    async fn asked_of_film(
        &self,
        film: &Spooled,
        doing: &'static str,
        here: fn(&mut std::fs::File) -> Option<Vec<u8>>,
        asked: fn(std::fs::File) -> Asked<'static>,
    ) -> Result<Vec<u8>, Spoiled> {
        let mut file = film.open().map_err(|error| broken("opening a film", error))?;
        let _bench = self.0.benches.acquire().await.map_err(|_| broken("waiting", io::ErrorKind::Other.into()))?;
        match &self.0.place {
            Place::Here => Ok(tokio::task::spawn_blocking(move || here(&mut file))
                .await
                .map_err(|error| broken(doing, io::Error::other(error)))?
                .unwrap_or_default()),
            Place::Children(settings) => patiently(settings, ask(settings, asked(file))).await,
        }
    }

    /// The first picture of a film, as far as our own decoders make it. Waits for its turn.
    ///
    /// # Errors
    /// What is wrong with the film, or that its kind is not decoded here; or what is wrong with us.
    pub async fn first_picture(&self, film: &Spooled) -> Result<Picture, Spoiled> {
        let said = self.asked_of_film(film, "decoding a film", |file| wire::answer_poster(file), Asked::Poster).await?;
        wire::understand(&said).unwrap_or_else(|| Err(gone())).map_err(Spoiled::Unfit)
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
        match (Format::of(&bytes), StillCodec::of(&bytes)) {
            (Some(_), _) => self.prepared(&bytes, purpose).await,
            (None, Some(codec)) => Box::pin(self.boxed(&bytes, codec, purpose)).await,
            (None, None) => Err(Spoiled::Unfit(Unfit::UnknownKind)),
        }
    }

    /// A picture in the boxes of films: what our own child does not decode, or not with the memory that it has, ffmpeg does
    /// where it is.
    async fn boxed(&self, bytes: &Bytes, codec: StillCodec, purpose: Purpose) -> Result<Picture, Spoiled> {
        if codec == StillCodec::Av1 {
            match self.prepared(bytes, purpose).await {
                Err(Spoiled::Unfit(
                    Unfit::ForeignPicture { .. } | Unfit::LargeAvif { .. } | Unfit::Unreadable(_) | Unfit::Damaged(_),
                )) if self.converts(codec).await => {}
                done => return done,
            }
        }
        let jpeg = self.still(bytes, codec).await?;
        self.prepared(&jpeg, purpose).await
    }

    async fn prepared(&self, bytes: &Bytes, purpose: Purpose) -> Result<Picture, Spoiled> {
        let _bench = self.0.benches.acquire().await.map_err(|_| broken("waiting", io::ErrorKind::Other.into()))?;
        let said = match &self.0.place {
            Place::Here => {
                let asked = [Task::Picture(purpose).line().as_slice(), bytes].concat();
                tokio::task::spawn_blocking(move || wire::answer(&asked))
                    .await
                    .map_err(|error| broken("decoding", io::Error::other(error)))?
                    .unwrap_or_default()
            }
            Place::Children(settings) => {
                patiently(settings, ask(settings, Asked::Picture(Task::Picture(purpose), bytes))).await?
            }
        };
        wire::understand(&said).unwrap_or_else(|| Err(gone())).map_err(Spoiled::Unfit)
    }
}

/// What a child is asked.
enum Asked<'a> {
    /// A task, and the file after it.
    Picture(Task, &'a [u8]),
    /// A file that the child reads where it wants to: that alone is what it has of the disk.
    Film(std::fs::File),
    /// The same, for its first picture.
    Poster(std::fs::File),
}

fn broken(doing: &str, error: io::Error) -> Spoiled {
    Spoiled::Broken(Fault::because(doing, error))
}

fn gone() -> Unfit {
    Unfit::Unreadable("decoding it takes more memory or time than it is given".to_owned())
}

async fn patiently(settings: &Settings, asked: impl Future<Output = io::Result<Vec<u8>>>) -> Result<Vec<u8>, Spoiled> {
    match timeout(settings.patience, asked).await {
        Ok(said) => said.map_err(|error| broken("starting the child that decodes", error)),
        Err(_) => {
            let seconds = settings.patience.as_secs();
            Err(Spoiled::Unfit(Unfit::Unreadable(format!("it takes longer than {seconds} s"))))
        }
    }
}

/// Starts a child, gives it the task and the file, and hears it out. What it says may be anything.
async fn ask(settings: &Settings, asked: Asked<'_>) -> io::Result<Vec<u8>> {
    let (program, arguments) = &settings.program;
    let (stdin, more, given) = match asked {
        Asked::Picture(task, bytes) => (Stdio::piped(), None, Some((task, bytes))),
        Asked::Film(file) => (Stdio::from(file), Some("--film"), None),
        Asked::Poster(file) => (Stdio::from(file), Some("--poster"), None),
    };
    let mut child = Command::new(program)
        .args(arguments)
        .arg(settings.memory.to_string())
        .args(more)
        .env_clear()
        // Where the allocator is jemalloc (what is shipped): what is given back to it counts no longer.
        .env("MALLOC_CONF", "retain:false,dirty_decay_ms:0,muzzy_decay_ms:0,narenas:1")
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let give = async {
        if let Some((mut stdin, (task, bytes))) = stdin.zip(given) {
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
