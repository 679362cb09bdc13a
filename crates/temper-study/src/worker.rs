//! The name of this run of a runner process.

use std::time::{SystemTime, UNIX_EPOCH};

use temper_core::WorkerId;

/// A name that no other run has: host, process and time of day in nanoseconds.
pub(crate) fn new_worker() -> WorkerId {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let host: String =
        host.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    WorkerId::new(format!("{host}.{}.{nanos:x}", std::process::id()))
}
