//! What is kept of blocks of 8x8 waves while a picture comes in.
//!
//! A progressive JPEG comes in passes over the whole picture, so something of every block must be kept until the last one.
//! Where the picture is wanted smaller, fine waves are never looked at: of those it is only kept whether they are there at
//! all, one bit each, for that decides how later passes are read.

use super::{Wrong, bits::Bits, codes::Codes};

/// For waves from coarse to fine: row and column among the 64.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];
/// Stands for a wave that is not kept.
const NOWHERE: u8 = 64;

/// Blocks of a component.
pub(super) struct Blocks {
    /// Waves that are kept of each, across and down.
    pub(super) kept: (usize, usize),
    /// Where each wave is kept, from coarse to fine.
    places: [u8; 64],
    waves: Vec<i16>,
    /// Which waves a block has, from coarse to fine; the first one does not count.
    present: Vec<u64>,
}

/// What one pass over blocks brings.
#[derive(Clone, Copy)]
pub(super) enum Pass<'a> {
    /// All of each block.
    Whole { first: &'a Codes, rest: &'a Codes },
    /// The coarsest wave, which is the block's brightness.
    First { first: &'a Codes, low: u8 },
    /// One bit more of it.
    FirstAgain { low: u8 },
    /// Some of the other waves.
    Rest { rest: &'a Codes, from: u8, to: u8, low: u8 },
    /// One bit more of them.
    RestAgain { rest: &'a Codes, from: u8, to: u8, low: u8 },
}

/// What goes on from block to block.
#[derive(Clone, Copy, Default)]
pub(super) struct Memory {
    /// The brightness of the block before.
    before: i32,
    /// Blocks that bring nothing new.
    run: u32,
}

impl Blocks {
    /// None yet, of which so many waves are kept as the pixels of a block need.
    pub(super) fn kept_for(becomes: (usize, usize)) -> Blocks {
        let kept = (becomes.0.min(8), becomes.1.min(8));
        let places = ZIGZAG.map(|wave| {
            let (row, column) = (usize::from(wave / 8), usize::from(wave % 8));
            let place = row * kept.0 + column;
            if row < kept.1 && column < kept.0 { u8::try_from(place).unwrap_or(NOWHERE) } else { NOWHERE }
        });
        Blocks { kept, places, waves: Vec::new(), present: Vec::new() }
    }

    const fn n_kept(&self) -> usize {
        self.kept.0 * self.kept.1
    }

    /// Room for so many blocks, in which nothing is yet.
    pub(super) fn clear(&mut self, n: usize) {
        self.waves.clear();
        self.waves.resize(n * self.n_kept(), 0);
        self.present.clear();
        self.present.resize(n, 0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// The waves that are kept, block by block, from one on.
    pub(super) fn from(&self, block: usize) -> impl Iterator<Item = &[i16]> {
        self.waves.get(block * self.n_kept()..).unwrap_or_default().chunks_exact(self.n_kept().max(1))
    }

    /// For each kept wave, row by row, what stands for it in a table from coarse to fine.
    pub(super) fn in_place(&self, table: &[u16; 64]) -> Vec<u16> {
        let mut placed = vec![0; self.n_kept()];
        for (place, value) in self.places.iter().zip(table) {
            if let Some(slot) = placed.get_mut(usize::from(*place)) {
                *slot = *value;
            }
        }
        placed
    }

    /// Reads what a pass brings of one block.
    #[inline]
    pub(super) fn read(
        &mut self,
        at: usize,
        pass: Pass<'_>,
        bits: &mut Bits<'_>,
        memory: &mut Memory,
    ) -> Result<(), Wrong> {
        let n_kept = self.n_kept();
        let waves = self.waves.get_mut(at * n_kept..(at + 1) * n_kept).ok_or(Wrong::Head)?;
        let present = self.present.get_mut(at).ok_or(Wrong::Head)?;
        let mut block = Block { waves, present, places: &self.places };
        match pass {
            Pass::Whole { first, rest } => {
                block.set_first(memory.difference(first, bits)?);
                block.whole(rest, bits)?;
            }
            Pass::First { first, low } => block.set_first(memory.difference(first, bits)? << low),
            Pass::FirstAgain { low } => {
                if bits.is_set()
                    && let Some(wave) = block.waves.first_mut()
                {
                    *wave |= 1 << low;
                }
            }
            Pass::Rest { .. } | Pass::RestAgain { .. } if memory.run > 0 && pass.finds_nothing(*block.present) => {
                memory.run -= 1;
                return Ok(());
            }
            Pass::Rest { rest, from, to, low } => block.rest(rest, from..=to, low, bits, memory)?,
            Pass::RestAgain { rest, from, to, low } => block.again(rest, from..=to, low, bits, memory)?,
        }
        if bits.is_overdrawn() { Err(Wrong::Cut) } else { Ok(()) }
    }
}

impl Pass<'_> {
    /// Whether no wave is there that the pass would say more of.
    const fn finds_nothing(self, present: u64) -> bool {
        match self {
            Pass::RestAgain { from, to, .. } => present & band(from, to) == 0,
            _ => true,
        }
    }
}

/// The bits of some waves.
const fn band(from: u8, to: u8) -> u64 {
    (u64::MAX << from) & (u64::MAX >> (63 - to))
}

impl Memory {
    fn difference(&mut self, first: &Codes, bits: &mut Bits<'_>) -> Result<i32, Wrong> {
        let n = first.next(bits)?;
        if n > 11 {
            return Err(Wrong::Codes);
        }
        self.before = i32::from(narrow(self.before + bits.signed(n.into())));
        Ok(self.before)
    }
}

/// As far as it goes: files that lie reach further.
fn narrow(value: i32) -> i16 {
    i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
}

struct Block<'a> {
    waves: &'a mut [i16],
    present: &'a mut u64,
    places: &'a [u8; 64],
}

impl Block<'_> {
    fn set_first(&mut self, value: i32) {
        if let Some(wave) = self.waves.first_mut() {
            *wave = narrow(value);
        }
    }

    /// The place of a wave, if it is kept.
    #[inline]
    fn wave(&mut self, k: u8) -> Option<&mut i16> {
        self.waves.get_mut(usize::from(*self.places.get(usize::from(k))?))
    }

    #[inline]
    fn set(&mut self, k: u8, value: i32) {
        *self.present |= 1 << k;
        if let Some(wave) = self.wave(k) {
            *wave = narrow(value);
        }
    }

    fn whole(&mut self, rest: &Codes, bits: &mut Bits<'_>) -> Result<(), Wrong> {
        let mut k = 1_u8;
        while k < 64 {
            let symbol = rest.next(bits)?;
            match (symbol >> 4, symbol & 15) {
                (15, 0) => k += 16,
                (_, 0) => break,
                (zeros, n) => {
                    k += zeros;
                    let value = bits.signed(n.into());
                    if k > 63 {
                        return Err(Wrong::Codes);
                    }
                    if let Some(wave) = self.wave(k) {
                        *wave = narrow(value);
                    }
                    k += 1;
                }
            }
        }
        Ok(())
    }

    fn rest(
        &mut self,
        rest: &Codes,
        band: std::ops::RangeInclusive<u8>,
        low: u8,
        bits: &mut Bits<'_>,
        memory: &mut Memory,
    ) -> Result<(), Wrong> {
        let (mut k, to) = band.into_inner();
        while k <= to {
            let symbol = rest.next(bits)?;
            let (zeros, n) = (symbol >> 4, symbol & 15);
            match (zeros, n) {
                (15, 0) => k += 16,
                (zeros, 0) => {
                    memory.run = run(zeros, bits) - 1;
                    break;
                }
                (zeros, n) => {
                    k += zeros;
                    if k > to {
                        return Err(Wrong::Codes);
                    }
                    let value = bits.signed(n.into());
                    self.set(k, value << low);
                    k += 1;
                }
            }
        }
        Ok(())
    }

    fn again(
        &mut self,
        rest: &Codes,
        band: std::ops::RangeInclusive<u8>,
        low: u8,
        bits: &mut Bits<'_>,
        memory: &mut Memory,
    ) -> Result<(), Wrong> {
        let (mut k, to) = band.into_inner();
        while k <= to && memory.run == 0 {
            let symbol = rest.next(bits)?;
            let mut zeros = symbol >> 4;
            let new = match symbol & 15 {
                0 if zeros < 15 => {
                    memory.run = run(zeros, bits);
                    break;
                }
                0 => None,
                1 => Some(if bits.is_set() { 1 } else { -1 }),
                _ => return Err(Wrong::Codes),
            };
            // Over what is there, of which each says one bit more, and over so many that are not.
            while k <= to {
                if *self.present & 1 << k != 0 {
                    self.more(k, low, bits);
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                k += 1;
            }
            if let Some(sign) = new {
                if k > to {
                    return Err(Wrong::Codes);
                }
                self.set(k, sign << low);
            }
            k += 1;
        }
        if memory.run > 0 {
            memory.run -= 1;
            let mut left = if k <= to { *self.present & self::band(k, to) } else { 0 };
            while left != 0 {
                self.more(u8::try_from(left.trailing_zeros()).unwrap_or(0), low, bits);
                left &= left - 1;
            }
        }
        Ok(())
    }

    /// One bit more of a wave that is there.
    #[inline]
    fn more(&mut self, k: u8, low: u8, bits: &mut Bits<'_>) {
        if bits.is_set()
            && let Some(wave) = self.wave(k)
            && *wave & 1 << low == 0
        {
            *wave = if *wave < 0 { wave.saturating_sub(1 << low) } else { wave.saturating_add(1 << low) };
        }
    }
}

/// For how many blocks, with this one, nothing new comes.
fn run(zeros: u8, bits: &mut Bits<'_>) -> u32 {
    (1 << zeros) + u32::from(bits.number(zeros.into()))
}
