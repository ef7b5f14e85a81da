//! Leaving word for other servers, in the transaction of what there is to tell.

use std::time::Duration;

use phiomia_model::{Error, Job, Outgoing};
use phiomia_store::{Tx, db::federation::actors};

/// Changes of a profile that follow each other this closely are told together.
const PROFILE_PAUSE: Duration = Duration::from_secs(5);

/// Leaves word; `false` when nobody elsewhere is known, and so nobody is to be told anything.
pub(crate) fn tell(tx: &Tx<'_>, what: Outgoing) -> Result<bool, Error> {
    if !actors::is_anybody_known(tx)? {
        return Ok(false);
    }
    let at = match what {
        Outgoing::ProfileChanged { .. } => tx.now().plus(PROFILE_PAUSE),
        _ => tx.now(),
    };
    tx.enqueue_at(&Job::Federate { what }, at)?;
    Ok(true)
}
