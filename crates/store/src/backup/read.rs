//! Reading an archive: whether it is whole, and putting what is in it in its place.

use std::io::{self, Read};

use flate2::read::GzDecoder;
use phiomia_model::{Error, Fault, Refusal, Time};

use super::{ABOUT, About, CONFIGURATION, FILES, FORMAT, KEY, MANIFEST, MEDIA, Manifest, TABLES};
use crate::{
    db::{
        Settings,
        copy::{Filling, hex},
    },
    files::FileKey,
    tar,
};

/// The largest entry that is read into memory, in bytes: more than any that is written, for one line may be long.
const MOST_BYTES: u64 = 64 << 20;

/// Where what is not in the database goes.
pub trait Restoring {
    /// The configuration as it was.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn configuration(&mut self, text: &str) -> Result<(), Error>;
    /// One of the files that are in the archive.
    ///
    /// # Errors
    /// When it cannot be kept, or not be read.
    fn file(&mut self, key: &FileKey, n_bytes: u64, content: &mut dyn Read) -> Result<(), Error>;
}

/// An archive that is whole.
pub struct Checked {
    /// What it is.
    pub about: About,
    /// What is in it.
    pub manifest: Manifest,
    /// The key that secrets in the database are sealed with.
    pub key: Vec<u8>,
}

/// Reads a whole archive and looks whether it is what was written.
///
/// # Errors
/// A refusal that says why it is none, or not whole.
pub fn check(from: impl Read) -> Result<Checked, Error> {
    let mut archive = tar::Reader::new(GzDecoder::new(from));
    let about = about(&mut archive)?;
    let mut key = None;
    loop {
        let sum = archive.digest().map_err(damaged)?;
        let Some(entry) = archive.next().map_err(damaged)? else {
            return Err(refused("it ends too early"));
        };
        if entry.name == KEY {
            key = Some(archive.content(MOST_BYTES).map_err(damaged)?);
        }
        if entry.name == MANIFEST {
            let manifest: Manifest = read(&mut archive)?;
            if manifest.sha256 != hex(sum.as_ref()) {
                return Err(refused("it is not what was written"));
            }
            if archive.next().map_err(damaged)?.is_some() {
                return Err(refused("something follows its end"));
            }
            let key = key.ok_or_else(|| refused("it has no key"))?;
            return Ok(Checked { about, manifest, key });
        }
    }
}

/// Fills an empty database with what is in the archive and hands over the rest. `manifest`: what [`check`] gave.
/// The number of rows.
///
/// # Errors
/// A refusal when the database is not empty or the archive not what the manifest says; a fault of the database or of who
/// takes the rest.
pub fn restore(
    from: impl Read,
    manifest: &Manifest,
    to: &Settings,
    now: Time,
    rest: &mut dyn Restoring,
) -> Result<u64, Error> {
    let mut archive = tar::Reader::new(GzDecoder::new(from));
    let about = about(&mut archive)?;
    let mut filling = Filling::begin(to, about.schema, &about.tables, now)?;
    while let Some(entry) = archive.next().map_err(damaged)? {
        if let Some(name) = entry.name.strip_prefix(TABLES) {
            let table = name.split('/').next().unwrap_or_default();
            let lines = archive.content(MOST_BYTES).map_err(damaged)?;
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                filling.line(table, line)?;
            }
        } else if let Some(name) = entry.name.strip_prefix(FILES) {
            let key: FileKey = name.parse().map_err(|_| refused("it holds a file with a name of another kind"))?;
            rest.file(&key, entry.n_bytes, &mut archive)?;
        } else if entry.name == CONFIGURATION {
            let text = archive.content(MOST_BYTES).map_err(damaged)?;
            rest.configuration(&String::from_utf8_lossy(&text))?;
        } else if entry.name != KEY && entry.name != MANIFEST && !entry.name.starts_with(MEDIA) {
            return Err(refused("it holds something that no backup holds"));
        }
    }
    let n_rows = filling.finish(&manifest.tables, now)?;
    Ok(n_rows)
}

fn about<R: Read>(archive: &mut tar::Reader<R>) -> Result<About, Error> {
    let first = archive.next().map_err(|_| refused("it is no archive of this program"))?;
    if first.is_none_or(|entry| entry.name != ABOUT) {
        return Err(refused("it is no archive of this program"));
    }
    let about: About = read(archive)?;
    if about.format > FORMAT {
        return Err(refused("it was made by a newer version of this program: use that one"));
    }
    Ok(about)
}

fn read<T: serde::de::DeserializeOwned>(archive: &mut tar::Reader<impl Read>) -> Result<T, Error> {
    let content = archive.content(MOST_BYTES).map_err(damaged)?;
    serde_json::from_slice(&content).map_err(|_| refused("it is damaged: what it says of itself is not readable"))
}

fn refused(why: &str) -> Error {
    Refusal::Invalid(format!("the backup cannot be used: {why}")).into()
}

fn damaged(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => refused("it ends too early"),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            refused(&format!("it is damaged: {error}"))
        }
        _ => Fault::because("reading the backup", error).into(),
    }
}
