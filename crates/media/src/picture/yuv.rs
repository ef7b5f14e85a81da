//! Brightness and colour apart, as films have them, made red, green and blue. Source: ISO/IEC 23091-2, 8.3.

use image::{DynamicImage, RgbImage};
use oxideav_av1::decoder::SpecFrame;

use crate::heif::Colouring;

/// A decoded picture: one plane of brightness, or two more of colours.
#[derive(Clone, Debug)]
pub(crate) struct Planes<'a> {
    /// Bits of a sample; of more than eight, two bytes are one, the lower first.
    pub(crate) depth: u8,
    /// Samples, and how many there are in a row and in a column.
    pub(crate) planes: Vec<(&'a [u8], (u32, u32))>,
}

impl<'a> Planes<'a> {
    pub(crate) fn of(frame: &'a SpecFrame) -> Planes<'a> {
        let planes = frame.planes.iter().map(Vec::as_slice).zip(frame.plane_dims.iter().copied());
        Planes { depth: frame.bit_depth, planes: planes.collect() }
    }

    /// Its pixels. `None`: it has none.
    pub(crate) fn image(&self, colouring: Colouring) -> Option<DynamicImage> {
        let mut strip = Strip::of(self, Colour::of(colouring))?;
        let (width, height) = self.planes.first()?.1;
        let mut image = RgbImage::new(width, height);
        for (y, row) in (0..height).enumerate() {
            for (x, pixel) in (0..width).zip(strip.row(y)) {
                image.put_pixel(x, row, image::Rgb(pixel));
            }
        }
        Some(DynamicImage::ImageRgb8(image))
    }
}

/// How numbers become colours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colour {
    matrix: Matrix,
    is_full: bool,
}

#[derive(Clone, Copy, Debug)]
enum Matrix {
    /// The planes are green, blue and red.
    None,
    /// Shares of red and blue in brightness.
    Shares(f32, f32),
    /// YCgCo.
    Steps,
    /// Nothing but brightness.
    Brightness,
}

impl Colour {
    pub(super) fn of(colouring: Colouring) -> Colour {
        let matrix = match colouring.matrix {
            0 => Matrix::None,
            1 => Matrix::Shares(0.2126, 0.0722),
            4 => Matrix::Shares(0.30, 0.11),
            7 => Matrix::Shares(0.212, 0.087),
            8 => Matrix::Steps,
            9 | 10 => Matrix::Shares(0.2627, 0.0593),
            // Also for who does not say.
            _ => Matrix::Shares(0.299, 0.114),
        };
        Colour { matrix, is_full: colouring.is_full }
    }

    pub(super) const fn brightness(is_full: bool) -> Colour {
        Colour { matrix: Matrix::Brightness, is_full }
    }

    /// One pixel; brightness and colours as the file has them, `one` times as large as the largest that eight bits hold.
    fn pixel(self, y: f32, u: f32, v: f32, one: f32) -> [u8; 3] {
        let light = |n: f32| if self.is_full { n / (255.0 * one) } else { (n / one - 16.0) / 219.0 };
        let tint = |n: f32| (n / one - 128.0) / if self.is_full { 255.0 } else { 224.0 };
        let (r, g, b) = match self.matrix {
            Matrix::None => (light(v), light(y), light(u)),
            Matrix::Brightness => (light(y), light(y), light(y)),
            Matrix::Shares(red, blue) => {
                let (y, u, v) = (light(y), tint(u), tint(v));
                let (r, b) = (y + 2.0 * (1.0 - red) * v, y + 2.0 * (1.0 - blue) * u);
                (r, (y - red * r - blue * b) / (1.0 - red - blue), b)
            }
            Matrix::Steps => {
                let (y, green, orange) = (light(y), tint(u), tint(v));
                (y - green + orange, y + green, y - green - orange)
            }
        };
        [byte(r), byte(g), byte(b)]
    }
}

fn byte(light: f32) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
    let byte = (light * 255.0).round().clamp(0.0, 255.0) as u8;
    byte
}

/// One plane of a frame.
#[derive(Clone, Copy, Debug)]
struct Plane<'a> {
    samples: &'a [u8],
    width: usize,
    height: usize,
    /// Bytes of a sample.
    n: usize,
}

impl Plane<'_> {
    fn row(&self, y: usize) -> impl Iterator<Item = f32> {
        let length = self.width.saturating_mul(self.n);
        let start = y.min(self.height.saturating_sub(1)).saturating_mul(length);
        let row = self.samples.get(start..start.saturating_add(length)).unwrap_or_default();
        row.chunks_exact(self.n).map(|sample| match *sample {
            [low, high] => f32::from(u16::from_le_bytes([low, high])),
            [byte] => f32::from(byte),
            _ => 0.0,
        })
    }
}

/// A decoded frame that is read row by row.
pub(super) struct Strip<'a> {
    brightness: Plane<'a>,
    tints: Option<[Plane<'a>; 2]>,
    colour: Colour,
    one: f32,
    rows: [Vec<f32>; 2],
    width: usize,
}

