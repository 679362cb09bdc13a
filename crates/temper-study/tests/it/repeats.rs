//! Studies that run each configuration several times.

use std::collections::BTreeMap;

use temper_core::{FailureKind, Job, Origin, Reporter, Setup, State, StrategySetup, TrialId};
use temper_storage::MemoryStorage;
use temper_study::replay;

use crate::{
    Attempted, Failure, events, failure, no_metrics, open, open_with, parabola, proposers, setup,
    trial, x,
};

fn repeating(trials: u64, runs: u32) -> Setup {
    Setup { repeat: Some(runs), ..setup(trials) }
}

/// Noise of a seed.
pub(crate) fn noise(seed: u64) -> f64 {
    (seed as f64 * 12.9898).sin()
}

pub(crate) fn noisy(job: &Job, _: &mut dyn Reporter) -> Result<Vec<f64>, Failure> {
    Ok(vec![(x(&job.config) - 2.0).powi(2) + noise(job.seed)])
}

#[test]
fn every_configuration_that_completes_runs_again_under_other_seeds_and_counts_by_the_mean() {
    for workers in [1, 3] {
        let mut storage = MemoryStorage::new();
        let study = open(repeating(6, 3), storage.clone());
        study.run(&Attempted(noisy), workers).unwrap();
        let history = study.history();
        assert_eq!((history.trials().len(), history.tried()), (18, 6));
        let mut best: Option<(f64, TrialId)> = None;
        for first in history.trials().iter().filter(|trial| !trial.origin().is_repeat()) {
            let mut losses = vec![first.loss().unwrap().get()];
            for id in first.repeats() {
                let again = history.trial(*id).unwrap();
                assert_eq!(again.config(), first.config());
                assert_eq!(again.origin().of(), Some(first.id()));
                losses.push(again.loss().unwrap().get());
            }
            assert_eq!(losses.len(), 3);
            assert!(losses[0] != losses[1] && losses[1] != losses[2], "seeds differ: {losses:?}");
            let mean = losses.iter().sum::<f64>() / 3.0;
            assert!((history.mean_loss(first).unwrap().get() - mean).abs() < 1e-12);
            best = Some((mean, first.id()))
                .into_iter()
                .chain(best)
                .min_by(|a, b| a.partial_cmp(b).unwrap());
        }
        assert_eq!(history.best().unwrap().id(), best.unwrap().1);
        let replayed = replay(&events(&mut storage), &proposers).unwrap();
        assert_eq!((replayed.matched, replayed.mismatches), (18, Vec::new()));
    }
}

#[test]
fn a_failed_run_is_not_run_again_and_what_failed_or_was_pruned_is_not_repeated() {
    let study = open(repeating(6, 3), MemoryStorage::new());
    let objective = |job: &Job, reporter: &mut dyn Reporter| match job.trial.0 {
        0 => Err(failure(FailureKind::OutOfMemory)),
        _ if job.is_repeat && job.trial.0.is_multiple_of(2) => {
            Err(failure(FailureKind::OutOfMemory))
        }
        _ => parabola(job, reporter),
    };
    study.run(&Attempted(objective), 1).unwrap();
    let history = study.history();
    assert_eq!(trial(&history, 0).repeats(), []);
    let begun: Vec<_> =
        history.in_state(State::Completed).filter(|it| !it.origin().is_repeat()).collect();
    assert_eq!(begun.len(), 5);
    assert!(begun.iter().all(|trial| trial.repeats().len() == 2));
    assert!(history.in_state(State::Failed).count() > 1);
    let best = history.best().unwrap();
    assert_eq!(history.mean_loss(best), best.loss(), "its completed runs are all alike");
}

