//! The one place that takes access away.

use phiomia_model::{AccountId, AppId, Event, Fault, SessionId, TokenId};
use phiomia_store::{
    Tx,
    db::{codes, links, sessions, tokens},
};

/// Whose access ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// One token.
    Token(TokenId),
    /// One browser session.
    Session(SessionId),
    /// Everything an application holds, for everybody.
    App(AppId),
    /// What an application holds for one person.
    AppOf(AppId, AccountId),
    /// Everything of an account, the session it is done from excepted.
    Account {
        /// Whose.
        account: AccountId,
        /// Stays: somebody changes their own password in it.
        kept: Option<SessionId>,
    },
}

/// Deletes tokens, codes, sessions and links, and announces the tokens, so that open streams close.
///
/// # Errors
/// The database failed.
pub fn revoke(tx: &Tx<'_>, what: What) -> Result<(), Fault> {
    let gone = match what {
        What::Token(token) => tokens::delete(tx, token)?,
        What::Session(session) => {
            sessions::delete(tx, session)?;
            Vec::new()
        }
        What::App(app) => {
            codes::delete_of_app(tx, app)?;
            tokens::delete_of_app(tx, app)?
        }
        What::AppOf(app, account) => {
            codes::delete_of_app_and_account(tx, app, account)?;
            tokens::delete_of_app_and_account(tx, app, account)?
        }
        What::Account { account, kept } => {
            codes::delete_of_account(tx, account)?;
            links::delete_of_account(tx, account)?;
            sessions::delete_of_account(tx, account, kept)?;
            tokens::delete_of_account(tx, account)?
        }
    };
    if !gone.is_empty() {
        tx.announce(Event::TokensRevoked { tokens: gone });
    }
    Ok(())
}
