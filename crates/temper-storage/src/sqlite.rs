//! A log in one SQLite file.
//!
//! A row is an event as JSON. Its position is the table's primary key, so that an append is one
//! `INSERT` that fails if another process was faster. The journal is write-ahead: what was
//! appended survives the end of the process at any moment. It is also flushed to the disk when a
//! trial ends, unless that was done less than [`FLUSH_INTERVAL`] ago: a power failure costs at most
//! the results of that time.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use temper_core::{Event, Pulse, Seq, Storage, StorageError, WorkerId};

mod read;
mod reserve;
mod salvage;

use crate::presence::Presence;

use read::{failure, is_full, read_into, write_failure};
use reserve::Reserve;

pub use salvage::salvage;

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Marks the file as ours in SQLite's header (`application_id`): "tmpr".
const APPLICATION: u32 = 0x746d_7072;

/// How often the journal is flushed at most.
const FLUSH_INTERVAL: Duration = Duration::from_millis(20);

/// How long a statement waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait before the file is tried to be made again.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

const SCHEMA: &str = "
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        at REAL NOT NULL DEFAULT (unixepoch('subsec')), -- seconds since 1970, for people
        event TEXT NOT NULL
    );
    CREATE TABLE beats (worker TEXT PRIMARY KEY, count INTEGER NOT NULL);
";

/// A log on disk, shared by any number of processes on one machine.
#[derive(Debug)]
pub struct SqliteStorage {
    path: PathBuf,
    connection: Connection,
    presence: Presence,
    reserve: Reserve,
    flushed: Option<Instant>,
    unflushed: bool,
}

impl SqliteStorage {
    /// Opens the log at `path`, or creates it.
    ///
    /// # Errors
    ///
    /// If the file can't be opened or made, is something else, or has a newer format.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let storage = Self::connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
        let deadline = Instant::now() + BUSY_TIMEOUT;
        // Changing the journal does not wait for another process that is doing the same.
        while let Err(error) = storage.create() {
            match write_failure(path, &storage.connection, error) {
                StorageError::Busy { .. } if Instant::now() < deadline => thread::sleep(BUSY_PAUSE),
                error => return Err(error),
            }
        }
        storage.check_format()?;
        Ok(storage)
    }

    /// Opens the log at `path`, which must exist.
    ///
    /// # Errors
    ///
    /// [`StorageError::Missing`] if there is none; otherwise as [`SqliteStorage::open`].
    pub fn open_existing(path: &Path) -> Result<Self, StorageError> {
        let missing = || StorageError::Missing { location: path.display().to_string() };
        if !path.exists() {
            return Err(missing());
        }
        let storage = Self::connect(path, OpenFlags::empty())?;
        if is_new(&storage.connection).map_err(|error| failure(path, error))? {
            return Err(missing()); // its process died before it was made
        }
        storage.check_format()?;
        Ok(storage)
    }

    fn connect(path: &Path, extra: OpenFlags) -> Result<Self, StorageError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | extra;
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| failure(path, error))?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(|error| failure(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            connection,
            presence: Presence::beside(path),
            reserve: Reserve::beside(path),
            flushed: None,
            unflushed: false,
        })
    }

    /// Makes the tables of a new file; leaves any other file alone.
    fn create(&self) -> rusqlite::Result<()> {
        if !is_new(&self.connection)? {
            return Ok(());
        }
        self.connection.pragma_update(None, "journal_mode", "wal")?;
        let transaction = rusqlite::Transaction::new_unchecked(
            &self.connection,
            rusqlite::TransactionBehavior::Immediate,
        )?;
        if is_new(&transaction)? {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
        }
        transaction.commit()
    }

    fn check_format(&self) -> Result<(), StorageError> {
        check_format(&self.connection, &self.path)
    }

    /// Limits the file to that many pages of 4 KiB, as a quota: an append that needs more fails
    /// with [`StorageError::Full`].
    ///
    /// # Errors
    ///
    /// If SQLite refuses.
    pub fn limit_pages(&mut self, pages: u32) -> Result<(), StorageError> {
        self.connection
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .map_err(|error| failure(&self.path, error))
    }

    /// Makes the next write flush the journal.
    fn flush_next(&mut self) -> Result<(), StorageError> {
        self.set_synchronous("FULL")?;
        self.flushed = Some(Instant::now());
        self.unflushed = false;
        Ok(())
    }

    fn set_synchronous(&self, level: &str) -> Result<(), StorageError> {
        self.connection
            .pragma_update(None, "synchronous", level)
            .map_err(|error| failure(&self.path, error))
    }

    /// Adds the text at the position; 0 if that is not the end of the log.
    fn insert(&self, at: Seq, text: &str) -> Result<usize, StorageError> {
        // The position must also not lie past the end: a gap would be damage.
        let insert = "INSERT OR IGNORE INTO events (seq, event)
             SELECT ?1, ?2 WHERE ?1 = (SELECT coalesce(max(seq) + 1, 0) FROM events)";
        self.connection
            .prepare_cached(insert)
            .and_then(|mut insert| insert.execute(params![at, text]))
            .map_err(|error| write_failure(&self.path, &self.connection, error))
    }

    /// Chooses whether the write that follows flushes the journal.
    fn prepare_write(&mut self, ends_trial: bool) -> Result<(), StorageError> {
        let due = self.flushed.is_none_or(|last| last.elapsed() >= FLUSH_INTERVAL);
        if (ends_trial || self.unflushed) && due {
            return self.flush_next();
        }
        self.unflushed |= ends_trial;
        self.set_synchronous("NORMAL")
    }
}

