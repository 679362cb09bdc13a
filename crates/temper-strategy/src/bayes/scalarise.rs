//! Many goals as one.

use rand::RngExt;
use temper_core::Rng;
use temper_gp::warp;

/// The share of the sum in the augmented Chebyshev norm. Knowles 2006, "`ParEGO`", eq. 2.
const SHARE: f64 = 0.05;

/// One loss for each vector of losses: the augmented Chebyshev norm under random weights, of
/// losses scaled to their ranges.
pub(super) fn scalarise(losses: &[&[f64]], rng: &mut Rng) -> Vec<f64> {
    let goals = losses.first().map_or(0, |losses| losses.len());
    // Exponential draws, divided by their sum, are uniform on the simplex.
    let draws: Vec<f64> = (0..goals).map(|_| -(1.0 - rng.random::<f64>()).ln()).collect();
    let total: f64 = draws.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let mut parts = vec![Vec::with_capacity(goals); losses.len()];
    for goal in 0..goals {
        let column: Vec<f64> = losses.iter().map(|losses| losses[goal]).collect();
        let column = warp::standardise(&warp::half_rank(&column));
        let low = column.iter().copied().fold(f64::INFINITY, f64::min);
        let weight = draws[goal] / total;
        parts.iter_mut().zip(column).for_each(|(part, loss)| part.push(weight * (loss - low)));
    }
    let norm = |part: &Vec<f64>| {
        part.iter().copied().fold(0.0, f64::max) + SHARE * part.iter().sum::<f64>()
    };
    parts.iter().map(norm).collect()
}
