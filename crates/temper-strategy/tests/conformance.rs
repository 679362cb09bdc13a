//! What every strategy of the registry must do, on spaces of every kind.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use rand::RngExt;
use temper_core::{
    BudgetSetup, Config, CostSetup, Direction, Event, Failure, FailureKind, Goal, History, Lease,
    Loss, Measure, Next, Origin, Outcome, Rng, Setup, State, Strategy, StrategyError,
    StrategySetup, TrialId, WorkerId, stream,
};
use temper_space::{RequireSpec, Space};
use temper_strategy::{ALL, Entry, Options};

#[path = "conformance/evaluations.rs"]
mod evaluations;
#[path = "conformance/extremes.rs"]
mod extremes;
#[path = "conformance/repeats.rs"]
mod repeats;

const SEED: u64 = 7;

const SPACES: &[(&str, &str, &str)] = &[
    ("one float", r#"{"x": {"type": "float", "low": -5, "high": 10}}"#, "{}"),
    (
        "every kind, conditions and requirements",
        r#"{
            "learning_rate": {"type": "float", "low": 1e-6, "high": 1e-1, "log": true, "default": 1e-3},
            "dropout": {"type": "float", "low": 0, "high": 0.5, "step": 0.1},
            "layers": {"type": "int", "low": 1, "high": 100, "log": true},
            "hidden_size": {"type": "int", "low": 128, "high": 512, "step": 64},
            "num_heads": {"type": "ordinal", "values": [2, 4, 8]},
            "optimizer": {"type": "choice", "values": ["adamw", "sgd", "lion"]},
            "momentum": {"type": "float", "low": 0, "high": 0.99, "when": {"optimizer": "sgd"}},
            "nesterov": {"type": "choice", "values": [true, false], "when": {"optimizer": "sgd"}},
            "seed": {"type": "const", "value": 3},
            "intermediate_size": {"derive": "hidden_size * 8 / 3", "multiple_of": 64}
        }"#,
        r#"{"heads_divide": "hidden_size % (num_heads * 32) == 0"}"#,
    ),
    (
        "only choices",
        r#"{"a": {"type": "choice", "values": [1, 2, 3]}, "b": {"type": "choice", "values": ["x", "y"]}}"#,
        "{}",
    ),
    (
        "domains as wide and as narrow as they get",
        r#"{
            "any_int": {"type": "int", "low": -9223372036854775808, "high": 9223372036854775807},
            "log_int": {"type": "int", "low": 1, "high": 9223372036854775807, "log": true},
            "any_float": {"type": "float", "low": -1.7e308, "high": 1.7e308},
            "log_float": {"type": "float", "low": 1e-300, "high": 1e300, "log": true},
            "one_step": {"type": "float", "low": 0, "high": 1, "step": 0.7},
            "one_choice": {"type": "choice", "values": ["only"]},
            "one_ordinal": {"type": "ordinal", "values": [1]},
            "seldom": {"type": "float", "low": 0, "high": 1, "when": {"one_step": 0.7}}
        }"#,
        "{}",
    ),
    ("nothing to choose", r#"{"a": {"type": "const", "value": 1}}"#, "{}"),
];

/// A log in the making.
struct Bench {
    space: Space,
    history: History,
    events: Vec<Event>,
    strategy: Box<dyn Strategy>,
}

impl Bench {
    fn new(entry: &Entry<dyn Strategy>, space: &str, require: &str) -> Self {
        let spec = serde_json::from_str(space).unwrap();
        let require: RequireSpec = serde_json::from_str(require).unwrap();
        let mut bench = Self {
            space: Space::new(&spec, &require).unwrap(),
            history: History::new(),
            events: Vec::new(),
            strategy: (entry.build)(&Options::new()).unwrap(),
        };
        bench.add(Event::Opened(Setup {
            name: "bench".into(),
            space: spec,
            require,
            goals: goals(1),
            seed: SEED,
            strategy: StrategySetup { name: entry.name.into(), options: "{}".into() },
            pruner: None,
            early_stopping: None,
            max_steps: Some(20),
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            budget: Default::default(),
            trials: Some(60),
            constraints: Vec::new(),
        }));
        bench
    }

