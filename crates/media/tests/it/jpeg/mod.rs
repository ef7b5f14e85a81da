//! JPEG at every step of its size, held beside what the standard says and beside another decoder.

pub mod made;

use image::DynamicImage;
use made::{Pass, Waves};
use phiomia_media::{Purpose, Unfit, decode_jpeg, prepare};
use proptest::prelude::*;

/// For waves from coarse to fine: column and row.
fn column_and_row(k: usize) -> (usize, usize) {
    let mut at = (0, 0);
    for _ in 0..k {
        let is_up = (at.0 + at.1) % 2 == 0;
        at = match (is_up, at) {
            (true, (7, row)) => (7, row + 1),
            (true, (column, 0)) => (column + 1, 0),
            (true, (column, row)) => (column + 1, row - 1),
            (false, (column, 7)) => (column + 1, 7),
            (false, (0, row)) => (0, row + 1),
            (false, (column, row)) => (column - 1, row + 1),
        };
    }
    at
}

/// The step that is taken when so many eighths are wanted of a picture: the first that is not smaller.
fn step(waves: &Waves, eighths: u32) -> (u32, (u32, u32)) {
    let size = |n: u32| ((u32::from(waves.width) * n).div_ceil(8), (u32::from(waves.height) * n).div_ceil(8));
    let enough = size(eighths);
    ((1..=8).find(|n| size(*n).0 >= enough.0 && size(*n).1 >= enough.1).unwrap(), enough)
}

/// What the standard's formula makes of a component, with as many pixels as the whole picture has at a step.
fn component_as_defined(waves: &Waves, one: usize, step: u32) -> Vec<u8> {
    let component = &waves.components[one];
    let (across, down) = waves.most();
    let step = usize::try_from(step).unwrap();
    let becomes = (step * across / usize::from(component.across), step * down / usize::from(component.down));
    let (wide, high) = ((usize::from(waves.width) * step).div_ceil(8), (usize::from(waves.height) * step).div_ceil(8));
    let height = |wave: usize, pixel: usize, pixels: usize| {
        let scale = if wave == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
        scale * 0.5 * (wave as f64 * (2 * pixel + 1) as f64 * std::f64::consts::PI / (2 * pixels) as f64).cos()
    };
    let pixel = |x: usize, y: usize| {
        let block = &component.blocks[y / becomes.1 * component.n_wide + x / becomes.0];
        let mut sum = 128.0;
        for (k, wave) in block.iter().enumerate().filter(|(_, wave)| **wave != 0) {
            let (column, row) = column_and_row(k);
            if column < becomes.0 && row < becomes.1 {
                sum += f64::from(*wave)
                    * f64::from(component.quantisers[k])
                    * height(column, x % becomes.0, becomes.0)
                    * height(row, y % becomes.1, becomes.1);
            }
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a pixel")]
        let byte = sum.round().clamp(0.0, 255.0) as u8;
        byte
    };
    (0..wide * high).map(|at| pixel(at % wide, at / wide)).collect()
}

/// The same of all, as light.
fn as_defined(waves: &Waves, step: u32) -> Vec<u8> {
    let components: Vec<Vec<u8>> =
        (0..waves.components.len()).map(|one| component_as_defined(waves, one, step)).collect();
    let mut light = Vec::new();
    for at in 0..components[0].len() {
        let value = |one: usize| f64::from(components[one][at]);
        let byte = |value: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a pixel")]
            let byte = value.round().clamp(0.0, 255.0) as u8;
            byte
        };
        let rgb = || {
            let (y, cb, cr) = (value(0), value(1) - 128.0, value(2) - 128.0);
            [y + 1.402 * cr, y - 0.344_14 * cb - 0.714_14 * cr, y + 1.772 * cb].map(|value| value.clamp(0.0, 255.0))
        };
        match (components.len(), waves.adobe) {
            (1, _) => light.push(components[0][at]),
            (3, Some(0)) => light.extend([value(0), value(1), value(2)].map(byte)),
            (3, _) => light.extend(rgb().map(byte)),
            (_, Some(2)) => light.extend(rgb().map(|left| byte((255.0 - left) * value(3) / 255.0))),
            _ => light.extend([0, 1, 2].map(|one| byte(value(one) * value(3) / 255.0))),
        }
    }
    light
}

