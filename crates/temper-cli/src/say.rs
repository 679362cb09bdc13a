//! Printing from a run, which goes on whether anybody reads or not: a closed pipe or a terminal
//! that is gone is no error.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a line on stderr.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Prints to stdout.
pub(crate) fn answer(text: impl Display) {
    let mut stdout = io::stdout().lock();
    let _ = write!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Prints to stdout what must not get lost, as on a full disk.
///
/// # Errors
/// It can't be written; a closed pipe is no error.
pub(crate) fn tell(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}
