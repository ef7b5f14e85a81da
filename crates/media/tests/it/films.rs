//! Films and sounds: what is known of them, what is kept, and that nothing panics.

use std::io::{Cursor, Read as _};

use phiomia_media::{Kept, Piece, Playable, Remade, Unfit, probe};
use proptest::prelude::*;

use crate::{
    made::holds,
    reels::{Mp4, flac, mp3, ogg, ogg_with, riff, webm},
};

fn probed(bytes: &[u8]) -> Result<Playable, Unfit> {
    probe(&mut Cursor::new(bytes))
}

fn kept(bytes: &[u8]) -> (Playable, Vec<u8>) {
    let playable = probed(bytes).unwrap();
    let mut made = Vec::new();
    Remade::new(Cursor::new(bytes), playable.pieces.clone()).read_to_end(&mut made).unwrap();
    (playable, made)
}

#[test]
fn a_film_is_kept_with_its_contents_first_and_only_what_is_played() {
    let came = Mp4::default().bytes();
    assert!(holds(&came, "secret place") && holds(&came, "secret track"));
    let (film, made) = kept(&came);
    assert_eq!((film.kept, film.size), (Kept::Mp4, Some((640, 360))));
    assert_eq!((film.playing.duration_ms, film.playing.frame_rate), (2_000, Some((2, 1))));
    assert_eq!(film.playing.codec.as_deref(), Some("h264"));
    let sound = film.playing.sound.clone().unwrap();
    assert_eq!((sound.codec.as_str(), sound.rate_hz, sound.channels), ("aac", 48_000, 2));
    let place = |word: &[u8]| made.windows(4).position(|four| four == word);
    assert!(place(b"moov").unwrap() < place(b"mdat").unwrap());
    assert!(!holds(&made, "secret"), "{}", String::from_utf8_lossy(&made));
    assert!(place(b"udta").is_none() && place(b"uuid").is_none());
    // The samples lie where the tables say: the same film comes out of it again.
    for sample in ["frame-1!", "frame-4!", "sound-1!"] {
        assert!(holds(&made, sample), "{sample}");
    }
    let (again, twice) = kept(&made);
    assert_eq!((again.playing, again.size, twice), (film.playing, film.size, made.clone()));
    let offset = place(b"stco").unwrap() + 12;
    let first = u32::from_be_bytes(made[offset..offset + 4].try_into().unwrap());
    assert!(made[usize::try_from(first).unwrap()..].starts_with(b"frame-1!"));
}

#[test]
fn a_film_on_its_side_is_told_the_right_way_up() {
    assert_eq!(kept(&Mp4 { is_on_its_side: true, ..Mp4::default() }.bytes()).0.size, Some((360, 640)));
}

#[test]
fn what_not_every_browser_plays_is_named() {
    for (codec, name) in [(b"hvc1", "HEVC (H.265)"), (b"av01", "AV1 in MP4"), (b"mp4v", "MPEG-4 Part 2")] {
        let refused = probed(&Mp4 { codec: *codec, ..Mp4::default() }.bytes()).unwrap_err();
        assert_eq!(refused, Unfit::Foreign { codec: name.to_owned() });
        assert!(refused.to_string().contains("MP4 with H.264"));
    }
    let deep = Mp4 { profile: 110, ..Mp4::default() }.bytes();
    assert!(matches!(probed(&deep), Err(Unfit::Foreign { .. })));
}

#[test]
fn films_that_are_too_large_or_too_quick_are_refused() {
    let large = Mp4 { size: (8_000, 4_000), ..Mp4::default() }.bytes();
    assert_eq!(probed(&large), Err(Unfit::TooManyFilmPixels { width: 8_000, height: 4_000 }));
    let quick = Mp4 { ticks: 1, ..Mp4::default() }.bytes();
    assert_eq!(probed(&quick), Err(Unfit::TooManyFrames { rate: 1_000 }));
}

#[test]
fn tables_that_lie_are_refused() {
    let beyond = Mp4 { shift: 1_000_000, ..Mp4::default() }.bytes();
    assert!(matches!(probed(&beyond), Err(Unfit::Damaged(_))));
    // Every chunk the same bytes: a small file that would become a large one.
    let same = Mp4 { is_folded: true, ..Mp4::default() }.bytes();
    assert_eq!(probed(&same), Err(Unfit::Damaged("its parts overlap".to_owned())));
    let came = Mp4::default().bytes();
    // Behind its contents there is only a box that nobody needs.
    for cut in 8..came.len() - 36 {
        assert!(probed(&came[..cut]).is_err(), "{cut} of {}", came.len());
    }
}

#[test]
fn a_webm_keeps_its_places_and_loses_its_words() {
    let came = webm();
    assert!(holds(&came, "secret place"));
    let (film, made) = kept(&came);
    assert_eq!((film.kept, film.size), (Kept::WebM, Some((320, 240))));
    assert_eq!((film.playing.duration_ms, film.playing.codec.as_deref()), (2_000, Some("vp9")));
    assert_eq!(film.playing.frame_rate, Some((1, 1)));
    assert!(!holds(&made, "secret") && holds(&made, "block-2"));
    assert_eq!(kept(&made).1, made);
}

