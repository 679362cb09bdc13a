use temper_core::{Config, Event, Goal, Lease, Metrics, Origin, Outcome, WorkerId};

use super::*;
use crate::prune::curves;

/// A study of trials that run 100 steps.
fn opened() -> History {
    let goal = Goal { metric: "eval_loss".into(), direction: Default::default() };
    curves::opened(&goal, Some(100))
}

/// Adds a trial whose loss falls from `end + fall` at step 1 to `end` at step 100, up to a step.
fn add(history: &mut History, end: f64, fall: f64, steps: Step, outcome: Option<Outcome>) {
    let (trial, lease) = (TrialId(history.trials().len() as u64), Lease(history.len()));
    let (config, origin, seen) = (Config::default(), Origin::Strategy, 0);
    let (worker, until, fork, note) = (WorkerId::new("a"), Some(10), None, None);
    let started =
        Event::Started { trial, config, origin, seen, worker, until, fork, note, stage: None };
    history.apply(&started).unwrap();
    for step in (1..=steps).filter(|step| *step == 1 || step % 5 == 0) {
        let left = ((step as f64).powf(-0.5) - 0.1) / 0.9;
        let losses = vec![Loss::new(end + fall * left).unwrap()];
        let metrics = Metrics::new();
        history.apply(&Event::Reported { trial, lease, step, losses, metrics }).unwrap();
    }
    if let Some(outcome) = outcome {
        let finished = Event::Finished { trial, lease, outcome, seconds: 1.0, peak_memory: None };
        history.apply(&finished).unwrap();
    }
}

fn completed(end: f64) -> Option<Outcome> {
    Some(Outcome::completed(vec![Loss::new(end).unwrap()]))
}

/// Five trials that ran to ends from 1 to 3, after similar ways down.
fn five() -> History {
    let mut history = opened();
    for (end, fall) in [(2.0, 2.1), (1.0, 1.9), (3.0, 2.0), (1.5, 2.2), (2.5, 1.8)] {
        add(&mut history, end, fall, 100, completed(end));
    }
    history
}

#[test]
fn a_trial_that_will_not_win_is_stopped_early_and_one_that_may_goes_on() {
    for (end, stops) in [(2.8, true), (0.9, false)] {
        let mut history = five();
        add(&mut history, end, 2.0, 10, None);
        let judgement = FreezeThaw::default().judge(TrialId(5), 10, &history);
        assert_eq!(judgement.verdict == temper_core::Verdict::Stop, stops, "{judgement:?}");
        if stops {
            let said = judgement.reason;
            assert!(said.starts_with("by step 10 it is forecast to reach 2."), "{said}");
            assert!(said.contains("where 1.000 is the best"), "{said}");
        }
    }
}

#[test]
fn nobody_is_stopped_before_others_have_shown_how_it_goes_on() {
    let mut history = opened();
    for end in [1.0, 1.5, 2.0, 5.0] {
        add(&mut history, end, 2.0, 10, None);
    }
    assert_eq!(FreezeThaw::default().judge(TrialId(3), 10, &history), Judgement::go_on());
    let patient = FreezeThawOptions { warmup_steps: 20, ..FreezeThawOptions::default() };
    let mut history = five();
    add(&mut history, 2.8, 2.0, 10, None);
    assert_eq!(FreezeThaw(patient).judge(TrialId(5), 10, &history), Judgement::go_on());
}

const PROMOTE: FreezeThaw = FreezeThaw(FreezeThawOptions {
    mode: Mode::Promote,
    min_trials: 3,
    warmup_steps: 0,
    slice_steps: None,
});

#[test]
fn the_paused_trial_with_the_best_chance_goes_on_by_a_slice() {
    let mut history = five();
    assert_eq!(PROMOTE.until(TrialId(5), &history), Some(7));
    for end in [2.8, 0.9, 1.1] {
        add(&mut history, end, 2.0, 10, Some(Outcome::Paused));
    }
    let promotion = PROMOTE.promote(&history, Intake::Open).unwrap();
    assert_eq!((promotion.trial, promotion.until), (TrialId(6), Some(17)));
    assert_eq!(FreezeThaw::default().promote(&history, Intake::Open), None);
}

#[test]
fn where_nobody_has_been_yet_the_best_goes_first() {
    let mut history = opened();
    for end in [1.5, 1.0] {
        add(&mut history, end, 2.0, 10, Some(Outcome::Paused));
    }
    assert_eq!(PROMOTE.promote(&history, Intake::Open), None);
    for end in [2.0, 5.0] {
        add(&mut history, end, 2.0, 10, Some(Outcome::Paused));
    }
    let promotion = PROMOTE.promote(&history, Intake::Open).unwrap();
    assert_eq!(promotion.trial, TrialId(1));
}

#[test]
fn once_no_more_trials_come_those_go_on_that_may_still_win() {
    let mut history = five();
    for end in [2.8, 0.9] {
        add(&mut history, end, 2.0, 10, Some(Outcome::Paused));
    }
    let promotion = PROMOTE.promote(&history, Intake::Closed).unwrap();
    assert_eq!(promotion.trial, TrialId(6));
    let mut hopeless = five();
    add(&mut hopeless, 2.8, 2.0, 10, Some(Outcome::Paused));
    assert_eq!(PROMOTE.promote(&hopeless, Intake::Closed), None);
    // There has to be a winner, unless the one that runs is to be.
    let mut others = opened();
    add(&mut others, 0.9, 2.0, 60, None);
    for end in [2.8, 2.9, 2.7] {
        add(&mut others, end, 2.0, 10, Some(Outcome::Paused));
    }
    assert_eq!(PROMOTE.promote(&others, Intake::Closed), None);
    let mut alone = opened();
    add(&mut alone, 2.8, 2.0, 10, Some(Outcome::Paused));
    assert_eq!(PROMOTE.promote(&alone, Intake::Closed).unwrap().trial, TrialId(0));
}

#[test]
fn a_slice_is_needed_where_the_last_step_is_not_known() {
    let mut setup = opened().setup().unwrap().clone();
    assert_eq!(PROMOTE.suits(&setup), Ok(()));
    setup.max_steps = None;
    assert!(PROMOTE.suits(&setup).unwrap_err().contains("`slice_steps` is needed"));
    assert_eq!(FreezeThaw::default().suits(&setup), Ok(()));
}
