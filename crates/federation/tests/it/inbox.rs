//! Deliveries that come at the same moment: believed and put down together, each as if it were alone.

use std::{
    future::{Future, ready},
    pin::Pin,
    time::Duration,
};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use phiomia_activitypub::{
    Uri, Web,
    signature::{Dialect, PrivateKey, Signer, sign},
};
use phiomia_federation::inbox::{Incoming, Turned};
use phiomia_model::{AccountId, DomainBlockId, Job, Time, job::Lane};
use phiomia_store::db::{
    federation::{
        actors::{self, RemoteProfile},
        domains::{self, DomainBlock, Severity},
    },
    jobs,
};
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};
use url::Url;

use crate::town::Town;

/// Somebody elsewhere whose key is known here.
struct Stranger {
    uri: String,
    account: AccountId,
    key: PrivateKey,
}

impl Stranger {
    async fn comes_to(town: &Town, host: &str) -> Stranger {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let key = PrivateKey::from_pkcs8(der.as_ref()).unwrap();
        let uri = format!("https://{host}/u/ada");
        let profile = RemoteProfile {
            uri: uri.clone(),
            url: uri.clone(),
            username: "ada".into(),
            domain: host.into(),
            host: host.into(),
            inbox: format!("{uri}/inbox"),
            keys: vec![(format!("{uri}#key"), true, key.public_pem())],
            ..RemoteProfile::default()
        };
        let account = town.database.db.write(move |tx| Ok(actors::keep(tx, &profile)?)).await.unwrap();
        Stranger { uri, account, key }
    }

    fn sends(&self, town: &Town, id: &str, kind: &str) -> Incoming {
        let activity = json!({
            "id": format!("{}/{id}", self.uri), "type": kind, "actor": self.uri, "object": "https://ours.test/ap/users/1",
        });
        let body = Bytes::from(activity.to_string());
        let url = Url::parse("https://ours.test/inbox").unwrap();
        let key_id = Uri::parse(&format!("{}#key", self.uri), Web::Https).unwrap();
        let signer = Signer { key_id: &key_id, key: &self.key };
        let now = town.database.db.clock().now();
        let signed = sign(Dialect::Cavage, &Method::POST, &url, Some(&body), signer, now).unwrap();
        let headers: HeaderMap = signed.into_iter().collect();
        Incoming { target: "/inbox".into(), headers, body }
    }
}

/// Brings one, as the door of the house does.
async fn arrives(town: &Town, incoming: Incoming) -> Result<(), Turned> {
    let may_fetch = || Box::pin(ready(Ok(()))) as Pin<Box<dyn Future<Output = _> + Send>>;
    match town.federation.authenticate(&incoming, &may_fetch).await? {
        Some(authentic) => town.federation.keep(authentic, &incoming.body).await,
        None => Ok(()),
    }
}

async fn arrive_at_once(town: &Town, all: Vec<Incoming>) -> Vec<Result<(), StatusCode>> {
    let arriving =
        all.into_iter().map(|incoming| async { arrives(town, incoming).await.map_err(|turned| turned.status) });
    futures_util::future::join_all(arriving).await
}

/// The ids of what is to be worked through, first to last.
async fn left(town: &Town) -> Vec<String> {
    let claiming =
        town.database.db.write(|tx| Ok(jobs::claim(tx, Lane::Federation, 1_000, Duration::from_secs(60), "test")?));
    let mut claimed = claiming.await.unwrap();
    claimed.sort_by_key(|job| job.id);
    let id = |job: jobs::Claimed| match job.job.unwrap() {
        Job::Receive { body, .. } => {
            let id = serde_json::from_str::<Value>(&body).unwrap()["id"].as_str().unwrap().to_owned();
            id.rsplit('/').next().unwrap().to_owned()
        }
        other => panic!("{other:?}"),
    };
    claimed.into_iter().map(id).collect()
}

