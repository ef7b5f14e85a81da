"""Finding people: the directory, suggestions, familiar followers, endorsements; and the server's long texts."""


def names(accounts):
    return [account.acct for account in accounts]


def test_the_directory_has_who_wants_to_be_found(as_alice, alice, as_bob, bob, anyone):
    as_alice.account_update_credentials(discoverable=True)
    as_bob.account_update_credentials(discoverable=False)
    shown = names(anyone.directory(order="new", local=True, limit=80))
    assert alice.name in shown
    assert bob.name not in shown


def test_friends_of_friends_are_suggested_until_they_are_not_wanted(as_alice, as_bob, bob, person):
    carol = person("carol")
    carol.client().account_update_credentials(discoverable=True)
    as_alice.account_follow(bob.id)
    as_bob.account_follow(carol.id)
    suggested = {item.account.acct: item.sources for item in as_alice.suggestions_v2()}
    assert "friends_of_friends" in suggested[carol.name]
    assert carol.name in names(as_alice.suggestions_v1())
    as_alice.suggestion_delete(carol.id)
    assert carol.name not in names(as_alice.suggestions_v1())


def test_familiar_followers_are_those_followed_on_both_sides(as_alice, as_bob, bob, person):
    carol = person("carol")
    as_bob.account_follow(carol.id)
    as_alice.account_follow(bob.id)
    found = as_alice.account_familiar_followers(carol.id)
    assert names(found[0].accounts) == [bob.name]


def test_endorsed_people_are_listed(as_alice, bob):
    as_alice.account_follow(bob.id)
    as_alice.account_pin(bob.id)
    assert names(as_alice.endorsements()) == [bob.name]


def test_the_server_has_a_privacy_policy_and_a_description(anyone):
    assert anyone.instance_extended_description().content == ""
