//! Progress bars: one for the study, one for each running trial.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use temper_core::{Event, Goal, History, ObjectiveError, Outcome, TrialId};
use temper_study::Observer;

use crate::people::{describe, number};

use super::{is_best, kept, new_stage, news, over, value};

/// How often a bar that gets no events is drawn.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// Bars on stderr.
pub(super) struct Bars {
    goal: Goal,
    bars: MultiProgress,
    study: ProgressBar,
    trials: BTreeMap<TrialId, ProgressBar>,
}

impl Bars {
    pub(super) fn new(goal: Goal, trials: Option<u64>, history: &History) -> Self {
        let bars = MultiProgress::new();
        let study = bars.add(match trials {
            Some(trials) => ProgressBar::new(trials),
            None => ProgressBar::no_length(),
        });
        study.set_style(style("{bar:24} {pos}/{len} trials, {elapsed} gone, {eta} left{msg}"));
        study.enable_steady_tick(TICK);
        study.set_position(over(history));
        study.reset_eta();
        let bars = Self { goal, bars, study, trials: BTreeMap::new() };
        bars.show_best(history);
        bars
    }

    fn start(&mut self, trial: TrialId, history: &History) {
        let bar = self.bars.add(ProgressBar::new_spinner());
        bar.set_style(style("{spinner} trial {prefix} {elapsed}{msg}"));
        bar.set_prefix(trial.to_string());
        if let Some(trial) = history.trial(trial) {
            bar.set_message(format!(" {}", describe(trial.config())));
        }
        bar.enable_steady_tick(TICK);
        self.trials.insert(trial, bar);
    }

    /// Shows in passing what the strategy says.
    fn note(&self, trial: TrialId, history: &History) {
        if let Some(note) = news(history, trial) {
            let line = format!("trial {trial}: {note}");
            self.say(&console::style(line).dim().for_stderr().to_string());
        }
    }

    fn finish(&mut self, trial: TrialId, outcome: &Outcome, history: &History) {
        if let Some(bar) = self.trials.remove(&trial) {
            self.bars.remove(&bar);
        }
        self.study.set_position(over(history));
        match outcome {
            Outcome::Failed { failure, .. } => {
                self.say(&format!("trial {trial} failed, {failure}"));
            }
            Outcome::Completed { losses, .. } if is_best(history, trial) => {
                self.show_best(history);
                if let (Some(loss), Some(best)) = (losses.first(), history.best()) {
                    let (found, config) = (value(&self.goal, *loss), describe(best.config()));
                    self.say(&format!("trial {trial}: {found} with {config}"));
                }
            }
            _ => {}
        }
    }

    fn show_best(&self, history: &History) {
        let best = history.best().and_then(|best| Some((best.id(), history.mean_loss(best)?)));
        if let Some((trial, loss)) = best {
            self.study.set_message(format!(", best {} (trial {trial})", value(&self.goal, loss)));
        }
    }

    fn say(&self, line: &str) {
        // The terminal is gone: there is nobody to tell.
        let _ = self.bars.println(line);
    }
}

pub(super) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are valid")
}

impl Observer for Bars {
    fn see(&mut self, event: &Event, history: &History) {
        match event {
            Event::Started { trial, .. } => {
                self.start(*trial, history);
                if let Some(line) = new_stage(history, *trial) {
                    self.say(&line);
                }
                self.note(*trial, history);
            }
            Event::Continued { trial, .. } => self.start(*trial, history),
            Event::Reported { trial, step, losses, .. } => {
                if let (Some(bar), Some(loss)) = (self.trials.get(trial), losses.first()) {
                    let value = number(self.goal.value(*loss));
                    bar.set_message(format!(" step {step}: {} {value}", self.goal.metric));
                }
            }
            Event::Finished { trial, outcome, .. } => self.finish(*trial, outcome, history),
            Event::Opened(_) | Event::Judged { .. } => {}
        }
    }

    fn keeps(&mut self, trial: TrialId, error: &ObjectiveError) {
        self.say(&kept(trial, error));
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.study.finish_and_clear();
    }
}
