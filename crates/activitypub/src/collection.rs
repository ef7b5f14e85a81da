//! Collections and their pages.

use crate::{
    activity::Thing,
    bounds,
    document::{Document, Node, Unreadable},
    uri::Uri,
};

/// A collection or one of its pages.
/// Source: <https://www.w3.org/TR/activitystreams-core/#collections>.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collection {
    /// Its name; pages embedded in their collection may have none.
    pub id: Option<Uri>,
    /// `Ordered…`: newest first, as ActivityPub wants it.
    pub is_ordered: bool,
    /// `…Page`.
    pub is_page: bool,
    /// How many items it has in all. `None`: not said, or hidden.
    pub total: Option<u64>,
    /// The first page, by its id.
    pub first: Option<Uri>,
    /// The first page, when it is embedded.
    pub first_page: Option<Box<Collection>>,
    /// The last page.
    pub last: Option<Uri>,
    /// The page after this one.
    pub next: Option<Uri>,
    /// The page before this one.
    pub prev: Option<Uri>,
    /// The collection of this page.
    pub part_of: Option<Uri>,
    /// Whose it is.
    pub author: Option<Uri>,
    /// What it holds.
    pub items: Vec<Thing>,
}

impl Collection {
    /// Reads a collection or a page.
    ///
    /// # Errors
    /// [`Unreadable::Kind`] for anything else.
    pub fn read(document: &Document) -> Result<Collection, Unreadable> {
        Collection::from_node(document.node())
    }

    pub(crate) fn from_node(node: Node<'_>) -> Result<Collection, Unreadable> {
        let (is_ordered, is_page) = shape(node).ok_or_else(|| Unreadable::Kind {
            expected: "a collection",
            found: node.kind().unwrap_or("nothing").to_owned(),
        })?;
        let first_node = node.deeper().and_then(|inner| inner.node("first")).filter(|_| !is_page);
        Ok(Collection {
            id: node.id(),
            is_ordered,
            is_page,
            total: node.number("totalItems"),
            first: node.uri("first"),
            first_page: first_node.and_then(|page| Collection::from_node(page).ok()).map(Box::new),
            last: node.uri("last"),
            next: node.uri("next"),
            prev: node.uri("prev"),
            part_of: node.uri("partOf"),
            author: node.uri("attributedTo"),
            // Some softwares put `items` into ordered collections.
            items: ["orderedItems", "items"]
                .into_iter()
                .flat_map(|name| Thing::all_of(node, name))
                .take(bounds::JSON_ITEMS)
                .collect(),
        })
    }
}

pub(crate) fn shape(node: Node<'_>) -> Option<(bool, bool)> {
    node.kinds().find_map(|kind| match kind {
        "Collection" => Some((false, false)),
        "OrderedCollection" => Some((true, false)),
        "CollectionPage" => Some((false, true)),
        "OrderedCollectionPage" => Some((true, true)),
        _ => None,
    })
}

/// A collection that belongs to a post: where it is and how many it has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    /// Where it is.
    pub id: Option<Uri>,
    /// How many it has, as the origin counts. `None`: not said.
    pub total: Option<u64>,
    /// Its beginning, when that is embedded, with the items the origin chose to show.
    pub page: Option<Box<Collection>>,
}

impl Counted {
    pub(crate) fn read(node: Node<'_>, name: &str) -> Counted {
        let collection = node.deeper().and_then(|inner| inner.node(name)).and_then(|c| Collection::from_node(c).ok());
        let Some(collection) = collection else {
            return Counted { id: node.uri(name), total: node.number(name), page: None };
        };
        let id = collection.id.clone();
        let total = collection.total;
        let page = match collection.first_page {
            Some(first) => Some(first),
            None if collection.items.is_empty() => None,
            None => Some(Box::new(collection)),
        };
        Counted { id, total, page }
    }
}
