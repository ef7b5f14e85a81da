//! Under which addresses of ours files of other servers are shown: each names the row that names the file, and carries a
//! mark that only we can make. So nobody can have us fetch what no row of ours names, nor guess what others see.

use std::{fmt, fmt::Write as _, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use phiomia_model::{AccountId, Addresses, StatusId};
use phiomia_store::seal::Sealer;

/// Which file, by the row that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// An attachment of a post.
    Attachment {
        /// The post.
        status: StatusId,
        /// Which, from 0.
        n: usize,
    },
    /// The square picture of somebody.
    Avatar(AccountId),
    /// The broad picture of somebody.
    Header(AccountId),
    /// The picture of the page that a post links to.
    Card(StatusId),
    /// A custom emoji, by where it lies: many posts show the same one, and clients shall fetch it once.
    Emoji(String),
}

/// Which of the files that are made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The picture.
    Original,
    /// A smaller one.
    Small,
    /// One that does not move.
    Static,
}

impl Version {
    /// The word in addresses and in rows.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Version::Original => "original",
            Version::Small => "small",
            Version::Static => "static",
        }
    }

    /// The version with this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Version> {
        [Version::Original, Version::Small, Version::Static].into_iter().find(|version| version.word() == word)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Named::Attachment { status, n } => write!(f, "s{status}-{n}"),
            Named::Avatar(account) => write!(f, "a{account}"),
            Named::Header(account) => write!(f, "h{account}"),
            Named::Card(status) => write!(f, "c{status}"),
            Named::Emoji(url) => write!(f, "e{}", URL_SAFE_NO_PAD.encode(url)),
        }
    }
}

impl Named {
    fn read(text: &str) -> Option<Named> {
        let kind = text.chars().next()?;
        let rest = text.get(kind.len_utf8()..)?;
        Some(match kind {
            's' => {
                let (status, n) = rest.split_once('-')?;
                Named::Attachment { status: status.parse().ok()?, n: n.parse().ok()? }
            }
            'a' => Named::Avatar(rest.parse().ok()?),
            'h' => Named::Header(rest.parse().ok()?),
            'c' => Named::Card(rest.parse().ok()?),
            'e' => Named::Emoji(String::from_utf8(URL_SAFE_NO_PAD.decode(rest).ok()?).ok()?),
            _ => return None,
        })
    }
}

/// A name as it came in an address; whether its mark is right shows when it is known what it names.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What it says it names.
    pub named: Named,
    mark: Vec<u8>,
}

impl Claim {
    /// Reads what stands in an address.
    #[must_use]
    pub fn read(text: &str) -> Option<Claim> {
        let (named, mark) = text.rsplit_once('-')?;
        let named = Named::read(named)?;
        let digit = |n: usize| mark.get(n..n + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let mark = (0..mark.len()).step_by(2).map(digit).collect::<Option<Vec<u8>>>()?;
        Some(Claim { named, mark })
    }
}

/// Makes and checks the addresses. A clone is another handle of the same.
#[derive(Clone, Debug)]
pub struct Names {
    sealer: Sealer,
    addresses: Arc<Addresses>,
}

impl Names {
    /// With the key of this server.
    #[must_use]
    pub fn new(sealer: Sealer, addresses: Arc<Addresses>) -> Names {
        Names { sealer, addresses }
    }

    /// The address of ours for a file that lies at `url`.
    #[must_use]
    pub fn address(&self, named: &Named, url: &str, version: Version) -> String {
        let mut name = named.to_string();
        name.push('-');
        for byte in self.sealer.mark(&text(named, url)) {
            // Writing into a string does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        self.addresses.at(&format!("/media_proxy/{name}/{}", version.word()))
    }

    /// Whether we made this name for a file at `url`.
    #[must_use]
    pub fn is_ours(&self, claim: &Claim, url: &str) -> bool {
        self.sealer.is_marked(&text(&claim.named, url), &claim.mark)
    }
}

fn text(named: &Named, url: &str) -> Vec<u8> {
    format!("media proxy\0{named}\0{url}").into_bytes()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_name_is_good_for_one_row_and_one_address() {
        let addresses = Addresses::new("https", "a.example", "a.example");
        let names = Names::new(Sealer::new(&[3; 32]).unwrap(), Arc::new(addresses));
        let url = "https://b.example/some-picture_1.png";
        for named in [
            Named::Attachment { status: StatusId(12), n: 3 },
            Named::Avatar(AccountId(5)),
            Named::Header(AccountId(5)),
            Named::Card(StatusId(12)),
            Named::Emoji(url.to_owned()),
        ] {
            let address = names.address(&named, url, Version::Small);
            let name = address.strip_prefix("https://a.example/media_proxy/").unwrap().strip_suffix("/small").unwrap();
            let claim = Claim::read(name).unwrap();
            assert_eq!(claim.named, named);
            assert!(names.is_ours(&claim, url) && !names.is_ours(&claim, "https://b.example/other.png"), "{name}");
            let (rest, mark) = name.rsplit_once('-').unwrap();
            assert_eq!(mark.len(), 32);
            let forged = Claim::read(&format!("{rest}-{}", "0".repeat(32))).unwrap();
            assert!(!names.is_ours(&forged, url));
            assert!(!names.is_ours(&Claim::read(&format!("{rest}-")).unwrap(), url));
        }
        for other in ["", "-", "s1-2", "s-1-00", "x1-00", "a1-0", "a1-é0", "e%-00", "é1-00"] {
            assert!(Claim::read(other).is_none(), "{other}");
        }
    }
}
