//! From waves to pixels, at the size that is wanted: the inverse cosine transform of eight waves, looked at in more or fewer
//! places than eight. What is finer than the places is left out, which is what making a picture smaller asks for.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

/// Pixels that a block becomes at most, on a side.
const MOST: usize = 32;

/// How the blocks of one component become pixels.
pub(super) struct Waves {
    /// What each kept wave is multiplied by, row by row.
    quantisers: Vec<f32>,
    n_across: usize,
    /// For each row of pixels the share of each row of waves.
    down: Vec<[f32; 8]>,
    /// For each column of waves its share in each column of pixels.
    across: Vec<[f32; MOST]>,
    becomes: (usize, usize),
}

impl Waves {
    pub(super) fn new(quantisers: Vec<u16>, kept: (usize, usize), becomes: (usize, usize)) -> Waves {
        let mut down = vec![[0.0; 8]; becomes.1];
        for (pixel, shares) in (0_u8..).zip(&mut down) {
            for (wave, share) in (0_u8..).zip(shares.iter_mut().take(kept.1)) {
                *share = height(wave, pixel, becomes.1);
            }
        }
        let mut across = vec![[0.0; MOST]; kept.0];
        for (wave, shares) in (0_u8..).zip(&mut across) {
            for (pixel, share) in (0_u8..).zip(shares.iter_mut().take(becomes.0)) {
                *share = height(wave, pixel, becomes.0);
            }
        }
        let quantisers = quantisers.into_iter().map(f32::from).collect();
        Waves { quantisers, n_across: kept.0.max(1), down, across, becomes }
    }

    /// Draws one block, its left upper pixel at `left` of the first of the rows.
    pub(super) fn draw(&self, waves: &[i16], rows: &mut [u8], stride: usize, left: usize) {
        let (wide, high) = self.becomes;
        let is_even = waves.iter().skip(1).all(|wave| *wave == 0);
        if is_even {
            let value = waves.first().zip(self.quantisers.first()).map_or(0.0, |(wave, by)| f32::from(*wave) * by);
            for row in rows.chunks_exact_mut(stride).take(high) {
                row.get_mut(left..left + wide).unwrap_or_default().fill(brightness(value / 8.0));
            }
            return;
        }
        match wide {
            0..=8 => self.draw_lanes::<8>(waves, rows, stride, left),
            9..=16 => self.draw_lanes::<16>(waves, rows, stride, left),
            _ => self.draw_lanes::<MOST>(waves, rows, stride, left),
        }
    }

    fn draw_lanes<const LANES: usize>(&self, waves: &[i16], rows: &mut [u8], stride: usize, left: usize) {
        let (wide, high) = self.becomes;
        let mut full = [[0.0_f32; 8]; 8];
        let mut n_rows = 0;
        let lines = waves.chunks_exact(self.n_across).zip(self.quantisers.chunks_exact(self.n_across));
        for (n, (full, (waves, by))) in (1..).zip(full.iter_mut().zip(lines)) {
            if waves.iter().any(|wave| *wave != 0) {
                n_rows = n;
                for (full, (wave, by)) in full.iter_mut().zip(waves.iter().zip(by)) {
                    *full = f32::from(*wave) * by;
                }
            }
        }
        for (row, shares) in rows.chunks_exact_mut(stride).take(high).zip(&self.down) {
            let mut columns = [0.0_f32; 8];
            for (waves, share) in full.iter().take(n_rows).zip(shares) {
                for (column, wave) in columns.iter_mut().zip(waves) {
                    *column += share * wave;
                }
            }
            let mut pixels = [0.0_f32; LANES];
            for (column, shares) in columns.iter().zip(&self.across) {
                for (pixel, share) in pixels.iter_mut().zip(shares) {
                    *pixel += column * share;
                }
            }
            let row = row.get_mut(left..left + wide).unwrap_or_default();
            for (place, pixel) in row.iter_mut().zip(pixels) {
                *place = brightness(pixel);
            }
        }
    }
}

/// How high a wave is in the middle of a pixel of so many.
fn height(wave: u8, pixel: u8, pixels: usize) -> f32 {
    let pixels = u8::try_from(pixels).map_or(1.0, f32::from);
    let place = f32::from(wave) * (2.0 * f32::from(pixel) + 1.0) * PI / (2.0 * pixels);
    0.5 * place.cos() * if wave == 0 { FRAC_1_SQRT_2 } else { 1.0 }
}

/// Waves swing around the middle.
#[inline]
fn brightness(value: f32) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is beyond becomes the nearest")]
    let nearest = (value + 128.5) as u8;
    nearest
}
