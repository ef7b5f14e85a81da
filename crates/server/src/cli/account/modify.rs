//! `phiomia account modify`.

use clap::{ArgAction, Args};
use phiomia_model::Role;
use phiomia_social::users::{self, UserEdit};

use super::{
    super::{Failure, desk::Desk},
    create::locale,
};

/// Changes an account; what is not named stays. A switch turns on, and off with `=false`.
#[derive(Debug, Args)]
pub struct Modify {
    /// Whose
    name: String,
    /// E-mail address; empty to have none
    #[arg(long)]
    email: Option<String>,
    /// owner, admin, moderator or user
    #[arg(long)]
    role: Option<Role>,
    /// Language of pages and mails
    #[arg(long)]
    locale: Option<String>,
    #[command(flatten)]
    switches: Switches,
    /// Forbid signing in and end all access
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// Allow signing in again
    #[arg(long)]
    enable: bool,
    /// Suspend the account: it appears nowhere, and all access ends
    #[arg(long, conflicts_with = "unsuspend")]
    suspend: bool,
    /// Take the suspension back
    #[arg(long)]
    unsuspend: bool,
}

#[derive(Debug, Args)]
struct Switches {
    /// The e-mail address counts as confirmed
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    confirmed: Option<bool>,
    /// The sign-up is approved
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    approved: Option<bool>,
    /// Follow requests need approval
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    locked: Option<bool>,
    /// May be shown in directories and suggestions
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    discoverable: Option<bool>,
    /// Public posts may be found by everybody's search
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    indexable: Option<bool>,
}

impl Modify {
    /// # Errors
    /// One sentence.
    pub async fn run(&self, desk: &Desk) -> Result<(), Failure> {
        let account = desk.account(&self.name).await?;
        // Of two opposite words at most one was said.
        let either = |on: bool, off: bool| if on || off { Some(on) } else { None };
        let edit = UserEdit {
            email: self.email.clone(),
            role: self.role,
            locale: self.locale.as_deref().map(locale).transpose()?,
            is_confirmed: self.switches.confirmed,
            is_approved: self.switches.approved,
            is_disabled: either(self.disable, self.enable),
            is_suspended: either(self.suspend, self.unsuspend),
            is_locked: self.switches.locked,
            is_discoverable: self.switches.discoverable,
            is_indexable: self.switches.indexable,
        };
        Ok(desk.db.write(move |tx| users::modify(tx, account, &edit)).await?)
    }
}
