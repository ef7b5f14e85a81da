//! Large WebP, of which the decoder would have more in memory at once than a child may: its parts are given to it one by
//! one. Source: RFC 9649.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use image::{DynamicImage, GrayImage, ImageReader, RgbImage};
use png::{BitDepth, ColorType, DeflateCompression};

use super::{decode, resize};
use crate::{Format, Unfit, purpose::Fit};

/// Longest side that VP8 knows.
const LONGEST: u32 = 16_383;
/// What a file says in its head: it moves.
const MOVES: u8 = 0x02;

/// The pixels of a file through which nothing is seen. Of one without loss the decoder makes all pixels with a fourth byte
/// first, and then a second picture without: unless the file says that the byte means something.
pub(super) fn opaque(bytes: &[u8]) -> Result<DynamicImage, Unfit> {
    let changed = as_if_seen_through(bytes);
    let file = changed.as_deref().unwrap_or(bytes);
    Ok(match decode::pixels(decode::reader(file, Format::WebP))? {
        DynamicImage::ImageRgba8(pixels) => decode::opaque(pixels),
        image => image,
    })
}

/// The file with the mark that it may be seen through. `None`: it is not coded without loss.
fn as_if_seen_through(bytes: &[u8]) -> Option<Vec<u8>> {
    let first = chunks(bytes).next()?.0;
    part(bytes, *b"VP8L")?;
    let mut changed = bytes.to_vec();
    // In the head of the picture itself, or in the one before all parts.
    *changed.get_mut(if &first == b"VP8L" { 24 } else { 20 })? |= 0x10;
    Some(changed)
}

/// What a file consists of. Of a part that is cut, what there is.
fn chunks(file: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = file.get(12..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (kind, after) = rest.split_first_chunk::<4>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let body = after.get(..length).unwrap_or(after);
        rest = length.checked_add(length % 2).and_then(|length| after.get(length..)).unwrap_or_default();
        Some((*kind, body))
    })
}

/// The first part of a kind.
pub(super) fn part(file: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    chunks(file).find(|(kind, _)| *kind == wanted).map(|(_, body)| body)
}

/// A file of these colours, and of what they are seen through with.
pub(super) fn file((width, height): (u32, u32), colors: &[u8], alpha: &[&[u8]]) -> Vec<u8> {
    let side = |pixels: u32| pixels.saturating_sub(1).to_le_bytes();
    let ([a, b, c, _], [d, e, f, _]) = (side(width), side(height));
    let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
    for (kind, parts) in
        [(b"VP8X", &[&[0x10, 0, 0, 0, a, b, c, d, e, f][..]][..]), (b"ALPH", alpha), (b"VP8 ", &[colors])]
    {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        file.extend_from_slice(kind);
        file.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        parts.iter().for_each(|part| file.extend_from_slice(part));
        file.resize(file.len().next_multiple_of(2), 0);
    }
    let length = u32::try_from(file.len().saturating_sub(8)).unwrap_or(u32::MAX);
    if let Some(place) = file.get_mut(4..8) {
        place.copy_from_slice(&length.to_le_bytes());
    }
    file
}

/// A WebP with loss that is seen through, made small; `None`: it is another kind, or has too many pixels to be tried.
///
/// # Errors
/// What is wrong with the file.
pub fn decode_veiled_webp(file: &[u8]) -> Option<Result<DynamicImage, Unfit>> {
    const MOST: u32 = 1_000_000;
    let claim = decode::claim(file, Format::WebP).ok()?;
    let veiled = Veiled::of(file).filter(|_| claim.width.saturating_mul(claim.height) <= MOST)?;
    Some(veiled.decode((claim.width, claim.height), Fit::Area(10_000)))
}

/// A picture that lost something and is seen through: VP8, and how far each pixel is seen through apart from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Veiled<'a> {
    colors: &'a [u8],
    alpha: &'a [u8],
}

