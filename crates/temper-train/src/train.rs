//! The training loop.

mod average;
mod export;
mod reports;
mod rows;
mod state;
mod trained;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::best::{self, BestBy, Patience};
use crate::checkpoint::{Checkpoint, CheckpointError, Checkpoints, Position};
use crate::data::Dataset;
use crate::device::catch_out_of_memory;
use crate::divergence::Trend;
use crate::observer::Evaluations;
use crate::{Observer, Report, Start, Summary, TrainConfig, TrainError};

pub use export::{export, export_adapter, export_initial};
pub use rows::{Row, rows_of_steps};

use state::State;

/// Optimizer steps between two looks at their losses where nothing is reported: each look waits
/// for the device.
const LOOK_STEPS: u64 = 16;

/// Trains a model from scratch on the data that `config` names, relative to `base_dir`: a [`Run`]
/// without checkpoints.
///
/// ```no_run
/// use std::{ops::ControlFlow, path::Path};
/// use temper_train::{TrainConfig, train};
///
/// let config = TrainConfig {
///     data: vec!["*.txt".into()],
///     max_steps: Some(500),
///     ..TrainConfig::default()
/// };
/// let summary = train(&config, Path::new("."), &mut |report| {
///     println!("step {}: {:.3} nats per token", report.step, report.eval_loss);
///     ControlFlow::Continue(())
/// })?;
/// println!("{} parameters", summary.parameters);
/// # Ok::<(), temper_train::TrainError>(())
/// ```
///
/// # Errors
/// As [`Run::train`].
pub fn train(
    config: &TrainConfig,
    base_dir: &Path,
    observe: &mut dyn FnMut(&Report) -> ControlFlow<()>,
) -> Result<Summary, TrainError> {
    Run::new(config, base_dir).train(observe)
}

/// A training run, and where it keeps its state.
///
/// The same configuration and text give the same losses, on the CPU bit for bit, also with
/// interruptions in between: what is drawn for a step depends on the seed and the step alone.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    config: &'a TrainConfig,
    base_dir: &'a Path,
    checkpoints: Option<Checkpoints>,
    keep_best: Option<BestBy>,
    patience: Option<Patience>,
    source: Source,
    stop: Option<&'a AtomicBool>,
}

/// Where a run begins.
#[derive(Clone, Debug)]
enum Source {
    Scratch,
    /// At its own newest checkpoint, if there is one.
    Newest,
    /// At this file, or at the newest checkpoint in this folder.
    File(PathBuf),
}

impl<'a> Run<'a> {
    /// A run from scratch that keeps nothing; paths in `config` are relative to `base_dir`.
    #[must_use]
    pub fn new(config: &'a TrainConfig, base_dir: &'a Path) -> Self {
        Self {
            config,
            base_dir,
            checkpoints: None,
            keep_best: None,
            patience: None,
            source: Source::Scratch,
            stop: None,
        }
    }

    /// Saves a checkpoint every `save_steps`, if they are given, at the last step, and when the
    /// run is stopped.
    #[must_use]
    pub fn with_checkpoints(mut self, checkpoints: Checkpoints) -> Self {
        self.checkpoints = Some(checkpoints);
        self
    }

    /// Also keeps the checkpoint of the evaluation that is the best by this, where checkpoints are
    /// kept: it is saved when it is found, under a name of its own ([`Checkpoints::best`]).
    #[must_use]
    pub fn keep_best(mut self, by: BestBy) -> Self {
        self.keep_best = Some(by);
        self
    }

    /// Ends the run once its evaluations no longer improve by what [`Run::keep_best`] names; the
    /// evaluation at which it is seen is the last.
    #[must_use]
    pub fn end_early(mut self, patience: Patience) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Goes on where the newest whole checkpoint in its folder is; without one, from scratch.
    #[must_use]
    pub fn resume(mut self) -> Self {
        self.source = Source::Newest;
        self
    }

    /// Goes on from another run's checkpoint, or from the newest whole one in its folder, with the
    /// settings of this one.
    #[must_use]
    pub fn fork(mut self, checkpoint: impl Into<PathBuf>) -> Self {
        self.source = Source::File(checkpoint.into());
        self
    }