on_both_engines! {
    async fn what_comes_many_times_at_once_is_worked_through_once(town: Town) {
        let (ada, bo) = (Stranger::comes_to(&town, "a.test").await, Stranger::comes_to(&town, "b.test").await);
        let mut all = Vec::new();
        for n in 0..20 {
            for id in [n, n, 19 - n] {
                all.push(ada.sends(&town, &id.to_string(), "Create"));
                all.push(bo.sends(&town, &(100 + id).to_string(), "Create"));
            }
        }
        let answers = arrive_at_once(&town, all).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        let mut left = left(&town).await;
        left.sort();
        let mut expected: Vec<String> = (0..20).chain(100..120).map(|n: i32| n.to_string()).collect();
        expected.sort();
        assert_eq!(left, expected);
    }

    async fn a_follow_is_answered_as_often_as_it_comes(town: Town) {
        let ada = Stranger::comes_to(&town, "a.test").await;
        arrive_at_once(&town, vec![ada.sends(&town, "follow", "Follow"); 3]).await;
        assert_eq!(left(&town).await, ["follow", "follow", "follow"]);
    }

    async fn what_comes_one_after_the_other_is_worked_through_in_that_order(town: Town) {
        let ada = Stranger::comes_to(&town, "a.test").await;
        let bo = Stranger::comes_to(&town, "b.test").await;
        let one_by_one = async {
            for n in 0..20 {
                arrives(&town, ada.sends(&town, &format!("{n:02}"), "Create")).await.unwrap();
            }
        };
        let beside = arrive_at_once(&town, (0..60).map(|n| bo.sends(&town, &format!("beside {n}"), "Create")).collect());
        futures_util::future::join(one_by_one, beside).await;
        let mut left = left(&town).await;
        left.retain(|id| !id.starts_with("beside"));
        assert_eq!(left, (0..20).map(|n| format!("{n:02}")).collect::<Vec<_>>());
    }

    async fn who_is_kept_away_is_so_among_others(town: Town) {
        let (ada, bo, cy) = (
            Stranger::comes_to(&town, "a.test").await,
            Stranger::comes_to(&town, "blocked.test").await,
            Stranger::comes_to(&town, "c.test").await,
        );
        let block = DomainBlock {
            id: DomainBlockId(1),
            domain: "blocked.test".into(),
            severity: Severity::Suspend,
            rejects_media: true,
            rejects_reports: true,
            private_comment: None,
            public_comment: None,
            obfuscates: false,
            created_at: Time(0),
        };
        town.database.db.write(move |tx| Ok(domains::block(tx, &block)?)).await.unwrap();
        town.sql(&format!("update accounts set suspended_at = 1 where id = {}", cy.account)).await;
        let one_of_each = |n: i32| [&ada, &bo, &cy].map(|who| who.sends(&town, &n.to_string(), "Create"));
        let answers = arrive_at_once(&town, (0..5).flat_map(one_of_each).collect()).await;
        for answers in answers.chunks(3) {
            assert_eq!(answers, [Ok(()), Err(StatusCode::FORBIDDEN), Ok(())]);
        }
        let mut left = left(&town).await;
        left.sort();
        assert_eq!(left, ["0", "1", "2", "3", "4"]);
    }

    async fn many_deliveries_at_once_take_few_statements_on_postgres(town: Town) {
        let ada = Stranger::comes_to(&town, "a.test").await;
        arrives(&town, ada.sends(&town, "first", "Create")).await.unwrap();
        let before = town.database.db.n_statements();
        arrive_at_once(&town, (0..60).map(|n| ada.sends(&town, &n.to_string(), "Create")).collect()).await;
        let n_statements = town.database.db.n_statements() - before;
        // SQLite is asked without a way to go, and runs a statement for each row.
        if town.database.db.engine_name() == "PostgreSQL" {
            assert!(n_statements <= 60, "{n_statements}");
        }
        assert!(n_statements <= 4 * 60 + 60, "{n_statements}");
        assert_eq!(left(&town).await.len(), 61);
    }
}
