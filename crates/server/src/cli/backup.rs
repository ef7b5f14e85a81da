//! `phiomia backup`: a whole server in one file, and back.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use phiomia_model::{Error, Fault, Refusal};
use phiomia_store::{
    Clock, Db, Entropy,
    backup::{
        self, About, Checked, Restoring, Shelf,
        age::{Decrypting, Identity, Recipient},
    },
    db::{Opener, Settings, SqliteSettings, settings},
    files::{FileKey, Files, Place, Shelf as FilesShelf},
};
use serde_json::json;

use super::{Failure, Global, db::lock, desk::Desk, print, runtime};
use crate::{
    backups::{Backups, Plan},
    config::{Config, Loaded},
    house::{folder, shelf},
};

/// The configuration of a backup, in the data folder.
const CONFIGURATION: &str = "restored.toml";

/// What to do with backups.
#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Make one, while the server runs or not, and print where it is
    Create(Create),
    /// The backups of this server that are kept where the configuration says, oldest first
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Restore one into a scratch database, compare, and throw that away
    Verify(Which),
    /// Fill a machine that has nothing yet: an empty database of either engine, and the data folder
    Restore(Which),
    /// Make a key pair of age: the identity for you to keep elsewhere, the recipient for backup.recipients
    Keygen,
}

/// How to make one; what is not said here the configuration says.
#[derive(Debug, Args)]
pub struct Create {
    /// The folder to keep it in
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// With the files of people, not only their list
    #[arg(long)]
    media: bool,
    /// With the secrets of the configuration: passwords and keys of databases, buckets and mail servers
    #[arg(long)]
    secrets: bool,
    /// Encrypted for whoever holds the key to age1…; may be said several times
    #[arg(long, value_name = "AGE1…")]
    recipient: Vec<Recipient>,
}

/// Which one.
#[derive(Debug, Args)]
pub struct Which {
    /// A file, or a name as `phiomia backup list` prints it
    backup: String,
    /// The file with the key of age that opens it
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

impl Backup {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        match self {
            Backup::Create(command) => command.run(global),
            Backup::List { json } => list(global, *json),
            Backup::Verify(which) => verify(&global.load(&[])?, which),
            Backup::Restore(which) => restore(&global.load(&[])?, which),
            Backup::Keygen => keygen(),
        }
    }
}

impl Create {
    fn run(&self, global: &Global) -> Result<(), Failure> {
        let loaded = global.load(&[])?;
        let mut plan = Plan::of(&loaded).map_err(Failure)?;
        super::db::must_exist(&plan.database)?;
        if let Some(folder) = &self.directory {
            plan.shelf = Shelf::folder(folder);
        }
        plan.with_media |= self.media;
        if self.secrets {
            plan.configure(&loaded, true);
        }
        if !self.recipient.is_empty() {
            plan.recipients.clone_from(&self.recipient);
        }
        let encrypted = !plan.recipients.is_empty();
        let (backups, with_media) = (Backups::from(plan), loaded.config.backup.media || self.media);
        Desk::work(global, async |desk| {
            let files = desk.files().await?;
            let made = backups.make(&files, desk.db.clock().now()).await?;
            let manifest = &made.manifest;
            let files = match with_media {
                true => format!("{} files", manifest.n_files_inside),
                false => format!("a list of {} files, not these themselves", manifest.n_files),
            };
            let secrets = if self.secrets || loaded.config.backup.secrets { "with" } else { "without" };
            let readable =
                if encrypted { "encrypted" } else { "not encrypted: whoever reads it can be everybody here" };
            print(&format!(
                "{}\n{} rows of {} tables, {files}, the key of the data folder, the configuration {secrets} its secrets; \
                 {readable}",
                made.place,
                manifest.n_rows(),
                manifest.n_tables(),
            ))
        })
    }
}

