//! Custom emoji of this server: what may become one, which there are, how they are offered. Caches hear of each change as
//! of one of settings.

use std::time::Duration;

use phiomia_media::{Format, Picture, Purpose, Version};
use phiomia_model::{CustomEmojiId, Error, Event, Fault, Job, Noun, Refusal};
use phiomia_store::{
    Entropy, Tx,
    db::emojis::{self as rows, CustomEmojiView},
    files::{FileKey, FileKind, Files},
};

/// Longest name of a custom emoji, in characters.
const SHORTCODE_CHARACTERS: usize = 128;
/// Longest name of a category, in characters.
const CATEGORY_CHARACTERS: usize = 100;
/// Pages that are open somewhere show an old picture for this long.
const GOODBYE: Duration = Duration::from_secs(86_400);

/// A picture that is on the files shelf and has to become an emoji yet.
#[derive(Clone, Debug)]
pub struct Shelved {
    file: FileKey,
    still: Option<FileKey>,
    content_type: &'static str,
}

/// How an emoji is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Group in pickers.
    pub category: Option<String>,
    /// Whether pickers have it.
    pub is_visible: bool,
}

/// Puts a picture on the shelf.
///
/// # Errors
/// `Invalid` when other servers would not take it; a fault.
pub async fn shelve(files: &Files, entropy: &Entropy, picture: Picture) -> Result<Shelved, Error> {
    let Picture { original, still, .. } = picture;
    if original.format == Format::Jpeg {
        return Err(Refusal::Invalid("an emoji is a PNG, GIF or WebP file".to_owned()).into());
    }
    let (size, most) = (original.bytes.len(), Purpose::Emoji.max_bytes());
    if size > most {
        let why = format!("written anew, the picture has {size} bytes, the limit is {most}");
        return Err(Refusal::Invalid(why).into());
    }
    let mut random = [0_u8; 16];
    entropy.fill(&mut random)?;
    let random = u128::from_be_bytes(random);
    let put = async |label: &str, version: Version| -> Result<FileKey, Fault> {
        let label = format!("{label}.{}", version.format.extension());
        let key = FileKey::new(FileKind::Emoji, random, &label)?;
        files.put(&key, version.bytes).await?;
        Ok(key)
    };
    let content_type = original.format.media_type();
    let still = match still {
        Some(still) => Some(put("static", still).await?),
        None => None,
    };
    Ok(Shelved { file: put("original", original).await?, still, content_type })
}

/// Takes a picture from the shelf that became no emoji.
///
/// # Errors
/// A fault of the shelf.
pub async fn unshelve(files: &Files, picture: &Shelved) -> Result<(), Fault> {
    for key in std::iter::once(&picture.file).chain(&picture.still) {
        files.delete(key).await?;
    }
    Ok(())
}

/// Whether an emoji may have this name.
///
/// # Errors
/// `Invalid`.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    let is_good =
        (2..=SHORTCODE_CHARACTERS).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_good {
        return Ok(());
    }
    Err(Refusal::Invalid(format!("an emoji is named by 2 to {SHORTCODE_CHARACTERS} letters, digits and underscores")))
}

/// A category as it is kept.
fn category(text: Option<&str>) -> Result<Option<String>, Refusal> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > CATEGORY_CHARACTERS) {
        return Err(Refusal::Invalid(format!("a category has at most {CATEGORY_CHARACTERS} characters")));
    }
    Ok(text.map(str::to_owned))
}

/// Offers an emoji; one of that name gets the new picture, and its old one goes after a day.
///
/// # Errors
/// `Invalid` for the name or the category; a fault.
pub fn add(tx: &Tx<'_>, name: &str, picture: &Shelved, offer: &Offer) -> Result<(), Error> {
    check_name(name)?;
    if let Some(old) = rows::find(tx, name)? {
        drop_later(tx, &old)?;
    }
    let emoji = CustomEmojiView {
        id: CustomEmojiId(tx.new_id()),
        shortcode: name.to_owned(),
        file: picture.file.to_string(),
        still: picture.still.as_ref().map(FileKey::to_string),
        content_type: picture.content_type.to_owned(),
        category: category(offer.category.as_deref())?,
        is_visible: offer.is_visible,
    };
    rows::write(tx, &emoji)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// Changes how an emoji is offered; `None` leaves as it is. An empty category is none.
///
/// # Errors
/// `NotFound`; `Invalid` for the category; a fault.
pub fn modify(tx: &Tx<'_>, name: &str, new: Option<&str>, is_visible: Option<bool>) -> Result<(), Error> {
    let mut emoji = rows::find(tx, name)?.ok_or(Refusal::NotFound(Noun::Record))?;
    if new.is_some() {
        emoji.category = category(new)?;
    }
    emoji.is_visible = is_visible.unwrap_or(emoji.is_visible);
    rows::write(tx, &emoji)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// Takes an emoji away. Texts that name it show the name; its picture goes after a day.
///
/// # Errors
/// `NotFound`; a fault.
pub fn remove(tx: &Tx<'_>, name: &str) -> Result<(), Error> {
    let emoji = rows::find(tx, name)?.ok_or(Refusal::NotFound(Noun::Record))?;
    rows::delete(tx, name)?;
    drop_later(tx, &emoji)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

fn drop_later(tx: &Tx<'_>, emoji: &CustomEmojiView) -> Result<(), Fault> {
    tx.enqueue_at(&Job::DropFiles { keys: emoji.keys() }, tx.now().plus(GOODBYE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_has_a_name_of_letters_digits_and_underscores() {
        for (name, is_good) in [("blobcat", true), ("a1_", true), ("a", false), ("blob-cat", false), (":x:", false)] {
            assert_eq!(check_name(name).is_ok(), is_good, "{name}");
        }
    }

    #[test]
    fn a_category_of_nothing_is_none() {
        assert_eq!(category(Some("  ")).ok(), Some(None));
        assert_eq!(category(Some(" Cats ")).ok(), Some(Some("Cats".to_owned())));
        assert!(category(Some(&"c".repeat(101))).is_err());
    }
}
