//! The gate: what every request passes before its handler. A route declares who may come, with which scopes, what is
//! counted, what body it takes and who may keep the answer; the gate sees to it.

mod accept;
mod ask;
mod body;
mod cors;
mod door;
mod guard;
mod pictures;
mod rate;
mod reply;
mod route;
mod site;
mod staff;

pub use accept::Wants;
pub use ask::Ask;
pub use body::{Body, Upload};
pub use door::{Refused, json_refusal};
pub use guard::{Anyone, Client, Guard, Knock, Member, Who};
pub use rate::{Identity, Rate};
pub use reply::{Answer, Reply, empty, json, paged};
pub use route::{Cache, Needs, Route};
pub use site::{Answering, Site};
pub use staff::{DeletesUserData, ManagesBlocks, ManagesFederation, ManagesReports, ManagesUsers, Moderates};
