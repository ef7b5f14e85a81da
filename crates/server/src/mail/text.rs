//! What stands in a mail.

use askama::Template;
use phiomia_model::{Addresses, Fault, job::Mail};
use phiomia_social::users::Letter;

/// A mail without its head.
pub(super) struct Text {
    pub subject: String,
    pub plain: String,
    pub html: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
struct Plain<'a> {
    words: &'a Words,
    username: &'a str,
    domain: &'a str,
    server: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    words: &'a Words,
    username: &'a str,
    domain: &'a str,
    server: &'a str,
    link: &'a str,
}

/// What differs from mail to mail.
struct Words {
    title: &'static str,
    before: &'static str,
    button: &'static str,
    after: &'static str,
}

const CONFIRMATION: Words = Words {
    title: "Confirm your e-mail address",
    before: "Somebody signed up with this e-mail address. If that was you, please confirm that it is yours:",
    button: "Confirm my address",
    after: "The link is good for two days. If it was not you, you need not do anything.",
};
const PASSWORD_RESET: Words = Words {
    title: "Set a new password",
    before: "Somebody asked for a new password for your account. If that was you, set it here:",
    button: "Set a new password",
    after: "The link is good for six hours. If it was not you, your password stays as it is and you need not do anything.",
};

/// Writes a mail.
pub(super) fn write(letter: &Letter, addresses: &Addresses, server: &str) -> Result<Text, Fault> {
    // The secret is base64url: nothing in it needs escaping.
    let secret = letter.link.expose();
    let (words, path) = match letter.mail {
        Mail::Confirmation => (&CONFIRMATION, format!("/auth/confirmation?confirmation_token={secret}")),
        Mail::PasswordReset => (&PASSWORD_RESET, format!("/auth/password/edit?reset_password_token={secret}")),
    };
    let (link, username, domain) = (addresses.at(&path), letter.username.as_str(), addresses.local_domain.as_str());
    let broken = |e: askama::Error| Fault::because("writing a mail", e);
    Ok(Text {
        // One line, whatever the server is called.
        subject: format!("{}: {}", server.replace(['\r', '\n'], " "), words.title),
        plain: Plain { words, username, domain, server, link: &link }.render().map_err(broken)?,
        html: Html { words, username, domain, server, link: &link }.render().map_err(broken)?,
    })
}