    /// With that many goals from here on.
    fn aim(&mut self, count: usize) {
        let setup = self.history.setup().unwrap().clone();
        self.add(Event::Opened(Setup { goals: goals(count), ..setup }));
    }

    /// With these constraints from here on.
    fn keep(&mut self, constraints: &[&str]) {
        let constraints = constraints.iter().map(|text| text.parse().unwrap()).collect();
        let setup = self.history.setup().unwrap().clone();
        self.add(Event::Opened(Setup { constraints, ..setup }));
    }

    /// Checks that a strategy that was only told the log asks the same, and returns what.
    fn check_rebuilt(&mut self, entry: &Entry<dyn Strategy>, case: &str) -> Next {
        let mut told = (entry.build)(&Options::new()).unwrap();
        self.events.iter().for_each(|event| told.tell(event));
        let mut rng = stream(SEED, self.history.proposals());
        let next = told.ask(&self.space, &self.history, &mut rng).unwrap();
        assert_eq!(next, self.ask(), "{case}");
        next
    }

    fn add(&mut self, event: Event) {
        self.history.apply(&event).unwrap();
        self.strategy.tell(&event);
        self.events.push(event);
    }

    fn ask(&mut self) -> Next {
        let mut rng = stream(SEED, self.history.proposals());
        self.strategy.ask(&self.space, &self.history, &mut rng).unwrap()
    }

    fn start(&mut self, config: Config) {
        self.begin(config, Origin::Strategy);
    }

    fn begin(&mut self, config: Config, origin: Origin) {
        let trial = TrialId(self.history.trials().len() as u64);
        let seen = self.history.len();
        let worker = WorkerId::new("bench");
        self.add(Event::Started {
            trial,
            config,
            origin,
            seen,
            worker,
            until: None,
            fork: None,
            note: None,
            stage: None,
        });
    }

    fn finish(&mut self, trial: TrialId, outcome: Outcome) {
        let lease: Lease = self.history.trial(trial).unwrap().attempts().last().unwrap().lease;
        let seconds = 1.0 + (trial.0 % 7) as f64;
        self.add(Event::Finished { trial, lease, outcome, seconds, peak_memory: None });
    }

    /// Runs up to 60 trials, four at a time, whose outcomes are of every kind, and returns what
    /// was asked for.
    fn run(&mut self, luck: &mut Rng) -> Vec<Config> {
        let goals = self.history.setup().unwrap().goals.len();
        self.run_with(60, luck, |luck| outcome(goals, luck))
    }

    /// Runs up to so many trials, four at a time, and returns what was asked for.
    fn run_with(
        &mut self,
        trials: usize,
        luck: &mut Rng,
        mut outcome: impl FnMut(&mut Rng) -> Outcome,
    ) -> Vec<Config> {
        let mut configs = Vec::new();
        while configs.len() < trials {
            let running: Vec<_> =
                self.history.in_state(State::Running).map(temper_core::Trial::id).collect();
            let next = if running.len() < 4 { self.ask() } else { Next::Wait };
            match next {
                Next::Start { config, .. } => {
                    configs.push(config.clone());
                    self.start(config);
                }
                Next::Done if running.is_empty() => break,
                Next::Resume { .. } => panic!("nothing is paused"),
                Next::Repeat { .. } => panic!("no strategy repeats trials"),
                Next::Wait | Next::Done => {
                    let trial = running[luck.random_range(0..running.len())];
                    self.finish(trial, outcome(luck));
                }
            }
        }
        configs
    }
}

fn goals(count: usize) -> Vec<Goal> {
    let goal = |index| Goal { metric: format!("loss{index}"), direction: Direction::Minimize };
    (0..count).map(goal).collect()
}

fn loss(luck: &mut Rng) -> Loss {
    let loss = [0.0, 1e300, -1e300, 1e-300, luck.random(), luck.random(), luck.random()];
    Loss::new(loss[luck.random_range(0..loss.len())]).unwrap()
}

