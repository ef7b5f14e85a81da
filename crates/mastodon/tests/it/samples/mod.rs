//! A sample of every entity, once with all that it may carry and once with as little as it can.

mod plain;

use phiomia_mastodon::entities::{
    Account, AccountRole, AccountWarning, AccountWarningAction, AdminAccount, AdminCanonicalEmailBlock,
    AdminDomainAllow, AdminDomainBlock, AdminEmailDomainBlock, AdminIp, AdminIpBlock, AdminReport, Announcement,
    AnnouncementAccount, AnnouncementStatus, AnnualReportYear, Appeal, AppealState, Application, ApprovedGroup,
    Collection, CollectionItem, CollectionItemState, Context, Conversation, CredentialAccount, CredentialApplication,
    CredentialSource, CurrentUserApproval, CustomEmoji, Decimal, DomainBlock, DomainBlockSeverity, Error, ErrorDetail,
    ExpandMedia, ExtendedDescription, FamiliarFollowers, FeatureApproval, FeaturedTag, FeedAccess, Field, Filter,
    FilterKeyword, FilterResult, FilterStatus, FilterV1, Focus, GroupedNotificationsResults, Id, Instance,
    InstanceAccounts, InstanceApiVersions, InstanceConfiguration, InstanceContact, InstanceFeedAccess, InstanceIcon,
    InstanceMediaAttachments, InstancePolls, InstanceRegistrations, InstanceStatuses, InstanceThumbnail,
    InstanceThumbnailVersions, InstanceTimelinesAccess, InstanceTranslation, InstanceUrls, InstanceUsage,
    InstanceUsers, InstanceV1, InstanceV1Accounts, InstanceV1Configuration, InstanceV1MediaAttachments,
    InstanceV1Stats, InstanceV1Urls, InstanceVapid, IpBlockSeverity, List, Marker, Markers, MediaAttachment,
    MediaColors, MediaMeta, MediaSize, MediaType, Mention, MutedAccount, Notification, NotificationFallback,
    NotificationGroup, NotificationPolicy, NotificationPolicySummary, NotificationPolicyV1, NotificationRequest,
    PartialAccountWithAvatar, Poll, PollOption, Preferences, PreviewCard, PreviewCardAuthor, PreviewCardType,
    PrivacyPolicy, Profile, Quote, QuoteApproval, QuoteState, Reaction, Relationship, RelationshipSeveranceEvent,
    RelationshipSeveranceType, Report, ReportCategory, Role, Rule, RuleTranslation, ScheduledParams, ScheduledPoll,
    ScheduledStatus, Search, ShallowQuote, ShallowTag, SignUpTries, Status, StatusApplication, StatusEdit,
    StatusEditPoll, StatusEditPollOption, StatusSource, Suggestion, SuggestionReason, SuggestionSource, Tag,
    TermsOfService, Token, TrendsLink, UseHistory,
};
use phiomia_model::{
    AccountId, AnnouncementId, AppId, FilterAction, FilterContext, ListId, NotificationId, NotificationPolicyChoice,
    NotificationRequestId, QuotePolicy, RepliesPolicy, RuleId, StatusId, TagId, Visibility,
};
use serde_json::{Value, json};

/// How much a sample carries: with `Full`, options are there and lists have an item, itself `Bare`.
#[derive(Clone, Copy)]
pub enum Size {
    Full,
    Bare,
}

/// One entity of the documentation, or several where one is written into another.
pub struct Sample {
    /// Names in the documentation, the wider one last.
    pub documented: &'static [&'static str],
    pub full: Value,
    pub bare: Value,
}

/// Makes a value; a text says its field's name.
trait Make {
    fn make(size: Size, field: &str) -> Self;
}

macro_rules! ids {
    ($($id:ident)*) => {$(
        impl Make for $id {
            fn make(_: Size, _: &str) -> $id { $id(42) }
        }
    )*};
}

ids! { Id Decimal AccountId AnnouncementId AppId ListId NotificationId NotificationRequestId RuleId StatusId TagId }

macro_rules! structs {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl Make for $name {
            fn make(size: Size, _: &str) -> $name {
                $name { $($field: Make::make(size, stringify!($field))),* }
            }
        }
    )*};
}

