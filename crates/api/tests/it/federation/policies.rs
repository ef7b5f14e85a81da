//! What authors elsewhere allow with their posts.

use http::Method;
use phiomia_testkit::on_both_engines;
use serde_json::{Value, json};

use super::recorded::{comes, created, follows, somebody};
use crate::kit::{House, Person};

const CY: &str = "https://gts.example/users/cy";
const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// A post of cy with a policy, as GoToSocial writes it; the id it has here.
async fn post(house: &House, reader: &Person, name: &str, policy: Value, mentioned: Option<&Person>) -> String {
    let cy = somebody(house, CY, "cy", false).await;
    let mentions: Vec<String> =
        mentioned.iter().map(|person| house.api.addresses.account_uri(person.account)).collect();
    let tags: Vec<Value> = mentions.iter().map(|uri| json!({ "type": "Mention", "href": uri })).collect();
    let note = json!({
        "id": format!("{CY}/statuses/{name}"),
        "type": "Note",
        "attributedTo": CY,
        "content": name,
        "to": PUBLIC,
        "cc": mentions.iter().cloned().chain([format!("{CY}/followers")]).collect::<Vec<_>>(),
        "tag": tags,
        "published": house.api.now().to_iso_millis(),
        "interactionPolicy": policy,
    });
    comes(house, cy, &created(&note)).await;
    let found = reader.get(&format!("/api/v2/search?q={CY}/statuses/{name}&type=statuses")).await.ok().json();
    found["statuses"][0]["id"].as_str().unwrap().to_owned()
}

/// How liking, boosting and answering end: their statuses.
async fn tries(who: &Person, post: &str) -> [u16; 3] {
    let act = async |act: &str| who.ask(Method::POST, &format!("/api/v1/statuses/{post}/{act}"), None).await.status;
    let answer = json!({ "status": "answer", "in_reply_to_id": post });
    let answered = who.post("/api/v1/statuses", answer).await.status;
    [act("favourite").await, act("reblog").await, answered].map(|status| status.as_u16())
}

fn only(whom: &Value) -> Value {
    let rule = json!({ "automaticApproval": whom });
    json!({ "canLike": rule, "canReply": rule, "canAnnounce": rule })
}

on_both_engines! {
    async fn what_an_author_elsewhere_does_not_allow_is_refused_here(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let cy = somebody(&house, CY, "cy", false).await;
        follows(&house, &alice, cy).await;
        let to_author = post(&house, &alice, "author", only(&json!([CY])), None).await;
        assert_eq!(tries(&alice, &to_author).await, [403, 403, 422]);
        let answer = json!({ "status": "answer", "in_reply_to_id": to_author });
        let sentence = "Validation failed: The author of this post does not allow you to reply to it";
        assert_eq!(alice.post("/api/v1/statuses", answer).await.refusal(), (422, sentence.to_owned()));

        let to_followers = post(&house, &alice, "followers", only(&json!([format!("{CY}/followers")])), None).await;
        assert_eq!(tries(&alice, &to_followers).await, [200, 200, 200]);
        assert_eq!(tries(&bob, &to_followers).await, [403, 403, 422]);

        let bob_uri = house.api.addresses.account_uri(bob.account);
        let to_bob = post(&house, &alice, "bob", only(&json!(bob_uri)), None).await;
        assert_eq!((tries(&alice, &to_bob).await, tries(&bob, &to_bob).await), ([403, 403, 422], [200, 200, 200]));
    }

    async fn who_may_ask_may_act_and_who_is_mentioned_may_answer(house: House) {
        let (alice, bob) = (house.person("alice").await, house.person("bob").await);
        let cy = somebody(&house, CY, "cy", false).await;
        follows(&house, &alice, cy).await;
        let asks = json!({ "canReply": { "always": [CY], "approvalRequired": [PUBLIC] }, "canLike": { "always": [CY] } });
        let asking = post(&house, &alice, "asking", asks, None).await;
        assert_eq!(tries(&alice, &asking).await, [403, 200, 200]);
        let mentioning = post(&house, &alice, "mentioning", only(&json!([])), Some(&bob)).await;
        assert_eq!((tries(&bob, &mentioning).await, tries(&alice, &mentioning).await), ([403, 403, 200], [403, 403, 422]));
    }
}
