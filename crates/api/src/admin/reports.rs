//! Reports: what people and other servers told moderators, and what became of it.

use std::collections::HashMap;

use phiomia_mastodon::{
    entities,
    form::{Id, List, Text},
};
use phiomia_model::{AccountId, Error, Fault, Noun, Refusal, ReportId, RuleId, StatusId, Time};
use phiomia_social::reports::{self as verbs, Step};
use phiomia_store::{
    Query,
    db::{
        moderation::accounts::{self as people, StaffView},
        reports::{self, ReportRow},
        server::{self, RuleView},
        statuses::{self, StatusView},
    },
};
use serde::Deserialize;

use super::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::{
    gate::{Answer, Ask, ManagesReports, json, paged},
    render::{self, Cx},
};

/// Reports with everything they name.
struct Pile {
    rows: Vec<ReportRow>,
    people: HashMap<AccountId, StaffView>,
    statuses: HashMap<StatusId, StatusView>,
    rules: Vec<RuleView>,
}

impl Pile {
    /// The posts are those that were reported, whoever they were for.
    fn read(q: &Query<'_>, rows: Vec<ReportRow>, now: Time) -> Result<Pile, Fault> {
        let named = |row: &ReportRow| [Some(row.account), Some(row.target), row.assigned, row.resolved_by];
        let mut ids: Vec<AccountId> = rows.iter().flat_map(named).flatten().collect();
        ids.sort_unstable();
        ids.dedup();
        let people = people::views(q, &ids)?.into_iter().map(|view| (view.account.id, view)).collect();
        let mut posts: Vec<StatusId> = rows.iter().flat_map(|row| row.statuses.iter().copied()).collect();
        posts.sort_unstable();
        posts.dedup();
        let statuses = statuses::reported(q, &posts, now)?.into_iter().map(|view| (view.body.id, view)).collect();
        Ok(Pile { rows, people, statuses, rules: server::rules(q)? })
    }

    fn rendered(&self, cx: &Cx) -> Vec<entities::AdminReport> {
        let one = |row| render::admin_report(row, &self.people, &self.statuses, &self.rules, cx);
        self.rows.iter().filter_map(one).collect()
    }
}

#[derive(Deserialize)]
struct Wanted {
    resolved: Option<phiomia_mastodon::form::Flag>,
    account_id: Option<Text>,
    target_account_id: Option<Text>,
}

/// `GET /api/v1/admin/reports`: those that nobody has dealt with, or with `resolved` the others.
pub async fn index(ask: Ask<ManagesReports>) -> Answer {
    let (input, page, now): (Wanted, _, _) = (ask.decode()?, ask.page(DEFAULT_LIMIT, MAX_LIMIT), ask.api.now());
    // What can be nobody's id has reported nothing.
    let id = |text: Option<Text>| -> Option<Option<AccountId>> {
        match text.map(|text| text.0).filter(|text| !text.is_empty()) {
            None => Some(None),
            Some(text) => Some(text.parse().ok().or(Some(AccountId(0)))),
        }
    };
    let is_resolved = input.resolved.is_some_and(bool::from);
    let (by, about) = (id(input.account_id).flatten(), id(input.target_account_id).flatten());
    let pile = ask.api.db.read(move |q| Ok(Pile::read(q, reports::page(q, is_resolved, by, about, &page)?, now)?));
    let pile = pile.await?;
    let ids: Vec<i64> = pile.rows.iter().map(|row| row.id.0).collect();
    paged(&pile.rendered(&ask.api.cx().await?), ask.link(&ids, &page))
}

/// `GET /api/v1/admin/reports/:id`
pub async fn show(ask: Ask<ManagesReports>) -> Answer {
    let (id, now) = (ask.id(Noun::Record)?, ask.api.now());
    answer(&ask, ask.api.db.read(move |q| found(q, id, now)).await?).await
}

#[derive(Deserialize)]
struct Classes {
    category: Option<Text>,
    rule_ids: Option<List<Id<RuleId>>>,
}

/// `PUT /api/v1/admin/reports/:id`
pub async fn update(ask: Ask<ManagesReports>) -> Answer {
    let (id, now, input): (_, _, Classes) = (ask.id(Noun::Record)?, ask.api.now(), ask.decode()?);
    let (category, rules) = (input.category.map(|text| text.0), input.rule_ids.map(List::ids));
    let pile = ask.api.db.write(move |tx| {
        verbs::classify(tx, id, category.as_deref(), rules.clone())?;
        found(tx, id, now)
    });
    answer(&ask, pile.await?).await
}

/// `POST /api/v1/admin/reports/:id/assign_to_self`
pub async fn assign_to_self(ask: Ask<ManagesReports>) -> Answer {
    step(&ask, Step::Take).await
}

/// `POST /api/v1/admin/reports/:id/unassign`
pub async fn unassign(ask: Ask<ManagesReports>) -> Answer {
    step(&ask, Step::GiveBack).await
}

/// `POST /api/v1/admin/reports/:id/resolve`
pub async fn resolve(ask: Ask<ManagesReports>) -> Answer {
    step(&ask, Step::Resolve).await
}

/// `POST /api/v1/admin/reports/:id/reopen`
pub async fn reopen(ask: Ask<ManagesReports>) -> Answer {
    step(&ask, Step::Reopen).await
}

async fn step(ask: &Ask<ManagesReports>, step: Step) -> Answer {
    let (id, me, now) = (ask.id(Noun::Record)?, ask.me.0.account, ask.api.now());
    let pile = ask.api.db.write(move |tx| {
        verbs::step(tx, me, id, step)?;
        found(tx, id, now)
    });
    answer(ask, pile.await?).await
}

async fn answer(ask: &Ask<ManagesReports>, pile: Pile) -> Answer {
    let rendered = pile.rendered(&ask.api.cx().await?).pop();
    json(&rendered.ok_or(Refusal::NotFound(Noun::Record))?)
}

fn found(q: &Query<'_>, id: ReportId, now: Time) -> Result<Pile, Error> {
    let row = reports::find(q, id)?.ok_or(Refusal::NotFound(Noun::Record))?;
    Ok(Pile::read(q, vec![row], now)?)
}
