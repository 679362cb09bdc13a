use temper_space::SpaceSpec;

use super::*;
use crate::{
    Config, Constraint, Direction, Event, Failure, FailureKind, Goal, Intake, Metrics, Outcome,
    Rng, Setup, Strategy, StrategyError, StrategySetup, TrialId, WorkerId, propose,
};

mod failures;

const SPACE: &str = r#"{"x": {"type": "float", "low": 0, "high": 10, "default": 5}}"#;

/// A strategy that has nothing to propose.
#[derive(Debug)]
struct Silent;

impl Strategy for Silent {
    fn ask(&mut self, _: &Space, _: &History, _: &mut Rng) -> Result<Next, StrategyError> {
        Ok(Next::Done)
    }
}

/// A study whose search is over, and its events.
struct Bench {
    space: Space,
    history: History,
}

impl Bench {
    /// A search that found these losses at these values of `x`.
    fn new(space: &str, confirm: Confirm, found: &[(f64, f64)]) -> Self {
        Self::bounded(space, confirm, &[], found)
    }

    fn bounded(
        space: &str,
        confirm: Confirm,
        constraints: &[Constraint],
        found: &[(f64, f64)],
    ) -> Self {
        let space: SpaceSpec = serde_json::from_str(space).unwrap();
        let setup = Setup {
            name: "test".into(),
            space: space.clone(),
            require: Default::default(),
            goals: vec![Goal { metric: "loss".into(), direction: Direction::Minimize }],
            constraints: constraints.to_vec(),
            seed: 7,
            strategy: StrategySetup { name: "random".into(), options: "{}".into() },
            pruner: None,
            early_stopping: None,
            max_steps: None,
            stages: Vec::new(),
            budget: Default::default(),
            repeat: None,
            confirm: Some(confirm),
            trials: None,
        };
        let space = Space::new(&space, &Default::default()).unwrap();
        let mut bench = Self { space, history: History::new() };
        bench.add(&Event::Opened(setup));
        for (x, loss) in found {
            let trial = bench.start(config(*x), Origin::Strategy);
            bench.end(trial, completed(*loss));
        }
        bench
    }

    fn add(&mut self, event: &Event) {
        self.history.apply(event).unwrap();
    }

    fn start(&mut self, config: Config, origin: Origin) -> TrialId {
        let trial = TrialId(self.history.trials().len() as u64);
        self.add(&Event::Started {
            trial,
            config,
            origin,
            seen: self.history.len(),
            worker: WorkerId::new("a"),
            until: None,
            fork: None,
            note: None,
            stage: None,
        });
        trial
    }

    fn end(&mut self, trial: TrialId, outcome: Outcome) {
        let lease = self.history.trial(trial).unwrap().attempts()[0].lease;
        self.add(&Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None });
    }

    fn next(&self) -> Next {
        let mut rng = stream(7, self.history.proposals());
        let (space, history) = (&self.space, &self.history);
        propose(&mut Silent, None, Intake::Open, space, history, &mut rng).unwrap()
    }

    /// Runs all that is due, as many at once, and returns what ran: `x` and the number of the seed.
    fn run(&mut self, at_once: usize, result: impl Fn(f64, usize) -> Outcome) -> Vec<(f64, usize)> {
        let (mut ran, mut running) = (Vec::new(), Vec::new());
        let mut seeds = Vec::new();
        loop {
            match if running.len() < at_once { self.next() } else { Next::Wait } {
                Next::Repeat { config, origin, .. } => {
                    let seed = origin.seed().unwrap();
                    if !seeds.contains(&seed) {
                        seeds.push(seed);
                    }
                    let number = seeds.iter().position(|it| *it == seed).unwrap();
                    let x = x(&config);
                    ran.push((x, number));
                    running.push((self.start(config, origin), x, number));
                }
                _ if running.is_empty() => return ran,
                _ => {
                    let (trial, x, number) = running.remove(0);
                    self.end(trial, result(x, number));
                }
            }
        }
    }

    fn confirmation(&self) -> Confirmation {
        Confirmation::of(&self.space, &self.history).unwrap()
    }

    /// `x` of the winner.
    fn winner(&self) -> Option<f64> {
        let confirmation = self.confirmation();
        confirmation.winner().map(|place| x(&confirmation.candidates[place].config))
    }
}

fn config(x: f64) -> Config {
    Config::from_iter([("x".to_owned(), x.into())])
}

fn x(config: &Config) -> f64 {
    config.get("x").and_then(crate::Value::as_f64).unwrap()
}

fn completed(loss: f64) -> Outcome {
    Outcome::completed(vec![Loss::new(loss).unwrap()])
}

fn failed(kind: FailureKind) -> Outcome {
    Outcome::Failed { failure: Failure::new(kind, "it broke"), retry: false }
}

fn confirm(seeds: u32, top: u32) -> Confirm {
    Confirm { seeds, top, target: None }
}

