//! What the programs are told: where from, of which kind, what to make of it. Never through a shell, and nothing of it
//! was written by whoever sent the file.

use phiomia_media::{
    Foreign, Still, StillCodec,
    heif::{Clean, Turn},
};
use phiomia_model::limits::LIMITS;

/// The file that comes in. A name, because a pipe cannot be read from its end, where many films have their table.
const FROM: &str = "file:/proc/self/fd/0";
/// The file that is made.
const TO: &str = "file:/proc/self/fd/1";

/// Decoders that may be used: of kinds that people have. ffmpeg has hundreds, most of them old and seldom looked at.
const DECODERS: &str = "h264,hevc,av1,libdav1d,libaom-av1,vp8,libvpx,vp9,libvpx-vp9,vp6,vp6f,vp6a,mpeg4,msmpeg4v1,msmpeg4v2,\
msmpeg4,mpeg1video,mpeg2video,mpegvideo,wmv1,wmv2,wmv3,vc1,h263,h263i,h263p,flv,theora,mjpeg,prores,dvvideo,gif,png,rawvideo,\
svq1,svq3,cinepak,huffyuv,ffv1,msvideo1,qtrle,\
aac,aac_latm,mp3,mp3float,mp2,mp2float,mp1,mp1float,ac3,eac3,dca,opus,libopus,vorbis,libvorbis,flac,alac,amrnb,amrwb,\
libopencore_amrnb,libopencore_amrwb,wmav1,wmav2,wmapro,wmalossless,wmavoice,wavpack,speex,libspeex,nellymoser,gsm,gsm_ms,\
pcm_s16le,pcm_s16be,pcm_u8,pcm_s8,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_mulaw,\
pcm_alaw,pcm_bluray,pcm_dvd,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf,adpcm_yamaha,adpcm_g726";

/// What is made of a film or a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Make {
    /// The same pictures in another wrapping.
    Rewrapped,
    /// H.264.
    Film,
    /// H.264 of what moves without a sound.
    Animation,
    /// MP3.
    Mp3,
    /// AAC.
    Aac,
}

/// One picture of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// The first one.
    First,
    /// The one that lies beside a sound.
    Cover,
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(str::to_owned)
}

/// Where from: the same for both programs.
fn input(demuxer: &str) -> Vec<String> {
    let mut arguments: Vec<String> = words("-v error -hide_banner -protocol_whitelist file").collect();
    let more = ["-format_whitelist", demuxer, "-codec_whitelist", DECODERS, "-f", demuxer, "-threads", "1", "-i", FROM];
    arguments.extend(more.map(str::to_owned));
    arguments
}

/// What is in a file, as JSON.
pub(super) fn probe(demuxer: &str) -> Vec<String> {
    const WANTED: &str = "format=duration:stream=codec_type,codec_name,profile,pix_fmt,width,height,sample_aspect_ratio,\
                          avg_frame_rate:stream_disposition=attached_pic";
    words("-of json -show_entries").chain([WANTED.to_owned()]).chain(input(demuxer)).collect()
}

/// One picture, as JPEG on standard output; at most 1280 pixels to each side.
pub(super) fn frame(demuxer: &str, frame: Frame) -> Vec<String> {
    let track = match frame {
        Frame::First => "0:V:0",
        Frame::Cover => "0:v:0",
    };
    let scale = "scale=w='min(1280,iw)':h='min(1280,ih)':force_original_aspect_ratio=decrease";
    let more =
        ["-map", track, "-frames:v", "1", "-vf", scale, "-f", "image2pipe", "-c:v", "mjpeg", "-q:v", "2", "pipe:1"];
    words("-nostdin").chain(input(demuxer)).chain(more.map(str::to_owned)).collect()
}

/// How loud a sound is from its beginning to its end, as JPEG on standard output.
pub(super) fn wave(demuxer: &str) -> Vec<String> {
    // Louder than it is, as players draw it: most of what is said would be a line.
    const DRAWN: &str = "[0:a:0]aformat=channel_layouts=mono,showwavespic=s=1280x360:scale=sqrt:colors=0x563acc[wave];\
                         color=c=0xf4f2ff:s=1280x360:r=1[ground];[ground][wave]overlay[drawn]";
    let more = ["-filter_complex", DRAWN, "-map", "[drawn]", "-frames:v", "1", "-f", "image2pipe", "-c:v", "mjpeg"];
    words("-nostdin").chain(input(demuxer)).chain(more.map(str::to_owned)).chain(words("-q:v 2 pipe:1")).collect()
}

/// Most pixels of a picture: no purpose wants more.
const MOST_STILL: f64 = 8_294_400.0;
/// Most parts of a picture.
const MOST_PARTS: u32 = 1_024;

