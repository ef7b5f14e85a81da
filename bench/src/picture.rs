//! A photograph of 12 megapixels on its way to a post: what is stored, the small one and the placeholder, made by the
//! child that the server starts for it, beside libvips' own program making the same files in the same run.

use std::{
    fs::File,
    io::{Cursor, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use phiomia_media::{Purpose, wire::Task};

use crate::figures;

/// What is measured.
pub struct Plan {
    pub server: PathBuf,
    pub rounds: usize,
    /// Coded in passes, by `jpegtran`.
    pub progressive: bool,
}

/// What one process, or several one after the other, took.
#[derive(Clone, Copy, Debug, Default)]
struct Took {
    wall: Duration,
    cpu: Duration,
    peak_mb: f64,
}

impl Took {
    fn and(self, other: Took) -> Took {
        Took { wall: self.wall + other.wall, cpu: self.cpu + other.cpu, peak_mb: self.peak_mb.max(other.peak_mb) }
    }
}

pub fn run(plan: &Plan) {
    let folder = std::env::temp_dir().join(format!("phiomia-picture-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (asked, came) = (folder.join("asked"), folder.join("came.jpg"));
    std::fs::write(&came, photograph()).unwrap();
    if plan.progressive {
        in_passes(&came);
    }
    let photograph = std::fs::read(&came).unwrap();
    let mut file = File::create(&asked).unwrap();
    file.write_all(&Task::Picture(Purpose::Attachment).line()).unwrap();
    file.write_all(&photograph).unwrap();
    drop(file);
    let (mut ours, mut stored, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    // One after the other, so that what else the machine does meets both.
    for _ in 0..plan.rounds {
        let mut child = Command::new(&plan.server);
        child.args(["media-child", "209715200"]).stdin(File::open(&asked).unwrap());
        ours.push(measured(&mut child));
        let (one, all) = vips(&came, &folder);
        stored.push(one);
        theirs.push(all);
    }
    println!(
        "| 4000x3000 {} ({} kB) | wall, middle of {} | processor, least | peak |",
        if plan.progressive { "progressive JPEG" } else { "JPEG" },
        photograph.len() / 1_000,
        plan.rounds
    );
    println!("|---|---|---|---|");
    let (ours, theirs) = (row("phiomia's child", ours), row("vipsthumbnail, three times", theirs));
    row("the first of them, what is stored", stored);
    println!("wall {:.2} times, processor {:.2} times", ours.0 / theirs.0, ours.1 / theirs.1);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The same picture, its waves in the order of another kind of JPEG.
fn in_passes(came: &Path) {
    let done = came.with_extension("passes");
    let status =
        Command::new("jpegtran").args(["-copy", "none", "-progressive", "-outfile"]).args([&done, came]).status();
    assert!(status.is_ok_and(|status| status.success()), "jpegtran: apt-get install libjpeg-turbo-progs");
    std::fs::rename(done, came).unwrap();
}

/// The same three: as large as is stored, as small as is shown in timelines, and what a placeholder is made of.
fn vips(came: &Path, folder: &Path) -> (Took, Took) {
    let made = |size: &str, out: &str| {
        let mut command = Command::new("vipsthumbnail");
        command.arg(came).args(["--size", size, "--export-profile", "srgb", "-o"]).arg(folder.join(out));
        measured(&mut command)
    };
    let stored = made("3325x2494", "stored.jpg[Q=90,strip]");
    (stored, stored.and(made("553x415", "small.webp[Q=80,strip]")).and(made("64x64", "blurred.png")))
}

/// Runs it to its end; what it takes is looked at every millisecond.
fn measured(command: &mut Command) -> Took {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut took = Took::default();
    loop {
        took.cpu = took.cpu.max(figures::cpu(child.id()));
        took.peak_mb = took.peak_mb.max(figures::peak_mb(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            took.wall = begun.elapsed();
            return took;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Prints the middle wall time and the least processor time, and gives both in milliseconds.
fn row(name: &str, mut all: Vec<Took>) -> (f64, f64) {
    all.sort_by_key(|took| took.wall);
    let wall = all.get(all.len() / 2).map_or(0.0, |took| took.wall.as_secs_f64() * 1e3);
    let cpu = all.iter().map(|took| took.cpu).min().unwrap_or_default().as_secs_f64() * 1e3;
    let peak = all.iter().map(|took| took.peak_mb).fold(0.0, f64::max);
    println!("| {name} | {wall:.0} ms | {cpu:.0} ms | {peak:.0} MB |");
    (wall, cpu)
}

/// Slopes, edges and grain: what encoders have to do with a photograph.
fn photograph() -> Vec<u8> {
    let mut grain = 1_u32;
    let picture = RgbImage::from_fn(4_000, 3_000, |x, y| {
        grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [noise, ..] = grain.to_be_bytes();
        let [_, slope_x, ..] = (x * 4_194).to_be_bytes();
        let [_, slope_y, ..] = (y * 5_592).to_be_bytes();
        let edge = if (x / 160 + y / 120) % 2 == 0 { 40 } else { 0 };
        Rgb([slope_x / 2 + edge + noise / 16, slope_y / 2 + edge + noise / 16, 90 + noise / 16])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 92)).unwrap();
    bytes.into_inner()
}
