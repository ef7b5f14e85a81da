-- Notifications that are shown folded into one are found by their group.
create index notifications_group on notifications (account_id, group_key, id)
    where type in ('favourite', 'reblog', 'follow', 'admin.sign_up');
