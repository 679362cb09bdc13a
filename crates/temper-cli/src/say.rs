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
