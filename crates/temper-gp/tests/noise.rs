//! Samples of whose noise the variance is known.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use temper_gp::{
    Axis, FitConfig, Gp, GpError, Hyperparameters, Kernel, Prior, Samples, Smoothness, fit, normal,
};

const NOISE: f64 = 0.01;

fn kernel() -> Kernel {
    Kernel::new(vec![Axis::Numeric], Smoothness::Matern52)
}

/// A process of samples at these places, with these outputs and these known variances.
fn condition(rows: &[(f64, f64, f64)]) -> Gp {
    let mut samples = Samples::new(1);
    for (x, y, variance) in rows {
        samples.push_noisy(&[*x], &[true], *y, *variance).unwrap();
    }
    let hyperparameters = Hyperparameters { lengthscales: vec![0.3], signal: 1.2, noise: NOISE };
    Gp::new(&kernel(), &hyperparameters, &samples).unwrap()
}

const ROWS: [(f64, f64, f64); 4] =
    [(0.1, -0.4, 0.0), (0.35, 0.8, 0.3), (0.6, -1.1, 0.02), (0.9, 0.7, 1.5)];

#[track_caller]
fn assert_near(found: f64, expected: f64) {
    // The covariances have a condition number below 1e4.
    assert!((found - expected).abs() < 1e-10, "{found} {expected}");
}

#[test]
fn several_noisy_samples_at_a_place_are_one_with_their_mean_and_less_noise() {
    let alone = (0.5, 0.4, (NOISE + 0.8) / 4.0 - NOISE);
    let one = condition(&[&ROWS[..], &[alone]].concat());
    let repeated = [1.4, -0.3, 0.9, -0.4].map(|y| (0.5, y, 0.8));
    let several = condition(&[&ROWS[..], &repeated].concat());
    assert_near(one.mean(), several.mean());
    for x in [0.0, 0.3, 0.5, 0.52, 0.8] {
        let (one, several) = (one.predict(&[x], &[true]), several.predict(&[x], &[true]));
        assert_near(one.clone().unwrap().mean, several.clone().unwrap().mean);
        assert_near(one.unwrap().variance, several.unwrap().variance);
    }
}

#[test]
fn a_known_noise_makes_the_process_less_sure_there_and_one_of_0_changes_no_bit() {
    let quiet = ROWS.map(|(x, y, _)| (x, y, 0.0));
    let mut plain = Samples::new(1);
    quiet.iter().for_each(|(x, y, _)| plain.push(&[*x], &[true], *y).unwrap());
    let quiet = condition(&quiet);
    let plain = Gp::new(quiet.kernel(), quiet.hyperparameters(), &plain).unwrap();
    let noisy = condition(&ROWS);
    for (x, y, variance) in ROWS {
        let at = |gp: &Gp| gp.predict(&[x], &[true]).unwrap();
        assert_eq!(at(&quiet), at(&plain));
        if variance > 0.1 {
            assert!(at(&noisy).variance > 2.0 * at(&quiet).variance, "{x}");
            assert!((at(&noisy).mean - y).abs() > (at(&quiet).mean - y).abs(), "{x}");
        }
    }
}

#[test]
fn samples_added_with_their_noise_are_conditioned_on_at_once() {
    let mut grown = condition(&ROWS[..1]);
    for (x, y, variance) in &ROWS[1..] {
        assert!(grown.extend_noisy(&[*x], &[true], *y, *variance).unwrap());
    }
    let whole = condition(&ROWS);
    assert_near(grown.ln_likelihood(), whole.ln_likelihood());
    let at = |gp: &Gp| gp.predict(&[0.4], &[true]).unwrap();
    assert_near(at(&grown).mean, at(&whole).mean);
    assert_near(at(&grown).variance, at(&whole).variance);
}

// An output that is just what the others predict leaves the mean of the process where it was, which
// what is left out keeps.
#[test]
fn what_is_left_out_is_predicted_with_its_own_noise() {
    let others = condition(&ROWS);
    let predicted = others.predict(&[0.45], &[true]).unwrap();
    let mut all = others.clone();
    all.extend_noisy(&[0.45], &[true], predicted.mean, 0.7).unwrap();
    let left_out = all.leave_one_out();
    assert_near(left_out.means[4], predicted.mean);
    assert_near(left_out.variances[4], predicted.variance + NOISE + 0.7);
}

#[test]
fn noise_that_is_known_is_not_learned_again() {
    let learned = |known: f64| {
        let mut samples = Samples::new(1);
        for i in 0..60 {
            // Weyl's sequence, with the golden ratio, and of another one the normal quantiles.
            let (x, luck) = (f64::from(i) * 0.618_034 % 1.0, f64::from(i) * 0.414_214 % 1.0);
            let noise = 0.5 * normal::quantile(luck.clamp(0.01, 0.99));
            samples.push_noisy(&[x], &[true], (6.0 * x).sin() + noise, known).unwrap();
        }
        let config = FitConfig { prior: Prior::scaled(1), starts: Vec::new(), iterations: 60 };
        fit(&kernel(), &samples, &config).unwrap().hyperparameters.noise
    };
    // Of 60 samples a variance is known to a fifth.
    assert!((0.15..0.35).contains(&learned(0.0)), "{}", learned(0.0));
    assert!(learned(0.25) < 0.03, "{}", learned(0.25));
}

#[test]
fn a_variance_below_0_or_not_finite_is_refused() {
    let mut samples = Samples::new(1);
    let mut gp = condition(&ROWS);
    for variance in [-0.1, f64::INFINITY] {
        let refused = GpError::Variance { sample: 0, variance };
        assert_eq!(samples.push_noisy(&[0.5], &[true], 1.0, variance), Err(refused));
        let refused = GpError::Variance { sample: 4, variance };
        assert_eq!(gp.extend_noisy(&[0.5], &[true], 1.0, variance), Err(refused));
    }
    assert!(samples.push_noisy(&[0.5], &[true], 1.0, f64::NAN).is_err());
    assert!(samples.is_empty() && gp.len() == 4);
    let said = GpError::Variance { sample: 3, variance: -0.1 }.to_string();
    assert_eq!(said, "sample 3: the variance -0.1 of its noise is not finite and at least 0");
}
