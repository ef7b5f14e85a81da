//! Pictures, sounds and videos: those of people here, and those from elsewhere under addresses of ours.

use std::time::Duration;

use phiomia_federation::media::{Named, Version};
use phiomia_mastodon::entities::{Focus, Id, MediaAttachment, MediaColors, MediaMeta, MediaSize, MediaType};
use phiomia_model::{
    Addresses,
    media::{Media, MediaFile, MediaKind, Playing},
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
        url: media.unfinished.is_none().then(|| at(&media.original)),
        preview_url: media.preview.as_ref().map(at),
        remote_url: None,
        meta: Some(MediaMeta {
            small: media.preview.as_ref().and_then(file_size),
            focus: media.focus.map(|(x, y)| Focus { x, y }),
            colors: media.colors.as_ref().map(|colors| MediaColors {
                background: colors.background.clone(),
                foreground: colors.foreground.clone(),
                accent: colors.accent.clone(),
            }),
            ..match &media.playing {
                Some(playing) => played(playing, &media.original),
                None => MediaMeta { original: file_size(&media.original), ..MediaMeta::default() },
            }
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

/// What is told of a film or a sound.
/// Source: <https://docs.joinmastodon.org/entities/MediaAttachment/#meta>.
fn played(playing: &Playing, file: &MediaFile) -> MediaMeta {
    let span = Duration::from_millis(playing.duration_ms);
    let (seconds, duration) = (span.as_secs(), span.as_secs_f64());
    let hundredths = span.subsec_millis() / 10;
    let seen = file_size(file).unwrap_or_default();
    let sound = playing.sound.as_ref();
    MediaMeta {
        length: Some(format!("{}:{:02}:{:02}.{hundredths:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)),
        duration: Some(duration),
        fps: playing.frame_rate.map(|(frames, seconds)| f64::from(frames) / f64::from(seconds.max(1))),
        original: Some(MediaSize {
            width: seen.width,
            height: seen.height,
            frame_rate: playing.frame_rate.map(|(frames, seconds)| format!("{frames}/{seconds}")),
            duration: Some(duration),
            bitrate: i64::try_from(playing.bitrate).ok(),
            ..MediaSize::default()
        }),
        size: seen.size,
        width: seen.width,
        height: seen.height,
        aspect: seen.aspect,
        audio_encode: sound.map(|sound| sound.codec.clone()),
        audio_bitrate: sound.map(|sound| format!("{} Hz", sound.rate_hz)),
        audio_channels: sound.map(|sound| match sound.channels {
            1 => "mono".to_owned(),
            2 => "stereo".to_owned(),
            n => format!("{n} channels"),
        }),
        ..MediaMeta::default()
    }
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
