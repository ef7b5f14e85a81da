"""Search as Mastodon.py asks for it."""


def test_a_post_is_found_by_its_words_when_its_author_agrees(as_alice, as_bob):
    post = as_alice.status_post("a very rare axolotl")
    assert as_bob.search_v2("axolotl", result_type="statuses").statuses == []
    as_alice.account_update_credentials(indexable=True)
    found = as_bob.search_v2('"rare axolotl"', result_type="statuses").statuses
    assert post.id in [status.id for status in found]


def test_what_one_did_is_in_the_library(as_alice, as_bob):
    post = as_alice.status_post("quiet capybara", visibility="unlisted")
    as_bob.status_bookmark(post.id)
    found = as_bob.search_v2("capybara in:library from:@" + as_alice.me().acct).statuses
    assert [status.id for status in found] == [post.id]
