//! Pictures, sounds and videos: those of people here, and those from elsewhere under addresses of ours.

use phiomia_federation::media::{Named, Version};
use phiomia_mastodon::entities::{Focus, Id, MediaAttachment, MediaMeta, MediaSize, MediaType};
use phiomia_model::{
    Addresses,
    media::{Media, MediaFile, MediaKind},
    remote::RemoteMedia,
};
use phiomia_store::db::statuses::StatusBody;

use super::{Cx, elsewhere::host};

/// The attachments of a post. Those from elsewhere have no rows of their own: their ids are made from the post's.
#[must_use]
pub(super) fn attachments(body: &StatusBody, cx: &Cx) -> Vec<MediaAttachment> {
    let own = body.media.iter().map(|one| media(one, &cx.addresses));
    let remote = body.attachments.iter().enumerate().filter_map(|(n, media)| attachment(body, n, media, cx));
    own.chain(remote).collect()
}

/// An upload of somebody here.
#[must_use]
pub fn media(media: &Media, addresses: &Addresses) -> MediaAttachment {
    let at = |file: &MediaFile| addresses.file_url(&file.key);
    MediaAttachment {
        id: Id(media.id.0),
        r#type: match media.kind {
            MediaKind::Image => MediaType::Image,
            MediaKind::Gifv => MediaType::Gifv,
            MediaKind::Video => MediaType::Video,
            MediaKind::Audio => MediaType::Audio,
            MediaKind::Unknown => MediaType::Unknown,
        },
        url: Some(at(&media.original)),
        preview_url: media.preview.as_ref().map(at),
        remote_url: None,
        meta: Some(MediaMeta {
            original: file_size(&media.original),
            small: media.preview.as_ref().and_then(file_size),
            focus: media.focus.map(|(x, y)| Focus { x, y }),
            ..MediaMeta::default()
        }),
        description: media.description.clone(),
        blurhash: media.blurhash.clone(),
        preview_remote_url: None,
    }
}

/// `None`: nothing of the server is shown.
fn attachment(body: &StatusBody, n: usize, media: &RemoteMedia, cx: &Cx) -> Option<MediaAttachment> {
    let id = body.id.0.saturating_add(i64::try_from(n).ok()?.saturating_add(1));
    let named = Named::Attachment { status: body.id, n };
    let at = |version| cx.elsewhere.address(&named, &media.url, version, [host(&body.uri)]);
    let url = at(Version::Original)?;
    let r#type = match media.kind.as_str() {
        "image" => MediaType::Image,
        "video" => MediaType::Video,
        "audio" => MediaType::Audio,
        _ => MediaType::Unknown,
    };
    let has_preview = r#type == MediaType::Image || media.preview_url.is_some();
    Some(MediaAttachment {
        id: Id(id),
        r#type,
        url: Some(url),
        preview_url: at(Version::Small).filter(|_| has_preview),
        remote_url: Some(media.url.clone()),
        meta: Some(MediaMeta {
            original: size(media),
            focus: media.focus.map(|(x, y)| Focus { x, y }),
            ..MediaMeta::default()
        }),
        description: media.description.clone(),
        blurhash: media.blurhash.clone(),
        preview_remote_url: media.preview_url.clone(),
    })
}

fn size(media: &RemoteMedia) -> Option<MediaSize> {
    media.width.zip(media.height).map(pixels)
}

fn file_size(file: &MediaFile) -> Option<MediaSize> {
    file.width.zip(file.height).map(pixels)
}

fn pixels((width, height): (u32, u32)) -> MediaSize {
    MediaSize {
        width: Some(i64::from(width)),
        height: Some(i64::from(height)),
        size: Some(format!("{width}x{height}")),
        aspect: Some(f64::from(width) / f64::from(height.max(1))),
        ..MediaSize::default()
    }
}