impl<'a> Strip<'a> {
    /// `None`: it has no planes.
    pub(super) fn of(planes: &Planes<'a>, colour: Colour) -> Option<Strip<'a>> {
        let n = if planes.depth > 8 { 2 } else { 1 };
        let mut each = planes.planes.iter().map(|(samples, (width, height))| {
            let (width, height) = (usize::try_from(*width).ok()?, usize::try_from(*height).ok()?);
            let is_whole = width > 0 && height > 0 && samples.len() >= width.checked_mul(height)?.checked_mul(n)?;
            is_whole.then_some(Plane { samples, width, height, n })
        });
        let brightness = each.next()??;
        let tints = match (each.next(), each.next()) {
            (Some(u), Some(v)) => Some([u?, v?]),
            _ => None,
        };
        // Who has no colours says nothing with their matrix.
        let colour = if tints.is_some() { colour } else { Colour::brightness(colour.is_full) };
        let one = f32::from(1_u16.checked_shl(u32::from(planes.depth).checked_sub(8)?)?);
        Some(Strip { brightness, tints, colour, one, rows: Default::default(), width: brightness.width })
    }

    /// The pixels of a row.
    pub(super) fn row(&mut self, y: usize) -> impl Iterator<Item = [u8; 3]> {
        if let Some(tints) = self.tints {
            for (plane, row) in tints.iter().zip(&mut self.rows) {
                spread(plane, y, (self.width, self.brightness.height), row);
            }
        }
        let [u, v] = &self.rows;
        let tints = u.iter().zip(v).map(|(u, v)| (*u, *v)).chain(std::iter::repeat((0.0, 0.0)));
        let (colour, one) = (self.colour, self.one);
        self.brightness.row(y).zip(tints).map(move |(y, (u, v))| colour.pixel(y, u, v, one))
    }
}

/// A row of a plane that may have half as many samples in either direction: three parts of the nearer one and one of
/// the next, so that there are no steps.
fn spread(plane: &Plane<'_>, y: usize, (width, height): (usize, usize), row: &mut Vec<f32>) {
    let is_half = |whole: usize, side: usize| side < whole;
    let next = |at: usize| if at.is_multiple_of(2) { (at / 2).saturating_sub(1) } else { at / 2 + 1 };
    let down: Vec<f32> = if is_half(height, plane.height) {
        plane.row(y / 2).zip(plane.row(next(y))).map(|(near, far)| 0.75 * near + 0.25 * far).collect()
    } else {
        plane.row(y).collect()
    };
    row.clear();
    if !is_half(width, plane.width) {
        row.extend(down);
        return;
    }
    let last = down.len().saturating_sub(1);
    let at = |x: usize| down.get(x.min(last)).copied().unwrap_or_default();
    row.extend((0..width).map(|x| 0.75 * at(x / 2) + 0.25 * at(next(x))));
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn colouring(matrix: u16, is_full: bool) -> Colour {
        let matrix = match matrix {
            0 => Matrix::None,
            8 => Matrix::Steps,
            _ => Matrix::Shares(0.299, 0.114),
        };
        Colour { matrix, is_full }
    }

    #[test]
    fn numbers_become_the_colours_that_they_stand_for() {
        for (colour, (y, u, v), pixel) in [
            (colouring(6, true), (255.0, 128.0, 128.0), [255, 255, 255]),
            (colouring(6, false), (235.0, 128.0, 128.0), [255, 255, 255]),
            (colouring(6, false), (16.0, 128.0, 128.0), [0, 0, 0]),
            (colouring(6, false), (81.0, 90.0, 240.0), [254, 0, 0]),
            (colouring(6, true), (76.0, 85.0, 255.0), [254, 0, 0]),
            (colouring(0, true), (1.0, 2.0, 3.0), [3, 1, 2]),
            (colouring(8, true), (128.0, 128.0, 128.0), [128, 128, 128]),
            (Colour::brightness(false), (235.0, 0.0, 0.0), [255, 255, 255]),
        ] {
            assert_eq!(colour.pixel(y, u, v, 1.0), pixel, "{colour:?} {y} {u} {v}");
            assert_eq!(colour.pixel(y * 4.0, u * 4.0, v * 4.0, 4.0), pixel, "{colour:?}, of ten bits");
        }
    }

    #[test]
    fn half_as_many_samples_are_spread_without_steps() {
        let plane = Plane { samples: &[0, 100, 200, 40], width: 2, height: 2, n: 1 };
        let mut row = Vec::new();
        spread(&plane, 0, (4, 4), &mut row);
        assert_eq!(row, [0.0, 25.0, 75.0, 100.0]);
        spread(&plane, 1, (3, 3), &mut row);
        assert_eq!(row, [50.0, 58.75, 76.25]);
        spread(&plane, 1, (2, 2), &mut row);
        assert_eq!(row, [200.0, 40.0]);
    }
}
