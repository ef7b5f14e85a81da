//! A server of ours, as far as it speaks with others.

use std::{sync::Arc, time::Duration};

use phiomia_federation::{Deliverer, DeliverySettings, Federation, OutboundSettings, Settings};
use phiomia_model::{AccountId, Addresses, StatusId};
use phiomia_store::{
    Entropy,
    db::{
        federation::{
            actors::Inbox,
            deliveries::{self, NewOutgoing, Priority},
            hosts::{self, Host},
            key_pairs::SERVER,
        },
        inspect,
    },
    seal::Sealer,
};
use phiomia_testkit::{Engine, TestDatabase};

use crate::neighbour::Neighbour;

/// The first wait of a test that wants to see retries.
pub const QUICK: Duration = Duration::from_millis(60);
/// Longer than anything here may take, short enough to see a hang.
pub const LONG: Duration = Duration::from_secs(20);

/// The opened database and what hangs on it.
pub struct Town {
    pub database: TestDatabase,
    pub federation: Federation,
    deliverer: Option<Deliverer>,
}

/// Something to send.
#[derive(Clone)]
pub struct Letter {
    pub text: String,
    pub object: String,
    pub priority: Priority,
    pub is_last_word: bool,
    pub status: Option<StatusId>,
    pub sender: AccountId,
    pub tells_followers: bool,
}

impl Letter {
    /// A post with an object of its own.
    pub fn post(text: &str) -> Letter {
        Letter {
            text: text.to_owned(),
            object: format!("https://ours.test/{text}"),
            priority: Priority::Post,
            is_last_word: false,
            status: None,
            sender: SERVER,
            tells_followers: false,
        }
    }

    pub fn about(mut self, object: &str) -> Letter {
        object.clone_into(&mut self.object);
        self
    }

    pub fn with(mut self, priority: Priority) -> Letter {
        self.priority = priority;
        self
    }

    /// From somebody to their followers, who are told along.
    pub fn for_followers_of(mut self, sender: AccountId) -> Letter {
        self.sender = sender;
        self.tells_followers = true;
        self
    }

    pub fn last_word(mut self) -> Letter {
        self.is_last_word = true;
        self.priority = Priority::Deletion;
        self
    }
}

impl Town {
    /// Nothing is sent before [`Town::begins`].
    pub async fn open(engine: Engine) -> Town {
        Town::with(TestDatabase::open(engine).await, DeliverySettings { first_retry: QUICK, ..quick() })
    }

    pub fn with(database: TestDatabase, deliveries: DeliverySettings) -> Town {
        let federation = federation(&database, deliveries);
        Town { database, federation, deliverer: None }
    }

    /// The same town with other settings, as after a restart.
    pub fn again(&mut self, deliveries: DeliverySettings) {
        assert!(self.deliverer.is_none(), "it still sends");
        self.federation = federation(&self.database, deliveries);
    }

    pub fn begins(&mut self) {
        self.deliverer = Some(Deliverer::start(self.federation.clone(), Entropy::system()).unwrap());
    }

    pub async fn stops(&mut self) {
        self.deliverer.take().unwrap().stop(Duration::from_millis(500)).await;
    }

    /// As by `kill -9`: nothing is given back.
    pub fn dies(&mut self) {
        drop(self.deliverer.take().unwrap());
    }

    pub async fn sends(&self, letter: &Letter, to: &[Inbox]) {
        let (letter, to) = (letter.clone(), to.to_vec());
        let sending = self.database.db.write(move |tx| {
            let outgoing = NewOutgoing {
                sender: letter.sender,
                payload: &letter.text,
                object: &letter.object,
                status: letter.status,
                priority: letter.priority,
                is_last_word: letter.is_last_word,
                tells_followers: letter.tells_followers,
            };
            Ok(deliveries::send(tx, &outgoing, &to)?)
        });
        sending.await.unwrap();
    }

    /// The neighbours know our key.
    pub async fn introduces_itself(&self, neighbours: &[&Neighbour]) {
        let pem = self.federation.keys.public_pem(SERVER).await.unwrap();
        for neighbour in neighbours {
            neighbour.knows(&pem);
        }
    }

    pub async fn host(&self, name: &str) -> Option<Host> {
        let name = name.to_owned();
        self.database.db.read(move |q| Ok(hosts::find(q, &name)?)).await.unwrap()
    }

    pub async fn n_waiting(&self) -> i64 {
        self.database.db.read(|q| Ok(deliveries::waiting(q)?.0)).await.unwrap()
    }

    pub async fn n_activities(&self) -> i64 {
        self.database.db.read(|q| Ok(deliveries::waiting(q)?.1)).await.unwrap()
    }

    /// Changes rows behind everybody's back.
    pub async fn sql(&self, sql: &str) {
        let (settings, sql) = (self.database.settings.clone(), sql.to_owned());
        tokio::task::spawn_blocking(move || inspect::run(&settings, &sql)).await.unwrap().unwrap();
    }

    /// Waits until nothing waits any more.
    pub async fn is_done(&self) {
        until("everything is sent", async || self.n_waiting().await == 0).await;
    }

    /// Somebody elsewhere who follows `target` here, with an inbox of his own.
    pub async fn follower(&self, id: i64, inbox: &Inbox, shared_inbox: &str, target: AccountId) {
        let Inbox { url, host } = inbox;
        self.sql(&format!(
            "insert into accounts (id, username, username_key, domain, uri, url, followers_count, created_at)
                values ({target}, 'alice', 'alice', '', 'https://ours.test/alice', '', 0, 0) on conflict (id) do nothing;
            insert into accounts (id, username, username_key, domain, uri, url, following_count, created_at)
                values ({id}, 'bob{id}', 'bob{id}', 'theirs.test', 'https://theirs.test/bob{id}', '', 1, 0);
            insert into actors (account_id, host, inbox, shared_inbox, fetched_at) values ({id}, '{host}', '{url}', '{shared_inbox}', 0);
            insert into follows (account_id, target_id, id, created_at) values ({id}, {target}, {id}, 0);
            update accounts set followers_count = followers_count + 1 where id = {target}"
        ))
        .await;
    }
}

/// Fast enough for tests.
pub fn quick() -> DeliverySettings {
    DeliverySettings {
        at_once: 16,
        first_retry: Duration::from_secs(15),
        lease: Duration::from_secs(2),
        poll: Duration::from_millis(50),
    }
}

fn federation(database: &TestDatabase, deliveries: DeliverySettings) -> Federation {
    let addresses = Addresses::new("https", "ours.test", "ours.test");
    let outbound = OutboundSettings {
        allow_http: true,
        allowed_private_addresses: vec!["127.0.0.0/8".parse().unwrap()],
        ..OutboundSettings::default()
    };
    let settings = Settings { outbound, deliveries, ..Settings::default() };
    let sealer = Sealer::new(&[7; 32]).unwrap();
    Federation::new(database.db.clone(), Arc::new(addresses), Entropy::system(), sealer, settings).unwrap()
}

/// Waits until it holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(LONG, waiting).await.is_ok(), "not in {LONG:?}: {what}");
}
