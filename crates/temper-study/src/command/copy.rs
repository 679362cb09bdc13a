//! The folder of a fork: a copy of what the other trial's program has saved.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

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
    let copied = fill(from, to, &unfinished);
    if copied.is_err() {
        // What is left of it takes room that may be what was missing.
        let _ = fs::remove_dir_all(unfinished);
    }
    copied
}

/// Fills the folder with the copy and gives it its name.
fn fill(from: &Path, to: &Path, unfinished: &Path) -> io::Result<()> {
    let homes = [from.to_owned(), from.canonicalize()?];
    let moved = |path: PathBuf| match homes.iter().find_map(|it| path.strip_prefix(it).ok()) {
        Some(rest) => to.join(rest),
        None => path,
    };
    copy(from, unfinished, &FILES, &moved)?;
    fs::write(unfinished.join(COPIED), "")?;
    fs::rename(unfinished, to)
}

/// Copies files, folders and links, but for these at the top. What links lead to may have moved.
fn copy(
    from: &Path,
    to: &Path,
    without: &[&str],
    moved: &dyn Fn(PathBuf) -> PathBuf,
) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let (source, target) = (entry.path(), to.join(&name));
        if without.iter().any(|own| name == *own) {
            continue;
        }
        if kind.is_dir() {
            copy(&source, &target, &[], moved)?;
        } else if kind.is_symlink() {
            symlink(moved(fs::read_link(&source)?), &target)?;
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

    #[test]
    fn a_link_into_the_folder_leads_into_the_copy_and_any_other_where_it_led() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("0003"), folder.path().join("0007"));
        fs::create_dir_all(from.join("deep")).unwrap();
        fs::write(from.join("state"), "saved").unwrap();
        symlink(from.join("state"), from.join("deep/latest")).unwrap();
        symlink("../state", from.join("deep/near")).unwrap();
        symlink("/dev/null", from.join("far")).unwrap();
        let other_way = folder.path().join("way");
        symlink(folder.path(), &other_way).unwrap();

        copy_once(&other_way.join("0003"), &to).unwrap();
        fs::remove_dir_all(&from).unwrap();
        assert_eq!(fs::read_to_string(to.join("deep/latest")).unwrap(), "saved");
        assert_eq!(fs::read_to_string(to.join("deep/near")).unwrap(), "saved");
        assert_eq!(fs::read_link(to.join("far")).unwrap(), Path::new("/dev/null"));
    }

    #[test]
    fn nothing_is_left_of_a_copy_that_failed() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("0003"), folder.path().join("7".repeat(250)));
        fs::create_dir(&from).unwrap();
        fs::write(from.join("state"), "saved").unwrap();
        // So deep that the longer name of the copy makes its path too long.
        let longest = usize::try_from(libc::PATH_MAX).unwrap();
        let depth = (longest - 1 - from.as_os_str().len()) / 201;
        fs::create_dir_all(from.join(["d".repeat(200).as_str()].repeat(depth).join("/"))).unwrap();
        copy_once(&from, &to).unwrap_err();
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "the folder that was to be copied");
    }
}
