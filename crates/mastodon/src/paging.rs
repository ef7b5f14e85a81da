//! Pages of newest-first lists: the parameters that ask for one, and the `Link` header that leads to its neighbours.
//!
//! Source: <https://docs.joinmastodon.org/api/guidelines/#pagination>.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use phiomia_model::Page;
use serde_json::Value;

use crate::form::Tree;

/// What stays as it is in a query's names and values (RFC 3986, unreserved).
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A path is escaped already; this only keeps what would end the address or the header from getting into it.
const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'#').add(b'?');

/// Where a page lies and who turns it: parameters that the header sets itself, or must not repeat.
const OWN_NAMES: [&str; 4] = ["max_id", "min_id", "since_id", "access_token"];

/// Reads `max_id`, `since_id`, `min_id` and `limit`. As in Mastodon, an id that is none asks for nothing, and a limit
/// is cut to `max_limit`; none, zero, less, or no number at all is `default_limit`.
#[must_use]
pub fn page(parameters: &Tree, default_limit: i64, max_limit: i64) -> Page {
    let limit = number(parameters, "limit").filter(|&limit| limit > 0).unwrap_or(default_limit);
    let id = |name| number(parameters, name).filter(|&id| id >= 0);
    Page { max_id: id("max_id"), since_id: id("since_id"), min_id: id("min_id"), limit: limit.min(max_limit) }
}

fn number(parameters: &Tree, name: &str) -> Option<i64> {
    match parameters.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Writes the `Link` header of one page.
#[derive(Clone, Copy, Debug)]
pub struct Paged<'r> {
    /// `https://example.org`, without a slash at the end.
    pub origin: &'r str,
    /// The path of the request, as it was asked for.
    pub path: &'r str,
    /// The query string of the request without `?`; all but the ids of the page is kept.
    pub query: &'r str,
}

impl Paged<'_> {
    /// `newest` and `oldest` are the ids by which this page is sorted, `None` for an empty one: then there is nothing
    /// to lead to. `has_more`: the page is full, so that something older may follow.
    #[must_use]
    pub fn link(&self, newest: Option<i64>, oldest: Option<i64>, has_more: bool) -> Option<String> {
        self.link_by("min_id", newest, oldest, has_more)
    }

    /// The same with `since_id` upward, as Mastodon has it for lists of accounts.
    #[must_use]
    pub fn link_since(&self, newest: Option<i64>, oldest: Option<i64>, has_more: bool) -> Option<String> {
        self.link_by("since_id", newest, oldest, has_more)
    }

    fn link_by(&self, upward: &str, newest: Option<i64>, oldest: Option<i64>, has_more: bool) -> Option<String> {
        let next = oldest.filter(|_| has_more).map(|id| format!("<{}>; rel=\"next\"", self.address("max_id", id)));
        let prev = newest.map(|id| format!("<{}>; rel=\"prev\"", self.address(upward, id)));
        match (next, prev) {
            (Some(next), Some(prev)) => Some(format!("{next}, {prev}")),
            (next, prev) => next.or(prev),
        }
    }

    fn address(&self, name: &str, id: i64) -> String {
        let mut address = format!("{}{}?", self.origin, utf8_percent_encode(self.path, PATH));
        for pair in self.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (plain(name), plain(value));
            if OWN_NAMES.contains(&name.as_str()) {
                continue;
            }
            address.extend(utf8_percent_encode(&name, QUERY));
            address.push('=');
            address.extend(utf8_percent_encode(&value, QUERY));
            address.push('&');
        }
        address.push_str(name);
        address.push('=');
        address.push_str(&id.to_string());
        address
    }
}

fn plain(escaped: &str) -> String {
    percent_decode_str(&escaped.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORIGIN: &str = "https://example.org";

    fn read(query: &str) -> Page {
        page(&Tree::from_urlencoded(query.as_bytes()).unwrap_or_default(), 20, 40)
    }

    #[test]
    fn limits_are_cut_and_ids_that_are_none_ask_for_nothing() {
        assert_eq!(read(""), Page::first(20));
        for (query, limit) in [("limit=5", 5), ("limit=40", 40), ("limit=41", 40), ("limit=99999999999999999999", 20)] {
            assert_eq!(read(query).limit, limit, "{query}");
        }
        for query in ["limit=0", "limit=-1", "limit=x", "limit=", "limit[]=5"] {
            assert_eq!(read(query).limit, 20, "{query}");
        }
        let page = Page { max_id: Some(9), since_id: None, min_id: Some(3), limit: 20 };
        assert_eq!(read("max_id=9&min_id=3&since_id=x"), page);
        assert_eq!(read("max_id=&min_id=-1&since_id=1.5"), Page::first(20));
    }

    #[test]
    fn json_numbers_ask_for_a_page_too() {
        let tree = Tree::from_json(br#"{"limit": 3, "max_id": 7, "min_id": "5"}"#).unwrap_or_default();
        assert_eq!(page(&tree, 20, 40), Page { max_id: Some(7), since_id: None, min_id: Some(5), limit: 3 });
    }

    #[test]
    fn a_full_page_leads_both_ways() {
        let paged = Paged { origin: ORIGIN, path: "/api/v1/timelines/home", query: "limit=2&max_id=10&min_id=1" };
        assert_eq!(
            paged.link(Some(9), Some(7), true).as_deref(),
            Some(
                "<https://example.org/api/v1/timelines/home?limit=2&max_id=7>; rel=\"next\", \
                 <https://example.org/api/v1/timelines/home?limit=2&min_id=9>; rel=\"prev\""
            )
        );
    }

    #[test]
    fn the_last_page_leads_back_and_an_empty_one_nowhere() {
        let paged = Paged { origin: ORIGIN, path: "/x", query: "" };
        assert_eq!(
            paged.link(Some(9), Some(7), false).as_deref(),
            Some("<https://example.org/x?min_id=9>; rel=\"prev\"")
        );
        assert_eq!(
            paged.link_since(Some(9), Some(7), false).as_deref(),
            Some("<https://example.org/x?since_id=9>; rel=\"prev\"")
        );
        assert_eq!(paged.link(None, None, false), None);
    }

    #[test]
    fn other_parameters_are_kept_and_the_token_is_not() {
        let query = "any[]=a%20b&any%5B%5D=c+d&q=%C3%A4%26&access_token=secret&flag";
        let paged = Paged { origin: ORIGIN, path: "/api/v1/timelines/tag/caf%C3%A9", query };
        assert_eq!(
            paged.link(None, Some(7), true).as_deref(),
            Some(
                "<https://example.org/api/v1/timelines/tag/caf%C3%A9?any%5B%5D=a%20b&any%5B%5D=c%20d&q=%C3%A4%26&flag=&max_id=7>; \
                 rel=\"next\""
            )
        );
    }

    proptest! {
        #[test]
        fn no_request_breaks_out_of_the_header(path in ".{0,40}", query in ".{0,60}") {
            let paged = Paged { origin: ORIGIN, path: &path, query: &query };
            let link = paged.link(None, Some(7), true).unwrap_or_default();
            let address = link.strip_prefix('<').and_then(|l| l.strip_suffix(">; rel=\"next\"")).unwrap_or_default();
            prop_assert!(address.ends_with("max_id=7"));
            prop_assert!(address.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"')), "{}", address);
        }
    }
}
