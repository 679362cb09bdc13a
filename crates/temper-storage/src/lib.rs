//! The event log of a study: in memory for tests and libraries, in SQLite on disk.
//!
//! Both implement [`temper_core::Storage`] and pass one conformance suite
//! (`tests/conformance.rs`).
//!
//! ```
//! use temper_core::{Event, Storage, WorkerId};
//! use temper_storage::MemoryStorage;
//!
//! let mut storage = MemoryStorage::new();
//! let event = Event::Continued {
//!     trial: temper_core::TrialId(0),
//!     seen: None,
//!     worker: WorkerId::new("laptop"),
//!     until: None,
//!     note: None,
//! };
//! storage.append(0, &event)?;
//! assert!(storage.append(0, &event).is_err(), "the log has grown");
//! assert_eq!(storage.read(0)?, [event]);
//! # Ok::<(), temper_core::StorageError>(())
//! ```

mod memory;
mod presence;
mod sqlite;

pub use memory::MemoryStorage;
pub use sqlite::{FORMAT, SqliteStorage, salvage};
