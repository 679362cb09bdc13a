//! The process as a regression of [linfa]: fit to a dataset, predict its targets.
//!
//! Records are points of the unit cube: scale them first, as lengthscales are searched (and
//! believed in beforehand) in units of the range 0 to 1. Targets may have any location and scale:
//! they are standardised inside, and predictions are scaled back.
//!
//! ```
//! use linfa::prelude::*;
//! use ndarray::{Array1, Array2, array};
//! use temper_gp::linfa::GpParams;
//!
//! let records = Array2::from_shape_fn((8, 1), |(row, _)| row as f64 / 7.0);
//! let targets: Array1<f64> = records.column(0).map(|x| 50.0 + (6.0 * x).sin());
//! let process = GpParams::new().fit(&Dataset::new(records, targets))?;
//!
//! let means: Array1<f64> = process.predict(&array![[0.5], [0.9]]);
//! assert!((means[0] - (50.0 + 3.0_f64.sin())).abs() < 0.1);
//! let inside_and_far_outside = process.predictions(&array![[0.5], [9.0]])?;
//! assert!(inside_and_far_outside[0].variance < 0.01 * inside_and_far_outside[1].variance);
//! # Ok::<(), temper_gp::linfa::FitError>(())
//! ```

use ::linfa::dataset::{AsSingleTargets, DatasetBase};
use ::linfa::traits::{Fit, PredictInplace};
use ::linfa::{Error, ParamGuard};
use ndarray::{Array1, ArrayBase, Data, Ix2};

use crate::warp::standardise;
use crate::{Axis, FitConfig, Gp, GpError, Kernel, Prediction, Prior, Samples, Smoothness, fit};

/// Why there is no regression.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// A part of the prior that has to be positive is not, or is not finite.
    #[error("prior: {name} is {number}, not above 0 and finite")]
    Prior {
        /// What it is.
        name: &'static str,
        /// The number.
        number: f64,
    },
    /// The process can't be fitted.
    #[error(transparent)]
    Gp(#[from] GpError),
    /// An error of linfa.
    #[error(transparent)]
    Linfa(#[from] Error),
}

/// How to fit, once checked: what [`GpParams`] becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct GpValidParams {
    smoothness: Smoothness,
    axes: Option<Vec<Axis>>,
    prior: Option<Prior>,
    iterations: u32,
}

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct GpParams(GpValidParams);

/// A process fitted to a dataset, in the units of its targets.
#[derive(Clone, Debug)]
pub struct FittedGp {
    gp: Gp,
    /// A target is `shift + scale * output`.
    shift: f64,
    scale: f64,
}

impl Default for GpParams {
    fn default() -> Self {
        Self::new()
    }
}

impl GpParams {
    /// A Matern kernel over numeric records, the dimension-scaled prior, and up to 100 iterations.
    pub fn new() -> Self {
        let smoothness = Smoothness::default();
        Self(GpValidParams { smoothness, axes: None, prior: None, iterations: 100 })
    }

    /// How smooth the function is taken to be.
    #[must_use]
    pub fn smoothness(self, smoothness: Smoothness) -> Self {
        Self(GpValidParams { smoothness, ..self.0 })
    }

    /// What each column of the records is; all are numeric if this is not called.
    #[must_use]
    pub fn axes(self, axes: Vec<Axis>) -> Self {
        Self(GpValidParams { axes: Some(axes), ..self.0 })
    }

    /// What is believed of the hyperparameters; [`Prior::scaled`] if this is not called.
    #[must_use]
    pub fn prior(self, prior: Prior) -> Self {
        Self(GpValidParams { prior: Some(prior), ..self.0 })
    }

    /// The most iterations of each ascent.
    #[must_use]
    pub fn iterations(self, iterations: u32) -> Self {
        Self(GpValidParams { iterations, ..self.0 })
    }
}

impl ParamGuard for GpParams {
    type Checked = GpValidParams;
    type Error = FitError;

    fn check_ref(&self) -> Result<&GpValidParams, FitError> {
        if let Some(prior) = &self.0.prior {
            let positive = [
                ("the lengthscales' deviation", prior.lengthscale.deviation),
                ("the choices' deviation", prior.choice.deviation),
                ("the signal's deviation", prior.signal.deviation),
                ("the noise's deviation", prior.noise.deviation),
                ("the noise's floor", prior.noise_floor),
            ];
            for (name, number) in positive {
                if !(number > 0.0 && number.is_finite()) {
                    return Err(FitError::Prior { name, number });
                }
            }
        }
        Ok(&self.0)
    }

