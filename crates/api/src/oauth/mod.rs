//! OAuth 2: how an application gets a token. Authorization code with PKCE and client credentials, nothing else.
//!
//! Source: <https://docs.joinmastodon.org/methods/oauth/>, RFC 6749, RFC 7009, RFC 7636, RFC 8414.

pub mod apps;
mod client;
pub(crate) mod describe;
mod error;
pub mod metadata;
pub mod revoke;
pub mod token;
pub mod userinfo;

pub(crate) use error::OauthError;
