//! Why answers can't be read or kept.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::GenerateError;

/// Why answers can't be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process kept the file locked for too long.
    #[error("the answers in `{location}` are locked by another process")]
    Busy {
        /// Where the file is.
        location: String,
    },
    /// The file can't be written.
    #[error("the answers in `{location}` are read-only")]
    ReadOnly {
        /// Where the file is.
        location: String,
    },
    /// There is no room left.
    #[error("no space is left for the answers in `{location}`")]
    Full {
        /// Where the file is.
        location: String,
    },
    /// The file is something else.
    #[error("`{location}` is something else than answers that temper keeps")]
    NotAnswers {
        /// Where the file is.
        location: String,
    },
    /// A newer version wrote the file.
    #[error("`{location}` has format {found} of answers; this version reads up to {supported}")]
    NewerFormat {
        /// Where the file is.
        location: String,
        /// The file's format.
        found: u32,
        /// The newest format that can be read.
        supported: u32,
    },
    /// The file is damaged.
    #[error("the answers in `{location}` are damaged: {detail}; move the file to begin anew")]
    Damaged {
        /// Where the file is.
        location: String,
        /// What was found.
        detail: String,
    },
    /// Anything else.
    #[error("the answers in `{location}`: {source}")]
    Other {
        /// Where the file is.
        location: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// What SQLite's error means.
    pub(super) fn of(path: &Path, error: rusqlite::Error) -> Self {
        let location = path.display().to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { location },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { location },
            Some(ErrorCode::DiskFull) => Self::Full { location },
            Some(ErrorCode::NotADatabase) => Self::NotAnswers { location },
            Some(ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { location, detail: error.to_string() }
            }
            _ => Self::Other { location, source: error.into() },
        }
    }
}

impl From<StoreError> for GenerateError {
    fn from(error: StoreError) -> Self {
        Self::Unable(error.to_string())
    }
}