impl<'a> Veiled<'a> {
    /// The two, of a file that says that it is seen through. `None`: it is another kind of WebP.
    pub(super) fn of(file: &'a [u8]) -> Option<Veiled<'a>> {
        let is_still = chunks(file).next()?.1.first()? & MOVES == 0;
        let colors = part(file, *b"VP8 ").filter(|_| is_still)?;
        // What is not there is empty.
        Some(Veiled { colors, alpha: part(file, *b"ALPH").unwrap_or_default() })
    }

    /// Its pixels, as wanted. What is seen through is decoded first, which takes four bytes a pixel, and packed: so it is
    /// small beside the colours, which take four and a half.
    pub(super) fn decode(self, (width, height): (u32, u32), wanted: Fit) -> Result<DynamicImage, Unfit> {
        if width > LONGEST || height > LONGEST {
            return Err(damaged("its sides are longer than its kind knows"));
        }
        if self.reader()?.into_dimensions().map_err(decode::unfit)? != (width, height) {
            return Err(damaged("its colours have another size than it says"));
        }
        let alpha = alpha(self.alpha, (width, height))?;
        let packed = match alpha.iter().all(|byte| *byte == u8::MAX) {
            true => None,
            false => Some(packed(&alpha, (width, height))?),
        };
        drop(alpha);
        let colors = self.colors()?;
        match packed {
            // It is only said to be seen through.
            None => resize::fit(DynamicImage::ImageRgb8(colors), wanted),
            Some(packed) => resize::fit_veiled(colors, unpacked(&packed)?, wanted),
        }
    }

    fn reader(self) -> Result<ImageReader<Joined<'a>>, Unfit> {
        Ok(decode::within(Joined::of(*b"VP8 ", &[], self.colors)?, Format::WebP))
    }

    fn colors(self) -> Result<RgbImage, Unfit> {
        match decode::pixels(self.reader()?)? {
            DynamicImage::ImageRgb8(colors) => Ok(colors),
            _ => Err(damaged("its colours are none")),
        }
    }
}

fn damaged(why: &str) -> Unfit {
    Unfit::Damaged(why.to_owned())
}

fn side(pixels: u32) -> usize {
    usize::try_from(pixels).unwrap_or(usize::MAX)
}

/// How far each pixel is seen through, a byte each.
fn alpha(part: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, Unfit> {
    let (how, data) = part.split_first().ok_or_else(|| damaged("it does not say how far it is seen through"))?;
    // Whether it was made coarser before is told, and nothing to a reader.
    let mut alpha = match how & 0x33 {
        0x00 | 0x10 => data.get(..side(width).saturating_mul(side(height))).map(<[u8]>::to_vec),
        0x01 | 0x11 => Some(green(&head(width, height), data)?),
        _ => return Err(damaged("how far it is seen through is coded in a way that nobody knows")),
    }
    .ok_or_else(|| damaged("how far it is seen through ends too early"))?;
    let guess = match how >> 2 & 3 {
        0 => return Ok(alpha),
        1 => Guess::Left,
        2 => Guess::Above,
        _ => Guess::Slope,
    };
    guess.undo(&mut alpha, side(width));
    Ok(alpha)
}

/// The head that a picture without loss has, and one in `ALPH` has not.
fn head(width: u32, height: u32) -> [u8; 5] {
    // With a mark that all four bytes of a pixel count, so that they are decoded where they stay.
    let [a, b, c, d] = (width.saturating_sub(1) | height.saturating_sub(1) << 14 | 1 << 28).to_le_bytes();
    [0x2f, a, b, c, d]
}

/// The green of a picture without loss, in the memory of the whole.
fn green(head: &[u8], data: &[u8]) -> Result<Vec<u8>, Unfit> {
    let pixels = decode::pixels(decode::within(Joined::of(*b"VP8L", head, data)?, Format::WebP));
    let pixels = pixels.map_err(|unfit| match unfit {
        Unfit::Damaged(why) => Unfit::Damaged(format!("how far it is seen through cannot be read: {why}")),
        other => other,
    });
    let DynamicImage::ImageRgba8(pixels) = pixels? else {
        return Err(damaged("how far it is seen through is no picture"));
    };
    let mut bytes = pixels.into_raw();
    let n = bytes.len() / 4;
    for at in 0..n {
        bytes.copy_within(at * 4 + 1..at * 4 + 2, at);
    }
    bytes.truncate(n);
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// What a byte was taken to be before the difference was written.
#[derive(Clone, Copy, Debug)]
enum Guess {
    Left,
    Above,
    /// As much more than the left one as the one above is than its left one.
    Slope,
}

impl Guess {
    fn undo(self, alpha: &mut [u8], width: usize) {
        let mut above: &[u8] = &[];
        for row in alpha.chunks_exact_mut(width.max(1)) {
            let (mut over, first) = (above.iter().copied(), above.first().copied().unwrap_or(0));
            let (mut left, mut corner) = (first, first);
            for byte in &mut *row {
                let up = over.next();
                let guessed = match (self, up) {
                    (Guess::Left, _) | (_, None) => left,
                    (Guess::Above, Some(up)) => up,
                    (Guess::Slope, Some(up)) => slope(left, up, corner),
                };
                *byte = byte.wrapping_add(guessed);
                (left, corner) = (*byte, up.unwrap_or(0));
            }
            above = row;
        }
    }
}

fn slope(left: u8, up: u8, corner: u8) -> u8 {
    let guessed = i16::from(left) + i16::from(up) - i16::from(corner);
    u8::try_from(guessed.clamp(0, 255)).unwrap_or(u8::MAX)
}

/// As a PNG, which is a few bytes where much is alike: a byte a pixel is too much beside colours that are being decoded.
fn packed(alpha: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, Unfit> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_deflate_compression(DeflateCompression::Level(1));
    let failed = |error: png::EncodingError| Unfit::Unreadable(format!("packing it failed: {error}"));
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(alpha).map_err(failed)?;
    writer.finish().map_err(failed)?;
    bytes.shrink_to_fit();
    Ok(bytes)
}

fn unpacked(packed: &[u8]) -> Result<GrayImage, Unfit> {
    match decode::pixels(decode::reader(packed, Format::Png))? {
        DynamicImage::ImageLuma8(alpha) => Ok(alpha),
        _ => Err(Unfit::Unreadable("unpacking it failed".to_owned())),
    }
}

/// A WebP of one part that lies elsewhere, so that it is not copied.
struct Joined<'a> {
    head: Vec<u8>,
    body: &'a [u8],
    at: usize,
}

impl<'a> Joined<'a> {
    fn of(kind: [u8; 4], before: &[u8], body: &'a [u8]) -> Result<Joined<'a>, Unfit> {
        let length = before.len().saturating_add(body.len());
        let whole = u32::try_from(length.saturating_add(12)).map_err(|_| damaged("it is too long"))?;
        let length = whole.saturating_sub(12).to_le_bytes();
        let head = [b"RIFF", &whole.to_le_bytes(), b"WEBP", &kind, &length, before].concat();
        Ok(Joined { head, body, at: 0 })
    }
}

impl Read for Joined<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(into)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Joined<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let in_body = || self.body.get(self.at.saturating_sub(self.head.len())..).unwrap_or_default();
        Ok(self.head.get(self.at..).filter(|rest| !rest.is_empty()).unwrap_or_else(in_body))
    }

    fn consume(&mut self, n: usize) {
        self.at = self.at.saturating_add(n);
    }
}

