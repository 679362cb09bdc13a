use temper_core::{Direction, Verdict};

use super::*;
use crate::prune::curves::{complete, history, history_of, means};
use crate::{Options, build_pruner};

fn reason(options: &str, direction: Direction, best: &[f64], own: &[f64]) -> String {
    let mut history = history(direction, &[best, own]);
    complete(&mut history, 0);
    let options: Options = serde_json::from_str(options).unwrap();
    build_pruner(NAME, &options).unwrap().judge(TrialId(1), own.len() as Step, &history).reason
}

#[test]
fn a_trial_that_is_worse_on_nearly_all_items_is_stopped() {
    let best = [1.0, 5.0, 2.0, 9.0, 4.0, 3.0];
    let own = best.map(|loss| loss * 1.5);
    let reason = |own: &[f64]| reason("{}", Direction::Minimize, &best, own);
    // 1/8 is above the threshold, 1/16 below.
    assert_eq!(reason(&own[..3]), "");
    let said = "score of 4 items is worse than of trial 0, the best: \
                6.3750 on average, not 4.0000, p = 6.25e-2 by Wilcoxon's test";
    assert_eq!(reason(&own[..4]), said);
    assert_eq!(reason(&best.map(|loss| loss * 0.5)), "");
    // Worse item by item, but of easy items alone: the mean does not say so.
    let easy = [1.1, 5.1, 2.1, 9.0];
    assert_eq!(reason(&easy[..3]), "");
}

#[test]
fn the_mean_has_to_be_worse_as_well() {
    // The items that follow are hard.
    let best = [1.0, 1.0, 1.0, 1.0, 1.0, 90.0];
    assert_eq!(reason("{}", Direction::Minimize, &best, &[1.1, 1.2, 1.3, 1.4, 1.5]), "");
}

#[test]
fn a_maximised_metric_is_told_as_the_user_does() {
    let best = [0.9, 0.8, 0.7, 0.6, 0.5];
    let own = [0.1, 0.1, 0.1, 0.1, 0.1];
    let said = "score of 5 items is worse than of trial 0, the best: \
                0.1000 on average, not 0.7000, p = 3.12e-2 by Wilcoxon's test";
    assert_eq!(reason("{}", Direction::Maximize, &best, &own), said);
    assert_eq!(reason("{}", Direction::Minimize, &best, &own), "");
    // The tests' histories report half of the score beside it.
    let said = "half of 5 items is worse than of trial 0, the best: \
                0.0500 on average, not 0.3500, p = 3.12e-2 by Wilcoxon's test";
    assert_eq!(reason(r#"{"metric": "half"}"#, Direction::Maximize, &best, &own), said);
    assert_eq!(reason(r#"{"metric": "other"}"#, Direction::Maximize, &best, &own), "");
    assert_eq!(reason(r#"{"startup_steps": 6}"#, Direction::Maximize, &best, &own), "");
}

#[test]
fn where_the_goal_is_a_mean_the_item_reported_beside_it_is_paired() {
    let items = [0.9, 0.8, 0.7, 0.6, 0.5];
    let own = items.map(|score| score - 0.1);
    let mut history = means(Direction::Maximize, &[&items, &own]);
    complete(&mut history, 0);
    let said = "item_score of 5 items is worse than of trial 0, the best: \
                0.6000 on average, not 0.7000, p = 3.12e-2 by Wilcoxon's test";
    assert_eq!(Wilcoxon::default().judge(TrialId(1), 5, &history).reason, said);
    let named = Wilcoxon(WilcoxonOptions { metric: Some("score".into()), ..Default::default() });
    let said = "score of 5 items is worse than of trial 0, the best: \
                0.7000 on average, not 0.8000, p = 3.12e-2 by Wilcoxon's test";
    assert_eq!(named.judge(TrialId(1), 5, &history).reason, said);
}

#[test]
fn only_items_that_both_have_are_paired() {
    let best: Vec<_> = (1..=8).map(|step| (step, step as f64)).collect();
    let own = [(2, 12.0), (4, 14.0), (6, 16.0), (20, 30.0), (21, 30.0)];
    let mut history = history_of(Direction::Minimize, &[&best, &own]);
    let judge = |history: &History| Wilcoxon::default().judge(TrialId(1), 21, history).verdict;
    // Nobody has completed.
    assert_eq!(judge(&history), Verdict::Continue);
    complete(&mut history, 0);
    // Three pairs are too few for p < 0.1, four would not be.
    assert_eq!(judge(&history), Verdict::Continue);
    let all = Wilcoxon(WilcoxonOptions { p_threshold: 0.2, ..Default::default() });
    assert!(all.judge(TrialId(1), 21, &history).reason.contains("of 3 items"));
}

#[test]
fn bad_options_are_named_with_their_bounds() {
    for p in ["0", "-0.1", "1.5"] {
        let options: Options = serde_json::from_str(&format!(r#"{{"p_threshold": {p}}}"#)).unwrap();
        let said = format!("`wilcoxon`: `p_threshold` is {p}: it must be above 0, and at most 1");
        assert_eq!(build_pruner(NAME, &options).unwrap_err().to_string(), said);
    }
    let nan = WilcoxonOptions { p_threshold: f64::NAN, ..Default::default() };
    assert!(nan.check().is_err());
}
