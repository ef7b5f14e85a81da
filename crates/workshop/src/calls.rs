//! What a child may ask of the system: one that decodes, for memory, its standard input and output, and its end; a
//! program of others for no connection, no other process, and nothing of the machine.

use std::{collections::BTreeMap, io};

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Compare,
    SeccompCondition, SeccompFilter, SeccompRule, TargetArch, apply_filter,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What decoding needs.
const NEEDED: [c_long; 36] = [
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_fcntl,
    libc::SYS_ppoll,
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Of threads, of which one decoder has some.
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_sysinfo,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What libraries ask for by the way and do without: it is refused, and nobody dies of it.
const IDLE: [c_long; 12] = [
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_getcwd,
    libc::SYS_ioctl,
    libc::SYS_prctl,
    libc::SYS_prlimit64,
    libc::SYS_seccomp,
    libc::SYS_uname,
    libc::SYS_membarrier,
];

/// The older forms of the same, where there are some.
#[cfg(target_arch = "x86_64")]
const IDLE_TOO: [c_long; 5] =
    [libc::SYS_open, libc::SYS_stat, libc::SYS_access, libc::SYS_readlink, libc::SYS_getrlimit];
#[cfg(not(target_arch = "x86_64"))]
const IDLE_TOO: [c_long; 0] = [];
#[cfg(target_arch = "x86_64")]
const NEEDED_TOO: [c_long; 1] = [libc::SYS_poll];
#[cfg(not(target_arch = "x86_64"))]
const NEEDED_TOO: [c_long; 0] = [];

/// What no program that converts has a use for.
const FOREIGN: [c_long; 58] = [
    // Connections, also to other programs on this machine.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_connect,
    // Calls that are made past this list.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_execveat,
    // The kernel and the machine.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_mount_setattr,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_personality,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
];

#[cfg(target_arch = "x86_64")]
const FOREIGN_TOO: [c_long; 2] = [libc::SYS_fork, libc::SYS_vfork];
#[cfg(not(target_arch = "x86_64"))]
const FOREIGN_TOO: [c_long; 0] = [];

/// The calls of the same architecture with shorter addresses, where there is such a thing.
#[cfg(target_arch = "x86_64")]
const SHORT: Option<i64> = Some(0x4000_0000);
#[cfg(not(target_arch = "x86_64"))]
const SHORT: Option<i64> = None;

/// From here on this thread only decodes: whatever else is asked ends the process.
///
/// # Errors
/// When a system that can do it does not.
pub(crate) fn decode_only() -> io::Result<()> {
    let Some(machine) = machine() else { return Ok(()) };
    let mut allowed = Rules::new();
    allowed.extend(NEEDED.iter().chain(&NEEDED_TOO).chain(&IDLE).chain(&IDLE_TOO).map(|call| (*call, Vec::new())));
    // Nothing that was written is run.
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        allowed.insert(call, vec![bits(2, PROT_EXEC, 0).map_err(unmade)?]);
    }
    // Its own abortion; of signals to others it has none.
    let me = u64::from(std::process::id());
    let to_itself =
        || SeccompCondition::new(0, Length::Dword, Compare::Eq, me).and_then(|is| SeccompRule::new(vec![is]));
    for call in [libc::SYS_tgkill, libc::SYS_tkill] {
        allowed.insert(call, vec![to_itself().map_err(unmade)?]);
    }
    allowed.insert(libc::SYS_clone, vec![bits(0, CLONE_THREAD, CLONE_THREAD).map_err(unmade)?]);
    allowed.insert(libc::SYS_clone3, Vec::new());
    let idle: Rules = IDLE.iter().chain(&IDLE_TOO).map(|call| (*call, Vec::new())).collect();
    apply(allowed, SeccompAction::KillProcess, SeccompAction::Allow, machine)?;
    without_clone3(machine)?;
    apply(idle, SeccompAction::Allow, SeccompAction::Errno(number(libc::EACCES)), machine)
}

