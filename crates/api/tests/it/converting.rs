//! Uploads that browsers do not play, with ffmpeg on the machine and without.

use std::{collections::BTreeSet, path::Path, time::Duration};

use http::Method;
use phiomia_media::CONVERTED_TYPES;
use phiomia_model::{MediaId, media::MediaFile};
use phiomia_social::media as verbs;
use phiomia_store::files::FileKey;
use phiomia_testkit::on_both_engines;
use phiomia_workshop::{Converter, Workshop};
use serde_json::{Value, json};

use crate::kit::{Answer, House, Person};

const UPLOADS: &str = "/api/v2/media";
const NOT_READY: &str =
    "Validation failed: Cannot attach files that have not finished processing. Try again in a moment!";

/// What ffmpeg makes of half a second of a moving test picture and a tone.
fn made(arguments: &str, ending: &str) -> Vec<u8> {
    let path = std::env::temp_dir().join(format!("phiomia_upload_{}_{:x}.{ending}", std::process::id(), rand()));
    let inputs = "-v error -y -f lavfi -i testsrc=s=160x120:r=15:d=0.5 -f lavfi -i sine=d=0.5";
    let mut command = std::process::Command::new("ffmpeg");
    let done = command.args(inputs.split(' ')).args(arguments.split(' ')).arg(&path).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    bytes
}

fn rand() -> u64 {
    let mut bytes = [0; 8];
    phiomia_store::Entropy::system().fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}

fn avi() -> Vec<u8> {
    made("-c:v mpeg4 -c:a libmp3lame", "avi")
}

async fn uploads(who: &Person, path: &str, bytes: &[u8]) -> Answer {
    who.upload(Method::POST, path, &[], &[("file", bytes)]).await
}

/// The file that lies here for an upload.
async fn source(house: &House, upload: &Value) -> MediaFile {
    let id = MediaId(upload["id"].as_str().unwrap().parse().unwrap());
    house.api.db.read(move |q| verbs::waiting(q, id)).await.unwrap().unwrap().original
}

async fn lies_here(house: &House, file: &MediaFile) -> bool {
    house.api.files.exists(&file.key.parse::<FileKey>().unwrap()).await.unwrap()
}