/// Parts of an entity that are not entities themselves: where an option has one, it is whole.
macro_rules! parts {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl Make for $name {
            fn make(_: Size, _: &str) -> $name {
                $name { $($field: Make::make(Size::Full, stringify!($field))),* }
            }
        }
    )*};
}

/// A closed set of words, and where the documentation lists it.
pub struct Words {
    pub entity: &'static str,
    pub field: &'static str,
    pub ours: Value,
}

macro_rules! words {
    ($($entity:literal $field:literal $name:ident { $first:ident $(, $variant:ident)* })*) => {
        $(impl Make for $name {
            fn make(_: Size, _: &str) -> $name { $name::$first }
        })*
        /// Every closed set.
        pub fn words() -> Vec<Words> {
            vec![$(Words {
                entity: $entity,
                field: $field,
                ours: json!([$name::$first $(, $name::$variant)*]),
            }),*]
        }
    };
}

macro_rules! documented {
    ($($name:ident: $($entity:literal),+;)*) => {
        /// Every entity.
        pub fn samples() -> Vec<Sample> {
            vec![$(Sample {
                documented: &[$($entity),+],
                full: json!($name::make(Size::Full, "")),
                bare: json!($name::make(Size::Bare, "")),
            }),*]
        }
    };
}

documented! {
    Account: "Account";
    MutedAccount: "Account", "MutedAccount";
    CredentialAccount: "Account", "CredentialAccount";
    PartialAccountWithAvatar: "PartialAccountWithAvatar";
    Field: "Field";
    AdminAccount: "Admin::Account";
    AdminIp: "Admin::Ip";
    AdminReport: "Admin::Report";
    AdminDomainBlock: "Admin::DomainBlock";
    AdminDomainAllow: "Admin::DomainAllow";
    AdminEmailDomainBlock: "Admin::EmailDomainBlock";
    AdminIpBlock: "Admin::IpBlock";
    AdminCanonicalEmailBlock: "Admin::CanonicalEmailBlock";
    DomainBlock: "DomainBlock";
    Announcement: "Announcement";
    AnnouncementAccount: "Announcement::Account";
    AnnouncementStatus: "Announcement::Status";
    Reaction: "Reaction";
    Application: "Application";
    CredentialApplication: "Application", "CredentialApplication";
    Token: "Token";
    QuoteApproval: "QuoteApproval";
    FeatureApproval: "FeatureApproval";
    Collection: "Collection";
    CollectionItem: "CollectionItem";
    Conversation: "Conversation";
    CustomEmoji: "CustomEmoji";
    Error: "Error";
    Filter: "Filter";
    FilterKeyword: "FilterKeyword";
    FilterStatus: "FilterStatus";
    FilterResult: "FilterResult";
    FilterV1: "V1::Filter";
    Instance: "Instance";
    InstanceIcon: "InstanceIcon";
    InstanceV1: "V1::Instance";
    List: "List";
    Marker: "Marker";
    MediaAttachment: "MediaAttachment";
    AccountWarning: "AccountWarning";
    Appeal: "Appeal";
    RelationshipSeveranceEvent: "RelationshipSeveranceEvent";
    Notification: "Notification";
    NotificationFallback: "NotificationFallback";
    GroupedNotificationsResults: "GroupedNotificationsResults";
    NotificationGroup: "NotificationGroup";
    NotificationPolicy: "NotificationPolicy";
    NotificationPolicyV1: "V1::NotificationPolicy";
    NotificationRequest: "NotificationRequest";
    Poll: "Poll";
    PollOption: "Poll::Option";
    Preferences: "Preferences";
    PreviewCard: "PreviewCard";
    TrendsLink: "PreviewCard", "Trends::Link";
    PreviewCardAuthor: "PreviewCardAuthor";
    Profile: "Profile";
    Quote: "Quote";
    ShallowQuote: "ShallowQuote";
    Relationship: "Relationship";
    FamiliarFollowers: "FamiliarFollowers";
    Report: "Report";
    AccountRole: "AccountRole";
    Role: "Role";
    Rule: "Rule";
    ScheduledStatus: "ScheduledStatus";
    Search: "Search";
    Status: "Status";
    Mention: "Status::Mention";
    Context: "Context";
    StatusSource: "StatusSource";
    StatusEdit: "StatusEdit";
    Suggestion: "Suggestion";
    ShallowTag: "ShallowTag";
    Tag: "Tag";
    FeaturedTag: "FeaturedTag";
    ExtendedDescription: "ExtendedDescription";
    PrivacyPolicy: "PrivacyPolicy";
    TermsOfService: "TermsOfService";
}

