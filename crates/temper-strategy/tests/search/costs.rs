//! Searches that mind what trials cost.

use temper_core::{BudgetSetup, Config, CostSetup, Event, Measure, Setup};

use crate::number;
use crate::study::Study;

const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];
const BUDGET: f64 = 400.0;

const SPACE: &str = r#"{
    "width": {"type": "float", "low": 0, "high": 1},
    "rate": {"type": "float", "low": 0, "high": 1},
    "dropout": {"type": "float", "low": 0, "high": 1}
}"#;

/// The loss, lowest in the middle of the widths, and the cost, which varies 30-fold with them.
fn training(config: &Config) -> (f64, f64) {
    let [width, rate, dropout] = ["width", "rate", "dropout"].map(|name| number(config, name));
    let loss = (width - 0.5).powi(2) + (rate - 0.3).powi(2) + 0.3 * (dropout - 0.7).powi(2);
    (loss, 30.0_f64.powf(width))
}

/// A study whose trials report their `cost`.
fn study(strategy: &str, seed: u64, costs: Option<CostSetup>) -> Study {
    let mut study = Study::new(strategy, "{}", SPACE, seed);
    let setup = study.history.setup().unwrap().clone();
    study.add(Event::Opened(Setup {
        budget: BudgetSetup { costs, until_converged: None },
        ..setup
    }));
    study
}

fn costs(limit: Option<f64>) -> Option<CostSetup> {
    Some(CostSetup { measure: Measure::Metric("cost".into()), limit })
}

fn spent(study: &Study) -> f64 {
    Measure::Metric("cost".into()).spent(&study.history)
}

#[test]
fn while_much_of_the_budget_is_left_more_trials_are_had_for_it() {
    for strategy in ["bayes", "local", "tpe", "auto"] {
        let trials = |costs: &Option<CostSetup>| {
            let of_seed = |seed| {
                let mut study = study(strategy, seed, costs.clone());
                while spent(&study) < BUDGET / 2.0 {
                    let more = study.history.trials().len() + 1;
                    study.run_beside("cost", more, training);
                }
                study.history.trials().len()
            };
            SEEDS.map(of_seed).iter().sum::<usize>()
        };
        let (with, without) = (trials(&costs(Some(BUDGET))), trials(&None));
        println!("{strategy}: {with} trials, {without} without");
        assert!(with > without, "{strategy}: {with}, {without}");
    }
}

#[test]
fn a_budget_that_is_spent_changes_nothing() {
    for strategy in ["bayes", "tpe"] {
        let configs = |costs| {
            let mut study = study(strategy, 1, costs);
            study.run_beside("cost", 20, training);
            study.configs().cloned().collect::<Vec<_>>()
        };
        let plain = configs(None);
        assert_eq!(configs(costs(Some(1e-9))), plain);
        assert_ne!(configs(costs(Some(BUDGET))), plain);
    }
}

#[test]
fn where_all_trials_cost_the_same_cost_changes_nothing() {
    for strategy in ["bayes", "tpe"] {
        let configs = |costs| {
            let mut study = study(strategy, 1, costs);
            study.run_beside("cost", 20, |config| (training(config).0, 7.0));
            study.configs().cloned().collect::<Vec<_>>()
        };
        assert_eq!(configs(costs(Some(BUDGET))), configs(None));
    }
}
