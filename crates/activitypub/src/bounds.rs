//! The bounds table: how large anything that comes from another server may be.
//!
//! One table for every reader of this room. What is *refused* makes the document unreadable; what is *cut* loses its
//! end; what is *dropped* is as if it had not been sent.
//!
//! | what | bound | beyond it |
//! |---|---|---|
//! | a document | [`BODY_BYTES`] | refused |
//! | nesting, items of an array, fields of an object | [`JSON_DEPTH`], [`JSON_ITEMS`] | refused |
//! | one string or name | [`STRING_BYTES`] | refused |
//! | an address | [`URL_BYTES`] | dropped (refused where it is required) |
//! | activities inside of activities | [`NESTED_ACTIVITIES`] | read as unknown |
//! | text of a post | [`TEXT_BYTES`] | cut |
//! | attachments, poll options | [`ATTACHMENTS`], [`POLL_OPTIONS`] | dropped |
//! | mentions, hashtags, custom emoji of a post, each | [`REFERENCES`] | dropped |
//! | profile fields, keys, aliases | [`FIELDS`], [`KEYS`], [`ALIASES`] | dropped |
//! | display name and titles, bio | [`NAME_BYTES`], [`BIO_BYTES`] | cut |
//! | user name | [`USERNAME_BYTES`] | refused |
//! | alt text | [`ALT_CHARACTERS`] | cut |
//! | signature headers, each | [`SIGNATURE_HEADER_BYTES`] | refused |

/// Bytes of a document, after decompression.
pub const BODY_BYTES: usize = 1_048_576;
/// Levels of nesting, the document itself being the first.
pub const JSON_DEPTH: usize = 32;
/// Items of an array, and fields of an object.
pub const JSON_ITEMS: usize = 1_000;
/// Bytes of any string, be it name or value.
pub const STRING_BYTES: usize = 200_000;
/// Bytes of an address.
pub const URL_BYTES: usize = 2_048;
/// Bytes of a domain name.
pub const DOMAIN_BYTES: usize = 253;
/// How many activities may stand inside of one another: `Announce{Undo{Create{Create}}}` is one too many.
pub const NESTED_ACTIVITIES: usize = 3;
/// Bytes of a post's text, or of a text beside it.
pub const TEXT_BYTES: usize = 100_000;
/// Attachments of a post.
pub const ATTACHMENTS: usize = 16;
/// Choices of a poll.
pub const POLL_OPTIONS: usize = 500;
/// Mentions, hashtags and custom emoji, each; also what one report may name.
pub const REFERENCES: usize = 100;
/// Fields of a profile.
pub const FIELDS: usize = 50;
/// Keys of an actor.
pub const KEYS: usize = 10;
/// Other names of an actor.
pub const ALIASES: usize = 256;
/// Bytes of a display name, a title, a profile field or a choice of a poll.
pub const NAME_BYTES: usize = 2_048;
/// Bytes of a bio.
pub const BIO_BYTES: usize = 20_000;
/// Bytes of a user name.
pub const USERNAME_BYTES: usize = 2_048;
/// Characters of a description of a picture, sound or video, as Mastodon counts them.
pub const ALT_CHARACTERS: usize = 10_000;
/// Bytes of each header that belongs to a signature.
pub const SIGNATURE_HEADER_BYTES: usize = 8_192;

/// The beginning of `text` that has at most `bytes` bytes and ends between two characters.
#[must_use]
pub fn cut(text: &str, bytes: usize) -> &str {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= bytes).last();
    if text.len() <= bytes { text } else { text.get(..end.unwrap_or(0)).unwrap_or("") }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("grün", 3), "gr");
        assert_eq!(cut("grün", 4), "grü");
        assert_eq!(cut("grün", 5), "grün");
        assert_eq!(cut("ü", 1), "");
    }
}
