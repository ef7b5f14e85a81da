//! Reporting somebody to the moderators.

use phiomia_mastodon::form::{Flag, Id, List, Text, filled};
use phiomia_model::{AccountId, Error, Noun, Refusal, RuleId, StatusId};
use phiomia_social::reports::{self as verbs, NewReport};
use phiomia_store::db::{accounts, reports};
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Member, json},
    render,
};

#[derive(Deserialize)]
struct Input {
    #[serde(default, deserialize_with = "filled")]
    account_id: Option<Id<AccountId>>,
    #[serde(default)]
    status_ids: List<Id<StatusId>>,
    comment: Option<Text>,
    #[serde(default)]
    forward: Flag,
    category: Option<Text>,
    #[serde(default)]
    rule_ids: List<Id<RuleId>>,
}

/// `POST /api/v1/reports`
pub async fn create(ask: Ask<Member>) -> Answer {
    let input: Input = ask.decode()?;
    let target = input.account_id.and_then(|Id(id)| id).ok_or(Refusal::NotFound(Noun::Account))?;
    let new = NewReport {
        target,
        statuses: input.status_ids.ids(),
        comment: input.comment.map(|text| text.0).unwrap_or_default(),
        category: input.category.map(|text| text.0),
        rules: input.rule_ids.ids(),
        forwards: input.forward.0,
    };
    let me = ask.me.account;
    let (row, target) = ask
        .api
        .db
        .write(move |tx| {
            let id = verbs::report(tx, me, &new)?;
            let row = reports::find(tx, id)?.ok_or(Refusal::NotFound(Noun::Record))?;
            let target = accounts::view(tx, row.target)?.ok_or(Refusal::NotFound(Noun::Account))?;
            Ok::<_, Error>((row, target))
        })
        .await?;
    json(&render::report(&row, &target, &ask.api.cx().await?))
}
