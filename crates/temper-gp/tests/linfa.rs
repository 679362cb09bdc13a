//! The process behind linfa's traits.

use linfa::prelude::*;
use ndarray::{Array1, Array2, array};
use temper_gp::linfa::{FitError, FittedGp, GpParams};
use temper_gp::{Axis, GpError, Prior, Smoothness};

/// A smooth function of two coordinates on a grid, at any location and scale.
fn dataset(shift: f64, scale: f64) -> Dataset<f64, f64, ndarray::Ix1> {
    let records =
        Array2::from_shape_fn((36, 2), |(row, axis)| [row / 6, row % 6][axis] as f64 / 5.0);
    let targets = records.rows().into_iter().map(|x| shift + scale * smooth(x[0], x[1]));
    Dataset::new(records.clone(), targets.collect())
}

fn smooth(x: f64, y: f64) -> f64 {
    (3.0 * x).sin() + y * y
}

fn between() -> Array2<f64> {
    array![[0.3, 0.5], [0.71, 0.13], [0.5, 0.95]]
}

#[test]
fn a_smooth_function_is_learned_from_a_dataset() {
    for smoothness in [Smoothness::Matern52, Smoothness::Rbf] {
        let model = GpParams::new().smoothness(smoothness).fit(&dataset(0.0, 1.0)).unwrap();
        let records = between();
        let means: Array1<f64> = model.predict(&records);
        for (mean, x) in means.iter().zip(records.rows()) {
            assert!((mean - smooth(x[0], x[1])).abs() < 0.02, "{mean} at {x}");
        }
        let r2 = model.predict(&dataset(0.0, 1.0)).r2(&dataset(0.0, 1.0)).unwrap();
        assert!(r2 > 0.999, "{r2}");
    }
}

// All that differs is how the standardised targets are rounded, which turns the ascent by a little.
#[test]
fn predictions_move_and_stretch_with_the_targets() {
    let predictions = |shift, scale| {
        let model = GpParams::new().fit(&dataset(shift, scale)).unwrap();
        model.predictions(&between()).unwrap()
    };
    for (shift, scale) in [(1e4, 1.0), (-3.0, 1e-6), (0.0, 1e12)] {
        for (plain, moved) in predictions(0.0, 1.0).iter().zip(predictions(shift, scale)) {
            let mean = (moved.mean - shift) / scale;
            assert!((mean - plain.mean).abs() < 1e-3, "{mean} {plain:?}");
            let ratio = moved.variance / (scale * scale) / plain.variance;
            assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
        }
    }
}

#[test]
fn means_are_the_same_in_every_way_to_ask() {
    let model = GpParams::new().fit(&dataset(2.0, 3.0)).unwrap();
    let predictions = model.predictions(&between()).unwrap();
    let means: Array1<f64> = model.predict(&between());
    let whole = model.predict(DatasetBase::from(between()));
    let view: Array1<f64> = model.predict(&between().view());
    for (i, prediction) in predictions.iter().enumerate() {
        assert!(prediction.variance > 0.0);
        assert_eq!([means[i], whole.targets()[i], view[i]], [prediction.mean; 3]);
    }
}

#[test]
fn folds_are_fitted_and_compared() {
    let mut dataset = dataset(5.0, 2.0);
    let params = [GpParams::new(), GpParams::new().smoothness(Smoothness::Rbf)];
    let error = |found: &Array1<f64>, truth: &ndarray::ArrayView1<'_, f64>| found.r2(truth);
    let scores: Result<Array1<f64>, FitError> = dataset.cross_validate_single(6, &params, error);
    assert!(scores.unwrap().iter().all(|r2| r2.is_finite()));
}

#[test]
fn choices_are_told_apart_without_an_order() {
    let records = Array2::from_shape_fn((30, 2), |(row, axis)| {
        if axis == 0 { (row / 3) as f64 / 9.0 } else { (row % 3) as f64 / 2.0 }
    });
    // The middle choice is unlike its neighbours, which are alike.
    let value = |x: f64, choice: f64| x + if choice == 0.5 { 4.0 } else { 0.0 };
    let targets: Array1<f64> = records.rows().into_iter().map(|x| value(x[0], x[1])).collect();
    let params = GpParams::new().axes(vec![Axis::Numeric, Axis::Choice]);
    let model = params.fit(&Dataset::new(records, targets)).unwrap();
    assert_eq!(model.gp().kernel().axes(), [Axis::Numeric, Axis::Choice]);
    let means: Array1<f64> = model.predict(&array![[0.5, 0.0], [0.5, 0.5], [0.5, 1.0]]);
    for (mean, expected) in means.iter().zip([0.5, 4.5, 0.5]) {
        assert!((mean - expected).abs() < 0.05, "{means}");
    }
}

#[test]
fn equal_targets_are_predicted_everywhere() {
    let dataset = Dataset::new(array![[0.1], [0.5], [0.8]], array![7.0, 7.0, 7.0]);
    let model: FittedGp = GpParams::default().iterations(5).fit(&dataset).unwrap();
    let means: Array1<f64> = model.predict(&array![[0.2], [1.0]]);
    assert_eq!(means, array![7.0, 7.0]);
}

#[test]
fn huge_targets_are_no_trouble() {
    let dataset = Dataset::new(array![[0.1], [0.5], [0.8]], array![f64::MAX, 0.0, f64::MIN]);
    let means: Array1<f64> = GpParams::new().fit(&dataset).unwrap().predict(&array![[0.1]]);
    assert!(means[0].is_finite() && means[0] > 1e307, "{means}");
}

#[test]
fn what_cannot_be_fitted_is_an_error() {
    let fit = |params: &GpParams, records, targets: Array1<f64>| {
        params.fit(&DatasetBase::new(records, targets)).err()
    };
    let params = GpParams::new();
    let found = fit(&params, array![[0.1], [f64::NAN]], array![1.0, 2.0]);
    assert!(matches!(found, Some(FitError::Gp(GpError::NotFinite { sample: 1, .. }))));
    let found = fit(&params, array![[0.1], [0.2]], array![1.0, f64::INFINITY]);
    assert!(matches!(found, Some(FitError::Gp(GpError::NotFinite { sample: 1, .. }))));
    let found = fit(&params, array![[0.1], [0.2]], array![1.0]);
    assert!(matches!(found, Some(FitError::Gp(GpError::Outputs { outputs: 1, points: 2 }))));
    let found = fit(&params, Array2::zeros((0, 1)), Array1::zeros(0));
    assert!(matches!(found, Some(FitError::Gp(GpError::Empty))));
    let found = fit(&params.axes(vec![Axis::Choice; 2]), array![[0.1]], array![1.0]);
    assert!(matches!(found, Some(FitError::Gp(GpError::Dims { .. }))));

    let prior = Prior { noise_floor: f64::NAN, ..Prior::scaled(1) };
    let found = fit(&GpParams::new().prior(prior), array![[0.1]], array![1.0]).unwrap();
    assert_eq!(found.to_string(), "prior: the noise's floor is NaN, not above 0 and finite");
}

#[test]
fn records_with_other_columns_are_an_error() {
    let model = GpParams::new().fit(&dataset(0.0, 1.0)).unwrap();
    let found = model.predictions(&array![[0.5]]);
    assert_eq!(found, Err(GpError::Dims { expected: 2, found: 1 }));
}
