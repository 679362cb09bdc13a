//! Plain lines, for logs.

use temper_core::{Event, Goal, History, ObjectiveError, Origin, Outcome, Trial, TrialId};
use temper_study::Observer;

use crate::say::say;

use crate::people::{counted, describe, number};

use super::{is_best, kept, new_stage, news, over, value};

/// One line on stderr when a trial starts, and one when it ends.
pub(super) struct Lines {
    goal: Goal,
    trials: Option<u64>,
}

impl Lines {
    pub(super) fn new(goal: Goal, trials: Option<u64>, history: &History) -> Self {
        if history.tried() > 0 {
            say(format!("going on after {}", counted(over(history), "trial")));
        }
        Self { goal, trials }
    }
}

impl Observer for Lines {
    fn see(&mut self, event: &Event, history: &History) {
        match event {
            Event::Started { trial, config, origin, fork, .. } => {
                if let Some(line) = new_stage(history, *trial) {
                    say(line);
                }
                let is_observed = |trial: &&Trial| trial.origin() == Origin::Observed;
                let observed = history.trials().iter().filter(is_observed).count() as u64;
                let is_known = fork.is_none() && !matches!(origin, Origin::Confirmation { .. });
                let total = self.trials.filter(|_| is_known);
                let total = total.map(|trials| trials.saturating_add(observed));
                let total = total.map(|total| format!(" of {total}")).unwrap_or_default();
                say(format!("trial {trial}{total} started: {}", describe(config)));
                if let Some(note) = news(history, *trial) {
                    say(format!("trial {trial}: {note}"));
                }
            }
            Event::Continued { trial, .. } => say(format!("trial {trial} goes on")),
            Event::Finished { trial, outcome, seconds, .. } => {
                let how = match outcome {
                    Outcome::Completed { losses, .. } => {
                        let rank = rank(history, *trial);
                        let first = losses.first().map(|loss| value(&self.goal, *loss));
                        format!("completed: {}{rank}", first.unwrap_or_default())
                    }
                    Outcome::Pruned => "pruned".to_owned(),
                    Outcome::Paused => "paused".to_owned(),
                    Outcome::Failed { failure, retry } => {
                        let again = if *retry { "; it will be tried again" } else { "" };
                        format!("failed, {failure}{again}")
                    }
                };
                say(format!("trial {trial} {how} ({} s)", number((seconds * 10.0).round() / 10.0)));
            }
            Event::Opened(_) | Event::Reported { .. } | Event::Judged { .. } => {}
        }
    }

    fn keeps(&mut self, trial: TrialId, error: &ObjectiveError) {
        say(kept(trial, error));
    }
}

/// What sets a completed trial apart.
fn rank(history: &History, trial: TrialId) -> &'static str {
    match history.trial(trial) {
        _ if is_best(history, trial) => ", the best so far",
        Some(trial) if !history.is_feasible(trial) => ", infeasible",
        _ => "",
    }
}
