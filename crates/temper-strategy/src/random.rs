//! Independent uniform draws from the unit cube.
//!
//! The baseline that every other strategy has to beat, and a sound choice when trials are cheap
//! and many run at once: unlike a grid it gives each parameter as many values as there are trials.
//!
//! Source: Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 2012.

use temper_core::{History, Next, Rng, Strategy, StrategyError, draw};
use temper_space::Space;

use crate::registry::{Entry, no_options};

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: "random",
    summary: "independent uniform draws; the baseline",
    build: |options| {
        no_options("random", options)?;
        Ok(Box::new(Random))
    },
};

/// The random strategy. It has no state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

impl Strategy for Random {
    fn ask(&mut self, space: &Space, _: &History, rng: &mut Rng) -> Result<Next, StrategyError> {
        draw(space, rng).map(Next::start)
    }
}

#[cfg(test)]
mod tests {
    use temper_core::stream;

    use super::*;

    #[test]
    fn draws_cover_a_choice_evenly() {
        let spec = r#"{"optimizer": {"type": "choice", "values": ["adamw", "sgd", "lion"]}}"#;
        let spec = serde_json::from_str(spec).unwrap();
        let space = Space::new(&spec, &Default::default()).unwrap();
        let mut counts = std::collections::BTreeMap::<String, u32>::new();
        for event in 0..3000 {
            let next = Random.ask(&space, &History::new(), &mut stream(7, event)).unwrap();
            let Next::Start { config, .. } = next else { panic!("{next:?}") };
            *counts.entry(config.get("optimizer").unwrap().to_string()).or_default() += 1;
        }
        // The standard deviation of a count is 26: five of them are missed once in a million seeds.
        assert!(counts.values().all(|count| count.abs_diff(1000) < 130), "{counts:?}");
    }
}
