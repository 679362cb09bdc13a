//! What it brings a search to know how noisy each result is: made-up evaluations of sampled answers,
//! whose noise grows with the temperature, with `accuracy_noise` reported and without.
//!
//! An item is answered rightly with a probability that falls from 1 to 0 around its difficulty, the more
//! slowly the higher the temperature: the ability of a configuration is a smooth peak in temperature and
//! top-p. What is lost is counted by the probabilities, not by the answers.
//!
//! `cargo xtask bench noise` prints the table as Markdown.

use rand::RngExt;
use temper_core::{
    Config, Direction, Event, Goal, History, Lease, Metrics, Next, Origin, Outcome, Setup,
    StrategySetup, TrialId, Value, WorkerId, stream,
};
use temper_gp::{Axis, FitConfig, Gp, Kernel, Prior, Samples, Smoothness, fit, normal, warp};
use temper_space::Space;

const SEEDS: std::ops::Range<u64> = 6000..6300;
const TRIALS: u64 = 25;

const SPACE: &str = r#"{
    "temperature": {"type": "float", "low": 0, "high": 1.5},
    "top_p": {"type": "float", "low": 0.1, "high": 1}
}"#;

/// How configurations answer.
#[derive(Clone, Copy)]
struct World {
    name: &'static str,
    items: usize,
    samples: usize,
    /// The temperature at which the ability is highest, give or take 0.15, and how fast it falls.
    best: f64,
    falls: f64,
}

const BASE: World =
    World { name: "the best is cool", items: 100, samples: 2, best: 0.3, falls: 1.0 };

const WORLDS: [World; 5] = [
    BASE,
    World { name: "the best is warm", best: 1.0, ..BASE },
    World { name: "the best is hot", best: 1.4, ..BASE },
    World { name: "the temperature hardly matters", falls: 0.2, ..BASE },
    World { name: "few items", items: 30, ..BASE },
];

/// What came of a trial.
struct Tried {
    /// The expected accuracy, that of its answers, and the standard deviation of the latter.
    truth: f64,
    accuracy: f64,
    noise: f64,
    point: Vec<f64>,
}

impl World {
    /// The probability of each item to be answered rightly.
    fn chances(self, config: &Config, seed: u64) -> Vec<f64> {
        let number = |name| config.get(name).and_then(Value::as_f64).expect("the space has it");
        let (mut places, mut difficulties) = (stream(seed, 1), stream(seed, 2));
        let warm = number("temperature") - self.best - 0.3 * (places.random::<f64>() - 0.5);
        let wide = number("top_p") - 0.5 - 0.5 * places.random::<f64>();
        let ability = 0.7 - self.falls * warm * warm - wide * wide;
        let scatter = 0.01 + 0.8 * number("temperature");
        let chance = |_| {
            let difficulty = normal::quantile(difficulties.random::<f64>().clamp(1e-9, 1.0 - 1e-9));
            normal::distribution((ability - difficulty) / scatter)
        };
        (0..self.items).map(chance).collect()
    }

    /// Answers each item several times.
    fn answer(self, config: &Config, point: Vec<f64>, trial: TrialId, seed: u64) -> Tried {
        let chances = self.chances(config, seed);
        let mut luck = stream(seed, 1000 + trial.0);
        let (items, samples) = (self.items as f64, self.samples as f64);
        let (mut sum, mut variance) = (0.0, 0.0);
        for chance in &chances {
            let right = (0..self.samples).filter(|_| luck.random::<f64>() < *chance).count();
            let mean = right as f64 / samples;
            sum += mean;
            // The unbiased variance of a sample, and of the mean of several.
            variance += mean * (1.0 - mean) / (samples - 1.0);
        }
        let truth = chances.iter().sum::<f64>() / items;
        Tried { truth, accuracy: sum / items, noise: variance.sqrt() / items, point }
    }

    /// The highest expected accuracy, on a grid.
    fn optimum(self, space: &Space, seed: u64) -> f64 {
        let place = |index: u32| f64::from(index) / 60.0;
        let points = (0..=60).flat_map(|x| (0..=60).map(move |y| [place(x), place(y)]));
        let truths = points.map(|point| {
            let chances = self.chances(&space.decode(&point), seed);
            chances.iter().sum::<f64>() / chances.len() as f64
        });
        truths.fold(0.0, f64::max)
    }
}

fn main() {
    println!(
        "| world | noise | of the best result | of the best by the model | of the best tried |\n\
         |---|---|---|---|---|"
    );
    for world in WORLDS {
        for is_reported in [false, true] {
            row(world, is_reported);
        }
    }
}

