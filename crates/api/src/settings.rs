//! Server settings that are changed while running, read from their table with defaults for what was never set.

use std::collections::HashMap;

use phiomia_model::Addresses;

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

/// The settings the API acts by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// `site_title`: what the server is called; its domain when never set.
    pub title: String,
    /// `site_short_description`: one line.
    pub short_description: String,
    /// `site_extended_description`: long text, Markdown is not read; `None` when never set.
    pub extended_description: Option<String>,
    /// `site_contact_email`.
    pub contact_email: String,
    /// `site_contact_username`: a local account; `None` when never set.
    pub contact_username: Option<String>,
    /// `site_terms`: the privacy policy; `None` when never set.
    pub privacy_policy: Option<String>,
    /// `status_page_url`.
    pub status_page_url: Option<String>,
    /// `registrations`: `open`, `approval` or `closed`.
    pub registrations: Registrations,
    /// `closed_registrations_message`.
    pub closed_registrations_message: Option<String>,
    /// `rate_limits`: `off` for development and tests.
    pub rate_limits: bool,
}

impl ServerSettings {
    /// From the rows of the table; a value that makes no sense counts as never set.
    #[must_use]
    pub fn from_rows(rows: Vec<(String, String)>, addresses: &Addresses) -> ServerSettings {
        let mut rows: HashMap<String, String> = rows.into_iter().collect();
        let mut take = |name: &str| rows.remove(name).filter(|value| !value.is_empty());
        ServerSettings {
            title: take("site_title").unwrap_or_else(|| addresses.local_domain.clone()),
            short_description: take("site_short_description").unwrap_or_default(),
            extended_description: take("site_extended_description"),
            contact_email: take("site_contact_email").unwrap_or_default(),
            contact_username: take("site_contact_username"),
            privacy_policy: take("site_terms"),
            status_page_url: take("status_page_url"),
            registrations: match take("registrations").as_deref() {
                Some("open") => Registrations::Open,
                Some("approval") => Registrations::Approval,
                _ => Registrations::Closed,
            },
            closed_registrations_message: take("closed_registrations_message"),
            rate_limits: take("rate_limits").as_deref() != Some("off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_set_has_a_default_that_lets_nobody_in() {
        let addresses =
            Addresses { scheme: "https".into(), local_domain: "example.org".into(), web_domain: "example.org".into() };
        let settings = ServerSettings::from_rows(vec![("registrations".into(), "maybe".into())], &addresses);
        assert_eq!(settings.registrations, Registrations::Closed);
        assert_eq!(settings.title, "example.org");
        assert!(settings.rate_limits);
    }
}
