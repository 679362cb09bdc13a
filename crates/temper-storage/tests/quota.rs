//! A disk quota, as SQLite meets it. A process of its own: its system calls are not those of others.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(unsafe_code, reason = "SQLite is given another `pwrite`")]

use std::ffi::{c_int, c_void};
use std::mem::transmute;
use std::path::PathBuf;
use std::ptr::null;
use std::sync::OnceLock;

use rusqlite::ffi::{SQLITE_OK, sqlite3_vfs_find};
use temper_core::{Event, Storage, TrialId, WorkerId};
use temper_storage::SqliteStorage;

/// There is no room while this file is there.
static RESERVE: OnceLock<PathBuf> = OnceLock::new();

type Pwrite = unsafe extern "C" fn(c_int, *const c_void, usize, i64) -> isize;

unsafe extern "C" fn pwrite(file: c_int, bytes: *const c_void, count: usize, at: i64) -> isize {
    if RESERVE.get().is_some_and(|reserve| reserve.exists()) {
        // SAFETY: the system's own variable of this thread.
        unsafe { *libc::__errno_location() = libc::EDQUOT };
        return -1;
    }
    // SAFETY: as SQLite calls it.
    unsafe { libc::pwrite64(file, bytes, count, at) }
}

/// Makes SQLite write by the function above.
fn limit_writes() {
    for name in [c"pwrite", c"pwrite64"] {
        // SAFETY: nothing else runs in this process, and SQLite calls both with these arguments.
        let set = unsafe {
            let system = sqlite3_vfs_find(null());
            let own = transmute::<Pwrite, unsafe extern "C" fn()>(pwrite);
            (*system).xSetSystemCall.unwrap()(system, name.as_ptr(), Some(own))
        };
        assert_eq!(set, SQLITE_OK);
    }
}

#[test]
fn a_quota_is_a_full_disk_and_the_reserve_is_given_back_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut storage = SqliteStorage::open(&folder.path().join("study.db")).unwrap();
    RESERVE.set(folder.path().join("study.db-reserve")).unwrap();
    limit_writes();
    storage.reserve().unwrap();
    let event = Event::Continued {
        trial: TrialId(0),
        seen: None,
        worker: WorkerId::new("a"),
        until: None,
        note: None,
    };
    storage.append(0, &event).unwrap();
    assert!(!RESERVE.get().unwrap().exists());
    assert_eq!(storage.read(0).unwrap(), [event]);
}
