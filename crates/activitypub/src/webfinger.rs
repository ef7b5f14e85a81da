//! WebFinger: from a handle to an actor. Source: <https://www.rfc-editor.org/rfc/rfc7033>.

use phiomia_model::handle::Handle;
use serde_json::{Value, json};

use crate::{
    bounds,
    document::{Document, Unreadable},
    uri::{Uri, Web},
};

/// The media type of the answer.
pub const MEDIA_TYPE: &str = "application/jrd+json";
/// The media type of actors in links.
pub const ACTIVITY_JSON: &str = "application/activity+json";
/// The relation of a page.
pub const PROFILE_PAGE: &str = "http://webfinger.net/rel/profile-page";
/// The relation of an avatar.
pub const AVATAR: &str = "http://webfinger.net/rel/avatar";
/// The relation of the page where somebody follows from elsewhere.
pub const SUBSCRIBE: &str = "http://ostatus.org/schema/1.0/subscribe";

/// A link of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The relation.
    pub rel: String,
    /// The media type.
    pub media_type: Option<String>,
    /// Where it leads.
    pub href: Option<String>,
    /// Where it leads when `{uri}` is filled in.
    pub template: Option<String>,
}

/// What WebFinger says about somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jrd {
    /// `acct:name@domain`, mostly.
    pub subject: Option<String>,
    /// Other addresses of the same.
    pub aliases: Vec<String>,
    /// Where to find what.
    pub links: Vec<Link>,
}

impl Jrd {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`Unreadable`] when it is not a JSON object within the bounds.
    pub fn parse(body: &[u8]) -> Result<Jrd, Unreadable> {
        let document = Document::parse(body, Web::Https)?;
        let node = document.node();
        let links = node.nodes("links").filter_map(|link| {
            Some(Link {
                rel: link.text("rel", bounds::URL_BYTES)?,
                media_type: link.text("type", 200),
                href: link.text("href", bounds::URL_BYTES),
                template: link.text("template", bounds::URL_BYTES),
            })
        });
        Ok(Jrd {
            subject: node.text("subject", bounds::URL_BYTES),
            aliases: node.texts("aliases").map(|alias| bounds::cut(alias, bounds::URL_BYTES).to_owned()).collect(),
            links: links.collect(),
        })
    }

    /// The answer about one of ours.
    #[must_use]
    pub fn of_account(handle: &Handle, actor: &Uri, page: &Uri, avatar: Option<(&Uri, &str)>, subscribe: &str) -> Jrd {
        let link = |rel: &str, media_type: &str, href: &str| Link {
            rel: rel.to_owned(),
            media_type: Some(media_type.to_owned()),
            href: Some(href.to_owned()),
            template: None,
        };
        let mut links = vec![
            link(PROFILE_PAGE, "text/html", page.as_str()),
            link("self", ACTIVITY_JSON, actor.as_str()),
            Link { rel: SUBSCRIBE.to_owned(), template: Some(subscribe.to_owned()), ..Link::default() },
        ];
        links.extend(avatar.map(|(file, media_type)| link(AVATAR, media_type, file.as_str())));
        Jrd {
            subject: Some(format!("acct:{handle}")),
            aliases: vec![page.as_str().to_owned(), actor.as_str().to_owned()],
            links,
        }
    }

    /// The handle in the subject, if it is one with a domain.
    #[must_use]
    pub fn handle(&self) -> Option<Handle> {
        let subject = self.subject.as_deref()?.strip_prefix("acct:")?;
        subject.parse().ok().filter(|handle: &Handle| handle.domain.is_some())
    }

    /// The actor: the link `self` with a media type of ActivityPub.
    #[must_use]
    pub fn actor(&self, web: Web) -> Option<Uri> {
        let is_actor = |link: &&Link| link.rel == "self" && link.media_type.as_deref().is_some_and(is_activity_type);
        self.links.iter().filter(is_actor).find_map(|link| Uri::parse(link.href.as_deref()?, web).ok())
    }

    /// Where this person's server lets them follow somebody: an address with `{uri}` in it.
    #[must_use]
    pub fn subscribe_template(&self) -> Option<&str> {
        let link = self.links.iter().find(|link| link.rel == SUBSCRIBE)?;
        link.template
            .as_deref()
            .filter(|t| t.contains("{uri}") && Uri::parse(&t.replace("{uri}", ""), Web::Https).is_ok())
    }

    /// The body of an answer.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let links = self.links.iter().map(|link| {
            let mut written = json!({"rel": link.rel});
            let parts = [("type", &link.media_type), ("href", &link.href), ("template", &link.template)];
            for (name, value) in parts {
                if let (Some(map), Some(value)) = (written.as_object_mut(), value) {
                    map.insert(name.to_owned(), json!(value));
                }
            }
            written
        });
        let mut written = json!({"aliases": self.aliases, "links": links.collect::<Vec<_>>()});
        if let (Some(map), Some(subject)) = (written.as_object_mut(), &self.subject) {
            map.insert("subject".to_owned(), json!(subject));
        }
        written
    }
}

