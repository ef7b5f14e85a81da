//! What is fetched from elsewhere while an app shows what is there already, and how far that is.
//! Source: <https://docs.joinmastodon.org/methods/async_refreshes/>.

use phiomia_mastodon::entities::{AsyncRefresh, AsyncRefreshState};
use phiomia_model::{Noun, Refusal, StatusId};
use serde::Serialize;

use crate::gate::{Answer, Ask, Member, json};

/// Before the number of the post whose thread is fetched.
const THREAD: &str = "thread-";

/// The id under which a thread is fetched.
#[must_use]
pub fn of_thread(status: StatusId) -> String {
    format!("{THREAD}{status}")
}

#[derive(Serialize)]
struct Shown {
    async_refresh: AsyncRefresh,
}

/// `GET /api/v1_alpha/async_refreshes/:id`
pub async fn show(ask: Ask<Member>) -> Answer {
    let id = ask.piece("id").to_owned();
    let status = id.strip_prefix(THREAD).and_then(|number| number.parse::<StatusId>().ok());
    let status = status.ok_or(Refusal::NotFound(Noun::Record))?;
    let is_running = ask.api.federation.is_fetching_thread(status).await?;
    let status = if is_running { AsyncRefreshState::Running } else { AsyncRefreshState::Finished };
    json(&Shown { async_refresh: AsyncRefresh { id, status, result_count: None } })
}
