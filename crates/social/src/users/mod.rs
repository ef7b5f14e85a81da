//! Local people: how they come, sign in, change and go, and the one place that takes access away.

mod barred;
mod create;
mod links;
mod mail;
mod modify;
mod new_address;
mod own;
mod passkeys;
mod passwords;
mod revoke;
mod second_factor;
mod sign_in;
mod sign_up;
mod totp;

pub use create::{NewUser, create, create_first_owner};
pub use links::{OWNER_LINK_LIFE, SIGN_IN_LINK_LIFE, first_owner_link, sign_in_link};
pub use mail::{
    CONFIRMATION_LIFE, Letter, RESET_LIFE, ask_for_reset, confirm_email, is_confirmation_link, is_reset_link, letter,
    resend_confirmation, reset_password,
};
pub use modify::{Grace, UserEdit, change_password, delete, disable_two_factor, erase, modify};
pub use new_address::{ask_for_address, keep_address};
pub use own::{change_own_password, end_session, forget_app, is_fresh, leave};
pub use passkeys::{
    ALGORITHMS, CHALLENGE_LIFE, NICKNAME_CHARACTERS, PasskeyOutcome, PasskeySignIn, PasskeyToMake, RelyingParty,
    add_passkey, ask_for_passkey, begin_passkey, remove_passkey, rename_passkey, sign_in_by_passkey,
};
pub use passwords::{Passwords, Verdict};
pub use revoke::{What, revoke};
pub use second_factor::{
    CodeOutcome, RECOVERY_CODES, Setup, WaysOn, begin_second_factor, code_of, confirm_second_factor, end_second_factor,
    renew_recovery_codes, sign_in_by_code, waiting_second_factor, ways_on,
};
pub use sign_in::{
    Browser, MOST_SESSIONS, SESSION_LIFE, SignInOutcome, SignedIn, begin_session, session, sign_in, sign_in_by_link,
    sign_out,
};
pub use sign_up::{Age, Origin, SignUp, sign_up};

use std::time::Duration;

use phiomia_model::Fault;
use phiomia_store::{
    Tx,
    db::{apps, codes, links as link_rows, rate_buckets, sessions},
};

/// How long a spent or expired code is kept, so that a second use of it is still known for what it is.
const CODE_MEMORY: Duration = Duration::from_secs(24 * 3600);
/// How long an application that never got a token is kept.
const UNUSED_APP_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Throws away what has expired: codes, links, sessions, rate buckets, applications nobody used. Part of `Job::Tidy`.
///
/// # Errors
/// The database failed.
pub fn tidy(tx: &Tx<'_>) -> Result<(), Fault> {
    let now = tx.now();
    codes::delete_expired(tx, now.minus(CODE_MEMORY))?;
    link_rows::delete_expired(tx, now)?;
    sessions::delete_unseen(tx, now.minus(SESSION_LIFE))?;
    rate_buckets::delete_expired(tx, now)?;
    apps::delete_unused(tx, now.minus(UNUSED_APP_LIFE))?;
    Ok(())
}