fn list(global: &Global, as_json: bool) -> Result<(), Failure> {
    let backups = Backups::of(&global.load(&[])?).map_err(Failure)?;
    let all = runtime()?.block_on(backups.list())?;
    if as_json {
        let one = |kept: &backup::Kept| json!({ "name": kept.name, "bytes": kept.n_bytes, "modified_at": kept.modified_at.to_iso_millis() });
        return print(&serde_json::Value::from_iter(all.iter().map(one)).to_string());
    }
    let line =
        |kept: &backup::Kept| format!("{}\t{} bytes\t{}\n", kept.name, kept.n_bytes, kept.modified_at.to_iso_millis());
    print(&all.iter().map(line).collect::<String>())
}

fn keygen() -> Result<(), Failure> {
    let (identity, text) = Identity::new(&Entropy::system())?;
    print(&format!("# public key: {}\n{}", identity.recipient()?, text.expose()))
}

/// A backup on this machine.
struct Opened {
    path: PathBuf,
    identities: Vec<Identity>,
    /// It was fetched, and goes again.
    is_scratch: bool,
}

impl Opened {
    fn find(loaded: &Loaded, which: &Which) -> Result<Opened, Failure> {
        let identities = match &which.identity {
            Some(path) => {
                let text = std::fs::read_to_string(path);
                Identity::all(&text.map_err(|e| Failure::because(&format!("reading {}", path.display()), e))?)
                    .map_err(|refusal| Failure(refusal.to_string()))?
            }
            None => Vec::new(),
        };
        if Path::new(&which.backup).is_file() {
            return Ok(Opened { path: which.backup.clone().into(), identities, is_scratch: false });
        }
        let missing = || Failure(format!("there is no backup {}", which.backup));
        // A name is no path, so it leads nowhere else.
        if which.backup.contains('/') {
            return Err(missing());
        }
        let plan = Plan::of(loaded).map_err(Failure)?;
        folder::make_for_command(&plan.data).map_err(Failure)?;
        let scratch = plan.data.join("fetched-backup.part");
        let found = runtime()?.block_on(plan.shelf.fetch(&which.backup, &scratch))?;
        let path = found.ok_or_else(missing)?;
        Ok(Opened { is_scratch: path == scratch, path, identities })
    }

