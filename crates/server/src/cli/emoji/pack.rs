//! Packs of emoji: many pictures in one archive or folder, named by what they shall be called. As Mastodon's
//! `tootctl emoji import` and `export` have them, and with the descriptions that packs of Misskey (`meta.json`) and of
//! Pleroma (`pack.json`) carry.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use futures_util::{StreamExt as _, stream};
use phiomia_media::Purpose;
use phiomia_social::emojis::{self, Offer};
use phiomia_store::{db::emojis as rows, files::FileKey, tar::Writer};
use serde::{Deserialize, Serialize};

use super::{
    Kitchen, Offered,
    tar::{Archive, Entry},
};
use crate::cli::{Failure, desk::Desk, print};

/// Largest description of a pack, in bytes.
const MOST_DESCRIPTION: u64 = 8 * 1024 * 1024;

/// Brings a pack in.
#[derive(Debug, Args)]
pub struct Import {
    /// The archive or folder
    path: PathBuf,
    /// Before each name
    #[arg(long, default_value = "")]
    prefix: String,
    /// After each name
    #[arg(long, default_value = "")]
    suffix: String,
    /// Also those whose name there is here: they get the new picture
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    offered: Offered,
}

/// Writes a pack.
#[derive(Debug, Args)]
pub struct Export {
    /// The file: .tar, .tar.gz or .tgz
    path: PathBuf,
    /// Those of one category alone
    #[arg(long)]
    category: Option<String>,
    /// Also when the file is there already
    #[arg(long)]
    overwrite: bool,
}

/// How Misskey describes a pack, as far as it is read and written here.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    #[serde(default)]
    emojis: Vec<Described>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    #[serde(default)]
    downloaded: bool,
    file_name: String,
    emoji: Facts,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Facts {
    name: String,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
}

/// How Pleroma does: names, each with its file.
#[derive(Debug, Deserialize)]
struct Pack {
    files: HashMap<String, String>,
}

/// What came of a pack.
#[derive(Debug, Default)]
struct Tally {
    imported: usize,
    skipped: usize,
    failed: usize,
}

/// An opened pack.
enum Opened {
    Folder(fs::ReadDir),
    Archive(Archive<Box<dyn Read>>),
}

impl Opened {
    fn open(path: &Path) -> io::Result<Opened> {
        if path.is_dir() {
            return Ok(Opened::Folder(fs::read_dir(path)?));
        }
        let mut file = BufReader::new(File::open(path)?);
        let is_packed = io::BufRead::fill_buf(&mut file)?.starts_with(&[0x1f, 0x8b]);
        let read: Box<dyn Read> = if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        Ok(Opened::Archive(Archive::new(read)))
    }

    fn next(&mut self, most: u64) -> io::Result<Option<Entry>> {
        let folder = match self {
            Opened::Archive(archive) => return archive.next(most),
            Opened::Folder(folder) => folder,
        };
        for file in folder {
            let file = file?;
            if !file.file_type()?.is_file() {
                continue;
            }
            let mut bytes = Vec::new();
            File::open(file.path())?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
            let is_whole = bytes.len() as u64 <= most;
            let name = file.file_name().to_string_lossy().into_owned();
            return Ok(Some(Entry { name, bytes: is_whole.then_some(bytes) }));
        }
        Ok(None)
    }
}

impl Import {
    pub(super) async fn run(&self, desk: &Desk) -> Result<(), Failure> {
        let broken = |e: io::Error| Failure::because(&format!("reading {}", self.path.display()), e);
        let described = self.described().map_err(broken)?;
        let kitchen = Kitchen::open(desk).await?;
        let mut tally = Tally::default();
        let mut pack = Opened::open(&self.path).map_err(broken)?;
        while let Some(Entry { name, bytes }) = pack.next(Purpose::Emoji.max_bytes() as u64).map_err(broken)? {
            let file = base(&name);
            let Some(stem) = stem(file) else { continue };
            let facts = described.get(file).cloned();
            let facts = facts.unwrap_or_else(|| Facts { name: stem.to_owned(), ..Facts::default() });
            let code = format!("{}{}{}", self.prefix, facts.name, self.suffix);
            let offer = Offer { category: self.offered.category.clone().or(facts.category), ..self.offered.offer() };
            match self.one(&kitchen, &code, bytes, &offer).await {
                Ok(true) => tally.imported += 1,
                Ok(false) => tally.skipped += 1,
                Err(Failure(why)) => {
                    tally.failed += 1;
                    print(&format!("{file}: {why}"))?;
                }
            }
        }
        let Tally { imported, skipped, failed } = tally;
        print(&format!("imported {imported}, skipped {skipped}, failed to import {failed}"))
    }

    /// Whether one became an emoji; not when there is one of that name.
    async fn one(
        &self,
        kitchen: &Kitchen<'_>,
        code: &str,
        bytes: Option<Vec<u8>>,
        offer: &Offer,
    ) -> Result<bool, Failure> {
        emojis::check_name(code).map_err(phiomia_model::Error::from)?;
        let known = code.to_owned();
        if !self.overwrite && kitchen.desk.db.read(move |q| Ok(rows::find(q, &known)?)).await?.is_some() {
            return Ok(false);
        }
        let bytes =
            bytes.ok_or_else(|| Failure(format!("the file is larger than {} bytes", Purpose::Emoji.max_bytes())))?;
        kitchen.offer(code, bytes, offer).await?;
        Ok(true)
    }

