//! The child that decodes what strangers made, as the program that it is.

use std::{io::Cursor, path::PathBuf, time::Duration};

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

fn blue(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, image::Rgb([10, 20, 200])))
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
    let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(7_680, 4_320, image::Rgba([1, 2, 3, 100])));
    let png = file(&clear, ImageFormat::Png);
    drop(clear);
    let (one, two, three) = tokio::join!(made(&workshop, jpeg.clone()), made(&workshop, png), made(&workshop, jpeg));
    for picture in [one, two, three] {
        let original = picture.unwrap().original;
        assert_eq!((original.width, original.height), (3_840, 2_160));
    }
}

#[tokio::test]
async fn a_picture_that_takes_too_much_memory_is_refused_and_the_next_one_is_taken() {
    let workshop = Workshop::new(settings());
    let deep = image::ImageBuffer::<image::Rgba<u16>, _>::from_pixel(7_000, 4_700, image::Rgba([9_u16; 4]));
    let deep = file(&DynamicImage::ImageRgba16(deep), ImageFormat::Png);
    assert!(matches!(made(&workshop, deep).await, Err(Unfit::Unreadable(_))));
    // The ceiling itself, where no decoder counts: the child dies of it.
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
