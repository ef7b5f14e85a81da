//! What says that it is a JPEG, at several sizes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phiomia_media::decode_jpeg;

/// Pixels of what is looked at: larger ones cost time and show nothing new.
const MOST: u64 = 1_000_000;

fuzz_target!(|data: &[u8]| {
    let is_large = data.windows(9).any(|head| match head {
        [0xff, 0xc0..=0xc2, _, _, _, h, eight, w, more] => {
            u64::from(u16::from_be_bytes([*h, *eight])) * u64::from(u16::from_be_bytes([*w, *more])) > MOST
        }
        _ => false,
    });
    if !is_large {
        for enough in [(1, 1), (40, 30), (u32::MAX, 1)] {
            let _ = decode_jpeg(data, enough);
        }
    }
});
