//! Boxes within boxes: ISO/IEC 14496-12, 4.2.

/// Most boxes beside each other.
pub(crate) const MOST_BOXES: usize = 4_096;

/// A box.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Box<'a> {
    pub(crate) kind: [u8; 4],
    /// What is in it.
    pub(crate) body: &'a [u8],
    /// With its head.
    pub(crate) whole: &'a [u8],
}

/// The boxes in a box, as far as they are whole.
pub(crate) fn children(body: &[u8]) -> impl Iterator<Item = Box<'_>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let (head, _) = rest.split_first_chunk::<8>()?;
        let [a, b, c, d, kind @ ..] = *head;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
        // Old QuickTime ends a list of boxes with a zero.
        let (whole, left) = rest.split_at_checked(length).filter(|_| length >= 8)?;
        rest = left;
        Some(Box { kind, body: whole.get(8..)?, whole })
    })
    .take(MOST_BOXES)
}

/// The first box of a kind.
pub(crate) fn find(body: &[u8], kind: [u8; 4]) -> Option<Box<'_>> {
    children(body).find(|inner| inner.kind == kind)
}
