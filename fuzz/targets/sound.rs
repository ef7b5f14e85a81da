//! Files that say they are sounds.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use phiomia_media::{Piece, probe};

fuzz_target!(|data: &[u8]| {
    let Ok(playable) = probe(&mut Cursor::new(data)) else { return };
    let n_bytes = playable.pieces.iter().map(Piece::length).sum::<u64>();
    assert!(n_bytes <= data.len() as u64 + 1_000, "a small file became a large one");
});
