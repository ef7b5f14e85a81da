//! ffmpeg as a child with ceilings: what it makes of films and sounds, and that it opens nothing and ends.

use std::{
    ffi::OsStr,
    path::PathBuf,
    time::{Duration, Instant},
};

use phiomia_media::{Kept, Purpose, StillCodec, Unfit};
use phiomia_workshop::{Converted, Converter, Ffmpeg, Settings, Spoiled, Spooled, Workshop};
use tokio::process::Command;

const MEGABYTE: u64 = 1024 * 1024;
const PROGRAMS: &str = "/usr/local/bin:/usr/bin:/bin";

async fn found() -> Ffmpeg {
    Ffmpeg::find("ffmpeg", "ffprobe", Some(OsStr::new(PROGRAMS))).await.unwrap().expect("the tests need ffmpeg")
}

async fn workshop_with(memory: u64, patience: Duration) -> Workshop {
    Workshop::new(Settings {
        program: (PathBuf::from(env!("CARGO_BIN_EXE_phiomia")), vec!["media-child".into()]),
        memory: 200 * MEGABYTE,
        patience: Duration::from_secs(60),
        concurrency: 1,
        folder: std::env::temp_dir().join("phiomia_films"),
        reserve: 0,
        converter: Some(Converter { ffmpeg: found().await, memory, patience }),
    })
}

/// The same without ffmpeg.
fn own() -> Workshop {
    Workshop::new(Settings {
        program: (PathBuf::from(env!("CARGO_BIN_EXE_phiomia")), vec!["media-child".into()]),
        memory: 200 * MEGABYTE,
        patience: Duration::from_secs(60),
        concurrency: 1,
        folder: std::env::temp_dir().join("phiomia_films"),
        reserve: 0,
        converter: None,
    })
}

async fn workshop() -> Workshop {
    workshop_with(512 * MEGABYTE, Duration::from_secs(60)).await
}

/// What ffmpeg makes of half a second of a moving test picture and a tone. `%` stands for both.
async fn file(arguments: &str, ending: &str) -> Vec<u8> {
    static N: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let n = N.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("phiomia_made_{}_{n}.{ending}", std::process::id()));
    let inputs = "-f lavfi -i testsrc=s=162x122:r=15:d=0.5 -f lavfi -i sine=d=0.5";
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y"]).args(arguments.replace('%', inputs).split_whitespace()).arg(&path);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    let bytes = tokio::fs::read(&path).await.unwrap();
    tokio::fs::remove_file(&path).await.unwrap();
    bytes
}

async fn spooled(workshop: &Workshop, bytes: &[u8]) -> Spooled {
    let mut spool = workshop.spool().await.unwrap();
    spool.write(bytes).await.unwrap();
    spool.finish().await.unwrap()
}

async fn converted(workshop: &Workshop, bytes: &[u8]) -> Result<Converted, Unfit> {
    let film = spooled(workshop, bytes).await;
    let done = async { workshop.convert(&film, &workshop.foreign(&film).await?).await };
    match done.await {
        Ok(converted) => Ok(converted),
        Err(Spoiled::Unfit(unfit)) => Err(unfit),
        Err(Spoiled::Broken(fault)) => panic!("{}", fault.chain()),
    }
}