/// The mean regrets over seeds, with their standard errors, in percent of accuracy.
fn row(world: World, is_reported: bool) {
    let spec = serde_json::from_str(SPACE).expect("the space is JSON");
    let space = Space::new(&spec, &Default::default()).expect("the space is valid");
    let mut regrets = [const { Vec::new() }; 3];
    for seed in SEEDS {
        let tried = study(world, &space, is_reported, seed);
        let models = model(&tried, is_reported);
        let of = |best: &dyn Fn(usize) -> f64| {
            let best = (0..tried.len()).max_by(|a, b| best(*a).total_cmp(&best(*b)));
            tried[best.expect("some were tried")].truth
        };
        let found = [of(&|i| tried[i].accuracy), of(&|i| -models[i]), of(&|i| tried[i].truth)];
        let optimum = world.optimum(&space, seed);
        regrets.iter_mut().zip(found).for_each(|(all, found)| all.push(100.0 * (optimum - found)));
    }
    let told = regrets.map(|all| {
        let count = all.len() as f64;
        let mean = all.iter().sum::<f64>() / count;
        format!("{mean:.2} ± {:.2}", warp::deviation(&all) / (count - 1.0).sqrt())
    });
    let noise = if is_reported { "reported" } else { "not reported" };
    println!("| {} | {noise} | {} |", world.name, told.join(" | "));
}

/// The trials of a study by `bayes`, one worker.
fn study(world: World, space: &Space, is_reported: bool, seed: u64) -> Vec<Tried> {
    let mut strategy = temper_strategy::build("bayes", &Default::default()).expect("it exists");
    let goal = Goal { metric: "accuracy".to_owned(), direction: Direction::Maximize };
    let mut history = History::new();
    let mut tried = Vec::new();
    let mut events = vec![Event::Opened(Setup {
        name: "bench".to_owned(),
        space: serde_json::from_str(SPACE).expect("the space is JSON"),
        require: Default::default(),
        goals: vec![goal.clone()],
        constraints: Vec::new(),
        seed,
        strategy: StrategySetup { name: "bayes".to_owned(), options: "{}".to_owned() },
        pruner: None,
        early_stopping: None,
        max_steps: None,
        stages: Vec::new(),
        repeat: None,
        confirm: None,
        budget: Default::default(),
        trials: Some(TRIALS),
    })];
    for id in 0..=TRIALS {
        for event in events.drain(..) {
            history.apply(&event).expect("the events follow from one another");
            strategy.tell(&event);
        }
        if id == TRIALS {
            break;
        }
        let mut rng = stream(seed, history.proposals());
        let next = strategy.ask(space, &history, &mut rng).expect("nothing is required");
        let Next::Start { config, until, fork, note, stage } = next else { panic!("{next:?}") };
        let (trial, lease) = (TrialId(id), Lease(history.len()));
        let result = world.answer(&config, space.encode(&config), trial, seed);
        let losses = vec![goal.loss(result.accuracy).expect("it is finite")];
        let noise = is_reported.then(|| ("accuracy_noise".to_owned(), result.noise));
        let outcome = Outcome::Completed { losses, metrics: Metrics::from_iter(noise) };
        tried.push(result);
        let (origin, seen, worker) = (Origin::Strategy, history.len(), WorkerId::new("bench"));
        events.push(Event::Started {
            trial,
            config,
            origin,
            seen,
            worker,
            until,
            fork,
            note,
            stage,
        });
        events.push(Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None });
    }
    tried
}

/// The losses that a process expects where trials were, in an unknown unit.
fn model(tried: &[Tried], is_reported: bool) -> Vec<f64> {
    let kernel = Kernel::new(vec![Axis::Numeric; 2], Smoothness::Matern52);
    let losses: Vec<f64> = tried.iter().map(|it| -it.accuracy).collect();
    let unit = warp::deviation(&losses).max(f64::MIN_POSITIVE);
    let mut samples = Samples::new(2);
    for (it, loss) in tried.iter().zip(warp::standardise(&losses)) {
        let variance = if is_reported { (it.noise / unit).powi(2) } else { 0.0 };
        samples.push_noisy(&it.point, &[true; 2], loss, variance).expect("they are finite");
    }
    let config = FitConfig { prior: Prior::scaled(2), starts: Vec::new(), iterations: 60 };
    let fitted = fit(&kernel, &samples, &config).expect("it can be fitted");
    let gp = Gp::new(&kernel, &fitted.hyperparameters, &samples).expect("it was fitted");
    let mean = |it: &Tried| gp.predict_mean(&it.point, &[true; 2]).expect("they are finite");
    tried.iter().map(mean).collect()
}
