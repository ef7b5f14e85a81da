//! Server settings that are changed while running, read from their table with defaults for what was never set.

use std::collections::HashMap;

use phiomia_model::{Addresses, handle::is_valid_local_name, media::SitePicture};
use phiomia_social::site::SiteKind;

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registrations {
    /// Everybody.
    Open,
    /// Whom staff approves.
    Approval,
    /// Nobody.
    Closed,
}

/// Who may read which servers are limited or blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowDomainBlocks {
    /// Everybody.
    All,
    /// Who lives here.
    Users,
    /// Staff alone.
    Disabled,
}

impl ShowDomainBlocks {
    /// Its word in the table and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            ShowDomainBlocks::All => "all",
            ShowDomainBlocks::Users => "users",
            ShowDomainBlocks::Disabled => "disabled",
        }
    }
}

impl Registrations {
    /// Its word in the table and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Registrations::Open => "open",
            Registrations::Approval => "approval",
            Registrations::Closed => "closed",
        }
    }
}

/// A setting that exists: its name, what it may be, what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its name in the table and on the command line.
    pub key: &'static str,
    /// What it may be.
    pub shape: Shape,
    /// For people.
    pub about: &'static str,
}

/// What a setting may be. An empty text is always allowed and means that it was never set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line of up to so many characters.
    Line(usize),
    /// Text of up to so many characters.
    Text(usize),
    /// An e-mail address.
    Email,
    /// The name of an account of this server.
    Username,
    /// The address of a page.
    Url,
    /// A number of years.
    Years,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// Every setting there is.
pub const KNOWN: &[Known] = &[
    known("title", Shape::Line(255), "what the server is called; its domain when not set"),
    known("description", Shape::Line(500), "what it is, in one line"),
    known("extended_description", Shape::Text(200_000), "what it is, at length, as HTML"),
    known("contact_email", Shape::Email, "how its operator is reached"),
    known("contact_username", Shape::Username, "the account of its operator"),
    known("privacy_policy", Shape::Text(200_000), "the privacy policy, as HTML"),
    known("status_page_url", Shape::Url, "a page elsewhere that says whether the server is up"),
    known("registrations", Shape::Word(&["open", "approval", "closed"]), "who may sign up; closed when not set"),
    known(
        "min_age",
        Shape::Years,
        "who signs up has to be so old and says when they were born; nobody is asked when not set",
    ),
    known("closed_registrations_message", Shape::Line(500), "shown when nobody may sign up"),
    known(
        "single_user_mode",
        Shape::Word(&["on", "off"]),
        "the owner's profile is the front page; when not set: while one person lives here and registrations are closed",
    ),
    known(
        "show_domain_blocks",
        Shape::Word(&["all", "users", "disabled"]),
        "who may read which servers are limited or blocked; nobody when not set",
    ),
    known("rate_limits", Shape::Word(&["on", "off"]), "off only for development and tests; on when not set"),
];

const fn known(key: &'static str, shape: Shape, about: &'static str) -> Known {
    Known { key, shape, about }
}

impl Known {
    /// The setting of that name.
    #[must_use]
    pub fn named(key: &str) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.key == key)
    }

    /// Whether the value is of its shape.
    ///
    /// # Errors
    /// Half a sentence that goes on from the setting's name.
    pub fn check(&self, value: &str) -> Result<(), String> {
        let within = |most: usize| match value.chars().count() {
            n if n > most => Err(format!("may have {most} characters, not {n}")),
            _ => Ok(()),
        };
        let must = |is_good: bool, what: &str| if is_good { Ok(()) } else { Err(format!("must be {what}")) };
        match self.shape {
            _ if value.is_empty() => Ok(()),
            Shape::Line(most) => must(!value.contains(['\n', '\r']), "one line").and_then(|()| within(most)),
            Shape::Text(most) => within(most),
            Shape::Email => {
                let is_good = value.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
                must(is_good && !value.contains(char::is_whitespace), "an e-mail address").and_then(|()| within(320))
            }
            Shape::Username => must(is_valid_local_name(value), "the name of an account of this server"),
            Shape::Url => {
                let is_web = value.starts_with("https://") || value.starts_with("http://");
                must(is_web && !value.contains(char::is_whitespace), "the address of a page")
                    .and_then(|()| within(2048))
            }
            Shape::Years => must(value.parse().is_ok_and(|years: u8| (1..=120).contains(&years)), "a number of years"),
            Shape::Word(words) => must(words.contains(&value), &words.join(" or ")),
        }
    }
}

/// The settings the API acts by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// `title`: what the server is called; its domain when never set.
    pub title: String,
    /// `description`: one line.
    pub short_description: String,
    /// `extended_description`: long text, Markdown is not read; `None` when never set.
    pub extended_description: Option<String>,
    /// `contact_email`.
    pub contact_email: String,
    /// `contact_username`: a local account; `None` when never set.
    pub contact_username: Option<String>,
    /// `privacy_policy`: the privacy policy; `None` when never set.
    pub privacy_policy: Option<String>,
    /// `status_page_url`.
    pub status_page_url: Option<String>,
    /// `registrations`: `open`, `approval` or `closed`.
    pub registrations: Registrations,
    /// `min_age`: a number of years; `None` when nobody is asked for their age.
    pub min_age: Option<String>,
    /// `closed_registrations_message`.
    pub closed_registrations_message: Option<String>,
    /// `single_user_mode`: the owner's profile is the front page. `None`: while one person lives here and registrations
    /// are closed.
    pub single_user: Option<bool>,
    /// `show_domain_blocks`: who may read which servers are limited or blocked.
    pub show_domain_blocks: ShowDomainBlocks,
    /// `rate_limits`: `off` for development and tests.
    pub rate_limits: bool,
    /// The broad picture of the server; set by a command of its own, as is the next.
    pub thumbnail: Option<SitePicture>,
    /// The square one.
    pub icon: Option<SitePicture>,
}

