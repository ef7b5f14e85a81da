//! How posts of people here are called in the network: no row holds it, since it follows from the author's name.
//!
//! `https://host/ap/users/1` wrote `https://host/ap/users/1/statuses/2`; a boost is that and `/activity`; the page is
//! `https://host/@alice/2`. Row and index would hold the same hundred bytes twice. The form is that of
//! `phiomia_model::Addresses::{status_uri, status_url}`.

/// A post's id in the network, from the aliases of its row and its author's.
macro_rules! status_uri {
    ($status:literal, $author:literal) => {
        concat!(
            "coalesce(",
            $status,
            ".uri, ",
            $author,
            ".uri || '/statuses/' || ",
            $status,
            ".id || case when ",
            $status,
            ".reblog_of_id is null then '' else '/activity' end)"
        )
    };
}

/// A post's page; boosts have none.
macro_rules! status_url {
    ($status:literal, $author:literal) => {
        concat!(
            "case when ",
            $status,
            ".uri is null and ",
            $status,
            ".reblog_of_id is null then ",
            $author,
            ".url || '/' || ",
            $status,
            ".id else ",
            $status,
            ".url end"
        )
    };
}

/// The author's name, the number and whether it is a boost, if the name has the form of ours.
pub(super) fn of_own(uri: &str) -> Option<(&str, i64, bool)> {
    let (post, is_boost) = uri.strip_suffix("/activity").map_or((uri, false), |post| (post, true));
    let (author, number) = post.rsplit_once("/statuses/")?;
    let id: i64 = number.parse().ok()?;
    // One name only for one post: no `+2`, no `02`.
    (id > 0 && id.to_string() == number).then_some((author, id, is_boost))
}

#[cfg(test)]
mod tests {
    use super::of_own;

    #[test]
    fn a_name_of_ours_says_author_number_and_kind() {
        let author = "https://host/ap/users/1";
        assert_eq!(of_own("https://host/ap/users/1/statuses/2"), Some((author, 2, false)));
        assert_eq!(of_own("https://host/ap/users/1/statuses/2/activity"), Some((author, 2, true)));
        for other in ["https://host/ap/users/1", "https://host/ap/users/1/statuses/", "x/statuses/02", "x/statuses/+2"]
        {
            assert_eq!(of_own(other), None, "{other}");
        }
    }
}
