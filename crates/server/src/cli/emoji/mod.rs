//! `phiomia emoji`: this server's custom emoji, beside a running server, which shows each change at once.

mod pack;
mod tar;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::{Args, Subcommand};
use phiomia_media::{Picture, Purpose};
use phiomia_model::{Error, Refusal};
use phiomia_social::emojis::{self, Offer};
use phiomia_store::{
    db::emojis::{self as rows, CustomEmojiView},
    files::Files,
};
use phiomia_workshop::{Spoiled, Workshop};
use serde_json::{Value, json};

use super::{Failure, Global, desk::Desk, print, seed::read};

/// Profiles and posts of another server that are looked through for its emoji.
const MOST_LOOKED_AT: i64 = 5_000;

/// What is done with emoji.
#[derive(Debug, Subcommand)]
pub enum Emoji {
    /// Offer an emoji; one of that name gets the new picture
    Add {
        /// The name between colons
        code: String,
        /// A PNG, GIF or WebP file of up to 256 kB
        file: PathBuf,
        /// How it is offered.
        #[command(flatten)]
        offered: Offered,
    },
    /// List emoji: name, category, whether pickers have it, whether it moves
    List {
        /// Those that are known of another server instead, with where they lie
        #[arg(long)]
        domain: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take an emoji away; texts that name it show the name
    Remove {
        /// Which
        code: String,
    },
    /// Change how an emoji is offered
    Modify {
        /// Which
        code: String,
        /// Another group in pickers; an empty one is none
        #[arg(long)]
        category: Option<String>,
        /// Not in pickers; who knows the name can use it
        #[arg(long, conflicts_with = "visible")]
        hidden: bool,
        /// In pickers again
        #[arg(long)]
        visible: bool,
    },
    /// Offer all pictures of a pack: a .tar or .tar.gz file or a folder; files are named by what the emoji shall be called
    Import(pack::Import),
    /// Write all emoji into a .tar or .tar.gz file, by which they come in elsewhere
    Export(pack::Export),
    /// Offer an emoji of another server here, with its picture as it is now
    Copy {
        /// Which, as blobcat@example.com
        #[arg(value_name = "CODE@DOMAIN")]
        code: String,
        /// What it is called here, if otherwise
        #[arg(long = "as", value_name = "CODE")]
        name: Option<String>,
        /// Also when there is one of that name here: it gets the new picture
        #[arg(long)]
        overwrite: bool,
        /// How it is offered.
        #[command(flatten)]
        offered: Offered,
    },
}

/// How new ones are offered.
#[derive(Clone, Debug, Args)]
pub struct Offered {
    /// Group in pickers
    #[arg(long)]
    category: Option<String>,
    /// Not in pickers; who knows the name can use it
    #[arg(long, alias = "unlisted")]
    hidden: bool,
}

impl Offered {
    fn offer(&self) -> Offer {
        Offer { category: self.category.clone(), is_visible: !self.hidden }
    }
}

impl Emoji {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            Emoji::Add { code, file, offered } => add(desk, code, file, &offered.offer()).await,
            Emoji::List { domain: None, json } => list(desk, *json).await,
            Emoji::List { domain: Some(domain), json } => elsewhere(desk, domain, *json).await,
            Emoji::Remove { code } => {
                let name = code.clone();
                named(code, desk.db.write(move |tx| emojis::remove(tx, &name)).await)
            }
            Emoji::Modify { code, category, hidden, visible } => {
                let (name, category) = (code.clone(), category.clone());
                let is_visible = (*hidden || *visible).then_some(*visible);
                let changing = desk.db.write(move |tx| emojis::modify(tx, &name, category.as_deref(), is_visible));
                named(code, changing.await)
            }
            Emoji::Import(import) => import.run(desk).await,
            Emoji::Export(export) => export.run(desk).await,
            Emoji::Copy { code, name, overwrite, offered } => {
                copy(desk, code, name.as_deref(), *overwrite, &offered.offer()).await
            }
        })
    }
}

/// Says which emoji it is that is not there.
fn named(code: &str, done: Result<(), Error>) -> Result<(), Failure> {
    done.map_err(|error| match error {
        Error::Refused(Refusal::NotFound(_)) => Failure(format!("there is no emoji {code} here")),
        error => error.into(),
    })
}

