//! The cost of asking the tree-structured Parzen estimator, in 10 dimensions: whole studies of an
//! objective that takes no time, and one question after many trials.
//!
//! `cargo xtask bench tpe`.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use temper_core::{
    Config, Event, History, Loss, Next, Origin, Outcome, Strategy, TrialId, WorkerId, stream,
};
use temper_space::Space;

const SEED: u64 = 7;

/// A log in memory, and the strategy that has seen it.
struct Study {
    space: Space,
    history: History,
    strategy: Box<dyn Strategy>,
}

impl Study {
    fn new(space: &str) -> Self {
        let space = serde_json::from_str(space).expect("the space is JSON");
        Self {
            space: Space::new(&space, &Default::default()).expect("the space is valid"),
            history: History::new(),
            strategy: temper_strategy::build("tpe", &Default::default()).expect("it exists"),
        }
    }

    fn add(&mut self, event: &Event) {
        self.history.apply(event).expect("the events follow from one another");
        self.strategy.tell(event);
    }

    fn ask(&mut self) -> Config {
        let mut rng = stream(SEED, self.history.proposals());
        match self.strategy.ask(&self.space, &self.history, &mut rng) {
            Ok(Next::Start { config, .. }) => config,
            next => panic!("{next:?}"),
        }
    }

    /// Records a trial of the configuration.
    fn record(&mut self, config: Config) {
        let trial = TrialId(self.history.trials().len() as u64);
        let loss = config.iter().map(|(_, value)| square(value)).sum();
        let (seen, worker) = (self.history.len(), WorkerId::new("bench"));
        let origin = Origin::Strategy;
        self.add(&Event::Started {
            trial,
            config,
            origin,
            seen,
            worker,
            until: None,
            fork: None,
            note: None,
        });
        let lease = self.history.trials()[trial.0 as usize].attempts()[0].lease;
        let losses = vec![Loss::new(loss).expect("a sum of squares is finite")];
        let outcome = Outcome::completed(losses);
        self.add(&Event::Finished { trial, lease, outcome, seconds: 0.0, peak_memory: None });
    }

    /// Records so many random trials.
    fn fill(&mut self, trials: u64) {
        for trial in 0..trials {
            let config = temper_core::draw(&self.space, &mut stream(SEED + 1, trial));
            self.record(config.expect("nothing is required"));
        }
    }

    fn run(&mut self, trials: u64) {
        for _ in 0..trials {
            let config = self.ask();
            self.record(config);
        }
    }
}

fn square(value: &temper_core::Value) -> f64 {
    (value.as_f64().unwrap_or_default() - 0.3).powi(2)
}

/// A space of `count` parameters, of which the last third are as `other` says.
fn space(count: usize, other: &str) -> String {
    let float = r#"{"type": "float", "low": 0, "high": 1}"#;
    let param = |index| if index < count - count / 3 { float } else { other };
    let params: Vec<_> =
        (0..count).map(|index| format!(r#""x{index}": {}"#, param(index))).collect();
    format!("{{{}}}", params.join(", "))
}

fn tpe(criterion: &mut Criterion) {
    let floats = space(10, r#"{"type": "float", "low": 0, "high": 1}"#);
    let mixed = space(10, r#"{"type": "int", "low": 1, "high": 64, "log": true}"#);
    let mut group = criterion.benchmark_group("tpe");
    group.sample_size(10);
    for trials in [300, 1000] {
        group.throughput(Throughput::Elements(trials));
        group.bench_function(BenchmarkId::new("whole study, 10 floats", trials), |bencher| {
            bencher.iter(|| Study::new(&floats).run(trials));
        });
    }
    group.throughput(Throughput::Elements(1));
    for (name, space) in [("10 floats", &floats), ("7 floats and 3 log ints", &mixed)] {
        for trials in [300, 1000, 10_000] {
            let mut study = Study::new(space);
            study.fill(trials);
            group.bench_function(BenchmarkId::new(format!("one ask, {name}"), trials), |bencher| {
                bencher.iter(|| black_box(study.ask()));
            });
        }
    }
    group.bench_function("first ask after 10000 trials, 10 floats", |bencher| {
        let told = || {
            let mut study = Study::new(&floats);
            study.fill(10_000);
            study
        };
        bencher.iter_batched(told, |mut study| study.ask(), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, tpe);
criterion_main!(benches);
