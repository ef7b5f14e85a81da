//! The statements of the room, all of them: tests prepare each on both engines.

use super::{
    accounts, activity, announcements, apps, cards, certificates, codes, conversations, defaults, discovery, emojis,
    featured_tags, federation, filters, followed_tags, foreign_events, jobs, links, lists, markers, media, moderation,
    named_files, notifications, passkeys, postgres, promoted, rate_buckets, relationships, remote_files, reports,
    retention, scheduled, search, second_factor, server, sessions, settings, severances, sql::Statement, statuses,
    streams, tags, terms, timelines, tokens, users, visibility,
};

/// Every statement of the room.
#[must_use]
pub fn statements() -> Vec<&'static Statement> {
    let mut all = [
        accounts::ALL,
        activity::ALL,
        announcements::ALL,
        apps::ALL,
        cards::ALL,
        certificates::ALL,
        codes::ALL,
        conversations::ALL,
        defaults::ALL,
        discovery::ALL,
        emojis::ALL,
        featured_tags::ALL,
        filters::ALL,
        followed_tags::ALL,
        foreign_events::ALL,
        jobs::ALL,
        links::ALL,
        lists::ALL,
        markers::ALL,
        media::ALL,
        named_files::ALL,
        promoted::ALL,
        rate_buckets::ALL,
        remote_files::ALL,
        reports::ALL,
        retention::ALL,
        server::ALL,
        scheduled::ALL,
        search::ALL,
        passkeys::ALL,
        second_factor::ALL,
        sessions::ALL,
        settings::ALL,
        severances::ALL,
        streams::ALL,
        tags::ALL,
        terms::ALL,
        tokens::ALL,
        users::ALL,
        visibility::ALL,
    ]
    .concat();
    all.extend(federation::all());
    all.extend(moderation::all());
    all.extend(postgres::all());
    all.extend(relationships::all());
    all.extend(notifications::all());
    all.extend(statuses::all());
    all.extend(timelines::all());
    let paged = [conversations::KEYSETS, followed_tags::KEYSETS, lists::KEYSETS, scheduled::KEYSETS]
        .into_iter()
        .chain([federation::domains::KEYSETS, reports::KEYSETS])
        .chain(moderation::LISTS.iter().copied())
        .chain(notifications::LISTS.iter().copied())
        .chain(statuses::KEYSETS.iter().copied());
    let folders = timelines::keysets().into_iter().chain(relationships::keysets());
    all.extend(paged.flatten().copied().chain(folders).flat_map(|list| [&list.down, &list.up]));
    all
}
