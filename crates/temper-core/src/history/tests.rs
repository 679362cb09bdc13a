use super::*;
use crate::{Config, Failure, FailureKind, Loss, Metrics, Origin, Step};

const FIRST: TrialId = TrialId(0);

fn started(trial: u64) -> Event {
    Event::Started {
        trial: TrialId(trial),
        config: Config::from_iter([("x".to_owned(), 1.0.into())]),
        origin: Origin::Strategy,
        seen: 0,
        worker: WorkerId::new("a"),
        until: None,
        fork: None,
        note: None,
        stage: None,
    }
}

fn continued(trial: TrialId) -> Event {
    Event::Continued { trial, seen: None, worker: WorkerId::new("b"), until: None, note: None }
}

fn reported(lease: u64, step: Step, loss: f64) -> Event {
    Event::Reported {
        trial: FIRST,
        lease: Lease(lease),
        step,
        losses: vec![Loss::new(loss).unwrap()],
        metrics: Metrics::new(),
    }
}

fn finished(lease: u64, outcome: Outcome) -> Event {
    Event::Finished { trial: FIRST, lease: Lease(lease), outcome, seconds: 1.5, peak_memory: None }
}

fn completed(loss: f64) -> Outcome {
    Outcome::completed(vec![Loss::new(loss).unwrap()])
}

fn preempted(retry: bool) -> Outcome {
    Outcome::Failed { failure: Failure::new(FailureKind::Preempted, "the runner died"), retry }
}

fn history(events: &[Event]) -> History {
    let mut history = History::new();
    for event in events {
        history.apply(event).unwrap();
    }
    history
}

#[test]
fn a_late_report_from_a_fenced_worker_is_refused_and_harms_nothing() {
    let mut history = history(&[started(0), finished(0, preempted(true)), continued(FIRST)]);
    let before = history.trial(FIRST).unwrap().clone();
    for late in [reported(0, 9, 0.1), finished(0, completed(0.1))] {
        assert_eq!(history.apply(&late), Err(Refused::Fenced { trial: FIRST, lease: Lease(0) }));
    }
    assert_eq!(history.trial(FIRST), Some(&before));
    assert_eq!(history.len(), 3);
    history.apply(&reported(2, 1, 0.5)).unwrap();
}

#[test]
fn a_trial_ends_once() {
    let history = history(&[started(0), finished(0, completed(0.3))]);
    for again in [finished(0, completed(0.2)), reported(0, 1, 0.2)] {
        assert!(matches!(history.check(&again), Err(Refused::WrongState { .. })));
    }
    assert!(matches!(history.check(&continued(FIRST)), Err(Refused::WrongState { .. })));
}

#[test]
fn trials_are_numbered_without_gaps() {
    let history = history(&[started(0)]);
    assert_eq!(
        history.check(&started(2)),
        Err(Refused::NotNext { trial: TrialId(2), next: TrialId(1) })
    );
    assert!(history.check(&started(1)).is_ok());
}

#[test]
fn a_restarted_trial_replaces_the_reports_that_it_runs_again() {
    let history = history(&[
        started(0),
        reported(0, 1, 3.0),
        reported(0, 2, 2.0),
        finished(0, preempted(true)),
        continued(FIRST),
        reported(4, 2, 2.5),
    ]);
    let trial = history.trial(FIRST).unwrap();
    let seen: Vec<_> = trial.reports().iter().map(|r| (r.step, r.losses[0].get())).collect();
    assert_eq!(seen, [(1, 3.0), (2, 2.5)]);
    assert_eq!(trial.attempts().len(), 2);
    assert!((trial.seconds() - 1.5).abs() < 1e-12);
}

#[test]
fn a_failure_that_is_not_tried_again_is_final_and_the_best_is_a_completed_trial() {
    let mut history = history(&[started(0), reported(0, 1, 0.1), finished(0, preempted(false))]);
    assert_eq!(history.trial(FIRST).unwrap().state(), State::Failed);
    assert!(history.best().is_none());
    history.apply(&started(1)).unwrap();
    history
        .apply(&Event::Finished {
            trial: TrialId(1),
            lease: Lease(3),
            outcome: completed(2.0),
            seconds: 1.0,
            peak_memory: Some(7),
        })
        .unwrap();
    assert_eq!(history.best().unwrap().id(), TrialId(1));
}

#[test]
fn what_a_strategy_says_is_kept_and_a_log_without_it_reads_as_before() {
    let mut event = started(0);
    let before = serde_json::to_string(&event).unwrap();
    assert!(!before.contains("note"), "{before}");
    assert_eq!(history(&[event.clone()]).trials()[0].note(), None);
    if let Event::Started { note, .. } = &mut event {
        *note = Some("drawn at random: the model could not be fitted".into());
    }
    let text = serde_json::to_string(&event).unwrap();
    let read = serde_json::from_str(&text).unwrap();
    let kept = history(&[read]).trials()[0].note().map(str::to_owned);
    assert_eq!(kept.as_deref(), Some("drawn at random: the model could not be fitted"));
}

#[test]
fn events_come_back_from_json_bit_for_bit() {
    let mut events = vec![started(0), reported(0, 1, 0.1 + 0.2), continued(FIRST)];
    events.push(finished(0, completed(1.0 / 3.0)));
    events.push(finished(0, preempted(true)));
    events.push(Event::Judged {
        trial: FIRST,
        lease: Lease(0),
        step: 1,
        verdict: crate::Verdict::Stop,
        reason: "worse".into(),
    });
    for event in events {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
    }
}

#[test]
fn what_has_paused_goes_on_only_if_somebody_has_asked_for_it() {
    let mut history = history(&[started(0), finished(0, Outcome::Paused)]);
    let refused = Refused::WrongState { trial: FIRST, state: State::Paused };
    assert_eq!(history.apply(&continued(FIRST)), Err(refused));
    let (seen, worker) = (Some(2), WorkerId::new("b"));
    let asked = Event::Continued { trial: FIRST, seen, worker, until: None, note: None };
    assert_eq!(history.apply(&asked), Ok(()));
}
