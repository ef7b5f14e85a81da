//! Accounts: finding them, letting them in, acting on them.

use phiomia_mastodon::form::{Flag, List, Text};
use phiomia_model::{AccountId, Cidr, Error, Noun, Refusal, ReportId, Role, handle};
use phiomia_social::moderation::{self as verbs, Act, Moderator};
use phiomia_store::{
    Query, Tx,
    db::moderation::accounts::{self as kept, StaffView, State, Wanted},
};
use serde::Deserialize;

use super::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::{
    gate::{Answer, Ask, DeletesUserData, ManagesUsers, Member, Moderates, empty, json, paged},
    render,
    state::Api,
};

/// Who is found, as both versions say it.
#[derive(Deserialize)]
struct Common {
    username: Option<Text>,
    display_name: Option<Text>,
    by_domain: Option<Text>,
    email: Option<Text>,
    ip: Option<Text>,
}

impl Common {
    /// `None`: nobody can be found so.
    fn wanted(self) -> Option<Wanted> {
        let given = |text: Option<Text>| text.map(|text| text.0.trim().to_owned()).filter(|text| !text.is_empty());
        let ip: Option<Cidr> = match given(self.ip) {
            None => None,
            Some(text) => Some(text.parse().ok()?),
        };
        let domain = match given(self.by_domain) {
            None => None,
            Some(text) => Some(handle::domain_name(&text)?),
        };
        Some(Wanted {
            username: given(self.username).map(|name| name.trim_start_matches('@').to_owned()),
            display_name: given(self.display_name),
            email: given(self.email),
            domain,
            ip,
            ..Wanted::default()
        })
    }
}

#[derive(Deserialize)]
struct FlagsOfV1 {
    #[serde(flatten)]
    common: Common,
    local: Option<Flag>,
    remote: Option<Flag>,
    active: Option<Flag>,
    pending: Option<Flag>,
    disabled: Option<Flag>,
    silenced: Option<Flag>,
    suspended: Option<Flag>,
    sensitized: Option<Flag>,
    staff: Option<Flag>,
}

#[derive(Deserialize)]
struct WordsOfV2 {
    #[serde(flatten)]
    common: Common,
    origin: Option<Text>,
    status: Option<Text>,
    permissions: Option<Text>,
    #[serde(default)]
    role_ids: List<Text>,
    invited_by: Option<Text>,
}

/// `GET /api/v1/admin/accounts`: of several flags of a kind the last one of the documentation counts, as in Mastodon.
pub async fn index_v1(ask: Ask<ManagesUsers>) -> Answer {
    let input: FlagsOfV1 = ask.decode()?;
    let is = |flag: Option<Flag>| flag.is_some_and(bool::from);
    let origin = match (is(input.local), is(input.remote)) {
        (_, true) => Some(false),
        (true, _) => Some(true),
        _ => None,
    };
    let states = [
        (is(input.active), State::Active),
        (is(input.pending), State::Pending),
        (is(input.disabled), State::Disabled),
        (is(input.silenced), State::Silenced),
        (is(input.suspended), State::Suspended),
        (is(input.sensitized), State::Sensitized),
    ];
    let state = states.into_iter().rev().find(|(is_set, _)| *is_set).map(|(_, state)| state);
    let roles = is(input.staff).then(staff);
    let wanted = input.common.wanted().map(|wanted| Wanted { is_local: origin, state, roles, ..wanted });
    list(&ask, wanted).await
}

/// `GET /api/v2/admin/accounts`
pub async fn index(ask: Ask<ManagesUsers>) -> Answer {
    let input: WordsOfV2 = ask.decode()?;
    let word = |text: &Option<Text>| text.as_ref().map(|text| text.0.clone()).filter(|text| !text.is_empty());
    let is_local = match word(&input.origin).as_deref() {
        Some("local") => Some(true),
        Some("remote") => Some(false),
        _ => None,
    };
    let status = word(&input.status);
    let state = State::ALL.into_iter().find(|state| Some(state.word()) == status.as_deref());
    let role_ids = input.role_ids.strings();
    let roles = match (word(&input.permissions).as_deref(), role_ids.is_empty()) {
        (Some("staff"), true) => Some(staff()),
        (_, true) => None,
        (_, false) => Some(Role::ALL.into_iter().filter(|role| role_ids.contains(&role.id().to_string())).collect()),
    };
    // Nobody here was invited by anybody.
    let is_possible = word(&input.invited_by).is_none();
    let wanted = input.common.wanted().filter(|_| is_possible);
    list(&ask, wanted.map(|wanted| Wanted { is_local, state, roles, ..wanted })).await
}

fn staff() -> Vec<Role> {
    Role::ALL.into_iter().filter(|role| role.is_staff()).collect()
}