fn farthest(one: &[u8], other: &[u8]) -> u8 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

fn pixels(image: DynamicImage) -> Vec<u8> {
    match image {
        DynamicImage::ImageLuma8(grey) => grey.into_raw(),
        other => other.into_rgb8().into_raw(),
    }
}

const FACTORS: [&[(u8, u8)]; 9] = [
    &[(1, 1)],
    &[(2, 2)],
    &[(1, 1), (1, 1), (1, 1)],
    &[(2, 2), (1, 1), (1, 1)],
    &[(2, 1), (1, 1), (1, 1)],
    &[(1, 2), (1, 1), (1, 1)],
    &[(4, 1), (1, 1), (1, 1)],
    &[(1, 1), (1, 1), (1, 1), (1, 1)],
    &[(2, 2), (1, 1), (1, 1), (2, 2)],
];

/// A picture of any kind, with waves here and there.
fn any_waves() -> impl Strategy<Value = Waves> {
    let parts = (0..FACTORS.len(), 1_u16..70, 1_u16..50, prop_oneof![Just(0_u16), 1_u16..9], any::<u64>(), 0_u8..3);
    parts.prop_map(|(kind, width, height, restart, seed, adobe)| {
        let mut dice = seed | 1;
        let mut roll = |most: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % most
        };
        let mut waves = Waves::new((width, height), FACTORS[kind], |_, _, _| {
            let mut block = [0_i16; 64];
            block[0] = i16::try_from(roll(240)).unwrap() - 120;
            for _ in 0..roll(9) {
                let k = if roll(2) == 0 { roll(64) } else { roll(8) };
                block[usize::try_from(k).unwrap()] = i16::try_from(roll(31)).unwrap() - 15;
            }
            block
        });
        for (n, component) in (0..).zip(&mut waves.components) {
            for (k, quantiser) in (0_u8..).zip(&mut component.quantisers) {
                *quantiser = 4 + n + k / 16;
            }
        }
        waves.restart = restart;
        waves.adobe = match FACTORS[kind].len() {
            3 => [None, Some(0), Some(1)][usize::from(adobe)],
            4 => [None, Some(0), Some(2)][usize::from(adobe)],
            _ => None,
        };
        waves
    })
}

/// Passes that bring everything, in some order that may be.
fn any_passes(n: usize) -> impl Strategy<Value = Vec<Pass>> {
    let cuts = proptest::collection::vec((1_u8..64, 0_u8..4), 0..4);
    (0_u8..3, any::<bool>(), proptest::collection::vec(cuts, n), any::<bool>()).prop_map(
        move |(low, together, cuts, late)| {
            let groups: Vec<Vec<usize>> =
                if together { vec![(0..n).collect()] } else { (0..n).map(|one| vec![one]).collect() };
            let firsts = |high: u8, low: u8| groups.iter().map(move |group| Pass::of(group, (0, 0), (high, low)));
            let mut passes: Vec<Pass> = firsts(0, low).collect();
            let again: Vec<Pass> = (0..low).rev().flat_map(|low| firsts(low + 1, low)).collect();
            let (mut begun, mut rest) = (Vec::new(), Vec::new());
            for (one, cuts) in cuts.iter().enumerate() {
                let mut ends: Vec<(u8, u8)> = cuts.clone();
                ends.push((63, 1));
                ends.sort_unstable();
                ends.dedup_by_key(|(end, _)| *end);
                let mut from = 1;
                for (to, depth) in ends {
                    begun.push(Pass::of(&[one], (from, to), (0, depth)));
                    rest.extend((0..depth).rev().map(|low| (low, Pass::of(&[one], (from, to), (low + 1, low)))));
                    from = to + 1;
                }
            }
            rest.sort_by_key(|(low, _)| std::cmp::Reverse(*low));
            passes.extend(begun);
            if !late {
                passes.extend(again.clone());
            }
            passes.extend(rest.into_iter().map(|(_, pass)| pass));
            if late {
                passes.extend(again);
            }
            passes
        },
    )
}

