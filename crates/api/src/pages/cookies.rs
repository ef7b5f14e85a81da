//! The two cookies: the session, and for those not signed in the visit that their forms are bound to.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use phiomia_store::Secret;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// Somebody is signed in.
    Session,
    /// Somebody looks at a form.
    Visit,
}

impl Cookie {
    /// `__Host-` binds it to this very host and to https; browsers refuse it on plain http, where only development is.
    const fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Cookie::Session, true) => "__Host-phiomia_session",
            (Cookie::Session, false) => "phiomia_session",
            (Cookie::Visit, true) => "__Host-phiomia_visit",
            (Cookie::Visit, false) => "phiomia_visit",
        }
    }

    /// What the browser sent. Sent twice, it counts as not sent.
    pub(super) fn read(self, headers: &HeaderMap, is_https: bool) -> Option<Secret> {
        let name = self.name(is_https);
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(n, value)| *n == name && !value.is_empty())
            .map(|(_, value)| value);
        let first = values.next()?;
        values.next().is_none().then(|| Secret::new(first))
    }

    /// Sets it. Without `life` it ends with the browser.
    pub(super) fn write(self, headers: &mut HeaderMap, is_https: bool, value: &Secret, life: Option<Duration>) {
        let life = life.map(|l| format!("; Max-Age={}", l.as_secs())).unwrap_or_default();
        self.append(headers, is_https, value.expose(), &life);
    }

    /// Takes it away.
    pub(super) fn clear(self, headers: &mut HeaderMap, is_https: bool) {
        self.append(headers, is_https, "", "; Max-Age=0");
    }

    fn append(self, headers: &mut HeaderMap, is_https: bool, value: &str, life: &str) {
        let secure = if is_https { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{life}", self.name(is_https));
        if let Ok(mut value) = HeaderValue::from_str(&text) {
            value.set_sensitive(true);
            headers.append(header::SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_another_name_or_sent_twice_does_not_count() {
        let read = |text: &'static str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]);
            Cookie::Session.read(&headers, true).map(|s| s.expose().to_owned())
        };
        assert_eq!(read("a=b; __Host-phiomia_session=x"), Some("x".to_owned()));
        assert_eq!(read("phiomia_session=x"), None);
        assert_eq!(read("__Host-phiomia_session=x; __Host-phiomia_session=y"), None);
        assert_eq!(read("__Host-phiomia_session="), None);
    }
}
