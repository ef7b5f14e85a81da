//! What the machine gives: disk, memory, open files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use phiomia_api::doctor::{Finding, Subject};
use phiomia_store::files::Space;
use rustix::process::{Resource, getrlimit};

use super::{
    Practice,
    known::{good, known, unknown},
};
use crate::{config::Program, house::ffmpeg};

known! {
    DISK_FULL = System Fault "system-disk-full";
    DISK_LOW = System Warning "system-disk-low";
    MEMORY_LOW = System Warning "system-memory-low";
    FEW_FILES = System Warning "system-few-files";
    NO_FFMPEG = System Warning "system-no-ffmpeg";
}

const MEGABYTE: u64 = 1 << 20;
/// Bytes of the disk below which writing fails soon, and below which it is time to look.
const DISK_END: u64 = 100 * MEGABYTE;
const DISK_NEAR_END: u64 = 1_024 * MEGABYTE;
/// Bytes of memory that a busy minute takes.
const MEMORY_NEAR_END: u64 = 64 * MEGABYTE;

/// What was seen; `None`: this system does not say it.
#[derive(Clone, Debug, Default)]
struct Seen {
    folder: String,
    /// Bytes of the disk that may still be written.
    disk: Option<u64>,
    /// Whether that is less than pictures of other servers leave free, where files lie on it.
    is_without_pictures: bool,
    /// Bytes of memory that may still be had.
    memory: Option<u64>,
    /// Files and sockets that may be open at the same time; `u64::MAX`: as many as one likes.
    files: Option<u64>,
    connections: u64,
}

/// Looks and judges.
pub(super) fn examine(practice: &Practice) -> Vec<Finding> {
    let folder = practice.config.data();
    let disk = disk(folder);
    let spare = |disk: Space| disk.spare(practice.config.media.remote_disk_left.0);
    judge(&Seen {
        folder: folder.display().to_string(),
        disk: disk.map(|disk| disk.free),
        is_without_pictures: !practice.config.s3.enabled && disk.is_some_and(|disk| spare(disk) < 0),
        memory: memory(),
        files: Some(getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)),
        connections: u64::try_from(practice.config.server.max_connections.0).unwrap_or(u64::MAX),
    })
}

/// Whether films are converted, which takes a program beside this one.
pub(super) async fn films(practice: &Practice) -> Finding {
    let is_off = practice.config.media.ffmpeg == Program::Off;
    let found = ffmpeg::find(&practice.config).await;
    judge_films(found.converter.is_some() || is_off, found.sentence)
}

fn judge_films(is_well: bool, sentence: String) -> Finding {
    if is_well {
        return good(Subject::System, sentence);
    }
    let cure = "`apt-get install ffmpeg`; who wants none says media.ffmpeg = \"off\"";
    NO_FFMPEG.cured(sentence, cure)
}

/// The disk of the nearest folder that is there.
fn disk(folder: &Path) -> Option<Space> {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    Space::of(there).ok()
}

/// What the system has left, or what one of the groups of this process has left of what it may take, whichever is least.
fn memory() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let groups = groups(&own, Path::new("/sys/fs/cgroup"));
    groups.into_iter().filter_map(|(folder, version)| left(&folder, version)).chain(system).min()
}

/// What control groups are called in their two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The folders of the groups in which memory is counted: that of this process and those around it, as far as they can be
/// seen. `own` is what `/proc/self/cgroup` says.
fn groups(own: &str, root: &Path) -> Vec<(PathBuf, Version)> {
    let mut all = Vec::new();
    for line in own.lines() {
        let mut words = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (words.next(), words.next()) else { continue };
        let (root, version) = match controllers {
            "" => (root.to_owned(), Version::Two),
            _ if controllers.split(',').any(|name| name == "memory") => (root.join("memory"), Version::One),
            _ => continue,
        };
        let within = Path::new(path.trim_start_matches('/'));
        all.extend(within.ancestors().map(|folder| (root.join(folder), version)));
    }
    all
}

