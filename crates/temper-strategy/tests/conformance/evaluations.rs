//! Studies of evaluations, some of which were cut short: each step is an item, what it scored is reported
//! beside the mean so far.

use temper_core::{Metrics, Step};

use super::*;

/// As the setup of the bench says.
const ITEMS: Step = 20;

impl Bench {
    /// A trial that answers so many items, and is stopped there if these are not all. Items lose what
    /// `loss` says, and it is as `slow` as that.
    fn evaluate(&mut self, config: Config, items: Step, slow: f64, loss: impl FnMut() -> f64) {
        self.report(config, items, slow, "item_loss0", loss);
    }

    /// The same, where what the item scored is reported by another name.
    fn report(
        &mut self,
        config: Config,
        items: Step,
        slow: f64,
        name: &str,
        mut loss: impl FnMut() -> f64,
    ) {
        self.start(config);
        let trial = TrialId(self.history.trials().len() as u64 - 1);
        let lease = self.history.trial(trial).unwrap().attempts().last().unwrap().lease;
        let mut mean = 0.0;
        for step in 1..=items {
            let own = loss();
            mean += own / step as f64 - mean / step as f64;
            let losses = vec![Loss::new(mean).unwrap()];
            let metrics = Metrics::from([(name.to_owned(), own), ("slow".to_owned(), slow)]);
            self.add(Event::Reported { trial, lease, step, losses, metrics });
        }
        let outcome = match items {
            ITEMS => Outcome::Completed {
                losses: vec![Loss::new(mean).unwrap()],
                metrics: Metrics::from([("slow".to_owned(), slow)]),
            },
            0 => Outcome::Pruned,
            items if items.is_multiple_of(2) => Outcome::Paused,
            _ => Outcome::Pruned,
        };
        self.finish(trial, outcome);
    }

    fn asked(&mut self) -> Option<Config> {
        started(self.ask())
    }
}

#[test]
fn a_strategy_that_was_told_of_evaluations_asks_what_the_one_does_that_lived_through_them() {
    // By another name these are curves, of which the lowest losses up to some step are compared.
    for (scale, name) in [(1.0, "item_loss0"), (1e200, "item_loss0"), (1.0, "of_step")] {
        each(|entry, mut bench, case| {
            let mut luck = stream(9, 0);
            for _ in 0..24 {
                bench.check_rebuilt(entry, case);
                let Some(config) = bench.asked() else { break };
                assert_eq!(bench.space.complete(config.clone()).as_ref(), Ok(&config), "{case}");
                let items =
                    if luck.random_range(0..4) == 0 { ITEMS } else { luck.random_range(0..9) };
                let loss = || scale * f64::from(luck.random_range(0..2));
                bench.report(config, items, 0.0, name, loss);
            }
        });
    }
}

#[test]
fn evaluations_that_were_cut_short_for_what_they_break_are_not_taken_for_the_best() {
    for name in ["auto", "bayes", "tpe"] {
        let entry = ALL.iter().find(|entry| entry.name == name).unwrap();
        let mut bench = Bench::new(entry, SPACES[0].1, "{}");
        bench.keep(&["slow <= 0.5"]);
        let mut tried = Vec::new();
        for id in 0..24 {
            let config = bench.asked().unwrap();
            let x = (config.get("x").unwrap().as_f64().unwrap() + 5.0) / 15.0;
            tried.push(x);
            // The more there is of it, the better and the slower it gets.
            let (items, mut item) = (if x > 0.5 { 8 } else { ITEMS }, 0.0);
            bench.evaluate(config, items, x, || {
                item += 1.0;
                (item + f64::from(id)).sin() * 0.1 - x
            });
        }
        // Those past the startup. Slower ones are tried, too: how slow they are is not known.
        let near = tried[10..].iter().filter(|x| (0.35..=0.5).contains(*x)).count();
        assert!(near >= 5, "{name}: {tried:?}");
    }
}
