//! What an address of ours stands for: the row it names, whether that may be shown, and what of it lies here.

use phiomia_media::Purpose;
use phiomia_model::{Error, Fault, StatusId};
use phiomia_social::{cards, remote::files as verbs};
use phiomia_store::{
    Query,
    db::{
        accounts,
        federation::domains,
        remote_files::{self as rows, Impression},
    },
    files::FileKey,
};
use url::Url;

use super::{Claim, Gallery, Look, Named, Stand, Told, Version, Wanted, word};

/// Why nothing came of a file whose kind is not decoded here.
pub(super) const OTHER_KIND: &str = "kind";

/// What of a look is written down.
struct Note {
    /// The file that was looked at.
    key: String,
    /// What the page under a post does not know yet of its picture.
    untold: Option<(StatusId, String, Impression)>,
}

/// A file as its row names it.
struct Source {
    url: String,
    purpose: Purpose,
    version: Version,
    /// The servers it is of, beside the one where it lies.
    hosts: Vec<String>,
    is_decoded: bool,
    /// Of the picture of a page: nobody has said yet what it looks like.
    lacks_blurhash: bool,
}

impl Gallery {
    /// What stands behind an address. Nothing is fetched.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find(&self, name: &str, version: Version) -> Result<Look, Error> {
        let Some(claim) = Claim::read(name) else { return Ok(Look::Nothing(Stand::Nothing)) };
        let gallery = self.clone();
        let (look, note) = self.0.federation.db.read(move |q| Ok(gallery.look(q, &claim, version)?)).await?;
        if let Some(note) = note {
            let noting = self.0.federation.db.write(move |tx| {
                if let Some((status, image, seen)) = &note.untold {
                    cards::seen(tx, *status, image, seen)?;
                }
                Ok(rows::touch(tx, &note.key)?)
            });
            noting.await?;
        }
        Ok(look)
    }

    /// The look, and what of it should be noted.
    fn look(&self, q: &Query<'_>, claim: &Claim, version: Version) -> Result<(Look, Option<Note>), Fault> {
        let stand = Stand::of(&claim.named);
        let nothing = || Ok((Look::Nothing(stand), None));
        let Some(source) = source(q, &claim.named, version)?.filter(|s| self.0.names.is_ours(claim, &s.url)) else {
            return Ok((Look::Nothing(Stand::Nothing), None));
        };
        let Some((source, url)) = self.asked(q, source, &claim.named)? else { return nothing() };
        for host in source.hosts.iter().chain([&host(&url)]) {
            if is_rejected(q, host)? {
                return nothing();
            }
        }
        if !source.is_decoded {
            return Ok((Look::Elsewhere(url.into()), None));
        }
        let now = self.0.federation.db.clock().now();
        let known = rows::find(q, &source.url, word(source.purpose))?;
        if let Some(file) = &known {
            if let Some(kept) = pick(&file.versions, source.version) {
                let untold = match claim.named {
                    Named::Card(status) if source.lacks_blurhash => {
                        let seen = file.impression.clone().filter(|seen| seen.blurhash.is_some());
                        seen.map(|seen| (status, source.url.clone(), seen))
                    }
                    _ => None,
                };
                let is_new = untold.is_some() || verbs::is_worth_noting(kept.used_at, now);
                let note = is_new.then(|| Note { key: kept.key.clone(), untold });
                return Ok((Look::Kept(kept.key.parse::<FileKey>()?), note));
            }
            if verbs::rests(file, now) {
                let is_other = file.failure.as_deref() == Some(OTHER_KIND);
                let look = if is_other { Look::Elsewhere(url.into()) } else { Look::Nothing(stand) };
                return Ok((look, None));
            }
        }
        let told = match claim.named {
            Named::Attachment { status, .. } => Some(Told::Attachment(status)),
            Named::Card(status) => Some(Told::Card(status)),
            _ => None,
        };
        let Source { url: text, purpose, version, .. } = source;
        Ok((Look::Wanted(Wanted { url, text, purpose, version, stand, told }), None))
    }

    pub(super) fn may_lead_to(&self, url: &Url) -> bool {
        url.scheme() == "https" || (url.scheme() == "http" && self.0.federation.settings.outbound.allow_http)
    }

    /// The file that is asked for when that is not the named one: of a film, its picture.
    fn asked(&self, q: &Query<'_>, source: Source, named: &Named) -> Result<Option<(Source, Url)>, Fault> {
        let source = match named {
            Named::Attachment { status, n } if !source.is_decoded && source.version != Version::Original => {
                let shown = rows::shown_attachments(q, *status)?;
                let preview = shown.and_then(|(all, _)| all.into_iter().nth(*n)).and_then(|media| media.preview_url);
                let Some(url) = preview else { return Ok(None) };
                Source { url, purpose: Purpose::Thumbnail, version: Version::Original, is_decoded: true, ..source }
            }
            _ => source,
        };
        let url = Url::parse(&source.url).ok().filter(|url| self.may_lead_to(url));
        Ok(url.map(|url| (source, url)))
    }
}

/// What a row says; `None`: there is no such row, or it is not shown.
fn source(q: &Query<'_>, named: &Named, version: Version) -> Result<Option<Source>, Fault> {
    let of =
        |url: String, purpose, hosts| Source { url, purpose, version, hosts, is_decoded: true, lacks_blurhash: false };
    Ok(match named {
        Named::Attachment { status, n } => {
            let Some((all, uri)) = rows::shown_attachments(q, *status)? else { return Ok(None) };
            all.into_iter().nth(*n).map(|media| Source {
                is_decoded: media.kind == "image",
                ..of(media.url, Purpose::Attachment, hosts_of(&[&uri]))
            })
        }
        Named::Avatar(account) | Named::Header(account) => {
            let Some(view) = accounts::view(q, *account)?.filter(|view| !view.is_suspended && !view.is_deleted) else {
                return Ok(None);
            };
            let hosts = hosts_of(&[&view.uri]).into_iter().chain(view.domain.clone()).collect();
            match named {
                Named::Avatar(_) => view.avatar.clone().map(|url| of(url, Purpose::Avatar, hosts)),
                _ => view.header.clone().map(|url| of(url, Purpose::Header, hosts)),
            }
        }
        Named::Card(status) => {
            let card = rows::shown_card(q, *status)?;
            card.and_then(|card| {
                let lacks_blurhash = card.blurhash.is_none();
                Some(Source { lacks_blurhash, ..of(card.image?, Purpose::Card, hosts_of(&[&card.url])) })
            })
        }
        Named::Emoji(url) => Some(of(url.clone(), Purpose::Emoji, Vec::new())),
    })
}

fn pick(versions: &[rows::KeptVersion], version: Version) -> Option<&rows::KeptVersion> {
    let find = |version: Version| versions.iter().find(|kept| kept.version == version.word());
    match version {
        Version::Original => find(Version::Original),
        Version::Small => find(Version::Small),
        // What has none does not move.
        Version::Static => find(Version::Static).or_else(|| find(Version::Original)),
    }
}

fn hosts_of(addresses: &[&str]) -> Vec<String> {
    addresses.iter().filter_map(|address| Url::parse(address).ok()).map(|url| host(&url)).collect()
}

/// Host and, unless it is the scheme's own, port.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn is_rejected(q: &Query<'_>, host: &str) -> Result<bool, Fault> {
    let standing = domains::standing(q, host)?;
    Ok(standing.rejects_media || standing.severity == domains::Severity::Suspend)
}
