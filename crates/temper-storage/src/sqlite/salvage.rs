//! Saving what can be read of a damaged log.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use temper_core::{Event, Seq, Storage, StorageError};

use super::read::read_into;
use super::{SqliteStorage, check_format};

/// Copies the events before the first damage of the log at `from` into a new log at `to`, and says
/// how many there were. The damaged log is left as it is.
///
/// # Errors
///
/// If `from` is no log at all, or `to` exists or can't be written.
pub fn salvage(from: &Path, to: &Path) -> Result<Seq, StorageError> {
    if !from.exists() {
        return Err(StorageError::Missing { location: from.display().to_string() });
    }
    let events = readable(from)?;
    let mut copy = SqliteStorage::open(to)?;
    for (seq, event) in (0..).zip(&events) {
        copy.append(seq, event)?;
    }
    copy.flush_next()?;
    Ok(events.len() as Seq)
}

/// How many events can be read; 0 if not even the first.
pub(super) fn count_readable(path: &Path) -> Seq {
    readable(path).map_or(0, |events| events.len() as Seq)
}

/// The events before the first damage.
fn readable(path: &Path) -> Result<Vec<Event>, StorageError> {
    let other = |error: rusqlite::Error| StorageError::Other {
        location: path.display().to_string(),
        source: error.into(),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(other)?;
    // Lets SQLite read a file that is shorter than its header says (btree.c, lockBtree).
    connection.pragma_update(None, "writable_schema", "on").map_err(other)?;
    check_format(&connection, path)?;
    let mut events = Vec::new();
    match read_into(&mut events, &connection, path, 0) {
        Ok(()) | Err(StorageError::Damaged { .. }) => Ok(events),
        Err(error) => Err(error),
    }
}
