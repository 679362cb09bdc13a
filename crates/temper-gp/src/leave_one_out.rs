//! Each sample predicted by the others.

use crate::Gp;
use crate::gp::dot;

/// What is left out is predicted by the others: `n` each.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaveOneOut {
    /// The mean predicted for each sample's output.
    pub means: Vec<f64>,
    /// The variance of each prediction, the noise of that output included.
    pub variances: Vec<f64>,
}

impl Gp {
    /// Predicts each sample's output from all the others. O(n^3).
    /// Sundararajan and Keerthi 2001; Rasmussen and Williams 2006, eq. 5.12, with the mean kept.
    pub fn leave_one_out(&self) -> LeaveOneOut {
        let precision = |sample: usize| {
            let mut unit = vec![0.0; self.len()];
            unit[sample] = 1.0;
            self.factored.triangle.solve_lower(&mut unit);
            dot(&unit, &unit)
        };
        let precisions: Vec<f64> = (0..self.len()).map(precision).collect();
        let parts = self.outputs.iter().zip(&self.factored.weights).zip(&precisions);
        LeaveOneOut {
            means: parts.map(|((output, weight), precision)| output - weight / precision).collect(),
            variances: precisions.iter().map(|precision| precision.recip()).collect(),
        }
    }
}
