//! A lower-triangular matrix that grows by rows: the factor of a covariance matrix.

use faer::linalg::solvers::Llt;
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Mat, Par, Side};

use crate::inputs::lanes;

/// `L` with `L L^T = K`, its rows one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Triangle {
    len: usize,
    /// Row `i` begins at `i (i + 1) / 2`.
    rows: Vec<f64>,
}

impl Triangle {
    /// The Cholesky factor of the matrix whose upper part this is; `None` if it is not positive
    /// definite. O(n^3).
    pub(crate) fn factorise(matrix: &Mat<f64>) -> Option<(Self, Llt<f64>)> {
        let factor = matrix.llt(Side::Upper).ok()?;
        let (len, lower) = (matrix.nrows(), factor.L());
        let entries = (0..len).flat_map(|row| (0..=row).map(move |column| (row, column)));
        let rows: Vec<f64> = entries.map(|(row, column)| lower[(row, column)]).collect();
        rows.iter().all(|entry| entry.is_finite()).then_some((Self { len, rows }, factor))
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.rows[row * (row + 1) / 2..][..=row]
    }

    /// Adds a row and column to `K`: the covariances with the present ones, and the variance.
    /// False, and unchanged, if the result would not be positive definite. O(n^2).
    pub(crate) fn extend(&mut self, mut covariances: Vec<f64>, variance: f64) -> bool {
        self.solve_lower(&mut covariances);
        let rest = variance - lanes(&covariances, &covariances, |a, b| a * b);
        let grows = rest > 0.0 && rest.is_finite();
        if grows {
            self.rows.append(&mut covariances);
            self.rows.push(rest.sqrt());
            self.len += 1;
        }
        grows
    }

    /// Keeps the first rows and columns.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.rows.truncate(self.len * (self.len + 1) / 2);
    }

    /// `L^-1 v` in place. O(n^2).
    pub(crate) fn solve_lower(&self, v: &mut [f64]) {
        for i in 0..self.len {
            let row = self.row(i);
            let (done, rest) = v.split_at_mut(i);
            rest[0] = (rest[0] - lanes(row, done, |a, b| a * b)) / row[i];
        }
    }

    /// `L^-T v` in place. O(n^2).
    pub(crate) fn solve_upper(&self, v: &mut [f64]) {
        for i in (0..self.len).rev() {
            let row = self.row(i);
            let (rest, done) = v.split_at_mut(i);
            let solved = done[0] / row[i];
            done[0] = solved;
            rest.iter_mut().zip(row).for_each(|(rest, entry)| *rest -= entry * solved);
        }
    }

    /// `L^-1 V` in place for several right-hand sides at once, the columns of `V`. O(n^2) each.
    pub(crate) fn solve_lower_many(&self, v: &mut Mat<f64>) {
        let mut upper = Mat::zeros(self.len, self.len);
        for row in 0..self.len {
            upper.col_as_slice_mut(row)[..=row].copy_from_slice(self.row(row));
        }
        solve_lower_triangular_in_place(upper.transpose(), v.as_mut(), Par::Seq);
    }

    /// `ln det K`.
    pub(crate) fn ln_determinant(&self) -> f64 {
        2.0 * (0..self.len).map(|i| self.row(i)[i].ln()).sum::<f64>()
    }
}