/// Whether a media type promises an ActivityPub document: `application/activity+json`, or `application/ld+json` with
/// the profile of ActivityStreams. Source: <https://www.w3.org/TR/activitypub/#retrieving-objects>.
#[must_use]
pub fn is_activity_type(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let kind = parts.next().unwrap_or("");
    let is_profile = |part: &str| {
        part.split_once('=').is_some_and(|(name, value)| {
            name.trim().eq_ignore_ascii_case("profile")
                && value.trim().trim_matches('"').split(' ').any(|p| p == "https://www.w3.org/ns/activitystreams")
        })
    };
    kind.eq_ignore_ascii_case(ACTIVITY_JSON)
        || (kind.eq_ignore_ascii_case("application/ld+json") && parts.any(is_profile))
}

/// Whom somebody asks for in `resource`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `acct:name@domain`, also without `acct:`.
    Account(Handle),
    /// The address of an actor or a page.
    Address(Uri),
}

impl Resource {
    /// Reads the parameter; `None` when it is neither.
    #[must_use]
    pub fn parse(text: &str, web: Web) -> Option<Resource> {
        if let Ok(uri) = Uri::parse(text, web) {
            return Some(Resource::Address(uri));
        }
        text.parse().ok().filter(|handle: &Handle| handle.domain.is_some()).map(Resource::Account)
    }
}

/// The address to ask about a handle. `domain` may have a port; `name@domain` is encoded here.
#[must_use]
pub fn query_url(scheme: &str, domain: &str, resource: &str) -> Option<url::Url> {
    let mut url = url::Url::parse(&format!("{scheme}://{domain}/.well-known/webfinger")).ok()?;
    url.query_pairs_mut().append_pair("resource", resource);
    Some(url)
}

/// host-meta: where WebFinger is, for those who still ask.
/// Source: <https://www.rfc-editor.org/rfc/rfc6415>.
pub mod host_meta {
    use super::{Jrd, Value, bounds, json};

    /// The media type of [`xrd`].
    pub const XRD_TYPE: &str = "application/xrd+xml";

