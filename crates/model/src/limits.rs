//! The bounds table: how large anything written here may be.
//!
//! One table for every decoder; the instance entities tell clients the same numbers.

/// Bounds for what local people write. Characters are counted as Mastodon counts them (`text::count`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Characters of a post, content warning included.
    pub status_characters: usize,
    /// What any link counts for.
    pub characters_per_link: usize,
    /// Attachments of a post.
    pub attachments: usize,
    /// Choices of a poll.
    pub poll_options: usize,
    /// Characters of a choice.
    pub poll_option_characters: usize,
    /// Shortest poll, seconds.
    pub poll_min_seconds: i64,
    /// Longest poll, seconds.
    pub poll_max_seconds: i64,
    /// Characters of a display name.
    pub display_name_characters: usize,
    /// Characters of a bio.
    pub note_characters: usize,
    /// Profile fields.
    pub profile_fields: usize,
    /// Characters of a field's name, and of its value.
    pub profile_field_characters: usize,
    /// Pinned posts.
    pub pinned_statuses: usize,
    /// Featured hashtags.
    pub featured_tags: usize,
    /// Mentions, hashtags and custom emoji of a post, each.
    pub references: usize,
    /// Characters of alt text.
    pub description_characters: usize,
    /// Bytes of a picture.
    pub image_bytes: usize,
    /// Pixels of a picture.
    pub image_pixels: usize,
    /// Bytes of video or sound.
    pub video_bytes: usize,
    /// Pixels of a video frame.
    pub video_pixels: usize,
    /// Frames a second.
    pub video_frame_rate: usize,
    /// Frames of a video that is converted, as in Mastodon.
    pub video_frames: usize,
    /// Accounts one may follow.
    pub follows: i64,
    /// Bytes of a request body on a route that says nothing else.
    pub body_bytes: usize,
    /// Characters of an e-mail address.
    pub email_characters: usize,
    /// Shortest and longest password, in characters.
    pub password_characters: (usize, usize),
    /// Characters of an app's name.
    pub app_name_characters: usize,
    /// Characters of any address.
    pub url_characters: usize,
    /// Most accounts or statuses asked for in one go by id.
    pub ids_per_request: usize,
    /// Characters of a private note about somebody.
    pub account_note_characters: usize,
    /// Lists somebody may have.
    pub lists: i64,
    /// Characters of a list's title.
    pub list_title_characters: usize,
    /// Filters somebody may have.
    pub filters: i64,
    /// Characters of a filter's title.
    pub filter_title_characters: usize,
    /// Characters of a phrase that is looked for.
    pub filter_keyword_characters: usize,
    /// Phrases of all filters of somebody, and the characters in them; Mastodon has no such bound.
    pub filter_keywords: (i64, i64),
    /// Posts that all filters of somebody name.
    pub filter_statuses: i64,
}

/// Mastodon 4.7's numbers.
pub const LIMITS: Limits = Limits {
    status_characters: 500,
    characters_per_link: 23,
    attachments: 4,
    poll_options: 4,
    poll_option_characters: 50,
    poll_min_seconds: 300,
    poll_max_seconds: 2_629_746,
    display_name_characters: 30,
    note_characters: 500,
    profile_fields: 4,
    profile_field_characters: 255,
    pinned_statuses: 5,
    featured_tags: 10,
    references: 100,
    description_characters: 1_500,
    image_bytes: 16_777_216,
    image_pixels: 33_177_600,
    video_bytes: 103_809_024,
    video_pixels: 8_294_400,
    video_frame_rate: 120,
    video_frames: 36_000,
    follows: 7_500,
    body_bytes: 256 * 1024,
    email_characters: 320,
    password_characters: (8, 256),
    app_name_characters: 60,
    url_characters: 2_048,
    ids_per_request: 40,
    account_note_characters: 2_000,
    lists: 50,
    list_title_characters: 256,
    filters: 200,
    filter_title_characters: 256,
    filter_keyword_characters: 512,
    filter_keywords: (1_000, 32_768),
    filter_statuses: 1_000,
};
