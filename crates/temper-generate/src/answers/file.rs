//! Opening and making the file.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::error::StoreError;

/// The format that this version writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;

/// Marks the file as ours in SQLite's header (`application_id`): "tmpa".
const APPLICATION: u32 = 0x746d_7061;

/// How long a statement waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait before the file is tried to be made again.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

const SCHEMA: &str = "
    CREATE TABLE answers (
        key BLOB PRIMARY KEY, -- SHA-256 of all that the answer depends on
        at REAL NOT NULL DEFAULT (unixepoch('subsec')), -- seconds since 1970, for people
        completion TEXT NOT NULL -- JSON
    );
    CREATE TABLE spendings (
        study TEXT NOT NULL,
        trial TEXT NOT NULL,
        requests INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cost REAL NOT NULL,
        PRIMARY KEY (study, trial)
    ) WITHOUT ROWID;
";

/// Opens the file, or makes it; it can be written.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
}

pub(super) fn open_with(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let failure = |error| StoreError::of(path, error);
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failure)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failure)?;
    let deadline = Instant::now() + BUSY_TIMEOUT;
    // Changing the journal does not wait for another process that is doing the same.
    while let Err(error) = make(&connection) {
        match failure(error) {
            StoreError::Busy { .. } if Instant::now() < deadline => thread::sleep(BUSY_PAUSE),
            error => return Err(error),
        }
    }
    check_format(&connection, path)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(failure)?;
    // Whether it can be written is known before an answer is paid for.
    if connection.is_readonly("main").map_err(failure)? {
        return Err(StoreError::ReadOnly { location: path.display().to_string() });
    }
    Ok(connection)
}

/// Makes the tables of a new file; leaves any other file alone.
fn make(connection: &Connection) -> rusqlite::Result<()> {
    if !is_new(connection)? {
        return Ok(());
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    if is_new(&transaction)? {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    transaction.commit()
}

/// Whether the file holds nothing yet.
fn is_new(connection: &Connection) -> rusqlite::Result<bool> {
    let count = "SELECT count(*) FROM sqlite_schema";
    connection.query_row(count, [], |row| row.get::<_, u32>(0)).map(|count| count == 0)
}

/// Refuses other programs' files and newer formats.
fn check_format(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let pragma = |name| {
        let value = connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
        value.map_err(|error| StoreError::of(path, error))
    };
    let location = path.display().to_string();
    if pragma("application_id")? != APPLICATION {
        return Err(StoreError::NotAnswers { location });
    }
    match pragma("user_version")? {
        found if found > FORMAT => {
            Err(StoreError::NewerFormat { location, found, supported: FORMAT })
        }
        _ => Ok(()),
    }
}
