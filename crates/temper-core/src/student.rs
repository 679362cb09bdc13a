//! What a few numbers say about the mean of the distribution that they were drawn from.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Numbers from one normal distribution, of which neither mean nor variance is known.
///
/// Under a flat prior of the mean and of the logarithm of the deviation, the mean is distributed as
/// `mean + s / sqrt(n) * t`, `t` of Student's distribution with `n - 1` degrees of freedom. Gelman et
/// al., "Bayesian Data Analysis", 3rd edition, 2013, section 3.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    count: usize,
    mean: f64,
    /// Of one number: `n - 1` in the denominator. 0 exactly if all are equal.
    variance: f64,
}

impl Sample {
    /// The sample of these numbers; `None` if there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let first = *values.first()?;
        let count = values.len();
        if values.iter().all(|value| *value == first) {
            return Some(Self { count, mean: first, variance: 0.0 });
        }
        let mean: f64 = values.iter().map(|value| value / count as f64).sum();
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self { count, mean, variance: squares / (count - 1) as f64 })
    }

    /// How many numbers there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Their mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard error of the mean; `None` of one number.
    #[must_use]
    pub fn standard_error(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.variance / self.count as f64).sqrt())
    }

    /// Where the mean of the distribution lies with this probability, below 1; `None` of one number.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> Option<(f64, f64)> {
        let error = self.standard_error()?;
        let width = error * self.student()?.inverse_cdf(0.5 + confidence / 2.0);
        Some((self.mean - width, self.mean + width))
    }

    /// How likely the mean of the distribution is to be above 0; `None` of one number. Of equal
    /// numbers it is 0, 1/2 or 1. One minus it is the p-value of the one-sided t-test.
    #[must_use]
    pub fn chance_above_zero(&self) -> Option<f64> {
        let error = self.standard_error()?;
        if error > 0.0 {
            return Some(self.student()?.cdf(self.mean / error));
        }
        Some(if self.mean == 0.0 { 0.5 } else { f64::from(self.mean > 0.0) })
    }

    fn student(&self) -> Option<StudentsT> {
        StudentsT::new(0.0, 1.0, self.count.checked_sub(1)? as f64).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 1e-9 * wanted.abs().max(1e-3), "{found} {wanted}");
    }

    #[test]
    fn means_errors_intervals_and_chances_are_those_of_scipy() {
        // SciPy 1.17.1: a = [...]; numpy.mean(a), scipy.stats.sem(a),
        // scipy.stats.t.interval(0.95, n - 1, mean, sem), scipy.stats.t.cdf(mean / sem, n - 1).
        for (values, mean, error, interval, chance) in CASES {
            let sample = Sample::of(values).unwrap();
            assert_eq!(sample.count(), values.len());
            assert_near(sample.mean(), *mean);
            assert_near(sample.standard_error().unwrap(), *error);
            let (low, high) = sample.interval(0.95).unwrap();
            assert_near(low, interval.0);
            assert_near(high, interval.1);
            assert_near(sample.chance_above_zero().unwrap(), *chance);
        }
    }

    #[test]
    fn of_equal_numbers_it_is_certain_and_of_one_nothing_is_said() {
        let chance = |values: &[f64]| Sample::of(values).and_then(|it| it.chance_above_zero());
        assert_eq!(chance(&[0.1; 3]), Some(1.0));
        assert_eq!(chance(&[-0.1; 3]), Some(0.0));
        assert_eq!(chance(&[0.0; 3]), Some(0.5));
        let (low, high) = Sample::of(&[0.1; 3]).unwrap().interval(0.95).unwrap();
        assert_eq!((low, high), (0.1, 0.1));
        let one = Sample::of(&[0.1]).unwrap();
        assert_eq!((one.mean(), one.standard_error(), one.interval(0.95)), (0.1, None, None));
        assert_eq!((chance(&[0.1]), Sample::of(&[])), (None, None));
    }

    type Case = (&'static [f64], f64, f64, (f64, f64), f64);

    const CASES: &[Case] = &[
        (
            &[0.012, -0.004, 0.021],
            0.009666666666666667,
            0.007310570733153771,
            (-0.02178818045436393, 0.04112151378769727),
            0.8414838261904061,
        ),
        (
            &[2.31, 2.29, 2.35, 2.3, 2.33],
            2.316,
            0.010770329614269034,
            (2.2860967710610955, 2.345903228938904),
            0.9999999985971204,
        ),
        (
            &[-0.3, 0.1],
            -0.09999999999999999,
            0.2,
            (-2.641240947234939, 2.441240947234939),
            0.35241638234956674,
        ),
        (
            &[0.5, 0.4, 0.45, 0.52, 0.38, 0.61, 0.47, 0.55, 0.43, 0.49],
            0.48,
            0.022060522810365732,
            (0.43009563030945797, 0.529904369690542),
            0.9999999978434999,
        ),
        (
            &[-0.001, 0.002, -0.004, -0.002],
            -0.00125,
            0.00125,
            (-0.005228057881604635, 0.0027280578816046347),
            0.19550110947788524,
        ),
        (
            &[5.0, -7.0, 1.5, -2.25, 0.125, 3.5],
            0.14583333333333334,
            1.764941177804833,
            (-4.3910923992983335, 4.682759065965),
            0.5313233334033294,
        ),
    ];
}
