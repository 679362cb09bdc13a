//! What each step of a run sees, to repeat the run with another program.

use std::path::Path;

use burn::tensor::{Int, Tensor};
use serde::Serialize;

use crate::data::{Dataset, Sequences};
use crate::{Device, TrainConfig, TrainError};

/// One sequence of an optimizer step.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The tokens that the model sees.
    pub inputs: Vec<u32>,
    /// The token that each of them should predict; `None` where it is not trained on.
    pub targets: Vec<Option<u32>>,
    /// Which tokens see each other, where not all of a row do.
    pub segments: Option<Vec<u32>>,
}

/// The sequences of the first `steps` optimizer steps of a run, step by step: the loss of a step is
/// the mean over all targets of its sequences.
///
/// # Errors
/// A setting is invalid, or the data can't be read or are too few.
pub fn rows_of_steps(
    config: &TrainConfig,
    base_dir: &Path,
    steps: u64,
) -> Result<Vec<Vec<Row>>, TrainError> {
    config.validate()?;
    let (config, pretrained) = config.complete(base_dir)?;
    config.validate_completed()?;
    let device = Device::Cpu.open()?;
    let dataset = Dataset::load(&config, base_dir, pretrained.as_ref())?;
    let batch = config.batch()?;
    let step = |step| {
        let passes = dataset.train.passes(&config, batch, step, &device);
        passes.into_iter().flat_map(rows).collect()
    };
    Ok((0..steps).map(step).collect())
}

fn rows(pass: Sequences) -> Vec<Row> {
    let [_, seq] = pass.inputs.dims();
    let inputs = integers(pass.inputs);
    let targets = integers(pass.targets);
    let is_trained: Vec<bool> = match pass.weights {
        Some(weights) => weights.into_data().iter::<f32>().map(|weight| weight > 0.0).collect(),
        None => vec![true; targets.len()],
    };
    let targets: Vec<Option<u32>> = targets
        .into_iter()
        .zip(is_trained)
        .map(|(target, trained)| trained.then_some(target))
        .collect();
    let segments = pass.segments.map(integers);
    let rows = inputs.chunks(seq).zip(targets.chunks(seq)).enumerate();
    rows.map(|(row, (inputs, targets))| Row {
        inputs: inputs.to_vec(),
        targets: targets.to_vec(),
        segments: segments.as_ref().map(|all| all[row * seq..][..seq].to_vec()),
    })
    .collect()
}

/// `batch x seq`, row-major.
fn integers(tensor: Tensor<2, Int>) -> Vec<u32> {
    tensor.into_data().iter::<i64>().map(|token| token as u32).collect()
}
