//! A run without failures, and what it leaves in the history.

use std::sync::{Arc, Mutex};

use temper_core::{
    Config, Direction, Event, FnObjective, History, Judgement, Next, Origin, Pruner, Reporter, Rng,
    State, Step, Strategy, StrategyError, TrialId, Verdict,
};
use temper_space::Space;
use temper_storage::MemoryStorage;
use temper_study::{Observer, Settings, Study, StudyError};

use crate::{
    Attempted, events, no_metrics, open, open_strategy, parabola, setup, setup_of, states, trial, x,
};

#[test]
fn the_default_configuration_is_the_first_trial_and_only_that() {
    let space = r#"{"x": {"type": "float", "low": -5, "high": 5, "default": 1.25}}"#;
    let storage = MemoryStorage::new();
    for trials in [3, 6] {
        let study = open(setup_of(space, trials), storage.clone());
        study.run(&Attempted(parabola), 1).unwrap();
    }
    let history = open(setup_of(space, 6), storage).history();
    assert_eq!(trial(&history, 0).origin(), Origin::Default);
    assert_eq!(x(trial(&history, 0).config()), 1.25);
    let others = &history.trials()[1..];
    assert!(others.iter().all(|t| t.origin() == Origin::Strategy));
}

#[test]
fn each_trial_has_a_seed_of_its_own() {
    let seeds = Mutex::new(Vec::new());
    let objective = Attempted(|job: &temper_core::Job, _: &mut dyn Reporter| {
        seeds.lock().unwrap().push(job.seed);
        Ok(vec![0.0])
    });
    for _ in 0..2 {
        open(setup(3), MemoryStorage::new()).run(&objective, 1).unwrap();
    }
    let seeds = seeds.into_inner().unwrap();
    assert_eq!(seeds[..3], seeds[3..]);
    assert!(seeds[0] != seeds[1] && seeds[1] != seeds[2] && seeds[0] != seeds[2]);
}

#[test]
fn a_maximised_metric_is_reported_and_returned_as_the_user_has_it() {
    let mut setup = setup(8);
    setup.goals[0].direction = Direction::Maximize;
    let study = open(setup.clone(), MemoryStorage::new());
    let objective = FnObjective(|config: &Config, reporter: &mut dyn Reporter| {
        assert!(reporter.report(1, &[10.0], &no_metrics()).is_continue());
        Ok(x(config))
    });
    study.run(&objective, 1).unwrap();
    let history = study.history();
    let highest = history.trials().iter().map(|trial| x(trial.config())).fold(f64::MIN, f64::max);
    let best = history.best().unwrap();
    assert_eq!(setup.goals[0].value(best.loss().unwrap()), highest);
    assert_eq!(best.loss().unwrap().get(), -highest);
    assert_eq!(best.reports()[0].losses[0].get(), -10.0);
}

#[test]
fn reports_land_in_the_history_with_their_finite_metrics() {
    let study = open(setup(1), MemoryStorage::new());
    let objective = FnObjective(|_: &Config, reporter: &mut dyn Reporter| {
        for (step, loss) in [(10, 3.0), (20, 2.5)] {
            let metrics = [("tokens".to_owned(), 512.0), ("norm".to_owned(), f64::NAN)];
            let _ = reporter.report(step, &[loss], &metrics.into());
        }
        reporter.memory(300);
        reporter.memory(200);
        Ok(2.25)
    });
    study.run(&objective, 1).unwrap();
    let history = study.history();
    let trial = trial(&history, 0);
    let reports: Vec<_> = trial
        .reports()
        .iter()
        .map(|report| (report.step, report.losses[0].get(), report.metrics.clone()))
        .collect();
    let metrics = temper_core::Metrics::from([("tokens".to_owned(), 512.0)]);
    assert_eq!(reports, [(10, 3.0, metrics.clone()), (20, 2.5, metrics)]);
    assert_eq!(trial.loss().unwrap().get(), 2.25);
    assert_eq!(trial.peak_memory(), Some(300));
}

