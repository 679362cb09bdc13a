use temper_core::{Direction, Verdict};

use super::*;
use crate::prune::curves::history;
use crate::{Options, build_pruner};

fn of(losses: &[f64], percent: f64) -> f64 {
    let mut losses: Vec<_> = losses.iter().map(|loss| Loss::new(*loss).unwrap()).collect();
    percentile(&mut losses, percent).get()
}

#[test]
fn percentiles_are_those_of_numpy() {
    // numpy.percentile([15, 20, 35, 40, 50], [0, 10, 25, 40, 50, 95, 100]), NumPy 2.4.6.
    let losses = [50.0, 20.0, 15.0, 40.0, 35.0];
    let expected = [
        (0.0, 15.0),
        (10.0, 17.0),
        (25.0, 20.0),
        (40.0, 29.0),
        (50.0, 35.0),
        (95.0, 48.0),
        (100.0, 50.0),
    ];
    for (percent, expected) in expected {
        assert_eq!(of(&losses, percent), expected, "{percent}");
    }
    assert_eq!(of(&[1.0, 2.0, 4.0, 8.0], 50.0), 3.0);
    assert_eq!(of(&[0.25], 75.0), 0.25);
    // Where the difference is too large for a float.
    assert_eq!(of(&[f64::MIN, f64::MAX], 50.0), 0.0);
    assert!((of(&[f64::MIN, f64::MAX], 75.0) / (f64::MAX / 2.0) - 1.0).abs() < 1e-15);
}

fn verdict(options: PercentileOptions, curves: &[&[f64]]) -> Verdict {
    let last = curves.len() - 1;
    let step = curves[last].len() as Step;
    let history = history(Direction::Minimize, curves);
    Percentile(options).judge(TrialId(last as u64), step, &history).verdict
}

const FEW: PercentileOptions =
    PercentileOptions { percentile: 25.0, min_trials: 3, warmup_steps: 0, interval_steps: 1 };

#[test]
fn only_the_best_part_goes_on() {
    let others: [&[f64]; 5] = [&[1.0], &[2.0], &[3.0], &[4.0], &[5.0]];
    let with = |own| [&others[..], &[own]].concat();
    assert_eq!(verdict(FEW, &with(&[2.0])), Verdict::Continue);
    assert_eq!(verdict(FEW, &with(&[2.1])), Verdict::Stop);
    assert_eq!(
        verdict(PercentileOptions { percentile: 75.0, ..FEW }, &with(&[4.0])),
        Verdict::Continue
    );
    // Of them all, who is no worse than the worst.
    assert_eq!(
        verdict(PercentileOptions { percentile: 100.0, ..FEW }, &with(&[5.1])),
        Verdict::Stop
    );
    assert_eq!(
        verdict(PercentileOptions { percentile: 0.0, ..FEW }, &with(&[1.0])),
        Verdict::Continue
    );
}

#[test]
fn between_intervals_nobody_is_stopped() {
    let others: [&[f64]; 3] = [&[1.0; 3], &[1.0; 3], &[1.0; 3]];
    let with = |own| [&others[..], &[own]].concat();
    let seldom = PercentileOptions { interval_steps: 2, ..FEW };
    assert_eq!(verdict(seldom, &with(&[2.0; 2])), Verdict::Stop);
    assert_eq!(verdict(seldom, &with(&[2.0; 3])), Verdict::Continue);
}

#[test]
fn the_reason_speaks_of_the_metric_as_the_user_does() {
    let curves: [&[f64]; 4] = [&[1.0], &[0.75], &[0.5], &[0.25]];
    let judge =
        |direction, id| Percentile(FEW).judge(TrialId(id), 1, &history(direction, &curves)).reason;
    let said = "score 0.25 by step 1 is below 0.875, where the best 25% of 3 trials end";
    assert_eq!(judge(Direction::Maximize, 3), said);
    let said = "score 1 by step 1 is above 0.375, where the best 25% of 3 trials end";
    assert_eq!(judge(Direction::Minimize, 0), said);
}

#[test]
fn bad_options_are_named_with_their_bounds() {
    let error = |options: &str| {
        let options: Options = serde_json::from_str(options).unwrap();
        build_pruner(NAME, &options).unwrap_err().to_string()
    };
    let said = "`percentile`: `percentile` is 101: it must be from 0 to 100";
    assert_eq!(error(r#"{"percentile": 101}"#), said);
    let said = "`percentile`: `percentile` is -0.5: it must be from 0 to 100";
    assert_eq!(error(r#"{"percentile": -0.5}"#), said);
    let said = "`percentile`: `interval_steps` is 0: it must be at least 1";
    assert_eq!(error(r#"{"interval_steps": 0}"#), said);
    // What a number that JSON doesn't have becomes.
    let said = "`percentile`: `percentile`: invalid type: null, expected f64";
    assert_eq!(error(r#"{"min_trials": 3, "percentile": null}"#), said);
    let nan = PercentileOptions { percentile: f64::NAN, ..FEW };
    assert!(nan.check().is_err());
}