#[tokio::test]
async fn films_that_browsers_do_not_play_become_ones_that_they_do() {
    let workshop = workshop().await;
    for (arguments, ending, size) in [
        ("% -c:v libx265 -x265-params log-level=none -c:a aac", "mp4", (162, 122)),
        ("% -c:v mpeg4 -c:a libmp3lame", "avi", (162, 122)),
        ("% -vf crop=161:121 -c:v mpeg4", "avi", (160, 120)),
        ("% -c:v mpeg2video -c:a mp2", "ts", (162, 122)),
        ("% -c:v wmv2 -c:a wmav2", "wmv", (162, 122)),
        ("% -pix_fmt yuv420p -c:v libx264 -c:a aac -movflags frag_keyframe+empty_moov", "mp4", (162, 122)),
        ("% -pix_fmt yuv444p -c:v libx264 -c:a flac", "mkv", (162, 122)),
        ("% -c:v flv -ar 44100", "flv", (162, 122)),
    ] {
        let made = converted(&workshop, &file(arguments, ending).await).await;
        let made = made.unwrap_or_else(|unfit| panic!("{arguments}: {unfit}"));
        let playing = &made.playable.playing;
        assert_eq!((made.playable.kept, made.playable.size), (Kept::Mp4, Some(size)), "{arguments}");
        assert_eq!(playing.codec.as_deref(), Some("h264"), "{arguments}");
        assert_eq!(playing.sound.as_ref().map(|sound| sound.codec.as_str()), Some("aac"), "{arguments}");
        assert!((400..800).contains(&playing.duration_ms), "{arguments}: {} ms", playing.duration_ms);
    }
}

#[tokio::test]
async fn sounds_become_mp3_and_animations_films_without_sound() {
    let workshop = workshop().await;
    for (arguments, ending) in [
        ("% -map 1:a -c:a alac", "m4a"),
        ("% -map 1:a", "aiff"),
        ("% -map 1:a -c:a wmav2", "wma"),
        ("% -map 1:a -c:a adpcm_ms", "wav"),
    ] {
        let made = converted(&workshop, &file(arguments, ending).await).await.unwrap();
        assert_eq!((made.playable.kept, made.playable.size), (Kept::Mp3, None), "{arguments}");
    }
    let made = converted(&workshop, &file("% -map 0:v", "gif").await).await.unwrap();
    assert_eq!((made.playable.kept, made.playable.playing.sound), (Kept::Mp4, None));
}

