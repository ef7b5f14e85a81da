//! Timelines.

use phiomia_testkit::on_both_engines;
use serde_json::json;

use crate::kit::House;

on_both_engines! {
    async fn home_has_ones_own_posts_at_once_and_those_of_followed_people_soon(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.follows(&bob).await;
        let own = alice.says("mine", "public").await;
        assert_eq!(alice.get("/api/v1/timelines/home").await.ok().ids(), std::slice::from_ref(&own));
        let theirs = bob.says("theirs", "public").await;
        house.work().await;
        assert_eq!(alice.get("/api/v1/timelines/home").await.ok().ids(), [theirs, own]);
    }

    async fn a_muted_author_stays_out_of_home(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        alice.follows(&bob).await;
        bob.says("before", "public").await;
        house.work().await;
        alice.post(&format!("/api/v1/accounts/{}/mute", bob.account), json!({})).await.ok();
        // Also before the feed is swept.
        assert_eq!(alice.get("/api/v1/timelines/home").await.ok().ids(), [""; 0]);
        bob.says("after", "public").await;
        house.work().await;
        assert_eq!(alice.get("/api/v1/timelines/home").await.ok().ids(), [""; 0]);
    }

    async fn pages_lead_down_and_back_up(house: House) {
        let alice = house.person("alice").await;
        let mut ids = Vec::new();
        for n in 0..5 {
            ids.push(alice.says(&format!("{n}"), "public").await);
        }
        let path = "/api/v1/timelines/public?local=true&limit=2";
        let page = house.get(path).await.ok();
        assert_eq!(page.ids(), [ids[4].clone(), ids[3].clone()]);
        let link = format!(
            "<https://phiomia.example/api/v1/timelines/public?local=true&limit=2&max_id={}>; rel=\"next\", \
             <https://phiomia.example/api/v1/timelines/public?local=true&limit=2&min_id={}>; rel=\"prev\"",
            ids[3], ids[4]
        );
        assert_eq!(page.header("link"), link);
        let older = house.get(&format!("{path}&max_id={}", ids[3])).await.ok();
        assert_eq!(older.ids(), [ids[2].clone(), ids[1].clone()]);
        let newer = house.get(&format!("{path}&min_id={}", ids[0])).await.ok();
        assert_eq!(newer.ids(), [ids[2].clone(), ids[1].clone()]);
        let newest = house.get(&format!("{path}&since_id={}", ids[0])).await.ok();
        assert_eq!(newest.ids(), [ids[4].clone(), ids[3].clone()]);
    }

    async fn ones_own_posts_are_listed_without_those_for_some_when_that_is_wanted(house: House) {
        let alice = house.person("alice").await;
        let open = alice.says("hello", "public").await;
        let direct = alice.says("psst", "direct").await;
        let path = format!("/api/v1/accounts/{}/statuses", alice.account);
        assert_eq!(alice.get(&path).await.ok().ids(), [direct, open.clone()]);
        assert_eq!(alice.get(&format!("{path}?exclude_direct=true")).await.ok().ids(), [open]);
    }

    async fn tags_combine(house: House) {
        let alice = house.person("alice").await;
        let cats = alice.says("#cats", "public").await;
        let both = alice.says("#Cats #dogs", "public").await;
        let birds = alice.says("#birds", "public").await;
        let tagged = async |query: &str| house.get(&format!("/api/v1/timelines/tag/cats{query}")).await.ok().ids();
        assert_eq!(tagged("").await, [both.clone(), cats.clone()]);
        assert_eq!(tagged("?all[]=dogs").await, std::slice::from_ref(&both));
        assert_eq!(tagged("?none[]=dogs").await, std::slice::from_ref(&cats));
        assert_eq!(tagged("?any[]=birds").await, [birds, both, cats]);
        assert_eq!(tagged("?all[]=unheard").await, [""; 0]);
        assert_eq!(tagged("?remote=true").await, [""; 0]);
    }
}