    fn check(self) -> Result<GpValidParams, FitError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl<D, T> Fit<ArrayBase<D, Ix2>, T, FitError> for GpValidParams
where
    D: Data<Elem = f64>,
    T: AsSingleTargets<Elem = f64>,
{
    type Object = FittedGp;

    /// Fits to records (`n x d`) and targets (`n`).
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<FittedGp, FitError> {
        let (records, targets) = (dataset.records(), dataset.as_single_targets().to_vec());
        let (points, dims) = records.dim();
        if targets.len() != points {
            return Err(GpError::Outputs { outputs: targets.len(), points }.into());
        }
        if let Some(sample) = targets.iter().position(|target| !target.is_finite()) {
            return Err(GpError::NotFinite { sample, number: targets[sample] }.into());
        }
        let outputs = standardise(&targets);
        let mut samples = Samples::new(dims);
        for (record, output) in records.rows().into_iter().zip(&outputs) {
            samples.push(&record.to_vec(), &vec![true; dims], *output)?;
        }
        let axes = self.axes.clone().unwrap_or_else(|| vec![Axis::Numeric; dims]);
        let kernel = Kernel::new(axes, self.smoothness);
        let prior = self.prior.clone().unwrap_or_else(|| Prior::scaled(dims));
        let config = FitConfig { prior, starts: Vec::new(), iterations: self.iterations };
        let fitted = fit(&kernel, &samples, &config)?;
        let gp = Gp::new(&kernel, &fitted.hyperparameters, &samples)?;
        let (shift, scale) = line(&targets, &outputs);
        Ok(FittedGp { gp, shift, scale })
    }
}

impl FittedGp {
    /// The process of the standardised targets.
    pub fn gp(&self) -> &Gp {
        &self.gp
    }

    /// Means and variances at records (`n x d`), in the targets' unit and its square, without the
    /// noise of the targets.
    ///
    /// # Errors
    ///
    /// If the records have another number of columns than those that were fitted.
    pub fn predictions<D: Data<Elem = f64>>(
        &self,
        records: &ArrayBase<D, Ix2>,
    ) -> Result<Vec<Prediction>, GpError> {
        let rows = records.rows().into_iter();
        let points: Vec<_> = rows.map(|row| (row.to_vec(), vec![true; row.len()])).collect();
        let predictions = self.gp.predict_many(&points)?;
        let scaled = predictions.into_iter().map(|Prediction { mean, variance }| Prediction {
            mean: self.shift + self.scale * mean,
            variance: self.scale * self.scale * variance,
        });
        Ok(scaled.collect())
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for FittedGp {
    /// Writes the mean at each record. As everywhere in linfa, records with another number of
    /// columns than those that were fitted are a panic; [`FittedGp::predictions`] has an error.
    fn predict_inplace(&self, records: &ArrayBase<D, Ix2>, means: &mut Array1<f64>) {
        assert_eq!(records.nrows(), means.len(), "as many targets as records");
        let predictions = self.predictions(records).expect("as many columns as were fitted");
        means.iter_mut().zip(predictions).for_each(|(slot, prediction)| *slot = prediction.mean);
    }

    fn default_target(&self, records: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(records.nrows())
    }
}

/// The shift and the scale that lead from standardised outputs back to the targets, from the least
/// and the largest of both. Targets that are all equal have no scale; 1 is as good as any.
fn line(targets: &[f64], outputs: &[f64]) -> (f64, f64) {
    let pairs = || targets.iter().zip(outputs);
    let least = pairs().min_by(|a, b| a.0.total_cmp(b.0));
    let largest = pairs().max_by(|a, b| a.0.total_cmp(b.0));
    let (Some((low, from)), Some((high, to))) = (least, largest) else { return (0.0, 1.0) };
    let width = to - from;
    // Divided first, so that the range of huge targets does not overflow.
    let scale = if width > 0.0 { high / width - low / width } else { 1.0 };
    (low - scale * from, scale)
}
