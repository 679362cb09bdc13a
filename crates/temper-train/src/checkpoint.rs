//! The state of a run in one file: model, optimizer, and where in the data it is.
//!
//! A line of JSON, the [`Header`], and then the parts that it lists one after the other. The order
//! of the data is a function of the seed and the step, so the step is all that it takes to go on
//! with it. A file that was cut short or changed is told by the lengths and checksums of the header.

mod folder;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};
use temper_optim::Optimizer;
use thiserror::Error;

use crate::best::Best;
use crate::divergence::Trend;
use crate::model::{Model, PositionKind};
use crate::pretrained::Checksum;
use crate::progress::Losses;
use crate::{FinetuningType, Report, TrainConfig};

pub use folder::Checkpoints;

/// The format of the files that this version writes, and the newest that it reads.
const FORMAT: u32 = 2;

/// What a run has come to besides weights.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub(crate) struct Position {
    /// Optimizer steps completed.
    pub(crate) steps: u64,
    /// Training tokens seen.
    pub(crate) tokens: u64,
    /// Losses since the last evaluation.
    #[serde(flatten)]
    pub(crate) losses: Losses,
    /// Losses since the last line of the log.
    #[serde(default)]
    pub(crate) logged_losses: Losses,
    /// What tells whether the run has diverged.
    #[serde(default)]
    pub(crate) trend: Trend,
    /// Steps in the average of the weights.
    #[serde(default)]
    pub(crate) averaged: u64,
    /// The last evaluation; `None` before the first.
    #[serde(default)]
    pub(crate) report: Option<Report>,
    /// The best evaluation, where its checkpoint is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) best: Option<Best>,
}

/// The first line of a checkpoint.
#[derive(Serialize, Deserialize, Debug)]
struct Header {
    format: u32,
    position: Position,
    config: TrainConfig,
    /// Of the weights that stay, where only some are trained; those are not in the parts.
    #[serde(default)]
    base: Option<Checksum>,
    parts: Vec<Part>,
}

/// A stretch of bytes after the header.
#[derive(Serialize, Deserialize, Debug)]
struct Part {
    bytes: usize,
    crc32: u32,
}

/// A checkpoint that was read.
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    /// The settings of the run that wrote it.
    pub(crate) config: TrainConfig,
    base: Option<Checksum>,
    model: ModuleRecord,
    average: Option<ModuleRecord>,
    optimizer: OptimizerRecord,
}

/// Why a checkpoint could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file or its folder.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is none.
    #[error("there is none in `{}`", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// Another run writes to the folder.
    #[error("`{}` is in use by another run", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// It ends early or was changed, or it is something else.
    #[error("`{}` is no whole checkpoint: {fault}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// Several there are, and none is whole.
    #[error("none of these is a whole checkpoint: {}", names(files))]
    NoneWhole {
        /// The files.
        files: Vec<PathBuf>,
    },
    /// It was written by a newer version.
    #[error("`{}` has format {format}, and this version reads up to {FORMAT}", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// It is of a model of another shape.
    #[error("`{key}`: the checkpoint has {was}, and this run {is}")]
    OtherModel {
        /// The setting that differs.
        key: &'static str,
        /// Its value in the checkpoint.
        was: String,
        /// Its value now.
        is: String,
    },
    /// The weights that are not trained are others.
    #[error("`base_model`: its weights are not those that the checkpoint was trained with")]
    OtherBase,
    /// The weights or the optimizer's state could not be packed or unpacked.
    #[error("the weights could not be packed or unpacked")]
    Record {
        /// Why not.
        source: RecordError,
    },
}

fn names(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| format!("`{}`", file.display())).collect();
    names.join(", ")
}

impl From<RecordError> for CheckpointError {
    fn from(source: RecordError) -> Self {
        Self::Record { source }
    }
}

/// What is saved.
pub(crate) struct Snapshot<'a> {
    pub(crate) config: &'a TrainConfig,
    pub(crate) position: &'a Position,
    /// Of the weights that stay, where only some are trained.
    pub(crate) base: Option<Checksum>,
    pub(crate) model: &'a Model,
    pub(crate) average: Option<&'a Model>,
    pub(crate) optimizer: &'a Optimizer,
}

/// The file's bytes, in pieces: put together they would take as much memory again.
fn pack(snapshot: &Snapshot<'_>) -> Result<Vec<Bytes>, CheckpointError> {
    let trained = snapshot.model.trained().group();
    let weights = |model: &Model| model.clone().into_record_group(trained.clone()).into_bytes();
    let mut parts = vec![weights(snapshot.model)?, snapshot.optimizer.to_record().into_bytes()?];
    if let Some(average) = snapshot.average {
        parts.push(weights(average)?);
    }
    let part = |bytes: &Bytes| Part { bytes: bytes.len(), crc32: crc32fast::hash(bytes) };
    let header = Header {
        format: FORMAT,
        position: snapshot.position.clone(),
        config: snapshot.config.clone(),
        base: snapshot.base,
        parts: parts.iter().map(part).collect(),
    };
    let mut line = serde_json::to_vec(&header).expect("a header is representable in JSON");
    line.push(b'\n');
    parts.insert(0, Bytes::from_bytes_vec(line));
    Ok(parts)
}

