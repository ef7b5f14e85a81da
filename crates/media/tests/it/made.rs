//! Pictures to begin with.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// Red above, blue below, and a white corner on the upper left.
pub fn flag(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        if x < width / 4 && y < height / 4 {
            Rgb([255, 255, 255])
        } else if y < height / 2 {
            Rgb([220, 20, 20])
        } else {
            Rgb([20, 20, 220])
        }
    }))
}

/// The same with a hole in the middle.
pub fn glass(width: u32, height: u32) -> DynamicImage {
    let rgb = flag(width, height).to_rgb8();
    DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, |x, y| {
        let Rgb([r, g, b]) = *rgb.get_pixel(x, y);
        let is_hole = x.abs_diff(width / 2) < width / 8 && y.abs_diff(height / 2) < height / 8;
        Rgba([r, g, b, if is_hole { 0 } else { 255 }])
    }))
}

pub fn file(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG whose EXIF says how to turn it, and where it was taken.
pub fn turned_jpeg(image: &DynamicImage, orientation: u8) -> Vec<u8> {
    let jpeg = file(image, ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    exif.extend_from_slice(&[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    // A text, as cameras write the place.
    exif.extend_from_slice(&[0x01, 0x0e, 0, 2, 0, 0, 0, 12, 0, 0, 0, 38, 0, 0, 0, 0]);
    exif.extend_from_slice(b"secret place");
    let mut turned = jpeg[..2].to_vec();
    turned.extend_from_slice(&[0xff, 0xe1]);
    turned.extend_from_slice(&u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
    turned.extend_from_slice(&exif);
    turned.extend_from_slice(&jpeg[2..]);
    turned
}

/// A GIF of so many pictures, with a comment and an end that repeats.
pub fn gif(width: u16, height: u16, n_frames: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let palette = [255, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0];
    {
        let mut encoder = gif::Encoder::new(&mut bytes, width, height, &palette).unwrap();
        encoder.set_repeat(gif::Repeat::Infinite).unwrap();
        encoder.write_raw_extension(gif::AnyExtension(0xfe), &[b"secret place"]).unwrap();
        for n in 0..n_frames {
            let color = u8::try_from(n % 3).unwrap();
            let frame = gif::Frame {
                width,
                height,
                delay: 7,
                buffer: vec![color; usize::from(width) * usize::from(height)].into(),
                ..gif::Frame::default()
            };
            encoder.write_frame(&frame).unwrap();
        }
    }
    bytes
}

/// A PNG of so many pictures, with words and a part that no picture needs; the second one covers a corner alone.
pub fn moving_png(width: u32, height: u32, n_frames: u32, other_first: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    {
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_animated(n_frames, 3).unwrap();
        encoder.set_sep_def_img(other_first).unwrap();
        encoder.set_frame_delay(7, 100).unwrap();
        encoder.add_text_chunk("Comment".to_owned(), "secret place".to_owned()).unwrap();
        let mut writer = encoder.write_header().unwrap();
        let whole = |color: [u8; 4]| color.repeat(usize::try_from(width * height).unwrap());
        if other_first {
            writer.write_image_data(&whole([255, 255, 255, 255])).unwrap();
        }
        for n in 0..n_frames {
            if n == 1 {
                writer.set_frame_dimension(width / 2, height / 2).unwrap();
                writer.set_frame_position(width / 4, height / 4).unwrap();
                writer.set_blend_op(png::BlendOp::Over).unwrap();
                let corner = [0, 0, 255, 128].repeat(usize::try_from(width / 2 * (height / 2)).unwrap());
                writer.write_image_data(&corner).unwrap();
            } else {
                writer.set_frame_position(0, 0).unwrap();
                writer.set_frame_dimension(width, height).unwrap();
                writer.write_image_data(&whole([255, 0, 0, 255])).unwrap();
            }
        }
        writer.finish().unwrap();
    }
    bytes
}

/// A WebP of several pictures.
pub fn moving_webp(width: u32, height: u32) -> Vec<u8> {
    let config = webp::WebPConfig::new().unwrap();
    let pixels: Vec<RgbaImage> = [[255, 0, 0, 255], [0, 0, 255, 255]]
        .into_iter()
        .map(|color| RgbaImage::from_pixel(width, height, Rgba(color)))
        .collect();
    let mut encoder = webp::AnimEncoder::new(width, height, &config);
    for (n, picture) in pixels.iter().enumerate() {
        encoder.add_frame(webp::AnimFrame::from_rgba(picture, width, height, i32::try_from(n).unwrap() * 100));
    }
    encoder.encode().to_vec()
}

/// Whether the bytes hold the text.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
