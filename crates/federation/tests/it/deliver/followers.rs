//! What a server is told about followers along with a post.

use phiomia_activitypub::{
    synchronization::{CollectionSynchronization, FollowersDigest},
    uri::Web,
};
use phiomia_model::AccountId;
use phiomia_testkit::on_both_engines;

use crate::{
    neighbour::{Answer, Neighbour},
    town::{Letter, Town},
};

const ALICE: AccountId = AccountId(7);

on_both_engines! {
    async fn a_post_for_followers_tells_each_server_who_follows_from_there(town: Town) {
        let (one, other) = (Neighbour::friendly().await, Neighbour::friendly().await);
        town.follower(21, &one.inbox("/u/21/inbox"), &one.inbox("/inbox").url, ALICE).await;
        town.follower(22, &one.inbox("/u/22/inbox"), &one.inbox("/inbox").url, ALICE).await;
        town.follower(31, &other.inbox("/u/31/inbox"), "", ALICE).await;
        let pem = town.federation.keys.public_pem(ALICE).await.unwrap();
        one.knows(&pem);
        other.knows(&pem);
        // The second kind of signature covers it as well.
        other.now(|came, _| Answer::status(if came.headers.contains_key("digest") { 401 } else { 202 }));
        town.sends(&Letter::post("for friends").for_followers_of(ALICE), &[one.inbox("/inbox"), other.inbox("/u/31/inbox")])
            .await;
        let mut town = town;
        town.begins();
        town.is_done().await;
        for (neighbour, followers) in [(&one, &["bob21", "bob22"][..]), (&other, &["bob31"][..])] {
            let came = neighbour.came().pop().unwrap();
            assert!(came.is_genuine);
            let told = came.headers["collection-synchronization"].to_str().unwrap();
            let told = CollectionSynchronization::parse(told, Web::Https).unwrap();
            let expected: Vec<String> = followers.iter().map(|name| format!("https://theirs.test/{name}")).collect();
            assert_eq!(told.digest, FollowersDigest::of(expected.iter().map(String::as_str)));
            assert_eq!(told.collection.as_str(), "https://ours.test/ap/users/7/followers");
            assert_eq!(told.url.as_str(), "https://ours.test/ap/users/7/followers_synchronization");
            let covered = came.headers.get("signature-input").unwrap_or(&came.headers["signature"]);
            assert!(covered.to_str().unwrap().contains("collection-synchronization"), "{covered:?}");
        }
        town.stops().await;
    }

    async fn a_post_for_everybody_tells_nothing_of_followers(town: Town) {
        let one = Neighbour::friendly().await;
        town.follower(21, &one.inbox("/u/21/inbox"), "", ALICE).await;
        town.sends(&Letter::post("for all"), &[one.inbox("/u/21/inbox")]).await;
        let mut town = town;
        town.begins();
        town.is_done().await;
        assert!(!one.came().pop().unwrap().headers.contains_key("collection-synchronization"));
        town.stops().await;
    }
}
