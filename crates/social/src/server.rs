//! What whoever runs the server says about it and offers to everybody. Caches hear of each change as one of settings.

use phiomia_model::{AccountId, CustomEmojiId, Error, Event, Fault, Noun, Refusal, RuleId};
use phiomia_store::{
    Entropy, Tx,
    db::{
        promoted,
        server::{self, CustomEmojiView},
        settings, tags, terms, users,
    },
    files::{FileKey, FileKind, Files},
};
use phiomia_text::{is_valid_tag, tag_key};

/// Largest picture of a custom emoji, in bytes.
pub const MOST_EMOJI_BYTES: usize = 256 * 1024;
/// Longest name of a custom emoji, in characters.
const SHORTCODE_CHARACTERS: usize = 128;

/// Sets a setting; an empty value counts as never set. Whether it makes sense, the caller has looked at.
///
/// # Errors
/// The database failed.
pub fn set(tx: &Tx<'_>, key: &str, value: &str) -> Result<(), Fault> {
    settings::set(tx, key, value)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// A picture that is on the files shelf and has to become an emoji yet.
#[derive(Clone, Debug)]
pub struct Picture {
    key: FileKey,
    content_type: &'static str,
}

/// Looks at a picture for an emoji and keeps it. What it is, its first bytes say.
///
/// # Errors
/// `Invalid` when it is too large or no picture; a fault.
pub async fn keep_picture(files: &Files, entropy: &Entropy, bytes: Vec<u8>) -> Result<Picture, Error> {
    if bytes.len() > MOST_EMOJI_BYTES {
        let (size, most) = (bytes.len(), MOST_EMOJI_BYTES);
        return Err(Refusal::Invalid(format!("the picture has {size} bytes, the limit is {most}")).into());
    }
    let Some((content_type, label)) = sniff(&bytes) else {
        return Err(Refusal::Invalid("the file is neither PNG, GIF, WebP nor JPEG".to_owned()).into());
    };
    let mut random = [0_u8; 16];
    entropy.fill(&mut random)?;
    let key = FileKey::new(FileKind::Emoji, u128::from_be_bytes(random), label)?;
    files.put(&key, bytes).await?;
    Ok(Picture { key, content_type })
}

/// Media type and file name of a picture, by its first bytes.
fn sniff(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    match bytes {
        _ if bytes.starts_with(b"\x89PNG\r\n\x1a\n") => Some(("image/png", "original.png")),
        _ if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") => Some(("image/gif", "original.gif")),
        _ if is_webp => Some(("image/webp", "original.webp")),
        _ if bytes.starts_with(b"\xff\xd8\xff") => Some(("image/jpeg", "original.jpg")),
        _ => None,
    }
}

/// Whether an emoji may have this name.
///
/// # Errors
/// `Invalid`.
pub fn check_shortcode(name: &str) -> Result<(), Refusal> {
    let is_good =
        (2..=SHORTCODE_CHARACTERS).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_good {
        return Ok(());
    }
    Err(Refusal::Invalid(format!("an emoji is named by 2 to {SHORTCODE_CHARACTERS} letters, digits and underscores")))
}

/// Offers an emoji; one of that name gets the new picture.
///
/// # Errors
/// `Invalid` for the name; a fault.
pub fn add_emoji(tx: &Tx<'_>, name: &str, picture: &Picture, category: Option<&str>) -> Result<(), Error> {
    check_shortcode(name)?;
    let emoji = CustomEmojiView {
        id: CustomEmojiId(tx.new_id()),
        shortcode: name.to_owned(),
        file: picture.key.as_str().to_owned(),
        content_type: picture.content_type.to_owned(),
        category: category.map(str::to_owned),
        is_visible: true,
    };
    server::add_custom_emoji(tx, &emoji)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// Adds a rule at the end. `translations`: JSON, `{"de": {"text": "…", "hint": "…"}}`.
///
/// # Errors
/// The database failed.
pub fn add_rule(tx: &Tx<'_>, text: &str, hint: &str, translations: &str) -> Result<RuleId, Fault> {
    let id = server::add_rule(tx, text, hint, translations)?;
    tx.announce(Event::SettingsChanged);
    Ok(id)
}

/// Writes the terms of service that hold from a day on (`YYYY-MM-DD`).
///
/// # Errors
/// The database failed.
pub fn set_terms(tx: &Tx<'_>, effective_date: &str, text: &str) -> Result<(), Fault> {
    terms::set(tx, effective_date, text)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// Puts a tag forward as a trend, whether somebody used it already or not.
///
/// # Errors
/// `Invalid` when it can be no tag; a fault.
pub fn promote_tag(tx: &Tx<'_>, name: &str) -> Result<(), Error> {
    let written = name.strip_prefix('#').unwrap_or(name);
    if !is_valid_tag(written) {
        return Err(Refusal::Invalid(format!("{name} can be no hashtag")).into());
    }
    let key = tag_key(written);
    tags::ensure(tx, &key, written)?;
    promoted::add_tag(tx, &key)?;
    tx.announce(Event::SettingsChanged);
    Ok(())
}

/// Suggests an account to somebody who lives here.
///
/// # Errors
/// `NotFound` when nobody lives here by that id, `Invalid` when the two are one; a fault.
pub fn suggest(tx: &Tx<'_>, account: AccountId, target: AccountId) -> Result<(), Error> {
    if account == target {
        return Err(Refusal::Invalid("nobody is suggested to themselves".to_owned()).into());
    }
    if users::find(tx, account)?.is_none() {
        return Err(Refusal::NotFound(Noun::Account).into());
    }
    Ok(promoted::suggest(tx, account, target)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_what_its_first_bytes_say() {
        let kind = |bytes: &[u8]| sniff(bytes).map(|(kind, _)| kind);
        assert_eq!(kind(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        assert_eq!(kind(b"GIF89a"), Some("image/gif"));
        assert_eq!(kind(b"RIFF\x00\x00\x00\x00WEBPVP8 "), Some("image/webp"));
        assert_eq!(kind(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        for strange in [&b"<svg xmlns"[..], b"RIFF\x00\x00\x00\x00WAVE", b"RIFF", b"", b"\x89PNG"] {
            assert_eq!(kind(strange), None);
        }
    }

    #[test]
    fn an_emoji_has_a_name_of_letters_digits_and_underscores() {
        for (name, is_good) in [("blobcat", true), ("a1_", true), ("a", false), ("blob-cat", false), (":x:", false)] {
            assert_eq!(check_shortcode(name).is_ok(), is_good, "{name}");
        }
    }
}