/// All pictures and sounds of a file in their order, as ffmpeg decodes them.
async fn decoded(bytes: &[u8]) -> Vec<String> {
    let path = std::env::temp_dir().join(format!("phiomia_decoded_{}_{}.mp4", std::process::id(), bytes.len()));
    tokio::fs::write(&path, bytes).await.unwrap();
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(&path).args(["-c:a", "pcm_s16le", "-f", "framemd5", "-"]);
    let output = command.output().await.unwrap();
    tokio::fs::remove_file(&path).await.unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    // The beginning of the file is told there too.
    lines.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_film_in_fragments_is_kept_as_it_is_without_a_converter() {
    let workshop = workshop().await;
    let how = "% -c:v libx264 -pix_fmt yuv420p -g 4 -bf 2 -c:a aac -movflags";
    for fragments in [
        "frag_keyframe+empty_moov+default_base_moof",
        "frag_keyframe+empty_moov+separate_moof+omit_tfhd_offset",
        "dash+delay_moov",
        "cmaf",
    ] {
        let came = file(&format!("{how} {fragments}"), "mp4").await;
        let film = spooled(&workshop, &came).await;
        let playable = workshop.film(&film).await.unwrap_or_else(|why| panic!("{fragments}: {why:?}"));
        let mut kept = Vec::new();
        let mut remade = phiomia_media::Remade::new(std::io::Cursor::new(&came), playable.pieces);
        std::io::Read::read_to_end(&mut remade, &mut kept).unwrap();
        assert!(!kept.windows(4).any(|four| four == b"moof"), "{fragments}");
        let (before, after) = (decoded(&came).await, decoded(&kept).await);
        let of = |lines: &[String], track: &str| -> Vec<String> {
            let lines = lines.iter().filter(|line| line.starts_with(track));
            lines.map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect()
        };
        let (seen, heard) = (of(&after, "0,"), of(&after, "1,"));
        assert!(seen.len() > 6 && seen == of(&before, "0,"), "{fragments}: {before:#?} {after:#?}");
        // What a coder puts before a sound is told in its edits, which ffmpeg heeds in a file without fragments alone.
        let before = of(&before, "1,");
        assert!(heard.len() + 1 >= before.len() && before.ends_with(&heard), "{fragments}: {before:#?} {heard:#?}");
    }
}

#[tokio::test]
async fn pictures_in_boxes_are_put_together_and_stand_upright() {
    let workshop = workshop().await;
    assert_eq!(workshop.stills().await, [StillCodec::Av1, StillCodec::Hevc], "the tests need ffmpeg with dav1d");
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/pictures");
    // Red and blue beside each other with a white corner; of the last, in four parts and turned, white is on the right.
    for (name, size, white, red, blue) in [
        ("a.avif", (120, 60), (4, 4), (45, 40), (100, 30)),
        ("a.heic", (120, 60), (4, 4), (45, 40), (100, 30)),
        ("grid.heic", (100, 120), (94, 6), (80, 100), (20, 60)),
    ] {
        let bytes = std::fs::read(corpus.join(name)).unwrap();
        let picture = workshop.picture(bytes.into(), Purpose::Attachment).await;
        let picture = picture.unwrap_or_else(|why| panic!("{name}: {why:?}"));
        assert_eq!((picture.original.width, picture.original.height), size, "{name}");
        let image = image::load_from_memory(&picture.original.bytes).unwrap().to_rgb8();
        let is_near = |(x, y): (u32, u32), color: [u8; 3]| {
            image.get_pixel(x, y).0.iter().zip(color).all(|(a, b)| a.abs_diff(b) < 40)
        };
        assert!(is_near(white, [255, 255, 255]), "{name}: {:?}", image.get_pixel(white.0, white.1));
        assert!(is_near(red, [254, 0, 0]), "{name}: {:?}", image.get_pixel(red.0, red.1));
        assert!(is_near(blue, [0, 0, 254]), "{name}: {:?}", image.get_pixel(blue.0, blue.1));
        assert!(picture.preview.is_some() && picture.blurhash.is_some(), "{name}");
    }
    let cut = std::fs::read(corpus.join("a.heic")).unwrap();
    let refused = workshop.picture(cut[..600].to_vec().into(), Purpose::Attachment).await;
    assert!(matches!(refused, Err(Spoiled::Unfit(_))), "{refused:?}");
}

#[tokio::test]
async fn an_avif_as_large_as_telephones_make_them_fits_into_our_own_child() {
    let arguments = "-f lavfi -i color=c=0xfe0000:s=4032x3024 -frames:v 1 -pix_fmt yuv420p -c:v libaom-av1 -cpu-used 8 \
                     -row-mt 1 -still-picture 1";
    let picture = own().picture(file(arguments, "avif").await.into(), Purpose::Attachment).await.unwrap();
    assert_eq!((picture.original.width, picture.original.height), (3_326, 2_494));
    let pixel = image::load_from_memory(&picture.original.bytes).unwrap().to_rgb8().get_pixel(3_000, 9).0;
    assert!(pixel.iter().zip([254, 0, 0]).all(|(a, b)| a.abs_diff(b) < 12), "{pixel:?}");
}

/// One part of so many pixels takes more memory than our own child has.
#[tokio::test]
async fn a_picture_too_large_for_our_own_decoder_is_read_by_ffmpeg() {
    let large = "-f lavfi -i color=c=0xfe0000:s=4800x3200 -frames:v 1 -pix_fmt yuv444p -c:v libaom-av1 -cpu-used 8 \
                 -row-mt 1 -still-picture 1";
    let bytes = file(large, "avif").await;
    let without = own().picture(bytes.clone().into(), Purpose::Attachment).await;
    let refused = Unfit::LargeAvif { width: 4_800, height: 3_200 };
    assert!(matches!(&without, Err(Spoiled::Unfit(unfit)) if *unfit == refused), "{without:?}");
    let with = workshop().await.picture(bytes.into(), Purpose::Attachment).await.unwrap();
    assert_eq!((with.original.width, with.original.height), (3_527, 2_351));
    let pixel = image::load_from_memory(&with.original.bytes).unwrap().to_rgb8().get_pixel(99, 99).0;
    assert!(pixel.iter().zip([254, 0, 0]).all(|(a, b)| a.abs_diff(b) < 12), "{pixel:?}");
}

/// What our own decoders make of a film is what ffmpeg makes of it.
#[tokio::test]
async fn a_film_has_its_first_picture_without_ffmpeg() {
    let (own, with) = (own(), workshop().await);
    let seen = |picture: &phiomia_media::Picture| image::load_from_memory(&picture.original.bytes).unwrap().to_rgb8();
    for (arguments, ending) in [
        ("% -c:v libx264 -pix_fmt yuv420p -profile:v high -c:a aac", "mp4"),
        ("% -c:v libx264 -pix_fmt yuv420p -profile:v baseline -x264-params slices=4 -an", "mp4"),
        ("% -c:v libx264 -pix_fmt yuv420p -profile:v main -an -movflags frag_keyframe+empty_moov", "mp4"),
        // Of large ones that do not say it ffmpeg takes another matrix than browsers do.
        (
            "-f lavfi -i testsrc=s=1920x1080:r=5:d=0.4 -vf scale=out_color_matrix=bt709 -c:v libx264 -pix_fmt yuv420p \
             -preset ultrafast -colorspace bt709 -color_primaries bt709 -color_trc bt709 -movflags +write_colr",
            "mp4",
        ),
        ("% -c:v libx264 -pix_fmt yuv420p -an -metadata:s:v rotate=90", "mp4"),
        ("% -c:v libvpx -b:v 1M", "webm"),
        ("% -c:v libaom-av1 -cpu-used 8 -b:v 1M -an", "webm"),
    ] {
        let film = spooled(&own, &file(arguments, ending).await).await;
        let poster = own.first_picture(&film).await.unwrap_or_else(|why| panic!("{arguments}: {why:?}"));
        let (ours, theirs) = (seen(&poster), seen(&with.poster(&film, true).await.unwrap()));
        assert_eq!(ours.dimensions(), theirs.dimensions(), "{arguments}");
        let apart: u64 = ours.as_raw().iter().zip(theirs.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let apart = apart / ours.as_raw().len() as u64;
        assert!(apart < 6, "{arguments}: {apart} of 255 apart in the middle");
        assert!(poster.blurhash.is_some());
    }
    let other = spooled(&own, &file("% -c:v libvpx-vp9 -b:v 1M -an", "webm").await).await;
    let refused = own.first_picture(&other).await;
    assert!(matches!(refused, Err(Spoiled::Unfit(Unfit::Foreign { .. }))), "{refused:?}");
}

#[tokio::test]
async fn a_sound_is_drawn_as_loud_as_it_is() {
    let workshop = workshop().await;
    // Silence, and then a tone.
    let sound = "-f lavfi -i aevalsrc=exprs='gt(t,1)*0.8*sin(2000*t)':d=2 -c:a libmp3lame";
    let drawn = workshop.wave(&spooled(&workshop, &file(sound, "mp3").await).await).await.unwrap();
    let image = image::load_from_memory(&drawn.original.bytes).unwrap().to_rgb8();
    let (width, height) = image.dimensions();
    let is_ground = |x: u32, y: u32| image.get_pixel(x, y).0.iter().all(|light| *light > 200);
    assert!(is_ground(width / 5, height / 3), "it begins silently");
    assert!(!is_ground(width * 4 / 5, height * 2 / 5), "{:?}", image.get_pixel(width * 4 / 5, height * 2 / 5));
    assert!(is_ground(width * 4 / 5, 2));
}

#[tokio::test]
async fn a_film_has_its_first_picture() {
    let workshop = workshop().await;
    let film = spooled(&workshop, &file("% -c:v libvpx -b:v 1M", "webm").await).await;
    let poster = workshop.poster(&film, true).await.unwrap();
    assert_eq!((poster.original.width, poster.original.height), (162, 122));
    assert!(poster.blurhash.is_some());
}

/// A playlist, a script or a drawing is never opened, whatever is written before it: what it names stays where it is.
#[tokio::test]
async fn nothing_that_leads_elsewhere_is_opened() {
    let workshop = workshop().await;
    let secret = std::env::temp_dir().join(format!("phiomia_secret_{}.avi", std::process::id()));
    tokio::fs::write(&secret, file("% -c:v mpeg4 -c:a libmp3lame", "avi").await).await.unwrap();
    let path = secret.display();
    let playlist = format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{path}\n#EXT-X-ENDLIST\n");
    let script = format!("ffconcat version 1.0\nfile {path}\n");
    let drawing = format!("<svg xmlns='http://www.w3.org/2000/svg'><image href='file://{path}'/></svg>");
    for text in [&playlist, &script, &drawing] {
        assert_eq!(converted(&workshop, text.as_bytes()).await.unwrap_err(), Unfit::UnknownKind);
        // The same behind the first bytes of what is taken.
        for start in [&b"RIFF\xff\xff\xff\x7fAVI "[..], b"\0\0\0\x10ftypisom\0\0\0\0", b"FLV\x01", b"\x1a\x45\xdf\xa3"]
        {
            let refused = converted(&workshop, &[start, text.as_bytes()].concat()).await.unwrap_err();
            assert!(matches!(refused, Unfit::Unconverted(_) | Unfit::NothingToPlay), "{refused}");
        }
    }
    tokio::fs::remove_file(&secret).await.unwrap();
}

#[tokio::test]
async fn what_takes_too_much_is_ended_and_the_next_is_taken() {
    // So many pictures that a slow machine and a quick one take longer than a second.
    let long = file("-f lavfi -i testsrc=s=640x480:r=50:d=20 -c:v mpeg4", "avi").await;
    let impatient = workshop_with(512 * MEGABYTE, Duration::from_secs(1)).await;
    let begun = Instant::now();
    assert!(matches!(converted(&impatient, &long).await, Err(Unfit::Unconverted(_))));
    assert!(begun.elapsed() < Duration::from_secs(20));
    let short = file("% -c:v mpeg4", "avi").await;
    assert!(converted(&impatient, &short).await.is_ok());
    let narrow = workshop_with(30 * MEGABYTE, Duration::from_secs(20)).await;
    assert!(matches!(converted(&narrow, &short).await, Err(Unfit::Unconverted(_))));
}

/// With what a child may still reach: neither another file nor a connection.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_was_taken_over_reaches_no_file_and_no_port() {
    let (mut ffmpeg, folder) =
        (found().await, std::env::temp_dir().join(format!("phiomia_taken_{}", std::process::id())));
    tokio::fs::create_dir_all(&folder).await.unwrap();
    tokio::fs::write(folder.join("secret"), "told").await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // The shell itself is found among the programs; what it does is what a taken-over ffmpeg would do.
    let script = folder.join("ffprobe");
    let body = format!(
        "#!/bin/bash\nread -r x < {0}/secret && echo read >&2\necho x > {0}/written\nrm -f {0}/secret\nexec 3<>/dev/tcp/127.0.0.1/{port} && echo connected >&2\nexit 3\n",
        folder.display()
    );
    tokio::fs::write(&script, body).await.unwrap();
    tokio::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).await.unwrap();
    ffmpeg.ffprobe = script;
    let workshop = Workshop::new(Settings {
        program: (PathBuf::from(env!("CARGO_BIN_EXE_phiomia")), vec!["media-child".into()]),
        memory: 200 * MEGABYTE,
        patience: Duration::from_secs(60),
        concurrency: 1,
        folder: std::env::temp_dir().join("phiomia_films"),
        reserve: 0,
        converter: Some(Converter { ffmpeg, memory: 512 * MEGABYTE, patience: Duration::from_secs(10) }),
    });
    let refused = converted(&workshop, &file("% -c:v mpeg4", "avi").await).await.unwrap_err();
    assert!(matches!(refused, Unfit::Unconverted(_)));
    assert!(folder.join("secret").exists() && !folder.join("written").exists());
    let connected = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
    assert!(connected.is_err(), "it connected");
    tokio::fs::remove_dir_all(&folder).await.unwrap();
}
