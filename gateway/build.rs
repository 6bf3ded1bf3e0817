//! Rebuilds when a migration or a text is added, which no source file names, and lists the texts.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

#[expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts by the environment")]
fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=locales");
    let list = env::var_os("OUT_DIR").map(PathBuf::from).ok_or(io::ErrorKind::NotFound)?;
    fs::write(list.join("locales.rs"), sources()?)
}

/// `&[("en", &[include_str!("…/account.ftl"), …]), …]`: English first, the others by their codes.
fn sources() -> io::Result<String> {
    let mut languages = sorted(&env::current_dir()?.join("locales"))?;
    languages.sort_by_key(|folder| !folder.ends_with("en"));
    let mut list = "&[".to_owned();
    for language in languages {
        // Writing to a text cannot fail.
        let _ = write!(list, "({:?}, &[", language.file_name().unwrap_or_default());
        for topic in sorted(&language)?.iter().filter(|file| file.extension().is_some_and(|end| end == "ftl"))
        {
            let _ = write!(list, "include_str!({topic:?}), ");
        }
        list.push_str("]), ");
    }
    Ok(list + "]")
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    found.sort();
    Ok(found)
}
