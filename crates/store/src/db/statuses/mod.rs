//! Posts: written once, read as views for somebody.

mod acts;
mod approvals;
mod body;
mod idempotency;
mod polls;
mod quotes;
mod rows;
mod thread;
mod view;

pub use acts::{
    bookmark, bookmarked_page, favourite, favourited_by, favourites_page, is_bookmarked, is_favourited, n_pins, pin,
    reblog_of, reblogged_by, unbookmark, unfavourite, unpin,
};
pub use approvals::{FavouriteRow, favourite_by_number, favourite_row, set_approval, set_favourite_pending, set_stamp};
pub use body::{MentionView, PollOptionView, PollView, QuoteRef, StatusBody};
pub use idempotency::{forget_idempotent, idempotent, remember_idempotent, replace_idempotent};
pub use polls::{
    PollRow, choices_for_voting, close_poll, erase_poll, insert_poll, local_voters, poll, poll_of, set_votes,
    update_poll, vote,
};
pub use quotes::{
    QuoteRow, erase_quotes, erase_quotes_by, insert_quote, quote_by_stamp, quote_names, quote_of, quotes_page,
    quotes_waiting_for, quoting_batch, set_quote_names, set_quote_state, set_quoted,
};
pub use rows::{
    Counter, Edited, NewStatus, add_mention, add_silent_mention, age_mentions, author_and_policy, count, deleted_batch,
    edits, erase, insert, insert_conversation, insert_conversations, insert_each, is_deleted, mark_deleted, mentioned,
    reblogs_batch, record_edit, source, update,
};
pub use thread::{Thread, ancestors, thread};
pub use view::{Cohort, Mine, QuoteView, ShownQuote, StatusView, cohorts, reported, view, views, visible};

use super::{keyset::Keyset, sql::Statement};

/// Every statement of the folder.
pub(crate) fn all() -> Vec<&'static Statement> {
    [acts::ALL, approvals::ALL, body::ALL, idempotency::ALL, polls::ALL, quotes::ALL, rows::ALL, thread::ALL, view::ALL]
        .concat()
}

/// Every paged list of the folder.
pub(crate) static KEYSETS: &[&[&Keyset]] = &[acts::KEYSETS, quotes::KEYSETS];
