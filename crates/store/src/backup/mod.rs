//! Backups: a whole server in one file, from either engine, for either engine.
//!
//! The file is a `.tar.gz` that `tar` opens: `about.json` says what it is, `tables/…` holds the rows as lines of JSON, one
//! table after the other, `secret.key` the key that secrets in the database are sealed with, `configuration.toml` the
//! settings, `media/…` which files there are, `files/…` these files if they were asked for, and `manifest.json` at the end
//! the counts and checksums. Encrypted it is a `.tar.gz.age` that `age` opens.

pub mod age;
mod bech32;
mod create;
mod read;
mod shelf;

use std::collections::HashMap;

use phiomia_model::Time;
use serde::{Deserialize, Serialize};

use crate::db::copy::{Sum, Table};

pub use create::{Contents, create};
pub use read::{Checked, Restoring, check, restore};
pub use shelf::{Kept, Shelf};

/// The form of the archive. A reader refuses a later one.
const FORMAT: u32 = 1;

const ABOUT: &str = "about.json";
const MANIFEST: &str = "manifest.json";
const KEY: &str = "secret.key";
const CONFIGURATION: &str = "configuration.toml";
const TABLES: &str = "tables/";
const MEDIA: &str = "media/";
const FILES: &str = "files/";

/// What an archive is: its first entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// When, in microseconds since 1970.
    pub made_at: i64,
    /// The domain of the server's handles.
    pub domain: String,
    /// The engine it came from, for people; it is restored into either.
    pub engine: String,
    /// The version of the schema, which is the number of the last migration.
    pub schema: usize,
    /// Whether the files are in it, or only their list.
    pub has_media: bool,
    /// Whether the configuration in it shows its secrets.
    pub has_secrets: bool,
    tables: Vec<Table>,
}

impl About {
    /// When it was made.
    #[must_use]
    pub fn made_at(&self) -> Time {
        Time(self.made_at)
    }
}

/// What is in an archive: its last entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    tables: HashMap<String, Sum>,
    /// Files that the server had.
    pub n_files: u64,
    /// Their bytes.
    pub n_file_bytes: u64,
    /// Files that are in the archive.
    pub n_files_inside: u64,
    /// SHA-256 of everything in front of this, in hexadecimal digits.
    sha256: String,
}

impl Manifest {
    /// Rows of all tables.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        self.tables.values().map(|sum| sum.n_rows).sum()
    }

    /// Tables.
    #[must_use]
    pub fn n_tables(&self) -> usize {
        self.tables.len()
    }
}

/// One file of the server, as a line of the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Listed {
    key: String,
    n_bytes: u64,
}