/// Offers a file as an emoji.
///
/// # Errors
/// A sentence.
pub(super) async fn add(desk: &Desk, name: &str, file: &Path, offer: &Offer) -> Result<(), Failure> {
    emojis::check_name(name).map_err(Error::from)?;
    // One more than may be: then it shows that it is too large.
    let bytes = read(file, Purpose::Emoji.max_bytes() as u64 + 1)?;
    Kitchen::open(desk).await?.offer(name, bytes, offer).await
}

/// What pictures become emoji with.
struct Kitchen<'a> {
    desk: &'a Desk,
    files: Files,
    workshop: Workshop,
}

impl Kitchen<'_> {
    async fn open(desk: &Desk) -> Result<Kitchen<'_>, Failure> {
        Ok(Kitchen { desk, files: desk.files().await?, workshop: desk.workshop()? })
    }

    /// A file of a stranger becomes an emoji.
    async fn offer(&self, name: &str, bytes: Vec<u8>, offer: &Offer) -> Result<(), Failure> {
        let picture =
            self.workshop.picture(Bytes::from(bytes), Purpose::Emoji).await.map_err(|spoiled| match spoiled {
                Spoiled::Unfit(unfit) => Failure(format!("the file {unfit}")),
                Spoiled::Broken(fault) => fault.into(),
            })?;
        self.keep(name, picture, offer).await
    }

    async fn keep(&self, name: &str, picture: Picture, offer: &Offer) -> Result<(), Failure> {
        let shelved = emojis::shelve(&self.files, &self.desk.entropy, picture).await?;
        let (name, picture, offer) = (name.to_owned(), shelved.clone(), offer.clone());
        let added = self.desk.db.write(move |tx| emojis::add(tx, &name, &picture, &offer)).await;
        if added.is_err() {
            // No row names it. If this fails too, `media orphans` finds it.
            let _ = emojis::unshelve(&self.files, &shelved).await;
        }
        Ok(added?)
    }
}

async fn list(desk: &Desk, as_json: bool) -> Result<(), Failure> {
    let all = desk.db.read(|q| Ok(rows::all(q)?)).await?;
    if as_json {
        let emoji = |emoji: &CustomEmojiView| {
            json!({
                "shortcode": emoji.shortcode,
                "category": emoji.category,
                "visible_in_picker": emoji.is_visible,
                "url": desk.addresses.file_url(&emoji.file),
                "static_url": desk.addresses.file_url(emoji.still.as_ref().unwrap_or(&emoji.file)),
                "media_type": emoji.content_type,
            })
        };
        return print(&Value::from(all.iter().map(emoji).collect::<Vec<_>>()).to_string());
    }
    let line = |emoji: &CustomEmojiView| {
        let offered = if emoji.is_visible { "visible" } else { "hidden" };
        let moves = if emoji.still.is_some() { "moves" } else { "still" };
        format!("{}\t{}\t{offered}\t{moves}\n", emoji.shortcode, emoji.category.as_deref().unwrap_or_default())
    };
    print(&all.iter().map(line).collect::<String>())
}

async fn elsewhere(desk: &Desk, domain: &str, as_json: bool) -> Result<(), Failure> {
    let domain = domain.to_ascii_lowercase();
    let all = desk.db.read(move |q| Ok(rows::elsewhere(q, &domain, None, MOST_LOOKED_AT)?)).await?;
    if as_json {
        return print(&json!(all).to_string());
    }
    print(&all.iter().map(|emoji| format!("{}\t{}\n", emoji.shortcode, emoji.url)).collect::<String>())
}

async fn copy(desk: &Desk, code: &str, name: Option<&str>, overwrite: bool, offer: &Offer) -> Result<(), Failure> {
    let code = code.trim_matches(':');
    let (there, domain) = code
        .split_once('@')
        .filter(|(there, domain)| !there.is_empty() && !domain.is_empty())
        .ok_or_else(|| Failure(format!("{code} is no emoji of another server: write it as blobcat@example.com")))?;
    let here = name.unwrap_or(there);
    emojis::check_name(here).map_err(Error::from)?;
    let wanted = here.to_owned();
    if !overwrite && desk.db.read(move |q| Ok(rows::find(q, &wanted)?)).await?.is_some() {
        return Err(Failure(format!(
            "there is an emoji {here} here; --as gives it another name, --overwrite replaces it"
        )));
    }
    let picture = desk.gallery().await?.emoji(&domain.to_ascii_lowercase(), there).await?;
    Kitchen::open(desk).await?.keep(here, picture, offer).await
}