impl Seek for Joined<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = |from: usize, by: i64| {
            let from = u64::try_from(from).ok()?;
            from.checked_add_signed(by)
        };
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::Current(by) => place(self.at, by),
            SeekFrom::End(by) => place(self.head.len().saturating_add(self.body.len()), by),
        };
        let outside = || io::Error::from(io::ErrorKind::InvalidInput);
        let to = to.ok_or_else(outside)?;
        self.at = usize::try_from(to).map_err(|_| outside())?;
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};
    use proptest::prelude::*;

    use super::*;

    const SIZE: (u32, u32) = (61, 47);

    /// Colours of every kind, of which some are not seen at all and some a little.
    fn glass((width, height): (u32, u32)) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, y| {
            let byte = |n: u32| u8::try_from(n % 256).unwrap_or(0);
            let alpha = if (x / 8 + y / 8).is_multiple_of(2) { byte(x * 4 + y) } else { byte(u32::from(x > y) * 255) };
            Rgba([byte(x * 5), byte(y * 6), byte(x * y), alpha])
        })
    }

    fn lossy(image: &RgbaImage) -> Vec<u8> {
        webp::Encoder::from_rgba(image, image.width(), image.height()).encode(75.0).to_vec()
    }

    fn both_ways(file: &[u8], size: (u32, u32), wanted: Fit) -> (DynamicImage, DynamicImage) {
        let whole = decode::pixels(decode::reader(file, Format::WebP)).and_then(|image| resize::fit(image, wanted));
        let parts = Veiled::of(file).map(|veiled| veiled.decode(size, wanted));
        (whole.unwrap_or_default(), parts.and_then(Result::ok).unwrap_or_default())
    }

    fn are_the_same(file: &[u8], size: (u32, u32), what: &str) {
        for wanted in
            [Fit::Area(u64::MAX), Fit::Area(900), Fit::Within(20, 20), Fit::Cover(30, 10), Fit::Cover(size.0, size.1)]
        {
            let (whole, parts) = both_ways(file, size, wanted);
            assert!(whole.width() > 0 && whole.color().has_alpha(), "{what}");
            assert_eq!(whole, parts, "{what}, {wanted:?}");
        }
    }

    #[test]
    fn parts_make_the_same_pixels_as_the_whole() {
        for size in [SIZE, (1, 1), (200, 3), (3, 200), (512, 384)] {
            are_the_same(&lossy(&glass(size)), size, &format!("{size:?}"));
        }
    }

    #[test]
    fn what_is_seen_through_is_the_same_however_it_is_coded() {
        let whole = lossy(&glass(SIZE));
        let veiled = Veiled::of(&whole);
        let (colors, coded) = veiled.map(|veiled| (veiled.colors, veiled.alpha)).unwrap_or_default();
        assert_eq!(coded.first().map(|how| how & 3), Some(1));
        let raw: Vec<u8> = (0..61_u32 * 47).map(|n| u8::try_from(n * n / 7 % 256).unwrap_or(0)).collect();
        for filter in 0..4 {
            let mut other = coded.to_vec();
            if let Some(how) = other.first_mut() {
                *how = *how & !0x0c | filter << 2;
            }
            are_the_same(&super::file(SIZE, colors, &[&other]), SIZE, &format!("without loss, filter {filter}"));
            let plain = [&[filter << 2][..], &raw].concat();
            are_the_same(&super::file(SIZE, colors, &[&plain]), SIZE, &format!("as it is, filter {filter}"));
        }
    }

    #[test]
    fn what_is_only_said_to_be_seen_through_is_not() {
        let whole = lossy(&glass(SIZE));
        let colors = Veiled::of(&whole).map(|veiled| veiled.colors).unwrap_or_default();
        let opaque = super::file(SIZE, colors, &[&[0], &[255; 61 * 47]]);
        let image = Veiled::of(&opaque).and_then(|veiled| veiled.decode(SIZE, Fit::Area(u64::MAX)).ok());
        assert!(image.is_some_and(|image| !image.color().has_alpha()));
    }

    #[test]
    fn other_kinds_are_left_to_others() {
        let glass = DynamicImage::ImageRgba8(glass(SIZE));
        let mut lossless = io::Cursor::new(Vec::new());
        assert!(glass.write_to(&mut lossless, image::ImageFormat::WebP).is_ok());
        assert!(Veiled::of(lossless.get_ref()).is_none());
        let mut moving = lossy(&glass.to_rgba8());
        if let Some(flags) = moving.get_mut(20) {
            *flags |= MOVES;
        }
        assert!(Veiled::of(&moving).is_none());
        assert!(Veiled::of(b"RIFF").is_none() && Veiled::of(b"").is_none());
    }

    #[test]
    fn what_is_not_as_it_says_is_refused_with_the_cause() {
        let whole = lossy(&glass(SIZE));
        let veiled = Veiled::of(&whole);
        let (colors, alpha) = veiled.map(|veiled| (veiled.colors, veiled.alpha)).unwrap_or_default();
        let why = |colors: &[u8], alpha: &[u8], size: (u32, u32)| match (Veiled { colors, alpha })
            .decode(size, Fit::Area(900))
        {
            Err(Unfit::Damaged(why)) => why,
            other => format!("{other:?}"),
        };
        let cut = |part: &[u8]| part.get(..part.len() / 2).unwrap_or_default().to_vec();
        let raw = |n: usize| [&[0][..], &vec![7; n]].concat();
        assert_eq!(why(colors, &[], SIZE), "it does not say how far it is seen through");
        assert_eq!(why(colors, &raw(61 * 47 - 1), SIZE), "how far it is seen through ends too early");
        assert_eq!(why(colors, &[2, 0, 0], SIZE), "how far it is seen through is coded in a way that nobody knows");
        let unread = "how far it is seen through cannot be read";
        assert!(why(colors, &cut(alpha), SIZE).starts_with(unread), "{}", why(colors, &cut(alpha), SIZE));
        assert!(why(&cut(colors), alpha, SIZE).contains("Corrupt"), "{}", why(&cut(colors), alpha, SIZE));
        assert_eq!(why(colors, &raw(62 * 47), (62, 47)), "its colours have another size than it says");
        assert_eq!(why(colors, &raw(61 * 47), (1, 16_384)), "its sides are longer than its kind knows");
        assert!(why(&[], alpha, SIZE).contains("fill whole buffer"), "{}", why(&[], alpha, SIZE));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn no_change_of_it_makes_it_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            let mut bytes = lossy(&glass((40, 30)));
            for (at, value) in changes {
                let at = at.index(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            if let Some(veiled) = Veiled::of(&bytes) {
                let _ = veiled.decode((40, 30), Fit::Area(400));
            }
        }
    }
}
