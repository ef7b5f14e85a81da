//! From whom the caller takes notifications.

use phiomia_mastodon::{
    entities,
    form::{Flag, Text},
};
use phiomia_model::{NotificationPolicy, NotificationPolicyChoice as Choice, Refusal};
use phiomia_social::notifications as verbs;
use phiomia_store::db::notifications::{policy, requests};
use serde::Deserialize;

use crate::{
    gate::{Answer, Ask, Member, json},
    render,
};

#[derive(Deserialize)]
struct Wanted {
    for_not_following: Option<Text>,
    for_not_followers: Option<Text>,
    for_new_accounts: Option<Text>,
    for_private_mentions: Option<Text>,
    for_limited_accounts: Option<Text>,
    for_bots: Option<Text>,
}

/// What an input says of the six choices; what it does not name stays.
struct Change([Option<Choice>; 6]);

impl Change {
    fn apply(&self, policy: &mut NotificationPolicy) {
        let places = [
            &mut policy.not_following,
            &mut policy.not_followers,
            &mut policy.new_accounts,
            &mut policy.private_mentions,
            &mut policy.limited_accounts,
            &mut policy.bots,
        ];
        for (place, choice) in places.into_iter().zip(self.0) {
            *place = choice.unwrap_or(*place);
        }
    }
}

impl Wanted {
    fn into_change(self) -> Result<Change, Refusal> {
        let read = |name: &str, word: Option<Text>| -> Result<Option<Choice>, Refusal> {
            let Some(word) = word else { return Ok(None) };
            let refused = |_| Refusal::validation(&format!("{name} is not included in the list"));
            word.0.parse().map(Some).map_err(refused)
        };
        Ok(Change([
            read("For not following", self.for_not_following)?,
            read("For not followers", self.for_not_followers)?,
            read("For new accounts", self.for_new_accounts)?,
            read("For private mentions", self.for_private_mentions)?,
            read("For limited accounts", self.for_limited_accounts)?,
            read("For bots", self.for_bots)?,
        ]))
    }
}

#[derive(Deserialize)]
struct WantedV1 {
    filter_not_following: Option<Flag>,
    filter_not_followers: Option<Flag>,
    filter_new_accounts: Option<Flag>,
    filter_private_mentions: Option<Flag>,
    filter_bots: Option<Flag>,
}

impl WantedV1 {
    fn into_change(self) -> Change {
        let read = |flag: Option<Flag>| flag.map(|flag| if flag.0 { Choice::Filter } else { Choice::Accept });
        Change([
            read(self.filter_not_following),
            read(self.filter_not_followers),
            read(self.filter_new_accounts),
            read(self.filter_private_mentions),
            None,
            read(self.filter_bots),
        ])
    }
}

/// `GET /api/v2/notifications/policy`
pub async fn show(ask: Ask<Member>) -> Answer {
    answer(kept(&ask, None).await?)
}

fn answer((policy, held): Kept) -> Answer {
    json(&entities::NotificationPolicy {
        for_not_following: policy.not_following,
        for_not_followers: policy.not_followers,
        for_new_accounts: policy.new_accounts,
        for_private_mentions: policy.private_mentions,
        for_limited_accounts: policy.limited_accounts,
        summary: render::notification_summary(held),
        for_bots: policy.bots,
    })
}

/// `PATCH /api/v2/notifications/policy`
pub async fn update(ask: Ask<Member>) -> Answer {
    let change = ask.decode::<Wanted>()?.into_change()?;
    answer(kept(&ask, Some(change)).await?)
}

/// `GET /api/v1/notifications/policy`
pub async fn show_v1(ask: Ask<Member>) -> Answer {
    answer_v1(kept(&ask, None).await?)
}

fn answer_v1((policy, held): Kept) -> Answer {
    json(&entities::NotificationPolicyV1 {
        filter_not_following: policy.not_following != Choice::Accept,
        filter_not_followers: policy.not_followers != Choice::Accept,
        filter_new_accounts: policy.new_accounts != Choice::Accept,
        filter_private_mentions: policy.private_mentions != Choice::Accept,
        summary: render::notification_summary(held),
        filter_bots: policy.bots != Choice::Accept,
    })
}

/// `PUT /api/v1/notifications/policy`
pub async fn update_v1(ask: Ask<Member>) -> Answer {
    let change = ask.decode::<WantedV1>()?.into_change();
    answer_v1(kept(&ask, Some(change)).await?)
}

/// A policy, and how much is held back because of it.
type Kept = (NotificationPolicy, (i64, i64));

/// The caller's, after a change if there is one.
async fn kept(ask: &Ask<Member>, change: Option<Change>) -> Result<Kept, phiomia_model::Error> {
    let me = ask.me.account;
    if let Some(change) = change {
        let read = move |tx: &phiomia_store::Tx<'_>| {
            verbs::set_policy(tx, me, |policy| change.apply(policy))?;
            Ok((policy::of(tx, me)?, requests::summary(tx, me)?))
        };
        return ask.api.db.write(read).await;
    }
    ask.api.db.read(move |q| Ok((policy::of(q, me)?, requests::summary(q, me)?))).await
}
