//! How the program is linked, and what is beside Rust in it.

use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=memory/memory.c");
    if of("CARGO_CFG_TARGET_ENV") == "musl" {
        // Linked before the C library, so that these are what every crate calls.
        cc::Build::new()
            .file("memory/memory.c")
            .opt_level(2)
            .flag("-ffreestanding")
            .flag_if_supported("-fno-tree-loop-distribute-patterns")
            .warnings_into_errors(true)
            .compile("phiomia_memory");
    }
    if !takes_packed() {
        return;
    }
    // The program lies anywhere in memory, so at each start 70,000 addresses in it are put right. Told one by one they are a
    // table of 1.7 MB, which is read as a whole and stays resident; packed it is a thirtieth of that.
    for argument in ["-z", "pack-relative-relocs"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
}

/// Whether the library that starts the program reads the packed form: glibc since 2.36, musl since 1.2.4, which Rust has
/// brought along since 1.93.
fn takes_packed() -> bool {
    match (of("CARGO_CFG_TARGET_OS").as_str(), of("CARGO_CFG_TARGET_ENV").as_str()) {
        ("linux", "musl") => {
            minor_of(&said_by(&of("RUSTC"), &["--version"]), "rustc 1.").is_some_and(|minor| minor >= 93)
        }
        // For another machine nobody knows what it has.
        ("linux", "gnu") if of("HOST") == of("TARGET") => {
            minor_of(&said_by("getconf", &["GNU_LIBC_VERSION"]), "glibc 2.").is_some_and(|minor| minor >= 36)
        }
        _ => false,
    }
}

/// A variable that cargo set.
#[expect(clippy::disallowed_methods, reason = "it is by the environment that cargo speaks with a build script")]
fn of(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn said_by(program: &str, arguments: &[&str]) -> String {
    let said = Command::new(program).args(arguments).output();
    said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// The number behind `before`.
fn minor_of(text: &str, before: &str) -> Option<u32> {
    let rest = text.strip_prefix(before)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
