"""Posting, replying, editing and deleting with Mastodon.py, and who may see what."""

import pytest
from mastodon.errors import MastodonNotFoundError


def test_a_post_comes_back_as_mastodon_renders_it(as_alice, alice, server):
    status = as_alice.status_post("hello <world> & all\n\nsee https://example.org/path", language="en")
    assert status.content == (
        '<p>hello &lt;world&gt; &amp; all</p><p>see <a href="https://example.org/path" target="_blank" '
        'rel="nofollow noopener" translate="no"><span class="invisible">https://</span>'
        '<span class="">example.org/path</span><span class="invisible"></span></a></p>')
    assert status.visibility == "public"
    assert status.language == "en"
    assert status.account.acct == alice.name
    assert status.url.startswith(server.base)
    assert status.application.name == "End to end"
    assert status.edited_at is None
    assert status.replies_count == status.reblogs_count == status.favourites_count == 0


def test_a_mention_links_to_the_person_and_is_listed(as_alice, bob):
    status = as_alice.status_post(f"hello @{bob.name}")
    assert [mention.acct for mention in status.mentions] == [bob.name]
    assert f'class="u-url mention">@<span>{bob.name}</span></a>' in status.content


def test_a_hashtag_links_to_its_page_and_is_listed(as_alice):
    status = as_alice.status_post("about #Gardening")
    assert [tag.name for tag in status.tags] == ["gardening"]
    assert 'class="mention hashtag" rel="tag">#<span>Gardening</span></a>' in status.content


def test_a_content_warning_hides_and_marks_as_sensitive(as_alice):
    status = as_alice.status_post("the end", spoiler_text="about the film")
    assert status.spoiler_text == "about the film"
    assert status.sensitive is True


@pytest.mark.parametrize(("visibility", "stranger", "follower", "mentioned"), [
    ("public", True, True, True),
    ("unlisted", True, True, True),
    ("private", False, True, True),
    ("direct", False, False, True),
])
def test_each_visibility_reaches_whom_it_should(
        person, anyone, as_alice, alice, bob, visibility, stranger, follower, mentioned):
    as_follower = person("fay").client()
    as_follower.account_follow(alice.id)
    status = as_alice.status_post(f"for @{bob.name}", visibility=visibility)
    assert status.visibility == visibility

    def sees(client):
        try:
            return client.status(status.id).id == status.id
        except MastodonNotFoundError:
            return False

    assert sees(person("stan").client()) == stranger
    assert sees(anyone) == stranger
    assert sees(as_follower) == follower
    assert sees(bob.client()) == mentioned
    assert sees(as_alice)


def test_a_reply_stands_in_the_thread(as_alice, as_bob, alice):
    first = as_alice.status_post("first")
    reply = as_bob.status_reply(first, "second")
    third = as_alice.status_reply(reply, "third")
    assert reply.in_reply_to_id == first.id
    assert str(reply.in_reply_to_account_id) == alice.id

    context = as_alice.status_context(reply.id)
    assert [status.id for status in context.ancestors] == [first.id]
    assert [status.id for status in context.descendants] == [third.id]
    assert as_alice.status(first.id).replies_count == 1


def test_a_reply_nobody_may_see_is_missing_from_the_thread(as_alice, as_bob, anyone):
    first = as_alice.status_post("first")
    as_bob.status_reply(first, "between us", visibility="direct")
    assert anyone.status_context(first.id).descendants == []
    assert len(as_alice.status_context(first.id).descendants) == 1


def test_an_edit_changes_the_text_and_keeps_the_old_one(as_alice):
    status = as_alice.status_post("first words")
    edited = as_alice.status_update(status.id, "better words", spoiler_text="careful")
    assert edited.id == status.id
    assert edited.content == "<p>better words</p>"
    assert edited.edited_at is not None
    assert as_alice.status_source(status.id).text == "better words"
    assert as_alice.status_source(status.id).spoiler_text == "careful"
    history = as_alice.status_history(status.id)
    assert [edit.content for edit in history] == ["<p>first words</p>", "<p>better words</p>"]


def test_nobody_edits_or_deletes_what_another_wrote(as_alice, as_bob):
    status = as_alice.status_post("mine")
    with pytest.raises(MastodonNotFoundError):
        as_bob.status_update(status.id, "yours")
    with pytest.raises(MastodonNotFoundError):
        as_bob.status_delete(status.id)
    assert as_alice.status(status.id).content == "<p>mine</p>"


def test_a_deleted_post_gives_its_source_back_and_is_gone(as_alice, as_bob):
    status = as_alice.status_post("draft with **stars**")
    assert as_alice.status_delete(status.id).text == "draft with **stars**"
    for client in (as_alice, as_bob):
        with pytest.raises(MastodonNotFoundError):
            client.status(status.id)
    assert as_alice.account_statuses(as_alice.me().id) == []


def test_the_same_idempotency_key_posts_once(as_alice):
    first = as_alice.status_post("once", idempotency_key="a key")
    again = as_alice.status_post("once", idempotency_key="a key")
    other = as_alice.status_post("once", idempotency_key="another key")
    assert again.id == first.id
    assert other.id != first.id
    assert as_alice.me().statuses_count == 2


def test_many_posts_are_read_by_their_ids(as_alice, as_bob):
    wanted = [as_alice.status_post(text).id for text in ("one", "two")]
    hidden = as_alice.status_post("hidden", visibility="direct").id
    assert {status.id for status in as_bob.statuses([*wanted, hidden])} == set(wanted)
