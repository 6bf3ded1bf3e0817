//! Rebuilds when a migration or a text is added, which no source file names.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=locales");
}
