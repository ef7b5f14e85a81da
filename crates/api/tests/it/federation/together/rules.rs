//! What people here chose holds for posts that come together as for those that come alone, and streams and notifications
//! are the same.

use std::{collections::BTreeMap, sync::Arc};

use phiomia_model::{AccountId, Event, Role, StatusId, Visibility, remote::RemoteDraft};
use phiomia_social::remote::{Arrival, Coming};
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::{ADA, BO, arrive, draft};
use crate::{
    federation::recorded::{follows, somebody},
    kit::{House, Person},
};

/// Silenced by the staff.
const EVE: &str = "https://noisy.example/users/eve";

/// Somebody of each choice.
const PEOPLE: [&str; 12] = [
    "nothing",
    "mutes",
    "blocks",
    "no_domain",
    "exclusive",
    "listing",
    "bell",
    "german",
    "filters",
    "drops",
    "holds",
    "tagged",
];

struct Crowd {
    authors: [AccountId; 3],
    people: Vec<Person>,
}

impl Crowd {
    /// `n_more` follow ada and want nothing special.
    async fn gather(house: &House, n_more: usize) -> Crowd {
        house.switch_off_rate_limits().await;
        let authors = [
            somebody(house, ADA, "ada", false).await,
            somebody(house, BO, "bo", false).await,
            somebody(house, EVE, "eve", false).await,
        ];
        let [ada, bo, eve] = authors;
        let owner = house.staff("owner", Role::Owner).await;
        owner.post(&format!("/api/v1/admin/accounts/{eve}/action"), json!({"type": "silence"})).await.ok();
        let mut people = Vec::new();
        for name in PEOPLE {
            let person = house.person(name).await;
            let followed = match name {
                "blocks" | "no_domain" | "drops" | "holds" => vec![bo],
                "tagged" => Vec::new(),
                _ => vec![ada, bo],
            };
            for author in followed {
                follows(house, &person, author).await;
            }
            chooses(&person, ada, bo).await;
            people.push(person);
        }
        for n in 0..n_more {
            follows(house, &house.person(&format!("more_{n}")).await, ada).await;
        }
        house.work().await;
        Crowd { authors, people }
    }

    /// From the oldest to the newest.
    fn posts(&self) -> Vec<RemoteDraft> {
        let [ada, bo, eve] = self.authors;
        let at = |who: &str, name: &str| format!("{who}/statuses/{name}");
        let everybody: Vec<(AccountId, String)> =
            self.people.iter().map(|person| (person.account, format!("{}@phiomia.example", person.name))).collect();
        let tea = vec!["tea".to_owned()];
        vec![
            draft(ada, at(ADA, "plain"), 90),
            RemoteDraft { language: Some("de".into()), ..draft(ada, at(ADA, "deutsch"), 80) },
            RemoteDraft { mentions: everybody.clone(), ..draft(ada, at(ADA, "hello"), 70) },
            RemoteDraft { in_reply_to: Some(at(ADA, "root")), ..draft(bo, at(BO, "answer"), 60) },
            RemoteDraft { tags: tea.clone(), ..draft(ada, at(ADA, "tea"), 50) },
            RemoteDraft { mentions: everybody.clone(), ..draft(eve, at(EVE, "loud"), 40) },
            RemoteDraft { tags: tea, ..draft(eve, at(EVE, "noise"), 30) },
            RemoteDraft { visibility: Visibility::Direct, mentions: everybody, ..draft(ada, at(ADA, "secret"), 20) },
            RemoteDraft { visibility: Visibility::Private, ..draft(bo, at(BO, "private"), 10) },
        ]
    }
}

