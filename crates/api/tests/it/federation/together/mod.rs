//! What comes at the same moment is written together, and ends as if it had come one after the other.

mod rules;

use std::sync::Arc;

use phiomia_model::{
    AccountId, Error, Job, QuotePolicy, Refusal, StatusId, Time, Visibility,
    job::Lane,
    remote::{Interactions, RemoteDraft, RemotePoll, RemoteQuote},
};
use phiomia_social::remote::{self, Arrival, Coming};
use phiomia_store::db::{federation::received, inspect, jobs};
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::{
    order::looks_again,
    recorded::{comes, created, follows, somebody},
};
use crate::kit::{House, NOON, Person};

const ADA: &str = "https://mastodon.example/users/ada";
const BO: &str = "https://other.example/users/bo";
const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Two people elsewhere whom alice follows.
struct Scene {
    alice: Person,
    ada: AccountId,
    bo: AccountId,
}

impl Scene {
    async fn set(house: &House) -> Scene {
        let (ada, bo) = (somebody(house, ADA, "ada", false).await, somebody(house, BO, "bo", false).await);
        let alice = house.person("alice").await;
        for author in [ada, bo] {
            follows(house, &alice, author).await;
        }
        house.work().await;
        Scene { alice, ada, bo }
    }
}

/// Written `seconds` before noon.
fn draft(author: AccountId, uri: String, seconds: i64) -> RemoteDraft {
    RemoteDraft {
        url: Some(uri.clone()),
        author,
        text: format!("<p>{}</p>", uri.rsplit('/').next().unwrap()),
        spoiler_text: String::new(),
        visibility: Visibility::Public,
        is_sensitive: false,
        language: Some("en".into()),
        in_reply_to: None,
        published: Some(Time(NOON.0 - seconds * 1_000_000)),
        edited: None,
        mentions: Vec::new(),
        addressed: Vec::new(),
        tags: Vec::new(),
        poll: None,
        attachments: Vec::new(),
        emojis: Vec::new(),
        conversation: None,
        context: None,
        replies: None,
        n_replies: None,
        n_reblogs: None,
        n_favourites: None,
        quote: None,
        quote_policy: QuotePolicy::Public,
        interactions: Interactions::default(),
        uri,
    }
}

/// All kinds of posts, many of which have to do with each other.
fn all_kinds(scene: &Scene) -> Vec<Arc<Arrival>> {
    let at = |who: &str, name: &str| format!("{who}/statuses/{name}");
    let (ada, bo) = (scene.ada, scene.bo);
    let named = vec![(scene.alice.account, "alice@phiomia.example".to_owned())];
    let poll = RemotePoll {
        options: vec![("tea".into(), 2), ("coffee".into(), 1)],
        is_multiple: false,
        expires_at: Some(Time(NOON.0 + 3_600_000_000)),
        closed_at: None,
        voters: None,
    };
    let quote = RemoteQuote { uri: at(ADA, "first"), stamp: None, is_allowed: true, ask_again: None };
    let first = RemoteDraft { tags: vec!["Tea".into(), "kettles".into()], ..draft(ada, at(ADA, "first"), 100) };
    let thread = RemoteDraft { in_reply_to: Some(at(ADA, "first")), ..draft(ada, at(ADA, "thread"), 90) };
    let edited = RemoteDraft {
        text: "<p>changed words</p>".into(),
        edited: Some(Time(NOON.0 - 1_000_000)),
        ..draft(ada, at(ADA, "edited"), 40)
    };
    let sent = [
        // Before what it answers.
        RemoteDraft {
            in_reply_to: Some(at(ADA, "thread")),
            mentions: named.clone(),
            ..draft(bo, at(BO, "answer"), 80)
        },
        first.clone(),
        thread,
        first,
        RemoteDraft { quote: Some(quote), ..draft(bo, at(BO, "quoting"), 70) },
        RemoteDraft { poll: Some(poll), tags: vec!["tea".into()], ..draft(ada, at(ADA, "poll"), 60) },
        RemoteDraft { in_reply_to: Some("https://third.example/1".into()), ..draft(ada, at(ADA, "lost"), 50) },
        draft(ada, at(ADA, "edited"), 40),
        RemoteDraft { visibility: Visibility::Direct, mentions: named, ..draft(bo, at(BO, "secret"), 30) },
        RemoteDraft { conversation: Some("tag:tea".into()), ..draft(ada, at(ADA, "talk"), 20) },
        RemoteDraft { conversation: Some("tag:tea".into()), ..draft(bo, at(BO, "talk"), 10) },
        draft(ada, at(ADA, "buried"), 9),
        draft(AccountId(999), at("https://nowhere.example/users/x", "1"), 8),
        RemoteDraft { in_reply_to: Some(at(ADA, "itself")), ..draft(ada, at(ADA, "itself"), 7) },
        draft(ada, at(ADA, "old"), 2 * 86_400),
    ];
    let fetched = [edited, draft(bo, at(BO, "asked"), 6), draft(bo, at(BO, "past"), 5)];
    let coming = |coming: Coming| move |draft: RemoteDraft| Arc::new(Arrival { draft, coming });
    let asked_and_sent = draft(bo, at(BO, "asked"), 6);
    let sent = sent.into_iter().map(coming(Coming::Sent));
    sent.chain(fetched.map(coming(Coming::Fetched))).chain([coming(Coming::Sent)(asked_and_sent)]).collect()
}