/// Bytes that a group may still take. Copies of files give way.
fn left(folder: &Path, version: Version) -> Option<u64> {
    let (most, taken, files) = match version {
        Version::One => {
            ("memory.limit_in_bytes", "memory.usage_in_bytes", ["total_active_file ", "total_inactive_file "])
        }
        Version::Two => ("memory.max", "memory.current", ["active_file ", "inactive_file "]),
    };
    let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    let (most, taken) = number(most).zip(number(taken))?;
    let told = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let give_way = told.lines().filter_map(|line| {
        let count = files.iter().find_map(|name| line.strip_prefix(name))?;
        count.trim().parse::<u64>().ok()
    });
    Some(most.saturating_sub(taken.saturating_sub(give_way.fold(0, u64::saturating_add))))
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
fn available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

fn judge(seen: &Seen) -> Vec<Finding> {
    let mut findings = Vec::new();
    let megabytes = |bytes: u64| format!("{} MB", bytes / MEGABYTE);
    if let Some(disk) = seen.disk.filter(|disk| *disk < DISK_NEAR_END) {
        let what = format!("The disk of {} has {} left", seen.folder, megabytes(disk));
        let cure =
            "`phiomia media usage` says what takes the room; make media.remote_budget smaller, or the disk larger";
        findings.push(if disk < DISK_END { DISK_FULL.cured(what, cure) } else { DISK_LOW.cured(what, cure) });
    }
    if let Some(memory) = seen.memory.filter(|memory| *memory < MEMORY_NEAR_END) {
        findings.push(MEMORY_LOW.cured(
            format!("{} of memory are left", megabytes(memory)),
            "Make room: media.child_memory and database.sqlite_cache can be smaller, a swap file helps small machines",
        ));
    }
    if let Some(files) = seen.files.filter(|files| *files < seen.connections) {
        findings.push(FEW_FILES.cured(
            format!(
                "This process may open {files} files and sockets, and server.max_connections lets {} in",
                seen.connections
            ),
            "Raise it (systemd: LimitNOFILE=; `phiomia systemd unit` does), or make server.max_connections smaller",
        ));
    }
    if !findings.is_empty() {
        return findings;
    }
    match (seen.disk, seen.memory) {
        (Some(disk), Some(memory)) => {
            let mut what = format!("{} of disk and {} of memory are left", megabytes(disk), megabytes(memory));
            if seen.is_without_pictures {
                what.push_str("; other servers' pictures are not kept on a disk so full (media.remote_disk_left)");
            }
            vec![good(Subject::System, what)]
        }
        _ => vec![unknown(Subject::System, "This system does not say how much disk and memory are left")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_out_is_named_before_it_has_run_out() {
        let well = Seen {
            disk: Some(9_000 * MEGABYTE),
            memory: Some(300 * MEGABYTE),
            files: Some(65_536),
            connections: 8_192,
            folder: "data".to_owned(),
            is_without_pictures: false,
        };
        let names = |seen: Seen| judge(&seen).into_iter().map(|finding| finding.name).collect::<Vec<_>>();
        assert_eq!(names(well.clone()), ["system-good"]);
        assert_eq!(names(Seen { disk: Some(500 * MEGABYTE), ..well.clone() }), ["system-disk-low"]);
        assert_eq!(names(Seen { disk: Some(50 * MEGABYTE), ..well.clone() }), ["system-disk-full"]);
        assert_eq!(names(Seen { memory: Some(MEGABYTE), ..well.clone() }), ["system-memory-low"]);
        assert_eq!(names(Seen { files: Some(1_024), ..well.clone() }), ["system-few-files"]);
        assert_eq!(names(Seen { memory: None, ..well.clone() }), ["system-unknown"]);
        let said = judge(&Seen { is_without_pictures: true, ..well }).remove(0).what;
        assert!(said.contains("media.remote_disk_left"), "{said}");
    }

    #[test]
    fn a_process_is_in_its_group_and_in_those_around_it() {
        let root = Path::new("/groups");
        let folders = |own: &str| {
            let found = groups(own, root).into_iter();
            found.map(|(folder, version)| (folder.display().to_string(), version)).collect::<Vec<_>>()
        };
        let service = "0::/system.slice/phiomia.service\n";
        let around = ["/groups/system.slice/phiomia.service", "/groups/system.slice", "/groups/"];
        assert_eq!(folders(service), around.map(|folder| (folder.to_owned(), Version::Two)));
        let older = "5:devices:/a\n4:cpu,memory:/a\n1:name=systemd:/b\n";
        assert_eq!(folders(older), ["/groups/memory/a", "/groups/memory/"].map(|f| (f.to_owned(), Version::One)));
        assert!(folders("no such line\n").is_empty());
    }

    #[test]
    fn what_linux_says_of_memory_is_read() {
        assert_eq!(available("MemTotal:  16 kB\nMemAvailable:    4096 kB\n"), Some(4 * MEGABYTE));
        assert_eq!(available("MemTotal:  16 kB\n"), None);
    }
}
