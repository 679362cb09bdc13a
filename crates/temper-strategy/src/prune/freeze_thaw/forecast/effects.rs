//! Straight lines that differ from trial to trial: random effects, by expectation and maximisation.

/// What is needed of one trial's points `(f, y)`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Curve {
    count: f64,
    f: f64,
    ff: f64,
    y: f64,
    fy: f64,
    yy: f64,
}

/// The distribution of lines over trials.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effects {
    mean: [f64; 2],
    /// Symmetric: its entries 00, 01, 11.
    covariance: [f64; 3],
    variance: f64,
}

/// How often the parameters are improved: losses are standardised, and the parameters of few curves
/// settle within ten rounds.
const ROUNDS: u32 = 25;
/// Standardised values are not told apart more finely than this.
const FINEST: f64 = 1e-4;

impl Curve {
    pub(super) fn of(points: impl Iterator<Item = (f64, f64)>) -> Self {
        points.fold(Self::default(), |sum, (f, y)| Self {
            count: sum.count + 1.0,
            f: sum.f + f,
            ff: sum.ff + f * f,
            y: sum.y + y,
            fy: sum.fy + f * y,
            yy: sum.yy + y * y,
        })
    }

    /// The sum of squares about a line.
    fn rest(&self, [b0, b1]: [f64; 2]) -> f64 {
        let lines = b0 * b0 * self.count + 2.0 * b0 * b1 * self.f + b1 * b1 * self.ff;
        (self.yy - 2.0 * (b0 * self.y + b1 * self.fy) + lines).max(0.0)
    }
}

impl Effects {
    /// The parameters that explain the curves best, and the logarithm of their likelihood. One
    /// further trial of unit spread is assumed, without which few trials would seem to be alike.
    pub(super) fn fit(curves: &[Curve]) -> (Self, f64) {
        let mut effects = Self { mean: [0.0, 1.0], covariance: [1.0, 0.0, 1.0], variance: 0.1 };
        let points: f64 = curves.iter().map(|curve| curve.count).sum();
        let trials = curves.len() as f64;
        for _ in 0..ROUNDS {
            let lines: Vec<_> = curves.iter().map(|curve| effects.line(curve)).collect();
            let sum = |index: usize| lines.iter().map(|(mean, _)| mean[index]).sum::<f64>();
            let mean = [sum(0) / trials, sum(1) / trials];
            let mut covariance = [1.0, 0.0, 1.0];
            let mut rest = FINEST;
            for (curve, (own, spread)) in curves.iter().zip(&lines) {
                let (d0, d1) = (own[0] - mean[0], own[1] - mean[1]);
                covariance[0] += d0 * d0 + spread[0];
                covariance[1] += d0 * d1 + spread[1];
                covariance[2] += d1 * d1 + spread[2];
                rest += curve.rest(*own)
                    + curve.count * spread[0]
                    + 2.0 * curve.f * spread[1]
                    + curve.ff * spread[2];
            }
            let covariance = covariance.map(|entry| entry / (trials + 1.0));
            effects = Self { mean, covariance, variance: (rest / (points + 1.0)).max(FINEST) };
        }
        let likelihood = curves.iter().map(|curve| effects.log_likelihood(curve)).sum();
        (effects, likelihood)
    }

    /// Mean and variance of a trial's loss at the end.
    pub(super) fn end(&self, curve: &Curve) -> (f64, f64) {
        let (mean, spread) = self.line(curve);
        (mean[0], spread[0])
    }

    /// Mean and covariance of a trial's line given its points: Laird and Ware 1982, section 3.
    fn line(&self, curve: &Curve) -> ([f64; 2], [f64; 3]) {
        let prior = inverse(self.covariance);
        let precision = [
            prior[0] + curve.count / self.variance,
            prior[1] + curve.f / self.variance,
            prior[2] + curve.ff / self.variance,
        ];
        let spread = inverse(precision);
        let [m0, m1] = self.mean;
        let right = [
            prior[0] * m0 + prior[1] * m1 + curve.y / self.variance,
            prior[1] * m0 + prior[2] * m1 + curve.fy / self.variance,
        ];
        let mean = [
            spread[0] * right[0] + spread[1] * right[1],
            spread[1] * right[0] + spread[2] * right[1],
        ];
        (mean, spread)
    }

    /// Of a trial's points, its line integrated out; without constants.
    fn log_likelihood(&self, curve: &Curve) -> f64 {
        let (own, spread) = self.line(curve);
        let (d0, d1) = (own[0] - self.mean[0], own[1] - self.mean[1]);
        let prior = inverse(self.covariance);
        let distance = prior[0] * d0 * d0 + 2.0 * prior[1] * d0 * d1 + prior[2] * d1 * d1;
        let volume = determinant(self.covariance).ln() - determinant(spread).ln();
        -0.5 * (curve.count * self.variance.ln()
            + curve.rest(own) / self.variance
            + distance
            + volume)
    }
}

fn determinant([a, b, c]: [f64; 3]) -> f64 {
    (a * c - b * b).max(f64::MIN_POSITIVE)
}

fn inverse(matrix: [f64; 3]) -> [f64; 3] {
    let [a, b, c] = matrix;
    let determinant = determinant(matrix);
    [c / determinant, -b / determinant, a / determinant]
}
