//! Studies that run each configuration several times.

use temper_core::{Intake, Trial, propose};

use super::*;

impl Bench {
    /// With so many runs of each configuration from here on.
    fn repeat(&mut self, runs: u32) {
        let setup = self.history.setup().unwrap().clone();
        self.add(Event::Opened(Setup { repeat: Some(runs), ..setup }));
    }

    /// What the study does next, on a random stream that repeats don't move.
    fn propose(&mut self) -> Next {
        let mut rng = stream(SEED, self.history.begun());
        let (space, history) = (&self.space, &self.history);
        propose(&mut *self.strategy, None, Intake::Open, space, history, &mut rng).unwrap()
    }

    /// Runs until the strategy has asked for so many trials, and returns what it asked for.
    fn run_repeated(
        &mut self,
        trials: usize,
        workers: usize,
        mut outcome: impl FnMut(&Config) -> Outcome,
    ) -> Vec<Config> {
        let mut configs = Vec::new();
        loop {
            let running: Vec<_> = self.history.in_state(State::Running).map(Trial::id).collect();
            match if running.len() < workers { self.propose() } else { Next::Wait } {
                Next::Start { config, .. } if configs.len() < trials => {
                    configs.push(config.clone());
                    self.start(config);
                }
                Next::Repeat { config, origin, .. } => self.begin(config, origin),
                _ if running.is_empty() => return configs,
                _ => {
                    let trial = running[running.len() / 2];
                    let outcome = outcome(self.history.trial(trial).unwrap().config());
                    self.finish(trial, outcome);
                }
            }
        }
    }
}

/// A loss that is the same whenever a configuration runs: some number that follows from it.
fn fixed(config: &Config) -> Outcome {
    let sum: u32 = config.key().bytes().zip(1..).map(|(byte, place)| u32::from(byte) * place).sum();
    Outcome::completed(vec![Loss::new(f64::from(sum % 1009)).unwrap()])
}

#[test]
fn a_strategy_that_was_told_of_repeats_asks_what_the_one_does_that_lived_through_them() {
    each(|entry, mut bench, case| {
        bench.repeat(3);
        let mut luck = stream(8, 0);
        let mut begun = 0;
        while begun < 30 {
            let before = bench.events.len();
            bench.run_repeated(5, 3, |_| outcome(1, &mut luck));
            bench.check_rebuilt(entry, case);
            if bench.events.len() == before {
                break; // A grid that has come to its end.
            }
            begun = bench.history.trials().len();
        }
        let completed = bench.history.in_state(State::Completed);
        let missing = completed.filter(|trial| !bench.history.has_all_runs(trial)).count();
        assert_eq!(missing, 0, "{case}");
    });
}

#[test]
fn repeats_that_all_come_out_the_same_change_nothing_for_who_sees_means() {
    // A surrogate learns from replicates that there is no noise.
    let by_surrogate = ["auto", "bayes", "local"];
    each(|entry, mut bench, case| {
        let (_, space, require) = *SPACES.iter().find(|it| case.ends_with(it.0)).unwrap();
        let mut alone = Bench::new(entry, space, require);
        let once = alone.run_repeated(24, 1, fixed);
        bench.repeat(3);
        let thrice = bench.run_repeated(24, 1, fixed);
        assert_eq!(bench.history.trials().len(), 3 * thrice.len(), "{case}");
        assert_eq!(bench.history.tried(), thrice.len() as u64, "{case}");
        if !by_surrogate.contains(&entry.name) {
            assert_eq!(thrice, once, "{case}");
        }
    });
}
