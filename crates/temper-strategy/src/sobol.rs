//! Points that fill the unit cube evenly from the first to the last: a scrambled Sobol sequence.
//!
//! Every aligned block of 2^k points has one in each of 2^k equal slices of every parameter, where
//! random draws leave gaps and clumps. Prefer it to `random` whenever nothing is to be learned from
//! the results; it is also how other strategies start.
//!
//! Source: Sobol', "On the distribution of points in a cube and the approximate evaluation of
//! integrals", 1967; direction numbers by Joe and Kuo, SIAM J. Sci. Comput. 30, 2008; scrambled as
//! in Burley, "Practical Hash-based Owen Scrambling", JCGT 9(4), 2020.

use temper_core::{Event, History, Next, Rng, Strategy, StrategyError};
use temper_space::Space;

use crate::evidence::Evidence;
use crate::proposal::{Proposal, draw_new};
use crate::registry::{Entry, no_options};

pub(crate) const ENTRY: Entry<dyn Strategy> = Entry {
    name: "sobol",
    summary: "points that fill the space evenly, without learning from results",
    build: |options| {
        no_options("sobol", options)?;
        Ok(Box::new(Sobol::default()))
    },
};

/// The number of points before the sequence repeats under another scramble.
const LENGTH: u32 = 1 << 16;

/// The number of points looked at for each configuration of a finite space. So many uniform draws
/// miss a given one with a probability of e^-32.
const POINTS_PER_CONFIG: u64 = 32;

/// The Sobol strategy.
#[derive(Clone, Debug, Default)]
pub struct Sobol {
    evidence: Evidence,
    sequence: Sequence,
}

impl Strategy for Sobol {
    fn ask(
        &mut self,
        space: &Space,
        history: &History,
        rng: &mut Rng,
    ) -> Result<Next, StrategyError> {
        self.sequence.next(space, history, &self.evidence, rng).map(Next::from)
    }

    fn tell(&mut self, event: &Event) {
        self.sequence.tell(event);
        self.evidence.tell(event);
    }
}

/// The allowed points of the sequence that were not started, in order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sequence {
    /// All points before this one were started or are not allowed.
    cursor: u32,
}

impl Sequence {
    /// Takes note of an event.
    pub(crate) fn tell(&mut self, event: &Event) {
        if let Event::Opened(_) = event {
            self.cursor = 0; // The seed may be another, and so the sequence.
        }
    }

    /// The configuration of the next point; once the sequence has been used up, a random one that
    /// is new if such a one is found.
    pub(crate) fn next(
        &mut self,
        space: &Space,
        history: &History,
        evidence: &Evidence,
        rng: &mut Rng,
    ) -> Result<Proposal, StrategyError> {
        let enough = |size: u64| size.saturating_mul(POINTS_PER_CONFIG).min(u64::from(LENGTH));
        let length = space.size().map_or(u64::from(LENGTH), enough);
        while u64::from(self.cursor) < length {
            let point = sobol_point(self.cursor, space.dims(), scramble(history));
            match space.complete(space.decode(&point)) {
                Ok(config) if !evidence.knows(&config) => return Ok(config.into()),
                _ => self.cursor += 1,
            }
        }
        let drawn = draw_new(space, evidence, rng)?;
        let note = "a random draw, for all Sobol points are used up";
        Ok(Proposal { note: drawn.note.or_else(|| Some(note.to_owned())), ..drawn })
    }
}

/// The scramble of a study, the same for all its points.
pub(crate) fn scramble(history: &History) -> u32 {
    let seed = history.setup().map_or(0, |setup| setup.seed);
    (seed ^ (seed >> 32)) as u32
}

/// One point of the sequence, `dims` coordinates below 1.
///
/// The tables end at 256 dimensions and 2^16 points. Dimensions and points past that come from
/// sequences with other scrambles, which are even in themselves and independent of the first.
pub(crate) fn sobol_point(index: u32, dims: usize, seed: u32) -> Vec<f64> {
    // Two odd constants without a common pattern: the golden ratio's and that of xxHash.
    let later = (index / LENGTH).wrapping_mul(0x9e37_79b9);
    let coordinate = |dim: u32| {
        let wider = (dim / sobol_burley::NUM_DIMENSIONS).wrapping_mul(0x85eb_ca77);
        let seed = seed.wrapping_add(later).wrapping_add(wider);
        sobol_burley::sample(index % LENGTH, dim % sobol_burley::NUM_DIMENSIONS, seed).into()
    };
    (0..dims).map(|dim| coordinate(dim as u32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(points: &[Vec<f64>], dim: usize) -> Vec<u32> {
        let mut counts = vec![0; points.len()];
        for point in points {
            counts[(point[dim] * points.len() as f64) as usize] += 1;
        }
        counts
    }

    #[test]
    fn each_slice_of_each_parameter_has_one_point() {
        for dims in [1, 7, 300] {
            for start in [0, 64, LENGTH] {
                let points: Vec<_> = (0..64).map(|i| sobol_point(start + i, dims, 7)).collect();
                for dim in 0..dims {
                    assert_eq!(slices(&points, dim), [1; 64], "{dims} {start} {dim}");
                }
            }
        }
    }

    #[test]
    fn pairs_of_parameters_are_filled_evenly_too() {
        // An Owen-scrambled (0, m, 2)-net in base 2: one point in each of the 8 x 8 squares.
        let squares: std::collections::BTreeSet<_> = (0..64)
            .map(|index| sobol_point(index, 2, 7))
            .map(|point| ((point[0] * 8.0) as u32, (point[1] * 8.0) as u32))
            .collect();
        assert_eq!(squares.len(), 64);
    }

    #[test]
    fn seeds_and_repeated_tables_give_other_points() {
        let point = sobol_point(3, 300, 7);
        assert_ne!(point, sobol_point(3, 300, 8));
        assert_ne!(point, sobol_point(LENGTH + 3, 300, 7));
        assert_ne!(point[..44], point[256..]);
    }

    #[test]
    fn a_finite_space_is_exhausted_before_anything_repeats() {
        let spec = r#"{
            "layers": {"type": "int", "low": 1, "high": 5},
            "optimizer": {"type": "choice", "values": ["adamw", "sgd"]},
            "nesterov": {"type": "choice", "values": [true, false], "when": {"optimizer": "sgd"}}
        }"#;
        let spec = serde_json::from_str(spec).unwrap();
        let space = Space::new(&spec, &Default::default()).unwrap();
        let (mut sobol, mut history) = (Sobol::default(), History::new());
        let mut keys = std::collections::BTreeSet::new();
        for trial in 0..20 {
            let mut rng = temper_core::stream(7, trial);
            let next = sobol.ask(&space, &history, &mut rng).unwrap();
            let Next::Start { config, note, .. } = next else { panic!("{next:?}") };
            assert_eq!(note.is_some(), trial >= 15, "{note:?}");
            keys.insert(config.key());
            let event = Event::Started {
                trial: temper_core::TrialId(trial),
                config,
                origin: temper_core::Origin::Strategy,
                seen: history.len(),
                worker: temper_core::WorkerId::new("test"),
                until: None,
                fork: None,
                note: None,
                stage: None,
            };
            history.apply(&event).unwrap();
            sobol.tell(&event);
            // 5 x (adamw, sgd with and without Nesterov): all of the first 15 differ.
            assert_eq!(keys.len(), 15.min(trial as usize + 1));
        }
    }
}
