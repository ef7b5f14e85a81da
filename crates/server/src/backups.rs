//! Backups of this server: what goes into them, what they are called, where they are kept, and how many.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::PathBuf,
    sync::Arc,
};

use phiomia_model::{Error, Fault, Time};
use phiomia_store::{
    Entropy,
    backup::{
        self, Contents, Kept, Manifest, Shelf,
        age::{Encrypting, Recipient},
    },
    db::Settings,
    files::Files,
};
use tokio::{runtime::Handle, task::spawn_blocking};

use crate::{
    config::{Loaded, Schedule, print_toml, print_with_secrets},
    house::folder,
};

/// How backups are made. A clone is another handle of the same.
#[derive(Clone)]
pub struct Backups(Arc<Plan>);

/// What is said of them.
pub struct Plan {
    /// Of what.
    pub database: Settings,
    /// Where the key is.
    pub data: PathBuf,
    /// Where they are kept.
    pub shelf: Shelf,
    /// The domain of the server's handles.
    pub domain: String,
    /// The configuration that goes into them.
    pub configuration: String,
    /// Whether that shows its secrets.
    pub has_secrets: bool,
    /// Whether files go into them.
    pub with_media: bool,
    /// For whom they are encrypted; for nobody: not at all.
    pub recipients: Vec<Recipient>,
    /// How many are kept.
    pub keep: usize,
    /// When they are made.
    pub schedule: Option<Schedule>,
    /// Where keys come from.
    pub entropy: Entropy,
}

/// A backup that was made.
#[derive(Debug)]
pub struct Made {
    /// Where it is.
    pub place: String,
    /// What is in it.
    pub manifest: Manifest,
}

impl Plan {
    /// As the configuration says.
    ///
    /// # Errors
    /// A sentence, when it does not hold.
    pub fn of(loaded: &Loaded) -> Result<Plan, String> {
        let (config, said) = (&loaded.config, &loaded.config.backup);
        let folder = said.directory.clone().unwrap_or_else(|| config.data().join("backups"));
        let shelf = match config.backup_bucket()? {
            None => Shelf::folder(folder),
            Some(bucket) => Shelf::bucket(folder, bucket).map_err(|fault| fault.chain())?,
        };
        let mut plan = Plan {
            database: config.database_settings()?,
            data: config.data().to_owned(),
            shelf,
            domain: config.addresses().local_domain,
            configuration: String::new(),
            has_secrets: false,
            with_media: said.media,
            recipients: said.recipients.clone(),
            keep: said.keep.0,
            schedule: said.schedule,
            entropy: Entropy::system(),
        };
        plan.configure(loaded, said.secrets);
        Ok(plan)
    }

    /// Takes the configuration along, with or without its secrets.
    pub fn configure(&mut self, loaded: &Loaded, with_secrets: bool) {
        self.has_secrets = with_secrets;
        self.configuration = if with_secrets { print_with_secrets(loaded) } else { print_toml(loaded) };
    }

    /// `phiomia-example.org-`
    fn prefix(&self) -> String {
        format!("phiomia-{}-", self.domain.replace(':', "_"))
    }

    /// `phiomia-example.org-20261126T030000Z.tar.gz`: sorted by name they are sorted by time.
    fn name(&self, now: Time) -> String {
        let moment: String = now.to_iso_millis().chars().filter(char::is_ascii_alphanumeric).take(15).collect();
        let ending = if self.recipients.is_empty() { "" } else { ".age" };
        format!("{}{moment}Z.tar.gz{ending}", self.prefix())
    }
}

impl Backups {
    /// As the configuration says.
    ///
    /// # Errors
    /// A sentence, when it does not hold.
    pub fn of(loaded: &Loaded) -> Result<Backups, String> {
        Plan::of(loaded).map(Backups::from)
    }

    /// When they are made by themselves.
    #[must_use]
    pub fn schedule(&self) -> Option<Schedule> {
        self.0.schedule
    }

    /// Makes one while the server goes on.
    ///
    /// # Errors
    /// The database, the files, or where it is kept failed. Nothing is left of it then.
    pub async fn make(&self, files: &Files, now: Time) -> Result<Made, Error> {
        let plan = &self.0;
        let name = plan.name(now);
        let key = folder::key_bytes(&plan.data).map_err(Fault::new)?;
        let contents = Contents {
            domain: plan.domain.clone(),
            key: key.ok_or_else(|| Fault::new("the data folder has no secret.key"))?,
            configuration: plan.configuration.clone(),
            has_secrets: plan.has_secrets,
            files: files.clone(),
            with_media: plan.with_media,
            made_at: now,
        };
        let (writing, runtime, called) = (self.clone(), Handle::current(), name.clone());
        let written = spawn_blocking(move || writing.write(&called, &contents, &runtime)).await;
        let kept = match written.map_err(|e| Fault::because("writing the backup", e))? {
            Ok((file, manifest)) => {
                plan.shelf.keep(&name, file).await.map(|place| Made { place, manifest }).map_err(Error::from)
            }
            Err(error) => Err(error),
        };
        if kept.is_err() {
            plan.shelf.forget(&name);
        }
        kept
    }

    fn write(&self, name: &str, contents: &Contents, runtime: &Handle) -> Result<(File, Manifest), Error> {
        let plan = &self.0;
        let out = BufWriter::new(plan.shelf.begin(name)?);
        let failed = |e: std::io::Error| Fault::because("writing the backup", e);
        let (mut out, manifest) = if plan.recipients.is_empty() {
            backup::create(&plan.database, contents, out, runtime)?
        } else {
            let out = Encrypting::begin(out, &plan.recipients, &plan.entropy)?;
            let (out, manifest) = backup::create(&plan.database, contents, out, runtime)?;
            (out.finish().map_err(failed)?, manifest)
        };
        out.flush().map_err(failed)?;
        Ok((out.into_inner().map_err(|e| failed(e.into_error()))?, manifest))
    }

    /// The backups of this server that are kept, oldest first.
    ///
    /// # Errors
    /// When it cannot be told.
    pub async fn list(&self) -> Result<Vec<Kept>, Fault> {
        let prefix = self.0.prefix();
        let mut all = self.0.shelf.list().await?;
        // Of another server whose name goes on with a hyphen only the time would be taken for more of a name.
        all.retain(|kept| {
            kept.name.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        });
        Ok(all)
    }

    /// What the schedule asks for: one more, and none beyond as many as are kept.
    ///
    /// # Errors
    /// As [`Backups::make`].
    pub async fn make_and_thin_out(&self, files: &Files, now: Time) -> Result<(), Error> {
        let made = self.make(files, now).await?;
        tracing::info!("a backup of {} rows was made: {}", made.manifest.n_rows(), made.place);
        let all = self.list().await?;
        for old in all.iter().rev().skip(self.0.keep) {
            self.0.shelf.delete(&old.name).await?;
            tracing::info!("the backup {} was deleted: {} newer ones are there", old.name, self.0.keep);
        }
        Ok(())
    }
}

impl From<Plan> for Backups {
    fn from(plan: Plan) -> Backups {
        Backups(Arc::new(plan))
    }
}
