//! The program `phiomia`: reads its command line and leaves the rest to the library.

use std::process::ExitCode;

/// The allocator of musl lets one thread in at a time; what is shipped is static, and brings its own.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    phiomia_server::cli::main()
}