type Outcomes = Vec<Result<Option<StatusId>, Refusal>>;

async fn arrive(house: &House, arrivals: Vec<Arc<Arrival>>) -> Result<Outcomes, Error> {
    let social = house.api.social();
    house.api.db.write(move |tx| remote::receive(tx, &social, &arrivals)).await
}

/// What alice sees of it all, without anything that has an id in it.
async fn seen(house: &House, alice: &Person) -> Value {
    let posts = async |path: &str| {
        let posts = alice.get(path).await.ok().json();
        let post = |post: &Value| {
            let tags: Vec<&Value> = post["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
            json!([
                post["content"],
                post["account"]["acct"],
                post["replies_count"],
                post["quotes_count"],
                post["edited_at"],
                post["in_reply_to_id"].is_null(),
                post["quote"]["quoted_status"]["content"],
                post["poll"]["votes_count"],
                post["mentions"].as_array().unwrap().len(),
                tags,
            ])
        };
        posts.as_array().unwrap().iter().map(post).collect::<Vec<Value>>()
    };
    let notifications = alice.get("/api/v1/notifications").await.ok().json();
    let told = |one: &Value| json!([one["type"], one["account"]["acct"], one["status"]["content"]]);
    let notifications: Vec<Value> = notifications.as_array().unwrap().iter().map(told).collect();
    let found = alice.get("/api/v2/search?q=answer&type=statuses").await.ok().json();
    let mut authors = Vec::new();
    for handle in ["ada@mastodon.example", "bo@other.example"] {
        let author = alice.get(&format!("/api/v1/accounts/lookup?acct={handle}")).await.ok().json();
        authors.push(json!([author["statuses_count"], author["last_status_at"]]));
    }
    let home = alice.get("/api/v1/timelines/home?limit=40").await.ok().json();
    let mut threads = Vec::new();
    for post in home.as_array().unwrap() {
        let path = format!("/api/v1/statuses/{}/context", post["id"].as_str().unwrap());
        let context = alice.get(&path).await.ok().json();
        let contents = |part: &Value| -> Vec<Value> {
            part.as_array().unwrap().iter().map(|post| post["content"].clone()).collect()
        };
        threads.push(json!([post["content"], contents(&context["ancestors"]), contents(&context["descendants"])]));
    }
    let n_left = house.api.db.read(|q| {
        let counts = jobs::counts(q)?;
        let of_lane =
            |lane: Lane| counts.iter().filter(|count| count.lane == lane.word()).map(|count| count.n_all).sum();
        Ok::<[i64; 2], Error>([of_lane(Lane::Feeds), of_lane(Lane::Federation)])
    });
    json!({
        "home": posts("/api/v1/timelines/home?limit=40").await,
        "public": posts("/api/v1/timelines/public?limit=40").await,
        "tag": posts("/api/v1/timelines/tag/tea").await,
        "conversations": alice.get("/api/v1/conversations").await.ok().json()[0]["last_status"]["content"],
        "notifications": notifications,
        "found": found["statuses"][0]["content"],
        "authors": authors,
        "threads": threads,
        "left": n_left.await.unwrap(),
    })
}

async fn begin(house: &House) -> Scene {
    let scene = Scene::set(house).await;
    scene.alice.takes_private_mentions().await;
    let buried = format!("{ADA}/statuses/buried");
    house.api.db.write(move |tx| Ok(received::bury(tx, &buried)?)).await.unwrap();
    scene
}

/// What became of each: whether it has an id, or why not.
fn told(outcomes: &Outcomes) -> Vec<Result<bool, Refusal>> {
    outcomes.iter().map(|outcome| outcome.clone().map(|id| id.is_some())).collect()
}

on_both_engines! {
    async fn posts_that_come_together_are_what_they_are_one_by_one(house: House) {
        let scene = begin(&house).await;
        let together = arrive(&house, all_kinds(&scene)).await.unwrap();
        house.work().await;
        let other = House::open(house.database.engine).await;
        let other_scene = begin(&other).await;
        let mut one_by_one = Vec::new();
        for arrival in all_kinds(&other_scene) {
            one_by_one.extend(arrive(&other, vec![arrival]).await.unwrap());
        }
        other.work().await;
        assert_eq!(told(&together), told(&one_by_one));
        assert_eq!(told(&together).iter().filter(|told| **told == Ok(true)).count(), 17);
        let (seen, expected) = (seen(&house, &scene.alice).await, seen(&other, &other_scene.alice).await);
        assert_eq!(seen, expected);
        assert_eq!(seen["found"], "<p>answer</p>");
        // All but what is old, what was asked for, and what answers something that is not there.
        assert_eq!(seen["home"].as_array().unwrap().len(), 10, "{seen:#}");
        assert_eq!(seen["notifications"].as_array().unwrap().len(), 2, "{seen:#}");
        assert_eq!(seen["threads"].as_array().unwrap().iter().filter(|thread| thread[1] != json!([])).count(), 2);
    }

    async fn one_that_cannot_be_written_takes_all_back(house: House) {
        let scene = Scene::set(&house).await;
        poison(&house).await;
        let all = [draft(scene.ada, format!("{ADA}/statuses/1"), 30), poisonous(scene.ada, 2)];
        let all = all.map(|draft| Arc::new(Arrival { draft, coming: Coming::Sent })).to_vec();
        let outcome = arrive(&house, all).await;
        assert!(matches!(outcome, Err(Error::Broken(_))), "{outcome:?}");
        assert!(contents(&scene.alice).await.is_empty());
    }

    async fn one_that_cannot_be_written_does_not_spoil_the_others(house: House) {
        let scene = Scene::set(&house).await;
        poison(&house).await;
        let mut all: Vec<(AccountId, Value)> =
            (0..12).map(|n| (scene.ada, created(&note(&house, ADA, &n.to_string(), &n.to_string())))).collect();
        let mut bad = note(&house, ADA, "bad", "bad");
        bad["url"] = json!(POISON);
        all.insert(5, (scene.ada, created(&bad)));
        let working = all.into_iter().map(|(signer, activity)| {
            let (federation, body) = (house.api.federation.clone(), activity.to_string());
            async move { federation.run(Job::Receive { signer, body }).await.is_ok() }
        });
        let outcomes = futures_util::future::join_all(working).await;
        house.work().await;
        assert_eq!(outcomes.iter().enumerate().filter(|(_, is_ok)| !**is_ok).map(|(n, _)| n).collect::<Vec<_>>(), [5]);
        assert_eq!(contents(&scene.alice).await.len(), 12);
    }

    async fn somebody_elses_name_is_refused_and_the_others_come_in_the_same_turn(house: House) {
        let scene = Scene::set(&house).await;
        let ours = draft(scene.ada, format!("{ADA}/statuses/1"), 30);
        arrive(&house, vec![Arc::new(Arrival { draft: ours.clone(), coming: Coming::Sent })]).await.unwrap();
        let all = [
            draft(scene.ada, format!("{ADA}/statuses/2"), 20),
            RemoteDraft { author: scene.bo, text: "stolen".into(), ..ours.clone() },
            RemoteDraft { author: scene.bo, text: "stolen".into(), ..ours },
            draft(scene.ada, format!("{ADA}/statuses/3"), 10),
        ];
        let coming = |(n, draft): (usize, RemoteDraft)| {
            Arc::new(Arrival { draft, coming: if n == 2 { Coming::Fetched } else { Coming::Sent } })
        };
        let outcomes = arrive(&house, all.into_iter().enumerate().map(coming).collect()).await.unwrap();
        let refused = Err(Refusal::Forbidden("This action is not allowed"));
        assert_eq!(told(&outcomes), [Ok(true), refused.clone(), refused, Ok(true)]);
        assert_eq!(contents(&scene.alice).await, ["<p>3</p>", "<p>2</p>", "<p>1</p>"]);
    }

    async fn an_older_post_in_the_same_turn_makes_nobodys_last_day_older(house: House) {
        let scene = Scene::set(&house).await;
        let sent = |name: &str, seconds: i64| {
            Arc::new(Arrival { draft: draft(scene.ada, format!("{ADA}/statuses/{name}"), seconds), coming: Coming::Sent })
        };
        arrive(&house, vec![sent("today", 10), sent("before", 3 * 86_400)]).await.unwrap();
        let ada = scene.alice.get(&format!("/api/v1/accounts/{}", scene.ada)).await.ok().json();
        assert_eq!((&ada["last_status_at"], &ada["statuses_count"]), (&json!("2026-11-25"), &json!(2)));
    }

    async fn what_is_taken_back_at_the_same_moment_is_taken_back(house: House) {
        let scene = Scene::set(&house).await;
        house.switch_off_rate_limits().await;
        let alice = &scene.alice;
        let me = json!(house.api.addresses.account_uri(alice.account));
        let (mut all, mut posts) = (Vec::new(), Vec::new());
        for n in 0..8 {
            let uri = format!("https://many.example/users/{n}");
            let who = somebody(&house, &uri, &n.to_string(), false).await;
            let post = alice.says(&format!("post {n}"), "public").await;
            let object = alice.get(&format!("/api/v1/statuses/{post}")).await.ok().json()["uri"].clone();
            for (kind, object) in [("Follow", &me), ("Like", &object), ("Announce", &object), ("Block", &me)] {
                let act = json!({ "id": format!("{uri}/{kind}"), "type": kind, "actor": uri, "object": object });
                let undo = json!({ "id": format!("{uri}/{kind}/undo"), "type": "Undo", "actor": uri, "object": act });
                all.push((who, act));
                all.push((who, undo));
            }
            posts.push((who, post));
        }
        come_at_once(&house, all).await;
        for (who, post) in posts {
            let post = alice.get(&format!("/api/v1/statuses/{post}")).await.ok().json();
            assert_eq!((&post["favourites_count"], &post["reblogs_count"]), (&json!(0), &json!(0)));
            let relation = alice.get(&format!("/api/v1/accounts/relationships?id[]={who}")).await.ok().json();
            assert_eq!((&relation[0]["followed_by"], &relation[0]["blocked_by"]), (&json!(false), &json!(false)));
        }
    }

    async fn what_is_done_with_a_post_that_comes_at_the_same_moment_is_done(house: House) {
        let scene = Scene::set(&house).await;
        let mut all = Vec::new();
        for n in 0..8 {
            let post = note(&house, ADA, &n.to_string(), &n.to_string());
            let mut answer = note(&house, BO, &format!("to{n}"), &format!("to {n}"));
            answer["inReplyTo"] = post["id"].clone();
            let like = json!({ "id": format!("{BO}/likes/{n}"), "type": "Like", "actor": BO, "object": post["id"] });
            all.extend([(scene.bo, like), (scene.ada, created(&post)), (scene.bo, created(&answer))]);
        }
        run_at_once(&house, all).await;
        looks_again(&house).await;
        let home = scene.alice.get("/api/v1/timelines/home?limit=40").await.ok().json();
        let home = home.as_array().unwrap();
        assert_eq!(home.len(), 16);
        for post in home.iter().filter(|post| post["account"]["username"] == "ada") {
            assert_eq!((&post["favourites_count"], &post["replies_count"]), (&json!(1), &json!(1)), "{}", post["content"]);
        }
        assert_eq!(home.iter().filter(|post| post["in_reply_to_id"].is_string()).count(), 8);
    }

    async fn a_bad_post_among_good_ones_is_refused_alone(house: House) {
        let scene = Scene::set(&house).await;
        let eve = somebody(&house, "https://mastodon.example/users/eve", "eve", false).await;
        follows(&house, &scene.alice, eve).await;
        comes(&house, scene.ada, &created(&note(&house, ADA, "taken", "hers"))).await;
        // On the host of ada, so that she may speak for it as far as one can see from outside.
        let mut stolen = note(&house, ADA, "taken", "stolen");
        stolen["attributedTo"] = json!("https://mastodon.example/users/eve");
        let mut all: Vec<(AccountId, Value)> =
            (0..10).map(|n| (scene.ada, created(&note(&house, ADA, &n.to_string(), &n.to_string())))).collect();
        all.insert(5, (eve, created(&stolen)));
        come_at_once(&house, all).await;
        let mut texts = contents(&scene.alice).await;
        texts.sort();
        assert_eq!(texts, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "hers"]);
    }

    async fn what_comes_many_times_at_once_is_there_once(house: House) {
        let scene = Scene::set(&house).await;
        let twice = created(&note(&house, ADA, "twice", "twice"));
        come_at_once(&house, vec![(scene.ada, twice); 8]).await;
        assert_eq!(contents(&scene.alice).await, ["twice"]);
        let ada = scene.alice.get(&format!("/api/v1/accounts/{}", scene.ada)).await.ok().json();
        assert_eq!(ada["statuses_count"], 1);
    }

    async fn an_edit_right_behind_its_post_counts(house: House) {
        let scene = Scene::set(&house).await;
        let mut all = Vec::new();
        for n in 0..6 {
            let (name, old, new) = (n.to_string(), format!("old {n}"), format!("new {n}"));
            let mut edited = note(&house, ADA, &name, &new);
            edited["updated"] = json!(house.api.now().to_iso_millis());
            all.push((scene.ada, created(&note(&house, ADA, &name, &old))));
            all.push((scene.ada, json!({ "id": format!("{ADA}#edit{n}"), "type": "Update", "actor": ADA, "object": edited })));
        }
        come_at_once(&house, all).await;
        let mut texts = contents(&scene.alice).await;
        texts.sort();
        assert_eq!(texts, (0..6).map(|n| format!("new {n}")).collect::<Vec<_>>());
    }

    async fn a_deletion_right_behind_its_post_leaves_nothing(house: House) {
        let scene = Scene::set(&house).await;
        let mut all = Vec::new();
        for n in 0..6 {
            let name = n.to_string();
            let deleted = format!("{ADA}/statuses/{name}");
            all.push((scene.ada, created(&note(&house, ADA, &name, &name))));
            all.push((scene.ada, json!({ "id": format!("{ADA}#delete{n}"), "type": "Delete", "actor": ADA, "object": deleted })));
        }
        all.push((scene.ada, created(&note(&house, ADA, "kept", "kept"))));
        come_at_once(&house, all).await;
        assert_eq!(contents(&scene.alice).await, ["kept"]);
    }

    async fn posts_of_many_take_few_statements_on_postgres(house: House) {
        let scene = Scene::set(&house).await;
        let arrivals = |n: i64| -> Vec<Arc<Arrival>> {
            let one = |at: i64| draft(scene.ada, format!("{ADA}/statuses/{n}-{at}"), at + 1);
            (0..n).map(|at| Arc::new(Arrival { draft: one(at), coming: Coming::Sent })).collect()
        };
        let mut counts = Vec::new();
        for n in [1, 10, 50] {
            let before = house.api.db.n_statements();
            arrive(&house, arrivals(n)).await.unwrap();
            counts.push(house.api.db.n_statements() - before);
        }
        // SQLite is asked without a way to go, and runs a statement for each row.
        if house.api.db.engine_name() == "PostgreSQL" {
            assert!(counts[0] == counts[2] && counts[2] <= 13, "{counts:?}");
        }
        assert!(counts[0] <= 13, "{counts:?}");
    }
}

