//! Loops over rows of numbers that compilers turn into vector instructions.
//!
//! [`vectorized`] compiles what it is given for the best instructions that the machine has;
//! everything within it has to be inlined. Sums have as many partial sums as a wide register has
//! lanes: their order is the same on all machines.

use std::ops::Range;

/// Partial sums of a sum.
const LANES: usize = 16;

/// Runs it with the vector instructions of this machine. A closure has to be `#[inline(always)]`:
/// one that is called is compiled for the oldest machine.
pub(super) fn vectorized<T>(run: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(run)
}

/// Folds a pair of rows of the same length by `step`, and the partial results by `join`.
#[inline(always)]
fn fold(
    left: &[f32],
    right: &[f32],
    start: f32,
    step: impl Fn(f32, f32, f32) -> f32,
    join: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut lanes = [start; LANES];
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left.iter().zip(right) {
        for ((lane, left), right) in lanes.iter_mut().zip(left).zip(right) {
            *lane = step(*lane, *left, *right);
        }
    }
    for ((lane, left), right) in lanes.iter_mut().zip(left_rest).zip(right_rest) {
        *lane = step(*lane, *left, *right);
    }
    lanes.into_iter().fold(start, join)
}

#[inline(always)]
pub(super) fn dot(left: &[f32], right: &[f32]) -> f32 {
    fold(left, right, 0.0, |sum, left, right| sum + left * right, |sum, lane| sum + lane)
}

#[inline(always)]
pub(super) fn sum(row: &[f32]) -> f32 {
    fold(row, row, 0.0, |sum, value, _| sum + value, |sum, lane| sum + lane)
}

/// The largest value; passes over NaN.
#[inline(always)]
pub(super) fn max(row: &[f32]) -> f32 {
    let larger = |best: f32, value: f32| if value > best { value } else { best };
    fold(row, row, f32::NEG_INFINITY, |best, value, _| larger(best, value), larger)
}

/// The range, longer by what is missing to whole registers, as far as there are `length` numbers:
/// what is computed too much costs less than numbers one by one.
#[inline(always)]
pub(super) fn in_registers(range: Range<usize>, length: usize) -> Range<usize> {
    let end = range.start + range.len().next_multiple_of(LANES);
    range.start..end.min(length)
}

/// Changes the pairs of two rows of the same length.
#[inline(always)]
pub(super) fn change(left: &mut [f32], right: &mut [f32], step: impl Fn(&mut f32, &mut f32)) {
    let (left, left_rest) = left.as_chunks_mut::<LANES>();
    let (right, right_rest) = right.as_chunks_mut::<LANES>();
    for (left, right) in left.iter_mut().zip(right) {
        left.iter_mut().zip(right).for_each(|(left, right)| step(left, right));
    }
    left_rest.iter_mut().zip(right_rest).for_each(|(left, right)| step(left, right));
}

/// Replaces each value by e^(value - `largest`), and gives their sum.
#[inline(always)]
pub(super) fn exp_sum(row: &mut [f32], largest: f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = row.as_chunks_mut::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *value = exp(*value - largest);
            *lane += *value;
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *value = exp(*value - largest);
        *lane += *value;
    }
    lanes.into_iter().sum()
}

/// 1.5 x 2^23 and the bias of an exponent: adding it leaves the nearest integer, biased, in the
/// last bits.
const ROUND: f32 = 12_582_912.0 + 127.0;

/// e^x within 2 units of the last place, from 2^-126 to 2^127; beyond, the nearer of these.
///
/// The polynomial and the two parts of ln 2 are those of Cephes' `expf` (Moshier 1992).
#[inline(always)]
#[expect(clippy::excessive_precision, reason = "the constants as published")]
pub(super) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.336_54, 88.0);
    let rounded = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let power = rounded - ROUND;
    let x = power.mul_add(-0.693_359_375, x);
    let x = power.mul_add(2.121_944_40e-4, x);
    let polynomial = 1.987_569_15e-4_f32;
    let polynomial = polynomial.mul_add(x, 1.398_199_950_7e-3);
    let polynomial = polynomial.mul_add(x, 8.333_451_907_3e-3);
    let polynomial = polynomial.mul_add(x, 4.166_579_589_4e-2);
    let polynomial = polynomial.mul_add(x, 1.666_666_545_9e-1);
    let polynomial = polynomial.mul_add(x, 5.000_000_120_1e-1);
    let fraction = (polynomial * x).mul_add(x, x) + 1.0;
    fraction * f32::from_bits(rounded.to_bits() << 23)
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_right_to_the_last_two_places() {
        for step in -8_700..=8_800 {
            let x = step as f32 / 100.0 + 0.003;
            let exact = f64::from(x.min(88.0)).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2.4e-7, "exp({x}) is {} and not {exact}", exp(x));
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NEG_INFINITY) < 1.2e-38);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn sums_and_the_largest_take_every_value_once() {
        for length in [0, 1, 15, 16, 17, 40] {
            let row: Vec<f32> = (0..length).map(|value| value as f32 - 3.0).collect();
            assert_eq!(sum(&row), row.iter().sum::<f32>());
            let mut shares = row.clone();
            let total = exp_sum(&mut shares, length as f32);
            assert!((total - shares.iter().sum::<f32>()).abs() <= 1e-6 * total);
            for (share, value) in shares.iter().zip(&row) {
                assert_eq!(*share, exp(value - length as f32));
            }
            assert_eq!(dot(&row, &row), row.iter().map(|value| value * value).sum::<f32>());
            assert_eq!(max(&row), row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    }
}
