//! The cost of Gaussian-process regression over 10 dimensions: a whole fit, and what a proposal
//! asks of the process, at 100, 250 and 1,000 samples.
//!
//! `cargo xtask bench gp`.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use temper_gp::{Axis, FitConfig, Gp, Hyperparameters, Kernel, Prior, Samples, Smoothness, fit};

const DIMS: usize = 10;
const SIZES: [usize; 3] = [100, 250, 1_000];
const QUERIES: usize = 512;

fn kernel() -> Kernel {
    Kernel::new(vec![Axis::Numeric; DIMS], Smoothness::Matern52)
}

fn hyperparameters() -> Hyperparameters {
    Hyperparameters { lengthscales: vec![1.0; DIMS], signal: 1.0, noise: 1e-3 }
}

/// A fixed sequence that looks random: the additive recurrence of Roberts 2018, whose `g` is the
/// positive root of `g^(d + 1) = g + 1`, 1.0683 in 10 dimensions.
fn point(index: usize) -> Vec<f64> {
    let place = |axis: i32| (0.5 + index as f64 * 1.068_297_2_f64.powi(-axis - 1)).fract();
    (0..DIMS as i32).map(place).collect()
}

/// A bowl with ripples, of mean about 0 and variance about 1: three dimensions matter, less and
/// less.
fn output(point: &[f64]) -> f64 {
    let terms = point.iter().take(3).enumerate();
    let sum: f64 =
        terms.map(|(i, x)| ((x - 0.4).powi(2) + 0.05 * (20.0 * x).sin()) / (i + 1) as f64).sum();
    8.5 * (sum - 0.174)
}

fn samples(len: usize) -> Samples {
    let mut samples = Samples::new(DIMS);
    for point in (0..len).map(point) {
        samples.push(&point, &[true; DIMS], output(&point)).expect("it is finite");
    }
    samples
}

fn gp(len: usize) -> Gp {
    Gp::new(&kernel(), &hyperparameters(), &samples(len)).expect("there is noise")
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("gp");
    group.sample_size(10);
    let active = [true; DIMS];
    for len in SIZES {
        let id = |what: &str| BenchmarkId::new(what, len);
        let samples = samples(len);
        let config = FitConfig { prior: Prior::scaled(DIMS), starts: Vec::new(), iterations: 50 };
        let fitted = fit(&kernel(), &samples, &config).expect("it can be fitted");
        eprintln!("a fit of {len} samples takes {} factorisations", fitted.factorisations);
        group.bench_function(id("fit"), |b| b.iter(|| fit(&kernel(), &samples, &config)));
        group.bench_function(id("condition"), |b| b.iter(|| gp(len)));

        let gp = gp(len);
        let query = point(len + 1);
        let queries: Vec<_> = (0..QUERIES).map(|i| (point(len + i), active.to_vec())).collect();
        group.bench_function(id("predict one"), |b| {
            b.iter(|| gp.predict(black_box(&query), &active));
        });
        group
            .bench_function(id("predict 512"), |b| b.iter(|| gp.predict_many(black_box(&queries))));
        group.bench_function(id("predict sloped"), |b| {
            b.iter(|| gp.predict_sloped(black_box(&query), &active));
        });
        group.bench_function(id("extend"), |b| {
            b.iter_batched(
                || gp.clone(),
                |mut gp| gp.extend(black_box(&query), &active, 0.5),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
