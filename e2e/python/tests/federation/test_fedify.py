"""With an implementation that is not ours: people here and on fedify follow, write, like, boost, edit, delete and block."""

import secrets

import pytest

from fedify import Fedify, Refused
from federation import Federated
from server import engines, eventually

SECONDS = 30


@pytest.fixture(scope="module", params=engines())
def here(request):
    with Federated(request.param, PHIOMIA_FEDERATION_FIRST_RETRY="1s") as running:
        yield running


@pytest.fixture(scope="module")
def fedify(here):
    """One for all tests with a server; each test has an actor of its own there."""
    with Fedify("--first-knock", "cavage") as running:
        yield running
        assert running.ask("errors") == []


@pytest.fixture
def alice(here):
    return here.person("alice")


@pytest.fixture
def uri(fedify, alice):
    """The id of alice's account, found by fedify through WebFinger."""
    return fedify.lookup(alice.handle)["id"]


@pytest.fixture
def petra(fedify):
    return new_actor(fedify, "petra")


def new_actor(fedify, name, **more):
    name = f"{name}_{secrets.token_hex(4)}"
    fedify.tell("actors", name=name, **more)
    return name


def followed_by_petra(fedify, petra, alice, uri):
    """petra follows alice, and alice knows it."""
    fedify.tell("follow", actor=petra, whom=alice.handle)
    eventually(lambda: fedify.following(uri, petra) == "accepted", f"{petra} follows {alice}", SECONDS)


# Finding each other


def test_fedify_finds_people_here_by_handle_with_keys_and_inboxes(here, fedify, alice):
    alice.client.account_update_credentials(display_name="Alice", note="I write about tea", fields=[("Site", "garden")])
    seen = fedify.lookup(alice.handle)
    assert (seen["type"], seen["username"], seen["name"]) == ("Person", alice.name, "Alice")
    assert "I write about tea" in seen["summary"]
    assert [(field["name"], field["value"]) for field in seen["fields"]] == [("Site", "garden")]
    assert seen["inbox"].startswith(here.base) and seen["shared_inbox"].startswith(here.base)
    assert seen["locked"] is False
    key, = seen["public_keys"]
    assert key["owner"] == seen["id"] and key["algorithm"] == "RSASSA-PKCS1-v1_5"
    assert fedify.lookup(seen["url"], unsigned=True)["id"] == seen["id"]


def test_fedify_finds_posts_here_by_id_and_by_their_page(fedify, alice):
    post = alice.says("hello #garden", spoiler_text="greeting", language="en")
    seen = fedify.lookup(post.uri)
    assert seen == fedify.lookup(post.url, unsigned=True)
    assert (seen["type"], seen["summary"], seen["sensitive"]) == ("Note", "greeting", True)
    assert "hello" in seen["content"] and seen["languages"] == ["en"]
    assert "https://www.w3.org/ns/activitystreams#Public" in seen["to"]
    assert [(tag["type"], tag["name"]) for tag in seen["tags"]] == [("Hashtag", "#garden")]
    assert seen["attributed_to"] == fedify.lookup(alice.handle)["id"]


def test_fedify_reads_the_outbox_and_nodeinfo(here, fedify, alice):
    posts = [alice.says(f"number {number}") for number in range(3)]
    alice.client.status_reblog(posts[0])
    outbox = fedify.tell("traverse", what=fedify.lookup(alice.handle)["outbox"])
    assert [item["type"] for item in outbox["items"]] == ["Announce", "Create", "Create", "Create"]
    assert [item["object"] for item in outbox["items"][1:]] == [post.uri for post in reversed(posts)]
    assert outbox["total"] == 4
    assert fedify.tell("nodeinfo", host=here.domain)["software"]["name"] == "phiomia"


def test_people_there_are_found_by_handle_and_by_address(fedify, petra, alice):
    account = alice.finds(fedify.handle(petra))
    assert account.acct == fedify.handle(petra)
    assert account.locked is False
    assert alice.finds(fedify.actor(petra)).id == account.id


# Following


