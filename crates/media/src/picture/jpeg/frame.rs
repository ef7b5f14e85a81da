//! How a JPEG is laid out: its size, its components, and at which of eight steps it is decoded.

use super::{Unfit, Wrong, blocks::Blocks};
use crate::{picture::Claim, source::Bytes};

/// Most of one kind of factor.
const MOST_SAMPLING: u8 = 4;

/// What the file says of its pixels.
pub(super) struct Frame {
    pub(super) components: Vec<Component>,
    pub(super) is_progressive: bool,
    /// Pixels as decoded.
    pub(super) width: usize,
    /// Pixels as decoded.
    pub(super) height: usize,
    /// Units of which rows of the picture are made: one or more blocks of each component.
    pub(super) n_wide: usize,
    /// Rows of them.
    pub(super) n_high: usize,
    /// Pixels of such a unit as decoded.
    pub(super) unit: (usize, usize),
}

/// One channel of colour.
pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks in a unit, across and down.
    pub(super) sampling: (usize, usize),
    /// Which table of quantisers.
    pub(super) table: u8,
    /// Blocks that hold what is seen, when the component is coded alone.
    pub(super) seen: (usize, usize),
    /// Pixels that each block becomes: so many that every component becomes as large as the picture.
    pub(super) becomes: (usize, usize),
    /// Blocks across, with those at the edge that nobody sees.
    pub(super) n_wide: usize,
    /// The table as it was when the component first came.
    pub(super) quantisers: Option<[u16; 64]>,
    /// Whether there is anything of it: its coarsest wave.
    pub(super) is_begun: bool,
    /// Which waves are there to their last bit, from coarse to fine.
    pub(super) came: u64,
    pub(super) blocks: Blocks,
}

impl Frame {
    /// From the segment that says it. `enough` are the pixels that are needed.
    pub(super) fn read(segment: &[u8], is_progressive: bool, enough: (u32, u32)) -> Result<Frame, Unfit> {
        let mut bytes = Bytes(segment);
        let head = || Unfit::from(Wrong::Head);
        if bytes.u8().ok_or_else(head)? != 8 {
            return Err(Unfit::Unreadable("a JPEG of more than 8 bits a colour is not taken".to_owned()));
        }
        let (height, width) = bytes.u16().zip(bytes.u16()).ok_or_else(head)?;
        Claim { width: width.into(), height: height.into() }.check()?;
        let n = bytes.u8().ok_or_else(head)?;
        if !matches!(n, 1 | 3 | 4) {
            return Err(Unfit::Unreadable(format!("a JPEG of {n} colours is not taken")));
        }
        let mut said = Vec::new();
        for _ in 0..n {
            let [id, sampling, table] = bytes.array().ok_or_else(head)?;
            let (across, down) = (sampling >> 4, sampling & 15);
            if !(1..=MOST_SAMPLING).contains(&across) || !(1..=MOST_SAMPLING).contains(&down) || table > 3 {
                return Err(head());
            }
            // What stands alone is coded block by block, whatever it says.
            said.push((id, if n == 1 { (1, 1) } else { (usize::from(across), usize::from(down)) }, table));
        }
        if said.iter().map(|(_, (across, down), _)| across * down).sum::<usize>() > 10 {
            return Err(head());
        }
        Frame::laid_out((width.into(), height.into()), &said, is_progressive, enough)
    }

    fn laid_out(
        (width, height): (usize, usize),
        said: &[(u8, (usize, usize), u8)],
        is_progressive: bool,
        enough: (u32, u32),
    ) -> Result<Frame, Unfit> {
        let most =
            |of: fn(&(usize, usize)) -> usize| said.iter().map(|(_, sampling, _)| of(sampling)).max().unwrap_or(1);
        let (across, down) = (most(|sampling| sampling.0), most(|sampling| sampling.1));
        let step = step((width, height), enough);
        let (n_wide, n_high) = (width.div_ceil(8 * across), height.div_ceil(8 * down));
        let mut components = Vec::new();
        for (id, sampling, table) in said.iter().copied() {
            if !(step * across).is_multiple_of(sampling.0) || !(step * down).is_multiple_of(sampling.1) {
                return Err(Unfit::Unreadable(
                    "a JPEG with colours at such a part of its size is not taken".to_owned(),
                ));
            }
            let becomes = (step * across / sampling.0, step * down / sampling.1);
            let seen = |pixels: usize, factor: usize, most: usize| (pixels * factor).div_ceil(most).div_ceil(8);
            components.push(Component {
                id,
                sampling,
                table,
                seen: (seen(width, sampling.0, across), seen(height, sampling.1, down)),
                becomes,
                n_wide: n_wide * sampling.0,
                quantisers: None,
                is_begun: false,
                came: 0,
                blocks: Blocks::kept_for(becomes),
            });
        }
        Ok(Frame {
            components,
            is_progressive,
            width: (width * step).div_ceil(8),
            height: (height * step).div_ceil(8),
            n_wide,
            n_high,
            unit: (step * across, step * down),
        })
    }
}

/// The smallest number of eighths at which there are pixels enough.
fn step((width, height): (usize, usize), (wide, high): (u32, u32)) -> usize {
    let reaches =
        |side: usize, step: usize, enough: u32| (side * step).div_ceil(8) >= usize::try_from(enough).unwrap_or(0);
    (1..8).find(|step| reaches(width, *step, wide) && reaches(height, *step, high)).unwrap_or(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_decoded_than_is_needed() {
        assert_eq!(step((7_680, 4_320), (3_840, 2_160)), 4);
        assert_eq!(step((7_000, 4_700), (3_515, 2_360)), 5);
        assert_eq!(step((4_001, 3_000), (3_326, 2_494)), 7);
        assert_eq!(step((4_000, 3_000), (4_000, 3_000)), 8);
        assert_eq!(step((4_000, 3_000), (400, 300)), 1);
        assert_eq!(step((4_000, 3_000), (9_000, 300)), 8);
    }
}
