//! Searches that end once nothing more is to be gained.

use rand::RngExt;
use temper_core::{BudgetSetup, Config, Event, Next, Setup, stream};

use crate::number;
use crate::study::Study;

mod replay;

const TRIALS: usize = 100;

const SPACE: &str = r#"{
    "x": {"type": "float", "low": -5, "high": 5},
    "y": {"type": "float", "low": -5, "high": 5}
}"#;

fn study(strategy: &str, space: &str, seed: u64) -> Study {
    let setup = Study::new(strategy, "{}", space, seed).history.setup().unwrap().clone();
    let budget = BudgetSetup { costs: None, until_converged: Some(3) };
    Study::open(Setup { budget, trials: Some(TRIALS as u64), ..setup })
}

/// Draws of a standard normal, one for each configuration.
fn noise(config: &Config, seed: u64) -> f64 {
    let key: u64 = config
        .key()
        .bytes()
        .fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut luck = stream(key, 0);
    let (radius, angle): (f64, f64) = (luck.random(), luck.random());
    (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

fn quadratic(config: &Config) -> f64 {
    (number(config, "x") - 2.0).powi(2) + (number(config, "y") + 1.0).powi(2)
}

#[test]
fn a_noisy_search_ends_before_its_trials_with_a_result_within_the_noise_of_the_optimum() {
    const NOISE: f64 = 0.5;
    let (mut within, mut trials) = (0, 0);
    for seed in 1..=10 {
        let mut study = study("bayes", SPACE, seed);
        let noisy = |config: &Config| quadratic(config) + NOISE * noise(config, seed);
        study.run(TRIALS, 1, |config| Ok(vec![noisy(config)]));
        let best = quadratic(study.history.best().unwrap().config());
        println!("{seed}: {} trials, {best:.3}", study.history.trials().len());
        within += usize::from(best < NOISE);
        trials += study.history.trials().len();
        let said = study.strategy.ending().unwrap();
        assert!(
            said.starts_with("converged: no configuration is likely to be better by"),
            "{said}"
        );
    }
    assert!(within >= 9, "{within} of 10");
    assert!(trials < 10 * TRIALS * 2 / 3, "{trials}");
}

/// Ackley 1987, "A Connectionist Machine for Genetic Hillclimbing": ripples in a funnel.
fn ackley(config: &Config) -> f64 {
    let z = ["a", "b", "c", "d", "e"].map(|name| 20.0 * (number(config, name) - 0.6));
    let mean = |of: fn(f64) -> f64| z.iter().map(|z| of(*z)).sum::<f64>() / z.len() as f64;
    let ripples = mean(|z| (std::f64::consts::TAU * z).cos()).exp();
    20.0 - 20.0 * (-0.2 * mean(|z| z * z).sqrt()).exp() + std::f64::consts::E - ripples
}

#[test]
fn a_search_that_still_improves_goes_on() {
    let param = |name| format!(r#""{name}": {{"type": "float", "low": 0, "high": 1}}"#);
    let space = format!("{{{}}}", ["a", "b", "c", "d", "e"].map(param).join(", "));
    for seed in [1, 2, 3] {
        let mut study = study("bayes", &space, seed);
        study.run(40, 1, |config| Ok(vec![ackley(config)]));
        let count = study.history.trials().len();
        println!("{seed}: {count} trials, {:.3}", study.best());
        assert_eq!(count, 40, "{seed}: {:?}", study.strategy.ending());
    }
}

#[test]
fn it_ends_again_at_once_and_goes_on_when_it_is_asked_for_more() {
    let mut ended = study("bayes", SPACE, 3);
    let noisy = |config: &Config| Ok(vec![quadratic(config) + 2.0 * noise(config, 3)]);
    ended.run(TRIALS, 4, noisy);
    let count = ended.history.trials().len();
    assert!(count < TRIALS, "{count}");
    let mut rebuilt = temper_strategy::build_for(ended.history.setup().unwrap()).unwrap();
    ended.events.iter().for_each(|event| rebuilt.tell(event));
    let mut rng = stream(3, ended.history.proposals());
    assert_eq!(rebuilt.ask(&ended.space, &ended.history, &mut rng).unwrap(), Next::Done);
    assert_eq!(rebuilt.ending(), ended.strategy.ending());
    let setup = ended.history.setup().unwrap().clone();
    ended.strategy = temper_strategy::build("bayes", &Default::default()).unwrap();
    ended.events.iter().for_each(|event| ended.strategy.tell(event));
    ended.add(Event::Opened(Setup { budget: BudgetSetup::default(), ..setup }));
    ended.run(count + 2, 1, noisy);
    assert_eq!(ended.history.trials().len(), count + 2);
}

#[test]
fn equal_results_promise_nothing_and_end_nothing() {
    let mut study = study("random", SPACE, 1);
    study.run(TRIALS, 1, |_| Ok(vec![1.0]));
    assert_eq!(study.history.trials().len(), TRIALS);
}
