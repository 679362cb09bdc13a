//! What every pruner of the registry must do, in whole studies of trials of every kind.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use temper_core::{
    Direction, Event, History, Intake, Judgement, Next, State, Step, Trial, TrialId, Verdict,
    propose, stream,
};
use temper_strategy::{Options, PRUNERS};

#[path = "pruners/curve.rs"]
mod curve;
#[path = "pruners/study.rs"]
mod study;

use curve::{CURVES, Curve, FATES, Fate};
use study::{Case, LAST, Study, Witness, World};

/// Options that pruners are run with beside their defaults.
const FURTHER: &[(&str, &str)] = &[
    ("median", r#"{"min_trials": 1, "warmup_steps": 4}"#),
    ("percentile", r#"{"min_trials": 0, "percentile": 0}"#),
    ("percentile", r#"{"min_trials": 2, "percentile": 60, "interval_steps": 4}"#),
    ("threshold", r#"{"upper": 0.8}"#),
    ("threshold", r#"{"lower": 0, "warmup_steps": 3, "interval_steps": 5}"#),
    ("wilcoxon", r#"{"p_threshold": 1, "startup_steps": 0}"#),
    ("wilcoxon", r#"{"metric": "metric1"}"#),
    ("patient", r#"{"patience": 1, "min_delta": 0.1}"#),
    ("patient", r#"{"patience": 2, "pruner": {"name": "median", "min_trials": 1}}"#),
    ("patient", r#"{"patience": 1, "pruner": {"name": "asha", "mode": "promote"}}"#),
    ("asha", r#"{"eta": 2, "min_steps": 2}"#),
    ("asha", r#"{"mode": "promote"}"#),
    ("asha", r#"{"mode": "promote", "max_steps": 9, "eta": 2}"#),
    ("asha", r#"{"mode": "promote", "min_steps": 5, "max_steps": 1000}"#),
    ("hyperband", r#"{"mode": "promote"}"#),
    ("hyperband", r#"{"mode": "promote", "max_steps": 9}"#),
    ("freeze_thaw", r#"{"mode": "promote", "slice_steps": 2}"#),
    ("race", r#"{"min_items": 2, "batch": 1}"#),
    ("race", r#"{"min_items": 26, "batch": 40, "min_chance": 0.4}"#),
    ("race", r#"{"margin": 0, "min_chance": 1e-9}"#),
    ("race", r#"{"margin": 1e9, "metric": "metric1"}"#),
    ("hyperband", r#"{"eta": 4, "max_steps": 64}"#),
    ("hyperband", r#"{"eta": 4294967295, "min_steps": 1}"#),
];

/// Pruners that need an option.
const WITHOUT_DEFAULTS: &[&str] = &["threshold"];

/// Pruners that judge a trial by itself: they may stop them all.
const BY_ITSELF: &[&str] = &["threshold", "patient"];

/// Pruners for which the best trial is not that of the lowest loss at any step.
const BY_MEANS: &[&str] = &["wilcoxon"];

/// Whether trials are paused and promoted instead of stopped.
fn pauses(case: Case) -> bool {
    case.name == "race" || case.options.contains("promote")
}

/// Whether a trial is stopped only for another one: some trial always comes to its end.
fn is_by_others(case: Case) -> bool {
    !BY_ITSELF.contains(&case.name) || case.options.contains("pruner")
}

fn cases() -> Vec<Case> {
    let defaults = PRUNERS.iter().map(|entry| Case { name: entry.name, options: "{}" });
    let defaults = defaults.filter(|case| !WITHOUT_DEFAULTS.contains(&case.name));
    let further = FURTHER.iter().map(|(name, options)| Case { name, options });
    defaults.chain(further).collect()
}

/// Runs each pruner through studies of every kind.
fn each(mut check: impl FnMut(Case, Study)) {
    for case in cases() {
        for (curve, fate, trials) in all_kinds() {
            let alone = World {
                curve,
                fate,
                goals: 1,
                direction: Direction::Minimize,
                workers: 1,
                trials,
                max_steps: Some(LAST),
                seed: trials,
            };
            let unbounded = World { max_steps: None, ..alone };
            let together = World { goals: 2, direction: Direction::Maximize, workers: 4, ..alone };
            check(case, Study::new(case, alone));
            check(case, Study::new(case, unbounded));
            check(case, Study::new(case, together));
        }
    }
}

/// Also of so few trials that one which fails matters.
fn all_kinds() -> impl Iterator<Item = (Curve, Fate, u64)> {
    let kinds = CURVES.iter().flat_map(|curve| FATES.iter().map(move |fate| (*curve, *fate)));
    kinds.flat_map(|(curve, fate)| [1, 2, 5, 24].map(|trials| (curve, fate, trials)))
}

/// Looks at nothing.
struct Nobody;
impl Witness for Nobody {}

#[test]
fn each_pruner_is_run_and_each_that_is_listed_here_exists() {
    let names: Vec<_> = PRUNERS.iter().map(|entry| entry.name).collect();
    let listed = FURTHER.iter().map(|(name, _)| name).chain(WITHOUT_DEFAULTS);
    let listed = listed.chain(BY_ITSELF).chain(BY_MEANS);
    listed.for_each(|name| assert!(names.contains(name), "{name}"));
    for name in &names {
        assert!(cases().iter().any(|case| case.name == *name), "{name} has no options to run with");
    }
    for name in WITHOUT_DEFAULTS {
        let entry = PRUNERS.iter().find(|entry| entry.name == *name).unwrap();
        (entry.build)(&Options::new()).expect_err(name);
    }
}

#[test]
fn a_study_ends_with_all_its_trials_begun_and_a_winner() {
    each(|case, mut study| {
        study.run(&mut Nobody);
        let told = format!("{case:?}, {:?}", study.world);
        assert_eq!(study.history.trials().len() as u64, study.world.trials, "{told}");
        let open = study.history.trials().iter().filter(|it| !it.state().is_final());
        assert!(open.clone().all(|trial| trial.state() == State::Paused), "{told}");
        // Who was stopped for one that failed later is lost; who paused for it goes on.
        let is_certain = study.world.fate != Fate::Failing || pauses(case);
        if is_certain && is_by_others(case) {
            assert!(study.history.best().is_some(), "no trial completed: {told}");
        }
    });
}

/// Checks each judgement and each promotion as it comes.
struct Judge {
    case: Case,
}

impl Witness for Judge {
    fn judged(&mut self, study: &Study, trial: TrialId, step: Step, judgement: &Judgement) {
        let told = format!("{:?}, {:?}, trial {trial} at {step}", self.case, study.world);
        let own = study.pruner.judge(trial, step, &study.history);
        assert_eq!(own, study.pruner.judge(trial, step, &study.history), "{told}");
        assert_eq!(own, self.case.build().judge(trial, step, &study.history), "{told}");
        let is_one_line = !judgement.reason.is_empty() && !judgement.reason.contains('\n');
        assert!(judgement.verdict == Verdict::Continue || is_one_line, "{told}: {judgement:?}");
        if judgement.verdict != Verdict::Stop || !is_by_others(self.case) {
            return;
        }
        assert!(study.history.trials().len() > 1, "the only one was stopped: {told}");
        if BY_MEANS.contains(&self.case.name) {
            return;
        }
        let lowest = |trial: &Trial| trial.reports().iter().map(|report| report.losses[0]).min();
        let own = lowest(study.history.trial(trial).unwrap());
        let others = study.history.trials().iter().filter(|other| other.id() != trial);
        let best = others.filter_map(lowest).min();
        assert!(best.is_some_and(|best| Some(best) <= own), "the best was stopped: {told}");
    }

    fn proposed(&mut self, study: &Study, next: &Next) {
        let told = format!("{:?}, {:?}, {next:?}", self.case, study.world);
        assert_eq!(study.promotions(), study.promotions(), "{told}");
        let Next::Resume { trial, until, note } = next else { return };
        let trial = study.history.trial(*trial).unwrap();
        assert_eq!(trial.state(), State::Paused, "{told}");
        let reached = trial.reports().last().unwrap().step;
        let paused = trial.until().unwrap();
        assert!(until.is_none_or(|until| until > paused), "{told}, paused at {paused}, {reached}");
        assert!(note.as_ref().is_some_and(|it| !it.is_empty() && !it.contains('\n')), "{told}");
    }
}

#[test]
fn judgements_are_pure_have_reasons_and_spare_the_first_and_the_best() {
    each(|case, mut study| study.run(&mut Judge { case }));
}

#[test]
fn what_is_rebuilt_from_the_log_asks_and_judges_the_same() {
    each(|case, mut study| {
        study.run(&mut Nobody);
        let told = format!("{case:?}, {:?}", study.world);
        let pruner = case.build();
        let mut strategy = temper_strategy::build("random", &Options::new()).unwrap();
        let mut history = History::new();
        for event in &study.events {
            match event {
                Event::Started { .. } | Event::Continued { seen: Some(_), .. } => {
                    let mut rng = stream(study.world.seed, history.proposals());
                    let next = propose(
                        &mut *strategy,
                        Some(&*pruner),
                        history.intake(),
                        &study.space,
                        &history,
                        &mut rng,
                    );
                    assert_eq!(next.unwrap(), logged(event), "{told}");
                }
                Event::Judged { trial, step, verdict, reason, .. } => {
                    let again = temper_core::judge(Some(&*pruner), *trial, *step, &history);
                    assert_eq!((again.verdict, &again.reason), (*verdict, reason), "{told}");
                }
                _ => {}
            }
            history.apply(event).unwrap();
            strategy.tell(event);
        }
    });
}

fn logged(event: &Event) -> Next {
    match event.clone() {
        Event::Started { config, until, fork, note, stage, .. } => {
            Next::Start { config, until, fork, note, stage }
        }
        Event::Continued { trial, until, note, .. } => Next::Resume { trial, until, note },
        _ => panic!("{event:?} is no proposal"),
    }
}

#[test]
fn unlikely_steps_and_trials_are_judged_without_a_panic() {
    let unlikely = [0, 1, 2, Step::MAX - 1, Step::MAX];
    for case in cases() {
        let pruner = case.build();
        let empty = History::new();
        for step in unlikely {
            assert_eq!(pruner.judge(TrialId(0), step, &empty), Judgement::go_on(), "{case:?}");
        }
        pruner.until(TrialId(u64::MAX), &empty);
        assert_eq!(pruner.promote(&empty, Intake::Open), None, "{case:?}");
        assert_eq!(pruner.promote(&empty, Intake::Closed), None, "{case:?}");
    }
    each(|case, mut study| {
        study.run(&mut Nobody);
        let pruner = case.build();
        for step in unlikely {
            for trial in [0, 1, study.world.trials - 1, study.world.trials, u64::MAX] {
                pruner.judge(TrialId(trial), step, &study.history);
            }
        }
    });
}

#[test]
fn trials_that_report_unlikely_steps_alone_come_to_an_end() {
    for case in cases() {
        for workers in [1, 4] {
            let world = World {
                curve: Curve::Flat,
                fate: Fate::Leaping,
                goals: 1,
                direction: Direction::Minimize,
                workers,
                trials: 24,
                max_steps: None,
                seed: 8,
            };
            Study::new(case, world).run(&mut Judge { case });
        }
    }
}
