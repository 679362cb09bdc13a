//! Where a search starts that begins at one point.

use temper_core::{Config, History, Origin, State};
use temper_space::Space;

/// The best trial that ran before the strategy's first one, the default configuration, or the
/// middle. Not completed.
pub(crate) fn start_config(space: &Space, history: &History) -> Config {
    let is_foreign = |origin| origin != Origin::Strategy;
    let trials = history.trials().iter().filter(|trial| !trial.origin().is_repeat());
    let before = trials.take_while(|trial| is_foreign(trial.origin()));
    let completed = before.filter(|trial| trial.state() == State::Completed);
    let best = completed.min_by_key(|it| (!history.is_feasible(it), history.mean_loss(it)));
    let best = best.map(|trial| trial.config().clone());
    best.or_else(|| space.default_config())
        .unwrap_or_else(|| space.decode(&vec![0.5; space.dims()]))
}
