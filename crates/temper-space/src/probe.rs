//! Looks for a runnable config, without chance.

use std::collections::BTreeMap;

use crate::{Config, Place, Space, SpaceError};

/// The number of configs that are tried at most.
const TRIES: u64 = 20_000;

impl Space {
    /// Looks for a config that satisfies every require: the defaults, then every config of a
    /// discrete space of at most 20 000, or 20 000 points spread evenly over a larger one. The
    /// same every time.
    ///
    /// # Errors
    ///
    /// [`SpaceError::Impossible`] with the require (or derived parameter) that failed most often,
    /// if no config that was tried is runnable.
    pub fn probe(&self) -> Result<(), SpaceError> {
        let points: Box<dyn Iterator<Item = Vec<f64>>> = match self.size() {
            Some(size) if size <= TRIES => Box::new((0..size).map(|index| self.grid_point(index))),
            _ => Box::new((0..TRIES).map(|index| spread_point(index, self.dims()))),
        };
        let configs = self.default_config().into_iter().chain(points.map(|p| self.decode(&p)));
        self.first_runnable(configs)
    }

    fn first_runnable(&self, configs: impl Iterator<Item = Config>) -> Result<(), SpaceError> {
        let mut failures: BTreeMap<Place, u64> = BTreeMap::new();
        for config in configs {
            match self.complete(config) {
                Ok(_) => return Ok(()),
                Err(unsatisfied) => *failures.entry(unsatisfied.place()).or_default() += 1,
            }
        }
        let tried = failures.values().sum();
        match failures.into_iter().max_by_key(|(_, failed)| *failed) {
            Some((place, failed)) => Err(SpaceError::Impossible { place, failed, tried }),
            None => Ok(()),
        }
    }

    /// The point of the config with this index, the first dimension turning fastest; `dims`
    /// coordinates.
    fn grid_point(&self, mut index: u64) -> Vec<f64> {
        let place = |levels: u64| {
            let level = index % levels;
            index /= levels;
            (level as f64 + 0.5) / levels as f64
        };
        self.axes().filter_map(|axis| axis.domain.levels()).map(place).collect()
    }
}

/// The point with this index of the additive recurrence `R_d`, `dims` coordinates in [0, 1):
/// `frac(1/2 + n alpha)`, `alpha_j = phi_d^-j`, where `phi_d` is the positive root of
/// `x^(d+1) = x + 1`.
/// Roberts 2018, "The Unreasonable Effectiveness of Quasirandom Sequences".
fn spread_point(index: u64, dims: usize) -> Vec<f64> {
    let degree = dims as f64 + 1.0;
    // The fixed point of x = (1 + x)^(1 / (d + 1)), as Roberts computes it; it contracts at least
    // by half per round.
    let phi = (0..64).fold(2.0f64, |x, _| (1.0 + x).powf(degree.recip()));
    let coordinate = |axis: usize| (0.5 + index as f64 * phi.powi(-(axis as i32 + 1))).fract();
    (0..dims).map(coordinate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_points_are_those_of_the_golden_and_the_plastic_number() {
        // Roberts 2018: phi_1 = 1.61803398874989, phi_2 = 1.32471795724474.
        let line = spread_point(1, 1);
        assert!((line[0] - (0.5f64 + 1.0 / 1.618_033_988_749_89).fract()).abs() < 1e-12);
        let plane = spread_point(1, 2);
        let plastic = 1.324_717_957_244_74_f64;
        assert!((plane[0] - (0.5 + plastic.recip()).fract()).abs() < 1e-12);
        assert!((plane[1] - (0.5 + plastic.powi(-2)).fract()).abs() < 1e-12);
    }

    #[test]
    fn the_points_are_spread_evenly_in_each_dimension() {
        for dims in [1, 2, 5, 12] {
            let mut counts = vec![[0u32; 10]; dims];
            for index in 0..1_000 {
                for (axis, place) in spread_point(index, dims).into_iter().enumerate() {
                    counts[axis][(place * 10.0) as usize] += 1;
                }
            }
            // Even would be 100 in each tenth; independent draws would leave 70 to 130 at times.
            assert!(counts.iter().flatten().all(|count| (80..=120).contains(count)), "{counts:?}");
        }
    }
}
