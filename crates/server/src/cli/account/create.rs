//! `phiomia account create`.

use clap::Args;
use phiomia_model::Role;
use phiomia_social::users::{self, NewUser, Passwords};
use phiomia_store::db::settings;

use super::super::{
    Failure,
    desk::{Desk, secret},
    print,
};
use crate::config::{Locale, value::Value as _};

/// Makes an account.
#[derive(Debug, Args)]
pub struct Create {
    /// Letters, digits and underscores; cannot be changed later
    name: String,
    /// E-mail address, to sign in with
    #[arg(long)]
    email: Option<String>,
    /// The password; - reads it from standard input
    #[arg(long, allow_hyphen_values = true)]
    password: Option<String>,
    /// owner, admin, moderator or user; without it the first account is the owner's
    #[arg(long)]
    role: Option<Role>,
    /// Take the e-mail address for confirmed; an account without one needs no confirmation
    #[arg(long)]
    confirmed: bool,
    /// Approve it; needed only when registrations are set to approval
    #[arg(long)]
    approved: bool,
    /// Follow requests need the person's approval
    #[arg(long)]
    locked: bool,
    /// May be shown in directories and suggestions
    #[arg(long)]
    discoverable: bool,
    /// Public posts may be found by everybody's search
    #[arg(long)]
    indexable: bool,
    /// Language of pages and mails
    #[arg(long)]
    locale: Option<String>,
    /// Print the account's id, and generate no password
    #[arg(long)]
    print_id: bool,
    /// Print id, name and the generated password as JSON
    #[arg(long, conflicts_with = "print_id")]
    json: bool,
}

impl Create {
    /// # Errors
    /// One sentence that says everything that is wrong.
    pub async fn run(&self, desk: &Desk) -> Result<(), Failure> {
        let (password, generated) = match &self.password {
            Some(given) => (Some(secret(given)?), None),
            None if self.print_id => (None, None),
            None => {
                let password = desk.new_password()?;
                (Some(password.clone()), Some(password))
            }
        };
        let needs_approval = desk.db.read(|q| Ok(settings::get(q, "registrations")?)).await?;
        let new = NewUser {
            username: self.name.clone(),
            email: self.email.clone(),
            password,
            role: self.role,
            is_confirmed: self.confirmed || self.email.is_none(),
            is_approved: self.approved || needs_approval.as_deref() != Some("approval"),
            is_locked: self.locked,
            is_discoverable: self.discoverable,
            is_indexable: self.indexable,
            locale: Some(self.locale(desk)?),
            reason: None,
        };
        let passwords = Passwords::new(desk.entropy.clone());
        let id = users::create(&desk.db, &desk.addresses, &passwords, new).await?;
        let generated = generated.as_ref().map(phiomia_store::Secret::expose);
        match (self.print_id, self.json, generated) {
            (true, ..) => print(&id.to_string()),
            (_, true, _) => print(
                &serde_json::json!({ "id": id.to_string(), "username": self.name, "password": generated }).to_string(),
            ),
            (.., Some(password)) => print(password),
            _ => Ok(()),
        }
    }

    fn locale(&self, desk: &Desk) -> Result<String, Failure> {
        match &self.locale {
            None => Ok(desk.config.instance.default_locale.0.clone()),
            Some(text) => locale(text),
        }
    }
}

/// Checks a language tag.
pub fn locale(text: &str) -> Result<String, Failure> {
    Locale::read(text).map(|locale| locale.0).map_err(|why| Failure(format!("a language {why}")))
}
