//! Pages of every list while others post and delete: nothing that was there all the time is lost or comes twice.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::{House, Person};

/// A small generator (xorshift), the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(n).unwrap()).unwrap()
    }
}

/// The path behind one `rel` of a `Link` header.
fn linked(header: &str, rel: &str) -> Option<String> {
    let wanted = format!("rel=\"{rel}\"");
    let part = header.split(", <").find(|part| part.contains(&wanted))?;
    let address = part.trim_start_matches('<').split('>').next()?;
    Some(address.trim_start_matches("https://phiomia.example").to_owned())
}

/// The keys of all pages from the first to the last, with something happening after each page.
async fn walk(me: &Person, path: &str, key: &str, dice: &mut Dice, happens: impl AsyncFn(usize)) -> Vec<String> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let (mut at, mut keys) = (Some(format!("{path}{sign}limit={}", 1 + dice.below(4))), Vec::new());
    for n in 0.. {
        let Some(page) = at else { break };
        assert!(n < 100, "{path} has no end");
        let answer = me.get(&page).await.ok();
        for item in answer.json().as_array().unwrap() {
            let found = if key.is_empty() { item["id"].clone() } else { item[key]["id"].clone() };
            keys.push(found.as_str().unwrap().to_owned());
        }
        at = linked(answer.header("link"), "next");
        happens(n).await;
    }
    keys
}

on_both_engines! {
    async fn pages_lose_and_double_nothing_while_others_post_and_delete(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.follows(&bob).await;
        let list = alice.post("/api/v1/lists", json!({"title": "x"})).await.ok().id();
        let members = json!({"account_ids": [bob.account.to_string()]});
        alice.post(&format!("/api/v1/lists/{list}/accounts"), members).await.ok();
        let mut posts = Vec::new();
        for n in 0..14 {
            let id = bob.says(&format!("@alice {n} #paged"), "public").await;
            for act in ["favourite", "bookmark"] {
                alice.post(&format!("/api/v1/statuses/{id}/{act}"), json!({})).await.ok();
            }
            posts.push(id);
        }
        house.work().await;
        let mut dice = Dice(88_172_645_463_325_252);
        for (path, key) in [
            ("/api/v1/timelines/home".to_owned(), ""),
            ("/api/v1/timelines/public".to_owned(), ""),
            ("/api/v1/timelines/public?local=true".to_owned(), ""),
            ("/api/v1/timelines/tag/paged".to_owned(), ""),
            (format!("/api/v1/timelines/list/{list}"), ""),
            (format!("/api/v1/accounts/{}/statuses", bob.account), ""),
            ("/api/v1/favourites".to_owned(), ""),
            ("/api/v1/bookmarks".to_owned(), ""),
            ("/api/v1/notifications?types[]=mention".to_owned(), "status"),
        ] {
            // One goes on each walk, and a new one comes after each page.
            let gone = posts.remove(dice.below(posts.len()));
            let keys = walk(&alice, &path, key, &mut dice, async |n| {
                if n == 1 {
                    bob.delete(&format!("/api/v1/statuses/{gone}")).await.ok();
                }
                bob.says(&format!("@alice later {n} #paged"), "public").await;
                house.work().await;
            })
            .await;
            let stayed: Vec<&String> = keys.iter().filter(|id| posts.contains(id)).collect();
            let expected: Vec<&String> = posts.iter().rev().collect();
            assert_eq!(stayed, expected, "{path}");
            assert!(keys.iter().filter(|id| **id == gone).count() <= 1, "{path}");
        }
    }

    async fn pages_upwards_meet_where_they_began(house: House) {
        house.switch_off_rate_limits().await;
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.follows(&bob).await;
        let mut posts = Vec::new();
        for n in 0..11 {
            posts.push(bob.says(&format!("{n} #paged"), "public").await);
        }
        house.work().await;
        for path in ["/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/tag/paged"] {
            for limit in 1..5 {
                let (mut min, mut seen) = (posts[0].clone(), Vec::new());
                loop {
                    let mut ids = alice.get(&format!("{path}?limit={limit}&min_id={min}")).await.ok().ids();
                    let Some(newest) = ids.first().cloned() else { break };
                    ids.reverse();
                    seen.extend(ids);
                    min = newest;
                }
                assert_eq!(seen, posts[1..], "{path} by {limit}");
            }
            let between = format!("{path}?max_id={}&since_id={}&limit=3", posts[9], posts[2]);
            assert_eq!(alice.get(&between).await.ok().ids(), [&posts[8], &posts[7], &posts[6]].map(String::clone), "{path}");
        }
    }
}