/// A picture in parts, put together, turned and not larger than wanted, as JPEG on standard output. Numbers are a child's
/// word: whatever they are, they are only numbers here.
pub(super) fn still(still: &Still) -> Vec<String> {
    let demuxer = match still.codec {
        StillCodec::Hevc => "hevc",
        StillCodec::Av1 => "obu",
    };
    let (columns, rows) = (still.grid.0.clamp(1, MOST_PARTS), still.grid.1.clamp(1, MOST_PARTS));
    let (width, height) = (still.width.clamp(1, 32_768), still.height.clamp(1, 32_768));
    let mut steps = Vec::new();
    let colouring = still.colouring.map_or(String::new(), |colouring| {
        let matrix = match colouring.matrix {
            1 => ":in_color_matrix=bt709",
            5 | 6 => ":in_color_matrix=bt601",
            7 => ":in_color_matrix=smpte240m",
            9 => ":in_color_matrix=bt2020",
            _ => "",
        };
        format!("{matrix}:in_range={}", if colouring.is_full { "pc" } else { "tv" })
    });
    steps.push(format!("scale=iw:ih{colouring}:out_color_matrix=bt601:out_range=pc,format=yuvj444p"));
    if columns * rows > 1 {
        steps.push(format!("tile=layout={columns}x{rows}:nb_frames={}", columns.saturating_mul(rows)));
    }
    steps.push(format!("crop=w='min({width},iw)':h='min({height},ih)':x=0:y=0"));
    let (mut width, mut height) = (width, height);
    if let Some(clean) = still.clean {
        let Clean { x, y, width: clean_width, height: clean_height } = clean;
        steps.push(format!("crop=w={clean_width}:h={clean_height}:x={x}:y={y}:exact=1"));
        (width, height) = (clean_width, clean_height);
    }
    let pixels = f64::from(width) * f64::from(height);
    if pixels > MOST_STILL {
        let smaller = (MOST_STILL / pixels).sqrt();
        steps.push(format!("scale=w='trunc(iw*{smaller:.6})':h='trunc(ih*{smaller:.6})':flags=bicubic"));
    }
    steps.extend(still.turns.iter().take(4).map(|turn| {
        match turn {
            Turn::Left => "transpose=cclock",
            Turn::Over => "hflip,vflip",
            Turn::Right => "transpose=clock",
            Turn::Sideways => "hflip",
            Turn::Upwards => "vflip",
        }
        .to_owned()
    }));
    let steps = steps.join(",");
    let more = ["-map", "0:v:0", "-frames:v", "1", "-vf", &steps, "-f", "image2pipe", "-c:v", "mjpeg"];
    // With threads its encoder keeps several pictures that are not there.
    let alone = words("-threads 1 -q:v 2 pipe:1");
    words("-nostdin").chain(input(demuxer)).chain(more.map(str::to_owned)).chain(alone).collect()
}

/// A file that browsers play.
pub(super) fn convert(foreign: &Foreign, make: Make) -> Vec<String> {
    let mut arguments: Vec<String> = words("-nostdin -y").chain(input(foreign.demuxer)).collect();
    arguments.extend(words("-map_metadata -1 -map_chapters -1 -sn -dn -threads 1 -filter_threads 1"));
    match make {
        Make::Rewrapped => {
            arguments.extend(words("-map 0:V:0 -c:v copy"));
            arguments.extend(sound(foreign));
        }
        Make::Film => {
            arguments.extend(film(foreign));
            arguments.extend(sound(foreign));
        }
        Make::Animation => {
            arguments.extend(film(foreign));
            arguments.push("-an".to_owned());
        }
        Make::Mp3 => arguments.extend(words("-map 0:a:0 -vn -c:a libmp3lame -q:a 2 -id3v2_version 0")),
        Make::Aac => arguments.extend(words("-map 0:a:0 -vn -c:a aac -b:a 192k")),
    }
    arguments.extend(["-f", if make == Make::Mp3 { "mp3" } else { "mp4" }, TO].map(str::to_owned));
    arguments
}

/// Pictures of an even number of pixels, as the codec wants them: one row is cut off rather than all of them blurred.
fn film(foreign: &Foreign) -> Vec<String> {
    let mut arguments: Vec<String> =
        words("-map 0:V:0 -c:v libx264 -preset veryfast -crf 23 -pix_fmt yuv420p").collect();
    let square = "crop=trunc(iw/2)*2:trunc(ih/2)*2,scale=w='max(2,trunc(iw*min(sar,4)/2)*2)':h=ih,setsar=1";
    arguments.extend(["-vf", square].map(str::to_owned));
    let pixels = foreign.film.as_ref().map_or(0, |film| u64::from(film.width) * u64::from(film.height));
    // What looks ahead keeps pictures in memory: of the largest ones none.
    let keeps = if pixels > 2_100_000 { "rc-lookahead=0:bframes=0:ref=1" } else { "rc-lookahead=10" };
    arguments.extend(["-x264-params", keeps].map(str::to_owned));
    arguments.extend(["-frames:v".to_owned(), LIMITS.video_frames.to_string()]);
    if let Some(most) = foreign.duration_ms.and_then(bits_a_second) {
        let (rate, buffer) = (format!("{most}"), format!("{}", most.saturating_mul(2)));
        arguments.extend(["-maxrate".to_owned(), rate, "-bufsize".to_owned(), buffer]);
    }
    arguments
}

/// So many that the whole is no larger than may be.
fn bits_a_second(duration_ms: u64) -> Option<u64> {
    let bits = (LIMITS.video_bytes as u64).saturating_mul(8 * 1_000 * 9 / 10);
    Some(bits.checked_div(duration_ms)?.saturating_sub(192_000).clamp(64_000, 20_000_000))
}

/// AAC stays what it is.
fn sound(foreign: &Foreign) -> Vec<String> {
    match foreign.sound.as_deref() {
        None => words("-an").collect(),
        Some("aac") => words("-map 0:a:0 -c:a copy").collect(),
        Some(_) => words("-map 0:a:0 -c:a aac -b:a 192k -ac 2").collect(),
    }
}
