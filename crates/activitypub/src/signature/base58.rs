//! Base58 with Bitcoin's alphabet, as Multikeys and proofs are written.
//! Source: <https://www.w3.org/TR/controller-document/#multibase-0>.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// `None` for other letters and for more than 1,500 of them: the work grows with the square.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() > 1_500 {
        return None;
    }
    let mut bytes: Vec<u8> = Vec::new(); // least first
    for letter in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == letter)?;
        let mut carry = u32::try_from(digit).ok()?;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).ok()?;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push(u8::try_from(carry & 0xff).ok()?);
            carry >>= 8;
        }
    }
    let n_zeros = text.bytes().take_while(|letter| *letter == b'1').count();
    bytes.extend(std::iter::repeat_n(0, n_zeros));
    bytes.reverse();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn known_texts_give_known_bytes() {
        assert_eq!(decode("2NEpo7TZRRrLZSi2U").as_deref(), Some(&b"Hello World!"[..]));
        assert_eq!(decode("11233QC4").as_deref(), Some(&[0, 0, 0x28, 0x7f, 0xb4, 0xcd][..]));
        assert_eq!(decode(""), Some(Vec::new()));
        assert_eq!(decode("0"), None);
        assert_eq!(decode(&"z".repeat(1_501)), None);
    }
}
