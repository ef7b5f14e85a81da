//! An emoji of another server, for whoever wants to offer it here.

use phiomia_media::{Picture, Purpose};
use phiomia_model::{Error, Refusal};
use phiomia_store::db::{
    emojis,
    federation::domains::{self, Severity},
};
use url::Url;

use super::Gallery;

/// Profiles and posts that are looked through for an emoji.
const MOST_LOOKED_AT: i64 = 50;

impl Gallery {
    /// The picture of an emoji that somebody of `domain` wears or used, fetched anew: what lies here goes when it has to.
    ///
    /// # Errors
    /// `Invalid` with the cause: the domain is blocked, no such emoji was seen, or nothing comes; a fault.
    pub async fn emoji(&self, domain: &str, name: &str) -> Result<Picture, Error> {
        let invalid = |why: String| Error::from(Refusal::Invalid(why));
        let (of, wanted) = (domain.to_owned(), name.to_owned());
        let reading = self.0.federation.db.read(move |q| {
            let standing = domains::standing(q, &of)?;
            let is_rejected = standing.rejects_media || standing.severity == Severity::Suspend;
            Ok((is_rejected, emojis::elsewhere(q, &of, Some(&wanted), MOST_LOOKED_AT)?))
        });
        let (is_rejected, mut found) = reading.await?;
        if is_rejected {
            return Err(invalid(format!("no pictures are taken from {domain}")));
        }
        let Some(emoji) = found.pop() else {
            return Err(invalid(format!(
                "no post or profile of {domain} that is known here has :{name}:; phiomia fetch brings one"
            )));
        };
        let url = Url::parse(&emoji.url).ok().filter(|url| self.may_lead_to(url));
        let url = url.ok_or_else(|| invalid(format!("{} is no address of a picture", emoji.url)))?;
        self.made(&url, Purpose::Emoji).await?.map_err(|(why, _)| invalid(format!("{url} gives no picture: {why}")))
    }
}
