//! Where a trial comes from that went on from the checkpoint of another one.

use serde::Serialize;
use temper_core::{Config, Goal, History, Step, Trial, TrialId, Value};

/// The steps that one trial did of all that led to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Segment {
    /// Which trial.
    pub trial: TrialId,
    /// The step that it begins after.
    pub after: Step,
    /// The last step that counts here: where the next segment begins, or the last one reported.
    pub until: Step,
    /// The values of those parameters that are not the same in all segments.
    pub params: Config,
    /// The primary value at its end, in the user's direction.
    pub value: Option<f64>,
}

/// All that led to the trial, the first steps first; one segment if it forks no other.
#[must_use]
pub fn lineage(goals: &[Goal], history: &History, trial: &Trial) -> Vec<Segment> {
    let mut trials = vec![trial];
    while let Some(fork) = trials[trials.len() - 1].fork()
        && let Some(from) =
            history.trial(fork.from).filter(|_| trials.len() < history.trials().len())
    {
        trials.push(from);
    }
    trials.reverse();
    let changing = |name: &str| {
        let value = |trial: &Trial| trial.config().get(name).cloned();
        trials.iter().any(|other| value(other) != value(trials[0]))
    };
    let ends = trials.iter().skip(1).map(|next| Some(next.begins_after())).chain([None]);
    let segment = |(trial, end): (&&Trial, Option<Step>)| {
        let mut reports = trial.reports().iter();
        let last = reports.rfind(|report| end.is_none_or(|end| report.step <= end));
        let losses =
            if end.is_none() { trial.losses() } else { last.map_or(&[][..], |it| &it.losses) };
        let params = trial.config().iter().filter(|(name, _)| changing(name));
        Segment {
            trial: trial.id(),
            after: trial.begins_after(),
            until: end.or(last.map(|it| it.step)).unwrap_or(trial.begins_after()),
            params: params.map(|(name, value)| (name.to_owned(), value.clone())).collect(),
            value: goals.first().zip(losses.first()).map(|(goal, loss)| goal.value(*loss)),
        }
    };
    trials.iter().zip(ends).map(segment).collect()
}

/// The value that a parameter has at a step, counted from 1, of a trial that segments led to.
#[must_use]
pub fn value_at<'a>(segments: &'a [Segment], name: &str, step: Step) -> Option<&'a Value> {
    let of_step = segments.iter().find(|segment| step <= segment.until).or(segments.last())?;
    of_step.params.get(name)
}

#[cfg(test)]
mod tests {
    use temper_core::{Event, Fork, Lease, Loss, Origin, Outcome, WorkerId};

    use super::*;

    /// Trial 0 with a rate of 4.0, which pauses after step 2; trial 1 copies it with 2.0.
    fn forked() -> History {
        let mut history = History::new();
        let start = |id, rate: f64, seen, fork| Event::Started {
            trial: TrialId(id),
            config: Config::from_iter([("rate", Value::from(rate)), ("size", 8_i64.into())]),
            origin: Origin::Strategy,
            seen,
            worker: WorkerId::new("a"),
            until: Some(2),
            fork,
            note: None,
            stage: None,
        };
        let report = |id, lease, step, loss| Event::Reported {
            trial: TrialId(id),
            lease: Lease(lease),
            step,
            losses: vec![Loss::new(loss).unwrap()],
            metrics: Default::default(),
        };
        let end = |id, lease, outcome| Event::Finished {
            trial: TrialId(id),
            lease: Lease(lease),
            outcome,
            seconds: 1.0,
            peak_memory: None,
        };
        let done = Outcome::completed(vec![Loss::new(0.5).unwrap()]);
        for event in [
            start(0, 4.0, 0, None),
            report(0, 0, 2, 3.0),
            end(0, 0, Outcome::Paused),
            start(1, 2.0, 3, Some(Fork::of(TrialId(0)))),
            report(1, 3, 4, 0.75),
            end(1, 3, done),
        ] {
            history.apply(&event).unwrap();
        }
        history
    }

    #[test]
    fn the_lineage_of_a_fork_has_the_steps_of_each_trial_and_what_changed() {
        let history = forked();
        let goals = [Goal { metric: "loss".into(), direction: Default::default() }];
        let segments = lineage(&goals, &history, history.trial(TrialId(1)).unwrap());
        let told: Vec<_> =
            segments.iter().map(|it| (it.trial.0, it.after, it.until, it.value)).collect();
        assert_eq!(told, [(0, 0, 2, Some(3.0)), (1, 2, 4, Some(0.5))]);
        assert_eq!(segments[0].params.to_string(), "rate=4.0");
        let rate = |step| value_at(&segments, "rate", step).and_then(Value::as_f64).unwrap();
        assert_eq!([1, 2, 3, 4, 9].map(rate), [4.0, 4.0, 2.0, 2.0, 2.0]);
        let alone = lineage(&goals, &history, history.trial(TrialId(0)).unwrap());
        assert_eq!((alone.len(), alone[0].params.len()), (1, 0));
    }
}