impl ServerSettings {
    /// From the rows of the table; a value that makes no sense counts as never set.
    #[must_use]
    pub fn from_rows(rows: Vec<(String, String)>, addresses: &Addresses) -> ServerSettings {
        let mut rows: HashMap<String, String> = rows.into_iter().collect();
        let mut take = |name: &str| rows.remove(name).filter(|value| !value.is_empty());
        ServerSettings {
            title: take("title").unwrap_or_else(|| addresses.local_domain.clone()),
            short_description: take("description").unwrap_or_default(),
            extended_description: take("extended_description"),
            contact_email: take("contact_email").unwrap_or_default(),
            contact_username: take("contact_username"),
            privacy_policy: take("privacy_policy"),
            status_page_url: take("status_page_url"),
            registrations: match take("registrations").as_deref() {
                Some("open") => Registrations::Open,
                Some("approval") => Registrations::Approval,
                _ => Registrations::Closed,
            },
            min_age: take("min_age").filter(|years| years.parse::<u8>().is_ok()),
            closed_registrations_message: take("closed_registrations_message"),
            single_user: match take("single_user_mode").as_deref() {
                Some("on") => Some(true),
                Some("off") => Some(false),
                _ => None,
            },
            show_domain_blocks: match take("show_domain_blocks").as_deref() {
                Some("all") => ShowDomainBlocks::All,
                Some("users") => ShowDomainBlocks::Users,
                _ => ShowDomainBlocks::Disabled,
            },
            rate_limits: take("rate_limits").as_deref() != Some("off"),
            thumbnail: take(SiteKind::Thumbnail.word()).and_then(|json| serde_json::from_str(&json).ok()),
            icon: take(SiteKind::Icon.word()).and_then(|json| serde_json::from_str(&json).ok()),
        }
    }

    /// How old somebody has to be to sign up, in years; `None`: nobody is asked.
    #[must_use]
    pub fn least_age(&self) -> Option<u8> {
        self.min_age.as_deref().and_then(|years| years.parse().ok())
    }

    /// What is in force, as text; empty for what was never set and has no default.
    #[must_use]
    pub fn value(&self, key: &str) -> &str {
        match key {
            "title" => &self.title,
            "description" => &self.short_description,
            "extended_description" => self.extended_description.as_deref().unwrap_or_default(),
            "contact_email" => &self.contact_email,
            "contact_username" => self.contact_username.as_deref().unwrap_or_default(),
            "privacy_policy" => self.privacy_policy.as_deref().unwrap_or_default(),
            "status_page_url" => self.status_page_url.as_deref().unwrap_or_default(),
            "registrations" => self.registrations.word(),
            "min_age" => self.min_age.as_deref().unwrap_or_default(),
            "closed_registrations_message" => self.closed_registrations_message.as_deref().unwrap_or_default(),
            "single_user_mode" => self.single_user.map_or("", |is_single| if is_single { "on" } else { "off" }),
            "show_domain_blocks" => self.show_domain_blocks.word(),
            "rate_limits" if self.rate_limits => "on",
            "rate_limits" => "off",
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_set_has_a_default_that_lets_nobody_in() {
        let addresses = Addresses::new("https", "example.org", "example.org");
        let settings = ServerSettings::from_rows(vec![("registrations".into(), "maybe".into())], &addresses);
        assert_eq!(settings.registrations, Registrations::Closed);
        assert_eq!(settings.title, "example.org");
        assert!(settings.rate_limits);
    }

    #[test]
    fn every_setting_that_is_set_is_in_force() {
        let addresses = Addresses::new("https", "example.org", "example.org");
        for known in KNOWN {
            let good = match known.shape {
                Shape::Word(words) => words.first().copied().unwrap_or_default(),
                Shape::Url => "https://status.example.org",
                Shape::Email => "me@example.org",
                Shape::Years => "16",
                Shape::Line(_) | Shape::Text(_) | Shape::Username => "alice",
            };
            assert_eq!(known.check(good), Ok(()), "{}", known.key);
            let settings = ServerSettings::from_rows(vec![(known.key.to_owned(), good.to_owned())], &addresses);
            assert_eq!(settings.value(known.key), good, "{}", known.key);
        }
    }

    #[test]
    fn a_value_of_another_shape_is_refused_with_a_reason() {
        let why = |key: &str, value: &str| Known::named(key).map(|known| known.check(value));
        let refused = |text: &str| Some(Err(text.to_owned()));
        assert_eq!(why("registrations", "maybe"), refused("must be open or approval or closed"));
        assert_eq!(why("title", "two\nlines"), refused("must be one line"));
        assert_eq!(why("contact_email", "nobody"), refused("must be an e-mail address"));
        assert_eq!(why("status_page_url", "javascript:alert(1)"), refused("must be the address of a page"));
        assert_eq!(why("min_age", "0"), refused("must be a number of years"));
        assert_eq!(why("title", ""), Some(Ok(())));
        assert_eq!(why("colour", "red"), None);
    }
}
