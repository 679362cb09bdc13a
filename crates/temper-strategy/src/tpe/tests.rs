use std::collections::BTreeSet;

use temper_core::{
    Direction, Failure, FailureKind, Goal, Lease, Loss, Origin, Outcome, Setup, StrategySetup,
    TrialId, WorkerId, stream,
};
use temper_space::Value;

use super::*;

/// A study of a function, on a log in memory.
struct Study {
    space: Space,
    history: History,
    strategy: Box<dyn Strategy>,
    seed: u64,
}

impl Study {
    fn new(strategy: &str, space: &str, seed: u64) -> Self {
        Self::with_require(strategy, space, "{}", seed)
    }

    fn with_require(strategy: &str, space: &str, require: &str, seed: u64) -> Self {
        let space = serde_json::from_str(space).unwrap();
        let require = serde_json::from_str(require).unwrap();
        let mut study = Self {
            space: Space::new(&space, &require).unwrap(),
            history: History::new(),
            strategy: crate::build(strategy, &Default::default()).unwrap(),
            seed,
        };
        study.add(&Event::Opened(Setup {
            name: "study".into(),
            space,
            require,
            goals: vec![Goal { metric: "loss".into(), direction: Direction::Minimize }],
            seed,
            strategy: StrategySetup { name: strategy.into(), options: "{}".into() },
            pruner: None,
            early_stopping: None,
            max_steps: None,
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            budget: Default::default(),
            trials: None,
            constraints: Vec::new(),
        }));
        study
    }

    fn add(&mut self, event: &Event) {
        self.history.apply(event).unwrap();
        self.strategy.tell(event);
    }

    /// Asks for a trial and starts it.
    fn start(&mut self) -> (TrialId, Config) {
        let mut rng = stream(self.seed, self.history.proposals());
        let next = self.strategy.ask(&self.space, &self.history, &mut rng).unwrap();
        let Next::Start { config, .. } = next else { panic!("{next:?}") };
        let trial = TrialId(self.history.trials().len() as u64);
        let started = Event::Started {
            trial,
            config: config.clone(),
            origin: Origin::Strategy,
            seen: self.history.len(),
            worker: WorkerId::new("worker"),
            until: None,
            fork: None,
            note: None,
            stage: None,
        };
        self.add(&started);
        (trial, config)
    }

    fn finish(&mut self, trial: TrialId, outcome: Outcome) {
        let lease: Lease = self.history.trial(trial).unwrap().attempts()[0].lease;
        self.add(&Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None });
    }

    fn run(&mut self, trials: usize, objective: impl Fn(&Config) -> Outcome) -> Vec<Config> {
        let run = |_| {
            let (trial, config) = self.start();
            self.finish(trial, objective(&config));
            config
        };
        (0..trials).map(run).collect()
    }

    fn best(&self) -> f64 {
        self.history.best().unwrap().loss().unwrap().get()
    }
}

fn completed(losses: &[f64]) -> Outcome {
    Outcome::completed(losses.iter().map(|&loss| Loss::new(loss).unwrap()).collect())
}

fn failed() -> Outcome {
    Outcome::Failed { failure: Failure::new(FailureKind::OutOfMemory, "full"), retry: false }
}

fn number(config: &Config, name: &str) -> f64 {
    config.get(name).and_then(Value::as_f64).unwrap()
}