impl Storage for SqliteStorage {
    fn read(&mut self, from: Seq) -> Result<Vec<Event>, StorageError> {
        let mut events = Vec::new();
        read_into(&mut events, &self.connection, &self.path, from)?;
        Ok(events)
    }

    fn append(&mut self, at: Seq, event: &Event) -> Result<(), StorageError> {
        let text = serde_json::to_string(event).map_err(|error| StorageError::Other {
            location: self.path.display().to_string(),
            source: error.into(),
        })?;
        self.prepare_write(matches!(event, Event::Finished { .. }))?;
        let mut inserted = self.insert(at, &text);
        if matches!(inserted, Err(StorageError::Full { .. })) && self.reserve.release() {
            inserted = self.insert(at, &text);
        }
        let written = inserted?;
        if written == 1 { Ok(()) } else { Err(StorageError::Conflict { at }) }
    }

    fn reserve(&mut self) -> Result<(), StorageError> {
        match self.reserve.keep() {
            Err(error) if is_full(&error) => {
                Err(StorageError::Full { location: self.path.display().to_string() })
            }
            // Without a reserve the log is as good, as long as there is room.
            _ => Ok(()),
        }
    }

    fn beat(&mut self, worker: &WorkerId) -> Result<(), StorageError> {
        self.presence.hold(worker).map_err(|error| StorageError::Other {
            location: self.path.display().to_string(),
            source: error.into(),
        })?;
        self.prepare_write(false)?;
        self.connection
            .prepare_cached(
                "INSERT INTO beats VALUES (?, 1)
                 ON CONFLICT (worker) DO UPDATE SET count = count + 1",
            )
            .and_then(|mut insert| insert.execute([worker.as_str()]))
            .map_err(|error| write_failure(&self.path, &self.connection, error))?;
        Ok(())
    }

    fn pulse(&mut self, worker: &WorkerId) -> Result<Pulse, StorageError> {
        if self.presence.is_dead(worker) {
            return Ok(Pulse::Dead);
        }
        let count = self
            .connection
            .prepare_cached("SELECT count FROM beats WHERE worker = ?")
            .and_then(|mut select| select.query_row([worker.as_str()], |row| row.get(0)).optional())
            .map_err(|error| failure(&self.path, error))?;
        Ok(Pulse::Beats(count.unwrap_or(0)))
    }
}

impl Drop for SqliteStorage {
    /// The last worker that leaves takes the reserve along.
    fn drop(&mut self) {
        self.presence.leave();
        if self.reserve.is_kept() && !self.presence.is_anybody_there() {
            self.reserve.release();
        }
    }
}

/// Whether the file holds nothing yet.
fn is_new(connection: &Connection) -> rusqlite::Result<bool> {
    let count = "SELECT count(*) FROM sqlite_schema";
    connection.query_row(count, [], |row| row.get::<_, u32>(0)).map(|count| count == 0)
}

/// Refuses other programs' files and newer formats.
fn check_format(connection: &Connection, path: &Path) -> Result<(), StorageError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    let application: u32 = pragma("application_id").map_err(|error| failure(path, error))?;
    let found: u32 = pragma("user_version").map_err(|error| failure(path, error))?;
    let location = path.display().to_string();
    if application != APPLICATION {
        return Err(StorageError::NotAStudy { location });
    }
    if found > FORMAT {
        return Err(StorageError::NewerFormat { location, found, supported: FORMAT });
    }
    Ok(())
}
