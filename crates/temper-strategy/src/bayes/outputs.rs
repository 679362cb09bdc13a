//! Losses and excesses as a process sees them.

use temper_gp::warp;

/// What a process is conditioned on: `n` each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outputs {
    pub(super) values: Vec<f64>,
    /// The variances that are known of their noise, in the squared unit of the values; 0 where none
    /// is.
    pub(super) variances: Vec<f64>,
}

/// A value with more noise than this, in units of the standard deviation of all, says nothing.
const MOST_NOISE: f64 = 1e3;

/// Values of whose noise nothing is known.
impl From<Vec<f64>> for Outputs {
    fn from(values: Vec<f64>) -> Self {
        Self { variances: vec![0.0; values.len()], values }
    }
}

impl Outputs {
    /// Standardised values, and their noise by the standard deviations that are known in the
    /// values' unit; the noise of those beyond the last one is not known.
    fn standardised(values: &[f64], noises: impl Iterator<Item = f64>) -> Self {
        let unit = warp::deviation(values);
        let mut outputs = Self::from(warp::standardise(values));
        for (variance, noise) in outputs.variances.iter_mut().zip(noises) {
            if noise > 0.0 {
                *variance = (noise / unit).min(MOST_NOISE).powi(2);
            }
        }
        outputs
    }

    /// The median of the variances that are known of the noise; 0 if that of most is not.
    pub(super) fn usual_variance(&self) -> f64 {
        let mut order = self.variances.clone();
        order.sort_by(f64::total_cmp);
        order.get(order.len() / 2).copied().unwrap_or(0.0)
    }

    /// Whether anything is known of the noise.
    pub(super) fn are_noisy(&self) -> bool {
        self.variances.iter().any(|variance| *variance > 0.0)
    }
}

/// Standardised losses, the worse half by their ranks. As what becomes of a loss there depends on
/// all the others, its noise is taken to shrink or grow as the half does.
pub(super) fn ranked(losses: &[f64], noises: &[f64]) -> Outputs {
    let warped = warp::half_rank(losses);
    let (median, stretch) = stretch(losses, &warped);
    let noises = noises.iter().zip(losses);
    let noises = noises.map(|(noise, loss)| if *loss > median { noise * stretch } else { *noise });
    Outputs::standardised(&warped, noises)
}

/// The median that parts the worse half of losses, and how many times as far from it as before its
/// middle one is once they are ranked.
fn stretch(losses: &[f64], warped: &[f64]) -> (f64, f64) {
    let sorted = |losses: &[f64]| {
        let mut order = losses.to_vec();
        order.sort_by(f64::total_cmp);
        order
    };
    // The order is kept.
    let (before, after) = (sorted(losses), sorted(warped));
    let Some(&median) = before.get(before.len().saturating_sub(1) / 2) else { return (0.0, 1.0) };
    let worse = before.partition_point(|loss| *loss <= median);
    let middle = usize::midpoint(worse, before.len());
    match (before.get(middle), after.get(middle)) {
        (Some(before), Some(after)) => (median, (after - median) / (before - median)),
        _ => (median, 1.0),
    }
}

/// Standardised losses without outliers, which are drawn in to the outer fence. Tukey 1977,
/// "Exploratory Data Analysis", section 2D. Of several goals none is ranked: a trade-off may well
/// lie in the worse half of one of them.
pub(super) fn fenced(losses: &[f64], noises: &[f64]) -> Outputs {
    Outputs::standardised(&drawn_in(losses), noises.iter().copied())
}

/// Losses, of which those beyond the outer fence are drawn in to it.
pub(super) fn drawn_in(losses: &[f64]) -> Vec<f64> {
    let mut order = losses.to_vec();
    order.sort_by(f64::total_cmp);
    let Some(last) = order.len().checked_sub(1) else { return order };
    let quartile = |quarter: usize| order[quarter * last / 4];
    let fence = quartile(3) + 3.0 * (quartile(3) - quartile(1));
    let spread = quartile(3) > quartile(1) && fence.is_finite();
    losses.iter().map(|loss| if spread { loss.min(fence) } else { *loss }).collect()
}

/// Excesses in units of their median size, large ones drawn in; 0 stays 0.
pub(super) fn scaled(excesses: &[f64]) -> Outputs {
    let mut sizes: Vec<f64> = excesses.iter().map(|excess| excess.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let unit = sizes[sizes.len() / 2].max(f64::MIN_POSITIVE);
    excesses.iter().map(|excess| (excess / unit).asinh()).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOSSES: [f64; 6] = [3.0, 1.0, 2.0, 40.0, 2.5, 8.0];

    #[test]
    fn the_noise_is_in_the_unit_of_the_values() {
        let noises = [0.5, 0.0, 0.1];
        let outputs = fenced(&LOSSES, &noises);
        let unit = warp::deviation(&drawn_in(&LOSSES));
        let expected = noises.map(|noise| (noise / unit).powi(2));
        assert_eq!(outputs.variances[..3], expected);
        assert_eq!(outputs.variances[3..], [0.0; 3]);
        assert_eq!(outputs.usual_variance(), 0.0);
        assert_eq!(fenced(&LOSSES, &[0.5, 0.1, 0.1, 0.1]).usual_variance(), expected[2]);
        assert_eq!(outputs.values, fenced(&LOSSES, &[]).values);
        assert!(outputs.are_noisy() && !fenced(&LOSSES, &[]).are_noisy());
    }

    #[test]
    fn the_noise_of_the_worse_half_shrinks_as_the_half_does() {
        let outputs = ranked(&LOSSES, &[1.0; 6]);
        let noise = |index: usize| outputs.variances[index].sqrt();
        let distance = |a: usize, b: usize| outputs.values[a] - outputs.values[b];
        // Of the better half a noise of 1 is as wide as the distance of the losses 1 and 2, and of
        // the worse one a fifth and a half of the distance of its middle, 8, from the median, 2.5.
        for better in [1, 2, 4] {
            assert!((noise(better) - distance(2, 1)).abs() < 1e-12);
        }
        for worse in [0, 3, 5] {
            assert!((noise(worse) - distance(5, 4) / 5.5).abs() < 1e-12);
        }
    }

    #[test]
    fn any_losses_and_noises_have_finite_variances() {
        for losses in [&[f64::MAX, f64::MIN, 1.0, -1.0][..], &[2.0; 4], &[1.0], &[]] {
            for noise in [0.0, -1.0, 1e-300, 1.0, f64::MAX] {
                for outputs in [ranked, fenced].map(|of| of(losses, &[noise; 4])) {
                    assert_eq!(outputs.variances.len(), losses.len());
                    let most = MOST_NOISE.powi(2);
                    assert!(outputs.variances.iter().all(|it| (0.0..=most).contains(it)));
                }
            }
        }
    }
}
