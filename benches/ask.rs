//! What strategies cost in 10 dimensions, of an objective that takes no time: one more trial after
//! many, and a whole study.
//!
//! `cargo xtask bench ask`.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use temper_core::Config;

use memory_study::MemoryStudy;

mod memory_study;

const SEED: u64 = 7;
const DIMS: usize = 10;

/// A strategy, and the numbers of results after which it is asked.
const STRATEGIES: [(&str, [u64; 3]); 4] = [
    ("bayes", [100, 500, 1_000]),
    ("tpe", [100, 1_000, 10_000]),
    ("cmaes", [100, 1_000, 10_000]),
    ("genetic", [100, 1_000, 10_000]),
];

/// The trials of a whole study.
const WHOLE: u64 = 100;

/// A study that grows trial by trial, and starts again when it has a tenth more results than at
/// first. Strategies keep what they learned from one question to the next; so here.
struct Rolling {
    strategy: &'static str,
    results: u64,
    study: MemoryStudy,
}

impl Rolling {
    /// A study with so many random trials, whose strategy was asked once.
    fn new(strategy: &'static str, results: u64) -> Self {
        let mut study = study(strategy);
        for index in 0..results {
            let config = study.random(index);
            record(&mut study, config);
        }
        run(&mut study, 1);
        Self { strategy, results, study }
    }

    /// How long one trial takes: asking for it, and telling how it ended.
    fn trial(&mut self) -> Duration {
        if self.study.trials() > self.results + self.results / 10 {
            *self = Self::new(self.strategy, self.results);
        }
        let start = Instant::now();
        run(&mut self.study, 1);
        start.elapsed()
    }
}

fn study(strategy: &str) -> MemoryStudy {
    let param = |index| format!(r#""x{index}": {{"type": "float", "low": 0, "high": 1}}"#);
    let params: Vec<_> = (0..DIMS).map(param).collect();
    MemoryStudy::new(strategy, &format!("{{{}}}", params.join(", ")), Default::default(), SEED)
}

fn run(study: &mut MemoryStudy, trials: u64) {
    for _ in 0..trials {
        let config = study.ask();
        record(study, config);
    }
}

/// Records the distance of the configuration from one inside of the space, squared.
fn record(study: &mut MemoryStudy, config: Config) {
    let places = config.iter().map(|(_, value)| value.as_f64().unwrap_or_default());
    let loss = places.map(|place| (place - 0.3).powi(2)).sum();
    study.record(config, Ok(loss), 0.0);
}

fn ask(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ask");
    group.sample_size(10);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
    for (strategy, sizes) in STRATEGIES {
        group.throughput(Throughput::Elements(1));
        for results in sizes {
            let mut rolling = Rolling::new(strategy, results);
            let id = BenchmarkId::new(format!("{strategy}, one trial after"), results);
            group.bench_function(id, |bencher| {
                bencher.iter_custom(|trials| (0..trials).map(|_| rolling.trial()).sum());
            });
        }
        group.throughput(Throughput::Elements(WHOLE));
        group.bench_function(format!("{strategy}, a study of {WHOLE} trials"), |bencher| {
            bencher.iter(|| run(&mut study(strategy), WHOLE));
        });
    }
    group.finish();
}

criterion_group!(benches, ask);
criterion_main!(benches);