async fn list(ask: &Ask<ManagesUsers>, wanted: Option<Wanted>) -> Answer {
    let page = ask.page(DEFAULT_LIMIT, MAX_LIMIT);
    let (ids, views) = match wanted {
        None => (Vec::new(), Vec::new()),
        Some(wanted) => {
            let reading = ask.api.db.read(move |q| {
                let ids = kept::page(q, &wanted, &page)?;
                Ok((ids.clone(), kept::views(q, &ids)?))
            });
            reading.await?
        }
    };
    let cx = ask.api.cx().await?;
    let ids: Vec<i64> = ids.into_iter().map(|id| id.0).collect();
    paged(&views.iter().map(|view| render::admin_account(view, &cx)).collect::<Vec<_>>(), ask.link(&ids, &page))
}

/// `GET /api/v1/admin/accounts/:id`
pub async fn show(ask: Ask<ManagesUsers>) -> Answer {
    let id = ask.id(Noun::Account)?;
    let view = ask.api.db.read(move |q| found(q, id)).await?;
    json(&render::admin_account(&view, &ask.api.cx().await?))
}

/// `POST /api/v1/admin/accounts/:id/approve`
pub async fn approve(ask: Ask<ManagesUsers>) -> Answer {
    changed(&ask, verbs::approve).await
}

/// `POST /api/v1/admin/accounts/:id/reject`
pub async fn reject(ask: Ask<ManagesUsers>) -> Answer {
    let id = ask.id(Noun::Account)?;
    // As it was: afterwards nothing of it is there.
    let before = ask.api.db.write(move |tx| {
        let before = found(tx, id)?;
        verbs::reject(tx, id)?;
        Ok(before)
    });
    json(&render::admin_account(&before.await?, &ask.api.cx().await?))
}

/// `POST /api/v1/admin/accounts/:id/enable`
pub async fn enable(ask: Ask<ManagesUsers>) -> Answer {
    changed(&ask, verbs::enable).await
}

/// `POST /api/v1/admin/accounts/:id/unsilence`
pub async fn unsilence(ask: Ask<ManagesUsers>) -> Answer {
    changed(&ask, verbs::unsilence).await
}

/// `POST /api/v1/admin/accounts/:id/unsuspend`
pub async fn unsuspend(ask: Ask<ManagesUsers>) -> Answer {
    changed(&ask, verbs::unsuspend).await
}

/// `POST /api/v1/admin/accounts/:id/unsensitive`
pub async fn unsensitive(ask: Ask<ManagesUsers>) -> Answer {
    changed(&ask, verbs::unsensitize).await
}

/// `DELETE /api/v1/admin/accounts/:id`: one that is suspended.
pub async fn delete(ask: Ask<DeletesUserData>) -> Answer {
    let (id, by) = (ask.id(Noun::Account)?, moderator(&ask.me.0));
    let before = ask.api.db.write(move |tx| {
        let before = found(tx, id)?;
        verbs::erase_suspended(tx, by, id)?;
        Ok(before)
    });
    json(&render::admin_account(&before.await?, &ask.api.cx().await?))
}

#[derive(Deserialize)]
struct NewAct {
    r#type: Option<Text>,
    report_id: Option<Text>,
    text: Option<Text>,
    send_email_notification: Option<Flag>,
}

/// `POST /api/v1/admin/accounts/:id/action`
pub async fn act(ask: Ask<Moderates>) -> Answer {
    let (id, by): (AccountId, _) = (ask.id(Noun::Account)?, moderator(&ask.me.0));
    let input: NewAct = ask.decode()?;
    let word = input.r#type.map(|text| text.0).unwrap_or_default();
    let action = word.parse().map_err(|_| Refusal::validation("Type is not included in the list"))?;
    let report = match input.report_id.map(|text| text.0).filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(text.parse::<ReportId>().map_err(|_| Refusal::NotFound(Noun::Record))?),
    };
    let text = input.text.map(|text| text.0).unwrap_or_default();
    // As Mastodon does: whoever says nothing of it sends one.
    let sends_mail = input.send_email_notification.is_none_or(Into::into);
    let act = Act { action, text, report, sends_mail };
    ask.api.db.write(move |tx| verbs::act(tx, by, id, &act)).await?;
    empty()
}

fn moderator(me: &Member) -> Moderator {
    Moderator { account: me.account, role: me.role }
}

/// The account after a change.
async fn changed(ask: &Ask<ManagesUsers>, verb: fn(&Tx<'_>, AccountId) -> Result<(), Error>) -> Answer {
    let (id, api): (AccountId, &Api) = (ask.id(Noun::Account)?, &ask.api);
    let view = api.db.write(move |tx| {
        verb(tx, id)?;
        found(tx, id)
    });
    json(&render::admin_account(&view.await?, &api.cx().await?))
}

fn found(q: &Query<'_>, id: AccountId) -> Result<StaffView, Error> {
    let view = kept::view(q, id)?.filter(|view| !view.account.is_deleted);
    Ok(view.ok_or(Refusal::NotFound(Noun::Account))?)
}
