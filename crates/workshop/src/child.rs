//! The child's side.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::AsFd as _,
};

use phiomia_media::wire;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Processor time, in seconds.
const CPU_SECONDS: u64 = 30;
/// Standard input, output and error: with no more, neither a file nor a connection can be opened.
const N_DESCRIPTORS: u64 = 3;
/// The code of a child that could not give up what it may not do: our fault, not the file's.
pub(crate) const REFUSES_TO_WORK: i32 = 1;
/// Most bytes that are read: the largest picture and the line before it.
const MOST_ASKED: u64 = 17 * 1024 * 1024;

/// What the command `media-child` does: gives up what it may not do, reads a task and a file from standard input, and
/// writes what comes of it to standard output. Of a film the file itself is its standard input, and is read here and
/// there.
///
/// # Errors
/// When it cannot give up what it may not do, or nobody asks or listens.
pub fn work(memory: u64, is_film: bool) -> io::Result<()> {
    // A second name of what is open already; later there are none to be had.
    let mut film = if is_film { Some(File::from(io::stdin().as_fd().try_clone_to_owned()?)) } else { None };
    for (resource, most) in [
        // Counts what is taken for data, not the program itself, which is mapped and shared.
        (Resource::Data, memory),
        (Resource::Cpu, CPU_SECONDS),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, N_DESCRIPTORS),
        (Resource::Nproc, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    let said = match &mut film {
        Some(film) => wire::answer_film(film),
        None => {
            let mut asked = Vec::new();
            io::stdin().lock().take(MOST_ASKED).read_to_end(&mut asked)?;
            wire::answer(&asked)
        }
    };
    let said = said.ok_or_else(|| io::Error::other("no task that is known"))?;
    let mut out = io::stdout().lock();
    out.write_all(&said)?;
    out.flush()
}
