//! Codes of differing length (Huffman's), as a file says them.

use super::{Wrong, bits::Bits};

/// Codes up to so many bits are found by one look.
const QUICK: u32 = 9;

/// The symbols of a file and their codes.
#[derive(Clone)]
pub(super) struct Codes {
    /// By the next bits: the symbol, and above it how long its code is; zero where it is longer.
    quick: [u16; 1 << QUICK],
    /// For each length the first of sixteen bits that is beyond its codes, and where its symbols begin.
    longer: [(usize, usize); 17],
    symbols: Vec<u8>,
}

impl Codes {
    /// By how many codes there are of each length, and the symbols in that order.
    pub(super) fn of(counts: [u8; 16], symbols: &[u8]) -> Result<Codes, Wrong> {
        let mut codes = Codes { quick: [0; 1 << QUICK], longer: [(0, 0); 17], symbols: symbols.to_vec() };
        let (mut code, mut at) = (0_usize, 0_usize);
        for ((length, count), longer) in (1..=16_u32).zip(counts).zip(codes.longer.iter_mut().skip(1)) {
            let count = usize::from(count);
            let (step, end) = (1_usize << (16 - length), at + count);
            if code + count * step > 1 << 16 {
                return Err(Wrong::Codes);
            }
            // Both wrap where no code of this length comes so late.
            longer.1 = at.wrapping_sub(code / step);
            if length <= QUICK {
                for symbol in symbols.get(at..end).unwrap_or_default() {
                    let range = code >> (16 - QUICK)..(code + step) >> (16 - QUICK);
                    let entry = u16::from(*symbol) | u16::try_from(length).unwrap_or(0) << 8;
                    codes.quick.get_mut(range).unwrap_or_default().fill(entry);
                    code += step;
                }
            } else {
                code += count * step;
            }
            longer.0 = code;
            at = end;
        }
        Ok(codes)
    }

    /// The next symbol; the bits that follow it are held too.
    #[inline]
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> Result<u8, Wrong> {
        bits.fill();
        let [length, symbol] = self.quick.get(bits.peek(QUICK)).copied().unwrap_or(0).to_be_bytes();
        if length != 0 {
            bits.skip(u32::from(length));
            return Ok(symbol);
        }
        self.long(bits)
    }

    fn long(&self, bits: &mut Bits<'_>) -> Result<u8, Wrong> {
        let next = bits.peek(16);
        for (length, (end, from)) in (0..=16).zip(self.longer).skip(QUICK as usize + 1) {
            if next < end {
                bits.skip(length);
                let at = (next >> (16 - length)).wrapping_add(from);
                return self.symbols.get(at).copied().ok_or(Wrong::Codes);
            }
        }
        Err(Wrong::Codes)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test shall fail loudly")]

    use super::*;

    #[test]
    fn short_and_long_codes_are_found() {
        // 0, 10, 110, and of eleven bits 11100000000 and 11100000001.
        let mut counts = [0; 16];
        for (at, count) in [(0, 1), (1, 1), (2, 1), (10, 2)] {
            *counts.get_mut::<usize>(at).unwrap() = count;
        }
        let codes = Codes::of(counts, &[7, 8, 9, 10, 11]).unwrap();
        let mut bits = Bits::of(&[0b0101_1011, 0b1000_0000, 0b1111_0000, 0b0000_0000]);
        let read: Vec<u8> = (0..5).map(|_| codes.next(&mut bits).unwrap()).collect();
        assert_eq!(read, [7, 8, 9, 11, 10]);
        assert!(!bits.is_overdrawn());
    }

    #[test]
    fn more_codes_than_there_can_be_are_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(matches!(Codes::of(counts, &[1, 2, 3]), Err(Wrong::Codes)));
        // And one that is in no table.
        assert!(matches!(Codes::of([0; 16], &[]).unwrap().next(&mut Bits::of(&[0; 9])), Err(Wrong::Codes)));
    }
}
