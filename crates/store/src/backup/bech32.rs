//! Keys as `age` writes them: Bech32, in one case, with a name in front and a sum behind.
//!
//! Source: <https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki>; without its limit to 90 characters.

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
const N_SUM: usize = 6;

/// The bytes of a text with that name, in lower case. `None`: it is none.
pub(super) fn decode(name: &str, text: &str) -> Option<Vec<u8>> {
    let is_one_case = text.chars().all(|c| !c.is_ascii_uppercase()) || text.chars().all(|c| !c.is_ascii_lowercase());
    let text = text.to_ascii_lowercase();
    let (found, data) = text.rsplit_once('1')?;
    if found != name || !is_one_case {
        return None;
    }
    let place = |byte: u8| ALPHABET.iter().position(|known| *known == byte).and_then(|at| u8::try_from(at).ok());
    let fives: Vec<u8> = data.bytes().map(place).collect::<Option<_>>()?;
    if sum(name, &fives) != 1 {
        return None;
    }
    let fives = fives.get(..fives.len().checked_sub(N_SUM)?)?;
    regroup(fives, 5, 8, false)
}

/// The text of some bytes, in lower case.
pub(super) fn encode(name: &str, bytes: &[u8]) -> String {
    let mut fives = regroup(bytes, 8, 5, true).unwrap_or_default();
    let mut summed = fives.clone();
    summed.extend([0; N_SUM]);
    let sum = sum(name, &summed) ^ 1;
    fives.extend((0..N_SUM).map(|at| low_five(sum >> (5 * (N_SUM - 1 - at)))));
    let letters = fives.iter().filter_map(|five| ALPHABET.get(usize::from(*five))).map(|byte| char::from(*byte));
    format!("{name}1{}", letters.collect::<String>())
}

fn low_five(n: u32) -> u8 {
    u8::try_from(n & 31).unwrap_or_default()
}

/// Bits of groups of one size, in groups of another.
fn regroup(groups: &[u8], from: u32, to: u32, pads: bool) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut n_bits) = (0_u32, 0);
    let mask = (1_u32 << to) - 1;
    for group in groups {
        bits = ((bits << from) | u32::from(*group)) & 0xffff;
        n_bits += from;
        while n_bits >= to {
            n_bits -= to;
            out.push(u8::try_from((bits >> n_bits) & mask).ok()?);
        }
    }
    let rest = bits & ((1 << n_bits) - 1);
    match pads {
        true if n_bits > 0 => out.push(u8::try_from((rest << (to - n_bits)) & mask).ok()?),
        true => {}
        // No more than what had to be filled up, and that with zeros.
        false if n_bits >= from || rest != 0 => return None,
        false => {}
    }
    Some(out)
}

fn sum(name: &str, fives: &[u8]) -> u32 {
    let high = name.bytes().map(|byte| byte >> 5);
    let low = name.bytes().map(|byte| byte & 31);
    let all = high.chain([0]).chain(low).chain(fives.iter().copied());
    all.fold(1_u32, |sum, five| {
        let top = sum >> 25;
        let next = ((sum & 0x1ff_ffff) << 5) ^ u32::from(five);
        let bits = GENERATOR.iter().enumerate().filter(|(at, _)| (top >> at) & 1 == 1);
        bits.fold(next, |next, (_, generator)| next ^ generator)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_proposal_are_read() {
        // From the proposal: valid, with data of 0 to 31.
        for (name, text) in
            [("a", "A12UEL5L"), ("abcdef", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"), ("?", "?1ezyfcl")]
        {
            let fives = |text: &str| text.to_ascii_lowercase().rsplit_once('1').map(|(_, data)| data.len());
            assert!(fives(text).is_some());
            let place = |byte| ALPHABET.iter().position(|known| *known == byte).and_then(|at| u8::try_from(at).ok());
            let data = text.to_ascii_lowercase();
            let data: Vec<u8> =
                data.rsplit_once('1').map(|(_, data)| data.bytes().filter_map(place).collect()).unwrap_or_default();
            assert_eq!(sum(name, &data), 1, "{text}");
        }
    }

    #[test]
    fn bytes_come_back_and_errors_do_not() {
        let bytes: Vec<u8> = (0..32).collect();
        let text = encode("age", &bytes);
        assert_eq!(decode("age", &text), Some(bytes.clone()));
        assert_eq!(decode("age", &text.to_ascii_uppercase()), Some(bytes));
        let changed = text.replace(&text[10..11], if &text[10..11] == "q" { "p" } else { "q" });
        for wrong in
            [changed.as_str(), "age1", "", "age", &text[..20], &text.replacen('a', "A", 1), &format!("x{text}")]
        {
            assert_eq!(decode("age", wrong), None, "{wrong}");
        }
        assert_eq!(decode("other", &text), None);
    }
}
