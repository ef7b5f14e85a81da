//! What is kept of pictures.

use image::{AnimationDecoder as _, DynamicImage, GenericImageView as _, ImageFormat};
use phiomia_media::{Format, Picture, Purpose, Version, prepare};

use crate::made::{file, flag, gif, glass, holds, moving_png, moving_webp, turned_jpeg};

fn read(version: &Version) -> DynamicImage {
    let image = image::load_from_memory(&version.bytes).unwrap();
    assert_eq!((image.width(), image.height()), (version.width, version.height));
    image
}

/// Which of red, blue and white a pixel is nearest to.
fn color(image: &DynamicImage, x: u32, y: u32) -> &'static str {
    let [r, g, b, _] = image.get_pixel(x, y).0;
    match (r > 150, g > 150, b > 150) {
        (true, true, true) => "white",
        (true, _, _) => "red",
        (_, _, true) => "blue",
        _ => "other",
    }
}

fn attachment(bytes: &[u8]) -> Picture {
    prepare(bytes, Purpose::Attachment).unwrap()
}

#[test]
fn a_picture_keeps_its_format_and_gets_a_small_one_and_a_placeholder() {
    for (format, ours) in
        [(ImageFormat::Jpeg, Format::Jpeg), (ImageFormat::Png, Format::Png), (ImageFormat::WebP, Format::WebP)]
    {
        let picture = attachment(&file(&flag(1_600, 1_200), format));
        assert_eq!((picture.original.format, picture.original.width, picture.original.height), (ours, 1_600, 1_200));
        let preview = picture.preview.unwrap();
        assert_eq!((preview.width, preview.height), (554, 416));
        assert!(picture.still.is_none());
        assert_eq!(picture.blurhash.unwrap().len(), 36);
        for image in [read(&picture.original), read(&preview)] {
            let (width, height) = image.dimensions();
            assert_eq!(color(&image, 3, 3), "white");
            assert_eq!(color(&image, width - 4, 4), "red");
            assert_eq!(color(&image, width - 4, height - 4), "blue");
        }
    }
}

#[test]
fn a_picture_is_turned_upright_and_forgets_where_it_was_taken() {
    // Where the white corner goes, by the number in EXIF.
    let corners = [(1, 0, 0), (3, 1, 1), (6, 1, 0), (8, 0, 1)];
    for (orientation, right, below) in corners {
        let bytes = turned_jpeg(&flag(400, 200), orientation);
        assert!(holds(&bytes, "secret place"));
        let picture = attachment(&bytes);
        let image = read(&picture.original);
        let (width, height) = image.dimensions();
        assert_eq!((width, height), if orientation < 5 { (400, 200) } else { (200, 400) });
        assert_eq!(color(&image, right * (width - 8) + 4, below * (height - 8) + 4), "white", "{orientation}");
        assert!(!holds(&picture.original.bytes, "secret place") && !holds(&picture.original.bytes, "Exif"));
    }
}

#[test]
fn a_large_picture_becomes_as_large_as_mastodons() {
    let picture = attachment(&file(&flag(6_000, 4_000), ImageFormat::Jpeg));
    let Version { width, height, .. } = picture.original;
    assert!(u64::from(width) * u64::from(height) <= 8_294_400 + 4_000, "{width}x{height}");
    assert_eq!((width, height), (3_527, 2_352));
    assert_eq!(color(&read(&picture.original), 100, 100), "white");
}

#[test]
fn what_can_be_seen_through_stays_so() {
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let picture = attachment(&file(&glass(800, 800), format));
        for version in [&picture.original, picture.preview.as_ref().unwrap()] {
            let image = read(version);
            assert_eq!(image.get_pixel(image.width() / 2, image.height() / 2).0[3], 0);
            assert_eq!(image.get_pixel(2, 2).0[3], 255);
        }
    }
}

#[test]
fn a_moving_gif_goes_on_moving_and_has_a_still_one() {
    let bytes = gif(100, 50, 5);
    assert!(holds(&bytes, "secret place"));
    let picture = attachment(&bytes);
    assert_eq!(picture.original.format, Format::Gif);
    assert!(!holds(&picture.original.bytes, "secret place"));
    let decoder = image::codecs::gif::GifDecoder::new(std::io::Cursor::new(&picture.original.bytes)).unwrap();
    let frames = decoder.into_frames().collect_frames().unwrap();
    assert_eq!(frames.len(), 5);
    assert_eq!(frames[0].delay().numer_denom_ms(), (70, 1));
    assert_eq!(frames[1].buffer().get_pixel(1, 1).0, [0, 0, 255, 255]);
    assert!(holds(&picture.original.bytes, "NETSCAPE2.0"));
    let still = picture.still.unwrap();
    assert_eq!(still.format, Format::Png);
    assert_eq!(color(&read(&still), 1, 1), "red");
    assert!(picture.preview.is_some() && picture.blurhash.is_some());
}

