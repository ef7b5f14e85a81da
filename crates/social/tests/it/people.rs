//! Accounts to act with.

use phiomia_model::{AccountId, Error, Event, Job, Page, Viewer, job::Lane};
use phiomia_social::relationships;
use phiomia_store::{
    Query, Tx,
    db::{inspect, jobs, relationships as table, relationships::RelationshipView},
};
use phiomia_testkit::{Engine, TestDatabase};

pub const ALICE: AccountId = AccountId(101);
pub const BOB: AccountId = AccountId(102);
/// Locked.
pub const CAROL: AccountId = AccountId(103);
/// On another server.
pub const DAVE: AccountId = AccountId(104);
pub const EVE: AccountId = AccountId(105);

/// A database in which they live.
pub struct Town(pub TestDatabase);

impl Town {
    pub async fn open(engine: Engine) -> Town {
        let town = Town(TestDatabase::open(engine).await);
        for (id, name, domain, is_locked) in [
            (ALICE, "alice", "", "false"),
            (BOB, "bob", "", "false"),
            (CAROL, "carol", "", "true"),
            (DAVE, "dave", "remote.example", "false"),
            (EVE, "eve", "", "false"),
        ] {
            town.sql(format!(
                "insert into accounts (id, username, username_key, domain, uri, url, is_locked, created_at)
                values ({id}, '{name}', '{name}', '{domain}', 'https://{domain}.test/users/{name}', '', {is_locked}, 0)"
            ))
            .await;
        }
        town
    }

    /// Changes rows behind the verbs' back.
    pub async fn sql(&self, sql: String) {
        let settings = self.0.settings.clone();
        tokio::task::spawn_blocking(move || inspect::run(&settings, &sql)).await.unwrap().unwrap();
    }

    pub async fn does<T: Send + 'static>(
        &self,
        act: impl FnMut(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.0.db.write(act).await
    }

    pub async fn sees<T: Send + 'static>(
        &self,
        look: impl FnMut(&Query<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.0.db.read(look).await.unwrap()
    }

    pub async fn follows(&self, who: AccountId, whom: AccountId) {
        self.does(move |tx| relationships::follow(tx, who, whom, &relationships::FollowOptions::default()))
            .await
            .unwrap();
    }

    pub async fn between(&self, me: AccountId, other: AccountId) -> RelationshipView {
        self.sees(move |q| Ok(table::view(q, me, other)?)).await.expect("the account is there")
    }

    pub async fn followers(&self, of: AccountId) -> Vec<AccountId> {
        let page = Page::first(40);
        let rows = self.sees(move |q| Ok(table::followers(q, of, Viewer::Anonymous, &page)?)).await;
        rows.into_iter().map(|row| row.account).collect()
    }

    /// (followers, following), as counted on the account's own row.
    pub async fn counters(&self, of: AccountId) -> (i64, i64) {
        let party =
            self.does(move |tx| Ok(table::lock_pair(tx, of, of)?.0)).await.unwrap().expect("the account is there");
        (party.followers_count, party.following_count)
    }

    /// How often somebody was told something since the last look; other events are passed over.
    pub fn notifications(&mut self, of: AccountId) -> usize {
        let told = |event: &Event| matches!(event, Event::Notified { account, .. } if *account == of);
        self.0.announced().into_iter().filter(told).count()
    }

    /// Takes the jobs that wait.
    pub async fn jobs(&self) -> Vec<Job> {
        let claimed = self
            .does(|tx| Ok(jobs::claim(tx, Lane::Feeds, 100, std::time::Duration::from_secs(60), "test")?))
            .await
            .unwrap();
        let mut jobs: Vec<Job> = claimed.iter().map(|c| c.job.clone().unwrap()).collect();
        for job in claimed {
            self.does(move |tx| Ok(jobs::finish(tx, &[job.id])?)).await.unwrap();
        }
        jobs.sort_by_key(|job| format!("{job:?}"));
        jobs
    }
}
