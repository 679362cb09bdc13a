//! The trials among which several goals leave the choice open.

use temper_core::{History, Trial};

/// The Pareto front, best primary loss first: see [`History::front`].
///
/// ```
/// let history = temper_core::History::new();
/// assert!(temper_report::pareto_front(&history).is_empty());
/// ```
#[must_use]
pub fn pareto_front(history: &History) -> Vec<&Trial> {
    history.front()
}

#[cfg(test)]
mod tests {
    use temper_core::{
        Config, Event, Failure, FailureKind, Lease, Loss, Origin, Outcome, Setup, StrategySetup,
        TrialId, WorkerId,
    };

    use super::*;

    /// A history of trials with these results, in which `size` has to be at most 10.
    fn history(outcomes: Vec<Outcome>) -> History {
        let mut history = History::new();
        let setup = Setup {
            name: "test".into(),
            space: Default::default(),
            require: Default::default(),
            goals: Vec::new(),
            constraints: vec!["size <= 10".parse().unwrap()],
            seed: 0,
            strategy: StrategySetup { name: "random".into(), options: "{}".into() },
            pruner: None,
            early_stopping: None,
            max_steps: None,
            stages: Vec::new(),
            repeat: None,
            confirm: None,
            budget: Default::default(),
            trials: None,
        };
        history.apply(&Event::Opened(setup)).unwrap();
        for (id, outcome) in (0..).zip(outcomes) {
            let (trial, lease) = (TrialId(id), Lease(history.len()));
            let started = Event::Started {
                trial,
                config: Config::default(),
                origin: Origin::Strategy,
                seen: history.len(),
                worker: WorkerId::new("a"),
                until: None,
                fork: None,
                note: None,
                stage: None,
            };
            let (seconds, peak_memory) = (1.0, None);
            let ended = Event::Finished { trial, lease, outcome, seconds, peak_memory };
            history.apply(&started).and_then(|()| history.apply(&ended)).unwrap();
        }
        history
    }

    fn completed(losses: &[f64], size: f64) -> Outcome {
        let losses = losses.iter().map(|loss| Loss::new(*loss).unwrap()).collect();
        Outcome::Completed { losses, metrics: [("size".to_owned(), size)].into_iter().collect() }
    }

    fn front(outcomes: Vec<Outcome>) -> Vec<u64> {
        pareto_front(&history(outcomes)).iter().map(|trial| trial.id().0).collect()
    }

    #[test]
    fn the_front_has_the_feasible_trials_that_nothing_dominates() {
        let failed = Failure::new(FailureKind::Crashed, "exit code 1");
        let front = front(vec![
            completed(&[2.0, 1.0], 5.0),
            completed(&[1.0, 3.0], 5.0),
            completed(&[2.0, 2.0], 5.0), // trial 0 is as good and better
            completed(&[0.0, 0.0], 11.0),
            completed(&[3.0, 0.5], 10.0),
            Outcome::Failed { failure: failed, retry: false },
            Outcome::Pruned,
            completed(&[2.0, 1.0], 5.0), // equal to trial 0
            completed(&[1.0, 3.5], 5.0),
        ]);
        assert_eq!(front, [1, 0, 7, 4]);
    }

    #[test]
    fn the_front_is_what_comparing_all_pairs_leaves() {
        // Three goals on a coarse grid, so that there are ties of every kind.
        let loss = |number: u64, prime: u64| (number * prime % 7) as f64;
        let losses: Vec<[f64; 3]> =
            (0..60).map(|n| [loss(n, 3), loss(n * n, 5), loss(n * n * n + n, 2)]).collect();
        let is_beaten = |it: &[f64; 3]| {
            losses.iter().any(|other| other != it && other.iter().zip(it).all(|(a, b)| a <= b))
        };
        let mut wanted: Vec<u64> = (0..60).filter(|n| !is_beaten(&losses[*n as usize])).collect();
        let mut found = front(losses.iter().map(|losses| completed(losses, 1.0)).collect());
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted);
        assert!((2..60).contains(&found.len()), "{found:?}");
    }

    #[test]
    fn of_one_goal_the_front_is_the_best_trial() {
        let outcomes = [3.0, 1.0, 2.0].map(|loss| completed(&[loss], 1.0));
        assert_eq!(front(outcomes.to_vec()), [1]);
    }
}
