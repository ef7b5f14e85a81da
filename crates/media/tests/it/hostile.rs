//! Files that are not what they say: refused with the cause, and nobody panics.

use image::ImageFormat;
use phiomia_media::{Purpose, Unfit, prepare};
use proptest::prelude::*;

use crate::made::{file, flag, gif, moving_png, moving_webp};

fn refused(bytes: &[u8]) -> Unfit {
    prepare(bytes, Purpose::Attachment).expect_err("this is no picture")
}

#[test]
fn what_is_cut_short_is_refused() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let bytes = file(&flag(200, 200), format);
        assert!(matches!(refused(&bytes[..bytes.len() / 2]), Unfit::Damaged(_)), "{format:?}");
        assert!(matches!(refused(&bytes[..30]), Unfit::Damaged(_)), "{format:?}");
    }
    let moving = gif(200, 200, 3);
    assert!(matches!(refused(&moving[..moving.len() / 2]), Unfit::Damaged(_)));
    // The two bytes that say that a JPEG ends are nothing that anybody sees.
    let jpeg = file(&flag(200, 200), ImageFormat::Jpeg);
    assert!(prepare(&jpeg[..jpeg.len() - 2], Purpose::Attachment).is_ok());
}

#[test]
fn a_head_that_promises_too_much_is_refused_before_anything_is_decoded() {
    let mut bytes = file(&flag(10, 10), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    // The checksum of the head no longer fits; either is right.
    assert!(matches!(refused(&bytes), Unfit::TooManyPixels { .. } | Unfit::Damaged(_)));
    let mut bytes = gif(10, 10, 2);
    bytes[6..10].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert!(matches!(refused(&bytes), Unfit::TooManyPixels { width: 65_535, height: 65_535 }));
}

#[test]
fn an_animation_that_never_ends_is_refused() {
    assert!(matches!(refused(&gif(1_200, 700, 400)), Unfit::TooMuchAnimation { .. }));
    assert!(matches!(refused(&gif(2_000, 700, 2)), Unfit::TooLargeToMove { .. }));
    assert!(matches!(refused(&gif(1, 1, 3_001)), Unfit::TooMuchAnimation { .. }));
}

#[test]
fn what_is_no_picture_is_of_no_kind() {
    for bytes in [&b""[..], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"#!/bin/sh", b"PK\x03\x04"] {
        assert_eq!(refused(bytes), Unfit::UnknownKind);
    }
}

#[test]
fn what_follows_a_picture_in_its_file_is_gone() {
    let mut bytes = file(&flag(60, 60), ImageFormat::Png);
    bytes.extend_from_slice(b"<script>alert(1)</script>PK\x03\x04");
    let picture = prepare(&bytes, Purpose::Attachment).unwrap();
    assert!(!crate::made::holds(&picture.original.bytes, "script"));
}

#[test]
fn more_bytes_than_may_be_are_not_looked_at() {
    let mut bytes = file(&flag(10, 10), ImageFormat::Png);
    bytes.resize(300_000, 0);
    assert_eq!(prepare(&bytes, Purpose::Emoji), Err(Unfit::TooManyBytes { most: 262_144 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn no_change_of_a_picture_makes_it_panic(which in 0_usize..6, at in 0.0_f64..1.0, value: u8, cut in 0.0_f64..1.0) {
        let picture = flag(40, 40);
        let mut bytes = match which {
            0 => file(&picture, ImageFormat::Jpeg),
            1 => file(&picture, ImageFormat::Png),
            2 => file(&picture, ImageFormat::WebP),
            3 => gif(40, 40, 3),
            4 => moving_png(40, 40, 3, cut > 0.5),
            _ => moving_webp(40, 40),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the file")]
        let place = |part: f64, len: usize| (part * len as f64) as usize;
        let at = place(at, bytes.len());
        bytes[at] = value;
        bytes.truncate(place(cut * 4.0, bytes.len()).max(12));
        let _ = prepare(&bytes, Purpose::Attachment);
    }
}