/// From here on this thread, and the program it becomes, has no connection and starts no other process: who asks is
/// refused, for programs look around.
///
/// # Errors
/// When a system that can do it does not.
pub(crate) fn convert_only() -> io::Result<()> {
    let Some(machine) = machine() else { return Ok(()) };
    let mut foreign: Rules = FOREIGN.iter().chain(&FOREIGN_TOO).map(|call| (*call, Vec::new())).collect();
    // A thread is no process.
    foreign.insert(libc::SYS_clone, vec![bits(0, CLONE_THREAD, 0).map_err(unmade)?]);
    let short: Rules = match SHORT {
        Some(short) => foreign.iter().map(|(call, rules)| (call | short, rules.clone())).collect(),
        None => Rules::new(),
    };
    foreign.extend(short);
    apply(foreign, SeccompAction::Allow, SeccompAction::Errno(number(libc::EPERM)), machine)?;
    without_clone3(machine)
}

/// What the newer call is told lies in memory, where no filter looks; without it the older one is used.
fn without_clone3(machine: TargetArch) -> io::Result<()> {
    let newer = Rules::from([(libc::SYS_clone3, Vec::new())]);
    apply(newer, SeccompAction::Allow, SeccompAction::Errno(number(libc::ENOSYS)), machine)
}

/// Memory that is run.
const PROT_EXEC: u64 = 4;
/// Beside the thread that asks, not a process.
const CLONE_THREAD: u64 = 0x1_0000;

/// When of an argument the bits of a mask are so.
fn bits(argument: u8, mask: u64, so: u64) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(argument, Length::Qword, Compare::MaskedEq(mask), so)?])
}

/// `None`: calls of this one are not known here.
fn machine() -> Option<TargetArch> {
    TargetArch::try_from(std::env::consts::ARCH).ok()
}

fn number(error: i32) -> u32 {
    error.unsigned_abs()
}

fn unmade(error: BackendError) -> io::Error {
    io::Error::other(error)
}

fn apply(rules: Rules, otherwise: SeccompAction, then: SeccompAction, machine: TargetArch) -> io::Result<()> {
    let filter = SeccompFilter::new(rules, otherwise, then, machine).map_err(unmade)?;
    let program = BpfProgram::try_from(filter).map_err(unmade)?;
    match apply_filter(&program) {
        // A kernel that was built without.
        Err(Error::Seccomp(error)) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL)) => Ok(()),
        done => done.map_err(io::Error::other),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test shall fail loudly")]

    use std::{
        fs::File,
        net::UdpSocket,
        os::unix::process::ExitStatusExt as _,
        process::{Command, ExitStatus},
    };

    use super::{convert_only, decode_only};

    const BAD_SYSTEM_CALL: i32 = 31;

    /// Names what a test does in a process of its own, for it may not live to tell.
    const PART: &str = "PHIOMIA_TEST_PART";

    /// How one part of a test ended: in this test program once more, with that test alone.
    fn ended(test: &str, part: &str) -> ExitStatus {
        let name = format!("calls::tests::{test}");
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", &name, "--test-threads", "1"]).env(PART, part).output().unwrap().status
    }

    #[expect(clippy::disallowed_methods, reason = "said by this test to itself")]
    fn part() -> Option<String> {
        std::env::var(PART).ok()
    }

    #[test]
    fn who_decodes_and_asks_for_a_connection_is_ended() {
        let Some(part) = part() else {
            let ended = |part| ended("who_decodes_and_asks_for_a_connection_is_ended", part);
            assert_eq!(ended("connection").signal(), Some(BAD_SYSTEM_CALL));
            assert_eq!(ended("process").signal(), Some(BAD_SYSTEM_CALL));
            assert!(ended("decoding").success());
            return;
        };
        decode_only().unwrap();
        match part.as_str() {
            "connection" => drop(UdpSocket::bind("127.0.0.1:0")),
            "process" => drop(Command::new("/bin/true").status()),
            _ => {
                assert!(File::open("/etc/hostname").is_err());
                assert_eq!(std::thread::spawn(|| 7).join().unwrap(), 7);
                let large: Vec<u8> = vec![7; 50_000_000];
                assert_eq!(large.iter().map(|byte| u64::from(*byte)).sum::<u64>(), 350_000_000);
            }
        }
    }

    #[test]
    fn who_converts_has_no_connection_and_no_other_process() {
        if part().is_none() {
            assert!(ended("who_converts_has_no_connection_and_no_other_process", "converting").success());
            return;
        }
        convert_only().unwrap();
        assert!(UdpSocket::bind("127.0.0.1:0").is_err());
        assert!(Command::new("/bin/true").status().is_err());
        assert_eq!(std::thread::spawn(|| 7).join().unwrap(), 7);
    }
}
