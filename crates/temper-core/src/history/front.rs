//! The trials among which several goals leave the choice open.

use crate::{History, Loss, State, Trial};

impl History {
    /// The Pareto front: the completed trials that keep the constraints and that no other such
    /// trial dominates, by being better in one goal and worse in none. Best primary loss first,
    /// then the next goal's; equals are all in it, by their numbers. Losses of another fidelity
    /// don't compare: the last fidelity of which one completed counts alone.
    #[must_use]
    pub fn front(&self) -> Vec<&Trial> {
        let completed = self.in_state(State::Completed);
        let mut trials: Vec<_> = completed.filter(|trial| self.is_feasible(trial)).collect();
        let last = trials.iter().map(|trial| self.fidelity(trial)).max();
        trials.retain(|trial| Some(self.fidelity(trial)) == last);
        trials.sort_by_key(|trial| (trial.losses(), trial.id()));
        let mut front: Vec<&Trial> = Vec::new();
        // What dominates a trial comes before it in this order.
        for trial in trials {
            if !front.iter().any(|other| dominates(other.losses(), trial.losses())) {
                front.push(trial);
            }
        }
        front
    }
}

/// Whether the first losses are as low as the second in each goal, and lower in one.
fn dominates(one: &[Loss], other: &[Loss]) -> bool {
    one != other && one.iter().zip(other).all(|(one, other)| one <= other)
}
