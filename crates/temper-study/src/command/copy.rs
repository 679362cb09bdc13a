//! The folder of a fork: a copy of what the other trial's program has saved.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::folder::{COPIED, FILES};

/// Makes `to` a copy of the folder of the trial that it forks, which is paused, unless it is one.
///
/// # Errors
///
/// The folder can't be read, or there is no room for the copy.
pub(super) fn copy_once(from: &Path, to: &Path) -> io::Result<()> {
    if to.join(COPIED).exists() {
        return Ok(());
    }
    let unfinished = to.with_extension("new");
    for rest in [&unfinished, &to.to_owned()] {
        if rest.exists() {
            fs::remove_dir_all(rest)?;
        }
    }
    copy(from, &unfinished, &FILES)?;
    fs::write(unfinished.join(COPIED), "")?;
    fs::rename(unfinished, to)
}

/// Copies files, folders and links, but for these at the top.
fn copy(from: &Path, to: &Path, without: &[&str]) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let (source, target) = (entry.path(), to.join(&name));
        if without.iter().any(|own| name == *own) {
            continue;
        }
        if kind.is_dir() {
            copy(&source, &target, &[])?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_made_once_and_has_what_the_program_saved_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("0003"), folder.path().join("0007"));
        fs::create_dir_all(from.join("checkpoints/deep")).unwrap();
        let files = ["params.json", "stdout.log", "state", "checkpoints/deep/weights"];
        files.iter().for_each(|name| fs::write(from.join(name), "first").unwrap());
        fs::create_dir_all(folder.path().join("0007.new")).unwrap(); // of a runner that was killed
        fs::write(folder.path().join("0007.new/half"), "").unwrap();

        copy_once(&from, &to).unwrap();
        fs::write(from.join("state"), "second").unwrap(); // the other trial goes on
        copy_once(&from, &to).unwrap();
        let read = |name: &str| fs::read_to_string(to.join(name)).ok();
        assert_eq!(read("state").as_deref(), Some("first"));
        assert_eq!(read("checkpoints/deep/weights").as_deref(), Some("first"));
        assert_eq!([read("params.json"), read("stdout.log"), read("half")], [None, None, None]);
    }
}
