//! The eigenvectors of a symmetric matrix.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{Mat, Par};

/// Eigenvectors (`n x n`, row-major, one in each column) and eigenvalues (`n`, ascending) of a
/// symmetric matrix (`n x n`); `None` if it has an element that is not finite, or none are found.
pub(super) fn eigen(matrix: &[f64], n: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    if !matrix.iter().all(|element| element.is_finite()) {
        return None;
    }
    let matrix = Mat::from_fn(n, n, |row, column| matrix[row * n + column]);
    let (mut vectors, mut values) = (Mat::zeros(n, n), Diag::zeros(n));
    let with_vectors = ComputeEigenvectors::Yes;
    // One thread, whatever the program has set for all: results must not depend on it.
    let scratch = self_adjoint_evd_scratch::<f64>(n, with_vectors, Par::Seq, Default::default());
    self_adjoint_evd(
        matrix.as_ref(),
        values.as_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    )
    .ok()?;
    let values: Vec<f64> = values.column_vector().iter().copied().collect();
    let basis = (0..n * n).map(|index| vectors[(index / n, index % n)]).collect();
    values.iter().all(|value| value.is_finite()).then_some((basis, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_put_together_again() {
        let n = 7;
        let element = |row: usize, column: usize| 1.0 / (1.0 + row.abs_diff(column) as f64);
        let matrix: Vec<f64> = (0..n * n).map(|index| element(index / n, index % n)).collect();
        let (basis, values) = eigen(&matrix, n).unwrap();
        assert!(values.is_sorted() && values[0] > 0.0);
        for (index, wanted) in matrix.iter().enumerate() {
            let (row, column) = (index / n, index % n);
            let sum: f64 =
                (0..n).map(|k| basis[row * n + k] * values[k] * basis[column * n + k]).sum();
            assert!((sum - wanted).abs() < 1e-12);
        }
    }

    #[test]
    fn a_matrix_that_is_not_finite_has_none() {
        assert!(eigen(&[1.0, f64::NAN, f64::NAN, 1.0], 2).is_none());
    }
}
