//! Files that say they are pictures.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phiomia_media::{Purpose, decode_veiled_webp, heif, prepare};

fuzz_target!(|data: &[u8]| {
    let _ = prepare(data, Purpose::Emoji);
    let _ = heif::unwrap(data);
    // Otherwise only large ones are taken apart.
    let _ = decode_veiled_webp(data);
});
