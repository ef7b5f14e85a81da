//! The four roles and what each may do, as Mastodon's permission bit mask.
//!
//! Source: <https://docs.joinmastodon.org/entities/Role/#permission-flags>.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a local user is on this server. Higher ranks act on lower ones, never on equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everybody.
    User,
    /// Looks after reports and accounts.
    Moderator,
    /// Runs the server.
    Admin,
    /// Whose server it is.
    Owner,
}

/// Something that only some roles may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Look at reports and act on them.
    ManageReports,
    /// Block and allow servers.
    ManageFederation,
    /// Bar e-mail domains and network addresses.
    ManageBlocks,
    /// Look at accounts and act on them.
    ManageUsers,
    /// Erase a suspended account for good.
    DeleteUserData,
}

impl Permission {
    const fn bit(self) -> u64 {
        match self {
            Permission::ManageReports => 1 << 4,
            Permission::ManageFederation => 1 << 5,
            Permission::ManageBlocks => 1 << 7,
            Permission::ManageUsers => 1 << 10,
            Permission::DeleteUserData => 1 << 19,
        }
    }
}

impl Role {
    /// Every role, lowest first.
    pub const ALL: [Role; 4] = [Role::User, Role::Moderator, Role::Admin, Role::Owner];

    /// The number clients see as the role's id; Mastodon seeds its roles with the same ones, everybody is -99.
    #[must_use]
    pub const fn id(self) -> i64 {
        match self {
            Role::User => -99,
            Role::Moderator => 1,
            Role::Admin => 2,
            Role::Owner => 3,
        }
    }
    /// The name clients show; everybody's is empty.
    #[must_use]
    pub const fn shown_name(self) -> &'static str {
        match self {
            Role::User => "",
            Role::Moderator => "Moderator",
            Role::Admin => "Admin",
            Role::Owner => "Owner",
        }
    }
    /// The permission bits.
    #[must_use]
    pub const fn permissions(self) -> u64 {
        const ADMINISTRATOR: u64 = 1;
        const INVITE_USERS: u64 = 1 << 16;
        const MODERATOR: u64 = (1 << 2) | (1 << 3) | (1 << 4) | (1 << 8) | (1 << 10) | INVITE_USERS;
        match self {
            Role::User => INVITE_USERS,
            Role::Moderator => MODERATOR,
            // Every bit but `administrator`, which stays the owner's.
            Role::Admin => 0x001F_FFFE,
            Role::Owner => ADMINISTRATOR,
        }
    }
    /// Whether the role has a permission; who administers has them all.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        self.permissions() & (permission.bit() | Role::Owner.permissions()) != 0
    }
    /// Whether the role is shown as a badge.
    #[must_use]
    pub const fn is_highlighted(self) -> bool {
        !matches!(self, Role::User)
    }
    /// Whether the role acts on other people's accounts at all.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        !matches!(self, Role::User)
    }
    /// The word used in the database and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Moderator => "moderator",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The word is none of the four roles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is owner, admin, moderator or user, not `{0}`")]
pub struct NotARole(String);

impl FromStr for Role {
    type Err = NotARole;
    fn from_str(word: &str) -> Result<Role, NotARole> {
        Role::ALL.into_iter().find(|r| r.word() == word).ok_or_else(|| NotARole(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moderators_look_after_people_and_leave_servers_to_admins() {
        let may = |permission| Role::ALL.map(|role| role.may(permission));
        assert_eq!(may(Permission::ManageUsers), [false, true, true, true]);
        assert_eq!(may(Permission::ManageReports), [false, true, true, true]);
        assert_eq!(may(Permission::ManageFederation), [false, false, true, true]);
        assert_eq!(may(Permission::ManageBlocks), [false, false, true, true]);
        assert_eq!(may(Permission::DeleteUserData), [false, false, true, true]);
    }
}
