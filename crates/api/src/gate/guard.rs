//! Who may come through: nobody in particular, somebody with an account, any app. The type a handler takes is the
//! proof that the gate has looked.

use std::future::Future;

use axum::response::Response;
use http::{header, request::Parts};
use phiomia_mastodon::Tree;
use phiomia_model::{AccountId, AppId, Error, Permission, Refusal, Role, Scope, Scopes, TokenId, Viewer};
use phiomia_store::{
    db::{
        tokens::{self, TokenView},
        users::{self, Standing},
    },
    secret::SecretHash,
};

use super::{door, rate::Identity};
use crate::{peer::ClientAddr, state::Api};

/// Mastodon's sentences.
const INVALID_TOKEN: &str = "The access token is invalid";
const OUTSIDE_SCOPES: &str = "This action is outside the authorized scopes";
const NEEDS_USER: &str = "This method requires an authenticated user";
const UNCONFIRMED: &str = "Your login is missing a confirmed e-mail address";
const PENDING: &str = "Your login is currently pending approval";
const DISABLED: &str = "Your login is currently disabled";

/// The word for a guard in the table of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody; a token shows more.
    Anyone,
    /// Who has an account here and may use it.
    Member,
    /// Who has one of these permissions, too.
    Staff(&'static [Permission]),
    /// Any app with a token, with or without a user.
    Client,
    /// A browser with cookies: no token counts.
    Browser,
    /// Who wants to listen: each stream asks for its own scopes.
    Listener,
    /// Another server: what it shows for itself is looked at with the body.
    Server,
    /// Somebody without an account who looks at a public page: neither cookies nor tokens count.
    Visitor,
    /// Anybody who fetches a document, or another server that signs for doing so.
    Fetcher,
    /// A visitor or a fetcher, by the form that is wanted.
    Reader,
    /// Our own doctor, who asks this server from outside.
    Doctor,
}

/// A request that knocks.
pub struct Knock<'a> {
    /// The state of the server.
    pub api: &'a Api,
    /// Head of the request.
    pub parts: &'a Parts,
    /// Who asks, by their address.
    pub client: ClientAddr,
    /// Its parameters.
    pub input: &'a Tree,
    /// What the route asks for; any one suffices.
    pub scopes: &'static [Scope],
}

/// How an error is told.
pub type Refusing = fn(&Error) -> Response;

/// Decides who is let in.
pub trait Guard: Sized + Send + 'static {
    /// Its word in the table of routes.
    const WHO: Who;
    /// Lets the caller in, or says why not.
    fn admit(knock: &Knock<'_>) -> impl Future<Output = Result<Self, Error>> + Send;
    /// By whom the request is counted.
    fn identity(&self, client: ClientAddr) -> Identity;
    /// How an error of this request is told: by the API's door, unless the guard has one of its own.
    fn refusal(parts: &Parts) -> Refusing {
        let _ = parts;
        door::json_refusal
    }
}

/// Somebody with an account here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// What its user is here.
    pub role: Role,
    /// The token that was shown.
    pub token: TokenId,
    /// The app it was given to.
    pub app: AppId,
    /// What the token allows.
    pub scopes: Scopes,
}

/// Everybody. `None`: no token, or one of somebody who cannot use the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anyone(pub Option<Member>);

impl Anyone {
    /// For whom posts are read.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        Viewer::from(self.0.as_ref().map(|member| member.account))
    }
}

/// An app with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The token that was shown.
    pub token: TokenId,
    /// The app it was given to.
    pub app: AppId,
    /// What the token allows.
    pub scopes: Scopes,
    /// Whose it is, when it is a user's.
    pub account: Option<AccountId>,
}

impl Guard for Member {
    const WHO: Who = Who::Member;
    async fn admit(knock: &Knock<'_>) -> Result<Member, Error> {
        let Some(token) = knock.token() else {
            // A route that asks for no scope cannot say which token would do.
            return Err(match knock.scopes {
                [] => Refusal::Invalid(NEEDS_USER.to_owned()),
                _ => Refusal::Unauthenticated(INVALID_TOKEN),
            }
            .into());
        };
        let caller = knock.caller(&token).await?.ok_or(Refusal::Unauthenticated(INVALID_TOKEN))?;
        knock.check_scopes(&caller)?;
        let user = caller.holder.ok_or_else(|| Refusal::Invalid(NEEDS_USER.to_owned()))?;
        match user.standing {
            Standing::Good => Ok(member(caller, user.account_id, user.role)),
            Standing::Unconfirmed => Err(Refusal::Forbidden(UNCONFIRMED).into()),
            Standing::Pending => Err(Refusal::Forbidden(PENDING).into()),
            Standing::Disabled | Standing::Suspended => Err(Refusal::Forbidden(DISABLED).into()),
        }
    }
    fn identity(&self, client: ClientAddr) -> Identity {
        Identity { account: Some(self.account), token: Some(self.token), client }
    }
}

