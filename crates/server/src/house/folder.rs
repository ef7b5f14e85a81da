//! The data folder: made at the first start with the secrets in it, and locked by the one process that serves from it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use phiomia_store::{
    Entropy,
    db::Settings,
    seal::{KEY_BYTES, Sealer},
};

use crate::config::Config;

/// The file of the key that secrets in the database are sealed with. In the data folder, not in the database, so that a copy of the one is worth nothing without the other.
pub const KEY_FILE: &str = "secret.key";

/// Makes the data folder if it is not there, for nobody but us. Says in the log when others may look into it.
///
/// # Errors
/// A sentence, when it cannot be made.
pub fn make(data: &Path) -> Result<(), String> {
    make_any(data)?;
    let is_open = fs::metadata(data).is_ok_and(|found| found.permissions().mode() & 0o007 != 0);
    if is_open {
        tracing::warn!("everybody on this machine may look into the data folder {}: chmod 700 it", data.display());
    }
    Ok(())
}

/// The same for a command. What root writes into the folder of somebody else is root's, and the server could not change it.
///
/// # Errors
/// A sentence, when it cannot be made, or is not that of whoever gives the command.
pub fn make_for_command(data: &Path) -> Result<(), String> {
    if rustix::process::geteuid().is_root()
        && let Ok(found) = fs::metadata(data)
        && found.uid() != 0
    {
        let who = user(&fs::read_to_string("/etc/passwd").unwrap_or_default(), found.uid());
        let asked: Vec<String> = std::env::args().collect();
        return Err(format!(
            "the data in {} are those of {who}, and must not become root's: sudo -u {who} {}",
            data.display(),
            asked.join(" ")
        ));
    }
    make(data)
}

/// Who has this number, as `sudo` wants to hear it.
fn user(passwd: &str, number: u32) -> String {
    let found = passwd.lines().find_map(|line| {
        let mut words = line.split(':');
        let name = words.next()?;
        (words.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    });
    found.unwrap_or_else(|| format!("'#{number}'"))
}

/// Makes a folder if it is not there, for nobody but us.
///
/// # Errors
/// A sentence, when it cannot be made.
pub fn make_any(folder: &Path) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| format!("making the folder {} failed: {e}", folder.display()))
}

/// Makes the key that secrets are sealed with, unless there is one. It is never replaced: what was sealed with it
/// would be lost.
///
/// # Errors
/// A sentence, when it cannot be written, or when the one that is there is none.
pub fn make_key(data: &Path, entropy: &Entropy) -> Result<(), String> {
    let path = data.join(KEY_FILE);
    let wrong = |e: io::Error| format!("making {} failed: {e}", path.display());
    match fs::metadata(&path) {
        Ok(found) if found.len() == KEY_BYTES as u64 => return Ok(()),
        Ok(_) => return Err(format!("{} is no key: put the right one back from a backup", path.display())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(wrong(e)),
    }
    let mut key = [0_u8; KEY_BYTES];
    entropy.fill(&mut key).map_err(|fault| fault.chain())?;
    let beside = data.join(format!("{KEY_FILE}.{}", std::process::id()));
    let made = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&key)?;
        file.sync_all()?;
        // A link, for it does not replace what another process made in this moment.
        match fs::hard_link(&beside, &path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done,
        }?;
        File::open(data)?.sync_all()
    })();
    // Its content has another name by now, or is worth nothing.
    let _ = fs::remove_file(&beside);
    made.map_err(wrong)
}

/// The key itself, for a backup; `None` when there is none yet.
///
/// # Errors
/// A sentence, when it cannot be read.
pub fn key_bytes(data: &Path) -> Result<Option<Vec<u8>>, String> {
    let path = data.join(KEY_FILE);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(format!("reading {} failed: {e}", path.display())),
    }
}

/// Puts a file of a backup into the data folder, for nobody but us. One that is there is never replaced.
///
/// # Errors
/// A sentence, when one of the name is there with another content, or when it cannot be written.
pub fn put(data: &Path, name: &str, content: &[u8]) -> Result<(), String> {
    let path = data.join(name);
    let failed = |e: io::Error| format!("writing {} failed: {e}", path.display());
    match fs::read(&path) {
        Ok(found) if found == content => return Ok(()),
        Ok(_) => return Err(format!("{} is there already, and is another", path.display())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(failed(e)),
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)
}

/// What seals with the key that [`make_key`] made.
///
/// # Errors
/// A sentence, when it cannot be read or is none.
pub fn read_key(data: &Path) -> Result<Sealer, String> {
    let path = data.join(KEY_FILE);
    let bytes = fs::read(&path).map_err(|e| format!("reading {} failed: {e}", path.display()))?;
    let key = bytes.try_into().map_err(|_| format!("{} is no key", path.display()))?;
    Sealer::new(&key).map_err(|fault| fault.chain())
}

/// Held by who serves from a folder; the system gives it back however the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes it; `None` when a process serves there.
    ///
    /// # Errors
    /// A sentence, when its file cannot be made.
    pub fn take(path: &Path) -> Result<Option<Lock>, String> {
        let wrong = |e: io::Error| format!("locking {} failed: {e}", path.display());
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map_err(wrong)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(wrong(e)),
        }
    }
}

/// Where the lock lies. `None`: several processes may serve, as they share PostgreSQL and Redis.
#[must_use]
pub fn lock_path(config: &Config, database: &Settings) -> Option<PathBuf> {
    match database {
        // Beside the file, which may lie elsewhere: the file is what two servers must not share.
        Settings::Sqlite(sqlite) => Some(sqlite.path.with_extension("lock")),
        Settings::Postgres(_) if config.redis.url.is_some() || config.redis.host.is_some() => None,
        Settings::Postgres(_) => Some(config.data().join("server.lock")),
    }
}

#[cfg(test)]
mod tests {
    use super::user;

    #[test]
    fn whose_the_folder_is_is_said_as_sudo_wants_it() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nphiomia:x:104:109::/var/lib/phiomia:/usr/sbin/nologin\n";
        assert_eq!((user(passwd, 104), user(passwd, 7)), ("phiomia".to_owned(), "'#7'".to_owned()));
    }
}