/// Noise that is the same for all under one seed.
fn common(seed: usize) -> f64 {
    [0.3, -0.2, 0.1, 0.4, -0.5, 0.2, -0.1, 0.05][seed]
}

/// Noise of a run's own.
fn own(x: f64, seed: usize) -> f64 {
    ((x * 12.9898 + seed as f64 * 78.233).sin() * 43758.5453).fract() * 0.2
}

#[test]
fn the_best_and_the_default_run_under_the_same_fresh_seeds_one_seed_after_the_other() {
    let mut bench = Bench::new(SPACE, confirm(3, 2), &[(1.0, 3.0), (2.0, 1.0), (3.0, 2.0)]);
    let ran = bench.run(1, |x, seed| completed(common(seed) + own(x, seed)));
    let once = [2.0, 3.0, 5.0];
    let all: Vec<_> = (0..3).flat_map(|seed| once.map(|x| (x, seed))).collect();
    assert_eq!(ran, all, "the two best, then the default, which the search had not tried");
    let confirmation = bench.confirmation();
    assert!(confirmation.is_over());
    let default = &confirmation.candidates[2];
    assert_eq!((default.trial, default.is_default), (None, true));
    assert_eq!(bench.history.tried(), 3, "they cost none of the study's trials");
    assert_eq!(bench.history.best().unwrap().id(), TrialId(1), "as the search saw it");
}

#[test]
fn the_run_that_selected_a_winner_does_not_count_for_it() {
    // Trial 0 was lucky in the search.
    let mut bench = Bench::new(SPACE, confirm(4, 2), &[(1.0, -9.0), (2.0, 1.0)]);
    bench.run(1, |x, seed| completed(if x == 2.0 { 1.0 } else { 2.0 } + own(x, seed)));
    assert_eq!(bench.winner(), Some(2.0));
    let losses = bench.confirmation().candidates[0].losses();
    assert!(losses.iter().all(|loss| *loss > 1.0), "{losses:?}");
}

#[test]
fn who_is_clearly_behind_leaves_after_three_seeds_and_a_close_race_takes_them_all() {
    // The noise under a seed is far larger than the difference, which is the same under each.
    let far = |x: f64, seed: usize| completed(10.0 * common(seed) + x + own(x, seed));
    let mut bench = Bench::new(SPACE, confirm(8, 2), &[(1.0, 1.0), (2.0, 1.5)]);
    let ran = bench.run(1, far);
    assert!(ran.len() < 16, "{ran:?}");
    let confirmation = bench.confirmation();
    for late in &confirmation.candidates[1..] {
        let Some(Out::Worse { seeds, chance }) = late.out else { panic!("{late:?}") };
        assert!((3..8).contains(&seeds) && chance > 1.0 - 0.05 / 2.0, "{late:?}");
    }
    assert_eq!(bench.winner(), Some(1.0));
    let close = |x: f64, seed: usize| completed(common(seed) + own(x, seed));
    let mut bench = Bench::new(SPACE, confirm(8, 2), &[(1.0, 1.0), (2.0, 1.5)]);
    assert_eq!(bench.run(1, close).len(), 24);
}

#[test]
fn several_workers_come_to_the_same_decision_and_nothing_runs_twice() {
    let result = |x: f64, seed: usize| completed(common(seed) + 0.02 * x + own(x, seed));
    let found = [(1.0, 1.0), (2.0, 1.5), (3.0, 1.7)];
    let mut one = Bench::new(SPACE, confirm(6, 3), &found);
    one.run(1, result);
    let mut four = Bench::new(SPACE, confirm(6, 3), &found);
    let mut ran = four.run(4, result);
    assert_eq!(four.winner(), one.winner());
    let count = ran.len();
    ran.sort_by(|one, other| one.partial_cmp(other).unwrap());
    ran.dedup();
    assert_eq!(ran.len(), count);
}

#[test]
fn no_two_common_seeds_are_alike() {
    // Of so many draws of 31 bits, 9 pairs are equal on average.
    let seeds = common_seeds(7, 200_000);
    assert_eq!(seeds.iter().collect::<BTreeSet<_>>().len(), 200_000);
    assert_eq!(seeds[..3], common_seeds(7, 3));
}

#[test]
fn equal_losses_are_decided_at_once_and_a_tie_is_even() {
    let found = [(5.0, 1.0), (2.0, 1.5)];
    let mut bench = Bench::new(SPACE, confirm(6, 2), &found);
    assert_eq!(bench.run(1, |x, _| completed(x)).len(), 6, "three seeds of two");
    let confirmation = bench.confirmation();
    assert!(confirmation.candidates[0].is_default, "the default may be among the best");
    assert_eq!(confirmation.candidates.len(), 2);
    assert_eq!((confirmation.chance(1), confirmation.chance(0)), (Some(1.0), None));
    let mut tie = Bench::new(SPACE, confirm(4, 2), &found);
    tie.run(1, |_, _| completed(1.0));
    assert_eq!(tie.confirmation().chance(1), Some(0.5));
    assert_eq!(tie.winner(), Some(5.0), "of equals the one that the search preferred");
}

