//! Reading events, and what SQLite's errors mean.

use std::io;
use std::path::Path;

use rusqlite::{Connection, ErrorCode};
use temper_core::{Event, Seq, StorageError};

use super::salvage::count_readable;

/// Reads the events at and after `from` into `events`, until the end or until the first one that
/// can't be read.
pub(super) fn read_into(
    events: &mut Vec<Event>,
    connection: &Connection,
    path: &Path,
    from: Seq,
) -> Result<(), StorageError> {
    let mut statement = connection
        .prepare_cached("SELECT seq, event FROM events WHERE seq >= ? ORDER BY seq")
        .map_err(|error| failure(path, error))?;
    let mut rows = statement.query([from]).map_err(|error| failure(path, error))?;
    loop {
        let due = from + events.len() as Seq;
        let damaged = |detail: String| StorageError::Damaged {
            location: path.display().to_string(),
            readable: due,
            detail,
        };
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(()),
            Err(error) if is_damage(&error) => return Err(damaged(error.to_string())),
            Err(error) => return Err(failure(path, error)),
        };
        let (seq, text): (Seq, String) = row
            .get(0)
            .and_then(|seq| Ok((seq, row.get(1)?)))
            .map_err(|error| damaged(error.to_string()))?;
        if seq != due {
            return Err(damaged(format!("event {due} is missing")));
        }
        let event = serde_json::from_str(&text)
            .map_err(|error| damaged(format!("event {due} can't be read: {error}")))?;
        events.push(event);
    }
}

/// Turns SQLite's errors into ours.
pub(super) fn failure(path: &Path, error: rusqlite::Error) -> StorageError {
    let location = path.display().to_string();
    if is_damage(&error) {
        let readable = count_readable(path);
        return StorageError::Damaged { location, readable, detail: error.to_string() };
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly) => StorageError::ReadOnly { location },
        Some(ErrorCode::DiskFull) => StorageError::Full { location },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StorageError::Busy { location }
        }
        Some(ErrorCode::NotADatabase) => StorageError::NotAStudy { location },
        _ => StorageError::Other { location, source: error.into() },
    }
}

/// [`failure`] of a statement that writes. A quota is a full disk too, which SQLite takes for an error
/// of the device.
pub(super) fn write_failure(
    path: &Path,
    connection: &Connection,
    error: rusqlite::Error,
) -> StorageError {
    if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
        && is_full(&system_error(connection))
    {
        return StorageError::Full { location: path.display().to_string() };
    }
    failure(path, error)
}

/// Whether there is no room.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The system's error behind the connection's last one.
fn system_error(connection: &Connection) -> io::Error {
    #[expect(unsafe_code, reason = "rusqlite does not wrap `sqlite3_system_errno`")]
    // SAFETY: the handle is open as long as the connection, and used by this thread alone.
    let errno = unsafe { rusqlite::ffi::sqlite3_system_errno(connection.handle()) };
    io::Error::from_raw_os_error(errno)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
}
