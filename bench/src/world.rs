//! A server that has lived: people who follow each other, and as many posts as wished, written by the same verbs as the
//! server's own, only with a clock of ours and many in a transaction.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use phiomia_model::{AccountId, Addresses, AppId, Role, Scopes, StatusId, Time, Visibility, status::Draft};
use phiomia_social::{Social, relationships, statuses, timelines, users::Passwords};
use phiomia_store::{
    Clock, Db, Entropy, Secret, Tx,
    db::{
        self, Opener, Settings,
        apps::{self, AppView},
        relationships::FollowOptions,
        tokens,
        users::{self, NewPerson},
    },
};

use crate::dice::{Dice, Words};

/// Everybody's.
pub const PASSWORD: &str = "correct horse battery";
/// How many people of a world have a token.
pub const MOST_TOKENS: usize = 200;
/// Whom the first person follows at most, and everybody else.
const FOLLOWED_BY_THE_READER: usize = 200;
const FOLLOWED: usize = 10;
/// Posts in one transaction.
const BATCH: usize = 250;
/// The newest posts are written into feeds too; of older ones nothing would be left there.
const FANNED_OUT: usize = 20_000;
/// What the posts of a world are spread over. Less than what makes people count as away.
const SPAN_MICROS: i64 = 10 * 86_400 * 1_000_000;
/// Answers in the thread whose context is read.
const ANSWERS: usize = 100;

/// People with posts.
pub struct World {
    pub db: Db,
    pub people: Vec<AccountId>,
    /// Of the first [`MOST_TOKENS`] people.
    pub tokens: Vec<String>,
    /// The first post of a thread with a hundred answers.
    pub thread: StatusId,
    social: Social,
    now: Arc<AtomicI64>,
    n_posts: usize,
    dice: Dice,
    words: Words,
}

impl World {
    /// `n_people` people of whom the first follows many, and a thread.
    pub async fn begin(settings: Settings, address: &str, n_people: usize) -> World {
        let system = Clock::system().now();
        let began = system.0 - SPAN_MICROS;
        let now = Arc::new(AtomicI64::new(began));
        let shown = now.clone();
        let clock = Clock::new(move || Time(shown.load(Ordering::Relaxed)));
        let opened = tokio::task::spawn_blocking(move || Db::open(settings, clock, Opener::Server)).await.unwrap();
        let opened = opened.expect("an empty database");
        let db = opened.db;
        // Nobody listens.
        drop(opened.events);
        let addresses = Arc::new(Addresses::new("http", address.to_owned(), address.to_owned()));
        let hash = Passwords::new(Entropy::system()).hash(&Secret::new(PASSWORD)).await.unwrap();
        let (people, tokens) = people(&db, &addresses, &hash, n_people).await;
        let mut world = World {
            db,
            people,
            tokens,
            thread: StatusId(0),
            social: Social::new(addresses),
            now,
            n_posts: 0,
            dice: Dice::new(7),
            words: Words::new(),
        };
        world.befriend().await;
        world.thread = world.talk().await;
        world
    }

    async fn befriend(&mut self) {
        let people = self.people.clone();
        let mut pairs = Vec::new();
        for (n, person) in people.iter().enumerate() {
            let n_followed = if n == 0 { FOLLOWED_BY_THE_READER } else { FOLLOWED };
            for step in 1..=n_followed.min(people.len() - 1) {
                // The reader follows the next ones; the others people here and there.
                let at = if n == 0 { step } else { self.dice.below(people.len()) };
                if let Some(target) = people.get(at % people.len()).filter(|target| *target != person) {
                    pairs.push((*person, *target));
                }
            }
        }
        for batch in pairs.chunks(BATCH) {
            let batch = batch.to_vec();
            let follow_all = move |tx: &Tx<'_>| {
                batch
                    .iter()
                    .try_for_each(|(me, target)| relationships::follow(tx, *me, *target, &FollowOptions::default()))
            };
            self.db.write(follow_all).await.unwrap();
        }
    }

    /// A thread with a hundred answers.
    async fn talk(&mut self) -> StatusId {
        let (people, social) = (self.people.clone(), self.social.clone());
        let texts: Vec<String> = (0..=ANSWERS).map(|_| self.words.sentence(&mut self.dice)).collect();
        let write = move |tx: &Tx<'_>| {
            let mut ids: Vec<StatusId> = Vec::new();
            for (n, text) in texts.iter().enumerate() {
                let author = people.get(n % people.len()).copied().unwrap_or(AccountId(0));
                // Half of them answer the first post, half an answer.
                let parent = if n % 2 == 0 { ids.first() } else { ids.get(n / 2) };
                let draft = Draft { text: text.clone(), in_reply_to: parent.copied(), ..Draft::default() };
                ids.push(statuses::post(tx, &social, author, &draft)?);
            }
            Ok(ids.first().copied().unwrap_or(StatusId(0)))
        };
        self.db.write(write).await.unwrap()
    }

    /// Posts until there are `n_wanted`.
    pub async fn grow(&mut self, n_wanted: usize, step_micros: i64) {
        let recent = Arc::new(Mutex::new(Vec::new()));
        while self.n_posts < n_wanted {
            let n = BATCH.min(n_wanted - self.n_posts);
            let is_new = n_wanted - self.n_posts <= FANNED_OUT;
            let acts: Vec<Act> = (0..n).map(|_| Act::draw(&mut self.dice, &self.words, self.people.len())).collect();
            let (social, people, recent, clock) =
                (self.social.clone(), self.people.clone(), recent.clone(), self.now.clone());
            let begin = clock.load(Ordering::Relaxed);
            let write = move |tx: &Tx<'_>| {
                clock.store(begin, Ordering::Relaxed);
                for act in &acts {
                    clock.fetch_add(step_micros, Ordering::Relaxed);
                    let mut recent = recent.lock().unwrap();
                    act.run(tx, &social, &people, &mut recent, is_new)?;
                }
                Ok(())
            };
            self.db.write(write).await.unwrap();
            self.n_posts += n;
        }
    }

    /// Microseconds between two posts when `n_posts` fill the span of the world.
    pub fn step(n_posts: usize) -> i64 {
        SPAN_MICROS / i64::try_from(n_posts.max(1)).unwrap_or(1) * 9 / 10
    }
}

