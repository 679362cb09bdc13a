//! Models of runs in Hugging Face's form.

use std::path::Path;

use burn::tensor::Device;

use super::state::State;
use crate::checkpoint::{Checkpoint, CheckpointError, Checkpoints};
use crate::data::{Dataset, Tokenizer};
use crate::model::Model;
use crate::pretrained::{Pretrained, Words, load_weights, save, save_adapter};
use crate::{Architecture, FinetuningType, TokenizerKind, TrainConfig, TrainError, WeightType};

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
    let (checkpoint, beside) = open(checkpoint)?;
    let (config, pretrained) = checkpoint.config.complete(base_dir)?;
    let words = match beside.tokenizer()? {
        Some(tokenizer) if is_learned(&config) => Tokenizer::learned_words(tokenizer),
        _ => words(&config, base_dir, pretrained.as_ref())?,
    };
    let model = evaluated(&config, pretrained.as_ref(), checkpoint)?.merged();
    write(&model, &config, base_dir, pretrained.as_ref(), words, folder, weight_type)
}

/// Writes the adapters of a checkpoint, or of the best or else the newest one in a folder of checkpoints, as a
/// folder that PEFT reads. Paths in its settings are relative to `base_dir`.
///
/// # Errors
/// As [`export`], or the run has no adapters, or those of a model whose layers have other names in
/// transformers.
pub fn export_adapter(checkpoint: &Path, base_dir: &Path, folder: &Path) -> Result<(), TrainError> {
    let (checkpoint, _) = open(checkpoint)?;
    let (config, pretrained) = checkpoint.config.complete(base_dir)?;
    if config.finetuning_type != FinetuningType::Lora {
        return Err(TrainError::NoAdapters { finetuning_type: config.finetuning_type });
    }
    let model = evaluated(&config, pretrained.as_ref(), checkpoint)?;
    save_adapter(&model, &config, folder).map_err(|source| TrainError::Export { source })
}

/// The checkpoint of this path, or the best one in it, or else the newest, and those beside it.
fn open(path: &Path) -> Result<(Checkpoint, Checkpoints), TrainError> {
    if path.is_dir() {
        let checkpoints = Checkpoints::new(path);
        if let Some(best) = checkpoints.best() {
            return Ok((Checkpoint::read(&best)?, checkpoints));
        }
        let missing = || CheckpointError::Missing { folder: path.to_owned() };
        return Ok((checkpoints.latest()?.ok_or_else(missing)?.0, checkpoints));
    }
    let beside = Checkpoints::new(path.parent().unwrap_or(Path::new(".")));
    Ok((Checkpoint::read(path)?, beside))
}

/// The model that the run evaluated at its checkpoint.
fn evaluated(
    config: &TrainConfig,
    pretrained: Option<&Pretrained>,
    checkpoint: Checkpoint,
) -> Result<Model, TrainError> {
    let device = crate::Device::Cpu.open()?.autodiff();
    let steps = checkpoint.position.steps.max(1);
    let mut state = State::new(config, steps, &device, pretrained, Some(checkpoint))?;
    Ok(state.evaluation_model())
}

/// The same with the weights that a run of these settings begins with.
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
    let device: Device = crate::Device::Cpu.open()?;
    let mut model = Model::new(&config, &device);
    if let Some(pretrained) = &pretrained {
        model = load_weights(model, pretrained, &device)?.0;
    }
    write(&model, &config, base_dir, pretrained.as_ref(), words, folder, weight_type)
}

/// Whether the tokenizer follows from the data.
fn is_learned(config: &TrainConfig) -> bool {
    config.base_model.is_none() && config.tokenizer == TokenizerKind::Bpe
}

fn words(
    config: &TrainConfig,
    base_dir: &Path,
    pretrained: Option<&Pretrained>,
) -> Result<Words, TrainError> {
    match pretrained {
        Some(pretrained) => Ok(pretrained.words.clone()),
        None if is_learned(config) => Dataset::load(config, base_dir, None)?.tokenizer.words(),
        None => Tokenizer::Bytes.words(),
    }
}

fn write(
    model: &Model,
    config: &TrainConfig,
    base_dir: &Path,
    pretrained: Option<&Pretrained>,
    mut words: Words,
    folder: &Path,
    weight_type: WeightType,
) -> Result<(), TrainError> {
    if let Some(template) = config.given_chat_template(base_dir)? {
        words = words.with_chat_template(template);
    }
    let positions = match pretrained {
        // Learned positions beyond the run's have not been trained.
        Some(pretrained) if config.architecture == Architecture::Llama => {
            pretrained.shape.max_position_embeddings
        }
        _ => config.max_seq_length,
    };
    save(model, config, &config.shape(positions), &words, folder, weight_type)
        .map_err(|source| TrainError::Export { source })
}