words! {
    "QuoteApproval" "automatic" ApprovedGroup { Public, Followers, Following, UnsupportedPolicy }
    "FeatureApproval" "current_user" CurrentUserApproval { Automatic, Manual, Denied, Unknown, Missing }
    "CollectionItem" "state" CollectionItemState { Pending, Accepted }
    "Filter" "context" FilterContext { Home, Notifications, Public, Thread, Account }
    "Filter" "filter_action" FilterAction { Warn, Hide, Blur }
    "Instance" "configuration[timelines_access][live_feeds][local]" FeedAccess { Public, Authenticated, Disabled }
    "List" "replies_policy" RepliesPolicy { Followed, List, None }
    "MediaAttachment" "type" MediaType { Unknown, Image, Gifv, Video, Audio }
    "Admin::DomainBlock" "severity" DomainBlockSeverity { Silence, Suspend, Noop }
    "Admin::IpBlock" "severity" IpBlockSeverity { SignUpRequiresApproval, SignUpBlock, NoAccess }
    "AccountWarning" "action" AccountWarningAction { None, Disable, MarkStatusesAsSensitive, DeleteStatuses, Sensitive, Silence, Suspend }
    "Appeal" "state" AppealState { Approved, Rejected, Pending }
    "RelationshipSeveranceEvent" "type" RelationshipSeveranceType { DomainBlock, UserDomainBlock, AccountSuspension }
    "NotificationPolicy" "for_bots" NotificationPolicyChoice { Accept, Filter, Drop }
    "Preferences" "reading:expand:media" ExpandMedia { Default, ShowAll, HideAll }
    "PreviewCard" "type" PreviewCardType { Link, Photo, Video, Rich }
    "Quote" "state" QuoteState { Pending, Accepted, Rejected, Revoked, Deleted, Unauthorized, BlockedAccount, BlockedDomain, MutedAccount }
    "Report" "category" ReportCategory { Spam, Legal, Violation, Other }
    "Suggestion" "source" SuggestionSource { Staff, PastInteractions, Global }
    "Suggestion" "sources" SuggestionReason { Featured, MostFollowed, MostInteractions, SimilarToRecentlyFollowed, FriendsOfFriends }
    "Status" "visibility" Visibility { Public, Unlisted, Private, Direct }
    "CredentialAccount" "source[quote_policy]" QuotePolicy { Public, Followers, Nobody }
}

