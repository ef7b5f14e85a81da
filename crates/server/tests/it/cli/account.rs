//! `phiomia account`, beside a running server and on a stopped one.

use phiomia_testkit::on_both_engines;

use super::{
    db::tamper,
    kit::{Place, Running},
};

/// Everything the noun can do; the same with and without a server.
fn live_and_leave(place: &Place) {
    let id = place.says(&["account", "create", "Alice", "--email", "alice@example.org", "--print-id", "--locked"]);
    let alice = place.json(&["account", "show", "@alice", "--json"]);
    assert_eq!((alice["id"].as_str(), alice["username"].as_str()), (Some(id.as_str()), Some("Alice")));
    // The first is the owner; an address nobody confirmed is not confirmed; closed registrations need no approval.
    assert_eq!((alice["role"].as_str(), alice["standing"].as_str()), (Some("owner"), Some("unconfirmed")));
    assert!(alice["approved_at"].is_string() && alice["has_password"] == false);

    let password = place.says(&["account", "create", "bob", "--locale", "ja"]);
    assert_eq!(password.len(), 20);
    let bob = place.json(&["account", "show", "bob", "--json"]);
    assert_eq!((bob["role"].as_str(), bob["standing"].as_str()), (Some("user"), Some("good")));
    assert_eq!((bob["locale"].as_str(), bob["has_password"].as_bool()), (Some("ja"), Some(true)));
    assert_eq!(place.says(&["account", "create", "carol", "--password", "long enough"]), "");

    let again = place.refuses(&["account", "create", "BOB", "--email", "Alice@example.org", "--password", "short"]);
    for part in ["Username has already been taken", "Email has already been taken", "Password is too short"] {
        assert!(again.contains(part), "{again}");
    }

    assert_eq!(place.says(&["account", "modify", "alice", "--confirmed", "--locked=false", "--role", "admin"]), "");
    assert_eq!(place.json(&["account", "show", "alice", "--json"])["standing"], "good");
    place.says(&["account", "modify", "bob", "--disable"]);
    assert!(place.says(&["account", "list"]).contains("\tbob\tuser\tdisabled\t"));
    place.says(&["account", "modify", "bob", "--enable"]);
    assert_eq!(place.says(&["account", "reset-password", "bob"]).len(), 20);
    assert_eq!(place.says(&["account", "disable-2fa", "bob"]), "");

    assert!(place.refuses(&["account", "delete", "bob"]).ends_with("Say so with --yes"));
    place.says(&["account", "delete", "bob", "--yes"]);
    assert_eq!(place.refuses(&["account", "show", "bob"]), "there is no account bob here");
    assert!(place.refuses(&["account", "create", "bob"]).contains("already been taken"));
    let names: Vec<String> = place
        .json(&["account", "list", "--json"])
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["username"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["Alice", "carol"]);
}

fn beside(server: &Running, place: &Place) {
    live_and_leave(place);
    assert_eq!(server.get("/health", None).0, 200);
}

on_both_engines! {
    async fn accounts_are_kept_without_a_server(place: Place) {
        live_and_leave(&place);
    }

    async fn accounts_are_kept_beside_a_server(place: Place) {
        let server = place.serve();
        beside(&server, &place);
        server.stop();
    }

    async fn an_alias_is_listed_and_taken_away_when_its_server_is_gone(place: Place) {
        place.says(&["account", "create", "alice", "--print-id"]);
        tamper(&place, "insert into aliases (account_id, uri, created_at)
            select id, 'https://gone.invalid/users/alice', 1 from accounts where username = 'alice'").await;
        assert_eq!(place.says(&["account", "alias", "list", "alice"]), "https://gone.invalid/users/alice");
        place.says(&["account", "alias", "remove", "alice", "https://gone.invalid/users/alice"]);
        assert_eq!(place.says(&["account", "alias", "list", "alice"]), "");
    }

    async fn an_owner_link_is_for_whoever_lives_here(place: Place) {
        let first = place.says(&["account", "owner-link"]);
        assert!(first.starts_with("http://localhost:3000/owner/"), "{first}");
        place.says(&["account", "create", "alice", "--print-id"]);
        place.says(&["account", "create", "bob", "--print-id"]);
        let (owner, bob) = (place.says(&["account", "owner-link"]), place.says(&["account", "owner-link", "bob"]));
        assert!(owner != first && bob != owner, "{owner} {bob}");
    }

    async fn sign_ups_that_need_approval_get_it_by_a_flag(place: Place) {
        place.says(&["settings", "set", "registrations", "approval"]);
        place.says(&["account", "create", "alice", "--print-id"]);
        assert_eq!(place.json(&["account", "show", "alice", "--json"])["standing"], "pending");
        place.says(&["account", "create", "bob", "--print-id", "--approved"]);
        assert_eq!(place.json(&["account", "show", "bob", "--json"])["standing"], "good");
    }
}
