//! The models of runs.

use std::path::Path;

use super::state::State;
use crate::checkpoint::{Checkpoint, CheckpointError, Checkpoints};
use crate::data::{Dataset, Tokenizer};
use crate::model::Model;
use crate::pretrained::{Pretrained, Shape, Words};
use crate::{
    Architecture, Device, Precision, PretrainedModel, TokenizerKind, TrainConfig, TrainError,
};

/// What ends the name of a checkpoint of a run.
const EXTENSION: &str = "checkpoint";

/// What a run has come to.
pub(super) struct Trained {
    /// Its settings, with those of a `base_model` in them.
    pub(super) config: TrainConfig,
    pub(super) shape: Shape,
    pub(super) words: Words,
    /// As the run evaluated it, so its average, if it has one; adapters are apart.
    pub(super) model: Model,
}

impl Trained {
    /// That of a checkpoint, or of the best or else the newest one in a folder of checkpoints.
    ///
    /// # Errors
    /// There is no whole checkpoint, its `base_model` or the data are no longer there, or the device
    /// is missing.
    pub(super) fn read(
        path: &Path,
        base_dir: &Path,
        device: Device,
    ) -> Result<Trained, TrainError> {
        let (checkpoint, beside) = open(path)?;
        let (config, pretrained) = checkpoint.config.complete(base_dir)?;
        // Weights are of 32 bits, whatever a run computes in.
        let config = TrainConfig { precision: Precision::F32, ..config };
        let words = match beside.tokenizer()? {
            Some(tokenizer) if is_learned(&config) => Tokenizer::learned_words(tokenizer),
            _ => words(&config, base_dir, pretrained.as_ref())?,
        };
        let words = with_given_template(words, &config, base_dir)?;
        let device = device.open()?.autodiff();
        let steps = checkpoint.position.steps.max(1);
        let mut state = State::new(&config, steps, &device, pretrained.as_ref(), Some(checkpoint))?;
        let model = state.evaluation_model();
        let shape = shape(&config, pretrained.as_ref());
        Ok(Trained { shape, words, model, config })
    }
}

impl PretrainedModel {
    /// Reads what [`PretrainedModel::load`] does, or a checkpoint of a [`Run`](crate::Run), or the best
    /// or else the newest one in a folder of checkpoints: the model that the run evaluated, with adapters
    /// merged into it. Paths in a checkpoint's settings are relative to `base_dir`.
    ///
    /// # Errors
    /// As [`PretrainedModel::load`] and [`export`](crate::export()).
    pub fn load_any(
        path: &Path,
        base_dir: &Path,
        device: Device,
    ) -> Result<PretrainedModel, TrainError> {
        if !is_of_run(path) {
            return PretrainedModel::load(path, device);
        }
        let Trained { config, shape, words, model } = Trained::read(path, base_dir, device)?;
        Ok(PretrainedModel::new(model.merged(), shape, words, config, device.open()?))
    }
}

/// Whether there are checkpoints of a run.
fn is_of_run(path: &Path) -> bool {
    if !path.is_dir() {
        return path.extension().is_some_and(|extension| extension == EXTENSION);
    }
    let checkpoints = Checkpoints::new(path);
    let has_some = checkpoints.files().is_ok_and(|files| !files.is_empty());
    (has_some || checkpoints.best().is_some()) && !path.join("config.json").exists()
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

/// Whether the tokenizer follows from the data.
fn is_learned(config: &TrainConfig) -> bool {
    config.base_model.is_none() && config.tokenizer == TokenizerKind::Bpe
}

/// How a run of these settings reads and writes text, but for a chat template of its own.
///
/// # Errors
/// The data of a tokenizer that is learned from them can't be read.
pub(super) fn words(
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

/// The same with the chat template of the settings, if they have one.
///
/// # Errors
/// Its file can't be read.
pub(super) fn with_given_template(
    words: Words,
    config: &TrainConfig,
    base_dir: &Path,
) -> Result<Words, TrainError> {
    Ok(match config.given_chat_template(base_dir)? {
        Some(template) => words.with_chat_template(template),
        None => words,
    })
}

/// The shape of a run's model, with the longest text that it can take.
pub(super) fn shape(config: &TrainConfig, pretrained: Option<&Pretrained>) -> Shape {
    config.shape(match pretrained {
        // Learned positions beyond the run's have not been trained.
        Some(pretrained) if config.architecture == Architecture::Llama => {
            pretrained.shape.max_position_embeddings
        }
        _ => config.max_seq_length,
    })
}
