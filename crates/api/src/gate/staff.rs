//! Guards for staff: which permission a route needs stands where every route says who may come.

use phiomia_model::{Error, Permission, Refusal};

use super::{
    guard::{Guard, Knock, Member, Who},
    rate::Identity,
};
use crate::peer::ClientAddr;

/// Mastodon's sentence.
const NOT_ALLOWED: &str = "This action is not allowed";

macro_rules! staff {
    ($($(#[$doc:meta])* $name:ident: $($permission:ident)|+;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub Member);

        impl Guard for $name {
            const WHO: Who = Who::Staff(&[$(Permission::$permission),+]);
            async fn admit(knock: &Knock<'_>) -> Result<$name, Error> {
                admit(knock, &[$(Permission::$permission),+]).await.map($name)
            }
            fn identity(&self, client: ClientAddr) -> Identity {
                self.0.identity(client)
            }
        }
    )*};
}

staff! {
    /// Somebody who looks after accounts.
    ManagesUsers: ManageUsers;
    /// Somebody who looks after reports.
    ManagesReports: ManageReports;
    /// Somebody who acts on accounts, for whichever reason.
    Moderates: ManageUsers | ManageReports;
    /// Somebody who erases accounts.
    DeletesUserData: DeleteUserData;
    /// Somebody who decides about servers.
    ManagesFederation: ManageFederation;
    /// Somebody who decides who may sign up.
    ManagesBlocks: ManageBlocks;
}

/// Lets in who may come as a member and has one of the permissions. What staff changes is noted, whatever comes of it.
async fn admit(knock: &Knock<'_>, any: &[Permission]) -> Result<Member, Error> {
    let member = Member::admit(knock).await?;
    if !any.iter().any(|permission| member.role.may(*permission)) {
        return Err(Refusal::Forbidden(NOT_ALLOWED).into());
    }
    let (method, path) = (&knock.parts.method, knock.parts.uri.path());
    if !method.is_safe() {
        tracing::info!(account.id = %member.account, role = %member.role, %method, path, "staff acts");
    }
    Ok(member)
}
