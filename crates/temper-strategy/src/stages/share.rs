//! What a stage may spend.

use temper_core::{History, Origin, StageSetup, Trial};

/// What the stage may spend of the study's limit of costs, if there is one; `pays` says which trials
/// are charged to it.
///
/// It is a part of what all other trials have left, for the stages after it are to have theirs: they
/// share by their trials, and where all last steps are known by their steps. Where a later stage has
/// no number of trials, this one may spend all.
pub(super) fn share(
    index: usize,
    stages: &[StageSetup],
    history: &History,
    pays: impl Fn(&Trial) -> bool,
) -> Option<f64> {
    let costs = history.setup()?.budget.costs.as_ref()?;
    let limit = costs.limit?;
    let others = history.trials().iter();
    let others = others.filter(|trial| trial.origin() != Origin::Observed && !pays(trial));
    let spent: f64 = others.map(|trial| costs.measure.spent_by(trial, history)).sum();
    Some((limit - spent).max(0.0) * part(index, stages, history))
}

/// The stage's part of all that it and those after it are to do.
fn part(index: usize, stages: &[StageSetup], history: &History) -> f64 {
    let given: u64 = stages.iter().filter_map(|stage| stage.trials).sum();
    let total = history.setup().and_then(|setup| setup.trials);
    let rest = total.map(|total| total.saturating_sub(given));
    let numbers = (0..).take(stages.len());
    let steps = numbers.map(|stage| history.max_steps(history.fidelity_of(Some(stage))));
    let steps: Option<Vec<_>> = steps.collect();
    let work = |stage: usize| {
        let trials = stages[stage].trials.or(rest)?;
        Some(trials as f64 * steps.as_ref().map_or(1.0, |steps| steps[stage] as f64))
    };
    let all: Option<f64> = (index..stages.len()).map(work).sum();
    match work(index).zip(all) {
        Some((own, all)) if all > 0.0 => own / all,
        _ => 1.0,
    }
}