    /// From its beginning, decrypted if it is encrypted.
    fn read(&self) -> Result<Box<dyn Read + '_>, Error> {
        let failed = |e| Fault::because(format!("reading {}", self.path.display()), e);
        let file = BufReader::new(File::open(&self.path).map_err(failed)?);
        let is_encrypted = self.path.extension().is_some_and(|ending| ending == "age");
        match (is_encrypted || !self.identities.is_empty(), self.identities.as_slice()) {
            (false, _) => Ok(Box::new(file)),
            (true, []) => Err(refused("the backup is encrypted: say with --identity which file has the key")),
            (true, identities) => Ok(Box::new(Decrypting::begin(file, identities)?)),
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if self.is_scratch {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn verify(loaded: &Loaded, which: &Which) -> Result<(), Failure> {
    let opened = Opened::find(loaded, which)?;
    let Checked { about, manifest, .. } = backup::check(opened.read()?)?;
    let data = loaded.config.data();
    folder::make_for_command(data).map_err(Failure)?;
    let scratch = Scratch(data.join(format!("verified-backup-{}.sqlite3", std::process::id())));
    let to = Settings::Sqlite(SqliteSettings::at(&scratch.0));
    let n_rows = backup::restore(opened.read()?, &manifest, &to, Clock::system().now(), &mut Nowhere)?;
    print(&format!(
        "the backup is whole: {n_rows} rows of {} tables came back as they were, and {} files are in it\n{}",
        manifest.n_tables(),
        manifest.n_files_inside,
        told(&about)
    ))
}

fn told(about: &About) -> String {
    format!(
        "made at {} by version {} on {}, for {}; the configuration in it has {} secrets",
        about.made_at().to_iso_millis(),
        about.program,
        about.engine,
        about.domain,
        if about.has_secrets { "its" } else { "no" }
    )
}

/// A database for a moment.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let mut path = self.0.clone().into_os_string();
            path.push(ending);
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Takes the rest of a backup and keeps nothing of it.
struct Nowhere;

impl Restoring for Nowhere {
    fn configuration(&mut self, _: &str) -> Result<(), Error> {
        Ok(())
    }
    fn file(&mut self, _: &FileKey, _: u64, _: &mut dyn Read) -> Result<(), Error> {
        Ok(())
    }
}

fn restore(loaded: &Loaded, which: &Which) -> Result<(), Failure> {
    let config = &loaded.config;
    let opened = Opened::find(loaded, which)?;
    let checked = backup::check(opened.read()?)?;
    let to = config.database_settings().map_err(Failure)?;
    folder::make_for_command(config.data()).map_err(Failure)?;
    let _lock = lock(config, &to, "a server is running on this data: a backup is restored where there is nothing yet")?;
    // Before the database: with another key than its own it would be worth little.
    folder::put(config.data(), folder::KEY_FILE, &checked.key).map_err(Failure)?;
    let runtime = runtime()?;
    let files = runtime.block_on(Files::disk(config.data().join("files")))?;
    let mut machine = Machine { config, files, runtime: &runtime };
    let now = Clock::system().now();
    let n_rows = backup::restore(opened.read()?, &checked.manifest, &to, now, &mut machine)?;
    let Checked { about, manifest, .. } = &checked;
    settle(&to, about, &runtime)?;
    let mut said = format!(
        "{n_rows} rows of {} tables are back as they were\n{}\nits configuration is {}: look it over and take from it what \
         holds here",
        manifest.n_tables(),
        told(about),
        config.data().join(CONFIGURATION).display(),
    );
    match about.has_media {
        true => said.push_str(&format!("\n{} files are back", manifest.n_files_inside)),
        false if manifest.n_files > 0 => {
            said.push_str(&format!("\n{} files of people were not in it: bring them separately", manifest.n_files));
        }
        false => {}
    }
    let here = config.addresses().local_domain;
    if here != about.domain {
        said.push_str(&format!(
            "\nset instance.domain to {} before the server starts: the configuration says {here}",
            about.domain
        ));
    }
    print(&said)
}

/// Files that came with a backup are on the disk now, wherever they had been.
fn settle(to: &Settings, about: &About, runtime: &tokio::runtime::Runtime) -> Result<(), Failure> {
    let opened = Db::open(to.clone(), Clock::system(), Opener::Command)?;
    let db = opened.db;
    let done = runtime.block_on(async {
        let said = db.read(|q| Ok(settings::get(q, Place::SETTING)?)).await?;
        if about.has_media && said.is_some_and(|place| place != Place::at(FilesShelf::Disk).to_string()) {
            shelf::put_at(&db, Place::at(FilesShelf::Disk)).await?;
        }
        Ok::<(), Error>(())
    });
    db.close();
    Ok(done?)
}

/// The machine that had nothing.
struct Machine<'a> {
    config: &'a Config,
    files: Files,
    runtime: &'a tokio::runtime::Runtime,
}

impl Restoring for Machine<'_> {
    fn configuration(&mut self, text: &str) -> Result<(), Error> {
        Ok(folder::put(self.config.data(), CONFIGURATION, text.as_bytes()).map_err(Fault::new)?)
    }

    fn file(&mut self, key: &FileKey, n_bytes: u64, content: &mut dyn Read) -> Result<(), Error> {
        // The shelf reads on a thread of its own; the archive is read here.
        let path = self.config.data().join("restored-file.part");
        let failed = |e: io::Error| Fault::because("restoring a file", e);
        let mut spool = File::create(&path).map_err(failed)?;
        io::copy(content, &mut spool).map_err(failed)?;
        let kept = self.runtime.block_on(self.files.put_from(key, File::open(&path).map_err(failed)?));
        std::fs::remove_file(&path).map_err(failed)?;
        match kept? == n_bytes {
            true => Ok(()),
            false => Err(Fault::new("a file of the backup came in another length").into()),
        }
    }
}

fn refused(sentence: &str) -> Error {
    Refusal::Invalid(sentence.to_owned()).into()
}