impl Guard for Anyone {
    const WHO: Who = Who::Anyone;
    async fn admit(knock: &Knock<'_>) -> Result<Anyone, Error> {
        // A route without a scope gives the same to everybody: a stale token changes nothing.
        if knock.scopes.is_empty() {
            return Ok(Anyone(None));
        }
        let Some(token) = knock.token() else { return Ok(Anyone(None)) };
        let caller = knock.caller(&token).await?.ok_or(Refusal::Unauthenticated(INVALID_TOKEN))?;
        knock.check_scopes(&caller)?;
        let user = caller.holder.filter(|user| user.standing == Standing::Good);
        Ok(Anyone(user.map(|user| member(caller, user.account_id, user.role))))
    }
    fn identity(&self, client: ClientAddr) -> Identity {
        match &self.0 {
            Some(member) => member.identity(client),
            None => Identity { account: None, token: None, client },
        }
    }
}

impl Guard for Client {
    const WHO: Who = Who::Client;
    async fn admit(knock: &Knock<'_>) -> Result<Client, Error> {
        let token = knock.token().ok_or(Refusal::Unauthenticated(INVALID_TOKEN))?;
        let caller = knock.caller(&token).await?.ok_or(Refusal::Unauthenticated(INVALID_TOKEN))?;
        knock.check_scopes(&caller)?;
        let account = caller.holder.filter(|user| user.standing == Standing::Good).map(|user| user.account_id);
        Ok(Client { token: caller.id, app: caller.app_id, scopes: caller.scopes, account })
    }
    fn identity(&self, client: ClientAddr) -> Identity {
        Identity { account: self.account, token: Some(self.token), client }
    }
}

fn member(caller: TokenView, account: AccountId, role: Role) -> Member {
    Member { account, role, token: caller.id, app: caller.app_id, scopes: caller.scopes }
}

impl Knock<'_> {
    /// The token that was shown: in the header, or as a parameter, as Mastodon takes it.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        let header = self.parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = header.and_then(|text| {
            let (kind, token) = text.split_once(' ')?;
            kind.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        });
        bearer
            .or_else(|| self.input.text("access_token"))
            .or_else(|| self.input.text("bearer_token"))
            .filter(|token| !token.is_empty())
    }

    /// Whose token it is; `None`: nobody's.
    ///
    /// # Errors
    /// The database failed.
    pub async fn caller(&self, token: &str) -> Result<Option<TokenView>, Error> {
        let hash = SecretHash::of(token);
        let today = self.api.now().as_days();
        let found = self.api.db.token(hash, today).await?;
        if let Some(token) = found.as_ref().filter(|token| token.last_used_day < Some(today)) {
            self.note_use(token).await;
        }
        Ok(found)
    }

    /// Notes once a day that a token is used, and that its holder is here.
    async fn note_use(&self, token: &TokenView) {
        let (id, account) = (token.id, token.account_id());
        let noted = self.api.db.write(move |tx| {
            tokens::note_used(tx, id)?;
            Ok(account.map_or(Ok(()), |account| users::note_active(tx, account))?)
        });
        // A figure that is missing is no reason to refuse anybody anything.
        if let Err(error) = noted.await {
            tracing::warn!(%error, "noting the use of a token failed: {error}");
        }
    }

    /// Whether the token allows what the route asks for.
    ///
    /// # Errors
    /// `Forbidden` when it does not.
    pub fn check_scopes(&self, caller: &TokenView) -> Result<(), Error> {
        if self.scopes.is_empty() || self.scopes.iter().any(|scope| caller.scopes.hold(*scope)) {
            Ok(())
        } else {
            Err(Refusal::Forbidden(OUTSIDE_SCOPES).into())
        }
    }
}