impl Checkpoint {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// It can't be read, is not whole, or was written by a newer version.
    pub(crate) fn read(path: &Path) -> Result<Self, CheckpointError> {
        let damaged = |fault| CheckpointError::Damaged { path: path.to_owned(), fault };
        let failed = |source| CheckpointError::Io { path: path.to_owned(), source };
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        let mut header = Vec::new();
        file.read_until(b'\n', &mut header).map_err(failed)?;
        if header.pop() != Some(b'\n') {
            return Err(damaged("it has no header"));
        }
        let format = serde_json::from_slice::<serde_json::Value>(&header).ok();
        let format = format.and_then(|header| header["format"].as_u64());
        match format.and_then(|format| u32::try_from(format).ok()) {
            Some(format) if format > FORMAT => {
                return Err(CheckpointError::NewerFormat { path: path.to_owned(), format });
            }
            Some(_) => {}
            None => return Err(damaged("its header is none of ours")),
        }
        let header: Header =
            serde_json::from_slice(&header).map_err(|_| damaged("its header can't be read"))?;
        let mut parts = Vec::new();
        for part in &header.parts {
            let mut bytes = Vec::new();
            // It grows with what is there: a length that is damaged takes no memory.
            let read = (&mut file).take(part.bytes as u64).read_to_end(&mut bytes);
            if read.map_err(failed)? < part.bytes {
                return Err(damaged("it ends early"));
            }
            if crc32fast::hash(&bytes) != part.crc32 {
                return Err(damaged("a checksum differs"));
            }
            parts.push(Bytes::from_bytes_vec(bytes));
        }
        let average = (parts.len() == 3).then(|| parts.pop()).flatten();
        let [model, optimizer]: [Bytes; 2] =
            parts.try_into().map_err(|_| damaged("it has neither two parts nor three"))?;
        Ok(Self {
            position: header.position,
            config: header.config,
            base: header.base,
            model: ModuleRecord::from_bytes(model)?,
            average: average.map(ModuleRecord::from_bytes).transpose()?,
            optimizer: OptimizerRecord::from_bytes(optimizer)?,
        })
    }

    /// The steps that a checkpoint was saved after, by its first line alone; `None` if it is not
    /// there or that can't be read.
    pub(crate) fn steps(path: &Path) -> Option<u64> {
        let mut header = Vec::new();
        BufReader::new(File::open(path).ok()?).read_until(b'\n', &mut header).ok()?;
        serde_json::from_slice::<Header>(&header).ok().map(|header| header.position.steps)
    }

    /// Puts the weights into a model, their average, if there is one, into a copy of it, and the
    /// state into its optimizer.
    ///
    /// # Errors
    /// The model has another shape than the one that was saved.
    pub(crate) fn restore(
        self,
        config: &TrainConfig,
        base: Option<Checksum>,
        model: Model,
        optimizer: Optimizer,
    ) -> Result<(Model, Option<Model>, Optimizer), CheckpointError> {
        same_model(&self.config, config)?;
        if base != self.base {
            return Err(CheckpointError::OtherBase);
        }
        let average = self.average.map(|average| with_trained(config, model.clone(), average));
        let model = with_trained(config, model, self.model)?;
        Ok((model, average.transpose()?, optimizer.load_record(self.optimizer)))
    }
}

/// The model with the trained weights of the record, which are all that are in it.
fn with_trained(
    config: &TrainConfig,
    model: Model,
    record: ModuleRecord,
) -> Result<Model, CheckpointError> {
    if config.finetuning_type == FinetuningType::Full {
        return Ok(model.try_load_record(record)?);
    }
    let count = model.trained().count();
    if record.len() != count {
        let message = format!("{} tensors in place of {count}", record.len());
        return Err(RecordError::Validation(message).into());
    }
    Ok(model.try_load_record(record.allow_partial(true))?)
}

/// How many positions have weights.
fn learned_positions(config: &TrainConfig) -> usize {
    match config.architecture.parts().positions {
        PositionKind::Learned => config.max_seq_length,
        PositionKind::Rotary => 0,
    }
}

/// Checks that two runs have models of the same shape, over the same tokens, and an optimizer that
/// understands the other's state.
fn same_model(was: &TrainConfig, is: &TrainConfig) -> Result<(), CheckpointError> {
    let shape = |config: &TrainConfig| {
        [
            ("tokenizer", format!("{:?}", config.tokenizer)),
            ("vocab_size", config.vocabulary().to_string()),
            ("architecture", config.architecture.name().to_owned()),
            ("hidden_size", config.hidden_size.to_string()),
            ("num_layers", config.num_layers.to_string()),
            ("num_heads", config.num_heads.to_string()),
            ("num_kv_heads", config.kv_heads().to_string()),
            ("head_dim", config.head_dim().to_string()),
            ("intermediate_size", config.intermediate().to_string()),
            ("tie_word_embeddings", config.tie_word_embeddings.to_string()),
            ("max_seq_length", learned_positions(config).to_string()),
            ("optimizer", config.optimizer.name().to_owned()),
        ]
    };
    let all = |config: &TrainConfig| {
        shape(config).into_iter().chain(config.bases()).chain(config.fine_tuning())
    };
    let mut pairs = all(was).zip(all(is));
    match pairs.find(|(was, is)| was != is) {
        Some(((key, was), (_, is))) => Err(CheckpointError::OtherModel { key, was, is }),
        None => Ok(()),
    }
}