#[test]
fn repeats_run_to_their_end_whatever_the_pruner_and_nobody_is_compared_with_them() {
    for (name, options) in [
        ("median", r#"{"min_trials": 1}"#),
        ("asha", r#"{"mode": "promote", "eta": 2}"#),
        ("hyperband", "{}"),
    ] {
        let pruner = StrategySetup { name: name.into(), options: options.into() };
        let setup = Setup { pruner: Some(pruner), max_steps: Some(9), seed: 3, ..repeating(12, 2) };
        let mut storage = MemoryStorage::new();
        let (strategy, pruner) = proposers(&setup).unwrap();
        let study = temper_study::Study::open(
            setup,
            strategy,
            pruner,
            Box::new(storage.clone()),
            Default::default(),
        )
        .unwrap();
        // A repeat is far better than anything else, which must help and hurt nobody.
        let objective = |job: &Job, reporter: &mut dyn Reporter| {
            let loss = if job.is_repeat { -1e6 } else { (x(&job.config) - 2.0).powi(2) };
            let first = job.reported.map_or(1, |step| step + 1);
            for step in first..=9 {
                if reporter.report(step, &[loss + 1.0 / step as f64], &no_metrics()).is_break() {
                    return Ok(Vec::new());
                }
            }
            Ok(vec![loss])
        };
        study.run(&Attempted(objective), 2).unwrap();
        let history = study.history();
        let repeats = || history.trials().iter().filter(|trial| trial.origin().is_repeat());
        assert!(repeats().count() > 0, "{name}");
        for repeat in repeats() {
            assert_eq!((repeat.state(), repeat.reports().len()), (State::Completed, 9), "{name}");
            let mut first = history.trial(repeat.origin().of().unwrap());
            assert_eq!(first.take().unwrap().state(), State::Completed, "{name}");
        }
        let reasons = history.trials().iter().filter_map(temper_core::Trial::reason);
        let reasons: String = reasons.collect();
        assert!(!reasons.contains("00000"), "{name}: {reasons}");
        let replayed = replay(&events(&mut storage), &proposers).unwrap();
        assert_eq!(replayed.mismatches, [], "{name}");
    }
}

#[test]
fn a_larger_number_of_runs_is_made_up_for_when_the_study_is_resumed() {
    let mut storage = MemoryStorage::new();
    for (runs, trials) in [(None, 5), (Some(2), 10), (Some(3), 15), (Some(2), 15)] {
        let study = open(Setup { repeat: runs, ..setup(5) }, storage.clone());
        study.run(&Attempted(noisy), 1).unwrap();
        assert_eq!(study.history().trials().len(), trials, "{runs:?}");
    }
    let replayed = replay(&events(&mut storage), &proposers).unwrap();
    assert_eq!(replayed.mismatches, []);
}

#[test]
fn a_configuration_that_ran_several_times_is_taken_over_as_one_trial_with_the_mean() {
    let earlier = open(repeating(4, 3), MemoryStorage::new());
    earlier.run(&Attempted(noisy), 1).unwrap();
    let earlier = earlier.history();
    let now = setup(1);
    let space = temper_space::Space::new(&now.space, &now.require).unwrap();
    let start = temper_study::WarmStart::new("earlier.db", &earlier, &now, &space).unwrap();
    let study = open(now, MemoryStorage::new());
    assert_eq!(study.take_over(&start).unwrap(), 4);
    let history = study.history();
    let firsts = earlier.trials().iter().filter(|trial| !trial.origin().is_repeat());
    for (taken, first) in history.trials().iter().zip(firsts) {
        assert_eq!(taken.loss(), earlier.mean_loss(first));
        assert_ne!(taken.loss(), first.loss());
    }
}

#[test]
fn what_was_observed_elsewhere_is_not_run_again() {
    let storage = MemoryStorage::new();
    let earlier = open(setup(4), MemoryStorage::new());
    earlier.run(&Attempted(parabola), 1).unwrap();
    let now = repeating(2, 2);
    let space = temper_space::Space::new(&now.space, &now.require).unwrap();
    let start =
        temper_study::WarmStart::new("earlier.db", &earlier.history(), &now, &space).unwrap();
    let study = open_with(now, storage, Default::default());
    study.take_over(&start).unwrap();
    study.run(&Attempted(parabola), 1).unwrap();
    let mut origins = BTreeMap::new();
    for trial in study.history().trials() {
        let kind = match trial.origin() {
            Origin::Observed => "observed",
            Origin::Repeat { .. } => "repeat",
            _ => "own",
        };
        *origins.entry(kind).or_insert(0) += 1;
    }
    assert_eq!(origins, BTreeMap::from([("observed", 4), ("own", 2), ("repeat", 2)]));
}