    /// Our host-meta in XML. `base` is `https://host`, without a slash at the end.
    #[must_use]
    pub fn xrd(base: &str) -> String {
        let base = base.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n  \
             <Link rel=\"lrdd\" template=\"{base}/.well-known/webfinger?resource={{uri}}\"/>\n</XRD>\n"
        )
    }

    /// Our host-meta in JSON.
    #[must_use]
    pub fn jrd(base: &str) -> Value {
        json!({"links": [{"rel": "lrdd", "template": format!("{base}/.well-known/webfinger?resource={{uri}}")}]})
    }

    /// The template for WebFinger in somebody's host-meta, XML or JSON: an address with `{uri}` in it.
    #[must_use]
    pub fn lrdd_template(body: &[u8]) -> Option<String> {
        if let Ok(jrd) = Jrd::parse(body) {
            let link = jrd.links.into_iter().find(|link| link.rel == "lrdd" && link.template.is_some());
            return link.and_then(|link| link.template);
        }
        let text = std::str::from_utf8(body.get(..body.len().min(bounds::BODY_BYTES))?).ok()?;
        let links = text.split("<Link").skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag));
        let lrdd = links.filter(|tag| attribute(tag, "rel") == Some("lrdd"));
        lrdd.filter_map(|tag| attribute(tag, "template")).find(|t| t.contains("{uri}")).map(|t| t.replace("&amp;", "&"))
    }

    fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
        let (_, rest) = tag.split_once(&format!(" {name}=")).or_else(|| tag.split_once(&format!("\n{name}=")))?;
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest.get(1..)?.split_once(quote).map(|(value, _)| value)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text, Web::Https).unwrap()
    }

    #[test]
    fn our_own_answer_is_read_back() {
        let handle = "alice@example.org".parse().unwrap();
        let (actor, page) = (uri("https://social.example.org/ap/users/1"), uri("https://social.example.org/@alice"));
        let template = "https://social.example.org/authorize_interaction?uri={uri}";
        let avatar = uri("https://social.example.org/a.png");
        let jrd = Jrd::of_account(&handle, &actor, &page, Some((&avatar, "image/png")), template);
        let back = Jrd::parse(jrd.to_json().to_string().as_bytes()).unwrap();
        assert_eq!(back, jrd);
        assert_eq!(back.handle(), Some(handle));
        assert_eq!(back.actor(Web::Https), Some(actor));
        assert_eq!(back.subscribe_template(), Some(template));
    }

    #[test]
    fn only_activity_pub_links_lead_to_an_actor() {
        let jrd = |kind: &str, href: &str| {
            let body = json!({"subject": "acct:a@b.example", "links": [{"rel": "self", "type": kind, "href": href}]});
            Jrd::parse(body.to_string().as_bytes()).unwrap().actor(Web::Https)
        };
        let profile = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";
        assert!(jrd(profile, "https://b.example/u").is_some());
        assert!(jrd("application/activity+json; charset=utf-8", "https://b.example/u").is_some());
        assert!(jrd("application/ld+json", "https://b.example/u").is_none());
        assert!(jrd("text/html", "https://b.example/u").is_none());
        assert!(jrd("application/activity+json", "http://b.example/u").is_none());
        assert!(jrd("application/activity+json", "javascript:alert(1)").is_none());
    }

    #[test]
    fn resources_are_handles_or_addresses() {
        let account = Some(Resource::Account("alice@example.org".parse().unwrap()));
        assert_eq!(Resource::parse("acct:alice@Example.org", Web::Https), account);
        assert_eq!(Resource::parse("alice@example.org", Web::Https), account);
        assert_eq!(
            Resource::parse("https://a.example/@b", Web::Https),
            Some(Resource::Address(uri("https://a.example/@b")))
        );
        assert_eq!(Resource::parse("alice", Web::Https), None);
        assert_eq!(Resource::parse("acct:a b@c", Web::Https), None);
    }

    #[test]
    fn a_query_is_encoded() {
        let url = query_url("https", "b.example:8443", "acct:a@b.example").unwrap();
        assert_eq!(url.as_str(), "https://b.example:8443/.well-known/webfinger?resource=acct%3Aa%40b.example");
        assert!(
            query_url("https", "b.example/x", "acct:a@b.example").is_some_and(|u| u.host_str() == Some("b.example"))
        );
    }

    #[test]
    fn host_meta_is_read_in_both_forms() {
        let template = Some("https://b.example/.well-known/webfinger?resource={uri}".to_owned());
        assert_eq!(host_meta::lrdd_template(host_meta::xrd("https://b.example").as_bytes()), template);
        assert_eq!(host_meta::lrdd_template(host_meta::jrd("https://b.example").to_string().as_bytes()), template);
        let older = br#"<XRD><Link type='application/jrd+json' template='https://b.example/w?a=1&amp;r={uri}' rel='lrdd'></Link></XRD>"#;
        assert_eq!(host_meta::lrdd_template(older).as_deref(), Some("https://b.example/w?a=1&r={uri}"));
        assert_eq!(host_meta::lrdd_template(b"<Link rel=\"lrdd\" template=\""), None);
        assert_eq!(host_meta::lrdd_template(&[0xff, 0xfe]), None);
    }
}
