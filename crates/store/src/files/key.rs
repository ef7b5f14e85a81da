//! Names of files. Only a name that was made or checked here reaches a disk, so none can lead out of the folder.

use std::{fmt, str::FromStr};

use phiomia_model::Fault;

/// Longest last part of a name, in bytes.
const MAX_LABEL_BYTES: usize = 64;

/// What a file is for: the first part of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// Attachments of posts.
    Media,
    /// Pictures of accounts.
    Avatar,
    /// Profile headers.
    Header,
    /// Custom emoji.
    Emoji,
    /// Pictures of the server itself.
    Site,
    /// What lies on other servers, kept for a while: it can be fetched again.
    Cache,
}

impl FileKind {
    /// Every kind.
    pub const ALL: [FileKind; 6] =
        [FileKind::Media, FileKind::Avatar, FileKind::Header, FileKind::Emoji, FileKind::Site, FileKind::Cache];

    /// The folder's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            FileKind::Media => "media",
            FileKind::Avatar => "avatars",
            FileKind::Header => "headers",
            FileKind::Emoji => "emoji",
            FileKind::Site => "site",
            FileKind::Cache => "cache",
        }
    }
}

/// `media/3f/29…(30 hex digits)/original.png`: kind, 128 random bits, and which of the files under them.
/// Lower case throughout, for disks that do not tell case apart. `Display` gives the text for a row or an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey(String);

impl FileKey {
    /// The name for a new file. `random` must be 128 bits from the system's source: who does not know the name shall
    /// not guess it. Several files of one thing (original, preview) share them.
    ///
    /// # Errors
    /// When the label is not 1 to 64 of `a-z 0-9 . - _`, beginning with a letter or digit.
    pub fn new(kind: FileKind, random: u128, label: &str) -> Result<FileKey, Fault> {
        if !is_label(label) {
            return Err(not_a_name());
        }
        let hex = format!("{random:032x}");
        let (shard, rest) = hex.split_at(2);
        Ok(FileKey(format!("{}/{shard}/{rest}/{label}", kind.as_str())))
    }

    /// What the file is served as, here and by a bucket: by the end of its name, which we gave it. `None`: no file of ours
    /// ends like that, and it is not served.
    #[must_use]
    pub fn media_type(&self) -> Option<&'static str> {
        Some(match self.0.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "jpg" => "image/jpeg",
            "png" => "image/png",
            "gif" => "image/gif",
            "webp" => "image/webp",
            "mp4" => "video/mp4",
            "webm" => "video/webm",
            "weba" => "audio/webm",
            "mp3" => "audio/mpeg",
            "m4a" => "audio/mp4",
            "aac" => "audio/aac",
            "ogg" => "audio/ogg",
            "flac" => "audio/flac",
            "wav" => "audio/wav",
            _ => return None,
        })
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> FileKind {
        let of = |kind: &FileKind| self.0.strip_prefix(kind.as_str()).is_some_and(|rest| rest.starts_with('/'));
        FileKind::ALL.into_iter().find(of).unwrap_or(FileKind::Media)
    }

    /// `original.png`: which of the files that share the random bits.
    #[must_use]
    pub fn label(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(_, label)| label)
    }

    /// The random bits.
    #[must_use]
    pub fn random(&self) -> u128 {
        let hex: String = self.0.split('/').skip(1).take(2).collect();
        u128::from_str_radix(&hex, 16).unwrap_or_default()
    }

    /// The name as text, with `/` between its parts.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FileKey {
    type Err = Fault;

    /// Reads what `Display` wrote, and nothing else. The error does not repeat the text, which may be a stranger's.
    fn from_str(text: &str) -> Result<FileKey, Fault> {
        let mut parts = text.split('/');
        let (kind, shard, rest, label) = (parts.next(), parts.next(), parts.next(), parts.next());
        let holds = kind.is_some_and(|kind| FileKind::ALL.iter().any(|known| known.as_str() == kind))
            && shard.is_some_and(|shard| is_hex(shard, 2))
            && rest.is_some_and(|rest| is_hex(rest, 30))
            && label.is_some_and(is_label)
            && parts.next().is_none();
        if holds { Ok(FileKey(text.to_owned())) } else { Err(not_a_name()) }
    }
}

/// Where a listing begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePrefix(String);

impl FilePrefix {
    /// All files of a kind.
    #[must_use]
    pub fn kind(kind: FileKind) -> FilePrefix {
        FilePrefix(kind.as_str().to_owned())
    }

    /// A 256th of a kind's files: those whose random bits begin with `shard`. For going through very many in parts.
    #[must_use]
    pub fn shard(kind: FileKind, shard: u8) -> FilePrefix {
        FilePrefix(format!("{}/{shard:02x}", kind.as_str()))
    }

    /// The 256th of its kind's files that a file is in.
    pub(super) fn shard_of(key: &FileKey) -> FilePrefix {
        FilePrefix(key.0.split('/').take(2).collect::<Vec<_>>().join("/"))
    }

    /// All files that share the random bits of `key`, itself among them.
    #[must_use]
    pub fn siblings(key: &FileKey) -> FilePrefix {
        FilePrefix(key.0.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_label(text: &str) -> bool {
    text.len() <= MAX_LABEL_BYTES
        && text.bytes().next().is_some_and(|first| matches!(first, b'a'..=b'z' | b'0'..=b'9'))
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_'))
}

fn not_a_name() -> Fault {
    Fault::new("this is not the name of a file of ours")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_being_written_and_read() {
        let key = FileKey::new(FileKind::Media, 0x3f29, "original.png").map(|key| key.to_string()).unwrap_or_default();
        assert_eq!(key, "media/00/000000000000000000000000003f29/original.png");
        let read = key.parse::<FileKey>();
        assert_eq!(read.as_ref().map(FileKey::to_string).unwrap_or_default(), key);
        let parts = read.map(|read| (read.kind(), read.random(), read.label().to_owned(), read.media_type()));
        assert_eq!(parts.ok(), Some((FileKind::Media, 0x3f29, "original.png".to_owned(), Some("image/png"))));
    }

    #[test]
    fn no_other_text_is_a_name() {
        let rest = "0".repeat(30);
        for text in [
            "",
            "/etc/passwd",
            "../../../etc/passwd",
            "media",
            "media/00",
            &format!("media/00/{rest}"),
            &format!("media/00/{rest}/"),
            &format!("media/00/{rest}/.."),
            &format!("media/00/{rest}/.hidden"),
            &format!("media/00/{rest}/a/b"),
            &format!("media/../{rest}/a"),
            &format!("media/0/{rest}/a"),
            &format!("media/00/{rest}0/a"),
            &format!("media/00/{}/a", "A".repeat(30)),
            &format!("media/00/{rest}/A.png"),
            &format!("media/00/{rest}/a\\..\\b"),
            &format!("media/00/{rest}/a\0.png"),
            &format!("media/00/{rest}/{}", "a".repeat(65)),
            &format!("/media/00/{rest}/a"),
            &format!("strangers/00/{rest}/a"),
        ] {
            assert!(text.parse::<FileKey>().is_err(), "{text:?} was taken for a name");
        }
        for label in ["", "..", "../a", "a/b", ".a", "a b"] {
            assert!(FileKey::new(FileKind::Avatar, 1, label).is_err(), "{label:?} was taken for a label");
        }
    }
}
