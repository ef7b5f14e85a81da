//! What is coded, bit by bit: up to a marker, and never past it.

use super::Wrong;

/// Bits of one symbol and of what follows it, at most.
const ENOUGH: u32 = 32;

/// The bits of a scan.
pub(super) struct Bits<'a> {
    /// What was not taken yet. Begins with a marker once there is nothing more.
    rest: &'a [u8],
    /// Bits that were taken, the next one highest.
    held: u64,
    /// How many of them.
    n: u32,
    /// How many of those are zeros that stand for what is not there.
    lent: u32,
}

impl<'a> Bits<'a> {
    pub(super) const fn of(rest: &'a [u8]) -> Bits<'a> {
        Bits { rest, held: 0, n: 0, lent: 0 }
    }

    /// What comes after the bits.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether more was read than there is.
    pub(super) const fn is_overdrawn(&self) -> bool {
        self.lent > self.n
    }

    /// Holds bits enough for a symbol and what follows it.
    #[inline]
    pub(super) fn fill(&mut self) {
        if self.n < ENOUGH {
            self.take();
        }
    }

    fn take(&mut self) {
        if let Some((eight, _)) = self.rest.split_first_chunk::<8>() {
            let word = u64::from_be_bytes(*eight);
            if !holds_ff(word) {
                // Bits beyond the last whole byte are those that will be set there again.
                self.held |= word >> self.n;
                let bytes = (63 - self.n) / 8;
                self.rest = self.rest.get(bytes as usize..).unwrap_or_default();
                self.n += bytes * 8;
                return;
            }
        }
        while self.n <= 56 {
            let byte = match self.rest {
                [0xff, 0, rest @ ..] => {
                    self.rest = rest;
                    0xff
                }
                [byte, rest @ ..] if *byte != 0xff => {
                    self.rest = rest;
                    *byte
                }
                _ => {
                    self.lent += 8;
                    0
                }
            };
            self.held |= u64::from(byte) << (56 - self.n);
            self.n += 8;
        }
    }

    /// The next bits, at most sixteen, of those that are held.
    #[inline]
    pub(super) fn peek(&self, n: u32) -> usize {
        let [first, second, ..] = self.held.to_be_bytes();
        usize::from(u16::from_be_bytes([first, second])) >> (16 - n)
    }

    /// Lets them go.
    #[inline]
    pub(super) fn skip(&mut self, n: u32) {
        self.held <<= n;
        self.n = self.n.saturating_sub(n);
    }

    /// The next bits as a number, at most sixteen.
    #[inline]
    pub(super) fn number(&mut self, n: u32) -> u16 {
        self.fill();
        let number = u16::try_from(self.peek(n)).unwrap_or(u16::MAX);
        self.skip(n);
        number
    }

    #[inline]
    pub(super) fn is_set(&mut self) -> bool {
        self.number(1) == 1
    }

    /// A number of either sign, of so many bits that it is told apart by its highest one.
    #[inline]
    pub(super) fn signed(&mut self, n: u32) -> i32 {
        if n == 0 {
            return 0;
        }
        let number = i32::from(self.number(n));
        if number < 1 << (n - 1) { number - (1 << n) + 1 } else { number }
    }

    /// Goes on behind the marker that says where to begin again.
    pub(super) fn restart(&mut self, number: u8) -> Result<(), Wrong> {
        if self.is_overdrawn() {
            return Err(Wrong::Cut);
        }
        let mut rest = self.rest;
        loop {
            match rest {
                [0xff, 0, more @ ..] => rest = more,
                [0xff, more @ ..] if more.first() == Some(&0xff) => rest = more,
                [0xff, marker, more @ ..] if *marker == 0xd0 + number => {
                    *self = Bits::of(more);
                    return Ok(());
                }
                [0xff, _, ..] => return Err(Wrong::Restart),
                [_, more @ ..] => rest = more,
                [] => return Err(Wrong::Cut),
            }
        }
    }
}

/// Whether one of the eight bytes may begin a marker.
const fn holds_ff(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    (!word).wrapping_sub(ONES) & word & HIGHEST != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_order_and_end_at_the_marker() {
        let mut bits = Bits::of(&[0b1010_0000, 0xff, 0, 0x12, 0xff, 0xd9]);
        assert_eq!((bits.number(3), bits.number(5), bits.number(8), bits.number(8)), (5, 0, 0xff, 0x12));
        assert!(!bits.is_overdrawn());
        assert!(!bits.is_set());
        assert!(bits.is_overdrawn());
        assert_eq!(bits.rest(), [0xff, 0xd9]);
    }

    #[test]
    fn a_long_run_without_markers_is_the_same_as_byte_by_byte() {
        let bytes: Vec<u8> = (0..200_u8).map(|n| n.wrapping_mul(73) & 0x7f).collect();
        let (mut long, mut short) =
            (Bits::of(&bytes), bytes.iter().flat_map(|b| (0..8).map(move |n| b >> (7 - n) & 1)));
        for n in (1..14).cycle().take(180) {
            let expected = (0..n).fold(0, |number, _| number * 2 + u16::from(short.next().unwrap_or(9)));
            assert_eq!(long.number(n), expected);
        }
    }

    #[test]
    fn numbers_have_their_sign() {
        assert_eq!(Bits::of(&[0b0110_0000, 0, 0]).signed(3), -4);
        assert_eq!(Bits::of(&[0b1000_0000, 0, 0]).signed(1), 1);
        assert_eq!(Bits::of(&[0]).signed(0), 0);
    }
}
