//! The process where data are few, equal, many or of many dimensions.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use temper_gp::{
    Axis, FitConfig, Gp, GpError, Hyperparameters, Kernel, Prior, Samples, Smoothness, fit,
};

const BOTH: [Smoothness; 2] = [Smoothness::Matern52, Smoothness::Rbf];

fn numeric(dims: usize, smoothness: Smoothness) -> Kernel {
    Kernel::new(vec![Axis::Numeric; dims], smoothness)
}

/// A process whose hyperparameters are fitted.
fn fitted(kernel: &Kernel, samples: &Samples) -> Gp {
    let dims = kernel.dims();
    let config = FitConfig { prior: Prior::scaled(dims), starts: Vec::new(), iterations: 50 };
    Gp::new(kernel, &fit(kernel, samples, &config).unwrap().hyperparameters, samples).unwrap()
}

#[test]
fn the_same_point_may_come_five_hundred_times() {
    for smoothness in BOTH {
        let kernel = numeric(2, smoothness);
        let hyperparameters =
            Hyperparameters { lengthscales: vec![0.5; 2], signal: 1.0, noise: 1e-6 };
        let mut samples = Samples::new(2);
        for i in 0..500 {
            samples.push(&[0.3, 0.6], &[true; 2], f64::from(i % 2)).unwrap();
        }
        let gp = Gp::new(&kernel, &hyperparameters, &samples).unwrap();
        let prediction = gp.predict(&[0.3, 0.6], &[true; 2]).unwrap();
        // Half of the outputs are 0, half are 1. The condition number is 5e8.
        assert!((prediction.mean - 0.5).abs() < 1e-6, "{prediction:?}");
        assert!((prediction.variance - 1e-6 / 500.0).abs() < 1e-8, "{prediction:?}");

        let mut first = Samples::new(2);
        first.push(&[0.3, 0.6], &[true; 2], 0.0).unwrap();
        let mut grown = Gp::new(&kernel, &hyperparameters, &first).unwrap();
        for i in 1..500 {
            grown.extend(&[0.3, 0.6], &[true; 2], f64::from(i % 2)).unwrap();
        }
        let grown = grown.predict(&[0.3, 0.6], &[true; 2]).unwrap();
        assert!((grown.mean - prediction.mean).abs() < 1e-6, "{grown:?}");
    }
}

#[test]
fn without_noise_a_point_may_still_come_twice() {
    let kernel = numeric(1, Smoothness::Matern52);
    let hyperparameters = Hyperparameters { lengthscales: vec![0.5], signal: 1.0, noise: 1e-30 };
    let mut samples = Samples::new(1);
    for output in [1.0, 1.0, 2.0] {
        samples.push(&[0.5], &[true], output).unwrap();
    }
    // Six tenfold raises don't reach what a rounding is: an error, and no process of nonsense.
    let found = Gp::new(&kernel, &hyperparameters, &samples);
    assert!(matches!(found, Err(GpError::NotPositive { samples: 3, .. })), "{found:?}");
    let raised = Hyperparameters { noise: 1e-20, ..hyperparameters };
    let gp = Gp::new(&kernel, &raised, &samples).unwrap();
    assert!(gp.hyperparameters().noise > 1e-17);
    assert!(gp.predict(&[0.5], &[true]).unwrap().mean.is_finite());
}

#[test]
fn repeated_points_are_fitted() {
    let kernel = numeric(1, Smoothness::Matern52);
    let mut samples = Samples::new(1);
    for i in 0..60 {
        samples.push(&[0.5], &[true], f64::from(i % 3) - 1.0).unwrap();
    }
    let gp = fitted(&kernel, &samples);
    assert!(gp.predict(&[0.5], &[true]).unwrap().mean.abs() < 1e-6);
    // All of the outputs' variance, 2/3, is noise.
    assert!((0.3..1.0).contains(&gp.hyperparameters().noise), "{:?}", gp.hyperparameters());
}

#[test]
fn equal_outputs_are_predicted_everywhere() {
    for kernel in BOTH.map(|smoothness| numeric(3, smoothness)) {
        let mut samples = Samples::new(3);
        for i in 0..10 {
            let place = f64::from(i) / 9.0;
            samples.push(&[place, 1.0 - place, 0.5], &[true; 3], 4.0).unwrap();
        }
        let gp = fitted(&kernel, &samples);
        let far = gp.predict(&[0.0, 0.0, 1.0], &[true; 3]).unwrap();
        assert!((far.mean - 4.0).abs() < 1e-9 && far.variance > 0.0, "{far:?}");
    }
}

#[test]
fn one_sample_is_the_mean_and_is_sure_of_itself_only() {
    for kernel in BOTH.map(|smoothness| numeric(2, smoothness)) {
        let mut samples = Samples::new(2);
        samples.push(&[0.2, 0.4], &[true, false], 3.0).unwrap();
        let gp = fitted(&kernel, &samples);
        let here = gp.predict(&[0.2, 0.9], &[true, false]).unwrap();
        let there = gp.predict(&[0.9, 0.9], &[true, true]).unwrap();
        assert!((here.mean - 3.0).abs() < 1e-12 && (there.mean - 3.0).abs() < 1e-12);
        assert!(here.variance < there.variance, "{here:?} {there:?}");
    }
}

