//! The program `phiomia`: reads its command line and leaves the rest to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    phiomia_server::cli::main()
}
