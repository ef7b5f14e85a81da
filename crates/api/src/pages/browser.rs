//! A browser: known by its cookies alone, and its forms by the token that belongs to them.

use aws_lc_rs::{constant_time, digest};
use axum::response::Response;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, request::Parts};
use phiomia_model::{AccountId, Error, Refusal, SessionId};
use phiomia_social::users::{self, SESSION_LIFE};
use phiomia_store::{Secret, db::users::UserView};

use super::{cookies::Cookie, door};
use crate::{
    gate::{Ask, Guard, Identity, Knock, Who},
    peer::ClientAddr,
};

/// What a form without its token is told.
const STALE_FORM: &str =
    "This form is too old, or it did not come from here. Please go back, reload the page and try again.";

/// Who looks at a page.
#[derive(Debug)]
pub struct Browser {
    /// Who is signed in.
    pub user: Option<UserView>,
    /// The session's row, while it lasts.
    pub(super) session_id: Option<SessionId>,
    /// The session's cookie, also of a session that is over.
    pub(super) session: Option<Secret>,
    visit: Secret,
    is_new_visit: bool,
    is_https: bool,
}

impl Browser {
    /// The token that forms carry: bound to the session, or to the visit of somebody who is not signed in.
    #[must_use]
    pub fn csrf(&self) -> String {
        let bound_to = match (&self.user, &self.session) {
            (Some(_), Some(session)) => session,
            _ => &self.visit,
        };
        let text = format!("form {}", bound_to.expose());
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
    }

    /// Whose page it is.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.user.as_ref().map(|user| user.account_id)
    }

    /// Sets the cookie that a form shown now will need.
    pub(super) fn settle(&self, headers: &mut HeaderMap) {
        if self.is_new_visit {
            Cookie::Visit.write(headers, self.is_https, &self.visit, None);
        }
    }

    /// Hands out the cookie of a session that has begun.
    pub(super) fn begin(&self, headers: &mut HeaderMap, session: &Secret) {
        Cookie::Session.write(headers, self.is_https, session, Some(SESSION_LIFE));
        Cookie::Visit.clear(headers, self.is_https);
    }

    /// Takes the session's cookie away.
    pub(super) fn end(&self, headers: &mut HeaderMap) {
        Cookie::Session.clear(headers, self.is_https);
    }

    fn check_form(&self, knock: &Knock<'_>) -> Result<(), Refusal> {
        let shown = knock.input.text("authenticity_token").unwrap_or_default();
        let is_good = constant_time::verify_slices_are_equal(shown.as_bytes(), self.csrf().as_bytes()).is_ok();
        // A visit that begins with the form has never been shown one.
        let has_been_here = self.user.is_some() || !self.is_new_visit;
        if is_good && has_been_here { Ok(()) } else { Err(Refusal::Invalid(STALE_FORM.to_owned())) }
    }
}

impl Guard for Browser {
    const WHO: Who = Who::Browser;

    async fn admit(knock: &Knock<'_>) -> Result<Browser, Error> {
        let is_https = knock.api.addresses.scheme == "https";
        let session = Cookie::Session.read(&knock.parts.headers, is_https);
        let found = match &session {
            Some(session) => users::session(&knock.api.db, session.hash()).await?,
            None => None,
        };
        let (session_id, user) = found.map(|(session, user)| (session.id, user)).unzip();
        let (visit, is_new_visit) = match Cookie::Visit.read(&knock.parts.headers, is_https) {
            Some(visit) => (visit, false),
            // Somebody signed in needs none.
            None => (knock.api.entropy.secret()?, user.is_none()),
        };
        let browser = Browser { user, session_id, session, visit, is_new_visit, is_https };
        if !knock.parts.method.is_safe() {
            browser.check_form(knock)?;
        }
        Ok(browser)
    }

    fn identity(&self, client: ClientAddr) -> Identity {
        Identity { account: self.account(), token: None, client }
    }

    fn refusal(_: &Parts) -> fn(&Error) -> Response {
        door::html_refusal
    }
}

/// Where somebody signs in from.
pub(super) fn described(ask: &Ask<Browser>) -> users::Browser {
    users::Browser {
        user_agent: ask.header("user-agent").unwrap_or_default().to_owned(),
        address: ask.client.0.to_string(),
        counted_as: ask.client.bucket().to_string(),
    }
}