/// `count` parameters named `x0`, `x1` and so on, each as the JSON says.
fn many(count: usize, param: &str) -> String {
    let params: Vec<_> = (0..count).map(|index| format!(r#""x{index}": {param}"#)).collect();
    format!("{{{}}}", params.join(", "))
}

const UNIT: &str = r#"{"type": "float", "low": 0, "high": 1}"#;

fn sphere(config: &Config) -> Outcome {
    let square = |(_, value): (&str, &Value)| (value.as_f64().unwrap() - 0.3).powi(2);
    completed(&[config.iter().map(square).sum()])
}

#[test]
fn it_beats_random_draws_by_far_on_a_sphere() {
    let mean = |strategy| {
        let best = |seed| {
            let mut study = Study::new(strategy, &many(5, UNIT), seed);
            study.run(100, sphere);
            study.best()
        };
        (0..10).map(best).sum::<f64>() / 10.0
    };
    // Over 40 seeds, a mean of 0.0024 against one of 0.08 by random draws; Optuna's sampler leaves
    // 0.0026. A tenth is three times as much as is needed.
    assert!(mean("tpe") < 0.1 * mean("random"));
}

#[test]
fn it_finds_the_best_of_many_choices() {
    let values: Vec<_> = (0..50).map(|value| value.to_string()).collect();
    let choice = format!(r#"{{"type": "choice", "values": [{}]}}"#, values.join(", "));
    let space = many(20, &choice);
    let loss = |config: &Config| {
        completed(&[config.iter().filter(|(_, value)| value.as_i64().unwrap() >= 5).count() as f64])
    };
    for seed in 0..3 {
        let best = |strategy| {
            let mut study = Study::new(strategy, &space, seed);
            study.run(200, loss);
            study.best()
        };
        // Of 20 choices a random one gets 2 right, and the best of 200 random ones about 6.
        let (tpe, random) = (best("tpe"), best("random"));
        assert!(tpe <= random - 3.0, "seed {seed}: {tpe} {random}");
    }
}

#[test]
fn it_settles_in_the_better_branch_of_a_conditional_space() {
    let space = r#"{
        "optimizer": {"type": "choice", "values": ["adamw", "sgd"]},
        "momentum": {"type": "float", "low": 0, "high": 1, "when": {"optimizer": "sgd"}},
        "beta": {"type": "float", "low": 0, "high": 1, "when": {"optimizer": "adamw"}}
    }"#;
    let loss = |config: &Config| match config.get("momentum") {
        Some(momentum) => completed(&[(momentum.as_f64().unwrap() - 0.9).abs()]),
        None => completed(&[0.5 + number(config, "beta")]),
    };
    for seed in 0..5 {
        let mut study = Study::new("tpe", space, seed);
        let configs = study.run(60, loss);
        let settled = configs[30..].iter().filter(|config| config.contains("momentum")).count();
        // Random draws would be in the branch 15 times of 30, and more than 22 times once in 500
        // seeds; and the best of 30 would be 0.03 from 0.9 on average.
        assert!(settled > 22, "seed {seed}: {settled}");
        assert!(study.best() < 0.02, "seed {seed}: {}", study.best());
    }
}

#[test]
fn it_keeps_away_from_what_fails() {
    let outcome = |config: &Config| {
        if number(config, "x0") > 0.4 { failed() } else { completed(&[number(config, "x1")]) }
    };
    let fails = |seed| {
        let mut study = Study::new("tpe", &many(2, UNIT), seed);
        let configs = study.run(60, outcome);
        configs[20..].iter().filter(|config| number(config, "x0") > 0.4).count()
    };
    // Of 40 trials 9 fail with a standard deviation of 2.4 over seeds, so that these are 45 and
    // deviate by 5. Of random draws 120 would fail.
    let fails: usize = (0..5).map(fails).sum();
    assert!(fails < 65, "{fails}");
}

#[test]
fn where_all_trials_fail_it_looks_elsewhere() {
    let mut study = Study::new("tpe", &many(1, UNIT), 7);
    let outcome = |config: &Config| {
        if number(config, "x0") < 0.9 { failed() } else { completed(&[0.0]) }
    };
    let configs = study.run(40, outcome);
    // Over 40 seeds it was found 10 to 16 times; random draws find it 3 times, and more than 8
    // times once in 500 seeds.
    let found = configs[10..].iter().filter(|config| number(config, "x0") >= 0.9).count();
    assert!(found > 8, "{found}");
}

#[test]
fn workers_that_run_at_once_spread() {
    let spread = |finish: bool| {
        let mut study = Study::new("tpe", &many(1, UNIT), 7);
        study.run(20, sphere);
        let mut places = Vec::new();
        for _ in 0..16 {
            let (trial, config) = study.start();
            places.push(number(&config, "x0"));
            if finish {
                study.finish(trial, sphere(&config));
            }
        }
        places.sort_by(f64::total_cmp);
        (
            places[15] - places[0],
            places.windows(2).map(|pair| pair[1] - pair[0]).fold(1.0, f64::min),
        )
    };
    let ((parallel, closest), (serial, _)) = (spread(false), spread(true));
    assert!(parallel > serial && closest > 0.0, "{parallel} {serial} {closest}");
}

#[test]
fn equal_losses_are_no_special_case() {
    for loss in [0.0, 1e300, -1e300] {
        let mut study = Study::new("tpe", &many(3, UNIT), 7);
        let configs = study.run(50, |_| completed(&[loss]));
        let keys: BTreeSet<_> = configs.iter().map(Config::key).collect();
        assert_eq!(keys.len(), 50);
    }
}

#[test]
fn sixty_parameters_are_not_too_many() {
    let best = |strategy| {
        let mut study = Study::new(strategy, &many(60, UNIT), 7);
        study.run(200, sphere);
        study.best()
    };
    // Over six seeds 2.3 to 3.4, and 4.5 to 5.4 by random draws.
    assert!(best("tpe") < 0.7 * best("random"));
}

#[test]
fn a_small_space_is_tried_whole_before_anything_is_repeated() {
    let space = r#"{
        "a": {"type": "choice", "values": [1, 2, 3]},
        "b": {"type": "int", "low": 1, "high": 4},
        "only": {"type": "choice", "values": ["one"]},
        "same": {"type": "ordinal", "values": [8]}
    }"#;
    let mut study = Study::new("tpe", space, 7);
    let configs = study.run(40, |config| completed(&[number(config, "b")]));
    let keys: BTreeSet<_> = configs[..13].iter().map(Config::key).collect();
    // Each of the last is found by 24 draws with a probability of 1 - (11/12)^24 = 0.88.
    assert!(keys.len() >= 11, "{}", keys.len());
    let keys: BTreeSet<_> = configs.iter().map(Config::key).collect();
    assert_eq!(keys.len(), 12);
}

#[test]
fn rare_requirements_are_met() {
    let space = many(3, r#"{"type": "int", "low": 1, "high": 64}"#);
    let require = r#"{"sum": "x0 + x1 == x2"}"#;
    let mut study = Study::with_require("tpe", &space, require, 7);
    for config in study.run(40, |config| completed(&[number(config, "x2")])) {
        assert_eq!(number(&config, "x0") + number(&config, "x1"), number(&config, "x2"));
    }
    assert!(study.best() < 10.0);
}

#[test]
fn several_goals_are_all_approached() {
    let losses = |config: &Config| {
        let (x, rest) = (number(config, "x0"), number(config, "x1") + number(config, "x2"));
        completed(&[x + rest, 1.0 - x + rest])
    };
    let far = |strategy: &str| {
        let mut study = Study::new(strategy, &many(3, UNIT), 7);
        let configs = study.run(100, losses);
        let late = configs[50..].iter();
        let mut places: Vec<_> = late.clone().map(|config| number(config, "x0")).collect();
        places.sort_by(f64::total_cmp);
        let far =
            late.map(|config| number(config, "x1") + number(config, "x2")).sum::<f64>() / 50.0;
        (far, places[49] - places[0])
    };
    // The distance from the front, 1 on average for random draws, and the width of what was tried.
    let (distance, width) = far("tpe");
    assert!(distance < 0.6 && width > 0.5, "{distance} {width}");
}

#[test]
fn wrong_options_are_refused() {
    let read = |json| TpeOptions::read(&serde_json::from_str(json).unwrap());
    assert_eq!(read("{}"), Ok(TpeOptions::default()));
    assert!(read(r#"{"candidates": 0}"#).is_err());
    assert!(read(r#"{"startup": 5}"#).is_err());
}

#[test]
fn constraints_are_kept_where_the_best_losses_break_them() {
    let mut study = Study::new("tpe", &many(2, UNIT), 7);
    let setup = study.history.setup().unwrap().clone();
    study.add(&Event::Opened(Setup { constraints: vec!["cost <= 0.1".parse().unwrap()], ..setup }));
    study.run(100, |config| {
        let (x, y) = (number(config, "x0"), number(config, "x1"));
        Outcome::Completed {
            losses: vec![Loss::new(1.0 - x + (y - 0.5).abs()).unwrap()],
            metrics: [("cost".to_owned(), x)].into(),
        }
    });
    let keeps = |trial: &&temper_core::Trial| study.history.is_feasible(trial);
    let kept = study.history.trials()[50..].iter().filter(keeps).count();
    // Of 50 random draws 5 keep it, and more than 14 once in 10,000 seeds.
    assert!(kept > 14, "{kept}");
}

#[test]
fn results_observed_elsewhere_stand_in_for_the_startup() {
    let mut study = Study::new("tpe", &many(3, UNIT), 7);
    for index in 0..10 {
        let trial = TrialId(index);
        let place = if index == 0 { 0.3 } else { 0.5 + 0.05 * index as f64 };
        study.add(&Event::Started {
            trial,
            config: study.space.decode(&[place; 3]),
            origin: Origin::Observed,
            seen: study.history.len(),
            worker: WorkerId::new("elsewhere"),
            until: None,
            fork: None,
            note: None,
            stage: None,
        });
        study.finish(trial, completed(&[place]));
    }
    let (_, config) = study.start();
    // What is tried in the startup is what the same stream draws for a study without results.
    let mut cold = Study::new("tpe", &many(3, UNIT), 7);
    let mut rng = stream(7, 10);
    let next = cold.strategy.ask(&cold.space, &cold.history, &mut rng).unwrap();
    assert_ne!(Next::start(config), next);
}

#[test]
fn what_stands_in_for_something_likely_says_so() {
    let space = r#"{"a": {"type": "choice", "values": [1, 2, 3]}}"#;
    let mut study = Study::new("tpe", space, 7);
    let ask = |study: &mut Study| {
        let mut rng = stream(7, study.history.proposals());
        match study.strategy.ask(&study.space, &study.history, &mut rng).unwrap() {
            Next::Start { note, .. } => note,
            next => panic!("{next:?}"),
        }
    };
    assert_eq!(ask(&mut study), None);
    study.run(20, |config| completed(&[number(config, "a")]));
    let note = ask(&mut study).unwrap();
    assert_eq!(note, "a repetition, for no candidate is new");
}
