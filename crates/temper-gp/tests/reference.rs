//! The process and the normal distribution against scikit-learn, scipy and mpmath:
//! `reference/reference.py` writes the numbers.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde::Deserialize;
use temper_gp::normal::{
    ln_distribution, ln_distribution_slope, ln_improvement, ln_improvement_slope, quantile,
};
use temper_gp::{Axis, Gp, Hyperparameters, Kernel, Samples, Smoothness};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    processes: Vec<Process>,
    normal: Vec<Normal>,
    quantiles: Vec<Quantile>,
}

/// One process, and what is said of it. Coordinates that are null are those of inactive parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Process {
    name: String,
    smoothness: String,
    axes: Vec<String>,
    lengthscales: Vec<f64>,
    signal: f64,
    noise: f64,
    points: Vec<Vec<Option<f64>>>,
    outputs: Vec<f64>,
    queries: Vec<Vec<Option<f64>>>,
    mean: f64,
    ln_likelihood: f64,
    means: Vec<f64>,
    variances: Vec<f64>,
    left_out_means: Vec<f64>,
    left_out_variances: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Normal {
    z: f64,
    ln_distribution: f64,
    ln_distribution_slope: f64,
    ln_improvement: f64,
    ln_improvement_slope: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quantile {
    p: f64,
    quantile: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../reference/reference.json")).unwrap()
}

fn split(point: &[Option<f64>]) -> (Vec<f64>, Vec<bool>) {
    // What stands at an inactive coordinate must not matter.
    point.iter().map(|place| (place.unwrap_or(0.77), place.is_some())).unzip()
}

fn condition(process: &Process) -> Gp {
    let axis = |name: &String| if name == "choice" { Axis::Choice } else { Axis::Numeric };
    let smoothness =
        if process.smoothness == "rbf" { Smoothness::Rbf } else { Smoothness::Matern52 };
    let kernel = Kernel::new(process.axes.iter().map(axis).collect(), smoothness);
    let hyperparameters = Hyperparameters {
        lengthscales: process.lengthscales.clone(),
        signal: process.signal,
        noise: process.noise,
    };
    let mut samples = Samples::new(kernel.dims());
    for (point, output) in process.points.iter().zip(&process.outputs) {
        let (point, active) = split(point);
        samples.push(&point, &active, *output).unwrap();
    }
    Gp::new(&kernel, &hyperparameters, &samples).unwrap()
}

/// The programs themselves agree to 1e-10 only: the covariances are badly conditioned.
#[track_caller]
fn assert_close(found: f64, expected: f64, name: &str) {
    let error = (found - expected).abs() / expected.abs().max(1.0);
    assert!(error <= 1e-10, "{name}: {found} instead of {expected}, off by {error:e}");
}

/// Relative to the number itself, or absolute for one below 1: of a logarithm the second is the
/// relative error of what it is the logarithm of.
#[track_caller]
fn assert_exact(found: f64, expected: f64, error: f64, tolerance: f64) {
    assert!(error <= tolerance, "{found} instead of {expected}, off by {error:e}");
}

#[test]
fn posteriors_are_those_of_other_programs() {
    for process in reference().processes {
        let gp = condition(&process);
        assert_close(gp.mean(), process.mean, &process.name);
        for (i, query) in process.queries.iter().enumerate() {
            let (point, active) = split(query);
            let prediction = gp.predict(&point, &active).unwrap();
            assert_close(prediction.mean, process.means[i], &process.name);
            assert_close(prediction.variance, process.variances[i], &process.name);
        }
    }
}

#[test]
fn likelihoods_are_those_of_other_programs() {
    for process in reference().processes {
        assert_close(condition(&process).ln_likelihood(), process.ln_likelihood, &process.name);
    }
}

#[test]
fn what_is_left_out_is_predicted_as_if_it_had_never_been_there() {
    for process in reference().processes {
        let left_out = condition(&process).leave_one_out();
        assert_eq!(left_out.means.len(), process.outputs.len());
        for i in 0..process.outputs.len() {
            assert_close(left_out.means[i], process.left_out_means[i], &process.name);
            assert_close(left_out.variances[i], process.left_out_variances[i], &process.name);
        }
    }
}

#[test]
fn the_normal_functions_are_exact_to_ten_digits_far_into_the_tail() {
    // An absolute error of a logarithm is a relative error of what it is the logarithm of. The
    // logarithms themselves reach -800, where a rounding is 1e-13.
    for normal in reference().normal {
        let z = normal.z;
        for (found, expected) in [
            (ln_distribution(z), normal.ln_distribution),
            (ln_improvement(z), normal.ln_improvement),
        ] {
            assert_exact(found, expected, (found - expected).abs(), 1e-12);
        }
        for (found, expected) in [
            (ln_distribution_slope(z), normal.ln_distribution_slope),
            (ln_improvement_slope(z), normal.ln_improvement_slope),
        ] {
            assert_exact(found, expected, (found / expected - 1.0).abs(), 1e-12);
        }
    }
}

#[test]
fn quantiles_are_exact() {
    for Quantile { p, quantile: expected } in reference().quantiles {
        let found = quantile(p);
        assert_exact(found, expected, (found - expected).abs() / expected.abs().max(1e-3), 1e-12);
    }
}
