//! A certificate of one's own: two files, read at the start and whenever they change.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use phiomia_store::Clock;
use rustls::sign::CertifiedKey;

/// The two files and how they were last found.
#[derive(Debug)]
pub(super) struct Files {
    cert: PathBuf,
    key: PathBuf,
    clock: Clock,
    seen: Mutex<Stamp>,
}

/// When each of the two files was changed; `None` while there is none.
type Stamp = [Option<SystemTime>; 2];

impl Files {
    /// Not read yet.
    pub(super) fn new(cert: &Path, key: &Path, clock: Clock) -> Files {
        Files { cert: cert.to_owned(), key: key.to_owned(), clock, seen: Mutex::new([None, None]) }
    }

    /// What is in them now.
    pub(super) fn read(&self) -> Result<CertifiedKey, String> {
        // Before the reading: what is written meanwhile is seen the next time.
        let found = self.changed_at();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = found;
        let cert_name = format!("tls.cert_file {}", self.cert.display());
        let key_name = format!("tls.key_file {}", self.key.display());
        let open = |path: &Path, name: &dyn fmt::Display| {
            fs::read(path).map_err(|e: io::Error| format!("{name} does not read: {e}"))
        };
        let chain = open(&self.cert, &cert_name)?;
        let key = open(&self.key, &key_name)?;
        super::pair(&chain, &key, [&cert_name, &key_name], &self.clock)
    }

    /// The same, if they changed since.
    pub(super) fn look(&self) -> Result<Option<CertifiedKey>, String> {
        if *self.seen.lock().unwrap_or_else(PoisonError::into_inner) == self.changed_at() {
            return Ok(None);
        }
        self.read().map(Some)
    }

    fn changed_at(&self) -> Stamp {
        [&self.cert, &self.key].map(|path| fs::metadata(path).and_then(|found| found.modified()).ok())
    }
}
