//! The federation wire: what other servers send and what they are sent, and nothing about what to do with it.
//!
//! A pure room: no clock, no randomness, no network, no disk; time and keys are handed in. Seen by `federation` alone.
//!
//! - [`Document`] and [`Envelope`] read bodies within the bounds of [`bounds`].
//! - [`Actor`], [`Note`], [`Collection`] and [`Activity`] are what documents are understood as; [`Object`] is any of
//!   them. They are plain values: read from a document, or made by us and written.
//! - [`Write`] writes them, with the `@context` they need.
//! - [`signature`] signs and verifies requests; [`proof`] verifies documents that carry their own;
//!   [`synchronization`] is the header that compares followers.
//! - [`webfinger`] and [`nodeinfo`] are how people and servers are found.

pub mod activity;
pub mod actor;
pub mod audience;
pub mod bounds;
pub mod collection;
pub mod document;
pub mod nodeinfo;
pub mod note;
pub mod proof;
pub mod signature;
pub mod synchronization;
pub mod uri;
pub mod webfinger;
pub mod write;

pub use activity::{Activity, Object, Reaction, Thing, Tombstone, Verb};
pub use actor::{Actor, ActorKey, ActorKind, KeyMaterial};
pub use audience::{Audience, Policy, Rule};
pub use collection::{Collection, Counted};
pub use document::{Document, Envelope, Unreadable};
pub use note::{Note, NoteKind, QuoteAuthorization};
pub use uri::{PUBLIC, Uri, Web};
pub use write::Write;