#[test]
fn a_moving_avatar_moves_where_it_needs_no_cutting() {
    let small = prepare(&gif(100, 100, 3), Purpose::Avatar).unwrap();
    assert_eq!((small.original.format, small.original.width), (Format::Gif, 100));
    let large = prepare(&gif(500, 300, 3), Purpose::Avatar).unwrap();
    assert_eq!((large.original.format, large.original.width, large.original.height), (Format::Png, 400, 400));
}

#[test]
fn a_gif_of_one_picture_becomes_a_png() {
    let picture = attachment(&gif(30, 30, 1));
    assert_eq!(picture.original.format, Format::Png);
    assert!(picture.still.is_none());
}

#[test]
fn a_moving_webp_goes_on_moving() {
    let picture = attachment(&moving_webp(80, 60));
    assert_eq!(picture.original.format, Format::WebP);
    let decoder = image::codecs::webp::WebPDecoder::new(std::io::Cursor::new(&picture.original.bytes)).unwrap();
    assert!(decoder.has_animation());
    assert_eq!(color(&read(&picture.still.unwrap()), 1, 1), "red");
}

/// Every picture of a moving PNG, as it is shown.
fn shown(bytes: &[u8]) -> Vec<image::Frame> {
    let decoder = image::codecs::png::PngDecoder::new(std::io::Cursor::new(bytes)).unwrap();
    decoder.apng().unwrap().into_frames().collect_frames().unwrap()
}

#[test]
fn a_moving_png_goes_on_moving_without_loss_and_has_a_still_one() {
    for other_first in [false, true] {
        let bytes = moving_png(80, 60, 3, other_first);
        assert!(holds(&bytes, "secret place"));
        let picture = attachment(&bytes);
        assert_eq!((picture.original.format, picture.original.width), (Format::Png, 80));
        assert!(!holds(&picture.original.bytes, "secret place") && holds(&picture.original.bytes, "acTL"));
        let (came, kept) = (shown(&bytes), shown(&picture.original.bytes));
        assert_eq!((came.len(), kept.len()), (3, 3));
        for (came, kept) in came.iter().zip(&kept) {
            assert_eq!((came.delay(), came.buffer()), (kept.delay(), kept.buffer()));
        }
        assert_eq!(kept[0].delay().numer_denom_ms(), (70, 1));
        let still = picture.still.unwrap();
        assert_eq!(color(&read(&still), 40, 30), if other_first { "white" } else { "red" });
        assert!(picture.preview.is_some() && picture.blurhash.is_some());
    }
}

#[test]
fn moving_pngs_are_emojis_and_avatars_and_too_large_ones_show_their_first_picture() {
    for purpose in [Purpose::Emoji, Purpose::Avatar] {
        let moving = prepare(&moving_png(64, 64, 2, false), purpose).unwrap();
        assert_eq!(shown(&moving.original.bytes).len(), 2);
        assert!(!holds(&moving.still.unwrap().bytes, "acTL"));
    }
    for (bytes, purpose) in [
        (moving_png(600, 500, 2, false), Purpose::Avatar),
        (moving_png(1_400, 900, 2, false), Purpose::Attachment),
        (moving_png(10, 10, 3_001, false), Purpose::Attachment),
    ] {
        let picture = prepare(&bytes, purpose).unwrap();
        assert!(picture.still.is_none() && !holds(&picture.original.bytes, "acTL"));
        assert_eq!(color(&read(&picture.original), 5, 5), "red");
    }
}

#[test]
fn colors_go_with_every_picture() {
    let bytes = file(&flag(400, 300), ImageFormat::Png);
    for colors in [attachment(&bytes).colors.unwrap(), prepare(&bytes, Purpose::Thumbnail).unwrap().colors.unwrap()] {
        assert_eq!((colors.background.as_str(), colors.foreground.as_str()), ("#1314dc", "#ffffff"));
    }
}

#[test]
fn avatars_are_squares_and_headers_are_broad() {
    let bytes = file(&flag(900, 600), ImageFormat::Png);
    let avatar = prepare(&bytes, Purpose::Avatar).unwrap();
    assert_eq!((avatar.original.width, avatar.original.height, avatar.preview.is_some()), (400, 400, false));
    let header = prepare(&bytes, Purpose::Header).unwrap();
    assert_eq!((header.original.width, header.original.height), (1_500, 500));
    // Cut, not squeezed: the middle stays where it was.
    let image = read(&header.original);
    assert_eq!((color(&image, 750, 230), color(&image, 750, 270)), ("red", "blue"));
}

#[test]
fn colors_of_another_profile_are_told_in_srgb() {
    // Pure red of Display P3 is beyond sRGB; a middle red of it is more than the same numbers in sRGB.
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let pixels = image::RgbImage::from_pixel(20, 20, image::Rgb([200, 100, 100]));
    let mut bytes = Vec::new();
    {
        let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
        image::ImageEncoder::set_icc_profile(&mut encoder, profile).unwrap();
        pixels.write_with_encoder(encoder).unwrap();
    }
    let picture = attachment(&bytes);
    let [r, g, _, _] = read(&picture.original).get_pixel(5, 5).0;
    assert!(r > 205 && g < 100, "{r} {g}");
    assert!(!holds(&picture.original.bytes, "iCCP"));
}
