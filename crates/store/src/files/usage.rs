//! How much lies on the shelf, by what it is to who asks what takes the room.

use std::collections::{BTreeMap, HashSet};

use futures_util::TryStreamExt as _;
use phiomia_model::Fault;

use super::{FileKind, Files, Place, Shelf, Stored, Tally};

/// What there is, also of what there is nothing.
const WORDS: [&str; 7] = ["attachments", "previews", "avatars", "headers", "emoji", "site", "cache"];

impl Place {
    /// Where files may be.
    #[must_use]
    pub fn shelves(self) -> Vec<Shelf> {
        if self.is_moving { vec![self.shelf, self.shelf.other()] } else { vec![self.shelf] }
    }
}

impl Files {
    /// Files and bytes of each kind. Goes through all of them: in a bucket with a million files that is a thousand requests.
    ///
    /// # Errors
    /// The first listing that failed.
    pub async fn usage(&self) -> Result<BTreeMap<&'static str, Tally>, Fault> {
        let mut all: BTreeMap<&str, Tally> = WORDS.map(|word| (word, Tally::default())).into();
        let place = self.place();
        for kind in FileKind::ALL {
            let mut seen = HashSet::new();
            for shelf in place.shelves() {
                let mut pages = self.pages(shelf, kind)?;
                while let Some(page) = pages.try_next().await? {
                    for file in page {
                        let tally = all.entry(word(&file)).or_default();
                        // While they move some are in both places.
                        if !place.is_moving || seen.insert(file.key) {
                            tally.add(file.n_bytes);
                        }
                    }
                }
            }
        }
        Ok(all)
    }
}

fn word(file: &Stored) -> &'static str {
    match file.key.kind() {
        FileKind::Media if file.key.label().starts_with("original") => "attachments",
        FileKind::Media => "previews",
        kind => kind.as_str(),
    }
}