#[test]
fn chances_are_those_of_the_paired_t_test_of_scipy() {
    let losses = |x: f64, seed: usize| match x {
        5.0 => [2.40, 2.31, 2.52, 2.28, 2.45][seed],
        _ => [2.35, 2.30, 2.50, 2.30, 2.38][seed],
    };
    let mut bench = Bench::new(SPACE, confirm(5, 1), &[(1.0, 1.0)]);
    bench.run(1, |x, seed| completed(losses(x, seed)));
    let chance = bench.confirmation().chance(0).unwrap();
    // SciPy 1.17.1: 1 - ttest_rel(default, candidate, alternative="greater").pvalue
    assert!((chance - 0.9136409122355026).abs() < 1e-9, "{chance}");
}

#[test]
fn without_a_default_the_best_of_the_others_is_the_rival() {
    let space = r#"{"x": {"type": "float", "low": 0, "high": 10}}"#;
    let mut bench = Bench::new(space, confirm(3, 3), &[(1.0, 1.0), (2.0, 1.5), (3.0, 2.0)]);
    bench.run(1, |x, seed| completed(x * 0.01 + own(x, seed)));
    let confirmation = bench.confirmation();
    assert_eq!(confirmation.candidates.len(), 3);
    let winner = confirmation.winner().unwrap();
    let rival = confirmation.rival(winner).unwrap();
    assert_ne!(rival, winner);
    assert_eq!(confirmation.rival(rival), Some(winner));
    assert!(confirmation.chance(winner).unwrap() > 0.5);
}

#[test]
fn one_that_breaks_constraints_in_the_mean_does_not_win() {
    let outcome = |loss: f64, size: f64| Outcome::Completed {
        losses: vec![Loss::new(loss).unwrap()],
        metrics: Metrics::from([("size".to_owned(), size)]),
    };
    let bound = ["size <= 10".parse().unwrap()];
    let mut bench = Bench::bounded(SPACE, confirm(3, 2), &bound, &[]);
    for (x, loss) in [(1.0, 1.0), (2.0, 2.0)] {
        let trial = bench.start(config(x), Origin::Strategy);
        bench.end(trial, outcome(loss, 9.0));
    }
    bench.run(1, |x, seed| outcome(x, if x == 1.0 { 12.0 } else { 9.0 } + own(x, seed)));
    assert!(!bench.confirmation().candidates[0].is_feasible);
    assert_eq!(bench.winner(), Some(2.0));
}

#[test]
fn nothing_is_confirmed_while_a_trial_runs_and_a_further_one_joins_the_race_later() {
    let mut bench = Bench::new(SPACE, confirm(3, 1), &[(1.0, 1.0)]);
    let late = bench.start(config(2.0), Origin::Strategy);
    assert_eq!(bench.next(), Next::Done);
    bench.end(late, completed(2.0));
    let result = |x: f64, seed: usize| completed(x + common(seed) + own(x, seed));
    assert_eq!(bench.run(1, result).len(), 6);
    assert_eq!(bench.winner(), Some(1.0));
    // The search goes on and finds a better one: only its own runs are due.
    let better = bench.start(config(0.5), Origin::Strategy);
    bench.end(better, completed(0.1));
    let ran = bench.run(1, result);
    assert_eq!(ran.iter().map(|(x, _)| *x).collect::<Vec<_>>(), [0.5; 3]);
    assert_eq!(bench.winner(), Some(0.5));
}

#[test]
fn a_target_ends_the_search_and_a_lucky_first_run_does_not() {
    let target = Some(Loss::new(1.0).unwrap());
    let mut bench = Bench::new(SPACE, Confirm { target, ..confirm(2, 1) }, &[(1.0, 2.0)]);
    assert_eq!(bench.history.intake(), Intake::Open);
    let mut setup = bench.history.setup().unwrap().clone();
    setup.repeat = Some(2);
    bench.add(&Event::Opened(setup));
    let good = bench.start(config(3.0), Origin::Strategy);
    bench.end(good, completed(0.5));
    assert_eq!(bench.history.intake(), Intake::Open, "it has yet to run again");
    while let Next::Repeat { config, origin: origin @ Origin::Repeat { of, .. }, .. } = bench.next()
    {
        let again = bench.start(config, origin);
        bench.end(again, completed(if of == good { 0.9 } else { 2.0 }));
    }
    assert_eq!(bench.history.intake(), Intake::Closed);
    assert_eq!(bench.history.mean_loss(bench.history.best().unwrap()).unwrap().get(), 0.7);
    assert_eq!(bench.run(1, |x, _| completed(x)).len(), 4);
}