#[test]
fn sixty_dimensions_are_fitted_and_the_one_that_matters_is_found() {
    let kernel = numeric(60, Smoothness::Matern52);
    // A fixed sequence that looks random: Weyl's, with the golden ratio.
    let place = |i: usize| (0.618_033_988_749_894_9 * (i * i) as f64).fract();
    let mut samples = Samples::new(60);
    for i in 0..60 {
        let point: Vec<f64> = (0..60).map(|axis| place(61 * i + axis + 1)).collect();
        samples.push(&point, &[true; 60], (3.0 * point[7]).sin() - 0.7).unwrap();
    }
    let gp = fitted(&kernel, &samples);
    let scales = &gp.hyperparameters().lengthscales;
    let shortest = (0..60).min_by(|a, b| scales[*a].total_cmp(&scales[*b]));
    assert_eq!(shortest, Some(7), "{scales:?}");
    let sloped = gp.predict_sloped(&[0.5; 60], &[true; 60]).unwrap();
    assert!(sloped.mean.iter().chain(&sloped.variance).all(|slope| slope.is_finite()));
}

#[test]
fn nothing_and_what_has_other_dimensions_is_refused() {
    let kernel = numeric(2, Smoothness::Matern52);
    let hyperparameters = Hyperparameters { lengthscales: vec![1.0; 2], signal: 1.0, noise: 1e-3 };
    let config = FitConfig { prior: Prior::scaled(2), starts: Vec::new(), iterations: 5 };
    assert_eq!(fit(&kernel, &Samples::new(2), &config), Err(GpError::Empty));
    let nothing = Gp::new(&kernel, &hyperparameters, &Samples::new(2));
    assert_eq!(nothing.err(), Some(GpError::Empty));

    let mut samples = Samples::new(3);
    samples.push(&[0.5; 3], &[true; 3], 1.0).unwrap();
    let dims = GpError::Dims { expected: 2, found: 3 };
    assert_eq!(fit(&kernel, &samples, &config), Err(dims.clone()));
    assert_eq!(Gp::new(&kernel, &hyperparameters, &samples).err(), Some(dims.clone()));

    let mut samples = Samples::new(2);
    assert!(samples.push(&[0.5; 3], &[true; 2], 1.0).is_err());
    samples.push(&[0.5; 2], &[true; 2], 1.0).unwrap();
    let mut gp = Gp::new(&kernel, &hyperparameters, &samples).unwrap();
    assert_eq!(gp.predict(&[0.5; 3], &[true; 3]), Err(dims.clone()));
    assert_eq!(gp.predict_sloped(&[0.5; 3], &[true; 3]), Err(dims.clone()));
    assert_eq!(gp.extend(&[0.5; 3], &[true; 3], 1.0), Err(dims));
    assert_eq!(gp.set_outputs(&[1.0; 2]), Err(GpError::Outputs { outputs: 2, points: 1 }));
}

#[test]
fn hyperparameters_that_are_not_positive_and_finite_are_refused_by_name() {
    let kernel = numeric(2, Smoothness::Matern52);
    let mut samples = Samples::new(2);
    samples.push(&[0.5; 2], &[true; 2], 1.0).unwrap();
    let good = Hyperparameters { lengthscales: vec![1.0; 2], signal: 1.0, noise: 1e-3 };
    for value in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        let name = |error| match error {
            Some(GpError::Hyperparameter { name, .. }) => name,
            error => panic!("{value}: {error:?}"),
        };
        let wrong = [
            ("lengthscale", Hyperparameters { lengthscales: vec![1.0, value], ..good.clone() }),
            ("signal", Hyperparameters { signal: value, ..good.clone() }),
            ("noise", Hyperparameters { noise: value, ..good.clone() }),
        ];
        for (expected, wrong) in wrong {
            assert_eq!(name(Gp::new(&kernel, &wrong, &samples).err()), expected);
            let (prior, starts) = (Prior::scaled(2), vec![wrong]);
            let config = FitConfig { prior, starts, iterations: 5 };
            assert_eq!(name(fit(&kernel, &samples, &config).err()), expected);
        }
        let prior = Prior { noise_floor: value, ..Prior::scaled(2) };
        let config = FitConfig { prior, starts: Vec::new(), iterations: 5 };
        assert_eq!(name(fit(&kernel, &samples, &config).err()), "noise floor");
    }
    let error = GpError::Hyperparameter { name: "noise", value: -1.0 };
    assert_eq!(error.to_string(), "noise -1 is not positive and finite");
}

#[test]
fn a_query_that_is_not_finite_is_no_sample() {
    let kernel = numeric(1, Smoothness::Matern52);
    let hyperparameters = Hyperparameters { lengthscales: vec![1.0], signal: 1.0, noise: 1e-3 };
    let mut samples = Samples::new(1);
    samples.push(&[0.5], &[true], 1.0).unwrap();
    let mut gp = Gp::new(&kernel, &hyperparameters, &samples).unwrap();
    let refused = GpError::Query { number: f64::INFINITY };
    assert_eq!(gp.predict(&[f64::INFINITY], &[true]), Err(refused.clone()));
    assert_eq!(gp.extend(&[f64::INFINITY], &[true], 1.0), Err(refused));
    let broken = GpError::NotFinite { sample: 1, number: f64::INFINITY };
    assert_eq!(gp.extend(&[0.1], &[true], f64::INFINITY), Err(broken));
}
