//! Links of profiles: a page that links back with `rel="me"` is of whoever shows it.
//! Source: <https://docs.joinmastodon.org/user/profile/#verification>.

use phiomia_model::{AccountId, Error};
use phiomia_social::profiles;
use phiomia_store::db::accounts::{self, AccountView};
use url::Url;

use crate::{Federation, cards::decoded};

/// Fields of one profile that are looked at: as many as people here have.
const MOST_FIELDS: usize = 4;

impl Federation {
    /// Asks the pages that a profile names and that were not seen to link back. The work of `Job::VerifyLinks`, and
    /// done when a profile elsewhere is looked at. A page that does not link back is asked again when the profile is
    /// changed or looked at anew.
    pub(crate) async fn verify_links(&self, account: AccountId) -> Result<(), Error> {
        let view = self.db.read(move |q| Ok(accounts::view(q, account)?)).await?;
        let Some(view) = view.filter(|view| !view.is_suspended && !view.is_deleted) else { return Ok(()) };
        let mut seen = Vec::new();
        for (value, url) in open_links(&view) {
            let Some(page) = self.ask_page(&url).await? else { continue };
            let own = phiomia_text::own_links(&decoded(&page));
            if own.iter().any(|href| page.url.join(href).is_ok_and(|at| is_of(&at, &view))) {
                seen.push(value);
            }
        }
        if seen.is_empty() {
            return Ok(());
        }
        self.db.write(move |tx| profiles::links_verified(tx, account, &seen)).await
    }
}

/// Values of fields that are an address and nothing else, and were not verified, with that address.
fn open_links(view: &AccountView) -> Vec<(String, Url)> {
    let address = |value: &str| {
        let text = if view.is_local() { value.trim().to_owned() } else { one_link(value)? };
        let url = Url::parse(&text).ok().filter(|_| !text.contains(char::is_whitespace))?;
        (matches!(url.scheme(), "https" | "http") && url.host_str().is_some()).then_some(url)
    };
    let open = view.fields.iter().take(MOST_FIELDS).filter(|field| field.verified_at.is_none());
    open.filter_map(|field| Some((field.value.clone(), address(&field.value)?))).collect()
}

/// Where HTML leads that is one link, whose text says where.
fn one_link(html: &str) -> Option<String> {
    match phiomia_text::links(html).as_slice() {
        [href] if phiomia_text::plain(html).trim() == href => Some(href.clone()),
        _ => None,
    }
}

/// Whether an address is that of somebody's page or their id in the network. What follows a `#` does not count.
fn is_of(at: &Url, view: &AccountView) -> bool {
    let plain = |text: &str| text.split('#').next().unwrap_or_default().trim_end_matches('/').to_lowercase();
    let at = plain(at.as_str());
    [&view.url, &view.uri].into_iter().any(|own| !own.is_empty() && plain(own) == at)
}

#[cfg(test)]
mod tests {
    use super::one_link;

    #[test]
    fn only_a_link_that_says_where_it_leads_stands_for_its_page() {
        let html = r#"<a href="https://a.example/x" rel="me"><span class="invisible">https://</span>a.example/x</a>"#;
        assert_eq!(one_link(html).as_deref(), Some("https://a.example/x"));
        for other in [
            r#"<a href="https://evil.example">https://a.example</a>"#,
            r#"see <a href="https://a.example">https://a.example</a>"#,
            r#"<a href="https://a.example">https://a.example</a><a href="https://b.example">https://b.example</a>"#,
            "https://a.example",
        ] {
            assert_eq!(one_link(other), None, "{other}");
        }
    }
}
