//! What a scope allows, in words for the person who is asked.

use phiomia_model::{Scopes, scope};

/// One line for each scope, in the order of the metadata; what a broader one includes is not repeated.
pub(crate) fn describe(scopes: &Scopes) -> Vec<String> {
    let held: Vec<&str> = scopes.names().collect();
    let names: Vec<&str> = scope::ALL.into_iter().filter(|name| held.contains(name)).collect();
    let is_included =
        |name: &str| names.iter().any(|other| name.strip_prefix(other).is_some_and(|r| r.starts_with(':')));
    names.iter().filter(|name| !is_included(name)).map(|name| sentence(name)).collect()
}

fn sentence(name: &str) -> String {
    let whole = match name {
        "profile" => "See your name and picture",
        "read" => "Read everything you can read",
        "write" => "Post, change and delete in your name, and change your account",
        "follow" => "See and change whom you follow, mute and block",
        "push" => "Send you notifications",
        "admin:read" => "Read everything staff can read",
        "admin:write" => "Do everything staff can do",
        _ => return part(name),
    };
    whole.to_owned()
}

fn part(name: &str) -> String {
    let (verb, noun) = match name.rsplit_once(':') {
        Some(("read", noun)) => ("Read", noun),
        Some(("write", noun)) => ("Change", noun),
        Some(("admin:read", noun)) => ("Read as staff:", noun),
        Some((_, noun)) => ("Change as staff:", noun),
        None => ("Use", name),
    };
    let noun = match noun {
        "accounts" => "account details",
        "blocks" => "whom you block",
        "mutes" => "whom you mute",
        "follows" | "follow" => "whom you follow",
        "bookmarks" => "your bookmarks",
        "collections" => "your collections",
        "conversations" => "your conversations",
        "favourites" => "your favourites",
        "filters" => "your filters",
        "lists" => "your lists",
        "media" => "your media",
        "notifications" => "your notifications",
        "search" => "search results",
        "statuses" => "posts",
        other => return format!("{verb} {}", other.replace('_', " ")),
    };
    format!("{verb} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_broader_scope_includes_is_not_repeated() {
        let lines = |text: &str| describe(&Scopes::parse(text).unwrap_or_default());
        assert_eq!(lines("read read:statuses push"), ["Read everything you can read", "Send you notifications"]);
        assert_eq!(lines("read:statuses write:statuses"), ["Read posts", "Change posts"]);
        assert_eq!(lines("admin:read:ip_blocks"), ["Read as staff: ip blocks"]);
    }
}