/// What one post is to be, drawn beforehand: a transaction may run twice.
struct Act {
    author: usize,
    text: String,
    /// Counted back from the newest post.
    answers: Option<usize>,
    favoured_by: Option<usize>,
    boosted_by: Option<usize>,
    visibility: Visibility,
}

impl Act {
    fn draw(dice: &mut Dice, words: &Words, n_people: usize) -> Act {
        let mut text = words.sentence(dice);
        if dice.one_in(8) {
            text.push_str(&format!(" #topic{}", dice.below(500)));
        }
        if dice.one_in(5) {
            text = format!("@person{} {text}", dice.skewed(n_people));
        }
        Act {
            author: dice.skewed(n_people),
            text,
            answers: dice.one_in(3).then(|| dice.below(200)),
            favoured_by: dice.one_in(3).then(|| dice.below(n_people)),
            boosted_by: dice.one_in(15).then(|| dice.below(n_people)),
            visibility: match dice.below(10) {
                0 => Visibility::Private,
                1 | 2 => Visibility::Unlisted,
                _ => Visibility::Public,
            },
        }
    }

    fn run(
        &self,
        tx: &Tx<'_>,
        social: &Social,
        people: &[AccountId],
        recent: &mut Vec<StatusId>,
        is_new: bool,
    ) -> Result<(), phiomia_model::Error> {
        let person = |at: usize| people.get(at % people.len()).copied().unwrap_or(AccountId(0));
        let earlier = |back: usize| recent.get(recent.len().saturating_sub(1 + back)).copied();
        let draft = Draft {
            text: self.text.clone(),
            visibility: Some(self.visibility),
            // What is answered may be for other eyes: then it is no answer.
            in_reply_to: self.answers.and_then(earlier),
            ..Draft::default()
        };
        let id = match statuses::post(tx, social, person(self.author), &draft) {
            Err(phiomia_model::Error::Refused(_)) => {
                statuses::post(tx, social, person(self.author), &Draft { in_reply_to: None, ..draft })?
            }
            other => other?,
        };
        if is_new {
            timelines::fan_out(tx, id)?;
        }
        if let Some(fan) = self.favoured_by.filter(|_| self.visibility.is_open()) {
            statuses::favourite(tx, person(fan), id)?;
        }
        if let Some(fan) = self.boosted_by.filter(|_| self.visibility.is_open()) {
            statuses::reblog(tx, person(fan), id, None)?;
        }
        if self.visibility.is_open() {
            recent.push(id);
        }
        if recent.len() > 2_000 {
            recent.drain(..1_000);
        }
        Ok(())
    }
}

/// People and their tokens.
async fn people(db: &Db, addresses: &Addresses, hash: &Secret, n_people: usize) -> (Vec<AccountId>, Vec<String>) {
    let (addresses, hash) = (addresses.clone(), hash.clone());
    db.write(move |tx| {
        let scopes = Scopes::parse("read write follow push").unwrap();
        let app = AppView {
            id: AppId(tx.new_id()),
            client_id: "bench".to_owned(),
            client_secret_hash: Secret::new("bench").hash(),
            name: "bench".to_owned(),
            website: None,
            redirect_uris: vec!["urn:ietf:wg:oauth:2.0:oob".to_owned()],
            scopes: scopes.clone(),
            is_confidential: true,
            created_at: tx.now(),
        };
        apps::insert(tx, &app)?;
        apps::mark_used(tx, app.id)?;
        let (mut ids, mut secrets) = (Vec::new(), Vec::new());
        for n in 0..n_people {
            let (id, name) = (AccountId(tx.new_id()), format!("person{n}"));
            let new = NewPerson {
                id,
                username: &name,
                uri: &addresses.account_uri(id),
                url: &addresses.account_url(&name),
                email: &format!("{name}@example.org"),
                password_hash: Some(&hash),
                role: if n == 0 { Role::Owner } else { Role::User },
                locale: "en",
                confirmed_at: Some(tx.now()),
                approved_at: Some(tx.now()),
                invite_request: None,
                is_locked: false,
                is_discoverable: true,
                is_indexable: n % 2 == 0,
            };
            users::insert(tx, &new)?;
            if n < MOST_TOKENS {
                let secret = format!("token-of-person-{n}-of-a-world-for-benchmarks");
                tokens::insert(tx, Secret::new(secret.as_str()).hash(), app.id, Some(id), &scopes)?;
                secrets.push(secret);
            }
            ids.push(id);
        }
        Ok((ids, secrets))
    })
    .await
    .unwrap()
}

/// What a folder or address for `DATABASE_URL` means.
pub fn settings(data: &std::path::Path, postgres: Option<&str>) -> Settings {
    match postgres {
        None => Settings::Sqlite(db::SqliteSettings::at(data.join("phiomia.sqlite3"))),
        Some(address) => Settings::Postgres(Box::new(db::PostgresSettings::parse(address).unwrap())),
    }
}
