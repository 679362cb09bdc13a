//! When a run counts as diverged although its loss is a number.

use serde::{Deserialize, Serialize};

use crate::{TrainConfig, TrainError};

/// What the smoothed loss of one step counts in that of the next: its memory is 20 steps.
const SMOOTHING: f64 = 0.95;

/// Steps in the smoothed loss before it can be the best: a few examples may be easy by chance.
const FIRST_BEST: u64 = 5;

/// The default patience, as a share of all steps, and at least in steps: at most a tenth of a long run
/// is lost, and spikes of the loss (Chowdhery et al. 2022, section 5.1) have time to pass.
const PATIENCE_SHARE: f64 = 0.1;
const MIN_PATIENCE: u64 = 100;

/// A run has diverged once the losses of this many steps in a row are each this far above the
/// best smoothed loss so far, or above that of guessing where the model is trained from scratch.
///
/// It is the losses of single steps that have to stay above: one that comes back ends the row, so
/// that neither a spike nor noise around a loss that is no worse makes a run fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DivergenceRule {
    /// Nats per token.
    threshold: f64,
    /// Optimizer steps.
    patience: u64,
    /// The loss of a guess among all tokens alike, where the run begins with no more than that.
    guess: Option<f64>,
}

/// What the rule has to know of the steps so far.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub(crate) struct Trend {
    /// Steps so far.
    steps: u64,
    /// Sum of their losses, each weighed by 1 - `SMOOTHING` and by `SMOOTHING` for every step since.
    weighted: f64,
    /// The lowest smoothed loss, in nats per token.
    best: Option<f64>,
    /// How many of the last steps in a row were far above it.
    far_above: u64,
}

impl TrainConfig {
    /// When a run of `total_steps` optimizer steps counts as diverged; `None`: never.
    pub(crate) fn divergence_rule(&self, total_steps: u64) -> Option<DivergenceRule> {
        let share = (PATIENCE_SHARE * total_steps as f64).ceil() as u64;
        let patience = self.divergence_steps.map_or(share.max(MIN_PATIENCE), |steps| steps as u64);
        let threshold = self.divergence_threshold;
        let guess = self.base_model.is_none().then(|| (self.vocabulary() as f64).ln());
        (threshold > 0.0).then_some(DivergenceRule { threshold, patience, guess })
    }
}

impl Trend {
    /// Takes in the mean loss of the `step`th step, in nats per token.
    ///
    /// # Errors
    /// The run has diverged by the rule.
    pub(crate) fn add(
        &mut self,
        loss: f64,
        step: u64,
        rule: &DivergenceRule,
    ) -> Result<(), TrainError> {
        let best = self.best.into_iter().chain(rule.guess).reduce(f64::min);
        let is_far = best.is_some_and(|best| loss > best + rule.threshold);
        self.far_above = if is_far { self.far_above + 1 } else { 0 };
        if let Some(best) = best
            && self.far_above >= rule.patience
        {
            let (threshold, steps) = (rule.threshold, rule.patience);
            return Err(TrainError::FarAboveBest { step, loss, best, threshold, steps });
        }
        self.steps += 1;
        self.weighted = SMOOTHING * self.weighted + (1.0 - SMOOTHING) * loss;
        if self.steps >= FIRST_BEST {
            let smoothed = self.weighted / (1.0 - SMOOTHING.powf(self.steps as f64));
            self.best = Some(self.best.map_or(smoothed, |best| best.min(smoothed)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::rng::{Draw, stream};

    const RULE: DivergenceRule = DivergenceRule { threshold: 1.0, patience: 100, guess: None };

    /// The step at which a run of these losses has diverged.
    fn diverges(losses: impl IntoIterator<Item = f64>) -> Option<u64> {
        let mut trend = Trend::default();
        let mut numbered = (1..).zip(losses);
        numbered.find_map(|(step, loss)| trend.add(loss, step, &RULE).is_err().then_some(step))
    }

    /// A loss that falls from 5.5 towards 1.5, as that of bytes does.
    fn falling(steps: u64) -> impl Iterator<Item = f64> {
        (0..steps).map(|step| 1.5 + 4.0 * (-(step as f64) / 50.0).exp())
    }

    #[test]
    fn a_plateau_far_above_the_best_ends_a_run_after_its_patience() {
        let losses = falling(300).chain([3.3; 1_000]);
        assert_eq!(diverges(losses), Some(400));
        assert_eq!(diverges(falling(300).chain([2.4; 1_000])), None);
    }

    #[test]
    fn so_does_a_loss_far_above_guessing_from_the_first_steps_on() {
        let rule = DivergenceRule { guess: Some(5.5), ..RULE };
        let mut trend = Trend::default();
        let ended = (1..).find(|step| trend.add(80.0, *step, &rule).is_err());
        assert_eq!(ended, Some(100));
        assert_eq!(diverges([80.0; 1_000]), None);
    }

    #[test]
    fn a_spike_that_recovers_does_not() {
        let spike = (0..99).map(|step| 9.0 - 0.07 * f64::from(step));
        let twice = falling(300).chain(spike.clone()).chain([1.6]).chain(spike).chain([1.6; 50]);
        assert_eq!(diverges(twice), None);
    }

    #[test]
    fn neither_do_a_loss_that_only_falls_and_one_that_does_not_move() {
        assert_eq!(diverges(falling(2_000)), None);
        assert_eq!(diverges([5.5; 2_000]), None);
    }

    #[test]
    fn single_examples_of_very_different_losses_are_no_divergence() {
        // Fine-tuning one example at a time: losses from 0.01 to 10 nats. In 20 runs of 2,000 steps
        // the best is that of a lucky stretch, and no 100 steps in a row are all unlucky.
        for seed in 0..20 {
            let mut rng = stream(seed, Draw::Text);
            let losses = (0..2_000).map(|_| 0.01 * 1000_f64.powf(rng.random::<f64>()));
            assert_eq!(diverges(losses), None, "seed {seed}");
        }
    }

    #[test]
    fn the_patience_is_a_tenth_of_the_steps_or_what_is_given_and_a_threshold_of_zero_is_never() {
        let patience =
            |config: TrainConfig, steps| config.divergence_rule(steps).map(|rule| rule.patience);
        assert_eq!(patience(TrainConfig::default(), 300), Some(100));
        assert_eq!(patience(TrainConfig::default(), 5_001), Some(501));
        let given = TrainConfig { divergence_steps: Some(7), ..TrainConfig::default() };
        assert_eq!(patience(given, 5_000), Some(7));
        let never = TrainConfig { divergence_threshold: 0.0, ..TrainConfig::default() };
        assert_eq!(patience(never, 5_000), None);
    }
}
