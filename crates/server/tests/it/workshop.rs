//! The child that decodes what strangers made, as the program that it is.

use std::{io::Cursor, path::PathBuf, time::Duration};

#[path = "../../../media/tests/it/jpeg/made.rs"]
mod made_jpeg;

use bytes::Bytes;
use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};
use phiomia_media::{Picture, Purpose, Unfit};
use phiomia_workshop::{Settings, Spoiled, Workshop};

const MEGABYTE: u64 = 1024 * 1024;

fn settings() -> Settings {
    Settings {
        program: (PathBuf::from(env!("CARGO_BIN_EXE_phiomia")), vec!["media-child".into()]),
        memory: 200 * MEGABYTE,
        patience: Duration::from_secs(60),
        concurrency: 1,
        folder: std::env::temp_dir(),
        reserve: 0,
        converter: None,
    }
}

fn file(image: &DynamicImage, format: ImageFormat) -> Bytes {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner().into()
}

/// All pixels the same.
fn of_pixel<T: Copy>(width: u32, height: u32, pixel: &[T]) -> Vec<T> {
    pixel.repeat(usize::try_from(width * height).unwrap())
}

fn blue(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_raw(width, height, of_pixel(width, height, &[10, 20, 200])).unwrap().into()
}

async fn made(workshop: &Workshop, bytes: Bytes) -> Result<Picture, Unfit> {
    match workshop.picture(bytes, Purpose::Attachment).await {
        Ok(picture) => Ok(picture),
        Err(Spoiled::Unfit(unfit)) => Err(unfit),
        Err(Spoiled::Broken(fault)) => panic!("{}", fault.chain()),
    }
}

#[tokio::test]
async fn a_child_makes_the_same_as_this_process() {
    let bytes = file(&blue(900, 800), ImageFormat::Png);
    let here = made(&Workshop::inside(), bytes.clone()).await.unwrap();
    assert_eq!(made(&Workshop::new(settings()), bytes).await.unwrap(), here);
}

#[tokio::test]
async fn thirty_three_megapixels_fit_and_three_at_once_wait_for_each_other() {
    let workshop = Workshop::new(settings());
    let jpeg = file(&blue(7_680, 4_320), ImageFormat::Jpeg);
    let clear = RgbaImage::from_raw(7_680, 4_320, of_pixel(7_680, 4_320, &[1, 2, 3, 100])).unwrap().into();
    let png = file(&clear, ImageFormat::Png);
    drop(clear);
    let (one, two, three) = tokio::join!(made(&workshop, jpeg.clone()), made(&workshop, png), made(&workshop, jpeg));
    for picture in [one, two, three] {
        let original = picture.unwrap().original;
        assert_eq!((original.width, original.height), (3_840, 2_160));
    }
}

/// A progressive JPEG with detail in every block, and as a baseline one.
fn many_waves(width: u16, rows: u16, factors: &[(u8, u8)], adobe: Option<u8>) -> (Bytes, Bytes) {
    let down = factors.iter().map(|(_, down)| *down).max().unwrap();
    let mut waves = made_jpeg::Waves::new((width, 8 * u16::from(down)), factors, |one, x, y| {
        let mut block = [0_i16; 64];
        // Brightness 178; the first difference far above the middle, the others in it.
        block[0] = if one == 1 {
            100
        } else if one == 0 || one == 3 {
            50
        } else {
            0
        };
        block[x % 50 + 1] = 3;
        block[(x + y) % 9 + 1] = -2;
        block
    });
    waves.adobe = adobe;
    waves.repeats = rows;
    (waves.as_usual().into(), waves.baseline().into())
}

#[tokio::test]
async fn jpegs_of_thirty_three_megapixels_fit_however_they_are_coded() {
    let workshop = Workshop::new(settings());
    let full = [(1, 1); 4];
    // Brightness and differences as light; inks as what is left of it.
    let (blueish, reddish) = ([178, 144, 255], [178, 228, 128]);
    for (name, factors, adobe, color) in [
        ("4:2:0", &[(2, 2), (1, 1), (1, 1)][..], None, blueish),
        ("4:2:2", &[(2, 1), (1, 1), (1, 1)], None, blueish),
        ("4:4:4", &full[..3], None, blueish),
        ("grey", &full[..1], None, [178; 3]),
        ("red, green and blue", &full[..3], Some(0), reddish),
        ("inks", &full[..], Some(0), [124, 159, 89]),
        ("inks as differences", &full[..], Some(2), [54, 77, 0]),
    ] {
        let down = u16::from(factors.iter().map(|(_, down)| *down).max().unwrap());
        // Half of it has a little too few pixels, so more is decoded.
        let (progressive, baseline) = many_waves(7_664, 540 / down, factors, adobe);
        let mut files = vec![("progressive", progressive)];
        if factors.len() == 4 {
            files.push(("baseline", baseline));
        }
        if name == "4:2:0" {
            files.push(("of which half is enough", many_waves(7_680, 270, factors, adobe).0));
        }
        for (kind, bytes) in files {
            let original =
                made(&workshop, bytes).await.unwrap_or_else(|unfit| panic!("{name}, {kind}: {unfit}")).original;
            assert!((3_836..=3_840).contains(&original.width) && (2_160..=2_162).contains(&original.height));
            let pixels = image::load_from_memory(&original.bytes).unwrap().to_rgb8().into_raw();
            let mean = [0, 1, 2].map(|channel| {
                let some: Vec<u64> = pixels.chunks_exact(3 * 1_013).map(|row| row[channel].into()).collect();
                u8::try_from(some.iter().sum::<u64>() / some.len() as u64).unwrap()
            });
            assert!(mean.iter().zip(color).all(|(a, b)| a.abs_diff(b) < 6), "{name}, {kind}: {mean:?}");
        }
    }
}