fn any_picture() -> impl Strategy<Value = (Waves, Vec<Pass>)> {
    any_waves().prop_flat_map(|waves| {
        let n = waves.components.len();
        (Just(waves), any_passes(n))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 10_000, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn every_picture_is_at_every_step_what_the_standard_says((waves, passes) in any_picture(), eighths in 1_u32..9) {
        let (step, enough) = step(&waves, eighths);
        let baseline = pixels(decode_jpeg(&waves.baseline(), enough).unwrap());
        let most = farthest(&baseline, &as_defined(&waves, step));
        prop_assert!(most <= 3, "{most} beside the formula");
        prop_assert_eq!(&pixels(decode_jpeg(&waves.as_usual(), enough).unwrap()), &baseline);
        prop_assert_eq!(&pixels(decode_jpeg(&waves.progressive(&passes), enough).unwrap()), &baseline);
        let each: Vec<usize> = (0..waves.components.len()).collect();
        let each: Vec<&[usize]> = each.chunks(1).collect();
        prop_assert_eq!(&pixels(decode_jpeg(&waves.sequential(&each), enough).unwrap()), &baseline);
    }

    #[test]
    fn the_other_decoder_sees_the_same_in_every_order_of_passes((waves, passes) in any_picture()) {
        let (across, down) = waves.most();
        // It makes more pixels of few by a way of its own, and takes Adobe's word for no picture with these names.
        prop_assume!(waves.components.iter().all(|one| (one.across.into(), one.down.into()) == (across, down)));
        prop_assume!(waves.components.len() != 3 || waves.adobe != Some(0));
        let file = waves.progressive(&passes);
        let theirs = jpeg_decoder::Decoder::new(&file[..]).decode().unwrap();
        let theirs = if waves.components.len() < 4 { theirs } else {
            let left = |inks: &[u8]| [0, 1, 2].map(|n| {
                u8::try_from((255 - u32::from(inks[n])) * (255 - u32::from(inks[3])) / 255).unwrap()
            });
            theirs.chunks_exact(4).flat_map(left).collect()
        };
        let ours = pixels(decode_jpeg(&file, (70, 70)).unwrap());
        let most = farthest(&ours, &theirs);
        prop_assert!(most <= 4, "{most} beside the other decoder");
    }

    #[test]
    fn what_is_cut_short_or_changed_never_makes_it_panic(
        (waves, passes) in any_picture(), cut in 0.0_f64..1.0, at in 0.0_f64..1.0, value: u8, eighths in 1_u32..9,
    ) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the file")]
        let place = |part: f64, len: usize| (part * len as f64) as usize;
        let (_, enough) = step(&waves, eighths);
        for mut file in [waves.progressive(&passes), waves.baseline()] {
            // Without the last two bytes it is whole.
            let cut = &file[..place(cut, file.len() - 2)];
            prop_assert!(decode_jpeg(cut, enough).is_err());
            prop_assert!(prepare(cut, Purpose::Attachment).is_err());
            prop_assert!(decode_jpeg(&file[..file.len() - 2], enough).is_ok());
            let at = place(at, file.len());
            file[at] = value;
            let _ = decode_jpeg(&file, enough);
        }
    }
}

/// A slope from one corner to the other, with some detail.
fn slope(size: (u16, u16), factors: &[(u8, u8)]) -> Waves {
    Waves::new(size, factors, |one, x, y| {
        let mut block = [0_i16; 64];
        let place = i16::try_from((x * 3 + y * 5) % 120).unwrap();
        block[0] = if one == 0 { place - 60 } else { 30 - place / 2 };
        block[2] = i16::try_from(x % 9).unwrap() - 4;
        block[20] = i16::try_from((x + y) % 3).unwrap();
        block
    })
}

#[test]
fn thousands_of_passes_are_refused() {
    let mut passes = vec![Pass::of(&[0, 1, 2], (0, 0), (0, 0))];
    passes.extend((0..600).map(|n| Pass::of(&[n % 3], (1, 63), (0, 0))));
    let bomb = slope((64, 64), &[(1, 1); 3]).progressive(&passes);
    let Err(Unfit::Unreadable(why)) = decode_jpeg(&bomb, (64, 64)) else { panic!("it was taken") };
    assert!(why.contains("passes"), "{why}");
    // Whichever decoder it comes to, it is not taken as a picture of its size and costs little.
    assert!(decode_jpeg(&slope((64, 64), &[(1, 1); 3]).progressive(&passes[..400]), (64, 64)).is_ok());
}

#[test]
fn what_says_of_itself_what_cannot_be_is_refused() {
    let whole = slope((64, 48), &[(2, 2), (1, 1), (1, 1)]);
    let refused = |passes: &[Pass]| decode_jpeg(&whole.progressive(passes), (64, 48)).unwrap_err();
    let first = || Pass::of(&[0, 1, 2], (0, 0), (0, 0));
    // No brightness of one component at all; waves of two at once; the coarsest with others; more bits of what is not known.
    for passes in [
        vec![Pass::of(&[0, 1], (0, 0), (0, 0))],
        vec![first(), Pass::of(&[1, 2], (1, 63), (0, 0))],
        vec![Pass::of(&[0], (0, 5), (0, 0))],
        vec![first(), Pass::of(&[0], (1, 5), (3, 1))],
    ] {
        assert!(matches!(refused(&passes), Unfit::Damaged(_)), "{passes:?}");
    }
    // As much as there is, where the file says that it ends: as all who show it do.
    assert!(decode_jpeg(&whole.progressive(&[first()]), (64, 48)).is_ok());
    let file = whole.baseline();
    let at = |marker: u8| file.windows(2).position(|two| two == [0xff, marker]).unwrap();
    for (place, value) in
        [(at(0xc1) + 4, 12), (at(0xc1) + 9, 2), (at(0xc1) + 9, 0), (at(0xc1) + 11, 0x35), (at(0xda) + 5, 9)]
    {
        let mut file = file.clone();
        file[place] = value;
        assert!(decode_jpeg(&file, (64, 48)).is_err(), "{place} {value}");
    }
    // A picture of this size that says it is ten times as large.
    let mut file = whole.as_usual();
    let at = file.windows(2).position(|two| two == [0xff, 0xc2]).unwrap();
    file[at + 5..at + 9].copy_from_slice(&[0x11, 0, 0x1d, 0]);
    assert!(matches!(prepare(&file, Purpose::Attachment), Err(Unfit::Damaged(_))));
}

macro_rules! corpus {
    ($name:literal) => {
        include_bytes!(concat!("../../../../../fuzz/corpus/jpeg/", $name))
    };
}

#[test]
fn files_of_real_encoders_look_as_everywhere() {
    for (name, file) in [
        ("4:2:0", &corpus!("420.jpg")[..]),
        ("4:2:2, restarts", corpus!("422.jpg")),
        ("4:4:4", corpus!("444.jpg")),
        ("grey", corpus!("grey.jpg")),
        ("turned by its waves, 4:4:0", corpus!("440.jpg")),
        ("its passes one by one", corpus!("passes.jpg")),
        ("baseline", corpus!("baseline.jpg")),
    ] {
        let usual = image::load_from_memory(file).unwrap();
        let ours = decode_jpeg(file, (usual.width(), usual.height())).unwrap();
        assert_eq!((ours.width(), ours.height()), (usual.width(), usual.height()), "{name}");
        let (ours, usual) = (ours.to_rgb8(), usual.to_rgb8());
        let off: u32 = ours.iter().zip(usual.iter()).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        let mean = f64::from(off) / ours.len() as f64;
        assert!(mean < 2.5, "{name}: {mean} off on average");
        // Smaller, it is what becomes of the larger one.
        for eighths in 1..8 {
            let side = |pixels: u32| (pixels * eighths).div_ceil(8);
            let small = decode_jpeg(file, (side(usual.width()), side(usual.height()))).unwrap().to_rgb8();
            let filter = image::imageops::FilterType::Triangle;
            let made = image::imageops::resize(&usual, small.width(), small.height(), filter);
            let off: u32 = small.iter().zip(made.iter()).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
            let mean = f64::from(off) / small.len() as f64;
            assert!(mean < 12.0, "{name} at {eighths} eighths: {mean} off on average");
        }
    }
}
