//! The server as its clients see it, in both versions.

use phiomia_mastodon::entities::{
    self, FeedAccess, InstanceAccounts, InstanceApiVersions, InstanceConfiguration, InstanceContact,
    InstanceFeedAccess, InstanceIcon, InstanceMediaAttachments, InstancePolls, InstanceRegistrations, InstanceStatuses,
    InstanceThumbnail, InstanceThumbnailVersions, InstanceTimelinesAccess, InstanceTranslation, InstanceUrls,
    InstanceUsage, InstanceUsers, InstanceV1Accounts, InstanceV1Configuration, InstanceV1MediaAttachments,
    InstanceV1Stats, InstanceV1Urls, InstanceVapid,
};
use phiomia_media::StillCodec;
use phiomia_model::{limits::LIMITS, media::MediaFile};
use phiomia_store::db::{
    accounts::AccountView,
    server::{RuleView, Usage},
};
use std::sync::Arc;

use super::{Cx, account, number, rule};
use crate::settings::{Registrations, ServerSettings};

/// What clients parse: the Mastodon whose API this is, then who serves it.
pub const VERSION: &str = concat!("4.7.0 (compatible; Phiomia ", env!("CARGO_PKG_VERSION"), ")");
/// Of the levels of Mastodon's API the highest of which all is here: 2 promises grouped notifications, 6 endorsements and
/// featured tags by their new paths, 7 quotes; 10 would promise collections. Apps show by it what they have.
/// Source: <https://docs.joinmastodon.org/entities/Instance/#api-versions>.
const API_LEVEL: i64 = 7;

/// What the two entities are made of.
#[derive(Clone, Debug)]
pub struct InstanceFacts {
    /// The settings.
    pub settings: Arc<ServerSettings>,
    /// The rules in order.
    pub rules: Vec<RuleView>,
    /// Whom to write to.
    pub contact: Option<Arc<AccountView>>,
    /// How many people live here.
    pub n_users: i64,
    /// How much it is used.
    pub usage: Usage,
    /// Where the source of what runs here is; where the server tells about itself, when nobody said.
    pub source_url: String,
    /// Whether films and sounds that browsers do not play are converted.
    pub converts: bool,
    /// Pictures in boxes that are decoded here.
    pub stills: Vec<StillCodec>,
    /// Whether there are terms of service.
    pub has_terms: bool,
    /// Whether only servers that were allowed by hand are spoken with.
    pub is_limited: bool,
}

/// Version 2.
#[must_use]
pub fn instance(facts: &InstanceFacts, cx: &Cx) -> entities::Instance {
    let settings = &facts.settings;
    entities::Instance {
        domain: cx.addresses.local_domain.clone(),
        title: settings.title.clone(),
        version: VERSION.to_owned(),
        source_url: facts.source_url.clone(),
        description: settings.short_description.clone(),
        wrapstodon: None,
        usage: InstanceUsage { users: InstanceUsers { active_month: facts.usage.n_active } },
        thumbnail: thumbnail(settings, cx),
        icon: icon(settings, cx),
        languages: languages(),
        configuration: configuration(facts, cx),
        registrations: InstanceRegistrations {
            enabled: settings.registrations != Registrations::Closed,
            approval_required: settings.registrations == Registrations::Approval,
            message: settings.closed_registrations_message.clone(),
            min_age: settings.least_age().map(Into::into),
            reason_required: Some(settings.registrations == Registrations::Approval),
            url: None,
        },
        api_versions: InstanceApiVersions { mastodon: API_LEVEL },
        contact: InstanceContact {
            email: settings.contact_email.clone(),
            account: facts.contact.as_ref().map(|view| account(view, cx)),
        },
        rules: facts.rules.iter().map(rule).collect(),
    }
}

/// Version 1.
#[must_use]
pub fn instance_v1(facts: &InstanceFacts, cx: &Cx) -> entities::InstanceV1 {
    let settings = &facts.settings;
    let media = media_attachments(facts.converts, &facts.stills);
    entities::InstanceV1 {
        uri: cx.addresses.local_domain.clone(),
        title: settings.title.clone(),
        short_description: settings.short_description.clone(),
        description: settings.short_description.clone(),
        email: settings.contact_email.clone(),
        version: VERSION.to_owned(),
        urls: InstanceV1Urls { streaming_api: cx.addresses.streaming() },
        stats: InstanceV1Stats {
            user_count: facts.n_users,
            status_count: facts.usage.n_statuses,
            domain_count: facts.usage.n_domains,
        },
        thumbnail: Some(thumbnail(settings, cx).url),
        languages: languages(),
        registrations: settings.registrations != Registrations::Closed,
        approval_required: settings.registrations == Registrations::Approval,
        invites_enabled: false,
        configuration: InstanceV1Configuration {
            accounts: InstanceV1Accounts { max_featured_tags: number(LIMITS.featured_tags) },
            statuses: statuses(),
            media_attachments: InstanceV1MediaAttachments {
                supported_mime_types: media.supported_mime_types,
                image_size_limit: media.image_size_limit,
                image_matrix_limit: media.image_matrix_limit,
                video_size_limit: media.video_size_limit,
                video_frame_rate_limit: media.video_frame_rate_limit,
                video_matrix_limit: media.video_matrix_limit,
            },
            polls: polls(),
        },
        contact_account: facts.contact.as_ref().map(|view| account(view, cx)),
        rules: facts.rules.iter().map(rule).collect(),
    }
}

