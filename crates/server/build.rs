//! How the program is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The program lies anywhere in memory, so at each start 70,000 addresses in it are put right. Told one by one they are a
    // table of 1.7 MB, which is read as a whole and stays resident; packed it is a thirtieth of that.
    for argument in ["-z", "pack-relative-relocs"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
}
