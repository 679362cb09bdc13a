//! What has been judged before a result changed is not what is judged after it.

use std::collections::BTreeSet;

use temper_core::{Lease, Loss, Origin, Outcome, State, Trial, TrialId, WorkerId};

use super::*;

const LINE: &str = r#"{"x": {"type": "float", "low": 0, "high": 1}}"#;
/// The last step of a trial.
const LAST: u64 = 4;

/// A study of a line, so that it has soon nothing to gain, that ends after one result that promises nothing.
fn open() -> Study {
    let setup = Study::new("bayes", "{}", LINE, 3).history.setup().unwrap().clone();
    let budget = BudgetSetup { costs: None, until_converged: Some(1) };
    Study::open(Setup { budget, repeat: Some(3), max_steps: Some(LAST), ..setup })
}

/// What it asks for, or once it has nothing more to propose a configuration of chance.
fn config(study: &mut Study) -> Config {
    match study.ask() {
        Next::Start { config, .. } => config,
        _ => temper_core::draw(&study.space, &mut stream(8, study.history.len())).unwrap(),
    }
}

/// A parabola with noise that is another one in each run.
fn loss(study: &Study, config: &Config) -> f64 {
    let noise: f64 = stream(9, study.history.len()).random();
    100.0 * (number(config, "x") - 0.3).powi(2) + noise
}

/// Asks the strategy and one that was only told the log; both end the search for the same reason,
/// which is returned, or ask the same.
fn agree(study: &mut Study) -> Option<String> {
    let mut rebuilt = temper_strategy::build_for(study.history.setup().unwrap()).unwrap();
    study.events.iter().for_each(|event| rebuilt.tell(event));
    let mut rng = stream(study.seed, study.history.proposals());
    let next = rebuilt.ask(&study.space, &study.history, &mut rng).unwrap();
    assert_eq!(study.ask(), next, "after {} events", study.events.len());
    assert_eq!(study.strategy.ending(), rebuilt.ending(), "after {} events", study.events.len());
    rebuilt.ending().map(str::to_owned)
}

fn lease(study: &Study, trial: TrialId) -> Lease {
    study.history.trial(trial).unwrap().attempts().last().unwrap().lease
}

/// Reports the steps after the first up to the second, and ends like that.
fn train(study: &mut Study, trial: TrialId, (after, until): (u64, u64), loss: f64) {
    let lease = lease(study, trial);
    for step in after + 1..=until {
        let losses = vec![Loss::new(loss + 1.0 / step as f64).unwrap()];
        study.add(Event::Reported { trial, lease, step, losses, metrics: Default::default() });
    }
    let outcome = match until {
        LAST => Outcome::completed(vec![Loss::new(loss + 1.0 / LAST as f64).unwrap()]),
        _ => Outcome::Paused,
    };
    study.add(Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None });
}

#[test]
fn a_repeat_that_changes_a_mean_is_judged_anew() {
    let mut study = open();
    let mut said = BTreeSet::new();
    for _ in 0..40 {
        let config = config(&mut study);
        let of = study.start(config.clone(), Origin::Strategy);
        let verdict = Ok(vec![loss(&study, &config)]);
        study.finish(of, verdict);
        said.insert(agree(&mut study));
        for seed in [1, 2] {
            let run = study.start(config.clone(), Origin::Repeat { of, seed });
            let verdict = Ok(vec![loss(&study, &config)]);
            study.finish(run, verdict);
            said.insert(agree(&mut study));
        }
    }
    assert!(said.len() > 1 && said.contains(&None), "{said:?}");
}

#[test]
fn a_forecast_that_gives_way_to_a_result_is_judged_anew() {
    let mut study = open();
    let mut said = BTreeSet::new();
    for _ in 0..40 {
        let config = config(&mut study);
        let trial = study.start(config.clone(), Origin::Strategy);
        let early = loss(&study, &config);
        train(&mut study, trial, (0, 2), early);
        said.insert(agree(&mut study));
        // No other trial is open: with its result no forecast is left.
        assert_eq!(
            study.history.in_state(State::Paused).map(Trial::id).collect::<Vec<_>>(),
            [trial]
        );
        let (worker, seen) = (WorkerId::new("test"), Some(study.history.len()));
        study.add(Event::Continued { trial, seen, worker, until: None, note: None });
        let late = loss(&study, &config);
        train(&mut study, trial, (2, LAST), late);
        said.insert(agree(&mut study));
    }
    assert!(said.len() > 1 && said.contains(&None), "{said:?}");
}
