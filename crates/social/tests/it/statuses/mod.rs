//! Posting and what follows from it.

mod acts;
mod delete;
mod edit;
mod feeds;
mod post;
mod quotes;

use std::sync::Arc;

use phiomia_model::{
    AccountId, Addresses, Error, Event, Job, Page, Role, StatusId, Viewer, Visibility, job::Lane, status::Draft,
};
use phiomia_social::{Social, relationships, statuses, timelines};
use phiomia_store::{
    Query, Tx,
    db::{
        jobs, notifications,
        notifications::NotificationFilter,
        statuses::{self as rows, StatusView},
        timelines as feeds_table, users,
    },
};
use phiomia_testkit::{Engine, TestDatabase};

/// A server with alice, bob and carol.
pub struct Village {
    pub data: TestDatabase,
    pub social: Social,
}

pub const ALICE: AccountId = AccountId(101);
pub const BOB: AccountId = AccountId(102);
pub const CAROL: AccountId = AccountId(103);

impl Village {
    pub async fn open(engine: Engine) -> Village {
        let addresses = Addresses::new("https", "example.org", "social.example.org");
        let village = Village { data: TestDatabase::open(engine).await, social: Social::new(Arc::new(addresses)) };
        for (id, name) in [(ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")] {
            let addresses = village.social.addresses.clone();
            village
                .does(move |tx| {
                    let person = users::NewPerson {
                        id,
                        username: name,
                        uri: &addresses.account_uri(id),
                        url: &addresses.account_url(name),
                        email: "",
                        password_hash: None,
                        role: Role::User,
                        locale: "en",
                        confirmed_at: Some(tx.now()),
                        approved_at: Some(tx.now()),
                        invite_request: None,
                        is_locked: false,
                        is_discoverable: true,
                        is_indexable: true,
                    };
                    Ok(users::insert(tx, &person)?)
                })
                .await
                .unwrap();
        }
        village
    }

    pub async fn does<T: Send + 'static>(
        &self,
        act: impl FnMut(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.data.db.write(act).await
    }

    pub async fn sees<T: Send + 'static>(
        &self,
        look: impl FnMut(&Query<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.data.db.read(look).await.unwrap()
    }

    pub async fn tries(&self, who: AccountId, draft: Draft) -> Result<StatusId, Error> {
        let social = self.social.clone();
        self.does(move |tx| statuses::post(tx, &social, who, &draft)).await
    }

    pub async fn posts(&self, who: AccountId, text: &str) -> StatusId {
        self.tries(who, draft(text)).await.unwrap()
    }

    pub async fn posts_as(&self, who: AccountId, text: &str, visibility: Visibility) -> StatusId {
        self.tries(who, Draft { visibility: Some(visibility), ..draft(text) }).await.unwrap()
    }

    pub async fn posts_in(&self, who: AccountId, text: &str, language: &str) -> StatusId {
        self.tries(who, Draft { language: Some(language.to_owned()), ..draft(text) }).await.unwrap()
    }

    pub async fn answers(&self, who: AccountId, to: StatusId, text: &str) -> StatusId {
        self.tries(who, Draft { in_reply_to: Some(to), ..draft(text) }).await.unwrap()
    }

    pub async fn boosts(&self, who: AccountId, id: StatusId) -> Result<StatusId, Error> {
        self.does(move |tx| statuses::reblog(tx, who, id, None)).await
    }

    pub async fn follows(&self, who: AccountId, whom: AccountId) {
        self.does(move |tx| relationships::follow(tx, who, whom, &relationships::FollowOptions::default()))
            .await
            .unwrap();
    }

    pub async fn view(&self, id: StatusId, viewer: Viewer) -> Option<StatusView> {
        let now = self.data.db.clock().now();
        self.sees(move |q| Ok(rows::view(q, id, viewer, now)?)).await
    }

    /// What somebody's home timeline holds, newest first.
    pub async fn home(&self, who: AccountId) -> Vec<StatusId> {
        self.sees(move |q| Ok(feeds_table::home(q, who, &Page::first(40))?)).await
    }

    /// What somebody was told: (type, who did it), newest first.
    pub async fn told(&self, who: AccountId) -> Vec<(String, AccountId)> {
        let now = self.data.db.clock().now();
        let (_, views) = self
            .sees(move |q| Ok(notifications::page(q, who, &NotificationFilter::default(), &Page::first(40), now)?))
            .await;
        views.into_iter().map(|v| (v.kind.word().to_owned(), v.from.id)).collect()
    }

    /// Runs the jobs that wait, as the workers would.
    pub async fn works(&self) {
        for lane in Lane::ALL {
            let claimed = self
                .does(move |tx| Ok(jobs::claim(tx, lane, 100, std::time::Duration::from_secs(60), "test")?))
                .await
                .unwrap();
            for job in claimed {
                let work = job.job.clone().unwrap();
                self.does(move |tx| {
                    match &work {
                        Job::FanOut { status } => timelines::fan_out(tx, *status)?,
                        Job::SweepStatus { status } => statuses::sweep(tx, *status)?,
                        Job::SweepHome { account, author } => timelines::sweep(tx, *account, *author)?,
                        Job::SweepAccount { account } => statuses::sweep_account(tx, *account)?,
                        Job::MergeHome { account, author } => timelines::merge(tx, *account, *author)?,
                        Job::MergeList { list, author } => timelines::merge_list(tx, *list, *author)?,
                        Job::RebuildList { list } => timelines::rebuild_list(tx, *list)?,
                        Job::RebuildHome { account } => timelines::rebuild(tx, *account)?,
                        _ => {}
                    }
                    Ok(jobs::finish(tx, &[job.id])?)
                })
                .await
                .unwrap();
            }
        }
    }

    pub fn announced(&mut self) -> Vec<Event> {
        self.data.announced()
    }
}

/// A draft that says nothing but its text.
pub fn draft(text: &str) -> Draft {
    Draft { text: text.into(), ..Draft::default() }
}

/// The sentence of a refusal.
pub fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.to_string(),
        other => panic!("not refused: {other:?}"),
    }
}
