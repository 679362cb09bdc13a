//! The trials among which several goals leave the choice open.

use crate::{History, Loss, State, Trial};

impl History {
    /// The Pareto front: the completed trials that keep the constraints and that no other such
    /// trial dominates, by being better in one goal and worse in none. Best primary loss first,
    /// then the next goal's; equals are all in it, by their numbers. Losses of another fidelity
    /// don't compare: the last fidelity of which one completed counts alone. A configuration that
    /// ran several times counts by the means.
    #[must_use]
    pub fn front(&self) -> Vec<&Trial> {
        let completed = self.in_state(State::Completed);
        let is_candidate = |trial: &&Trial| !trial.origin().is_repeat() && self.is_feasible(trial);
        let mut trials: Vec<_> = completed.filter(is_candidate).collect();
        let last = trials.iter().map(|trial| self.fidelity(trial)).max();
        trials.retain(|trial| Some(self.fidelity(trial)) == last);
        let mut results: Vec<_> =
            trials.into_iter().map(|trial| (self.mean_losses(trial), trial)).collect();
        results
            .sort_by(|(one, first), (other, second)| (one, first.id()).cmp(&(other, second.id())));
        let mut front: Vec<(Vec<Loss>, &Trial)> = Vec::new();
        // What dominates a trial comes before it in this order.
        for (losses, trial) in results {
            if !front.iter().any(|(other, _)| dominates(other, &losses)) {
                front.push((losses, trial));
            }
        }
        front.into_iter().map(|(_, trial)| trial).collect()
    }
}

/// Whether the first losses are as low as the second in each goal, and lower in one.
fn dominates(one: &[Loss], other: &[Loss]) -> bool {
    one != other && one.iter().zip(other).all(|(one, other)| one <= other)
}
