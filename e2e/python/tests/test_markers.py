"""How far somebody has read, on all their devices."""


def test_a_marker_is_the_same_on_another_device(as_alice, alice):
    status = as_alice.status_post("read until here")
    set_here = as_alice.markers_set(["home"], [status.id])
    seen_there = alice.client().markers_get(["home", "notifications"])
    assert str(seen_there["home"].last_read_id) == str(status.id)
    assert seen_there["home"].version == set_here["home"].version == 1
    assert "notifications" not in seen_there


def test_what_was_read_is_not_unread(as_alice, alice, as_bob):
    for n in range(2):
        as_bob.status_post(f"@{alice.name} {n}")
    newest, older = as_alice.notifications()
    assert as_alice.notifications_unread_count().count == 2
    as_alice.markers_set(["notifications"], [older.id])
    assert as_alice.notifications_unread_count().count == 1
