//! Keeps step with the runner of a trial: nothing is asked that its verdict may make needless.

use std::io;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// What the runner says of reports, line by line. Somebody reads it all the time: a pipe that is full
/// would hold up the runner.
pub(super) struct Pace {
    lines: Receiver<String>,
}

impl Pace {
    /// That of the runner which writes to stdin.
    pub(super) fn of_stdin() -> Self {
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut lines = io::stdin().lines().map_while(Result::ok);
            lines.try_for_each(|line| sender.send(line))
        });
        Self { lines }
    }

    /// After the last report of a minibatch, waits until the runner has seen it and lets the trial
    /// go on. It ends where the runner is gone, or ends the trial.
    pub(super) fn wait_for(&mut self, step: u64, batch: u64, last: u64) -> ControlFlow<()> {
        if !step.is_multiple_of(batch) || step == last {
            return ControlFlow::Continue(());
        }
        match self.lines.iter().any(|line| line.trim() == step.to_string()) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()), // there are no more lines
        }
    }
}
