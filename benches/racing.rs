//! What a race over the items of an evaluation saves, and what it loses: made-up evaluations of
//! configurations, all on the same items in the same order, under pruners that stop or pause.
//!
//! Whether an answer is right follows an item-response model: its probability is the logistic function
//! of the configuration's ability less the item's difficulty (Rasch 1960), and part of the luck is the
//! item's, shared by all configurations. Worlds differ in how much configurations differ, in how alike
//! they answer, in the kind of score, and in how many items there are.
//!
//! `cargo xtask bench racing` prints the table as Markdown. The defaults of `race` were chosen by other
//! seeds.

use rand::RngExt;
use temper_core::{Config, Rng, Value, stream};

use evaluation::Evaluation;

mod evaluation;

const SEEDS: std::ops::Range<u64> = 3000..3040;
const STRATEGIES: [&str; 3] = ["random", "tpe", "bayes"];
const PRUNERS: [(&str, &str); 5] = [
    ("none", "{}"),
    ("race", "{}"),
    ("wilcoxon", "{}"),
    ("asha", r#"{"mode": "promote"}"#),
    ("median", "{}"),
];

/// How configurations answer.
#[derive(Clone, Copy)]
struct World {
    name: &'static str,
    trials: u64,
    items: u64,
    /// How much abilities differ beside their noise, and the deviation of difficulties.
    spread: f64,
    difficulties: f64,
    /// The part of the luck that configurations share.
    shared: f64,
    /// No configuration's ability is above this.
    most: f64,
    is_continuous: bool,
}

const BASE: World = World {
    name: "abilities differ",
    trials: 40,
    items: 120,
    spread: 1.0,
    difficulties: 1.5,
    shared: 0.3,
    most: f64::INFINITY,
    is_continuous: false,
};

const WORLDS: [World; 5] = [
    BASE,
    World { name: "alike answers", difficulties: 3.0, shared: 0.8, ..BASE },
    World { name: "many are the best", most: 0.0, shared: 0.8, ..BASE },
    World { name: "abilities hardly differ", spread: 0.3, ..BASE },
    World { name: "continuous scores", trials: 60, items: 200, is_continuous: true, ..BASE },
];

impl World {
    /// The ability of a configuration: a smooth peak in temperature and top-p, and better prompts.
    fn ability(self, config: &Config, seed: u64) -> f64 {
        let number = |name| config.get(name).and_then(Value::as_f64).expect("the space has it");
        let mut luck = stream(seed, 1);
        let mut place = || luck.random::<f64>();
        let (warm, wide) = (number("temperature") - place(), number("top_p") - place());
        let prompts: [f64; 4] = std::array::from_fn(|_| place());
        let prompt = prompts[number("examples") as usize];
        (0.5 + self.spread * (prompt - 1.5 * warm * warm - wide * wide - 0.6)).min(self.most)
    }

    /// What each item scores.
    fn scores(self, config: &Config, seed: u64) -> Vec<f64> {
        let ability = self.ability(config, seed);
        let (mut of_items, mut own) = (stream(seed, 2), stream(seed, hash(config)));
        let score = |_| {
            let difficulty = self.difficulties * normal(&mut of_items);
            let (common, is_shared) = (of_items.random::<f64>(), own.random::<f64>() < self.shared);
            let luck = own.random::<f64>();
            let right = 1.0 / (1.0 + (1.7 * (difficulty - ability)).exp());
            if self.is_continuous {
                return (right + 0.3 * (luck - 0.5)).clamp(0.0, 1.0);
            }
            f64::from(if is_shared { common } else { luck } < right)
        };
        (0..self.items).map(score).collect()
    }
}

fn normal(rng: &mut Rng) -> f64 {
    temper_gp::normal::quantile(rng.random::<f64>().clamp(1e-9, 1.0 - 1e-9))
}

/// The same for equal configurations: FNV-1a.
fn hash(config: &Config) -> u64 {
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    config.key().bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

fn main() {
    println!(
        "| world | strategy | pruner | items asked | the best found | regret | its mean | \
         studies above 40 % |\n|---|---|---|---|---|---|---|---|"
    );
    for world in WORLDS {
        for strategy in STRATEGIES {
            for pruner in PRUNERS {
                row(world, strategy, pruner);
            }
        }
    }
}

/// The means over seeds. The regret is what the mean of all items of the winner lacks to the best one
/// of the configurations that the study tried.
fn row(world: World, strategy: &str, pruner: (&str, &str)) {
    let count = (SEEDS.end - SEEDS.start) as f64;
    let (mut asked, mut found, mut regret, mut reached, mut over) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for seed in SEEDS {
        let scores = |config: &Config| world.scores(config, seed);
        let result = Evaluation::run(strategy, pruner, world.trials, world.items, seed, &scores);
        let share = result.asked as f64 / (world.trials * world.items) as f64;
        asked += share / count;
        over += f64::from(share > 0.4) / count;
        // Sums of the same numbers in the same order: the same winner has no regret at all.
        found += f64::from(result.best - result.winner <= 1e-12) / count;
        regret += (result.best - result.winner) / count;
        reached += result.winner / count;
    }
    println!(
        "| {} | `{strategy}` | `{}` | {:.1} % | {:.0} % | {regret:.4} | {reached:.3} | {:.0} % |",
        world.name,
        pruner.0,
        asked * 100.0,
        found * 100.0,
        over * 100.0
    );
}
