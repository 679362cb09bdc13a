//! Reports that come out of order, twice, or not at all.

use std::ops::ControlFlow;

use temper_core::{
    EarlyStopping, Goal, History, Job, Loss, Reporter, Setup, State, Step, StrategySetup,
};
use temper_storage::MemoryStorage;
use temper_study::{Settings, Study, replay};

use crate::{Attempted, events, no_metrics, proposers, setup, states, trial};

/// A study of one trial that reports these steps and losses, and ends when it is told to.
fn reporting(setup: Setup, reports: &[(Step, f64)]) -> History {
    let mut storage = MemoryStorage::new();
    let (strategy, pruner) = proposers(&setup).expect("both are in the registry");
    let log = Box::new(storage.clone());
    let study =
        Study::open(setup, strategy, pruner, log, Settings::default()).expect("the study opens");
    let objective = Attempted(|_: &Job, reporter: &mut dyn Reporter| {
        let mut told =
            reports.iter().map(|(step, loss)| reporter.report(*step, &[*loss], &no_metrics()));
        let _ = told.find(ControlFlow::is_break);
        Ok(Vec::new())
    });
    study.run(&objective, 1).expect("the study runs");
    let replayed = replay(&events(&mut storage), &proposers).expect("the log can be replayed");
    assert_eq!(replayed.mismatches, []);
    study.history()
}

fn kept(history: &History) -> Vec<(Step, f64)> {
    let reports = trial(history, 0).reports().iter();
    reports.map(|report| (report.step, report.losses[0].get())).collect()
}

#[test]
fn a_report_of_an_earlier_step_replaces_it_and_what_came_after() {
    let history = reporting(setup(1), &[(1, 9.0), (2, 8.0), (3, 7.0), (2, 6.0)]);
    assert_eq!(kept(&history), [(1, 9.0), (2, 6.0)]);
    assert_eq!(states(&history), [State::Completed]);
    assert_eq!(trial(&history, 0).loss().map(Loss::get), Some(6.0));
}

#[test]
fn a_report_that_comes_twice_counts_once_for_patience() {
    let watched = Goal { metric: "loss".into(), direction: Default::default() };
    let early_stopping = Some(EarlyStopping { patience: 2, min_delta: 0.0, watched });
    let patient = Setup { early_stopping, ..setup(1) };
    let falling = [(1, 5.0), (2, 6.0), (2, 6.0), (2, 6.0), (3, 4.0), (4, 3.0)];
    assert_eq!(kept(&reporting(patient.clone(), &falling)).len(), 4);
    let stuck = [(1, 5.0), (2, 6.0), (2, 6.0), (3, 6.0), (4, 3.0)];
    assert_eq!(kept(&reporting(patient, &stuck)), [(1, 5.0), (2, 6.0), (3, 6.0)]);
}

#[test]
fn a_report_that_comes_twice_makes_nobody_a_rival_of_itself() {
    for pruner in ["median", "asha", "hyperband", "freeze_thaw", "wilcoxon"] {
        let pruner = Some(StrategySetup { name: pruner.into(), options: "{}".into() });
        let setup = Setup { pruner, max_steps: Some(9), ..setup(1) };
        let again: Vec<_> = (1..=9).flat_map(|step| [(step, 9.0), (step, 9.0)]).collect();
        let history = reporting(setup, &again);
        assert_eq!(states(&history), [State::Completed]);
        assert_eq!(kept(&history).len(), 9);
    }
}

#[test]
fn a_trial_that_reports_nothing_at_all_has_failed_and_says_so() {
    let history = reporting(setup(1), &[]);
    assert_eq!(states(&history), [State::Failed]);
    let message = trial(&history, 0).failure().map(|failure| failure.message.as_str());
    assert_eq!(message, Some("it ended without a report"));
}