#[test]
fn an_objective_that_returns_nothing_is_taken_at_its_last_report() {
    let study = open(setup(1), MemoryStorage::new());
    let objective = Attempted(|_: &temper_core::Job, reporter: &mut dyn Reporter| {
        let _ = reporter.report(1, &[3.0], &no_metrics());
        let _ = reporter.report(2, &[2.0], &no_metrics());
        Ok(Vec::new())
    });
    study.run(&objective, 1).unwrap();
    let history = study.history();
    assert_eq!(trial(&history, 0).state(), State::Completed);
    assert_eq!(trial(&history, 0).loss().unwrap().get(), 2.0);
}

#[derive(Debug)]
struct StopAt(Step);

impl Pruner for StopAt {
    fn judge(&self, trial: TrialId, step: Step, history: &History) -> Judgement {
        let reports = history.trial(trial).map_or(&[][..], |trial| trial.reports());
        assert_eq!(reports.last().map(|report| report.step), Some(step));
        if trial.0 % 2 == 1 || step < self.0 {
            return Judgement::go_on();
        }
        Judgement { verdict: Verdict::Stop, reason: format!("enough at step {step}") }
    }
}

#[test]
fn a_pruner_stops_a_trial_and_its_reason_is_kept() {
    let mut storage = MemoryStorage::new();
    let setup = setup(2);
    let study = Study::open(
        setup,
        Box::new(temper_strategy::Random),
        Some(Box::new(StopAt(2))),
        Box::new(storage.clone()),
        Settings::default(),
    )
    .unwrap();
    let objective = FnObjective(|_: &Config, reporter: &mut dyn Reporter| {
        for step in 1..=4 {
            if reporter.report(step, &[1.0], &no_metrics()).is_break() {
                assert!(reporter.poll().is_break(), "it stays at that");
                assert!(reporter.report(5, &[0.0], &no_metrics()).is_break());
                return Ok(f64::NAN); // not looked at
            }
        }
        Ok(1.0)
    });
    study.run(&objective, 1).unwrap();
    let history = study.history();
    assert_eq!(states(&history), [State::Pruned, State::Completed]);
    assert_eq!(trial(&history, 0).reason(), Some("enough at step 2"));
    assert_eq!(trial(&history, 0).reports().len(), 2);
    let judged =
        events(&mut storage).into_iter().filter(|event| matches!(event, Event::Judged { .. }));
    assert_eq!(judged.count(), 1);
}

#[derive(Debug)]
struct Outside;

impl Strategy for Outside {
    fn ask(&mut self, _: &Space, _: &History, _: &mut Rng) -> Result<Next, StrategyError> {
        Ok(Next::start(Config::from_iter([("x", 99.0.into())])))
    }
}

#[test]
fn a_proposal_that_the_space_does_not_allow_is_an_error_and_starts_nothing() {
    let study = open_strategy(setup(3), Outside, MemoryStorage::new());
    let error = study.run(&Attempted(parabola), 2).unwrap_err();
    assert!(matches!(error, StudyError::BadProposal { .. }), "{error}");
    assert!(error.to_string().contains("x=99.0"), "{error}");
    assert!(study.history().trials().is_empty());
}

struct Seen(Arc<Mutex<Vec<Event>>>);

impl Observer for Seen {
    fn see(&mut self, event: &Event, history: &History) {
        let mut seen = self.0.lock().expect("no test panics there");
        seen.push(event.clone());
        let before = 2; // the two `Opened`
        assert_eq!(history.len(), before + seen.len() as u64);
    }
}

#[test]
fn an_observer_sees_every_event_in_order_also_those_of_others() {
    let mut storage = MemoryStorage::new();
    let other = open(setup(3), storage.clone());
    let study = open(setup(6), storage.clone());
    let seen = Arc::<Mutex<Vec<Event>>>::default();
    study.observe(Box::new(Seen(Arc::clone(&seen))));
    other.run(&Attempted(parabola), 1).unwrap();
    study.run(&Attempted(parabola), 1).unwrap();
    assert_eq!(study.history().trials().len(), 6);
    assert_eq!(*seen.lock().unwrap(), events(&mut storage)[2..]);
}
