//! Errors in OAuth's form, with the sentences Mastodon's clients know.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// Source: RFC 6749, sections 4.1.2.1 and 5.2; RFC 7636, section 4.4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OauthError {
    /// A parameter is missing; its name.
    MissingParameter(&'static str),
    /// The client is unknown or did not show who it is.
    InvalidClient,
    /// The code is worth nothing, or not to this client.
    InvalidGrant,
    /// Neither of the two grants we know.
    UnsupportedGrantType,
    /// Something else than a code was asked for.
    UnsupportedResponseType,
    /// Beyond the application's scopes, or no scope at all.
    InvalidScope,
    /// None of the application's addresses.
    InvalidRedirectUri,
    /// An application without a secret must show a challenge.
    MissingChallenge,
    /// A challenge of another method than S256.
    InvalidChallengeMethod,
    /// A client wants to revoke what is not its own.
    NotYourToken,
}

impl OauthError {
    /// The word in `error`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            OauthError::MissingParameter(_) | OauthError::MissingChallenge => "invalid_request",
            OauthError::InvalidClient => "invalid_client",
            OauthError::InvalidGrant => "invalid_grant",
            OauthError::UnsupportedGrantType => "unsupported_grant_type",
            OauthError::UnsupportedResponseType => "unsupported_response_type",
            OauthError::InvalidScope => "invalid_scope",
            OauthError::InvalidRedirectUri => "invalid_redirect_uri",
            OauthError::InvalidChallengeMethod => "invalid_code_challenge_method",
            OauthError::NotYourToken => "unauthorized_client",
        }
    }

    /// The sentence in `error_description`.
    pub(crate) fn sentence(self) -> String {
        let fixed = match self {
            OauthError::MissingParameter(name) => return format!("Missing required parameter: {name}."),
            OauthError::InvalidClient => {
                "Client authentication failed due to unknown client, no client authentication included, or unsupported \
                 authentication method."
            }
            OauthError::InvalidGrant => {
                "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used \
                 in the authorization request, or was issued to another client."
            }
            OauthError::UnsupportedGrantType => {
                "The authorization grant type is not supported by the authorization server."
            }
            OauthError::UnsupportedResponseType => "The authorization server does not support this response type.",
            OauthError::InvalidScope => "The requested scope is invalid, unknown, or malformed.",
            OauthError::InvalidRedirectUri => {
                "The requested redirect uri is malformed or doesn't match client redirect URI."
            }
            OauthError::MissingChallenge => "Code challenge is required.",
            OauthError::InvalidChallengeMethod => "The code challenge method must be S256.",
            OauthError::NotYourToken => "You are not authorized to revoke this token",
        };
        fixed.to_owned()
    }

    /// The status of the answer.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            OauthError::InvalidClient => StatusCode::UNAUTHORIZED,
            OauthError::NotYourToken => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.word(), "error_description": self.sentence() });
        let mut response = (self.status(), axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        if self == OauthError::InvalidClient {
            let challenge = HeaderValue::from_static(r#"Basic realm="OAuth", error="invalid_client""#);
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
