//! Elements: a name, a length, and what is in them.

use crate::{
    Unfit,
    source::{Source, cut, wrong},
};

/// Where an element lies.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) id: u32,
    pub(super) at: u64,
    pub(super) body: u64,
    /// `None`: it does not say.
    pub(super) end: Option<u64>,
}

/// An element in a piece of memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inner<'a> {
    pub(super) id: u32,
    pub(super) body: &'a [u8],
    /// Bytes of its head.
    pub(super) n_head: usize,
}

/// A number of one to eight bytes: how many bytes it has is told by its first bit that is set. And those bytes.
pub(super) fn vint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let n = usize::try_from(first.leading_zeros()).ok()?.saturating_add(1);
    let bytes = bytes.get(..n).filter(|_| n <= 8)?;
    let raw = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let marker = 1_u64 << (7 * n);
    Some((raw & (marker - 1), n))
}

/// The name and the length of an element, and the bytes of both. No length: it is not known.
fn head(bytes: &[u8]) -> Option<(u32, Option<u64>, usize)> {
    let n_id = usize::try_from(bytes.first()?.leading_zeros()).ok()?.saturating_add(1);
    let id = bytes.get(..n_id).filter(|_| n_id <= 4)?;
    let id = id.iter().fold(0_u32, |id, byte| id << 8 | u32::from(*byte));
    let (length, n_length) = vint(bytes.get(n_id..)?)?;
    let is_unknown = length == (1_u64 << (7 * n_length)) - 1;
    Some((id, (!is_unknown).then_some(length), n_id + n_length))
}

/// The element at a place.
pub(super) fn element(source: &mut Source<'_>, at: u64) -> Result<Element, Unfit> {
    let n = source.length().saturating_sub(at).min(12);
    let bytes = source.bytes(at, usize::try_from(n).map_err(|_| cut())?)?;
    let (id, length, n_head) = head(&bytes).ok_or_else(cut)?;
    let body = at.saturating_add(n_head as u64);
    let end = match length {
        Some(length) => Some(body.checked_add(length).ok_or_else(|| wrong("a part is too long"))?),
        None => None,
    };
    Ok(Element { id, at, body, end })
}

/// The elements in one, as far as they are whole.
pub(super) fn children(body: &[u8]) -> impl Iterator<Item = Inner<'_>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let (id, length, n_head) = head(rest)?;
        let (body, left) = rest.get(n_head..)?.split_at_checked(usize::try_from(length?).ok()?)?;
        rest = left;
        Some(Inner { id, body, n_head })
    })
}

/// Whole numbers, highest byte first.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The head of an empty element of so many bytes, itself included. There is none of one byte.
pub(super) fn void(n: u64) -> Option<Vec<u8>> {
    match n {
        0..2 => None,
        2..9 => Some(vec![0xec, 0x80 | u8::try_from(n - 2).ok()?]),
        _ => {
            let mut head = vec![0xec];
            head.extend(((n - 9) | 1 << 56).to_be_bytes());
            Some(head)
        }
    }
}
