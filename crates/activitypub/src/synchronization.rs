//! Follower synchronisation: two servers compare a digest of who here follows somebody there.
//! Source: <https://codeberg.org/fediverse/fep/src/branch/main/fep/8fcf/fep-8fcf.md>.

use std::fmt::Write as _;

use crate::{
    bounds,
    signature::{Refused, sha256},
    uri::{Uri, Web},
};

/// The header of a delivery.
pub const HEADER: &str = "collection-synchronization";

/// What the header says: the sender's followers at the receiver's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionSynchronization {
    /// The sender's collection of followers.
    pub collection: Uri,
    /// The part of it that is of the receiver; fetched with the receiver's signature.
    pub url: Uri,
    /// Of the part.
    pub digest: FollowersDigest,
}

/// The SHA-256 of each follower's id, all of them XORed: their order does not matter, and one more is one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowersDigest([u8; 32]);

impl FollowersDigest {
    /// Adds a follower, or takes the same one away.
    pub fn toggle(&mut self, follower: &str) {
        for (sum, byte) in self.0.iter_mut().zip(sha256(follower.as_bytes())) {
            *sum ^= byte;
        }
    }

    /// Of all these ids.
    pub fn of<'a>(followers: impl IntoIterator<Item = &'a str>) -> FollowersDigest {
        let mut digest = FollowersDigest::default();
        followers.into_iter().for_each(|follower| digest.toggle(follower));
        digest
    }

    /// 64 letters, in lower case.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.0.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// From 64 letters.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<FollowersDigest> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut digest = FollowersDigest::default();
        for (n, byte) in digest.0.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()?;
        }
        Some(digest)
    }
}

impl CollectionSynchronization {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Refused::Malformed`], [`Refused::ParameterMissing`], [`Refused::TooLong`].
    pub fn parse(header: &str, web: Web) -> Result<CollectionSynchronization, Refused> {
        if header.len() > bounds::SIGNATURE_HEADER_BYTES {
            return Err(Refused::TooLong(HEADER.to_owned()));
        }
        let parameter = |wanted: &'static str| {
            let mut pairs = header.split(',').filter_map(|part| part.trim().split_once('='));
            let found = pairs.find(|(name, _)| name.trim() == wanted).map(|(_, value)| value.trim().trim_matches('"'));
            found.ok_or(Refused::ParameterMissing(wanted))
        };
        let uri = |name| {
            let malformed = Refused::Malformed("Collection-Synchronization", "https addresses");
            Uri::parse(parameter(name)?, web).map_err(|_| malformed)
        };
        let malformed = Refused::Malformed("Collection-Synchronization", "a digest of 64 hexadecimal letters");
        Ok(CollectionSynchronization {
            collection: uri("collectionId")?,
            url: uri("url")?,
            digest: FollowersDigest::from_hex(parameter("digest")?).ok_or(malformed)?,
        })
    }

    /// The value of the header.
    #[must_use]
    pub fn to_header(&self) -> String {
        let (collection, url, digest) = (&self.collection, &self.url, self.digest.to_hex());
        format!("collectionId=\"{collection}\", url=\"{url}\", digest=\"{digest}\"")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    /// The example of the proposal.
    #[test]
    fn the_digest_of_the_proposal_comes_out() {
        let digest =
            FollowersDigest::of(["https://testing.example.org/users/1", "https://testing.example.org/users/2"]);
        assert_eq!(digest.to_hex(), "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f");
        assert_eq!(FollowersDigest::from_hex(&digest.to_hex()), Some(digest));
    }

    #[test]
    fn the_header_is_read_back() {
        let header = CollectionSynchronization {
            collection: Uri::parse("https://a.example/u/1/followers", Web::Https).unwrap(),
            url: Uri::parse("https://a.example/u/1/followers_synchronization", Web::Https).unwrap(),
            digest: FollowersDigest::of(["https://b.example/u"]),
        };
        assert_eq!(CollectionSynchronization::parse(&header.to_header(), Web::Https), Ok(header));
        assert_eq!(CollectionSynchronization::parse("", Web::Https), Err(Refused::ParameterMissing("collectionId")));
    }
}
