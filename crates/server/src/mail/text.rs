//! What stands in a mail.

use askama::Template;
use phiomia_model::{Addresses, Fault, job::Mail, strike::Action};
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
    link: Option<&'a str>,
    said: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    words: &'a Words,
    username: &'a str,
    domain: &'a str,
    server: &'a str,
    link: Option<&'a str>,
    said: Option<&'a str>,
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

const NEW_ADDRESS: Words = Words {
    title: "Confirm your new e-mail address",
    before: "This e-mail address is to become the one of your account. Please confirm that it is yours:",
    button: "Confirm my address",
    after: "The link is good for two days. If you did not ask for this, you need not do anything.",
};
const ADDRESS_CHANGING: Words = Words {
    title: "Your e-mail address is being changed",
    before: "Somebody who is signed in to your account asked to change its e-mail address. It changes as soon as the new address is confirmed.",
    button: "",
    after: IF_NOT_YOU,
};
const SECOND_FACTOR_ON: Words = Words {
    title: "Two-step sign-in is on",
    before: "From now on, signing in to your account takes a code of your authenticator app.",
    button: "",
    after: IF_NOT_YOU,
};
const SECOND_FACTOR_OFF: Words = Words {
    title: "The authenticator app is off",
    before: "Signing in to your account takes no code of an authenticator app any more.",
    button: "",
    after: IF_NOT_YOU,
};
const PASSKEY_ADDED: Words = Words {
    title: "A passkey was added",
    before: "A new passkey can be used to sign in to your account.",
    button: "",
    after: IF_NOT_YOU,
};
const PASSKEY_REMOVED: Words = Words {
    title: "A passkey was removed",
    before: "A passkey was removed from your account and cannot be used to sign in any more.",
    button: "",
    after: IF_NOT_YOU,
};
const APPROVED: Words = Words {
    title: "Your sign-up is approved",
    before: "The people who run this server have approved your sign-up. You can sign in now, here or with an app.",
    button: "",
    after: "Welcome!",
};
const WARNED: Words = Words {
    title: "A word from the moderators",
    before: "The moderators of this server have something to say to you. Nothing else was done about your account.",
    button: "",
    after: ANSWER,
};
const SENSITIZED: Words = Words {
    title: "Your media are shown as sensitive",
    before: "The moderators of this server decided that pictures, films and sounds of your posts are shown as sensitive from now on, whatever you choose.",
    button: "",
    after: ANSWER,
};
const DISABLED: Words = Words {
    title: "Your login is disabled",
    before: "The moderators of this server disabled your login. Your profile and posts stay as they are, but you cannot use your account.",
    button: "",
    after: ANSWER,
};
const SILENCED: Words = Words {
    title: "Your account is limited",
    before: "The moderators of this server limited your account: you can use it, but only people who follow you already see your posts.",
    button: "",
    after: ANSWER,
};
const SUSPENDED: Words = Words {
    title: "Your account is suspended",
    before: "The moderators of this server suspended your account. You cannot use it any more, and nobody sees your profile and posts.",
    button: "",
    after: ANSWER,
};
const ANSWER: &str = "If you think that this is a mistake, please write to the people who run this server.";
const IF_NOT_YOU: &str =
    "If it was not you, set a new password at once and look through the security settings of your account.";

/// Writes a mail.
pub(super) fn write(letter: &Letter, addresses: &Addresses, server: &str) -> Result<Text, Fault> {
    let (words, path) = match letter.mail {
        Mail::Confirmation => (&CONFIRMATION, "/auth/confirmation?confirmation_token="),
        Mail::NewAddress => (&NEW_ADDRESS, "/auth/confirmation?confirmation_token="),
        Mail::PasswordReset => (&PASSWORD_RESET, "/auth/password/edit?reset_password_token="),
        Mail::AddressChanging => (&ADDRESS_CHANGING, ""),
        Mail::SecondFactorOn => (&SECOND_FACTOR_ON, ""),
        Mail::SecondFactorOff => (&SECOND_FACTOR_OFF, ""),
        Mail::PasskeyAdded => (&PASSKEY_ADDED, ""),
        Mail::PasskeyRemoved => (&PASSKEY_REMOVED, ""),
        Mail::Approved => (&APPROVED, ""),
        Mail::Strike(_) => (struck(letter), ""),
    };
    // The secret is base64url: nothing in it needs escaping.
    let link = letter.link.as_ref().map(|secret| addresses.at(&format!("{path}{}", secret.expose())));
    let (link, username, domain) = (link.as_deref(), letter.username.as_str(), addresses.local_domain.as_str());
    let said = letter.strike.as_ref().map(|(_, text)| text.trim()).filter(|text| !text.is_empty());
    let broken = |e: askama::Error| Fault::because("writing a mail", e);
    Ok(Text {
        // One line, whatever the server is called.
        subject: format!("{}: {}", server.replace(['\r', '\n'], " "), words.title),
        plain: Plain { words, username, domain, server, link, said }.render().map_err(broken)?,
        html: Html { words, username, domain, server, link, said }.render().map_err(broken)?,
    })
}

/// What a moderator did.
fn struck(letter: &Letter) -> &'static Words {
    match letter.strike {
        None | Some((Action::None, _)) => &WARNED,
        Some((Action::Sensitive, _)) => &SENSITIZED,
        Some((Action::Disable, _)) => &DISABLED,
        Some((Action::Silence, _)) => &SILENCED,
        Some((Action::Suspend, _)) => &SUSPENDED,
    }
}