#[test]
fn a_sound_loses_its_words_and_keeps_its_cover_apart() {
    let (sound, made) = kept(&mp3(b"a picture of nobody"));
    assert_eq!((sound.kept, sound.size, sound.cover.as_deref()), (Kept::Mp3, None, Some(&b"a picture of nobody"[..])));
    // Forty frames of 1152 samples at 44100 a second.
    assert_eq!(sound.playing.duration_ms, 40 * 1_152 * 1_000 / 44_100);
    assert!(!holds(&made, "secret") && made.len() == 40 * 417);
    let (sound, made) = kept(&flac(b"a picture"));
    assert_eq!(
        (sound.kept, sound.playing.duration_ms, sound.cover.as_deref()),
        (Kept::Flac, 2_000, Some(&b"a picture"[..]))
    );
    assert!(!holds(&made, "secret") && made.starts_with(b"fLaC\x80\0\0\x22"));
    let (sound, made) = kept(&riff(1));
    assert_eq!((sound.kept, sound.playing.duration_ms), (Kept::Wav, 500));
    assert!(!holds(&made, "secret") && made.len() == 44 + 4_000);
    assert_eq!(probed(&riff(2)), Err(Unfit::Foreign { codec: "ADPCM".to_owned() }));
}

#[test]
fn words_in_ogg_are_blotted_out_and_the_sums_are_right_again() {
    let came = ogg();
    let (sound, made) = kept(&came);
    assert_eq!((sound.kept, sound.playing.duration_ms), (Kept::Ogg, 1_000));
    assert!(holds(&came, "secret place") && !holds(&made, "secret"));
    assert_eq!(came.len(), made.len());
    assert_eq!(crate::reels::bad_sums(&made), 0);
}

#[test]
fn a_picture_among_the_words_in_ogg_is_the_cover() {
    let came = ogg_with(b"a picture");
    let (sound, made) = kept(&came);
    assert_eq!(sound.cover.as_deref(), Some(&b"a picture"[..]));
    assert!(!holds(&made, "secret") && !holds(&made, "Picture"));
    assert_eq!((came.len(), crate::reels::bad_sums(&made)), (made.len(), 0));
}

/// A second of a test card and a tone, in four fragments that begin at a place each.
const FRAGMENTS: &[u8] = include_bytes!("../../../../fuzz/corpus/film/fragments.mp4");

#[test]
fn a_film_in_fragments_is_kept_whole() {
    assert!(holds(FRAGMENTS, "secret place") && holds(FRAGMENTS, "moof"));
    let (film, made) = kept(FRAGMENTS);
    assert_eq!((film.kept, film.size), (Kept::Mp4, Some((160, 120))));
    assert_eq!(film.playing.frame_rate, Some((15, 1)));
    assert_eq!(film.playing.duration_ms, 1_133);
    assert!(!holds(&made, "secret") && !holds(&made, "moof") && !holds(&made, "mvex"));
    for table in ["stts", "ctts", "stss", "stsc", "stsz", "stco"] {
        assert!(holds(&made, table), "{table}");
    }
    // What came of it is a film as any other, and says the same.
    let (again, twice) = kept(&made);
    assert_eq!((again.playing.frame_rate, again.size, twice), (film.playing.frame_rate, film.size, made));
    assert!(again.playing.duration_ms.abs_diff(film.playing.duration_ms) < 2, "{:?}", again.playing);
    // Cut within a fragment, a half of it is missing.
    assert!(matches!(probed(&FRAGMENTS[..FRAGMENTS.len() / 2]), Err(Unfit::Damaged(_))));
}

#[test]
fn what_holds_nothing_is_nothing() {
    for bytes in [&b""[..], b"\0\0\0\x10ftypisom\0\0\0\0", b"OggS", b"fLaC", b"RIFF....WAVEfmt ", b"\x1a\x45\xdf\xa3"] {
        assert!(probed(bytes).is_err());
    }
    let pictures = b"\0\0\0\x10ftypheic\0\0\0\0";
    assert_eq!(probed(pictures), Err(Unfit::UnknownKind));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_change_of_a_film_makes_it_panic_or_grow(which in 0_usize..8, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = match which {
            0 => Mp4::default().bytes(),
            1 => webm(),
            2 => mp3(b"x"),
            3 => flac(b"x"),
            4 => riff(1),
            5 => FRAGMENTS.to_vec(),
            6 => ogg_with(b"x"),
            _ => ogg(),
        };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(playable) = probed(&bytes) {
            let n: u64 = playable.pieces.iter().map(Piece::length).sum();
            // Tables of samples that were said in a few words are longer than those.
            let tables = if which == 5 { 24 * bytes.len() as u64 } else { 0 };
            prop_assert!(n <= bytes.len() as u64 + 1_000 + tables);
            let mut made = Vec::new();
            Remade::new(Cursor::new(&bytes), playable.pieces).read_to_end(&mut made).unwrap();
        }
    }
}
