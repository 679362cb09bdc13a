//! Errors that are for want of room on a disk.

use std::error::Error;
use std::io;

use crate::TrainError;

impl TrainError {
    /// Whether a disk, or what may be used of it, was full.
    pub fn is_disk_full(&self) -> bool {
        let mut cause: Option<&dyn Error> = Some(self);
        while let Some(error) = cause {
            let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
            if matches!(kind, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CheckpointError;

    #[test]
    fn a_checkpoint_without_room_is_told_from_one_that_may_not_be_written() {
        let error = |kind: io::ErrorKind| {
            let source = CheckpointError::Io { path: "kept".into(), source: kind.into() };
            TrainError::from(source)
        };
        assert!(error(io::ErrorKind::StorageFull).is_disk_full());
        assert!(error(io::ErrorKind::QuotaExceeded).is_disk_full());
        assert!(!error(io::ErrorKind::PermissionDenied).is_disk_full());
    }
}
