use super::*;
use crate::{Config, Event, Lease, Loss, Metrics, Origin, Setup, StrategySetup, WorkerId};

const TRIAL: TrialId = TrialId(0);

fn goal(metric: &str, direction: Direction) -> Goal {
    Goal { metric: metric.into(), direction }
}

/// A trial with these values of the study's goal, `accuracy`, and of `eval_loss` beside it.
fn history(reports: &[(f64, Option<f64>)]) -> History {
    let mut history = History::new();
    let accuracy = goal("accuracy", Direction::Maximize);
    let mut add = |event| history.apply(&event).unwrap();
    add(Event::Opened(Setup {
        name: "early".into(),
        space: serde_json::from_str("{}").unwrap(),
        require: Default::default(),
        goals: vec![accuracy.clone()],
        constraints: Vec::new(),
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
    }));
    add(Event::Started {
        trial: TRIAL,
        config: Config::default(),
        origin: Origin::Strategy,
        seen: 1,
        worker: WorkerId::new("a"),
        until: None,
        fork: None,
        note: None,
        stage: None,
    });
    for (step, (value, eval_loss)) in (1..).map(|it| it * 10).zip(reports) {
        let losses: Vec<Loss> = vec![accuracy.loss(*value).unwrap()];
        let metrics = eval_loss.map(|it| ("eval_loss".to_owned(), it));
        let metrics = Metrics::from_iter(metrics);
        add(Event::Reported { trial: TRIAL, lease: Lease(1), step, losses, metrics });
    }
    history
}

fn watching(watched: Goal, patience: u32, min_delta: f64) -> EarlyStopping {
    EarlyStopping { patience, min_delta, watched }
}

#[test]
fn a_trial_ends_once_it_has_not_improved_for_as_long_as_patience_lasts() {
    let accuracy = goal("accuracy", Direction::Maximize);
    let early = watching(accuracy, 2, 0.0);
    let verdict = |values: &[f64]| {
        let reports: Vec<_> = values.iter().map(|value| (*value, None)).collect();
        early.judge(TRIAL, &history(&reports)).verdict
    };
    assert_eq!(verdict(&[0.5, 0.4]), Verdict::Continue);
    assert_eq!(verdict(&[0.5, 0.4, 0.5]), Verdict::Complete);
    assert_eq!(verdict(&[0.5, 0.4, 0.6, 0.55]), Verdict::Continue);
    assert_eq!(verdict(&[]), Verdict::Continue);
}

#[test]
fn small_improvements_count_together_once_they_exceed_the_margin() {
    let early = watching(goal("accuracy", Direction::Maximize), 2, 0.1);
    let judge = |values: &[f64]| {
        let reports: Vec<_> = values.iter().map(|value| (*value, None)).collect();
        early.judge(TRIAL, &history(&reports))
    };
    // 0.56 and 0.62 together are more than the margin above 0.5.
    assert_eq!(judge(&[0.5, 0.56, 0.62]).verdict, Verdict::Continue);
    let stopped = judge(&[0.5, 0.56, 0.6]);
    assert_eq!(stopped.verdict, Verdict::Complete);
    assert_eq!(
        stopped.reason,
        "accuracy has not improved by more than 0.1 in 2 reports since 0.5 at step 10"
    );
}

#[test]
fn another_metric_may_be_watched_and_its_best_report_is_the_result() {
    let early = watching(goal("eval_loss", Direction::Minimize), 1, 0.0);
    let history = history(&[(0.5, Some(3.0)), (0.6, Some(2.0)), (0.9, None), (0.7, Some(2.5))]);
    assert_eq!(early.judge(TRIAL, &history).verdict, Verdict::Complete);
    let trial = history.trial(TRIAL).unwrap();
    assert_eq!(early.best(trial, &history).unwrap().step, 20);
    let absent = watching(goal("perplexity", Direction::Minimize), 1, 0.0);
    assert_eq!(absent.judge(TRIAL, &history).verdict, Verdict::Continue);
    assert!(absent.best(trial, &history).is_none());
}
