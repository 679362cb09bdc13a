//! How much the cost of a trial counts beside what it promises.

use temper_core::{CostSetup, History, Measure, State, Trial};

/// The power of the predicted cost by which the expected improvement is divided, from 0, where cost
/// does not matter, to 1.
///
/// It is the part of the budget that is left: while much is, cheap trials teach more for the same
/// cost, and the last ones are to find the best whatever it costs. Lee, Perrone, Archambeau and
/// Seeger 2020, "Cost-aware Bayesian Optimization", eq. 4 (EI-cool).
///
/// A study has a number of trials, too. The less of its budget the rest of them would cost at the
/// average so far, the less the budget is what ends it; where it suffices for all of them, thrift
/// would buy nothing. So the power is multiplied by the part of their cost that is not covered. The
/// average is over what trials have cost, not over what they would cost to their ends: where most are
/// cut short, those to come are as well. One that completes costs as much again for each repeat.
pub(crate) fn thrift(history: &History) -> f64 {
    let Some(setup) = history.setup() else { return 0.0 };
    let Some(CostSetup { measure, limit }) = &setup.budget.costs else { return 0.0 };
    let left = setup.trials.map(|trials| trials.saturating_sub(history.tried()));
    let Some(limit) = limit else {
        let part = |left: u64| left as f64 / setup.trials.unwrap_or(left).max(1) as f64;
        return left.map_or(1.0, part);
    };
    let rest = (limit - measure.spent(history)).max(0.0);
    let need = |left: u64| left as f64 * average(measure, history);
    let uncovered = left.map_or(1.0, |left| (1.0 - rest / need(left)).clamp(0.0, 1.0));
    let power = rest / limit * uncovered;
    if power.is_nan() { 0.0 } else { power }
}

/// What a trial of the study costs that is not under way any more, with its repeats; 0 if there is
/// none.
fn average(measure: &Measure, history: &History) -> f64 {
    let runs = history.setup().and_then(|setup| setup.repeat).unwrap_or(1).max(1);
    let cost = |trial: &Trial| {
        let runs = if trial.state() == State::Completed { runs } else { 1 };
        f64::from(runs) * measure.spent_by(trial, history)
    };
    let own = history.trials().iter().filter(|trial| trial.origin().counts());
    let costs = own.filter(|trial| !trial.state().is_under_way()).map(cost);
    let (count, sum) = costs.fold((0_u64, 0.0), |(count, sum), cost| (count + 1, sum + cost));
    sum / count.max(1) as f64
}

#[cfg(test)]
mod tests;