on_both_engines! {
    async fn a_film_is_converted_while_its_owner_asks_again(house: House) {
        let house = house.with_ffmpeg().await;
        let alice = house.person("alice").await;
        let upload = uploads(&alice, UPLOADS, &avi()).await;
        assert_eq!(upload.status, 202);
        let upload = upload.json();
        assert_eq!((&upload["type"], &upload["url"], &upload["preview_url"]), (&json!("video"), &json!(null), &json!(null)));
        let source = source(&house, &upload).await;
        assert!(lies_here(&house, &source).await);
        assert_eq!(house.get(&format!("/system/{}", source.key)).await.status, 404);

        let path = format!("/api/v1/media/{}", upload["id"].as_str().unwrap());
        assert_eq!(alice.get(&path).await.status, 206);
        assert_eq!(alice.put(&path, json!({"description": "A test card"})).await.status, 206);
        let post = json!({"status": "Look", "media_ids": [upload["id"]]});
        assert_eq!(alice.post("/api/v1/statuses", post.clone()).await.refusal(), (422, NOT_READY.to_owned()));

        house.work().await;
        let done = alice.get(&path).await;
        assert_eq!(done.status, 200);
        let done = done.json();
        assert_eq!((&done["type"], &done["description"]), (&json!("video"), &json!("A test card")));
        let original = &done["meta"]["original"];
        assert_eq!((&original["width"], &original["height"], &original["frame_rate"]), (&json!(160), &json!(120), &json!("15/1")));
        assert!(original["duration"].as_f64().unwrap() > 0.4 && original["bitrate"].as_i64().unwrap() > 0);
        assert_eq!((&done["meta"]["small"]["width"], &done["meta"]["audio_encode"]), (&json!(160), &json!("aac")));
        assert!(done["blurhash"].is_string());
        for (name, media_type) in [("url", "video/mp4"), ("preview_url", "image/jpeg")] {
            let address = done[name].as_str().unwrap().strip_prefix("https://phiomia.example").unwrap();
            assert_eq!(house.get(address).await.ok().header("content-type"), media_type);
        }
        assert!(!lies_here(&house, &source).await);
        let posted = alice.post("/api/v1/statuses", post).await.ok().json();
        assert_eq!(posted["media_attachments"][0]["url"], done["url"]);
    }

    async fn the_older_address_waits_for_what_is_converted(house: House) {
        let house = house.with_ffmpeg().await;
        let alice = house.person("alice").await;
        let sound = made("-map 1:a", "aiff");
        let works = async {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                house.work().await;
            }
        };
        let upload = tokio::select! {
            upload = uploads(&alice, "/api/v1/media", &sound) => upload.ok().json(),
            () = works => unreachable!(),
        };
        assert_eq!(upload["type"], "audio");
        assert!(upload["preview_url"].is_string(), "it is drawn");
        assert!(upload["url"].as_str().unwrap().ends_with(".mp3"), "{upload}");
    }

    async fn a_moving_gif_becomes_a_film_without_sound(house: House) {
        let house = house.with_ffmpeg().await;
        let alice = house.person("alice").await;
        let upload = uploads(&alice, UPLOADS, &made("-map 0:v", "gif")).await;
        assert_eq!(upload.status, 202);
        let upload = upload.json();
        assert_eq!(upload["type"], "gifv");
        house.work().await;
        let done = alice.get(&format!("/api/v1/media/{}", upload["id"].as_str().unwrap())).await.ok().json();
        assert_eq!((&done["type"], &done["preview_url"]), (&json!("gifv"), &upload["preview_url"]));
        assert!(done["url"].as_str().unwrap().ends_with(".mp4"), "{done}");
        assert_eq!((&done["meta"]["original"]["width"], done["meta"].get("audio_encode")), (&json!(160), None));
        let post = json!({"status": "Look", "media_ids": [upload["id"]]});
        alice.post("/api/v1/statuses", post).await.ok();
    }

    async fn what_cannot_be_converted_says_why(house: House) {
        let house = house.with_ffmpeg().await;
        let alice = house.person("alice").await;
        let broken = [b"RIFF\x00\x10\x00\x00AVI LIST".as_slice(), &[7; 2_000]].concat();
        let nothing = "Validation failed: File has nothing to see and nothing to hear in it";
        assert_eq!(uploads(&alice, UPLOADS, &broken).await.refusal(), (422, nothing.to_owned()));
        // What fails later says it to whoever asks again.
        let upload = uploads(&alice, UPLOADS, &avi()).await.json();
        let source = source(&house, &upload).await;
        house.api.files.delete(&source.key.parse().unwrap()).await.unwrap();
        house.work().await;
        let why = "Validation failed: File could not be converted: it is not there any more";
        let path = format!("/api/v1/media/{}", upload["id"].as_str().unwrap());
        assert_eq!(alice.get(&path).await.refusal(), (422, why.to_owned()));
        let post = json!({"status": "Look", "media_ids": [upload["id"]]});
        assert_eq!(alice.post("/api/v1/statuses", post).await.refusal(), (422, why.to_owned()));
        alice.delete(&path).await.ok();
    }

    async fn what_nobody_wants_any_more_is_given_up(house: House) {
        let mut house = house.with_ffmpeg().await;
        let alice = house.person("alice").await;
        let upload = uploads(&alice, UPLOADS, &avi()).await.json();
        let (id, source) = (MediaId(upload["id"].as_str().unwrap().parse().unwrap()), source(&house, &upload).await);
        // A converter that never ends, and says by a file that it began.
        let folder = std::env::temp_dir().join(format!("phiomia_endless_{:x}", rand()));
        let endless = endless(&folder);
        let mut converter = house.api.workshop.converter().await.unwrap().clone();
        converter.ffmpeg.ffmpeg = endless;
        let parts = phiomia_api::Parts { workshop: Workshop::inside_with(Converter { ..converter }), ..(*house.api).clone() };
        house.api = phiomia_api::Api::new(parts);
        let deletes = async {
            while !folder.join("began").exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            alice.delete(&format!("/api/v1/media/{}", id.0)).await.ok();
        };
        let runs = async { tokio::join!(phiomia_api::convert::run(&house.api, id), deletes).0 };
        tokio::time::timeout(Duration::from_secs(10), runs).await.expect("it goes on").unwrap();
        let pid = std::fs::read_to_string(folder.join("began")).unwrap();
        for _ in 0..100 {
            if !Path::new("/proc").join(pid.trim()).join("exe").exists() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!Path::new("/proc").join(pid.trim()).join("exe").exists(), "the program lives");
        house.work().await;
        assert!(!lies_here(&house, &source).await);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    async fn a_film_that_browsers_play_has_a_poster_at_once(house: House) {
        let film = made("-pix_fmt yuv420p -c:v libx264 -c:a aac", "mp4");
        let alice = house.person("alice").await;
        let without = uploads(&alice, UPLOADS, &film).await.ok().json();
        let house = house.with_ffmpeg().await;
        let bob = house.person("bob").await;
        let with = uploads(&bob, UPLOADS, &film).await.ok().json();
        for upload in [without, with] {
            assert_eq!((&upload["type"], &upload["meta"]["small"]["height"]), (&json!("video"), &json!(120)));
            assert!(upload["preview_url"].is_string() && upload["blurhash"].is_string(), "{upload}");
        }
    }

    async fn a_sound_without_a_picture_is_drawn_where_there_is_ffmpeg(house: House) {
        let alice = house.person("alice").await;
        let sound = made("-map 1:a", "mp3");
        let plain = uploads(&alice, UPLOADS, &sound).await.ok().json();
        assert_eq!((&plain["type"], &plain["preview_url"]), (&json!("audio"), &json!(null)));
        let house = house.with_ffmpeg().await;
        let bob = house.person("bob").await;
        let drawn = uploads(&bob, UPLOADS, &sound).await.ok().json();
        assert!(drawn["preview_url"].is_string() && drawn["blurhash"].is_string(), "{drawn}");
        assert_eq!((&drawn["meta"]["small"]["width"], &drawn["meta"]["small"]["height"]), (&json!(905), &json!(255)));
    }

    async fn without_ffmpeg_the_cure_is_told(house: House) {
        let alice = house.person("alice").await;
        let refusal = uploads(&alice, UPLOADS, &avi()).await.refusal();
        assert_eq!(refusal.0, 422);
        assert!(refusal.1.contains("is encoded as AVI") && refusal.1.contains("install ffmpeg"), "{}", refusal.1);
        let upload = uploads(&alice, UPLOADS, &made("-map 0:v", "gif")).await.ok().json();
        assert_eq!(upload["type"], "image");
        let types = |instance: Value| instance["configuration"]["media_attachments"]["supported_mime_types"].clone();
        let without = types(house.get("/api/v2/instance").await.ok().json());
        let house = house.with_ffmpeg().await;
        let with = types(house.get("/api/v2/instance").await.ok().json());
        let more: Vec<&Value> = with.as_array().unwrap().iter().filter(|one| !without.as_array().unwrap().contains(one)).collect();
        assert_eq!(more, [&["image/heic", "image/heif"][..], &CONVERTED_TYPES].concat());
        assert!(without.as_array().unwrap().contains(&json!("image/avif")), "that is decoded here");
    }

    async fn every_kind_that_apps_are_told_of_is_taken(house: House) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        let read = |name: &str| std::fs::read(corpus.join(name)).unwrap();
        let mut samples = vec![
            (&["image/jpeg"][..], read("pictures/a.jpg")),
            (&["image/png"], read("pictures/a.png")),
            (&["image/gif"], read("pictures/a.gif")),
            (&["image/webp"], read("pictures/a.webp")),
            (&["image/avif"], read("pictures/a.avif")),
            (&["video/webm"], read("film/a.webm")),
            (&["video/mp4"], read("film/a.mp4")),
            (&["video/quicktime"], made("-c:v libx264 -pix_fmt yuv420p -c:a aac", "mov")),
            (&["audio/wave", "audio/wav", "audio/x-wav", "audio/x-pn-wave", "audio/vnd.wave"], read("sound/a.wav")),
            (&["audio/ogg", "audio/vorbis"], read("sound/a.ogg")),
            (&["audio/mpeg", "audio/mp3"], read("sound/a.mp3")),
            (&["audio/webm"], made("-map 1:a -c:a libopus", "webm")),
            (&["audio/flac"], read("sound/a.flac")),
            (&["audio/aac"], read("sound/a.aac")),
            (&["audio/m4a", "audio/x-m4a", "audio/mp4"], read("sound/a.m4a")),
        ];
        let told = |instance: Value| {
            let types = instance["configuration"]["media_attachments"]["supported_mime_types"].clone();
            types.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
        };
        let named = |samples: &[(&[&str], Vec<u8>)]| {
            samples.iter().flat_map(|(names, _)| names.iter().map(ToString::to_string)).collect::<BTreeSet<_>>()
        };
        assert_eq!(told(house.get("/api/v2/instance").await.ok().json()), named(&samples));
        let alice = house.person("alice").await;
        for (names, bytes) in &samples {
            let upload = uploads(&alice, UPLOADS, bytes).await.ok().json();
            let kind = names[0].split('/').next().unwrap();
            let is_gif = names[0] == "image/gif";
            assert!(upload["type"] == json!(kind) || is_gif, "{names:?}: {upload}");
        }
        // With ffmpeg; what is made is its own, but for one kind that it only reads.
        let house = house.with_ffmpeg().await;
        samples.extend([
            (&["image/heic", "image/heif"][..], read("pictures/a.heic")),
            (&["video/ogg"], made("-c:v libtheora -c:a libvorbis", "ogv")),
            (&["video/3gpp", "audio/3gpp"], made("-c:v h263 -vf scale=176:144 -c:a aac", "3gp")),
            (&["video/x-msvideo", "video/avi"], avi()),
            (&["video/x-matroska"], made("-c:v mpeg4 -c:a libmp3lame", "mkv")),
            (&["video/mp2t"], made("-c:v mpeg2video -c:a mp2", "ts")),
            (&["video/mpeg"], made("-c:v mpeg2video -r 25 -c:a mp2", "mpg")),
            (&["video/x-flv"], made("-c:v flv -ar 44100", "flv")),
            (&["video/x-ms-asf", "video/x-ms-wmv"], made("-c:v wmv2 -c:a wmav2", "wmv")),
            (&["audio/x-ms-wma"], made("-map 1:a -c:a wmav2", "wma")),
            (&["audio/aiff", "audio/x-aiff"], made("-map 1:a", "aiff")),
            (&["audio/x-caf"], made("-map 1:a -c:a pcm_s16le", "caf")),
            (&["audio/basic"], made("-map 1:a", "au")),
            (&["audio/wavpack", "audio/x-wavpack"], made("-map 1:a", "wv")),
            (&["audio/x-matroska"], made("-map 1:a -c:a alac", "mka")),
        ]);
        // A second of silence, twelve kilobits: the frame of the format itself.
        let silence: Vec<u8> = [b"#!AMR\n".to_vec(), [&[0x3c][..], &[0; 31]].concat().repeat(50)].concat();
        samples.push((&["audio/amr"], silence));
        assert_eq!(told(house.get("/api/v2/instance").await.ok().json()), named(&samples));
        // One may send thirty in half an hour.
        let (bob, carol) = (house.person("bob").await, house.person("carol").await);
        for (n, (names, bytes)) in samples.iter().enumerate() {
            let answer = uploads(if n % 2 == 0 { &bob } else { &carol }, UPLOADS, bytes).await;
            assert!(matches!(answer.status.as_u16(), 200 | 202), "{names:?}: {:?}", answer.refusal());
        }
    }

    async fn pictures_in_boxes_become_jpeg_where_they_are_decoded(house: House) {
        let alice = house.person("alice").await;
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/pictures");
        let read = |name: &str| std::fs::read(corpus.join(name)).unwrap();
        let (status, cause) = uploads(&alice, UPLOADS, &read("a.heic")).await.refusal();
        assert!(status == 422 && cause.contains("encoded as HEIC") && cause.contains("install ffmpeg"), "{cause}");
        for (name, size, end) in [("a.avif", (120, 60), "jpg"), ("grid.avif", (160, 128), "jpg"), ("glass.avif", (61, 41), "webp")] {
            let upload = uploads(&alice, UPLOADS, &read(name)).await.ok().json();
            let original = &upload["meta"]["original"];
            assert_eq!((&upload["type"], &original["width"], &original["height"]), (&json!("image"), &json!(size.0), &json!(size.1)));
            assert!(upload["url"].as_str().unwrap().ends_with(end) && upload["blurhash"].is_string(), "{name}: {upload}");
        }
        let house = house.with_ffmpeg().await;
        let alice = house.person("bob").await;
        for (name, width, height) in [("a.avif", 120, 60), ("a.heic", 120, 60), ("grid.heic", 100, 120)] {
            let upload = uploads(&alice, UPLOADS, &read(name)).await.ok().json();
            assert_eq!((&upload["type"], upload["url"].as_str().unwrap().rsplit('.').next().unwrap()), (&json!("image"), "jpg"));
            assert_eq!((&upload["meta"]["original"]["width"], &upload["meta"]["original"]["height"]), (&json!(width), &json!(height)));
            assert!(upload["blurhash"].is_string() && upload["meta"]["colors"]["accent"].is_string(), "{upload}");
        }
        let face = alice.upload(Method::PATCH, "/api/v1/accounts/update_credentials", &[], &[("avatar", &read("grid.heic"))]).await;
        assert!(face.ok().json()["avatar"].as_str().unwrap().ends_with(".jpg"));
    }
}

fn endless(folder: &Path) -> std::path::PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let script = folder.join("ffmpeg");
    // The name appears when the number is in it.
    let body = format!("#!/bin/sh\necho $$ > {0}/begins\nmv {0}/begins {0}/began\nexec sleep 60\n", folder.display());
    std::fs::write(&script, body).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    script
}
