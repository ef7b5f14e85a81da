//! Room on the files shelf: taken before anything is written, free when it is removed, never more than there may be.

use std::time::Duration;

use phiomia_media::{Picture, Purpose, Version as File};
use phiomia_model::Error;
use phiomia_social::remote::files::{self as verbs, Reserved, Room};
use phiomia_store::{
    db::{
        federation::domains,
        remote_files::{self as rows, NewVersion},
    },
    files::{FileKey, FileKind},
};

use super::{Gallery, Version};

/// How often it is looked whether more lies here than may.
const TRIM_PAUSE: Duration = Duration::from_secs(3_600);
/// Rounds in which room is made for one picture.
const MOST_ROUNDS: usize = 64;

impl Gallery {
    /// Puts a picture on the shelf. `None`: there is no room for it.
    pub(super) async fn keep(
        &self,
        id: i64,
        purpose: Purpose,
        picture: &Picture,
    ) -> Result<Option<Vec<(Version, FileKey)>>, Error> {
        let mut random = [0_u8; 16];
        self.0.entropy.fill(&mut random)?;
        let random = u128::from_be_bytes(random);
        let mut files: Vec<(Version, FileKey, &File)> = Vec::new();
        let versions = [
            (Version::Original, Some(&picture.original)),
            (Version::Small, picture.preview.as_ref()),
            (Version::Static, picture.still.as_ref().filter(|_| purpose != Purpose::Attachment)),
        ];
        for (version, file) in versions.into_iter().filter_map(|(version, file)| Some((version, file?))) {
            let label = format!("{}.{}", version.word(), file.format.extension());
            files.push((version, FileKey::new(FileKind::Cache, random, &label)?, file));
        }
        let new = files.iter().map(|(version, key, file)| NewVersion {
            version: version.word(),
            key: key.to_string(),
            n_bytes: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
            // Previews are what most people look at, and small.
            rank: i64::from(purpose != Purpose::Attachment || *version != Version::Original),
        });
        if !self.reserve(id, new.collect()).await? {
            return Ok(None);
        }
        for (_, key, file) in &files {
            self.0.files.put(key, file.bytes.clone()).await?;
        }
        let keys: Vec<String> = files.iter().map(|(_, key, _)| key.to_string()).collect();
        let replaced = self.0.federation.db.write(move |tx| verbs::keep(tx, id, &keys)).await?;
        self.remove(replaced).await?;
        Ok(Some(files.into_iter().map(|(version, key, _)| (version, key)).collect()))
    }

    /// Takes room, and makes it if it has to.
    async fn reserve(&self, id: i64, new: Vec<NewVersion>) -> Result<bool, Error> {
        let _alone = self.0.making_room.lock().await;
        for _ in 0..MOST_ROUNDS {
            let (room, new) = (self.room().await?, new.clone());
            match self.0.federation.db.write(move |tx| verbs::reserve(tx, id, &new, room)).await? {
                Reserved::Granted => return Ok(true),
                Reserved::Never => return Ok(false),
                Reserved::After(leaving) => self.remove(leaving).await?,
            }
        }
        Ok(false)
    }

    async fn room(&self) -> Result<Room, Error> {
        let settings = &self.0.settings;
        let space = self.0.files.space().await?;
        let budget = i64::try_from(settings.budget).unwrap_or(i64::MAX);
        Ok(Room { budget, spare: space.map(|space| space.spare(settings.left_to_others)) })
    }

    /// Removes files that leave; only then is their room free.
    async fn remove(&self, keys: Vec<String>) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        for key in &keys {
            self.0.files.delete(&key.parse::<FileKey>()?).await?;
        }
        self.0.federation.db.write(move |tx| verbs::gone(tx, &keys)).await
    }

    /// A file that should be there and is not, as after a backup without these files: it is fetched at the next look.
    ///
    /// # Errors
    /// The database or the disk failed.
    pub async fn lost(&self, key: &FileKey) -> Result<(), Error> {
        let keys = vec![key.to_string()];
        let leaving = keys.clone();
        self.0.federation.db.write(move |tx| Ok(rows::leave(tx, &leaving)?)).await?;
        self.remove(keys).await
    }

    /// Removes what nobody looked at for so long, of a domain and what lies below it if one is given. How many files
    /// that were, and their bytes.
    ///
    /// # Errors
    /// The database or the disk failed.
    pub async fn remove_unused(&self, domain: Option<&str>, idle: Duration) -> Result<(i64, i64), Error> {
        let (mut n_files, mut n_bytes) = (0, 0);
        loop {
            let domain = domain.map(str::to_owned);
            let leaving =
                self.0.federation.db.write(move |tx| verbs::leave_unused(tx, domain.as_deref(), idle)).await?;
            if leaving.is_empty() {
                return Ok((n_files, n_bytes));
            }
            for (_, bytes) in &leaving {
                n_files += 1;
                n_bytes += bytes;
            }
            self.remove(leaving.into_iter().map(|(key, _)| key).collect()).await?;
        }
    }

    /// Removes what lies here of a domain, and of what lies below it, and forgets its addresses. How many files that were.
    ///
    /// # Errors
    /// The database or the disk failed.
    pub async fn forget_domain(&self, domain: &str) -> Result<usize, Error> {
        let n_files = self.remove_domain(domain).await?;
        let name = domain.to_owned();
        self.0.federation.db.write(move |tx| Ok(rows::forget_domain(tx, &name)?)).await?;
        Ok(n_files)
    }

    async fn remove_domain(&self, domain: &str) -> Result<usize, Error> {
        let mut n_files = 0;
        loop {
            let domain = domain.to_owned();
            let leaving = self.0.federation.db.write(move |tx| verbs::leave_of_domain(tx, &domain)).await?;
            if leaving.is_empty() {
                return Ok(n_files);
            }
            n_files += leaving.len();
            self.remove(leaving).await?;
        }
    }

    /// Keeps order, until the task is dropped.
    pub async fn watch(self) {
        loop {
            if let Err(error) = self.trim().await {
                tracing::warn!("what is kept of other servers' pictures could not be looked through: {error:?}");
            }
            tokio::time::sleep(TRIM_PAUSE).await;
        }
    }

    /// Puts in order what is kept: what a process that died left behind goes, what is of domains whose media is not
    /// taken any more, and what is more than may be.
    ///
    /// # Errors
    /// The database or the disk failed.
    pub async fn trim(&self) -> Result<(), Error> {
        let db = &self.0.federation.db;
        let now = db.clock().now();
        let left_over = db.read(move |q| verbs::left_over(q, now)).await?;
        self.remove(left_over).await?;
        let rejected = db.read(|q| Ok(domains::rejecting_media(q)?)).await?;
        for domain in rejected {
            self.remove_domain(&domain).await?;
        }
        while db.write(verbs::forget).await? {}
        let _alone = self.0.making_room.lock().await;
        loop {
            let room = self.room().await?;
            let leaving = db.write(move |tx| verbs::too_much(tx, room)).await?;
            if leaving.is_empty() {
                return Ok(());
            }
            self.remove(leaving).await?;
        }
    }
}
