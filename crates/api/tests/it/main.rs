//! The API as clients see it: requests to the router, on both engines, with a clock that stands still.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test shall fail loudly")]

mod accounts;
mod admin;
mod announcements;
mod authenticator;
mod bucket;
mod cards;
mod conversations;
mod converting;
mod doctor;
mod federation;
mod filters;
mod gate;
mod instance;
mod kit;
mod lists;
mod markers;
mod media;
mod notification_requests;
mod notifications;
mod oauth;
mod own_links;
mod pages;
mod paging;
mod polls;
mod queries;
mod scheduled;
mod search;
mod statuses;
mod streaming;
mod street;
mod tags;
mod timelines;
mod visibility;
mod visitor;
