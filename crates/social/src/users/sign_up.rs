//! Somebody signs themselves up.

use std::net::IpAddr;

use phiomia_model::{AccountId, Addresses, AppId, Error, Job, Role, Time, error::FieldError, job::Mail};
use phiomia_store::{Db, db::moderation::sign_ups};

use super::{
    barred::{self, Barred},
    create::{NewUser, insert, prepare},
    mail::count_mails,
    passwords::Passwords,
};

/// Longest reason. Source: `app/models/user_invite_request.rb` of Mastodon 4.7.
const REASON_CHARACTERS: usize = 420;

/// What somebody who signs up says, beside name, address and password.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// Name, address (may be empty, which is refused), password, language, reason.
    pub new: NewUser,
    /// Whether they agree to the rules.
    pub agrees: bool,
    /// What they said of their age, where they are asked.
    pub age: Age,
    /// Whether staff looks at it first.
    pub needs_approval: bool,
    /// Where they come from.
    pub origin: Origin,
    /// Which servers take the mail of the address, as far as that is known.
    pub mail_servers: Vec<String>,
}

/// Whether somebody is old enough, by what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// They are, or nobody asks.
    Fine,
    /// They did not say.
    Missing,
    /// They said something that is no day.
    NoDay,
    /// They are too young.
    TooYoung,
}

impl Age {
    /// Of somebody `born` on a day, on the day `today` (both `YYYY-MM-DD`). `least`: in years; `None`: nobody is asked.
    #[must_use]
    pub fn judge(least: Option<u8>, born: Option<&str>, today: &str) -> Age {
        let Some(least) = least else { return Age::Fine };
        let Some(born) = born.map(str::trim).filter(|born| !born.is_empty()) else { return Age::Missing };
        let is_day = born.len() == 10 && Time::parse(&format!("{born}T00:00:00Z")).is_some();
        let parts = born.split_once('-').and_then(|(year, rest)| Some((year.parse::<u32>().ok()?, rest)));
        match parts.filter(|_| is_day && born <= today) {
            None => Age::NoDay,
            // Days are compared as they are written.
            Some((year, rest)) if format!("{:04}-{rest}", year.saturating_add(least.into())).as_str() <= today => {
                Age::Fine
            }
            Some(_) => Age::TooYoung,
        }
    }

    fn wrong(self) -> Option<FieldError> {
        let (code, description) = match self {
            Age::Fine => return None,
            Age::Missing => ("ERR_BLANK", "can't be blank"),
            Age::NoDay => ("ERR_INVALID", "is invalid"),
            Age::TooYoung => ("ERR_BELOW_LIMIT", "is below the age limit"),
        };
        Some(FieldError { field: "date_of_birth", code, description: description.to_owned() })
    }
}

/// Where somebody signs up from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin {
    /// Their network address.
    pub address: Option<IpAddr>,
    /// The app they use; `None`: the page of this server.
    pub app: Option<AppId>,
}

/// Creates somebody who has yet to confirm their address, and sends the mail for that.
///
/// # Errors
/// `InvalidFields` in Mastodon's codes, `TooMany` mails to one address; a fault.
pub async fn sign_up(
    db: &Db,
    addresses: &Addresses,
    passwords: &Passwords,
    sign_up: SignUp,
) -> Result<AccountId, Error> {
    let address = sign_up.origin.address.map(|address| address.to_canonical().to_string());
    let email = sign_up.new.email.clone().unwrap_or_default();
    let barred = look(db, email, sign_up.mail_servers.clone(), address.clone()).await?;
    let new = NewUser {
        email: Some(sign_up.new.email.clone().unwrap_or_default()),
        password: Some(sign_up.new.password.clone().unwrap_or_else(|| phiomia_store::Secret::new(""))),
        // Nobody becomes the owner of a server by signing up.
        role: Some(Role::User),
        is_confirmed: false,
        is_approved: !sign_up.needs_approval && !barred.needs_approval,
        ..sign_up.new.clone()
    };
    let more = barred.wrong.into_iter().chain(wrong(&sign_up)).collect();
    let (new, hash) = prepare(db, passwords, new, more).await?;
    let to = new.email.clone().unwrap_or_default().to_lowercase();
    count_mails(db, "confirmation_mail", vec![to]).await?;
    let addresses = addresses.clone();
    db.write(move |tx| {
        let account = insert(tx, &addresses, &new, hash.as_ref())?;
        sign_ups::set_origin(tx, account, address.as_deref(), sign_up.origin.app.map(|app| app.0))?;
        tx.enqueue(&Job::SendMail { account, mail: Mail::Confirmation })?;
        Ok(account)
    })
    .await
}

/// What rules say about an address; a try with a domain under one is counted.
async fn look(db: &Db, email: String, servers: Vec<String>, address: Option<String>) -> Result<Barred, Error> {
    let barred = db.read(move |q| Ok(barred::look(q, &email, &servers)?)).await?;
    if let Some(rule) = barred.domain {
        db.write(move |tx| Ok(sign_ups::count_try(tx, rule, address.as_deref())?)).await?;
    }
    Ok(barred)
}

fn wrong(sign_up: &SignUp) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    if !sign_up.agrees {
        let description = "must be accepted".to_owned();
        wrong.push(FieldError { field: "agreement", code: "ERR_ACCEPTED", description });
    }
    wrong.extend(sign_up.age.wrong());
    if sign_up.new.reason.as_deref().is_some_and(|reason| reason.chars().count() > REASON_CHARACTERS) {
        let description = format!("is too long (maximum is {REASON_CHARACTERS} characters)");
        wrong.push(FieldError { field: "reason", code: "ERR_TOO_LONG", description });
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_old_enough_from_their_birthday_on() {
        let judge = |born: &str| Age::judge(Some(16), Some(born), "2026-11-25");
        for (born, age) in [
            ("2010-11-25", Age::Fine),
            ("2010-11-26", Age::TooYoung),
            ("2011-01-01", Age::TooYoung),
            ("1980-02-29", Age::Fine),
            (" ", Age::Missing),
            ("2026-11-26", Age::NoDay),
            ("2010-13-01", Age::NoDay),
            ("25.11.1980", Age::NoDay),
            ("1980-11-25T00", Age::NoDay),
        ] {
            assert_eq!(judge(born), age, "{born:?}");
        }
        assert_eq!(Age::judge(Some(16), None, "2026-11-25"), Age::Missing);
        assert_eq!(Age::judge(None, Some("yesterday"), "2026-11-25"), Age::Fine);
    }
}
