//! Colours that go with a picture: players of sounds dress themselves in those of the cover, and others may in those of
//! any picture. Source: <https://docs.joinmastodon.org/entities/MediaAttachment/#meta>.

use std::collections::BTreeMap;

use image::RgbaImage;
use phiomia_model::media::Colors;

/// Contrast that words need to be read: WCAG 2.1, 1.4.11.
const READABLE: f64 = 3.0;
/// Contrast that something needs to be seen.
const VISIBLE: f64 = 2.0;
/// Of so many pixels, one has to be of a colour for it to count.
const ONE_IN: u32 = 100;
/// Of so many rows and columns, the first and the last are the edge.
const EDGE: u32 = 8;
/// What is less opaque is not there.
const OPAQUE: u8 = 128;

type Rgb = [u8; 3];

/// Pixels of nearly the same colour: how many, and their sums.
#[derive(Clone, Copy, Default)]
struct Pot {
    n: u32,
    sums: [u32; 3],
}

impl Pot {
    fn add(&mut self, colour: Rgb) {
        self.n += 1;
        for (sum, channel) in self.sums.iter_mut().zip(colour) {
            *sum += u32::from(channel);
        }
    }

    /// Their middle.
    fn colour(&self) -> Rgb {
        self.sums.map(|sum| u8::try_from(sum / self.n.max(1)).unwrap_or(u8::MAX))
    }
}

/// Colours of a small picture; none of one that can be seen through everywhere.
pub(super) fn of(picture: &RgbaImage) -> Option<Colors> {
    let (mut all, mut edge) = (BTreeMap::<Rgb, Pot>::new(), BTreeMap::<Rgb, Pot>::new());
    let (wide, high) = ((picture.width() / EDGE).max(1), (picture.height() / EDGE).max(1));
    let mut n_seen = 0;
    for (x, y, pixel) in picture.enumerate_pixels() {
        let [red, green, blue, alpha] = pixel.0;
        if alpha < OPAQUE {
            continue;
        }
        n_seen += 1;
        let (colour, pot) = ([red, green, blue], [red >> 4, green >> 4, blue >> 4]);
        all.entry(pot).or_default().add(colour);
        if x < wide || y < high || x >= picture.width() - wide || y >= picture.height() - high {
            edge.entry(pot).or_default().add(colour);
        }
    }
    let most = |pots: &BTreeMap<Rgb, Pot>| pots.values().max_by_key(|pot| pot.n).map(Pot::colour);
    let background = most(&edge).or_else(|| most(&all))?;
    let found: Vec<Rgb> = all.values().filter(|pot| pot.n * ONE_IN >= n_seen).map(Pot::colour).collect();
    let against = |colour: &Rgb| contrast(*colour, background);
    let plain = [[0; 3], [255; 3]].into_iter().max_by(|a, b| against(a).total_cmp(&against(b))).unwrap_or_default();
    let furthest = found.iter().copied().max_by(|a, b| against(a).total_cmp(&against(b)));
    let foreground = furthest.filter(|colour| against(colour) >= READABLE).unwrap_or(plain);
    let vivid = found.iter().copied().filter(|colour| *colour != foreground && against(colour) >= VISIBLE);
    let accent = vivid.max_by_key(|colour| vividness(*colour)).unwrap_or(foreground);
    Some(Colors { background: hex(background), foreground: hex(foreground), accent: hex(accent) })
}

/// How far a colour is from grey.
fn vividness(colour: Rgb) -> u8 {
    let [red, green, blue] = colour;
    red.max(green).max(blue) - red.min(green).min(blue)
}

/// From 1 to 21. Source: <https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio>.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: Rgb) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use image::Rgba;

    use super::*;

    fn told(colour: impl Fn(u32, u32) -> [u8; 4]) -> Option<(String, String, String)> {
        let picture = RgbaImage::from_fn(64, 64, |x, y| Rgba(colour(x, y)));
        of(&picture).map(|colors| (colors.background, colors.foreground, colors.accent))
    }

    fn said(background: &str, foreground: &str, accent: &str) -> Option<(String, String, String)> {
        Some((background.to_owned(), foreground.to_owned(), accent.to_owned()))
    }

    #[test]
    fn the_edge_is_the_ground_what_stands_out_most_is_read_and_what_is_vivid_stands_beside() {
        let cover = |x: u32, y: u32| match (x, y) {
            (20..30, 20..30) => [250, 250, 245, 255],
            (35..45, 20..30) => [230, 60, 40, 255],
            _ => [16, 20, 40, 255],
        };
        assert_eq!(told(cover), said("#101428", "#fafaf5", "#e63c28"));
    }

    #[test]
    fn where_nothing_stands_out_words_are_black_or_white() {
        assert_eq!(told(|_, _| [240, 240, 240, 255]), said("#f0f0f0", "#000000", "#000000"));
        assert_eq!(
            told(|x, _| if x == 0 { [60, 60, 120, 255] } else { [30, 30, 90, 255] }).map(|t| t.1),
            Some("#ffffff".to_owned())
        );
    }

    #[test]
    fn what_can_be_seen_through_has_no_colour() {
        assert_eq!(told(|_, _| [200, 10, 10, 0]), None);
        assert_eq!(told(|x, _| [9, 9, 9, if x < 32 { 255 } else { 0 }]).map(|t| t.0), Some("#090909".to_owned()));
    }
}