def test_somebody_there_follows_and_is_told_what_is_posted(fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    alice.hears("follow", lambda note: note.account.acct == fedify.handle(petra))
    post = alice.says("for those who follow")
    seen = fedify.reads(post.uri)
    assert "for those who follow" in seen["content"]
    fedify.tell("unfollow", actor=petra, whom=alice.handle)
    account = alice.knows(fedify.handle(petra))
    eventually(lambda: not alice.client.account_relationships(account.id)[0].followed_by, "petra follows no more", SECONDS)


def test_somebody_who_is_locked_here_lets_one_in_and_turns_another_away(fedify, alice, uri):
    alice.client.account_update_credentials(locked=True)
    welcome, unwelcome = new_actor(fedify, "welcome"), new_actor(fedify, "unwelcome")
    for name in (welcome, unwelcome):
        fedify.tell("follow", actor=name, whom=alice.handle)
        alice.hears("follow_request", lambda note: note.account.acct == fedify.handle(name))
        assert fedify.following(uri, name) == "pending"
    alice.client.follow_request_authorize(alice.knows(fedify.handle(welcome)).id)
    alice.client.follow_request_reject(alice.knows(fedify.handle(unwelcome)).id)
    eventually(lambda: fedify.following(uri, welcome) == "accepted", "the request is accepted", SECONDS)
    eventually(lambda: fedify.following(uri, unwelcome) == "rejected", "the request is rejected", SECONDS)
    assert [account.acct for account in alice.client.account_followers(alice.id)] == [fedify.handle(welcome)]


def test_a_follower_who_is_removed_is_told(fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    alice.client.account_remove_from_followers(alice.knows(fedify.handle(petra)).id)
    eventually(lambda: fedify.following(uri, petra) == "rejected", "petra is told", SECONDS)


def test_people_here_follow_and_see_posts_at_home_until_they_leave(fedify, petra, alice, uri):
    account = alice.follows(fedify.handle(petra))
    assert fedify.follower(uri, petra) == {"id": uri, "pending": False}
    post = fedify.tell("post", actor=petra, text="hello from there", language="eo", summary="far away")
    seen = alice.sees("hello from there")
    assert (seen.uri, seen.account.acct, seen.visibility) == (post["uri"], fedify.handle(petra), "public")
    assert (seen.language, seen.spoiler_text, seen.sensitive) == ("eo", "far away", True)
    alice.client.account_unfollow(account.id)
    eventually(lambda: fedify.follower(uri, petra) is None, "alice follows no more", SECONDS)


def test_somebody_who_is_locked_there_is_asked_first(fedify, alice, uri):
    locked = new_actor(fedify, "locked", locked=True)
    account = alice.finds(fedify.handle(locked))
    assert account.locked is True
    relation = lambda: alice.client.account_relationships(account.id)[0]
    alice.client.account_follow(account.id)
    eventually(lambda: fedify.follower(uri, locked), "the request arrives", SECONDS)
    assert fedify.follower(uri, locked)["pending"] is True
    assert relation().requested is True
    fedify.tell("accept", actor=locked, whom=uri)
    eventually(lambda: relation().following, "alice follows", SECONDS)
    fedify.tell("reject", actor=locked, whom=uri)
    eventually(lambda: not relation().following and not relation().requested, "alice is put out", SECONDS)


def test_who_opens_a_profile_sees_older_posts_as_many_as_were_written(fedify, petra, alice):
    older = [fedify.tell("post", actor=petra, text=f"older word {number}")["uri"] for number in range(3)]
    account = alice.client.account(alice.finds(fedify.handle(petra)).id)
    posts = lambda: sorted(status.uri for status in alice.client.account_statuses(account.id))
    eventually(lambda: posts() == sorted(older), "older posts are fetched", SECONDS)
    eventually(lambda: alice.client.account(account.id).statuses_count == 3, "they are counted once", SECONDS)


# Posts of people there


def test_a_post_from_there_is_edited_with_history_and_deleted(fedify, petra, alice):
    alice.follows(fedify.handle(petra))
    post = fedify.tell("post", actor=petra, text="first words")
    seen = alice.sees("first words")
    fedify.tell("edit", uri=post["uri"], text="second thoughts")
    edited = eventually(lambda: (status := alice.client.status(seen.id)).edited_at and status, "it is edited", SECONDS)
    assert "second thoughts" in edited.content
    history = alice.client.status_history(seen.id)
    assert ["first words" in history[0].content, "second thoughts" in history[1].content] == [True, True]
    fedify.tell("delete", uri=post["uri"])
    eventually(lambda: not any(status.id == seen.id for status in alice.home()), "it leaves home", SECONDS)
    eventually(lambda: alice.reads(post["uri"]) is None, "it is gone", SECONDS)


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
def test_each_visibility_arrives_as_what_it_is(fedify, petra, alice, visibility):
    alice.follows(fedify.handle(petra))
    fedify.tell("post", actor=petra, text=f"a {visibility} word", visibility=visibility, mentions=[alice.handle])
    heard = alice.hears("mention")
    assert (heard.status.visibility, heard.account.acct) == (visibility, fedify.handle(petra))
    assert [mention.acct for mention in heard.status.mentions] == [alice.name]


def test_posts_from_there_are_found_by_address_with_pictures_and_boosts_of_them_can_be_made(fedify, petra, alice):
    picture = {"url": f"http://{fedify.domain}/tea.png", "mediaType": "image/png", "name": "A cup", "width": 4, "height": 3}
    post = fedify.tell("post", actor=petra, text="look", attachments=[picture])
    seen = alice.finds_post(post["uri"])
    attachment, = seen.media_attachments
    assert (attachment.type, attachment.description, attachment.remote_url) == ("image", "A cup", picture["url"])
    assert alice.client.status_reblog(seen).reblog.uri == post["uri"]


def test_a_poll_from_there_is_voted_in(fedify, petra, alice):
    alice.follows(fedify.handle(petra))
    post = fedify.tell("post", actor=petra, text="which tea", poll={"options": ["green", "black"]})
    seen = alice.sees("which tea")
    assert [option.title for option in seen.poll.options] == ["green", "black"]
    alice.client.poll_vote(seen.poll, [1])
    eventually(lambda: fedify.note(post["uri"])["votes"].get("black") == 1, "the vote is counted", SECONDS)


# Posts of people here


def test_a_post_here_is_edited_and_deleted_there(fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    post = alice.says("first words")
    fedify.reads(post.uri)
    alice.client.status_update(post, "second thoughts", spoiler_text="changed")
    edited = fedify.reads(post.uri, lambda note: "second thoughts" in note["content"])
    assert edited["summary"] == "changed" and edited["updated"] is not None
    alice.client.status_delete(post)
    eventually(lambda: not any(note["id"] == post.uri for note in fedify.ask("notes")["theirs"]), "it is gone", SECONDS)
    with pytest.raises(Refused):
        fedify.lookup(post.uri)


def test_only_those_a_post_is_for_are_told(fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    stranger = new_actor(fedify, "stranger")
    secret = alice.says(f"@{fedify.handle(stranger)} for you alone", visibility="direct")
    private = alice.says("for my friends", visibility="private")
    seen = fedify.reads(secret.uri)
    assert seen["to"] == [fedify.actor(stranger)] and seen["cc"] == []
    assert [(tag["type"], tag["href"]) for tag in seen["tags"]] == [("Mention", fedify.actor(stranger))]
    friends = fedify.reads(private.uri)
    assert friends["to"] == [fedify.lookup(alice.handle)["followers"]]
    for hidden in (secret, private):
        with pytest.raises(Refused):
            fedify.lookup(hidden.uri, unsigned=True)
    # A follower may fetch what is for followers; a stranger may not.
    assert fedify.lookup(private.uri, **{"as": petra})["id"] == private.uri
    with pytest.raises(Refused):
        fedify.lookup(private.uri, **{"as": stranger})


def test_a_poll_here_is_voted_in_from_there(fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    post = alice.says("which tea", poll=alice.client.make_poll(["green", "black"], expires_in=600))
    fedify.reads(post.uri, lambda note: note["type"] == "Question")
    fedify.tell("vote", actor=petra, uri=post.uri, name="black")
    poll = eventually(lambda: (poll := alice.client.poll(post.poll.id)).votes_count and poll, "the vote counts", SECONDS)
    assert [option.votes_count for option in poll.options] == [0, 1]


# Answers, likes and boosts


def test_a_conversation_goes_to_and_fro(fedify, petra, alice):
    alice.follows(fedify.handle(petra))
    post = fedify.tell("post", actor=petra, text="what do you think")
    seen = alice.sees("what do you think")
    answer = alice.says(f"@{fedify.handle(petra)} I like it", in_reply_to_id=seen.id)
    assert fedify.reads(answer.uri)["in_reply_to"] == post["uri"]
    fedify.tell("post", actor=petra, text="thank you", in_reply_to=answer.uri)
    heard = alice.hears("mention", lambda note: "thank you" in note.status.content)
    assert heard.status.in_reply_to_id == answer.id
    thread = alice.client.status_context(answer.id)
    assert [status.uri for status in thread.ancestors] == [post["uri"]]
    assert [status.id for status in thread.descendants] == [heard.status.id]


def test_likes_and_boosts_from_there_are_counted_and_taken_back(fedify, petra, alice):
    post = alice.says("judge me")
    counts = lambda: (status := alice.client.status(post.id)) and (status.favourites_count, status.reblogs_count)
    fedify.tell("like", actor=petra, uri=post.uri)
    fedify.tell("announce", actor=petra, uri=post.uri)
    eventually(lambda: counts() == (1, 1), "both are counted", SECONDS)
    for kind in ("favourite", "reblog"):
        assert alice.hears(kind).account.acct == fedify.handle(petra)
    fedify.tell("unlike", actor=petra, uri=post.uri)
    fedify.tell("unannounce", actor=petra, uri=post.uri)
    eventually(lambda: counts() == (0, 0), "both are taken back", SECONDS)


def test_a_reaction_with_an_emoji_is_a_favourite_here(fedify, petra, alice):
    post = alice.says("react to me")
    fedify.tell("react", actor=petra, uri=post.uri, emoji="🫖")
    eventually(lambda: alice.client.status(post.id).favourites_count == 1, "it is counted", SECONDS)


def test_likes_and_boosts_of_people_here_arrive_and_are_taken_back(fedify, petra, alice, uri):
    alice.follows(fedify.handle(petra))
    post = fedify.tell("post", actor=petra, text="judge this")
    seen = alice.sees("judge this")
    alice.client.status_favourite(seen)
    alice.client.status_reblog(seen)
    counts = lambda: (note := fedify.note(post["uri"])) and (note["likes"], note["announces"])
    eventually(lambda: counts() == ([uri], [uri]), "both arrive", SECONDS)
    alice.client.status_unfavourite(seen)
    alice.client.status_unreblog(seen)
    eventually(lambda: counts() == ([], []), "both are taken back", SECONDS)


def test_a_boost_from_there_brings_a_post_home(fedify, petra, alice, here):
    bob = here.person("bob")
    alice.follows(fedify.handle(petra))
    post = bob.says("worth a boost")
    fedify.tell("announce", actor=petra, uri=post.uri)
    seen = eventually(lambda: next((status for status in alice.home() if status.reblog), None), "the boost", SECONDS)
    assert (seen.account.acct, seen.reblog.uri) == (fedify.handle(petra), post.uri)


def test_what_an_unknown_post_answers_is_fetched_with_it(fedify, petra, alice):
    other = new_actor(fedify, "other")
    first = fedify.tell("post", actor=petra, text="how it began")
    second = fedify.tell("post", actor=other, text="how it went on", in_reply_to=first["uri"])
    third = fedify.tell("post", actor=petra, text="how it ended", in_reply_to=second["uri"])
    seen = alice.finds_post(third["uri"])
    above = lambda: [status.uri for status in alice.client.status_context(seen.id).ancestors]
    eventually(lambda: above() == [first["uri"], second["uri"]], "the thread is complete", SECONDS)


# Quotes, which the quoted author allows


def test_a_post_there_is_quoted_when_its_author_allows_it(fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    post = fedify.tell("post", actor=petra, text="quote me", quotable=True)
    seen = alice.finds_post(post["uri"])
    quote = alice.says("look at this", quoted_status_id=seen.id)
    eventually(lambda: alice.client.status(quote.id).quote.state == "accepted", "the quote is allowed", SECONDS)
    told = fedify.reads(quote.uri, lambda note: note["quote_authorization"])
    assert told["quote"] == post["uri"]
    assert told["quote_authorization"].startswith(f"{fedify.actor(petra)}/stamps/")


def test_a_post_there_is_not_quoted_when_its_author_refuses(fedify, petra, alice):
    post = fedify.tell("post", actor=petra, text="do not quote me")
    seen = alice.finds_post(post["uri"])
    assert seen.quote_approval.current_user == "denied"


def test_a_post_here_is_quoted_from_there_as_its_author_says(fedify, petra, alice):
    alice.follows(fedify.handle(petra))
    open_to_all = alice.says("quote me", quote_approval_policy="public")
    mine_alone = alice.says("do not quote me", quote_approval_policy="nobody")
    assert fedify.lookup(open_to_all.uri)["who_may_quote"] == ["https://www.w3.org/ns/activitystreams#Public"]
    quoting = fedify.tell("post", actor=petra, text="look at this", quote=open_to_all.uri)
    refused = fedify.tell("post", actor=petra, text="look at that", quote=mine_alone.uri)
    stamp = eventually(lambda: fedify.note(quoting["uri"])["stamp"], "the quote is allowed", SECONDS)
    assert fedify.lookup(stamp)["type"] == "QuoteAuthorization"
    seen = alice.sees("look at this")
    quote = eventually(lambda: (quote := alice.client.status(seen.id).quote).state == "accepted" and quote, "a quote",
                       SECONDS)
    assert quote.quoted_status.uri == open_to_all.uri
    assert alice.hears("quote").account.acct == fedify.handle(petra)
    eventually(lambda: fedify.received("Reject"), "the other is refused", SECONDS)
    assert fedify.note(refused["uri"])["stamp"] is None
    assert alice.client.status(alice.sees("look at that").id).quote.state != "accepted"


# Pins, profiles and blocks


def test_pinned_posts_are_told_and_listed(fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    post = alice.says("pin me")
    alice.client.status_pin(post)
    assert fedify.gets("Add", post.uri)["actor"] == uri
    featured = fedify.lookup(alice.handle)["featured"]
    assert [item["id"] for item in fedify.tell("traverse", what=featured)["items"]] == [post.uri]
    alice.client.status_unpin(post)
    assert fedify.gets("Remove", post.uri)["actor"] == uri


def test_followers_and_replies_can_be_walked_through(fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    post = alice.says("answer me")
    answer = alice.says("I answer myself", in_reply_to_id=post.id)
    seen = fedify.lookup(alice.handle)
    assert fedify.lookup(seen["followers"])["total"] == 1
    replies = fedify.tell("traverse", what=fedify.lookup(post.uri)["replies"])
    assert [item["id"] for item in replies["items"]] == [answer.uri]


def test_a_changed_profile_is_told_in_both_directions(fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    account = alice.follows(fedify.handle(petra))
    alice.client.account_update_credentials(display_name="Alice of the garden")
    assert fedify.gets("Update", uri)["activity"]["object"]["name"] == "Alice of the garden"
    fedify.tell("actors/update", actor=petra, display_name="Petra of the sea", summary="<p>waves</p>")
    eventually(lambda: alice.client.account(account.id).display_name == "Petra of the sea", "the name", SECONDS)


def test_blocks_are_told_and_end_following_in_both_directions(fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    account = alice.follows(fedify.handle(petra))
    alice.client.account_block(account.id)
    assert fedify.gets("Block", fedify.actor(petra))["actor"] == uri
    eventually(lambda: fedify.follower(uri, petra) is None, "alice follows no more", SECONDS)
    alice.client.account_unblock(account.id)
    fedify.tell("block", actor=petra, whom=alice.handle)
    eventually(lambda: alice.client.account_relationships(account.id)[0].blocked_by, "alice is blocked", SECONDS)


# Moving and leaving


def test_who_moves_there_takes_followers_from_here_along(fedify, petra, alice, uri):
    account = alice.follows(fedify.handle(petra))
    anew = new_actor(fedify, "anew", aliases=[fedify.actor(petra)])
    fedify.tell("actors/move", actor=petra, whom=fedify.actor(anew))
    eventually(lambda: fedify.follower(uri, anew), "alice follows the new account", SECONDS)
    eventually(lambda: fedify.follower(uri, petra) is None, "and no longer the old one", SECONDS)
    assert alice.client.account(account.id).moved.acct == fedify.handle(anew)


def test_a_move_to_an_account_that_does_not_say_so_is_not_followed(fedify, petra, alice, uri):
    alice.follows(fedify.handle(petra))
    stranger = new_actor(fedify, "stranger")
    fedify.tell("actors/move", actor=petra, whom=fedify.actor(stranger))
    # What is sent later is worked through later.
    fedify.tell("post", actor=petra, text="still here")
    alice.sees("still here")
    assert fedify.follower(uri, stranger) is None
    assert fedify.follower(uri, petra)


def test_an_account_there_that_is_deleted_leaves_with_its_posts(fedify, petra, alice):
    account = alice.follows(fedify.handle(petra))
    post = fedify.tell("post", actor=petra, text="my last words")
    alice.sees("my last words")
    fedify.tell("actors/delete", actor=petra)
    eventually(lambda: alice.reads(post["uri"]) is None, "the post is gone", SECONDS)
    eventually(lambda: account.id not in [one.id for one in alice.client.account_following(alice.id)],
               "nobody is followed", SECONDS)


def test_an_account_here_that_is_deleted_is_told_to_those_who_knew_it(here, fedify, petra, alice, uri):
    followed_by_petra(fedify, petra, alice, uri)
    here.cli("account", "delete", alice.name, "--yes", "--now")
    assert fedify.gets("Delete", uri)["actor"] == uri
    with pytest.raises(Refused):
        fedify.lookup(uri)


# Delivery


def test_a_server_that_is_ill_for_a_while_misses_nothing(here, alice):
    with Fedify() as ill:
        uri = ill.lookup(alice.handle)["id"]
        ill.tell("follow", whom=alice.handle)
        eventually(lambda: ill.following(uri) == "accepted", "the request is accepted", SECONDS)
        ill.tell("switch", failing=503)
        posts = [alice.says(f"number {number}") for number in range(3)]
        alice.client.status_update(posts[0], "number zero")
        eventually(lambda: any(one["status"] == 503 for one in ill.ask("requests")), "a delivery fails", SECONDS)
        ill.tell("switch", failing=None)
        for post in posts:
            ill.reads(post.uri)
        assert "number zero" in ill.reads(posts[0].uri, lambda note: note["updated"])["content"]
        assert sorted(one["object"] for one in ill.received("Create")) == sorted(post.uri for post in posts)


# Signatures


def likes_at(fedify, alice, petra):
    """alice likes a post of petra's; gives the `Like` as it arrived."""
    post = fedify.tell("post", actor=petra, text=f"sign here {secrets.token_hex(4)}")
    alice.client.status_favourite(alice.finds_post(post["uri"]))
    return fedify.gets("Like", post["uri"])


@pytest.mark.parametrize("kind", ["cavage", "rfc9421"])
def test_signatures_of_both_kinds_are_verified_there_and_the_wanted_kind_is_found(alice, here, kind):
    with Fedify("--accepts", kind) as picky:
        like = likes_at(picky, alice, "peer")
        assert like["signature"]["kind"] == kind
        covered = {"cavage": {"(request-target)", "host", "date", "digest"},
                   "rfc9421": {"@method", "content-digest"}}[kind]
        assert covered <= set(like["signature"]["covered"])
        assert like["signature"]["digest"]
        # Nothing but the signature of the request says who sent it.
        assert like["proof"] is False
        # What was learned is remembered: the next one is not refused first.
        refused = lambda: sum(one["status"] == 401 for one in picky.ask("requests"))
        before = refused()
        assert likes_at(picky, alice, "peer")["signature"]["kind"] == kind
        assert refused() == before


@pytest.mark.parametrize("kind", ["cavage", "rfc9421"])
def test_signatures_of_both_kinds_from_there_are_verified_here(here, alice, kind):
    with Fedify("--first-knock", kind) as other:
        uri = other.lookup(alice.handle)["id"]
        other.tell("follow", whom=alice.handle)
        eventually(lambda: other.following(uri) == "accepted", "the request is accepted", SECONDS)
        assert other.ask("errors") == []


def test_a_server_that_wants_every_request_signed_is_read(here, alice):
    with Fedify("--authorized-fetch") as shy:
        account = alice.follows(shy.handle())
        shy.tell("post", text="only for those who sign")
        assert alice.sees("only for those who sign").account.id == account.id
        post = shy.tell("post", text="found by address", visibility="unlisted")
        assert alice.finds_post(post["uri"]).account.id == account.id


def test_a_server_here_that_wants_every_request_signed_is_read_by_fedify(here):
    with Federated(here.engine, AUTHORIZED_FETCH="true") as shy, Fedify() as other:
        carol = shy.person("carol")
        post = carol.says("only for those who sign")
        with pytest.raises(Refused):
            other.lookup(post.uri, unsigned=True)
        assert other.lookup(post.uri)["id"] == post.uri
        uri = other.lookup(carol.handle)["id"]
        other.tell("follow", whom=carol.handle)
        eventually(lambda: other.following(uri) == "accepted", "the request is accepted", SECONDS)