async fn chooses(person: &Person, ada: AccountId, bo: AccountId) {
    let of_ada = |act: &str| format!("/api/v1/accounts/{ada}/{act}");
    let policy = "/api/v2/notifications/policy";
    match person.name.as_str() {
        "mutes" => drop(person.post(&of_ada("mute"), json!({})).await.ok()),
        "blocks" => drop(person.post(&of_ada("block"), json!({})).await.ok()),
        "no_domain" => drop(person.post("/api/v1/domain_blocks", json!({"domain": "mastodon.example"})).await.ok()),
        "exclusive" => makes_list(person, &json!({"title": "apart", "exclusive": true}), &[ada]).await,
        "listing" => makes_list(person, &json!({"title": "both", "replies_policy": "list"}), &[ada, bo]).await,
        "bell" => drop(person.post(&of_ada("follow"), json!({"notify": true})).await.ok()),
        "german" => drop(person.post(&of_ada("follow"), json!({"languages": ["de"]})).await.ok()),
        "filters" => {
            let keywords = json!([{"keyword": "plain"}]);
            let filter = json!({"title": "plain", "context": ["home"], "filter_action": "warn", "keywords_attributes": keywords});
            person.post("/api/v2/filters", filter).await.ok();
        }
        "drops" => drop(person.patch(policy, json!({"for_not_following": "drop"})).await.ok()),
        "holds" => drop(person.patch(policy, json!({"for_not_following": "filter"})).await.ok()),
        "tagged" => drop(person.post("/api/v1/tags/tea/follow", json!({})).await.ok()),
        _ => {}
    }
}

async fn makes_list(person: &Person, list: &Value, members: &[AccountId]) {
    let list = person.post("/api/v1/lists", list.clone()).await.ok().id();
    let members: Vec<String> = members.iter().map(ToString::to_string).collect();
    person.post(&format!("/api/v1/lists/{list}/accounts"), json!({"account_ids": members})).await.ok();
}

/// What each of them is shown and told.
async fn shown(crowd: &Crowd) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for person in &crowd.people {
        let posts = async |path: &str| -> Vec<String> {
            let posts = person.get(path).await.ok().json();
            let words = |post: &Value| {
                let text = post["content"].as_str().unwrap().replace("<p>", "").replace("</p>", "");
                if post["filtered"] == json!([]) { text } else { format!("({text})") }
            };
            posts.as_array().unwrap().iter().map(words).collect()
        };
        let mut in_lists = Vec::new();
        for list in person.get("/api/v1/lists").await.ok().ids() {
            in_lists.extend(posts(&format!("/api/v1/timelines/list/{list}?limit=40")).await);
        }
        let notifications = person.get("/api/v1/notifications?limit=40").await.ok().json();
        let word = |one: &Value| {
            format!("{} {}", one["type"].as_str().unwrap(), one["status"]["content"].as_str().unwrap_or_default())
                .replace("<p>", "")
                .replace("</p>", "")
        };
        let mut told: Vec<String> = notifications.as_array().unwrap().iter().map(word).collect();
        told.sort();
        let mut held = person.get("/api/v1/notifications/requests").await.ok().each("account");
        held.iter_mut().for_each(|account| *account = account["username"].clone());
        held.sort_by_key(ToString::to_string);
        let sees = json!({
            "home": posts("/api/v1/timelines/home?limit=40").await,
            "lists": in_lists,
            "told": told,
            "held": held,
            "public": posts("/api/v1/timelines/public?limit=40").await,
            "tag": posts("/api/v1/timelines/tag/tea").await,
            "conversations": person.get("/api/v1/conversations").await.ok().ids().len(),
        });
        all.insert(person.name.clone(), sees);
    }
    all
}

/// What streams hear of each post, in order, and how often each of us is told something.
fn heard(crowd: &Crowd, ids: &[StatusId], events: &[Event]) -> (Vec<Vec<String>>, BTreeMap<String, usize>) {
    let name = |account: &AccountId| {
        let known = crowd.people.iter().find(|person| person.account == *account);
        known.map_or_else(String::new, |person| person.name.clone())
    };
    let names = |accounts: Vec<AccountId>| {
        let mut names: Vec<String> = accounts.iter().map(name).collect();
        names.sort();
        names.join(" ")
    };
    let mut of_each = vec![Vec::new(); ids.len()];
    let mut n_told = BTreeMap::new();
    for event in events {
        let (status, words) = match event {
            Event::StatusPosted { status, visibility, tags, is_reply, .. } => {
                (status, format!("posted {visibility:?} {tags:?} {is_reply}"))
            }
            Event::HomeGained { accounts, status } => (status, format!("home {}", names(accounts.clone()))),
            Event::ListGained { lists, status } => {
                (status, format!("lists {}", names(lists.iter().map(|(_, owner)| *owner).collect())))
            }
            Event::Notified { account, .. } => {
                *n_told.entry(format!("told {}", name(account))).or_default() += 1;
                continue;
            }
            Event::ConversationChanged { account, .. } => {
                *n_told.entry(format!("conversation {}", name(account))).or_default() += 1;
                continue;
            }
            _ => continue,
        };
        if let Some(at) = ids.iter().position(|id| id == status) {
            of_each[at].push(words);
        }
    }
    (of_each, n_told)
}