#[tokio::test]
async fn thirty_three_megapixels_fit_whatever_their_bytes_say() {
    let workshop = Workshop::new(settings());
    let (wide, high) = (7_680, 4_320);
    let color = |image: &DynamicImage| image.to_rgba8().get_pixel(900, 700).0;
    let rgb = || blue(wide, high);
    let rgba = |alpha| -> DynamicImage {
        RgbaImage::from_raw(wide, high, of_pixel(wide, high, &[10, 20, 200, alpha])).unwrap().into()
    };
    let grey = |alpha| -> DynamicImage {
        image::GrayAlphaImage::from_raw(wide, high, of_pixel(wide, high, &[90, alpha])).unwrap().into()
    };
    let deep = |alpha| {
        let pixels = of_pixel(wide, high, &[2_570, 5_140, 51_400, alpha]);
        DynamicImage::ImageRgba16(image::ImageBuffer::from_raw(wide, high, pixels).unwrap())
    };
    let (blueish, veiled) = ([10, 20, 200, 255], [10, 20, 200, 100]);
    let kinds: [(&str, Maker<'_>, [u8; 4]); 7] = [
        ("PNG with a channel that says nothing", &|| file(&rgba(255), ImageFormat::Png), blueish),
        ("PNG, grey and seen through", &|| file(&grey(100), ImageFormat::Png), [90, 90, 90, 100]),
        ("PNG of 16 bits, seen through", &|| file(&deep(25_700), ImageFormat::Png), veiled),
        ("WebP without loss", &|| file(&rgb(), ImageFormat::WebP), blueish),
        ("WebP without loss, seen through", &|| file(&rgba(100), ImageFormat::WebP), veiled),
        ("WebP", &|| lossy(&rgb()), blueish),
        ("GIF", &|| gif(7_680, 4_320), blueish),
    ];
    for (name, bytes, expected) in kinds {
        let original = made(&workshop, bytes()).await.unwrap_or_else(|unfit| panic!("{name}: {unfit}")).original;
        assert_eq!((original.width, original.height), (3_840, 2_160), "{name}");
        let seen = color(&image::load_from_memory(&original.bytes).unwrap());
        assert!(seen.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 8), "{name}: {seen:?}");
    }
}

/// One after the other, for each takes much memory.
type Maker<'a> = &'a dyn Fn() -> Bytes;

fn gif(width: u16, height: u16) -> Bytes {
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, width, height, &[10, 20, 200, 0, 0, 0]).unwrap();
    let buffer = vec![0; usize::from(width) * usize::from(height)].into();
    encoder.write_frame(&gif::Frame { width, height, buffer, ..gif::Frame::default() }).unwrap();
    drop(encoder);
    bytes.into()
}

fn lossy(image: &DynamicImage) -> Bytes {
    let rgb = image.to_rgb8();
    webp::Encoder::from_rgb(&rgb, rgb.width(), rgb.height()).encode(80.0).to_vec().into()
}

/// Numbers that nothing makes small, always the same.
fn noise() -> impl FnMut() -> u8 {
    let mut state = 0x9e37_79b9_u32;
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[3]
    }
}

/// A WebP with loss: nothing of its left quarter is seen and all of its right one, between them about half of the pixels.
fn veiled_webp(width: u32, height: u32) -> Bytes {
    let mut noise = noise();
    let image = RgbaImage::from_fn(width, height, |x, _| {
        let (grain, coin) = (noise() / 8, noise());
        let alpha = match 4 * x / width {
            0 => 0,
            3 => 255,
            _ => 255 * (coin & 1),
        };
        image::Rgba([grain, 20 + grain, 180 + grain, alpha])
    });
    let mut config = webp::WebPConfig::new().unwrap();
    // What is said of blocks, and not of their pixels, may be half a megabyte at most.
    (config.quality, config.method, config.exact, config.partition_limit) = (85.0, 0, 1, 100);
    webp::Encoder::from_rgba(&image, width, height).encode_advanced(&config).unwrap().to_vec().into()
}

