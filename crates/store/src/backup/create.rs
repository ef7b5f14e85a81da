//! Writing an archive while the server goes on: the database as it is at one moment, then what belongs to it.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use flate2::{Compression, write::GzEncoder};
use futures_util::TryStreamExt as _;
use phiomia_model::{Error, Fault, Time};
use tokio::runtime::Handle;

use super::{ABOUT, About, CONFIGURATION, FILES, FORMAT, KEY, Listed, MANIFEST, MEDIA, Manifest, TABLES};
use crate::{
    db::{
        Settings,
        copy::{Snapshot, Sum, Table, hex},
    },
    files::{FileKind, Files, Stored},
    tar,
};

/// Lines of one entry, in bytes: no more of a table is in memory.
const ENTRY_BYTES: usize = 1 << 20;
/// Text becomes a sixth with this; more takes twice the time for a tenth.
const COMPRESSION: Compression = Compression::new(4);

/// What goes into an archive beside the database.
pub struct Contents {
    /// The domain of the server's handles.
    pub domain: String,
    /// The key that secrets in the database are sealed with.
    pub key: Vec<u8>,
    /// The configuration as a `phiomia.toml`.
    pub configuration: String,
    /// Whether its secrets are in it.
    pub has_secrets: bool,
    /// Where the files of the server are.
    pub files: Files,
    /// Whether they go into the archive themselves, and not only their list.
    pub with_media: bool,
    /// Now.
    pub made_at: Time,
}

/// Writes an archive of what `database` holds at this moment. Waits for the disk: not for a thread that serves people.
/// `runtime`: where files are read.
///
/// # Errors
/// A fault of the database, of the files, or of what is written to.
pub fn create<W: Write>(
    database: &Settings,
    contents: &Contents,
    out: W,
    runtime: &Handle,
) -> Result<(W, Manifest), Error> {
    let snapshot = Snapshot::take(database)?;
    let seconds = u64::try_from(contents.made_at.as_millis() / 1_000).unwrap_or_default();
    let mut archive = tar::Writer::new(GzEncoder::new(out, COMPRESSION), seconds, 0o600);
    let about = About {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: contents.made_at.0,
        domain: contents.domain.clone(),
        engine: match database {
            Settings::Sqlite(_) => "SQLite".to_owned(),
            Settings::Postgres(_) => "PostgreSQL".to_owned(),
        },
        schema: snapshot.version,
        has_media: contents.with_media,
        has_secrets: contents.has_secrets,
        tables: snapshot.tables.clone(),
    };
    archive.entry(ABOUT, &json(&about)?).map_err(unwritten)?;
    let mut tables = HashMap::new();
    for table in &snapshot.tables {
        tables.insert(table.name.clone(), rows(&mut archive, &snapshot, table)?);
    }
    // The database is free again; files have names of their own for ever.
    drop(snapshot);
    archive.entry(KEY, &contents.key).map_err(unwritten)?;
    archive.entry(CONFIGURATION, contents.configuration.as_bytes()).map_err(unwritten)?;
    let mut manifest = Manifest { tables, n_files: 0, n_file_bytes: 0, n_files_inside: 0, sha256: String::new() };
    media(&mut archive, contents, runtime, &mut manifest)?;
    manifest.sha256 = hex(archive.digest().as_ref());
    archive.entry(MANIFEST, &json(&manifest)?).map_err(unwritten)?;
    let out = archive.finish().and_then(GzEncoder::finish).map_err(unwritten)?;
    Ok((out, manifest))
}

type Archive<W> = tar::Writer<GzEncoder<W>>;

/// Entries of lines, none much longer than [`ENTRY_BYTES`].
struct Lines<'a, W: Write> {
    archive: &'a mut Archive<W>,
    folder: String,
    n_entries: u32,
    lines: Vec<u8>,
}

impl<W: Write> Lines<'_, W> {
    fn add(&mut self, line: &[u8]) -> io::Result<()> {
        self.lines.extend_from_slice(line);
        if self.lines.len() >= ENTRY_BYTES { self.end() } else { Ok(()) }
    }

    fn end(&mut self) -> io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        self.n_entries += 1;
        let name = format!("{}{:06}.jsonl", self.folder, self.n_entries);
        self.archive.entry(&name, &self.lines)?;
        self.lines.clear();
        Ok(())
    }
}

fn rows<W: Write>(archive: &mut Archive<W>, snapshot: &Snapshot, table: &Table) -> Result<Sum, Fault> {
    let folder = format!("{TABLES}{}/", table.name);
    let mut lines = Lines { archive, folder, n_entries: 0, lines: Vec::new() };
    let sum = snapshot.lines(table, &mut |line| lines.add(line).map_err(unwritten))?;
    lines.end().map_err(unwritten)?;
    Ok(sum)
}

/// The list of the files, and the files. What can be fetched from elsewhere again is left there.
fn media<W: Write>(
    archive: &mut Archive<W>,
    contents: &Contents,
    runtime: &Handle,
    manifest: &mut Manifest,
) -> Result<(), Fault> {
    let place = contents.files.place();
    let shelves = if place.is_moving { vec![place.shelf, place.shelf.other()] } else { vec![place.shelf] };
    let mut all: Vec<Stored> = Vec::new();
    for shelf in shelves {
        for kind in FileKind::ALL.into_iter().filter(|kind| *kind != FileKind::Cache) {
            let pages = contents.files.pages(shelf, kind)?;
            all.extend(runtime.block_on(pages.try_concat())?);
        }
    }
    all.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    all.dedup_by(|a, b| a.key == b.key);
    let mut lines = Lines { archive, folder: MEDIA.to_owned(), n_entries: 0, lines: Vec::new() };
    for file in &all {
        let mut line = json(&Listed { key: file.key.to_string(), n_bytes: file.n_bytes })?;
        line.push(b'\n');
        lines.add(&line).map_err(unwritten)?;
        manifest.n_files += 1;
        manifest.n_file_bytes += file.n_bytes;
    }
    lines.end().map_err(unwritten)?;
    if contents.with_media {
        for file in &all {
            manifest.n_files_inside += u64::from(whole(archive, contents, runtime, file)?);
        }
    }
    Ok(())
}

/// A file itself. `false`: it was deleted meanwhile.
fn whole<W: Write>(
    archive: &mut Archive<W>,
    contents: &Contents,
    runtime: &Handle,
    file: &Stored,
) -> Result<bool, Fault> {
    let Some(mut body) = runtime.block_on(contents.files.open(&file.key))? else { return Ok(false) };
    archive.begin(&format!("{FILES}{}", file.key), body.size_bytes()).map_err(unwritten)?;
    while let Some(chunk) = runtime.block_on(body.chunk())? {
        archive.write(&chunk).map_err(unwritten)?;
    }
    archive.end().map_err(unwritten)?;
    Ok(true)
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(value).map_err(|e| Fault::because("writing the backup", e))
}

fn unwritten(error: io::Error) -> Fault {
    Fault::because("writing the backup", error)
}
