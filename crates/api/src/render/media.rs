//! Pictures, sounds and videos of posts from elsewhere, where they lie.

use phiomia_mastodon::entities::{Focus, Id, MediaAttachment, MediaMeta, MediaSize, MediaType};
use phiomia_model::remote::RemoteMedia;
use phiomia_store::db::statuses::StatusBody;

/// The attachments of a post. Their ids are made from the post's: they have no rows of their own.
#[must_use]
pub fn attachments(body: &StatusBody) -> Vec<MediaAttachment> {
    (1_i64..).zip(&body.attachments).map(|(n, media)| attachment(body.id.0.saturating_add(n), media)).collect()
}

fn attachment(id: i64, media: &RemoteMedia) -> MediaAttachment {
    let r#type = match media.kind.as_str() {
        "image" => MediaType::Image,
        "video" => MediaType::Video,
        "audio" => MediaType::Audio,
        _ => MediaType::Unknown,
    };
    let is_picture = r#type == MediaType::Image;
    let preview = media.preview_url.clone().or_else(|| is_picture.then(|| media.url.clone()));
    MediaAttachment {
        id: Id(id),
        r#type,
        url: Some(media.url.clone()),
        preview_url: preview,
        remote_url: Some(media.url.clone()),
        meta: Some(MediaMeta {
            original: size(media),
            focus: media.focus.map(|(x, y)| Focus { x, y }),
            ..MediaMeta::default()
        }),
        description: media.description.clone(),
        blurhash: media.blurhash.clone(),
        preview_remote_url: media.preview_url.clone(),
    }
}

fn size(media: &RemoteMedia) -> Option<MediaSize> {
    let (width, height) = media.width.zip(media.height)?;
    Some(MediaSize {
        width: Some(i64::from(width)),
        height: Some(i64::from(height)),
        size: Some(format!("{width}x{height}")),
        aspect: Some(f64::from(width) / f64::from(height.max(1))),
        ..MediaSize::default()
    })
}