fn outcome(goals: usize, luck: &mut Rng) -> Outcome {
    let failure = |kind| Outcome::Failed { failure: Failure::new(kind, "bad luck"), retry: false };
    match luck.random_range(0..10) {
        0 => failure(FailureKind::OutOfMemory),
        1 => failure(FailureKind::Diverged),
        2 => failure(FailureKind::Crashed),
        3 => Outcome::Pruned,
        _ => Outcome::completed((0..goals).map(|_| loss(luck)).collect()),
    }
}

fn each(check: impl Fn(&Entry<dyn Strategy>, Bench, &str)) {
    for entry in ALL {
        for (name, space, require) in SPACES {
            check(entry, Bench::new(entry, space, require), &format!("{} on {name}", entry.name));
        }
    }
}

#[test]
fn every_proposal_is_a_complete_configuration_of_the_space() {
    each(|_, mut bench, case| {
        let configs = bench.run(&mut stream(1, 0));
        assert!(!configs.is_empty(), "{case}");
        for config in configs {
            bench.space.validate(&config).unwrap_or_else(|e| panic!("{case}: {config}: {e}"));
            assert_eq!(bench.space.complete(config.clone()).unwrap(), config, "{case}");
        }
    });
}

#[test]
fn a_strategy_rebuilt_from_the_log_asks_the_same() {
    each(|entry, mut bench, case| {
        bench.run(&mut stream(2, 0));
        let mut rebuilt = (entry.build)(&Options::new()).unwrap();
        let mut history = History::new();
        for event in &bench.events {
            if let Event::Started { config, .. } = event {
                let next = rebuilt
                    .ask(&bench.space, &history, &mut stream(SEED, history.proposals()))
                    .unwrap();
                assert_eq!(started(next), Some(config.clone()), "{case}");
            }
            history.apply(event).unwrap();
            rebuilt.tell(event);
        }
    });
}

#[test]
fn a_strategy_that_was_only_told_the_log_asks_the_same() {
    each(|entry, mut bench, case| {
        bench.run(&mut stream(4, 0));
        bench.check_rebuilt(entry, case);
    });
}

#[test]
fn two_goals_are_searched_and_replayed() {
    each(|entry, mut bench, case| {
        bench.aim(2);
        let configs = bench.run(&mut stream(5, 0));
        assert!(configs.iter().all(|config| bench.space.validate(config).is_ok()), "{case}");
        bench.check_rebuilt(entry, case);
    });
}

#[test]
fn changed_constraints_are_learned_as_by_a_strategy_that_knew_no_others() {
    each(|entry, mut bench, case| {
        bench.keep(&["loss0 <= 0.5", "size <= 2"]);
        bench.run(&mut stream(6, 0));
        bench.keep(&["loss0 >= 0.3"]);
        bench.check_rebuilt(entry, case);
    });
}

#[test]
fn costs_are_learned_and_replayed() {
    each(|entry, mut bench, case| {
        let setup = bench.history.setup().unwrap().clone();
        // The budget does for about half of the trials.
        let costs = Some(CostSetup { measure: Measure::Seconds, limit: Some(120.0) });
        let budget = BudgetSetup { costs, until_converged: None };
        bench.add(Event::Opened(Setup { budget, ..setup }));
        let luck = &mut stream(7, 0);
        let configs = bench.run_with(25, luck, |luck| outcome(1, luck));
        assert!(configs.iter().all(|config| bench.space.validate(config).is_ok()), "{case}");
        bench.check_rebuilt(entry, case);
    });
}

#[test]
fn asking_twice_gives_the_same_answer() {
    each(|_, mut bench, case| {
        for _ in 0..20 {
            let next = bench.ask();
            assert_eq!(bench.ask(), next, "{case}");
            let Next::Start { config, .. } = next else {
                break;
            };
            bench.start(config);
        }
    });
}

#[test]
fn workers_that_run_at_once_get_different_points_of_a_continuous_space() {
    for entry in ALL {
        let (_, space, require) = SPACES[0];
        let mut bench = Bench::new(entry, space, require);
        let configs = bench.run(&mut stream(3, 0));
        let keys: BTreeSet<_> = configs.iter().map(Config::key).collect();
        assert_eq!(keys.len(), configs.len(), "{}", entry.name);
    }
}

fn started(next: Next) -> Option<Config> {
    match next {
        Next::Start { config, .. } => Some(config),
        _ => None,
    }
}
