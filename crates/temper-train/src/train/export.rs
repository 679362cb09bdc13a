//! Models of runs in Hugging Face's form.

use std::path::Path;

use super::trained::{Trained, shape, with_given_template, words};
use crate::model::Model;
use crate::pretrained::{Shape, Words, load_weights, save, save_adapter};
use crate::{Device, FinetuningType, TrainConfig, TrainError, WeightType};

/// Writes the model of a checkpoint, or of the best or else the newest one in a folder of checkpoints, as
/// [`PretrainedModel::save_pretrained`](crate::PretrainedModel::save_pretrained) does: the weights
/// that the run evaluated, so its average, if it has one, with adapters merged into them. Paths in its settings are relative to
/// `base_dir`.
///
/// What `parametrization` multiplies by is folded into the weights. A tokenizer that the run
/// learned is that beside the checkpoint; where there is none, it is learned again from the data.
///
/// # Errors
/// There is no whole checkpoint, its `base_model` or the data are no longer there, transformers
/// has no such model, or a file can't be written.
pub fn export(
    checkpoint: &Path,
    base_dir: &Path,
    folder: &Path,
    weight_type: WeightType,
) -> Result<(), TrainError> {
    let Trained { config, shape, words, model } = Trained::read(checkpoint, base_dir, Device::Cpu)?;
    write(&model.merged(), &config, &shape, &words, folder, weight_type)
}

/// Writes the adapters of a checkpoint, or of the best or else the newest one in a folder of checkpoints, as a
/// folder that PEFT reads. Paths in its settings are relative to `base_dir`.
///
/// # Errors
/// As [`export`], or the run has no adapters, or those of a model whose layers have other names in
/// transformers.
pub fn export_adapter(checkpoint: &Path, base_dir: &Path, folder: &Path) -> Result<(), TrainError> {
    let Trained { config, model, .. } = Trained::read(checkpoint, base_dir, Device::Cpu)?;
    if config.finetuning_type != FinetuningType::Lora {
        return Err(TrainError::NoAdapters { finetuning_type: config.finetuning_type });
    }
    save_adapter(&model, &config, folder).map_err(|source| TrainError::Export { source })
}

/// Writes the model, as [`export`] does, with the weights that a run of these settings begins with.
///
/// # Errors
/// As [`export`], or a setting is invalid.
pub fn export_initial(
    config: &TrainConfig,
    base_dir: &Path,
    folder: &Path,
    weight_type: WeightType,
) -> Result<(), TrainError> {
    config.validate()?;
    let (config, pretrained) = config.complete(base_dir)?;
    config.validate_completed()?;
    let words = words(&config, base_dir, pretrained.as_ref())?;
    let words = with_given_template(words, &config, base_dir)?;
    let device = Device::Cpu.open()?;
    let mut model = Model::new(&config, &device);
    if let Some(pretrained) = &pretrained {
        model = load_weights(model, pretrained, &device)?.0;
    }
    let shape = shape(&config, pretrained.as_ref());
    write(&model, &config, &shape, &words, folder, weight_type)
}

fn write(
    model: &Model,
    config: &TrainConfig,
    shape: &Shape,
    words: &Words,
    folder: &Path,
    weight_type: WeightType,
) -> Result<(), TrainError> {
    save(model, config, shape, words, folder, weight_type)
        .map_err(|source| TrainError::Export { source })
}
