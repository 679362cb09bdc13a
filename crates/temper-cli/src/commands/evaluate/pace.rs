//! Keeps step with the runner of a trial: nothing is asked that its verdict may make needless.

use std::io::{self, BufRead};
use std::ops::ControlFlow;

/// What the runner says of reports, line by line.
pub(super) struct Pace {
    lines: io::Lines<io::StdinLock<'static>>,
}

impl Pace {
    /// That of the runner which writes to stdin.
    pub(super) fn of_stdin() -> Self {
        Self { lines: io::stdin().lock().lines() }
    }

    /// After the last report of a minibatch, waits until the runner has seen it and lets the trial
    /// go on. It ends where the runner is gone, or ends the trial.
    pub(super) fn wait_for(&mut self, step: u64, batch: u64, last: u64) -> ControlFlow<()> {
        if !step.is_multiple_of(batch) || step == last {
            return ControlFlow::Continue(());
        }
        loop {
            match self.lines.next() {
                Some(Ok(line)) if line.trim() == step.to_string() => {
                    return ControlFlow::Continue(());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return ControlFlow::Break(()),
            }
        }
    }
}
