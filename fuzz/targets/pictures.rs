//! Files that say they are pictures.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phiomia_media::{Purpose, heif, prepare};

fuzz_target!(|data: &[u8]| {
    let _ = prepare(data, Purpose::Emoji);
    let _ = heif::unwrap(data);
});
