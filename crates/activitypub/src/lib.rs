//! activitypub
