"""Grouped notifications as Mastodon.py reads them."""


def test_favourites_of_a_post_are_one_group(as_alice, as_bob, person):
    as_alice.notifications_clear()
    post = as_alice.status_post("like me")
    for fan in (as_bob, person("carol").client()):
        fan.status_favourite(post.id)
    page = as_alice.grouped_notifications()
    group = page.notification_groups[0]
    assert (group.type, group.notifications_count, group.status_id) == ("favourite", 2, post.id)
    assert len(page.accounts) + len(page.partial_accounts) == 2
    assert [status.id for status in page.statuses] == [post.id]
    assert as_alice.unread_grouped_notifications_count() == 1
    people = as_alice.grouped_notification_accounts(group.group_key)
    assert len(people) == 2
    assert as_alice.grouped_notification(group.group_key).notification_groups[0].notifications_count == 2
    as_alice.dismiss_grouped_notification(group.group_key)
    assert as_alice.grouped_notifications().notification_groups == []
