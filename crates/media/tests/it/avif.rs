//! AVIF as people send it. Each file shows the same: red on the left, blue on the right, a white corner above on the left.

use image::DynamicImage;
use phiomia_media::{Format, Picture, Purpose, Unfit, prepare};
use proptest::prelude::*;

macro_rules! corpus {
    ($name:literal) => {
        include_bytes!(concat!("../../../../fuzz/corpus/pictures/", $name))
    };
}

fn made(bytes: &[u8]) -> (Picture, DynamicImage) {
    let picture = prepare(bytes, Purpose::Attachment).unwrap();
    let image = image::load_from_memory(&picture.original.bytes).unwrap();
    (picture, image)
}

/// Whether a pixel is of a colour, but for what two encoders lose.
fn is_near(image: &DynamicImage, (x, y): (u32, u32), color: [u8; 3]) -> bool {
    image.to_rgb8().get_pixel(x, y).0.iter().zip(color).all(|(a, b)| a.abs_diff(b) < 12)
}

#[test]
fn every_kind_of_it_shows_what_is_in_it() {
    for (name, bytes, (width, height)) in [
        ("8 bits, 4:2:0", &corpus!("a.avif")[..], (120, 60)),
        ("odd sides", corpus!("odd.avif"), (61, 41)),
        ("10 bits, 4:4:4", corpus!("ten.avif"), (120, 60)),
        ("12 bits, 4:2:2", corpus!("twelve.avif"), (120, 60)),
        ("lossless, as red, green and blue", corpus!("lossless.avif"), (120, 60)),
        ("in four parts", corpus!("grid.avif"), (160, 128)),
    ] {
        let (picture, image) = made(bytes);
        assert_eq!((picture.original.format, image.width(), image.height()), (Format::Jpeg, width, height), "{name}");
        for (at, color) in
            [((3, 3), [255, 255, 255]), ((width / 4, height - 6), [254, 0, 0]), ((width - 8, height - 6), [0, 0, 254])]
        {
            assert!(is_near(&image, at, color), "{name}: {:?} at {at:?}", image.to_rgb8().get_pixel(at.0, at.1));
        }
        assert!(picture.preview.is_some() && picture.blurhash.is_some() && picture.colors.is_some(), "{name}");
    }
    let (_, grey) = made(corpus!("grey.avif"));
    assert!(is_near(&grey, (3, 3), [255, 255, 255]) && is_near(&grey, (30, 54), [76, 76, 76]));
}

#[test]
fn it_stands_upright() {
    // A quarter against the clock: what is above on the left comes below on the left.
    let (picture, image) = made(corpus!("turned.avif"));
    assert_eq!((picture.original.width, picture.original.height), (60, 120));
    assert!(is_near(&image, (3, 116), [255, 255, 255]));
    assert!(is_near(&image, (50, 90), [254, 0, 0]) && is_near(&image, (50, 10), [0, 0, 254]));
}

#[test]
fn what_is_seen_through_stays_so() {
    let (picture, image) = made(corpus!("glass.avif"));
    assert_eq!((picture.original.format, image.width(), image.height()), (Format::WebP, 61, 41));
    let image = image.to_rgba8();
    let through = |x: u32, y: u32| image.get_pixel(x, y).0[3];
    assert!(through(3, 3) > 250, "{}", through(3, 3));
    assert!(through(50, 35) < 5, "{}", through(50, 35));
    assert!((118..138).contains(&through(10, 35)), "{}", through(10, 35));
}

#[test]
fn colours_of_another_space_are_told_in_srgb() {
    // 200, 80, 60 of Display P3 is a stronger red in sRGB.
    let (_, image) = made(corpus!("wide.avif"));
    assert!(is_near(&image, (20, 20), [216, 73, 51]), "{:?}", image.to_rgb8().get_pixel(20, 20));
}

#[test]
fn what_is_cut_or_too_large_is_refused() {
    let whole = corpus!("ten.avif");
    for cut in (20..whole.len() - 1).step_by(13) {
        assert!(prepare(&whole[..cut], Purpose::Attachment).is_err(), "{cut} of {}", whole.len());
    }
    // Both places that say so: the boxes and the head of the stream are compared.
    let mut large = corpus!("a.avif").to_vec();
    let at = large.windows(4).position(|four| four == b"ispe").unwrap() + 8;
    large[at..at + 8].copy_from_slice(&[0, 0, 0x10, 0, 0, 0, 0x0f, 0]);
    let refused = prepare(&large, Purpose::Attachment);
    assert!(matches!(refused, Err(Unfit::Damaged(_))), "{refused:?}");
    large[at..at + 8].copy_from_slice(&[0, 0, 0x18, 0, 0, 0, 0x14, 0]);
    let refused = prepare(&large, Purpose::Attachment);
    assert_eq!(refused, Err(Unfit::LargeAvif { width: 0x1800, height: 0x1400 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_change_of_it_makes_it_panic(which in 0_usize..4, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5)) {
        let files = [&corpus!("a.avif")[..], corpus!("ten.avif"), corpus!("glass.avif"), corpus!("lossless.avif")];
        let mut bytes = files[which].to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = prepare(&bytes, Purpose::Emoji);
    }
}