structs! {
    Account {
        id, username, acct, url, uri, display_name, note, avatar, avatar_static, avatar_description, header,
        header_static, header_description, locked, fields, emojis, bot, group, discoverable, indexable, noindex,
        moved, memorial, suspended, limited, created_at, last_status_at, statuses_count, followers_count,
        following_count, hide_collections, show_media, show_media_replies, show_featured, roles, feature_approval,
        email_subscriptions, invalid_handle
    }
    MutedAccount { account, mute_expires_at }
    CredentialAccount { account, source, role }
    CredentialSource {
        attribution_domains, note, fields, privacy, sensitive, language, follow_requests_count, hide_collections,
        discoverable, indexable, quote_policy
    }
    PartialAccountWithAvatar { id, acct, url, avatar, avatar_static, avatar_description, locked, bot }
    Field { name, value, verified_at }
    AdminAccount {
        id, username, domain, created_at, email, ip, ips, locale, invite_request, role, confirmed, approved, disabled,
        sensitized, silenced, suspended, account, created_by_application_id, invited_by_account_id
    }
    AdminIp { ip, used_at }
    AdminReport {
        id, action_taken, action_taken_at, category, comment, forwarded, created_at, updated_at, account, target_account,
        assigned_account, action_taken_by_account, statuses, rules
    }
    AdminDomainBlock {
        id, domain, digest, created_at, severity, reject_media, reject_reports, private_comment, public_comment, obfuscate
    }
    AdminDomainAllow { id, domain, created_at }
    AdminEmailDomainBlock { id, domain, created_at, history, allow_with_approval }
    AdminIpBlock { id, ip, severity, comment, created_at, expires_at }
    AdminCanonicalEmailBlock { id, canonical_email_hash }
    DomainBlock { domain, digest, severity, comment }
    SignUpTries { day, accounts, uses }
    Announcement {
        id, content, starts_at, ends_at, all_day, published_at, updated_at, read, mentions, statuses, tags, emojis,
        reactions
    }
    AnnouncementAccount { id, username, url, acct }
    AnnouncementStatus { id, url }
    Reaction { name, count, me, url, static_url }
    Application { id, name, website, scopes, redirect_uris, redirect_uri, vapid_key }
    CredentialApplication { application, client_id, client_secret, client_secret_expires_at }
    Token { access_token, token_type, scope, created_at }
    QuoteApproval { automatic, manual, current_user }
    FeatureApproval { automatic, manual, current_user }
    Collection {
        id, account_id, uri, url, name, description, language, local, sensitive, discoverable, tag, created_at,
        updated_at, item_count, items
    }
    CollectionItem { id, account_id, state, created_at }
    Conversation { id, unread, accounts, last_status }
    CustomEmoji { shortcode, url, static_url, visible_in_picker, category, featured }
    Error { error, error_description, details }
    ErrorDetail { error, description }
    Filter { id, title, context, expires_at, filter_action, keywords, statuses }
    FilterKeyword { id, keyword, whole_word }
    FilterStatus { id, status_id }
    FilterResult { filter, keyword_matches, status_matches }
    FilterV1 { id, phrase, context, expires_at, irreversible, whole_word }
    Instance {
        domain, title, version, source_url, description, wrapstodon, usage, thumbnail, icon, languages, configuration,
        registrations, api_versions, contact, rules
    }
    InstanceUsage { users }
    InstanceUsers { active_month }
    InstanceThumbnail { url, description, blurhash, versions }
    InstanceConfiguration {
        urls, vapid, accounts, statuses, media_attachments, polls, translation, timelines_access, limited_federation
    }
    InstanceUrls { streaming, status, about, privacy_policy, terms_of_service }
    InstanceVapid { public_key }
    InstanceAccounts {
        max_display_name_length, max_note_length, max_avatar_description_length, max_header_description_length,
        max_featured_tags, max_pinned_statuses, max_profile_fields, profile_field_name_limit,
        profile_field_value_limit
    }
    InstanceStatuses { max_characters, max_media_attachments, characters_reserved_per_url }
    InstanceMediaAttachments {
        supported_mime_types, description_limit, image_size_limit, image_matrix_limit, video_size_limit,
        video_frame_rate_limit, video_matrix_limit
    }
    InstancePolls { max_options, max_characters_per_option, min_expiration, max_expiration }
    InstanceTranslation { enabled }
    InstanceTimelinesAccess { live_feeds, hashtag_feeds, trending_link_feeds }
    InstanceFeedAccess { local, remote }
    InstanceRegistrations { enabled, approval_required, message, min_age, reason_required, url }
    InstanceApiVersions { mastodon }
    InstanceContact { email, account }
    InstanceIcon { src, size }
    InstanceV1 {
        uri, title, short_description, description, email, version, urls, stats, thumbnail, languages, registrations,
        approval_required, invites_enabled, configuration, contact_account, rules
    }
    InstanceV1Urls { streaming_api }
    InstanceV1Stats { user_count, status_count, domain_count }
    InstanceV1Configuration { accounts, statuses, media_attachments, polls }
    InstanceV1Accounts { max_featured_tags }
    InstanceV1MediaAttachments {
        supported_mime_types, image_size_limit, image_matrix_limit, video_size_limit, video_frame_rate_limit,
        video_matrix_limit
    }
    List { id, title, replies_policy, exclusive }
    Marker { last_read_id, version, updated_at }
    Markers { home, notifications }
    MediaAttachment { id, r#type, url, preview_url, remote_url, meta, description, blurhash, preview_remote_url }
    MediaColors { background, foreground, accent }
    Focus { x, y }
    AccountWarning { id, action, text, status_ids, target_account, appeal, created_at }
    Appeal { text, state }
    RelationshipSeveranceEvent { id, r#type, purged, target_name, followers_count, following_count, created_at }
    Notification {
        id, r#type, group_key, created_at, account, status, report, event, moderation_warning, fallback, collection,
        filtered
    }
    NotificationFallback { title, summary, details }
    GroupedNotificationsResults { accounts, partial_accounts, statuses, notification_groups }
    NotificationGroup {
        group_key, notifications_count, r#type, most_recent_notification_id, page_min_id, page_max_id,
        latest_page_notification_at, sample_account_ids, status_id, report, event, moderation_warning, fallback,
        annual_report, collection
    }
    AnnualReportYear { year }
    NotificationPolicy {
        for_not_following, for_not_followers, for_new_accounts, for_private_mentions, for_limited_accounts, summary,
        for_bots
    }
    NotificationPolicySummary { pending_requests_count, pending_notifications_count }
    NotificationPolicyV1 {
        filter_not_following, filter_not_followers, filter_new_accounts, filter_private_mentions, summary, filter_bots
    }
    NotificationRequest { id, created_at, updated_at, account, notifications_count, last_status }
    Poll { id, expires_at, expired, multiple, votes_count, voters_count, options, emojis, voted, own_votes }
    PollOption { title, votes_count }
    Preferences {
        posting_default_visibility, posting_default_sensitive, posting_default_language, reading_expand_media,
        reading_expand_spoilers, posting_default_quote_policy, reading_autoplay_gifs
    }
    PreviewCard {
        url, title, description, r#type, authors, author_name, author_url, provider_name, provider_url, html, width,
        height, image, embed_url, blurhash, missing_attribution, published_at, language, image_description
    }
    TrendsLink { card, history }
    PreviewCardAuthor { name, url, account }
    Profile {
        id, display_name, note, fields, avatar, avatar_static, avatar_description, header, header_static,
        header_description, locked, bot, hide_collections, discoverable, indexable, show_media, show_media_replies,
        show_featured, attribution_domains, formatted_note, formatted_fields, featured_tags
    }
    Quote { state, quoted_status }
    ShallowQuote { state, quoted_status_id }
    Relationship {
        id, following, showing_reblogs, notifying, languages, followed_by, blocking, blocked_by, muting,
        muting_notifications, muting_expires_at, requested, requested_by, domain_blocking, endorsed, note
    }
    FamiliarFollowers { id, accounts }
    Report {
        id, action_taken, action_taken_at, category, comment, forwarded, created_at, status_ids, collection_ids,
        rule_ids, target_account
    }
    AccountRole { id, name, color }
    Role { id, name, color, permissions, highlighted, collection_limit }
    Rule { id, text, hint, translations }
    RuleTranslation { text, hint }
    ScheduledStatus { id, scheduled_at, params, media_attachments }
    ScheduledParams {
        text, poll, media_ids, sensitive, spoiler_text, visibility, in_reply_to_id, quoted_status_id,
        quote_approval_policy, language, application_id, scheduled_at, idempotency, with_rate_limit
    }
    Search { accounts, statuses, hashtags, collections }
    Status {
        id, uri, created_at, account, content, visibility, sensitive, spoiler_text, media_attachments, application,
        mentions, tags, emojis, reblogs_count, favourites_count, quotes_count, replies_count, url, in_reply_to_id,
        in_reply_to_account_id, reblog, poll, card, language, text, edited_at, quote, quote_approval, favourited,
        reblogged, muted, bookmarked, pinned, filtered, tagged_collections
    }
    Mention { id, username, url, acct }
    Context { ancestors, descendants }
    StatusSource { id, text, spoiler_text }
    StatusEdit { content, spoiler_text, sensitive, created_at, account, poll, media_attachments, emojis, quote }
    StatusEditPollOption { title }
    Suggestion { source, sources, account }
    ShallowTag { name, url }
    Tag { id, name, url, history, following, featuring }
    UseHistory { day, uses, accounts }
    FeaturedTag { id, name, url, statuses_count, last_status_at }
    ExtendedDescription { updated_at, content }
    PrivacyPolicy { updated_at, content }
    TermsOfService { effective_date, effective, content, succeeded_by }
}

parts! {
    MediaMeta {
        length, duration, fps, size, width, height, aspect, audio_encode, audio_bitrate, audio_channels, original, small,
        focus, colors
    }
    MediaSize { width, height, size, aspect, frame_rate, duration, bitrate }
    InstanceThumbnailVersions { normal, double }
    ScheduledPoll { options, expires_in, multiple, hide_totals }
    StatusEditPoll { options }
    StatusApplication { name, website }
}