type Everything = (BTreeMap<String, Value>, Vec<Vec<String>>, BTreeMap<String, usize>);

/// All that comes of the posts, together or one by one.
async fn come(mut house: House, n_more: usize, are_together: bool) -> Everything {
    let crowd = Crowd::gather(&house, n_more).await;
    let sent = |draft: RemoteDraft| Arc::new(Arrival { draft, coming: Coming::Sent });
    arrive(&house, vec![sent(draft(crowd.authors[0], format!("{ADA}/statuses/root"), 100))]).await.unwrap();
    house.work().await;
    house.settle();
    let posts: Vec<Arc<Arrival>> = crowd.posts().into_iter().map(sent).collect();
    let turns = if are_together { vec![posts] } else { posts.into_iter().map(|post| vec![post]).collect() };
    let mut ids = Vec::new();
    for turn in turns {
        ids.extend(arrive(&house, turn).await.unwrap().into_iter().map(|outcome| outcome.unwrap().unwrap()));
    }
    house.work().await;
    let (of_each, n_told) = heard(&crowd, &ids, &house.settle());
    (shown(&crowd).await, of_each, n_told)
}

fn home_of(shown: &BTreeMap<String, Value>, name: &str) -> String {
    let words: Vec<&str> = shown[name]["home"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    words.join(" ")
}

on_both_engines! {
    async fn what_people_chose_holds_for_posts_that_come_together(house: House) {
        let other = House::open(house.database.engine).await;
        let together = come(house, 0, true).await;
        assert_eq!(together, come(other, 0, false).await);
        let (shown, of_each, n_told) = together;
        let all = "private secret tea answer hello deutsch plain root";
        for (name, home) in [
            ("nothing", all),
            ("mutes", "private"),
            ("blocks", "private"),
            ("no_domain", "private"),
            ("exclusive", "private answer"),
            ("listing", all),
            ("bell", all),
            ("german", "private answer deutsch"),
            ("filters", "private secret tea answer hello deutsch (plain) root"),
            ("drops", "private"),
            ("holds", "private"),
            ("tagged", "tea"),
        ] {
            assert_eq!(home_of(&shown, name), home, "{name}");
        }
        assert_eq!(shown["exclusive"]["lists"], json!(["secret", "tea", "hello", "deutsch", "plain", "root"]));
        assert_eq!(shown["listing"]["lists"], json!(["private", "secret", "tea", "answer", "hello", "deutsch", "plain", "root"]));
        let bell = json!(["mention hello", "mention secret", "status deutsch", "status hello", "status plain", "status root", "status tea"]);
        for (name, told, held) in [
            ("nothing", json!(["mention hello", "mention secret"]), json!(["eve"])),
            ("mutes", json!([]), json!(["eve"])),
            ("blocks", json!([]), json!(["eve"])),
            ("no_domain", json!([]), json!(["eve"])),
            ("bell", bell, json!(["eve"])),
            ("drops", json!([]), json!([])),
            ("holds", json!([]), json!(["ada", "eve"])),
            ("tagged", json!(["mention hello"]), json!(["ada", "eve"])),
        ] {
            assert_eq!((&shown[name]["told"], &shown[name]["held"]), (&told, &held), "{name}");
        }
        assert_eq!(n_told["told bell"], 6);
        // Of "tea": streams of the public and of the tag, homes, and the list.
        assert_eq!(of_each[4], [
            "posted Public [\"tea\"] false",
            "home bell filters listing nothing",
            "lists exclusive listing",
            "home tagged",
        ]);
    }

    async fn it_holds_where_feeds_are_written_by_a_job(house: House) {
        let other = House::open(house.database.engine).await;
        assert_eq!(come(house, 33, true).await, come(other, 33, false).await);
    }
}
