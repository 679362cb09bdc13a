//! How far estimates of memory are from what was measured.

/// How much less than was ever seen a run may need, as a share, before anything was measured. The
/// estimate was within 5 % of what was measured in 12 runs (ARCHITECTURE.md): this is four times
/// that. After n measurements it is the (n+1)th part: that one more run is below them all has the
/// probability 1/(n+1) if none of them is special.
const MARGIN: f64 = 0.2;

/// What trials of a study were estimated to need and what they needed, in bytes. Whether the
/// differences are of a constant size or in proportion is not known, so that bounds hold for both.
#[derive(Clone, Debug, Default)]
pub(crate) struct Correction {
    /// Estimated and measured, of each trial.
    pairs: Vec<(f64, f64)>,
}

impl Correction {
    /// Takes in a trial that came as far as to need all that it does. One that was killed for want
    /// of memory did not.
    pub(crate) fn learn(&mut self, estimated: u64, measured: u64) {
        if estimated > 0 && measured > 0 {
            self.pairs.push((estimated as f64, measured as f64));
        }
    }

    /// How many trials were measured.
    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// What is usually to be multiplied by: the median of measured over estimated; 1 before
    /// anything was measured.
    pub(crate) fn usual(&self) -> f64 {
        let mut ratios: Vec<f64> = self.pairs.iter().map(|(told, was)| was / told).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(1.0)
    }

    /// The least that a run with this estimate can be expected to need, in bytes.
    pub(crate) fn least(&self, estimated: u64) -> u64 {
        let estimated = estimated as f64;
        let as_before = |(told, was): &(f64, f64)| {
            let (in_proportion, by_a_constant) = (estimated * was / told, estimated + was - told);
            in_proportion.min(by_a_constant)
        };
        let lowest = self.pairs.iter().map(as_before).min_by(f64::total_cmp);
        let margin = MARGIN / (self.pairs.len() + 1) as f64;
        (lowest.unwrap_or(estimated) * (1.0 - margin)).max(0.0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pairs: &[(u64, u64)]) -> Correction {
        let mut correction = Correction::default();
        pairs.iter().for_each(|(estimated, measured)| correction.learn(*estimated, *measured));
        correction
    }

    #[test]
    fn before_anything_was_measured_the_estimate_counts_less_the_margin() {
        let correction = Correction::default();
        assert_eq!((correction.usual(), correction.least(1_000_000)), (1.0, 800_000));
    }

    #[test]
    fn the_lowest_measurement_bounds_what_a_run_needs_more_closely_the_more_there_are() {
        let one = after(&[(1000, 900)]);
        assert_eq!(one.least(1000), 810);
        let four = after(&[(1000, 900), (1000, 1000), (1000, 1100), (1000, 1200)]);
        assert_eq!(four.least(1000), 864);
        assert_eq!(four.usual(), 1.1);
    }

    #[test]
    fn an_excess_of_small_runs_is_not_taken_to_grow_with_large_ones() {
        // A process that takes 100 MB more than the formula says, whatever is trained.
        let correction = after(&[(100_000_000, 200_000_000); 9]);
        assert_eq!(correction.least(1_000_000_000), 1_078_000_000);
        // What is less than estimated may well be so in proportion.
        let correction = after(&[(200_000_000, 100_000_000); 9]);
        assert_eq!(correction.least(1_000_000_000), 490_000_000);
    }

    #[test]
    fn what_was_not_measured_teaches_nothing() {
        assert_eq!(after(&[(1000, 0), (0, 1000)]).len(), 0);
    }
}