fn configuration(facts: &InstanceFacts, cx: &Cx) -> InstanceConfiguration {
    let open = InstanceFeedAccess { local: FeedAccess::Public, remote: FeedAccess::Public };
    InstanceConfiguration {
        urls: InstanceUrls {
            streaming: cx.addresses.streaming(),
            status: facts.settings.status_page_url.clone(),
            about: cx.addresses.at("/about"),
            privacy_policy: facts.settings.privacy_policy.as_ref().map(|_| cx.addresses.at("/privacy-policy")),
            terms_of_service: facts.has_terms.then(|| cx.addresses.at("/terms-of-service")),
        },
        // No key: there is no Web Push yet.
        vapid: InstanceVapid { public_key: String::new() },
        accounts: InstanceAccounts {
            max_display_name_length: number(LIMITS.display_name_characters),
            max_note_length: number(LIMITS.note_characters),
            max_avatar_description_length: number(LIMITS.description_characters),
            max_header_description_length: number(LIMITS.description_characters),
            max_featured_tags: number(LIMITS.featured_tags),
            max_pinned_statuses: number(LIMITS.pinned_statuses),
            max_profile_fields: number(LIMITS.profile_fields),
            profile_field_name_limit: number(LIMITS.profile_field_characters),
            profile_field_value_limit: number(LIMITS.profile_field_characters),
        },
        statuses: statuses(),
        media_attachments: media_attachments(facts.converts, &facts.stills),
        polls: polls(),
        translation: InstanceTranslation { enabled: false },
        timelines_access: InstanceTimelinesAccess {
            live_feeds: open.clone(),
            hashtag_feeds: open.clone(),
            trending_link_feeds: open,
        },
        limited_federation: facts.is_limited,
    }
}

fn statuses() -> InstanceStatuses {
    InstanceStatuses {
        max_characters: number(LIMITS.status_characters),
        max_media_attachments: number(LIMITS.attachments),
        characters_reserved_per_url: number(LIMITS.characters_per_link),
    }
}

fn media_attachments(converts: bool, stills: &[StillCodec]) -> InstanceMediaAttachments {
    let converted: &[&str] = if converts { &phiomia_media::CONVERTED_TYPES } else { &[] };
    InstanceMediaAttachments {
        supported_mime_types: phiomia_media::PICTURE_TYPES
            .iter()
            .chain(stills.iter().flat_map(|codec| codec.media_types()))
            .chain(&phiomia_media::PLAYABLE_TYPES)
            .chain(converted)
            .map(ToString::to_string)
            .collect(),
        description_limit: number(LIMITS.description_characters),
        image_size_limit: number(LIMITS.image_bytes),
        image_matrix_limit: number(LIMITS.image_pixels),
        video_size_limit: number(LIMITS.video_bytes),
        video_frame_rate_limit: number(LIMITS.video_frame_rate),
        video_matrix_limit: number(LIMITS.video_pixels),
    }
}

fn polls() -> InstancePolls {
    InstancePolls {
        max_options: number(LIMITS.poll_options),
        max_characters_per_option: number(LIMITS.poll_option_characters),
        min_expiration: LIMITS.poll_min_seconds,
        max_expiration: LIMITS.poll_max_seconds,
    }
}

/// The broad picture of the server; the one that stands for a missing one when there is none.
fn thumbnail(settings: &ServerSettings, cx: &Cx) -> InstanceThumbnail {
    let urls =
        settings.thumbnail.iter().flat_map(|picture| &picture.files).map(|file| cx.addresses.file_url(&file.key));
    let mut urls = urls.fuse();
    let (normal, double) = (urls.next(), urls.next());
    InstanceThumbnail {
        url: normal.clone().unwrap_or_else(|| cx.addresses.at("/headers/original/missing.png")),
        description: String::new(),
        blurhash: settings.thumbnail.as_ref().and_then(|picture| picture.blurhash.clone()),
        versions: normal.is_some().then_some(InstanceThumbnailVersions { normal, double }),
    }
}

fn icon(settings: &ServerSettings, cx: &Cx) -> Vec<InstanceIcon> {
    let files = settings.icon.iter().flat_map(|picture| &picture.files);
    let icon = |file: &MediaFile| InstanceIcon {
        src: cx.addresses.file_url(&file.key),
        size: format!("{}x{}", file.width.unwrap_or_default(), file.height.unwrap_or_default()),
    };
    files.map(icon).collect()
}

fn languages() -> Vec<String> {
    vec!["en".to_owned()]
}
