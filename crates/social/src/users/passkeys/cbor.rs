//! As much of CBOR as authenticators write: whole numbers, bytes, texts, lists and maps of a length told before.
//! Source: RFC 8949, section 3, and the canonical form of CTAP2.

/// Deeper things are not read.
const DEPTH: usize = 8;

/// One thing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Int(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Map(Vec<(Item<'a>, Item<'a>)>),
    /// Something nobody here asks about.
    Other,
}

impl<'a> Item<'a> {
    /// What a map has under a number.
    pub(super) fn at(&self, key: i64) -> Option<&Item<'a>> {
        self.find(&Item::Int(key))
    }
    /// What a map has under a word.
    pub(super) fn named(&self, key: &str) -> Option<&Item<'a>> {
        self.find(&Item::Text(key))
    }
    fn find(&self, key: &Item<'_>) -> Option<&Item<'a>> {
        let Item::Map(entries) = self else { return None };
        entries.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }
    pub(super) fn int(&self) -> Option<i64> {
        if let Item::Int(number) = self { Some(*number) } else { None }
    }
    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        if let Item::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

/// Reads one thing from the front of `left`, which keeps the rest; `None` when that is not CBOR of this kind.
pub(super) fn read<'a>(left: &mut &'a [u8]) -> Option<Item<'a>> {
    item(left, DEPTH)
}

fn item<'a>(left: &mut &'a [u8], depth: usize) -> Option<Item<'a>> {
    let depth = depth.checked_sub(1)?;
    let first = *take(left, 1)?.first()?;
    let n = argument(left, first & 31)?;
    match first >> 5 {
        0 => i64::try_from(n).ok().map(Item::Int),
        1 => i64::try_from(n).ok().map(|n| Item::Int(-1 - n)),
        2 => take(left, usize::try_from(n).ok()?).map(Item::Bytes),
        3 => std::str::from_utf8(take(left, usize::try_from(n).ok()?)?).ok().map(Item::Text),
        4 => {
            // Every thing takes a byte at least: the loop ends with the bytes, whatever length was told.
            for _ in 0..n {
                item(left, depth)?;
            }
            Some(Item::Other)
        }
        5 => {
            let mut entries = Vec::new();
            for _ in 0..n {
                let key = item(left, depth)?;
                entries.push((key, item(left, depth)?));
            }
            Some(Item::Map(entries))
        }
        7 => Some(Item::Other),
        _ => None,
    }
}

fn argument(left: &mut &[u8], info: u8) -> Option<u64> {
    let n_bytes = match info {
        0..=23 => return Some(u64::from(info)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    Some(take(left, n_bytes)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
}

/// The next `n` bytes.
pub(super) fn take<'a>(left: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (taken, rest) = left.split_at_checked(n)?;
    *left = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(mut bytes: &[u8]) -> Option<Item<'_>> {
        read(&mut bytes).filter(|_| bytes.is_empty())
    }

    #[test]
    fn what_authenticators_write_is_read() {
        // {"fmt": "none", 1: -7, -2: h'0102', "list": [true, 256]}
        let bytes = b"\xa4\x63fmt\x64none\x01\x26\x21\x42\x01\x02\x64list\x82\xf5\x19\x01\x00";
        let Some(map) = whole(bytes) else { panic!("not read") };
        assert_eq!(map.named("fmt"), Some(&Item::Text("none")));
        assert_eq!((map.at(1).and_then(Item::int), map.at(-2).and_then(Item::bytes)), (Some(-7), Some(&[1, 2][..])));
        assert_eq!((map.named("list"), map.at(3)), (Some(&Item::Other), None));
    }

    #[test]
    fn what_is_cut_too_deep_or_of_another_kind_is_not_read() {
        let whole_map = b"\xa1\x63fmt\x64none";
        for end in 0..whole_map.len() {
            assert_eq!(whole_map.get(..end).and_then(whole), None, "{end}");
        }
        assert_eq!(whole(&[0x81; 100]), None);
        // Without a length; a length nobody has; a tag; a number beyond 63 bits; no UTF-8.
        for bytes in [&b"\x5f\x41\x00\xff"[..], b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", b"\xc0\x00"] {
            assert_eq!(whole(bytes), None, "{bytes:?}");
        }
        assert_eq!(whole(b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), None);
        assert_eq!(whole(b"\x61\xff"), None);
        assert_eq!(whole(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x00"), None);
    }
}
