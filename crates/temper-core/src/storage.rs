//! Where the log is kept.

use crate::{Event, Seq, WorkerId};

/// What is known of a worker's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulse {
    /// It is certain that the worker's process has ended.
    Dead,
    /// It has beaten this many times. A count that does not change over a whole lease, by the
    /// observer's own clock, means that the worker is lost.
    Beats(u64),
}

/// An append-only log of events, and the pulse of those who write to it.
///
/// The log's length is its version: an append names the length that it was decided at, and is
/// refused as [`StorageError::Conflict`] if the log has grown since. So several processes can
/// write to one log without a lock held while they think.
pub trait Storage: Send {
    /// The events at and after `from`, in their order.
    ///
    /// # Errors
    ///
    /// If the log can't be read or is damaged.
    fn read(&mut self, from: Seq) -> Result<Vec<Event>, StorageError>;

    /// Adds the event at position `at`, durably, if the log's length is `at`.
    ///
    /// # Errors
    ///
    /// [`StorageError::Conflict`] if the log has grown; otherwise if it can't be written. The log
    /// is then unchanged.
    fn append(&mut self, at: Seq, event: &Event) -> Result<(), StorageError>;

    /// Keeps room for the record of how trials end: asked before each begins, as a trial may fill
    /// the disk that the log is on.
    ///
    /// # Errors
    ///
    /// [`StorageError::Full`] if there is no room.
    fn reserve(&mut self) -> Result<(), StorageError>;

    /// Says that the worker lives.
    ///
    /// # Errors
    ///
    /// If it can't be written.
    fn beat(&mut self, worker: &WorkerId) -> Result<(), StorageError>;

    /// What is known of the worker's life; one that never beat has no beats or is dead.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    fn pulse(&mut self, worker: &WorkerId) -> Result<Pulse, StorageError>;
}

/// What can go wrong with a log.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The log has grown since the decision was made; catch up and decide again.
    #[error("the log has grown past position {at}")]
    Conflict {
        /// The position asked for.
        at: Seq,
    },
    /// Another process kept the log locked for too long.
    #[error("storage `{location}` is locked by another process")]
    Busy {
        /// Where the log is.
        location: String,
    },
    /// The log can't be written.
    #[error("storage `{location}` is read-only")]
    ReadOnly {
        /// Where the log is.
        location: String,
    },
    /// There is no room left.
    #[error("no space is left for storage `{location}`")]
    Full {
        /// Where the log is.
        location: String,
    },
    /// The file is something else.
    #[error("`{location}` is not a temper study")]
    NotAStudy {
        /// Where the log is.
        location: String,
    },
    /// There is no log.
    #[error("there is no study at `{location}`")]
    Missing {
        /// Where the log was looked for.
        location: String,
    },
    /// A newer version wrote the log.
    #[error("`{location}` has log format {found}; this version reads up to {supported}")]
    NewerFormat {
        /// Where the log is.
        location: String,
        /// The log's format.
        found: u32,
        /// The newest format that can be read.
        supported: u32,
    },
    /// The log is damaged after its first `readable` events.
    #[error("storage `{location}` is damaged after {readable} events: {detail}")]
    Damaged {
        /// Where the log is.
        location: String,
        /// How many events before the damage can be read.
        readable: Seq,
        /// What was found.
        detail: String,
    },
    /// Anything else.
    #[error("storage `{location}`: {source}")]
    Other {
        /// Where the log is.
        location: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