    /// Ends the run after the step during which `stop` is set.
    #[must_use]
    pub fn stop_when(mut self, stop: &'a AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Trains to the last step. `observe` is called at each evaluation; its `Break` ends the run
    /// there.
    ///
    /// # Errors
    /// A setting is invalid, the data can't be read or are too few, the device is missing or
    /// fails, the run diverges, or a checkpoint can't be written or gone on from.
    pub fn train(
        &self,
        observe: &mut dyn FnMut(&Report) -> ControlFlow<()>,
    ) -> Result<Summary, TrainError> {
        self.train_watched(&mut Evaluations(observe))
    }

    /// The same for an observer that is told of the start and of steps, too.
    ///
    /// # Errors
    /// As [`Run::train`].
    pub fn train_watched(&self, observer: &mut dyn Observer) -> Result<Summary, TrainError> {
        let trained = catch_out_of_memory(|| self.go(observer));
        if matches!(trained, Err(TrainError::OutOfMemory { .. })) {
            // It still computes what it was asked to before: some drivers fail at the end of a
            // process that does not wait for that.
            self.config.device.settle();
        }
        trained
    }

    fn go(&self, observer: &mut dyn Observer) -> Result<Summary, TrainError> {
        self.config.validate()?;
        let (config, pretrained) = self.config.complete(self.base_dir)?;
        let config = &config;
        config.validate_completed()?;
        let chosen = config.device.chosen();
        let plain_device = chosen.open()?;
        if !plain_device.supports_dtype(config.precision.float_type()) {
            return Err(TrainError::NoPrecision { device: chosen });
        }
        let dataset = Dataset::load(config, self.base_dir, pretrained.as_ref())?;
        let total_steps = config.steps_over(dataset.train.volume(config)?)?;
        let interval = config.evaluation_interval(total_steps);
        let (from, damaged_checkpoints) = self.source()?;
        if let Some(checkpoint) = &from {
            self.ensure_steps_are_left(checkpoint.position.steps, total_steps)?;
        }
        let mut summary = Summary {
            resumed_at: from.as_ref().map(|checkpoint| checkpoint.position.steps),
            parameters: config.num_parameters(),
            trained_parameters: config.num_trained_parameters(),
            device: chosen,
            skipped_files: dataset.skipped_files,
            truncated_examples: dataset.truncated_examples,
            dropped_examples: dataset.dropped_examples,
            damaged_checkpoints,
            ..Summary::default()
        };
        let _lock = self.checkpoints.as_ref().map(Checkpoints::lock).transpose()?;
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.save_tokenizer(&dataset.tokenizer)?;
        }
        let device = plain_device.clone().autodiff();
        let mut state = State::new(config, total_steps, &device, pretrained.as_ref(), from)?;
        drop(pretrained);
        let parameters = summary.parameters;
        let start = Start { step: state.position.steps, total_steps, parameters };
        summary.stopped_early = observer.start(&start).is_break();

        let is_over = |position: &Position| best::is_over(position.best.as_ref(), self.patience);
        while state.position.steps < total_steps
            && !summary.stopped_early
            && !is_over(&state.position)
        {
            let last;
            (state, last) = state.step(&dataset.train);
            let steps = state.position.steps;
            let is_last = steps == total_steps;
            let mut is_best = false;
            let flow = if is_last || steps.is_multiple_of(interval) {
                let report = state.evaluate(&dataset, last, &plain_device)?;
                is_best = self.keep_best.is_some_and(|by| {
                    best::note(&mut state.position.best, by, self.patience, &report)
                });
                observer.evaluation(&report)
            } else if steps.is_multiple_of(config.log_steps as u64) {
                observer.step(&state.report(last)?)
            } else {
                if steps.is_multiple_of(LOOK_STEPS) {
                    state.look()?;
                }
                ControlFlow::Continue(())
            };
            summary.stopped_early = (flow.is_break() || self.is_stopped()) && !is_last;
            let is_due =
                config.save_steps.is_some_and(|saving| steps.is_multiple_of(saving as u64));
            if let Some(checkpoints) = &self.checkpoints {
                if is_due || is_last || summary.stopped_early || is_over(&state.position) {
                    let saved = checkpoints.save(&state.snapshot()?)?;
                    if is_best {
                        checkpoints.make_best(&saved)?;
                    }
                    summary.checkpoint = Some(saved);
                } else if is_best {
                    checkpoints.save_best(&state.snapshot()?)?;
                }
            }
        }
        summary.out_of_patience = is_over(&state.position);
        summary.stopped_early &= !summary.out_of_patience;
        summary.steps = state.position.steps;
        summary.tokens = state.position.tokens;
        summary.eval_loss = f64::NAN;
        if let Some(report) = state.position.report {
            (summary.eval_loss, summary.accuracy) = (report.eval_loss, report.accuracy);
            summary.report = Some(report);
        }
        Ok(summary)
    }

    /// A checkpoint beyond the last step says nothing of this run; at it, only its own run's does.
    fn ensure_steps_are_left(&self, step: u64, total_steps: u64) -> Result<(), TrainError> {
        let is_own = !matches!(self.source, Source::File(_));
        if step < total_steps || (is_own && step == total_steps) {
            return Ok(());
        }
        Err(TrainError::NoStepsLeft { step, total_steps })
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// The checkpoint to go on from, and those newer ones that are damaged.
    fn source(&self) -> Result<(Option<Checkpoint>, Vec<PathBuf>), CheckpointError> {
        match (&self.source, &self.checkpoints) {
            (Source::File(path), _) => {
                let (mut checkpoint, damaged) = if path.is_dir() {
                    let missing = || CheckpointError::Missing { folder: path.clone() };
                    Checkpoints::new(path).latest()?.ok_or_else(missing)?
                } else {
                    (Checkpoint::read(path)?, Vec::new())
                };
                // Its losses may be of other data.
                checkpoint.position.trend = Trend::default();
                checkpoint.position.best = None;
                Ok((Some(checkpoint), damaged))
            }
            (Source::Newest, Some(checkpoints)) => Ok(match checkpoints.latest()? {
                Some((checkpoint, damaged)) => (Some(checkpoint), damaged),
                None => (None, Vec::new()),
            }),
            (Source::Newest | Source::Scratch, _) => Ok((None, Vec::new())),
        }
    }
}

#[cfg(test)]
mod best_tests;
#[cfg(test)]
mod examples_tests;
#[cfg(test)]
mod export_tests;
#[cfg(test)]
mod fine_tuning_tests;
#[cfg(test)]
#[cfg(feature = "wgpu")]
mod gpu_tests;
#[cfg(test)]
mod reports_tests;
#[cfg(test)]
mod resume_tests;
#[cfg(test)]
mod tests;
