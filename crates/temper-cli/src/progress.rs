//! Shows a study as it runs: bars on a terminal, lines elsewhere, or JSON.

mod bars;
mod json;
mod lines;
mod training;

use std::io::IsTerminal;

use temper_core::{Goal, History, Loss, ObjectiveError, Origin, Setup, TrialId};
use temper_study::Observer;

use crate::people::{describe, number};

use bars::Bars;
use json::JsonLines;
use lines::Lines;

pub(crate) use training::{Training, json_line};

/// How a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Bars on a terminal, lines elsewhere.
    People,
    /// Lines of JSON on stdout.
    Json,
    /// Not at all.
    Quiet,
}

/// Who shows a study that goes on from `history`.
pub(crate) fn observer(
    style: Style,
    setup: &Setup,
    history: &History,
) -> Option<Box<dyn Observer>> {
    let goal = setup.goals.first()?.clone();
    match style {
        Style::Quiet => None,
        Style::Json => Some(Box::new(JsonLines::new(setup.goals.clone()))),
        Style::People if std::io::stderr().is_terminal() => {
            Some(Box::new(Bars::new(goal, runs(setup), history)))
        }
        Style::People => Some(Box::new(Lines::new(goal, runs(setup), history))),
    }
}

/// How many runs the search makes in total, if that is known; fewer where trials don't complete.
fn runs(setup: &Setup) -> Option<u64> {
    Some(setup.trials?.saturating_mul(setup.repeat.unwrap_or(1).into()))
}

/// How many of the search's own trials are over.
fn over(history: &History) -> u64 {
    let is_own = |origin| !matches!(origin, Origin::Observed | Origin::Confirmation { .. });
    let own = history.trials().iter().filter(|trial| is_own(trial.origin()));
    let over = own.filter(|trial| trial.state().is_final()).count();
    // Those whose place a copy took are not over.
    let replaced = history.trials().iter().filter_map(|trial| trial.fork()?.replaces).count();
    over.saturating_sub(replaced) as u64
}

/// Whether the trial is the best one now.
fn is_best(history: &History, trial: TrialId) -> bool {
    history.best().is_some_and(|best| best.id() == trial)
}

/// What the strategy says about the trial, if it did not say the same about the one before.
fn news(history: &History, trial: TrialId) -> Option<&str> {
    let note = history.trial(trial)?.note()?;
    let before = trial.0.checked_sub(1).and_then(|before| history.trial(TrialId(before))?.note());
    (before != Some(note)).then_some(note)
}

/// That a stage begins, if it does so with this trial.
fn new_stage(history: &History, trial: TrialId) -> Option<String> {
    let index = history.trial(trial)?.stage()?;
    let of_stage = history.trials().iter().filter(|trial| trial.stage() == Some(index));
    let stage = history.setup()?.stages.get(usize::try_from(index).ok()?)?;
    let settings = match describe(&stage.settings) {
        settings if settings.is_empty() => settings,
        settings => format!(", with {settings}"),
    };
    let line = || format!("stage {} begins: {}{settings}", stage.name, stage.strategy.name);
    (of_stage.count() == 1).then(line)
}

/// That checkpoints which nothing needs stay on the disk.
fn kept(trial: TrialId, error: &ObjectiveError) -> String {
    format!("trial {trial}: {error}")
}

/// A loss as "`eval_loss` 2.31".
fn value(goal: &Goal, loss: Loss) -> String {
    format!("{} {}", goal.metric, number(goal.value(loss)))
}

#[cfg(test)]
mod tests {
    use temper_core::{Config, Event, WorkerId};

    use super::*;

    #[test]
    fn what_a_strategy_says_again_is_no_news() {
        let mut history = History::new();
        let notes = [None, Some("fell back"), Some("fell back"), None, Some("fell back")];
        for (id, note) in (0..).zip(notes) {
            let event = Event::Started {
                trial: TrialId(id),
                config: Config::new(),
                origin: Origin::Strategy,
                seen: id,
                worker: WorkerId::new("a"),
                until: None,
                fork: None,
                note: note.map(str::to_owned),
                stage: None,
            };
            history.apply(&event).unwrap();
        }
        let told: Vec<_> = (0..5).filter(|id| news(&history, TrialId(*id)).is_some()).collect();
        assert_eq!(told, [1, 4]);
    }
}
