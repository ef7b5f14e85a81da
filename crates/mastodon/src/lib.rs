//! mastodon
