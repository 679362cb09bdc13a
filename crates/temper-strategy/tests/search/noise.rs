//! Results that come with what is known of their noise.

use temper_core::{BudgetSetup, Config, Event, History, Next, Setup, Trial, TrialId, stream};

use crate::number;
use crate::spaces::bowl;
use crate::study::Study;

/// A bowl with ripples that are different for each configuration.
fn rippled(config: &Config) -> f64 {
    let place = |name| number(config, name) - 0.3;
    let ripple = (1e3 * (place("p0") + 2.0 * place("p1"))).sin();
    place("p0").powi(2) + place("p1").powi(2) + 0.05 * ripple
}

/// A study that reports this beside each loss.
fn study(strategy: &str, name: &str, beside: impl Fn(&Config) -> f64) -> Study {
    let mut study = Study::new(strategy, "{}", &bowl(2).space, 7);
    study.run_beside(name, 25, |config| (rippled(config), beside(config)));
    study
}

/// The noise grows along the first parameter.
fn growing(config: &Config) -> f64 {
    0.1 * number(config, "p0")
}

fn configs(study: &Study) -> Vec<Config> {
    study.configs().cloned().collect()
}

#[test]
fn a_noise_of_0_and_that_of_no_goal_change_no_proposal() {
    for strategy in ["bayes", "local"] {
        let plain = configs(&study(strategy, "other", |_| 0.1));
        assert_eq!(configs(&study(strategy, "loss_noise", |_| 0.0)), plain, "{strategy}");
        assert_eq!(configs(&study(strategy, "other_noise", |_| 0.1)), plain, "{strategy}");
        assert_ne!(configs(&study(strategy, "loss_noise", growing)), plain, "{strategy}");
    }
}

#[test]
fn what_is_learned_from_known_noise_replays() {
    for strategy in ["bayes", "local"] {
        let study = study(strategy, "loss_noise", growing);
        let mut rebuilt = temper_strategy::build_for(study.history.setup().unwrap()).unwrap();
        let mut history = History::new();
        for event in &study.events {
            // A worker that comes late is told the log, and asked only then.
            if let Event::Started { config, trial: TrialId(13..), .. } = event {
                let mut rng = stream(study.seed, history.proposals());
                let next = rebuilt.ask(&study.space, &history, &mut rng).unwrap();
                let Next::Start { config: again, .. } = next else { panic!("{next:?}") };
                assert_eq!(again, *config, "{strategy}");
            }
            history.apply(event).unwrap();
            rebuilt.tell(event);
        }
        assert_eq!(history.trials().len(), 25);
    }
}

#[test]
fn any_noise_is_survived() {
    for noise in [-1.0, 1e-300, 1e300] {
        let study =
            study(
                "bayes",
                "loss_noise",
                |config| {
                    if number(config, "p0") < 0.5 { noise } else { 0.01 }
                },
            );
        let mut configs: Vec<String> = study.configs().map(Config::key).collect();
        configs.sort();
        configs.dedup();
        assert_eq!(configs.len(), 25, "{noise}");
        let notes = study.history.trials().iter().filter_map(Trial::note);
        assert_eq!(notes.count(), 0, "{noise}");
    }
}

#[test]
fn a_search_ends_by_the_noise_that_is_known() {
    let setup = Study::new("bayes", "{}", &bowl(2).space, 7).history.setup().unwrap().clone();
    let budget = BudgetSetup { costs: None, until_converged: Some(3) };
    let mut study = Study::open(Setup { budget, trials: Some(100), ..setup });
    study.run_beside("loss_noise", 100, |config| (rippled(config), 0.05));
    let count = study.history.trials().len();
    assert!((10..60).contains(&count), "{count}");
    let said = study.strategy.ending().unwrap();
    // What is known, 0.05, and hardly anything that is learned.
    assert!(said.contains("below the noise 0.05"), "{said}");
}
