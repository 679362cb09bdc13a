//! What a training run leaves to be looked at: metrics.jsonl, and a file for TensorBoard.

mod event_file;
mod metrics;
mod record;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use temper_train::{Report, StepReport};

use event_file::EventFile;
use metrics::{Metrics, named};

/// The folder's log, open.
pub(crate) struct TrainLog {
    metrics: Metrics,
    events: EventFile,
    /// Keeps other runs out of the folder.
    _lock: File,
}

/// Held by the run that writes to the folder, which may be that of its checkpoints.
const LOCK: &str = "metrics.lock";

impl TrainLog {
    /// The metrics of an earlier run in the folder, if there are any. Why a folder can't be looked
    /// into is told by [`TrainLog::open`].
    pub(crate) fn earlier(folder: &Path) -> Option<PathBuf> {
        Some(metrics::path(folder)).filter(|path| path.exists())
    }

    /// Goes on with the log of a run that has done `step` steps.
    ///
    /// Lines of later steps are removed from the metrics: those steps will be done again.
    /// TensorBoard gets a file of its own for each start, which says the same.
    pub(crate) fn open(folder: &Path, step: u64) -> io::Result<Self> {
        fs::create_dir_all(folder).map_err(named(folder))?;
        let _lock = lock(folder).map_err(named(folder))?;
        let metrics = Metrics::open(folder, step)?;
        Ok(Self { metrics, events: EventFile::create(folder, step)?, _lock })
    }

    /// Writes what is known between evaluations.
    pub(crate) fn step(&mut self, report: &StepReport) -> io::Result<()> {
        self.metrics.write(report)?;
        self.events.write(report.step, &training(report), None)
    }

    /// Writes a whole report.
    pub(crate) fn evaluation(&mut self, report: &Report) -> io::Result<()> {
        self.metrics.write(report)?;
        let mut scalars = training(&StepReport {
            step: report.step,
            train_loss: report.train_loss,
            learning_rate: report.learning_rate,
            grad_norm: report.grad_norm,
            tokens: report.tokens,
            tokens_per_second: report.tokens_per_second,
            model_flops_per_second: report.model_flops_per_second,
            mfu: report.mfu,
        });
        scalars.extend([
            ("eval/loss", report.eval_loss),
            ("eval/perplexity", report.perplexity),
            ("eval/bits_per_byte", report.bits_per_byte),
        ]);
        scalars.extend(report.accuracy.map(|accuracy| ("eval/accuracy", accuracy)));
        scalars.extend(report.peak_memory.map(|bytes| ("train/peak_memory", bytes as f64)));
        let sample = report.sample.as_deref().map(|text| ("eval/sample", text));
        self.events.write(report.step, &scalars, sample)
    }
}

/// Keeps other runs out of the folder until the file is closed.
fn lock(folder: &Path) -> io::Result<File> {
    let file = File::create(folder.join(LOCK))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(io::Error::other("another run writes to it")),
        // Some file systems have no locks; nobody is kept out there.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// What is plotted of training.
fn training(report: &StepReport) -> Vec<(&'static str, f64)> {
    let mut scalars = vec![
        ("train/loss", report.train_loss),
        ("train/learning_rate", report.learning_rate),
        ("train/grad_norm", report.grad_norm),
        ("train/tokens", report.tokens as f64),
        ("train/tokens_per_second", report.tokens_per_second),
        ("train/model_flops_per_second", report.model_flops_per_second),
    ];
    scalars.extend(report.mfu.map(|mfu| ("train/mfu", mfu)));
    scalars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_run_s_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let log = TrainLog::open(folder.path(), 0).unwrap();
        let error = TrainLog::open(folder.path(), 0).err().unwrap();
        assert!(error.to_string().contains("another run writes to it"), "{error}");
        drop(log);
        TrainLog::open(folder.path(), 0).unwrap();
    }
}
