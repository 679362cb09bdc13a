//! What can happen to a file.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use rusqlite::Connection;
use temper_core::{Event, Lease, Loss, Outcome, Storage, StorageError, TrialId, WorkerId};
use temper_storage::{FORMAT, SqliteStorage, salvage};

fn event(trial: u64) -> Event {
    let losses = vec![Loss::new(2.5).unwrap()];
    Event::Finished {
        trial: TrialId(trial),
        lease: Lease(0),
        outcome: Outcome::completed(losses),
        seconds: 1.0,
        peak_memory: None,
    }
}

fn filled(path: &Path, count: u64) {
    let mut storage = SqliteStorage::open(path).unwrap();
    for seq in 0..count {
        storage.append(seq, &event(seq)).unwrap();
    }
}

fn open_and_read(path: &Path) -> Result<Vec<Event>, StorageError> {
    SqliteStorage::open_existing(path)?.read(0)
}

#[test]
fn a_record_cut_short_is_named_and_those_before_it_are_salvaged() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("study.db"), folder.path().join("copy.db"));
    filled(&path, 10);
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE events SET event = substr(event, 1, 20) WHERE seq = 7", [])
        .unwrap();
    let error = open_and_read(&path).unwrap_err();
    assert!(matches!(error, StorageError::Damaged { readable: 7, .. }), "{error}");
    assert_eq!(salvage(&path, &copy).unwrap(), 7);
    assert_eq!(open_and_read(&copy).unwrap(), (0..7).map(event).collect::<Vec<_>>());
}

#[test]
fn a_missing_record_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    filled(&path, 10);
    Connection::open(&path).unwrap().execute("DELETE FROM events WHERE seq = 4", []).unwrap();
    let error = open_and_read(&path).unwrap_err();
    assert!(matches!(error, StorageError::Damaged { readable: 4, .. }), "{error}");
}

#[test]
fn a_file_cut_short_is_damage_and_loses_only_what_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("study.db"), folder.path().join("copy.db"));
    filled(&path, 2000);
    let length = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 5000).unwrap();
    match open_and_read(&path) {
        Err(StorageError::Damaged { readable, .. }) => assert!(readable > 1500, "{readable}"),
        other => panic!("{other:?}"),
    }
    let saved = salvage(&path, &copy).unwrap();
    assert!(saved > 1500, "{saved}");
    assert_eq!(open_and_read(&copy).unwrap().len() as u64, saved);
}

#[test]
fn a_journal_cut_short_loses_its_last_record_only() {
    let folder = tempfile::tempdir().unwrap();
    let (path, torn) = (folder.path().join("study.db"), folder.path().join("torn.db"));
    let mut storage = SqliteStorage::open(&path).unwrap();
    for seq in 0..10 {
        storage.append(seq, &event(seq)).unwrap();
    }
    // A copy as a power failure would leave it: the last frame of the journal is incomplete.
    fs::copy(&path, &torn).unwrap();
    let journal = fs::read(folder.path().join("study.db-wal")).unwrap();
    fs::write(folder.path().join("torn.db-wal"), &journal[..journal.len() - 100]).unwrap();
    assert_eq!(open_and_read(&torn).unwrap(), (0..9).map(event).collect::<Vec<_>>());
}

#[test]
fn a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    filled(&path, 1);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", FORMAT + 1).unwrap();
    let error = open_and_read(&path).unwrap_err();
    assert!(matches!(error, StorageError::NewerFormat { found: 2, supported: 1, .. }), "{error}");
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(&[b'x'; 5000]).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    assert!(matches!(SqliteStorage::open(&path), Err(StorageError::NotAStudy { .. })));
    assert_eq!(fs::read(&path).unwrap(), [b'x'; 5000]);
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(SqliteStorage::open(&other), Err(StorageError::NotAStudy { .. })));
    let missing = folder.path().join("missing.db");
    assert!(matches!(open_and_read(&missing), Err(StorageError::Missing { .. })));
    assert!(!missing.exists());
}

#[test]
fn a_full_disk_loses_nothing_that_was_appended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    let mut storage = SqliteStorage::open(&path).unwrap();
    storage.limit_pages(12).unwrap();
    storage.reserve().unwrap();
    let reserve = folder.path().join("study.db-reserve");
    assert_eq!(reserve.metadata().unwrap().len(), 1 << 20);
    let mut seq = 0;
    let error = loop {
        match storage.append(seq, &event(seq)) {
            Ok(()) => seq += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StorageError::Full { .. }), "{error}");
    assert_eq!(storage.read(0).unwrap().len() as u64, seq);
    assert!(!reserve.exists(), "it was given back before the log gave up");
    storage.limit_pages(1000).unwrap();
    storage.append(seq, &event(seq)).unwrap();
}

#[test]
fn the_reserve_goes_with_the_last_worker_that_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let (path, reserve) = (folder.path().join("study.db"), folder.path().join("study.db-reserve"));
    let worker = |name: &str| {
        let mut storage = SqliteStorage::open(&path).unwrap();
        storage.beat(&WorkerId::new(name)).unwrap();
        storage.reserve().unwrap();
        storage
    };
    let (one, other) = (worker("one"), worker("other"));
    // A worker that was killed leaves a file that nobody has locked.
    fs::write(folder.path().join("study.db-workers/killed"), "").unwrap();
    drop(SqliteStorage::open(&path).unwrap());
    assert!(reserve.exists(), "who only looks at the log leaves it");
    drop(one);
    assert!(reserve.exists(), "the other one may need it");
    drop(other);
    assert!(!reserve.exists());
}

#[test]
fn a_log_whose_process_died_before_it_was_made_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.db");
    fs::File::create(&path).unwrap();
    assert!(matches!(open_and_read(&path), Err(StorageError::Missing { .. })));
    filled(&path, 1);
    assert_eq!(open_and_read(&path).unwrap(), [event(0)]);
}

#[test]
fn many_processes_can_make_a_log_at_once() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.db");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| SqliteStorage::open(&path).unwrap());
            }
        });
        filled(&path, 1);
    }
}
