//! `phiomia seed`: what staff offers to everybody.

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use phiomia_social::{emojis::Offer, server};
use serde_json::json;

use super::{Failure, Global, desk::Desk, emoji, print};

/// Longest text of terms, in bytes.
const MOST_TERMS_BYTES: u64 = 1024 * 1024;

/// What to add.
#[derive(Debug, Subcommand)]
pub enum Seed {
    /// Offer a custom emoji; one of that name gets the new picture
    Emoji {
        /// The name between colons
        name: String,
        /// A PNG, GIF or WebP file of up to 256 kB
        file: PathBuf,
        /// Group in pickers
        #[arg(long)]
        category: Option<String>,
    },
    /// Add a rule at the end and print its id
    Rule {
        /// The rule
        text: String,
        /// Explanation
        #[arg(long, default_value = "")]
        hint: String,
        /// The rule in another language, as de=Seid nett; may be given several times
        #[arg(long, value_name = "LANGUAGE=TEXT", value_parser = super::key_value)]
        translation: Vec<(String, String)>,
        /// The explanation in another language
        #[arg(long, value_name = "LANGUAGE=TEXT", value_parser = super::key_value)]
        hint_translation: Vec<(String, String)>,
    },
    /// Write the terms of service that hold from a day on
    Terms {
        /// The day, as 2026-01-31
        #[arg(long, value_name = "DATE")]
        effective: String,
        /// A file of HTML
        file: PathBuf,
    },
    /// Put something forward as a trend
    #[command(subcommand)]
    Trend(Trend),
    /// Suggest an account to somebody
    Suggestion {
        /// To whom
        #[arg(long = "for", value_name = "NAME")]
        reader: String,
        /// Whom
        account: String,
    },
}

/// What trends.
#[derive(Debug, Subcommand)]
pub enum Trend {
    /// A hashtag
    Tag {
        /// With or without #
        name: String,
    },
}

impl Seed {
    /// # Errors
    /// One sentence.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        Desk::work(global, async |desk| match self {
            Seed::Emoji { name, file, category } => {
                emoji::add(desk, name, file, &Offer { category: category.clone(), is_visible: true }).await
            }
            Seed::Rule { text, hint, translation, hint_translation } => {
                let translations = translations(translation, hint_translation)?;
                let (text, hint) = (filled("a rule", text)?, hint.clone());
                print(
                    &desk.db.write(move |tx| Ok(server::add_rule(tx, &text, &hint, &translations)?)).await?.to_string(),
                )
            }
            Seed::Terms { effective, file } => terms(desk, effective, file).await,
            Seed::Trend(Trend::Tag { name }) => {
                let name = name.clone();
                Ok(desk.db.write(move |tx| server::promote_tag(tx, &name)).await?)
            }
            Seed::Suggestion { reader, account } => {
                let (reader, account) = (desk.account(reader).await?, desk.account(account).await?);
                Ok(desk.db.write(move |tx| server::suggest(tx, reader, account)).await?)
            }
        })
    }
}

async fn terms(desk: &Desk, effective: &str, file: &Path) -> Result<(), Failure> {
    let day = super::announcement::time(effective).map_err(|why| Failure(format!("--effective {why}")))?.to_iso_day();
    if day != effective {
        return Err(Failure("--effective must be a day as 2026-01-31".to_owned()));
    }
    let bytes = read(file, MOST_TERMS_BYTES + 1)?;
    if bytes.len() as u64 > MOST_TERMS_BYTES {
        return Err(Failure(format!("{} is too large", file.display())));
    }
    let text = String::from_utf8(bytes).map_err(|_| Failure(format!("{} is no text in UTF-8", file.display())))?;
    let text = filled("a text of terms", &text)?;
    Ok(desk.db.write(move |tx| Ok(server::set_terms(tx, &day, &text)?)).await?)
}

/// The first bytes of a file, all of it if it is no longer.
///
/// # Errors
/// A sentence.
pub(super) fn read(file: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    fs::File::open(file)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|e| Failure::because(&format!("reading {}", file.display()), e))?;
    Ok(bytes)
}

fn filled(what: &str, text: &str) -> Result<String, Failure> {
    match text.trim() {
        "" => Err(Failure(format!("{what} cannot be empty"))),
        text => Ok(text.to_owned()),
    }
}

/// `{"de": {"text": "…", "hint": "…"}}`.
fn translations(texts: &[(String, String)], hints: &[(String, String)]) -> Result<String, Failure> {
    let mut all = BTreeMap::new();
    for (language, text) in texts {
        all.insert(super::account::locale(language)?, (text.as_str(), ""));
    }
    for (language, hint) in hints {
        let entry =
            all.get_mut(language).ok_or_else(|| Failure(format!("the rule has no translation into {language}")))?;
        entry.1 = hint;
    }
    let all = all.into_iter().map(|(language, (text, hint))| (language, json!({ "text": text, "hint": hint })));
    Ok(serde_json::Value::Object(all.collect()).to_string())
}
