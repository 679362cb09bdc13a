//! How many trials a strategy wastes where a part of the space fails and nobody says which: five
//! made-up trainings of a language model, each of which fails where a strain that the strategy does
//! not see is above a limit.
//!
//! `cargo xtask bench failures` prints the table as Markdown.

use temper_core::{Config, FailureKind};

use memory_study::MemoryStudy;

mod memory_study;

const TRIALS: u64 = 100;
/// The trials that a strategy has to find its way; the waste is counted after them.
const LEARNING: u64 = 20;
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];
/// The random configurations that set the limit.
const DRAWS: u64 = 20_000;

const SPACE: &str = r#"{
    "learning_rate": {"type": "float", "low": 1e-5, "high": 1e-1, "log": true},
    "batch_size": {"type": "int", "low": 1, "high": 256, "log": true},
    "hidden_size": {"type": "int", "low": 128, "high": 2048, "log": true},
    "context_length": {"type": "int", "low": 256, "high": 2048, "log": true},
    "dropout": {"type": "float", "low": 0, "high": 0.5},
    "optimizer": {"type": "choice", "values": ["adamw", "sgd", "lion"]}
}"#;

/// A training whose strain decides whether it fails.
struct Problem {
    /// What fails.
    name: &'static str,
    kind: FailureKind,
    strain: fn(&Training) -> f64,
    loss: fn(&Training) -> f64,
}

const PROBLEMS: [Problem; 5] = [
    Problem {
        name: "memory grows with batch, width and context; larger is better",
        kind: FailureKind::OutOfMemory,
        strain: Training::memory,
        loss: Training::language_loss,
    },
    Problem {
        name: "a learning rate too high for the optimizer; just below is best",
        kind: FailureKind::Diverged,
        strain: Training::rate,
        loss: |it| {
            0.01 * (it.batch - 5.0).powi(2) + 0.1 * (it.dropout - 0.2).abs() - 0.3 * it.rate()
        },
    },
    Problem {
        name: "much dropout with a long context; far from the best",
        kind: FailureKind::Diverged,
        strain: |it| it.dropout + 0.2 * it.context.log10(),
        loss: |it| {
            let optimizer = it.by_optimizer([0.0, 0.2, 0.1]);
            it.language_loss() + optimizer + 0.5 * (it.dropout - 0.05).powi(2)
        },
    },
    Problem {
        name: "learning rate or batch size outside of a band; the best is in it",
        kind: FailureKind::Diverged,
        strain: |it| (it.learning_rate + 3.0).abs() + 0.3 * (it.batch - 5.0).abs(),
        loss: |it| {
            let (rate, batch) = ((it.learning_rate + 2.6).abs(), (it.batch - 7.0).abs());
            0.5 * rate + 0.1 * batch + it.dropout
        },
    },
    Problem {
        name: "memory or learning rate, whichever is worse; larger is better",
        kind: FailureKind::Crashed,
        // Either is about standard normal over the space.
        strain: |it| ((it.memory() - 18.7) / 2.1).max((it.rate() + 3.1) / 1.35),
        loss: Training::language_loss,
    },
];

/// What a configuration comes to.
struct Training {
    /// Its decimal logarithm.
    learning_rate: f64,
    /// Its binary logarithm.
    batch: f64,
    width: f64,
    context: f64,
    dropout: f64,
    optimizer: String,
}

impl Training {
    fn new(config: &Config) -> Self {
        let value = |name| config.get(name).expect("the space has it");
        let number = |name| value(name).as_f64().expect("it is a number");
        Self {
            learning_rate: number("learning_rate").log10(),
            batch: number("batch_size").log2(),
            width: number("hidden_size"),
            context: number("context_length"),
            dropout: number("dropout"),
            optimizer: value("optimizer").to_string(),
        }
    }

    /// The logarithm of the memory that it needs.
    fn memory(&self) -> f64 {
        self.batch * std::f64::consts::LN_2 + 1.5 * self.width.ln() + self.context.ln()
    }

    /// The learning rate as `AdamW` would feel it.
    fn rate(&self) -> f64 {
        self.learning_rate + self.by_optimizer([0.0, -1.0, 0.7])
    }

    /// A loss with a valley of learning rates that falls with the width, and a best batch size;
    /// width and context only help.
    fn language_loss(&self) -> f64 {
        let valley = self.learning_rate + 2.5 + 0.3 * (self.width / 512.0).log10();
        let size = 2.0 / self.width.powf(0.3) + 1.0 / self.context.powf(0.2);
        let (batch, dropout) = ((self.batch - 6.0).powi(2), (self.dropout - 0.1).powi(2));
        size + 0.3 * valley.powi(2) + 0.015 * batch + 0.2 * dropout
    }

    fn by_optimizer(&self, [adamw, sgd, lion]: [f64; 3]) -> f64 {
        match self.optimizer.as_str() {
            "adamw" => adamw,
            "sgd" => sgd,
            _ => lion,
        }
    }
}

/// What a strategy made of a problem.
struct Search {
    /// The share of the trials after the first that failed.
    wasted: f64,
    best: f64,
}

impl Problem {
    /// The strain above which so much of the space lies.
    fn limit(&self, share: f64) -> f64 {
        let study = MemoryStudy::new("random", SPACE, Default::default(), 0);
        let strain = |index| (self.strain)(&Training::new(&study.random(index)));
        let mut strains: Vec<_> = (0..DRAWS).map(strain).collect();
        strains.sort_by(f64::total_cmp);
        strains[((1.0 - share) * DRAWS as f64) as usize]
    }

    fn search(&self, strategy: &str, limit: f64, seed: u64) -> Search {
        let mut study = MemoryStudy::new(strategy, SPACE, Default::default(), seed);
        let (mut wasted, mut best) = (0, f64::INFINITY);
        for trial in 0..TRIALS {
            let config = study.ask();
            let training = Training::new(&config);
            let fails = (self.strain)(&training) > limit;
            let result = if fails { Err(self.kind) } else { Ok((self.loss)(&training)) };
            wasted += u64::from(fails && trial >= LEARNING);
            best = result.map_or(best, |loss| best.min(loss));
            study.record(config, result, 0.0);
        }
        Search { wasted: wasted as f64 / (TRIALS - LEARNING) as f64, best }
    }

    /// Two cells of the table: the waste, and the best loss.
    fn cells(&self, strategy: &str, limit: f64) -> (String, String) {
        let searches = SEEDS.map(|seed| self.search(strategy, limit, seed));
        let mean =
            |of: fn(&Search) -> f64| searches.iter().map(of).sum::<f64>() / SEEDS.len() as f64;
        let worst = searches.iter().map(|search| search.wasted).fold(0.0, f64::max);
        let wasted = format!("{:.1} % ({:.0})", 100.0 * mean(|it| it.wasted), 100.0 * worst);
        (wasted, format!("{:.4}", mean(|it| it.best)))
    }
}

fn main() {
    println!(
        "Failed of trials {} to {TRIALS}, mean of {} seeds (worst):\n",
        LEARNING + 1,
        SEEDS.len()
    );
    println!("| what fails | of the space | `bayes` | random | best loss of `bayes` | of random |");
    println!("|---|---|---|---|---|---|");
    for problem in &PROBLEMS {
        for share in [0.2, 0.4] {
            let limit = problem.limit(share);
            let (wasted, best) = problem.cells("bayes", limit);
            let (random_wasted, random_best) = problem.cells("random", limit);
            let cells = [wasted, random_wasted, best, random_best].join(" | ");
            println!("| {} | {:.0} % | {cells} |", problem.name, 100.0 * share);
        }
    }
}