#[tokio::test]
async fn a_webp_with_loss_of_thirty_three_megapixels_fits_and_is_seen_through_as_before() {
    let workshop = Workshop::new(settings());
    let file = veiled_webp(7_680, 4_320);
    assert!((9_000_000..16_000_000).contains(&file.len()), "{}", file.len());
    let original = made(&workshop, file).await.unwrap().original;
    assert_eq!((original.width, original.height), (3_840, 2_160));
    let image = image::load_from_memory(&original.bytes).unwrap().to_rgba8();
    // The middle of a part, on average.
    let mean = |left: u32| {
        let pixels =
            image.enumerate_pixels().filter(|(x, ..)| (left..left + 700).contains(x)).map(|(.., pixel)| pixel.0);
        let (n, sums) = pixels.fold((0, [0_u64; 4]), |(n, sums), pixel| {
            (n + 1, std::array::from_fn(|at| sums[at] + u64::from(pixel[at])))
        });
        sums.map(|sum| u8::try_from(sum / n).unwrap())
    };
    assert_eq!(mean(100)[3], 0);
    for (left, alpha) in [(1_100, 127), (2_000, 127), (3_000, 255)] {
        let seen = mean(left);
        assert!(seen.iter().zip([16, 36, 196, alpha]).all(|(a, b)| a.abs_diff(b) < 8), "{left}: {seen:?}");
    }
}

#[tokio::test]
async fn a_large_webp_that_lies_of_what_is_seen_through_is_refused_with_the_cause() {
    let workshop = Workshop::new(settings());
    let file = veiled_webp(4_608, 3_456);
    let at = |kind: &[u8]| file.windows(4).position(|four| four == kind).unwrap();
    let (veil, colors) = (at(b"ALPH"), at(b"VP8 "));
    let changed = |at: usize, bytes: &[u8]| {
        let mut changed = file.to_vec();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        Bytes::from(changed)
    };
    for (what, bytes, cause) in [
        ("cut in what is seen through", file.slice(..veil + 300_000), "missing"),
        ("cut in its colours", file.slice(..colors + 300_000), "Corrupt"),
        ("nothing is seen through", changed(veil, b"HIDE"), "does not say"),
        ("coded as nobody does", changed(veil + 8, &[3]), "nobody knows"),
        ("as it is, and too short", changed(veil + 8, &[0]), "too early"),
        ("another code", changed(veil + 9, &[0xff; 64]), "seen through cannot be read"),
        // Twice as broad and half as high.
        ("another size", changed(24, &[0xff, 0x23, 0, 0xbf, 6, 0]), "size"),
    ] {
        let refused = made(&workshop, bytes).await;
        assert!(matches!(&refused, Err(Unfit::Damaged(why)) if why.contains(cause)), "{what}: {:?}", refused.err());
    }
    assert!(made(&workshop, file).await.is_ok());
}

#[tokio::test]
async fn a_large_jpeg_that_is_cut_short_is_refused_with_the_cause() {
    let workshop = Workshop::new(settings());
    let (progressive, baseline) = many_waves(7_680, 540, &[(1, 1); 3], None);
    for bytes in [progressive, baseline] {
        let cut = bytes.slice(..bytes.len() / 3);
        assert!(matches!(made(&workshop, cut).await, Err(Unfit::Damaged(why)) if why.contains("too early")));
    }
}

#[tokio::test]
async fn a_picture_that_takes_too_much_memory_is_refused_and_the_next_one_is_taken() {
    let workshop = Workshop::new(settings());
    // The child dies of it.
    let low = Workshop::new(Settings { memory: 20 * MEGABYTE, ..settings() });
    let large = file(&blue(4_000, 3_000), ImageFormat::Png);
    assert!(matches!(made(&low, large.clone()).await, Err(Unfit::Unreadable(_))));
    assert!(made(&workshop, large).await.is_ok());
}

#[tokio::test]
async fn a_child_that_hangs_or_talks_nonsense_is_given_up() {
    let small = file(&blue(10, 10), ImageFormat::Png);
    for script in ["sleep 60", "echo nonsense", "head -c 1000000 /dev/zero", "exit 3", "kill -9 $$"] {
        let program = (PathBuf::from("/bin/sh"), vec!["-c".into(), script.into()]);
        let workshop = Workshop::new(Settings { program, patience: Duration::from_millis(700), ..settings() });
        assert!(matches!(made(&workshop, small.clone()).await, Err(Unfit::Unreadable(_))), "{script}");
    }
    let program = (PathBuf::from("/nowhere/at/all"), Vec::new());
    let workshop = Workshop::new(Settings { program, ..settings() });
    assert!(matches!(workshop.picture(small, Purpose::Attachment).await, Err(Spoiled::Broken(_))));
}
