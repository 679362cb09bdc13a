use rand::RngExt;
use temper_core::{Config, Event, Goal, Lease, Metrics, Origin, Rng, TrialId, WorkerId, stream};

use super::*;
use crate::normal::draw_normal;
use crate::prune::curves;

fn opened(max_steps: Option<Step>) -> History {
    let goal = Goal { metric: "eval_loss".into(), direction: Default::default() };
    curves::opened(&goal, max_steps)
}

fn add(history: &mut History, losses: impl IntoIterator<Item = f64>) {
    let (trial, lease) = (TrialId(history.trials().len() as u64), Lease(history.len()));
    let (config, origin, seen) = (Config::default(), Origin::Strategy, 0);
    let (worker, until, fork, note) = (WorkerId::new("a"), None, None, None);
    let started =
        Event::Started { trial, config, origin, seen, worker, until, fork, note, stage: None };
    history.apply(&started).unwrap();
    for (step, loss) in (1..).zip(losses) {
        let losses = vec![Loss::new(loss).unwrap()];
        let metrics = Metrics::new();
        history.apply(&Event::Reported { trial, lease, step, losses, metrics }).unwrap();
    }
}

/// A power law that ends at `end` after 50 steps.
fn power_law(end: f64, fall: f64, exponent: f64) -> impl Iterator<Item = f64> {
    (1..=50).map(move |step| end + fall * left(exponent, 1, 50, step))
}

#[test]
fn how_much_is_left_goes_from_one_to_zero() {
    for exponent in EXPONENTS {
        assert!((left(exponent, 3, 70, 3) - 1.0).abs() < 1e-12);
        assert!(left(exponent, 3, 70, 70).abs() < 1e-12);
        let half = left(exponent, 3, 70, 20);
        assert!(half > 0.0 && half < 1.0, "{exponent}: {half}");
    }
    // -0.5 is a root that rises, 0 a logarithm.
    assert!((left(0.0, 1, 100, 10) - 0.5).abs() < 1e-12);
    assert!((left(-0.5, 1, 81, 25) - 0.5).abs() < 1e-12);
}

#[test]
fn the_end_of_a_power_law_is_foreseen_once_others_have_shown_its_shape() {
    let mut history = opened(Some(50));
    for index in 0..8 {
        let (end, fall) = (1.0 + 0.2 * f64::from(index), 2.0 + 0.1 * f64::from(index % 3));
        add(&mut history, power_law(end, fall, 1.0));
    }
    add(&mut history, power_law(1.33, 2.1, 1.0).take(5));
    let curves = Curves::learn(&history).unwrap();
    let end = curves.end_of(history.trials().last().unwrap());
    // Between steps 5 and 50 it falls by 0.38; a twentieth of that is the margin.
    assert!((end.mean - 1.33).abs() < 0.02, "{end:?}");
    assert!(end.deviation < 0.1, "{end:?}");
    let new = curves.end_of_new();
    assert!((new.mean - 1.7).abs() < 0.3 && new.deviation > 0.3, "{new:?}");
}

#[test]
fn more_of_a_curve_leaves_less_uncertainty() {
    let mut deviations = Vec::new();
    for steps in [1, 5, 20] {
        let mut history = opened(Some(50));
        let mut rng = stream(3, 0);
        for _ in 0..10 {
            let (end, fall) = (1.0 + draw_normal(&mut rng), 3.0 + draw_normal(&mut rng));
            add(&mut history, power_law(end, fall, 0.5));
        }
        add(&mut history, power_law(1.0, 3.0, 0.5).take(steps));
        let curves = Curves::learn(&history).unwrap();
        deviations.push(curves.end_of(history.trials().last().unwrap()).deviation);
    }
    assert!(deviations[0] > deviations[1] && deviations[1] > deviations[2], "{deviations:?}");
}

#[test]
fn ends_lie_where_forecasts_say_as_often_as_they_say() {
    let mut inside = 0;
    let mut rng: Rng = stream(5, 0);
    for _ in 0..100 {
        let mut history = opened(Some(50));
        let mut noisy = |steps: usize, history: &mut History| {
            let end = 1.0 + 0.5 * draw_normal(&mut rng);
            let fall = 2.0 + 0.5 * draw_normal(&mut rng);
            let steps = power_law(end, fall, 0.5).take(steps);
            let losses: Vec<f64> = steps.map(|loss| loss + 0.01 * draw_normal(&mut rng)).collect();
            add(history, losses);
            end
        };
        for _ in 0..10 {
            noisy(50, &mut history);
        }
        let end = noisy(8, &mut history);
        let curves = Curves::learn(&history).unwrap();
        let forecast = curves.end_of(history.trials().last().unwrap());
        inside += u32::from((forecast.mean - end).abs() < 1.645 * forecast.deviation);
    }
    // Nine in ten; the standard error is 3 of 100, and the lowest of noisy losses is a bit lower.
    assert!((78..=99).contains(&inside), "{inside}");
}

#[test]
fn nothing_is_foreseen_from_nothing_and_extremes_stay_finite() {
    let mut history = opened(None);
    assert!(Curves::learn(&history).is_none());
    add(&mut history, [1.0]);
    assert!(Curves::learn(&history).is_none());
    let mut rng = stream(7, 0);
    for _ in 0..4 {
        let losses = [1e300, -1e300, 1.0, 0.0, f64::MIN_POSITIVE];
        add(&mut history, (0..6).map(|_| losses[rng.random_range(0..losses.len())]));
    }
    if let Some(curves) = Curves::learn(&history) {
        for trial in history.trials() {
            let end = curves.end_of(trial);
            assert!(!end.mean.is_nan() && !end.deviation.is_nan(), "{end:?}");
        }
    }
    let mut equal = opened(Some(50));
    for _ in 0..4 {
        add(&mut equal, [0.0; 10]);
    }
    assert!(Curves::learn(&equal).is_none());
}
