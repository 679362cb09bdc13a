//! Who is told how a run goes.

use std::ops::ControlFlow;

use crate::{Report, Start, StepReport};

/// Who is told how a run goes; each `Break` ends the run there.
///
/// ```no_run
/// use std::{ops::ControlFlow, path::Path};
/// use temper_train::{Observer, Report, Run, StepReport, TrainConfig};
///
/// struct Print;
///
/// impl Observer for Print {
///     fn step(&mut self, report: &StepReport) -> ControlFlow<()> {
///         println!("step {}: train_loss {:.3}", report.step, report.train_loss);
///         ControlFlow::Continue(())
///     }
///
///     fn evaluation(&mut self, report: &Report) -> ControlFlow<()> {
///         println!("step {}: eval_loss {:.3}", report.step, report.eval_loss);
///         ControlFlow::Continue(())
///     }
/// }
///
/// let config = TrainConfig::from_toml("data = ['*.txt']\nmax_steps = 500")?;
/// Run::new(&config, Path::new(".")).train_watched(&mut Print)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Observer {
    /// The data are read and the model is made: the first step is next.
    fn start(&mut self, _: &Start) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Another `log_steps` steps are done, unless there is an evaluation.
    fn step(&mut self, _: &StepReport) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// The model was evaluated.
    fn evaluation(&mut self, report: &Report) -> ControlFlow<()>;
}

/// One who is told of evaluations only.
pub(crate) struct Evaluations<'a>(pub(crate) &'a mut dyn FnMut(&Report) -> ControlFlow<()>);

impl Observer for Evaluations<'_> {
    fn evaluation(&mut self, report: &Report) -> ControlFlow<()> {
        (self.0)(report)
    }
}
