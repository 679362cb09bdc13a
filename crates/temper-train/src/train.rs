//! The training loop.

use std::ops::ControlFlow;
use std::path::Path;

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use temper_optim::clip_grad_norm;

use crate::data::{Dataset, Sequences, random_starts};
use crate::evaluate::evaluate;
use crate::model::{Model, cross_entropy};
use crate::progress::{Progress, finite, read};
use crate::{Report, Summary, TrainConfig, TrainError};

/// Optimizer steps between two looks at the loss where nothing is reported: each look waits for
/// the device.
const DIVERGENCE_STEPS: u64 = 16;

/// Trains a model from scratch on the text that `config` names, relative to `base_dir`.
///
/// `observe` is called at each evaluation; its `Break` ends the run there. The same configuration
/// and text give the same losses, on the CPU bit for bit.
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
/// A setting is invalid, the text can't be read or is too short, the device is missing or fails,
/// or the loss is no longer finite.
pub fn train(
    config: &TrainConfig,
    base_dir: &Path,
    observe: &mut dyn FnMut(&Report) -> ControlFlow<()>,
) -> Result<Summary, TrainError> {
    config.validate()?;
    let plain_device = config.device.open()?;
    let device = plain_device.clone().autodiff();
    let dataset = Dataset::load(config, base_dir)?;
    let batch = config.batch()?;
    let passes = batch.gradient_accumulation_steps;
    let pass_tokens = (batch.micro_batch_size * config.max_seq_length) as u64;
    let total_steps = config.total_steps(dataset.train.len() as u64)?;
    let interval = config.evaluation_interval(total_steps);
    let schedule = config.schedule(total_steps);
    let mut model = Model::new(config, &device);
    let mut optimizer = config.optimizer.init(&config.optimizer_settings(), Model::groups());
    let mut progress = Progress::start();
    let mut summary = Summary {
        eval_loss: f64::NAN,
        steps: 0,
        tokens: 0,
        parameters: config.num_parameters(),
        stopped_early: false,
        skipped_files: dataset.skipped_files,
    };

    for step in 0..total_steps {
        let length = config.max_seq_length;
        let starts = random_starts(dataset.train.len(), length, batch.size(), config.seed, step);
        let mut gradients = GradientsAccumulator::new();
        for starts in starts.chunks(batch.micro_batch_size) {
            let sequences = Sequences::cut(&dataset.train, starts, length, &device);
            let loss = cross_entropy(model.forward(sequences.inputs), sequences.targets);
            progress.add(loss.clone().inner());
            let pass_gradients = (loss / passes as f64).backward();
            gradients.accumulate(&model, GradientsParams::from_grads(pass_gradients, &model));
        }
        let learning_rate = schedule.learning_rate(step);
        let (gradients, norm) = clip_grad_norm(&model, gradients.grads(), config.clipping());
        model = optimizer.step(learning_rate, model, gradients);
        summary.steps += 1;
        summary.tokens += passes as u64 * pass_tokens;

        let is_last = summary.steps == total_steps;
        if !is_last && !summary.steps.is_multiple_of(interval) {
            if summary.steps.is_multiple_of(DIVERGENCE_STEPS) {
                progress.mean_loss(summary.steps)?;
            }
            continue;
        }
        let train_loss = progress.mean_loss(summary.steps)?;
        let tokens_per_second = progress.tokens_per_second(pass_tokens);
        let (held_out, sequences) = (&dataset.held_out, batch.micro_batch_size);
        let evaluated = optimizer.evaluation_module(&model).valid();
        let evaluation = evaluate(&evaluated, held_out, sequences, config, &plain_device)?;
        summary.eval_loss = finite(evaluation.loss, summary.steps)?;
        let report = Report {
            step: summary.steps,
            eval_loss: evaluation.loss,
            train_loss,
            learning_rate,
            grad_norm: norm.map_or(Ok(0.0), read)?,
            tokens: summary.tokens,
            tokens_per_second,
            bits_per_byte: evaluation.bits_per_byte,
        };
        if observe(&report).is_break() {
            summary.stopped_early = !is_last;
            break;
        }
        progress = Progress::start();
    }
    Ok(summary)
}

#[cfg(test)]
mod tests;
