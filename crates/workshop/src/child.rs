//! The child's side.

use std::{
    convert::Infallible,
    ffi::OsString,
    fs::File,
    io::{self, Read as _, Write as _},
    os::{fd::AsFd as _, unix::process::CommandExt as _},
    path::Path,
    process::Command,
};

use phiomia_media::wire;
use rustix::process::{Resource, Rlimit, nice, setrlimit};

use crate::{
    calls,
    confine::{Reach, confine, die_with_parent},
};

/// Processor time, in seconds.
const CPU_SECONDS: u64 = 30;
/// Standard input, output and error: with no more, neither a file nor a connection can be opened.
const N_DESCRIPTORS: u64 = 3;
/// What a program needs to find its libraries and to open its two files.
const N_TOOL_DESCRIPTORS: u64 = 64;
/// What a program with all its libraries takes of addresses beside its memory.
const MAPPED: u64 = 1024 * 1024 * 1024;
/// People come first.
const NICE: i32 = 10;
/// The code of a child that could not give up what it may not do: our fault, not the file's.
pub(crate) const REFUSES_TO_WORK: i32 = 1;
/// Most bytes that are read: the largest picture and the line before it.
const MOST_ASKED: u64 = 17 * 1024 * 1024;

/// What a child is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A task and a file, through a pipe.
    Picture,
    /// A film, which is its standard input and is read here and there: what it is.
    Film,
    /// The same: its first picture.
    Poster,
}

/// What the command `media-child` does: gives up what it may not do, reads what it is given from standard input, and
/// writes what comes of it to standard output.
///
/// # Errors
/// When it cannot give up what it may not do, or nobody asks or listens.
pub fn work(memory: u64, work: Work) -> io::Result<()> {
    // A second name of what is open already; later there are none to be had.
    let mut film = match work {
        Work::Film | Work::Poster => Some(File::from(io::stdin().as_fd().try_clone_to_owned()?)),
        Work::Picture => None,
    };
    confine(&Reach { program: None })?;
    limit(&[
        // Counts what is taken for data, not the program itself, which is mapped and shared.
        (Resource::Data, memory),
        (Resource::Cpu, CPU_SECONDS),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, N_DESCRIPTORS),
    ])?;
    // Also that it starts no process: the number of those counts threads, too, and one of the decoders has some.
    calls::decode_only()?;
    let said = match &mut film {
        Some(film) if work == Work::Poster => wire::answer_poster(film),
        Some(film) => wire::answer_film(film),
        None => {
            // Growing as it comes it would take twice as much.
            let mut asked = Vec::with_capacity(usize::try_from(MOST_ASKED).unwrap_or(0));
            io::stdin().lock().take(MOST_ASKED).read_to_end(&mut asked)?;
            wire::answer(&asked)
        }
    };
    let said = said.ok_or_else(|| io::Error::other("no task that is known"))?;
    let mut out = io::stdout().lock();
    out.write_all(&said)?;
    out.flush()
}

/// What a program of others may take.
#[derive(Clone, Copy, Debug)]
pub struct Ceilings {
    /// Bytes of memory.
    pub memory: u64,
    /// Seconds of processor time.
    pub seconds: u64,
    /// Bytes of its longest file.
    pub bytes: u64,
}

/// Gives up what a program of others may not do, and becomes it: `tool` is the program and its arguments. It has its
/// standard input and output of all files, no connection, and dies with whoever started it.
///
/// # Errors
/// When it cannot give up what it may not do, or there is no such program.
pub fn become_tool(ceilings: &Ceilings, tool: &[OsString]) -> io::Result<Infallible> {
    let Some((program, arguments)) = tool.split_first() else { return Err(io::Error::other("no program to become")) };
    die_with_parent()?;
    nice(NICE)?;
    confine(&Reach { program: Some(Path::new(program)) })?;
    limit(&[
        (Resource::Data, ceilings.memory),
        // What is shared with files is no data.
        (Resource::As, ceilings.memory.saturating_add(MAPPED)),
        (Resource::Cpu, ceilings.seconds),
        (Resource::Fsize, ceilings.bytes),
        (Resource::Core, 0),
        (Resource::Nofile, N_TOOL_DESCRIPTORS),
    ])?;
    calls::convert_only()?;
    // Comes back only when it failed.
    Err(Command::new(program).args(arguments).env_clear().exec())
}

fn limit(limits: &[(Resource, u64)]) -> io::Result<()> {
    for (resource, most) in limits {
        setrlimit(*resource, Rlimit { current: Some(*most), maximum: Some(*most) })?;
    }
    Ok(())
}
