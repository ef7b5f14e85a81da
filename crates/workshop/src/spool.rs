//! Where films lie while they come in and are looked at: files without a name, which are gone with the process.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::AsyncWriteExt as _,
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// Films that come in at the same time: so much of the disk may be theirs.
pub(crate) const MOST_SPOOLED: usize = 8;

static N_SPOOLED: AtomicU64 = AtomicU64::new(0);

/// A file that is being written.
#[derive(Debug)]
pub struct Spool {
    file: tokio::fs::File,
    place: OwnedSemaphorePermit,
    n_bytes: u64,
}

/// A file that is there as a whole. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub struct Spooled {
    file: Arc<File>,
    n_bytes: u64,
    /// What was made here has none: those who make are few.
    _place: Option<Arc<OwnedSemaphorePermit>>,
}

impl Spool {
    /// Fails as a full disk does when less than `reserve` bytes of it are free.
    pub(crate) async fn begin(folder: &Path, reserve: u64, places: &Arc<Semaphore>) -> io::Result<Spool> {
        let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
        let folder = folder.to_owned();
        let making = tokio::task::spawn_blocking(move || {
            let file = nameless(&folder)?;
            let disk = rustix::fs::fstatvfs(&file)?;
            if disk.f_bavail.saturating_mul(disk.f_frsize) < reserve {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            Ok(file)
        });
        let file = making.await.map_err(io::Error::other)??;
        Ok(Spool { file: tokio::fs::File::from_std(file), place, n_bytes: 0 })
    }

    /// Appends.
    ///
    /// # Errors
    /// When the disk fails or is full.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.n_bytes = self.n_bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }

    /// Bytes that were written.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// When the disk fails or is full.
    pub async fn finish(mut self) -> io::Result<Spooled> {
        self.file.flush().await?;
        let file = Arc::new(self.file.into_std().await);
        Ok(Spooled { file, n_bytes: self.n_bytes, _place: Some(Arc::new(self.place)) })
    }
}

impl Spooled {
    /// A file that was made here.
    pub(crate) fn of(file: File) -> io::Result<Spooled> {
        let n_bytes = file.metadata()?.len();
        Ok(Spooled { file: Arc::new(file), n_bytes, _place: None })
    }

    /// Bytes of the file.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// The file; all who have it share the place at which it is read.
    ///
    /// # Errors
    /// When there are too many open files.
    pub fn open(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

/// A file that only who has it open can reach.
pub(crate) fn nameless(folder: &Path) -> io::Result<File> {
    std::fs::create_dir_all(folder)?;
    loop {
        let n = N_SPOOLED.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("film-{}-{n}", std::process::id()));
        match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => {
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
            // Of a process of the same number that was killed in this moment.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}