const POISON: &str = "https://mastodon.example/@ada/poison";

/// From now on no post whose page this is can be written: the database does not let it.
async fn poison(house: &House) {
    let (ada, index) = (somebody(house, ADA, "ada", false).await, "create unique index poison on statuses (url)");
    arrive(house, vec![Arc::new(Arrival { draft: poisonous(ada, 1), coming: Coming::Fetched })]).await.unwrap();
    let settings = house.database.settings.clone();
    tokio::task::spawn_blocking(move || inspect::run(&settings, index)).await.unwrap().unwrap();
}

fn poisonous(author: AccountId, n: i64) -> RemoteDraft {
    RemoteDraft { url: Some(POISON.to_owned()), ..draft(author, format!("{ADA}/statuses/poison{n}"), 5) }
}

fn note(house: &House, author: &str, name: &str, text: &str) -> Value {
    json!({
        "id": format!("{author}/statuses/{name}"), "type": "Note", "attributedTo": author, "content": text,
        "published": house.api.now().to_iso_millis(), "to": PUBLIC, "cc": format!("{author}/followers"),
    })
}

/// All are worked through at the same moment, as the workers of the lane do.
async fn come_at_once(house: &House, all: Vec<(AccountId, Value)>) {
    run_at_once(house, all).await;
    house.work().await;
}

/// The same without what follows.
async fn run_at_once(house: &House, all: Vec<(AccountId, Value)>) {
    let working = all.into_iter().map(|(signer, activity)| {
        let (federation, body) = (house.api.federation.clone(), activity.to_string());
        async move { federation.run(Job::Receive { signer, body }).await.unwrap() }
    });
    futures_util::future::join_all(working).await;
}

async fn contents(alice: &Person) -> Vec<String> {
    let home = alice.get("/api/v1/timelines/home?limit=40").await.ok();
    home.each("content").iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}