    /// What the pack says of its files.
    fn described(&self) -> io::Result<HashMap<String, Facts>> {
        let mut all = HashMap::new();
        let mut pack = Opened::open(&self.path)?;
        // Only a description may be that long; pictures are passed over here.
        while let Some(Entry { name, bytes }) = pack.next(MOST_DESCRIPTION)? {
            let bytes = bytes.unwrap_or_default();
            match base(&name) {
                "meta.json" => {
                    let meta: Meta = serde_json::from_slice(&bytes)?;
                    all.extend(meta.emojis.into_iter().map(|one| (one.file_name, one.emoji)));
                }
                "pack.json" => {
                    let pack: Pack = serde_json::from_slice(&bytes)?;
                    let facts = |(name, file): (String, String)| (file, Facts { name, ..Facts::default() });
                    all.extend(pack.files.into_iter().map(facts));
                }
                _ => {}
            }
        }
        Ok(all)
    }
}

/// The name of a file without its folders.
fn base(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, base)| base)
}

/// The name of a picture without its end; `None`: it is no picture, or what macOS puts beside each file.
fn stem(file: &str) -> Option<&str> {
    let (stem, end) = file.rsplit_once('.')?;
    let is_picture = ["png", "gif", "webp"].iter().any(|known| end.eq_ignore_ascii_case(known));
    (is_picture && !file.starts_with("._")).then_some(stem)
}

impl Export {
    pub(super) async fn run(&self, desk: &Desk) -> Result<(), Failure> {
        let broken = |e: io::Error| Failure::because(&format!("writing {}", self.path.display()), e);
        let name = self.path.to_string_lossy();
        let is_packed = [".gz", ".tgz"].iter().any(|end| name.ends_with(end));
        if !is_packed && !name.ends_with(".tar") {
            return Err(Failure(format!("{name} should end in .tar, .tar.gz or .tgz")));
        }
        if self.path.exists() && !self.overwrite {
            return Err(Failure(format!("{name} is there already; --overwrite writes it anew")));
        }
        let mut all = desk.db.read(|q| Ok(rows::all(q)?)).await?;
        all.retain(|emoji| self.category.is_none() || emoji.category == self.category);
        let files = desk.files().await?;
        let now = u64::try_from(desk.db.clock().now().as_secs()).unwrap_or_default();
        // Written beside it first: who is interrupted has not destroyed the last one.
        let beside = PathBuf::from(format!("{name}.part"));
        let to = BufWriter::new(File::create(&beside).map_err(broken)?);
        let mut to: Box<dyn Finish> =
            if is_packed { Box::new(GzEncoder::new(to, Compression::fast())) } else { Box::new(to) };
        let mut archive = Writer::new(&mut to, now, 0o644);
        let mut meta = Meta::default();
        let mut missing = 0;
        // Pictures are read one after the other: a bucket is asked while the last one is written.
        let mut pictures = stream::iter(all)
            .map(|emoji| {
                let files = files.clone();
                async move {
                    let key: FileKey = emoji.file.parse()?;
                    Ok::<_, phiomia_model::Fault>((files.get(&key).await?, key, emoji))
                }
            })
            .buffered(4);
        while let Some(picture) = pictures.next().await {
            let (bytes, key, emoji) = picture?;
            let Some(bytes) = bytes else {
                missing += 1;
                continue;
            };
            let end = key.label().rsplit_once('.').map_or("png", |(_, end)| end);
            let file_name = format!("{}.{end}", emoji.shortcode);
            archive.entry(&file_name, &bytes).map_err(broken)?;
            let emoji = Facts { name: emoji.shortcode, category: emoji.category, aliases: Vec::new() };
            meta.emojis.push(Described { downloaded: true, file_name, emoji });
        }
        let description = serde_json::to_vec_pretty(&meta).map_err(|e| broken(e.into()))?;
        archive.entry("meta.json", &description).map_err(broken)?;
        archive.finish().map_err(broken)?;
        to.finish().map_err(broken)?;
        fs::rename(&beside, &self.path).map_err(broken)?;
        let lost = if missing > 0 { format!("; the pictures of {missing} are missing") } else { String::new() };
        print(&format!("exported {}{lost}", meta.emojis.len()))
    }
}

/// What ends with something of its own.
trait Finish: Write {
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Finish for BufWriter<File> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        self.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

impl Finish for GzEncoder<BufWriter<File>> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        let inner = GzEncoder::finish(*self)?;
        inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_from_what_lies_beside_them() {
        for (file, wanted) in [
            ("blobcat.png", Some("blobcat")),
            ("party.cat.GIF", Some("party.cat")),
            ("._blobcat.png", None),
            ("LICENSE", None),
            ("meta.json", None),
            ("cat.jpg", None),
        ] {
            assert_eq!(stem(file), wanted, "{file}");
        }
        assert_eq!(base("pack/cats/blobcat.png"), "blobcat.png");
    }
}
