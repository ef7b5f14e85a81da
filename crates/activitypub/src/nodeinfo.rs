//! NodeInfo: what a server says about itself. Source: <https://nodeinfo.diaspora.software/protocol.html>.

use serde_json::{Value, json};

use crate::{
    bounds,
    document::{Document, Unreadable},
    uri::{Uri, Web},
};

/// The form of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// <https://nodeinfo.diaspora.software/ns/schema/2.0>.
    V2_0,
    /// The same with the source and home page of the software: <https://nodeinfo.diaspora.software/ns/schema/2.1>.
    V2_1,
}

impl Version {
    /// The relation in `/.well-known/nodeinfo`.
    #[must_use]
    pub const fn rel(self) -> &'static str {
        match self {
            Version::V2_0 => "http://nodeinfo.diaspora.software/ns/schema/2.0",
            Version::V2_1 => "http://nodeinfo.diaspora.software/ns/schema/2.1",
        }
    }
    /// `2.0`, also the end of our own paths.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Version::V2_0 => "2.0",
            Version::V2_1 => "2.1",
        }
    }
}

/// A server. The counts are its own claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeInfo {
    /// `mastodon`, `gotosocial`, … in lower case.
    pub software: String,
    /// As it is written.
    pub version: String,
    /// Where its source is.
    pub repository: Option<String>,
    /// Its page.
    pub homepage: Option<String>,
    /// `activitypub`, ….
    pub protocols: Vec<String>,
    /// Whether one may sign up.
    pub open_registrations: bool,
    /// Accounts.
    pub users: Option<u64>,
    /// Accounts that did something in the last 30 days.
    pub active_month: Option<u64>,
    /// Accounts that did something in the last 180 days.
    pub active_half_year: Option<u64>,
    /// Posts.
    pub local_posts: Option<u64>,
    /// `metadata.nodeName`.
    pub name: Option<String>,
    /// `metadata.nodeDescription`.
    pub description: Option<String>,
}

impl NodeInfo {
    /// Reads a document of any 1.x or 2.x form.
    ///
    /// # Errors
    /// [`Unreadable`] when it is not JSON within the bounds, or names no software.
    pub fn parse(body: &[u8]) -> Result<NodeInfo, Unreadable> {
        let document = Document::parse(body, Web::Https)?;
        let node = document.node();
        let text = |from: Option<crate::document::Node<'_>>, name| from.and_then(|n| n.text(name, bounds::NAME_BYTES));
        let software = node.node("software");
        let (usage, metadata) = (node.node("usage"), node.node("metadata"));
        let users = usage.and_then(|usage| usage.node("users"));
        Ok(NodeInfo {
            software: text(software, "name").ok_or(Unreadable::Missing("software"))?.to_lowercase(),
            version: text(software, "version").unwrap_or_default(),
            repository: text(software, "repository"),
            homepage: text(software, "homepage"),
            protocols: node.texts("protocols").map(|p| bounds::cut(p, 100).to_owned()).collect(),
            open_registrations: node.flag("openRegistrations").unwrap_or(false),
            users: users.and_then(|users| users.number("total")),
            active_month: users.and_then(|users| users.number("activeMonth")),
            active_half_year: users.and_then(|users| users.number("activeHalfyear")),
            local_posts: usage.and_then(|usage| usage.number("localPosts")),
            name: text(metadata, "nodeName"),
            description: text(metadata, "nodeDescription"),
        })
    }

    /// The document.
    #[must_use]
    pub fn to_json(&self, version: Version) -> Value {
        let mut software = json!({"name": self.software, "version": self.version});
        if let (Version::V2_1, Some(map)) = (version, software.as_object_mut()) {
            for (name, value) in [("repository", &self.repository), ("homepage", &self.homepage)] {
                map.extend(value.as_ref().map(|value| (name.to_owned(), json!(value))));
            }
        }
        let known = |pairs: [(&str, Option<Value>); 3]| -> Value {
            pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
        };
        json!({
            "version": version.number(),
            "software": software,
            "protocols": self.protocols,
            "services": {"inbound": [], "outbound": []},
            "openRegistrations": self.open_registrations,
            "usage": known([
                ("users", Some(known([
                    ("total", self.users.map(Value::from)),
                    ("activeMonth", self.active_month.map(Value::from)),
                    ("activeHalfyear", self.active_half_year.map(Value::from)),
                ]))),
                ("localPosts", self.local_posts.map(Value::from)),
                ("localComments", None),
            ]),
            "metadata": known([
                ("nodeName", self.name.clone().map(Value::from)),
                ("nodeDescription", self.description.clone().map(Value::from)),
                ("features", None),
            ]),
        })
    }
}

/// `/.well-known/nodeinfo` of ours. `base` is `https://host`, without a slash at the end.
#[must_use]
pub fn discovery(base: &str) -> Value {
    let link = |v: Version| json!({"rel": v.rel(), "href": format!("{base}/nodeinfo/{}", v.number())});
    json!({"links": [link(Version::V2_0), link(Version::V2_1)]})
}

/// Where a server's document is: the newest form that `/.well-known/nodeinfo` names.
///
/// # Errors
/// [`Unreadable`] when it is not JSON within the bounds, or names none.
pub fn read_discovery(body: &[u8], web: Web) -> Result<Uri, Unreadable> {
    let document = Document::parse(body, web)?;
    let forms = ["2.1", "2.0", "1.1", "1.0"];
    let find = |form: &str| {
        let mut links = document.node().nodes("links");
        links.find(|link| link.texts("rel").any(|rel| rel.ends_with(&format!("/ns/schema/{form}"))))?.uri("href")
    };
    forms.into_iter().find_map(find).ok_or(Unreadable::Missing("links"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn our_own_document_is_read_back_and_only_the_newer_form_tells_the_source() {
        let info = NodeInfo {
            software: "phiomia".into(),
            version: "0.1.0".into(),
            repository: Some("https://a.example/source".into()),
            protocols: vec!["activitypub".into()],
            open_registrations: true,
            users: Some(3),
            active_month: Some(2),
            local_posts: Some(70),
            name: Some("Example".into()),
            ..NodeInfo::default()
        };
        assert_eq!(NodeInfo::parse(info.to_json(Version::V2_1).to_string().as_bytes()).unwrap(), info);
        let older = info.to_json(Version::V2_0);
        assert_eq!(older.pointer("/software").unwrap(), &json!({"name": "phiomia", "version": "0.1.0"}));
    }

    #[test]
    fn the_newest_form_is_chosen() {
        let body = discovery("https://a.example").to_string();
        let found = read_discovery(body.as_bytes(), Web::Https).unwrap();
        assert_eq!(found.as_str(), "https://a.example/nodeinfo/2.1");
        assert!(read_discovery(br#"{"links": {"rel": "x"}}"#, Web::Https).is_err());
    }

    #[test]
    fn wrong_counts_are_unknown_counts() {
        let body = br#"{"software": {"name": "Odd"}, "usage": {"users": {"total": -1, "activeMonth": "5"}, "localPosts": null}}"#;
        let info = NodeInfo::parse(body).unwrap();
        assert_eq!(
            (info.software.as_str(), info.users, info.active_month, info.local_posts),
            ("odd", None, Some(5), None)
        );
    }
}
