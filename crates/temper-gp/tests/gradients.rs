//! Every gradient against central finite differences.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use temper_gp::{
    Axis, Gp, Hyperparameters, Kernel, Prior, Samples, Smoothness, ln_marginal, ln_prior,
};

/// A fixed sequence in `[0, 1)` that looks random: Weyl's, with the golden ratio.
fn place(i: usize) -> f64 {
    (0.5 + 0.618_033_988_749_894_9 * i as f64).fract()
}

const DIMS: usize = 5;

/// Three numeric axes and two choices, both sorts also inactive in some samples.
fn kernel(smoothness: Smoothness) -> Kernel {
    let axes = [Axis::Numeric, Axis::Choice, Axis::Numeric, Axis::Numeric, Axis::Choice];
    Kernel::new(axes.to_vec(), smoothness)
}

/// A point, and which of its coordinates are active: axes 3 and 4 come and go.
fn point(kernel: &Kernel, i: usize) -> (Vec<f64>, [bool; DIMS]) {
    let axes = kernel.axes().iter().enumerate();
    let coordinates = axes.map(|(axis, kind)| match kind {
        Axis::Numeric => place(DIMS * i + axis),
        Axis::Choice => ((DIMS * i * i + axis) % 3) as f64 / 3.0,
    });
    (coordinates.collect(), [true, true, true, !i.is_multiple_of(3), !i.is_multiple_of(4)])
}

/// Of every third the noise is not known.
fn samples(kernel: &Kernel) -> Samples {
    let mut samples = Samples::new(DIMS);
    for i in 0..25 {
        let (point, active) = point(kernel, i);
        let output = (4.0 * point[0]).sin() + point[1] - point[2] * point[3] + place(7 * i);
        samples.push_noisy(&point, &active, output, 0.1 * (i % 3) as f64).unwrap();
    }
    samples
}

fn hyperparameters() -> Hyperparameters {
    Hyperparameters { lengthscales: vec![0.4, 1.3, 0.9, 2.5, 0.7], signal: 1.7, noise: 0.05 }
}

/// `hyperparameters` with the logarithm of the one at `index` moved.
fn moved(index: usize, step: f64) -> Hyperparameters {
    let mut hyperparameters = hyperparameters();
    let Hyperparameters { lengthscales, signal, noise } = &mut hyperparameters;
    let all = lengthscales.iter_mut().chain([signal, noise]);
    all.enumerate().filter(|(i, _)| *i == index).for_each(|(_, number)| *number *= step.exp());
    hyperparameters
}

const STEP: f64 = 1e-5;

/// A central difference errs by about `STEP^2` for the third derivative, and by a rounding over
/// `STEP`: both are near 1e-10 of the scale of the values here. A wrong term is far above 1e-7.
#[track_caller]
fn assert_slope(found: f64, f: impl Fn(f64) -> f64) {
    let expected = (f(STEP) - f(-STEP)) / (2.0 * STEP);
    assert!((found - expected).abs() < 1e-7 * expected.abs().max(1.0), "{found} {expected}");
}

const BOTH: [Smoothness; 2] = [Smoothness::Matern52, Smoothness::Rbf];

#[test]
fn the_gradient_of_the_likelihood_is_that_of_differences() {
    for kernel in BOTH.map(kernel) {
        let samples = samples(&kernel);
        let value = |hyperparameters| ln_marginal(&kernel, &samples, &hyperparameters).unwrap();
        let (likelihood, gradient) = value(hyperparameters());
        let gp = Gp::new(&kernel, &hyperparameters(), &samples).unwrap();
        assert!((likelihood - gp.ln_likelihood()).abs() < 1e-10);
        assert_eq!(gradient.len(), DIMS + 2);
        for (index, slope) in gradient.into_iter().enumerate() {
            assert!(slope.abs() > 1e-3, "nothing is compared at {index}");
            assert_slope(slope, |step| value(moved(index, step)).0);
        }
    }
}

#[test]
fn the_gradient_of_the_prior_is_that_of_differences() {
    let (kernel, prior) = (kernel(Smoothness::Matern52), Prior::scaled(DIMS));
    let value = |hyperparameters| ln_prior(&kernel, &prior, &hyperparameters).unwrap();
    for (index, slope) in value(hyperparameters()).1.into_iter().enumerate() {
        assert_slope(slope, |step| value(moved(index, step)).0);
    }
}

#[test]
fn the_gradients_of_predictions_are_those_of_differences() {
    for kernel in BOTH.map(kernel) {
        let gp = Gp::new(&kernel, &hyperparameters(), &samples(&kernel)).unwrap();
        for i in 100..112 {
            let (place, active) = point(&kernel, i);
            let sloped = gp.predict_sloped(&place, &active).unwrap();
            assert_close(&sloped.prediction, &gp.predict(&place, &active).unwrap());
            for axis in 0..DIMS {
                let (by_mean, by_variance) = (sloped.mean[axis], sloped.variance[axis]);
                if kernel.axes()[axis] == Axis::Choice || !active[axis] {
                    assert_eq!((by_mean, by_variance), (0.0, 0.0));
                    continue;
                }
                let at = |step: f64| {
                    let mut moved = place.clone();
                    moved[axis] += step;
                    gp.predict(&moved, &active).unwrap()
                };
                assert_slope(by_mean, |step| at(step).mean);
                assert_slope(by_variance, |step| at(step).variance);
            }
        }
    }
}

#[track_caller]
fn assert_close(a: &temper_gp::Prediction, b: &temper_gp::Prediction) {
    assert!((a.mean - b.mean).abs() < 1e-12 && (a.variance - b.variance).abs() < 1e-12);
}
