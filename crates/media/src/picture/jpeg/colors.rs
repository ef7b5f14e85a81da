//! From the components of a JPEG to light: which they are, says the file in one of several ways.

/// What the components are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colors {
    Grey,
    Rgb,
    /// Brightness and two differences.
    Ycc,
    /// Inks, as Adobe writes them: what is left of the light.
    Cmyk,
    /// The same, three of them as differences.
    Ycck,
}

impl Colors {
    /// By the number of components, their names, and what marks are there: as all programs that show JPEG decide it.
    pub(super) fn of(ids: &[u8], is_jfif: bool, adobe: Option<u8>) -> Colors {
        match (ids, adobe) {
            ([_], _) => Colors::Grey,
            ([_, _, _], _) if is_jfif => Colors::Ycc,
            ([_, _, _], Some(0)) => Colors::Rgb,
            ([b'R', b'G', b'B'], None) => Colors::Rgb,
            ([_, _, _], _) => Colors::Ycc,
            (_, None | Some(0)) => Colors::Cmyk,
            _ => Colors::Ycck,
        }
    }

    /// One row of pixels. Each component has at least so many as are wanted.
    pub(super) fn row(self, components: &[&[u8]], wide: usize, out: &mut Vec<u8>) {
        let from = out.len();
        match (self, components) {
            (Colors::Grey, [grey]) => out.extend(grey.iter().take(wide)),
            (Colors::Rgb, [r, g, b]) => {
                out.resize(from + wide * 3, 0);
                for (pixel, ((r, g), b)) in pixels(out, from).zip(r.iter().zip(*g).zip(*b)) {
                    pixel.copy_from_slice(&[*r, *g, *b]);
                }
            }
            (Colors::Ycc, [y, cb, cr]) => {
                out.resize(from + wide * 3, 0);
                for (pixel, ((y, cb), cr)) in pixels(out, from).zip(y.iter().zip(*cb).zip(*cr)) {
                    pixel.copy_from_slice(&rgb(*y, *cb, *cr));
                }
            }
            (Colors::Cmyk | Colors::Ycck, [c, m, y, k]) => {
                out.resize(from + wide * 3, 0);
                for (pixel, (((c, m), y), k)) in pixels(out, from).zip(c.iter().zip(*m).zip(*y).zip(*k)) {
                    // What is left of the light is what the differences are of, turned over.
                    let left = if self == Colors::Ycck { rgb(*c, *m, *y).map(|ink| 255 - ink) } else { [*c, *m, *y] };
                    pixel.copy_from_slice(&left.map(|light| through(light, *k)));
                }
            }
            _ => {}
        }
    }
}

fn pixels(out: &mut [u8], from: usize) -> std::slice::ChunksExactMut<'_, u8> {
    out.get_mut(from..).unwrap_or_default().chunks_exact_mut(3)
}

/// Light that passes through what is left of black.
fn through(light: u8, black: u8) -> u8 {
    let passed = u32::from(light) * u32::from(black) / 255;
    u8::try_from(passed).unwrap_or(u8::MAX)
}

/// ITU-R BT.601 with all of its range, as JFIF says, in 65,536ths.
#[inline]
fn rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let y = (i32::from(y) << 16) + (1 << 15);
    let (cb, cr) = (i32::from(cb) - 128, i32::from(cr) - 128);
    [y + 91_881 * cr, y - 22_554 * cb - 46_802 * cr, y + 116_130 * cb].map(|value| {
        #[expect(clippy::cast_sign_loss, reason = "between 0 and 255")]
        let value = (value >> 16).clamp(0, 255) as u8;
        value
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_components_are_says_the_file() {
        assert_eq!(Colors::of(&[1], false, Some(0)), Colors::Grey);
        assert_eq!(Colors::of(&[1, 2, 3], true, Some(0)), Colors::Ycc);
        assert_eq!(Colors::of(&[1, 2, 3], false, Some(0)), Colors::Rgb);
        assert_eq!(Colors::of(b"RGB", false, None), Colors::Rgb);
        assert_eq!(Colors::of(&[0, 1, 2], false, None), Colors::Ycc);
        assert_eq!(Colors::of(&[1, 2, 3, 4], true, Some(2)), Colors::Ycck);
        assert_eq!(Colors::of(&[1, 2, 3, 4], false, None), Colors::Cmyk);
    }

    #[test]
    fn colours_are_those_of_the_standard() {
        assert_eq!(rgb(128, 128, 128), [128, 128, 128]);
        assert_eq!(rgb(76, 85, 255), [254, 0, 0]);
        assert_eq!(rgb(29, 255, 107), [0, 0, 254]);
    }
}
