//! Reporting somebody to the moderators.

use phiomia_mastodon::{
    entities::{self, ReportCategory},
    form::{Flag, Id, List, Text, filled},
};
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
    let category = match row.category.as_str() {
        "spam" => ReportCategory::Spam,
        "legal" => ReportCategory::Legal,
        "violation" => ReportCategory::Violation,
        _ => ReportCategory::Other,
    };
    json(&entities::Report {
        id: phiomia_mastodon::entities::Id(row.id.0),
        action_taken: row.resolved_at.is_some(),
        action_taken_at: row.resolved_at.map(Into::into),
        category,
        comment: row.comment,
        forwarded: row.is_forwarded,
        created_at: row.created_at.into(),
        status_ids: Some(row.statuses),
        collection_ids: None,
        rule_ids: Some(row.rules),
        target_account: render::account(&target, &ask.api.cx().await?),
    })
}
