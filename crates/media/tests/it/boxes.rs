//! Pictures in the boxes of films: what is taken out of them, and that nothing panics.

use phiomia_media::{
    Still, StillCodec, Unfit,
    heif::{Turn, unwrap},
};
use proptest::prelude::*;

const AVIF: &[u8] = include_bytes!("../../../../fuzz/corpus/pictures/a.avif");
const HEIC: &[u8] = include_bytes!("../../../../fuzz/corpus/pictures/a.heic");
const GRID: &[u8] = include_bytes!("../../../../fuzz/corpus/pictures/grid.heic");

#[test]
fn a_picture_is_taken_out_of_its_boxes() {
    let Still { codec, grid, width, height, stream, .. } = unwrap(AVIF).unwrap();
    assert_eq!((codec, grid, width, height), (StillCodec::Av1, (1, 1), 120, 60));
    assert!(stream.starts_with(&[0x12, 0, 0x0a]), "a delimiter, and the head of a sequence");
    let Still { codec, grid, width, height, stream, .. } = unwrap(HEIC).unwrap();
    assert_eq!((codec, grid, width, height), (StillCodec::Hevc, (1, 1), 120, 60));
    assert!(stream.starts_with(&[0, 0, 0, 1, 0x40]), "what decoders have to know first");
}

#[test]
fn parts_follow_each_other_and_are_turned_together() {
    let still = unwrap(GRID).unwrap();
    assert_eq!((still.codec, still.grid, still.width, still.height), (StillCodec::Hevc, (2, 2), 120, 100));
    assert_eq!((still.turns.as_slice(), still.colouring.unwrap().is_full), (&[Turn::Right][..], true));
    let n_parts = still.stream.windows(5).filter(|unit| unit == &[0, 0, 0, 1, 0x40]).count();
    assert_eq!(n_parts, 4);
    assert!(!crate::made::holds(&still.stream, "secret"));
}

#[test]
fn what_lies_about_its_parts_is_refused() {
    for (file, n) in [(AVIF, AVIF.len()), (HEIC, HEIC.len()), (GRID, GRID.len())] {
        for cut in (12..n - 1).step_by(7) {
            assert!(unwrap(&file[..cut]).is_err(), "{cut} of {n}");
        }
    }
    let mut large = AVIF.to_vec();
    let at = large.windows(4).position(|four| four == b"ispe").unwrap() + 8;
    large[at..at + 8].copy_from_slice(&[0, 0, 0x7f, 0, 0, 0, 0x7f, 0]);
    assert_eq!(unwrap(&large), Err(Unfit::TooManyPixels { width: 0x7f00, height: 0x7f00 }));
    let strange = [&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], b"\0\0\0\x0cmeta\0\0\0\0"].concat();
    assert!(unwrap(&strange).is_err());
    assert_eq!(unwrap(b"GIF89a"), Err(Unfit::UnknownKind));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn no_change_of_its_boxes_makes_it_panic_or_grow(which in 0_usize..3, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = [AVIF, HEIC, GRID][which].to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(still) = unwrap(&bytes) {
            prop_assert!(still.stream.len() <= 33 * 1024 * 1024);
        }
    }
}
