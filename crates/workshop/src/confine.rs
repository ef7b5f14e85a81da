//! What a child gives up so that nothing is lost when what it opens takes it over: files, connections, signals.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::Path,
};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, PathBeneath, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetError, Scope, path_beneath_rules,
};
use rustix::process::{Signal, set_parent_process_death_signal};

/// Where programs and their libraries lie.
const PROGRAMS: [&str; 8] =
    ["/usr", "/lib", "/lib64", "/bin", "/opt", "/nix/store", "/etc/ld.so.cache", "/sys/devices/system/cpu"];

/// What this process may still reach.
pub(crate) struct Reach<'a> {
    /// The program it becomes; with it the places where programs lie, to be read.
    pub(crate) program: Option<&'a Path>,
}

/// Takes away from this process, and from the program it becomes, every file but its standard input and output and
/// what `reach` says, every TCP port, and signals to others. Kernels that are too old for some of it do the rest.
///
/// # Errors
/// When a kernel that can do it does not.
pub(crate) fn confine(reach: &Reach<'_>) -> io::Result<()> {
    rules(reach).map_err(io::Error::other)
}

fn rules(reach: &Reach<'_>) -> Result<(), RulesetError> {
    let abi = ABI::V6;
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?;
    if let Some(program) = reach.program {
        ruleset = ruleset
            .add_rules(path_beneath_rules(PROGRAMS, AccessFs::from_read(abi)))?
            .add_rules(path_beneath_rules([program], AccessFs::from_read(abi)))?;
        // The files that it has open it may open again by their numbers; a pipe is no file and needs no rule.
        let (stdin, stdout) = (io::stdin(), io::stdout());
        if is_file(stdin.as_fd()) {
            ruleset = ruleset.add_rule(PathBeneath::new(stdin.as_fd(), AccessFs::ReadFile))?;
        }
        if is_file(stdout.as_fd()) {
            let all: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate;
            ruleset = ruleset.add_rule(PathBeneath::new(stdout.as_fd(), all))?;
        }
    }
    ruleset.restrict_self().map(drop)
}

fn is_file(fd: BorrowedFd<'_>) -> bool {
    rustix::fs::fstat(fd)
        .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::RegularFile)
}

/// Lets this process, and the program it becomes, be killed when whoever started it dies.
///
/// # Errors
/// When the system refuses.
pub(crate) fn die_with_parent() -> io::Result<()> {
    Ok(set_parent_process_death_signal(Some(Signal::KILL))?)
}
