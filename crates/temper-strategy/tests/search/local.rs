//! What the local search promises: it stays near a point, moves with the best, and says so when it
//! has to go farther.

use temper_core::{Config, Next, Origin};

use crate::number;
use crate::spaces::bowl;
use crate::study::Study;

const AROUND: &str = r#"{"around": {"p0": 0.35, "p1": 0.35, "p2": 0.35}, "width": 0.1}"#;

#[test]
fn it_begins_at_the_point_given_and_stays_near() {
    let mut study = Study::new("local", AROUND, &bowl(4).space, 7);
    // A constant: the box never moves.
    study.run(40, 4, |_| Ok(vec![1.0]));
    let configs: Vec<&Config> = study.configs().collect();
    assert_eq!(number(configs[0], "p0"), 0.35);
    // One that is not named is in the middle.
    assert_eq!(number(configs[0], "p3"), 0.5);
    for config in configs {
        for (name, centre) in [("p0", 0.35), ("p3", 0.5)] {
            assert!((number(config, name) - centre).abs() <= 0.05 + 1e-9, "{config}");
        }
    }
}

#[test]
fn it_moves_to_an_optimum_outside_of_the_first_box() {
    let mut study = Study::new("local", AROUND, &bowl(4).space, 7);
    study.run(60, 1, bowl(4).objective);
    // At the centre the loss is 0.0475, and nowhere in the first box below 0.0225.
    assert!(study.best() < 1e-4, "{}", study.best());
}

#[test]
fn without_a_point_it_begins_at_the_best_result_from_elsewhere() {
    let mut study = Study::new("local", r#"{"width": 0.02}"#, &bowl(3).space, 7);
    for (place, loss) in [(0.8, 0.75), (0.31, 3e-4), (0.1, 0.12)] {
        let known = study.start(study.space.decode(&[place; 3]), Origin::Observed);
        study.finish(known, Ok(vec![loss]));
    }
    study.run(23, 1, bowl(3).objective);
    for config in study.configs().skip(3) {
        assert!((number(config, "p0") - 0.31).abs() < 0.05, "{config}");
    }
    assert!(study.best() < 1e-5, "{}", study.best());
}

#[test]
fn of_the_choices_at_most_one_differs_from_the_best() {
    let choice = r#"{"type": "choice", "values": ["a", "b", "c"], "default": "b"}"#;
    let space = format!(
        r#"{{"x": {{"type": "float", "low": 0, "high": 1}}, "one": {choice}, "other": {choice}}}"#
    );
    let mut study = Study::new("local", "{}", &space, 7);
    study.run(30, 1, |_| Ok(vec![1.0]));
    let differ = |config: &&Config| {
        let is_other = |name: &&str| config.get(name).unwrap().as_str() != Some("b");
        ["one", "other"].iter().filter(|name| is_other(name)).count()
    };
    let most = study.configs().map(|config| differ(&config)).max();
    assert_eq!(most, Some(1));
}

#[test]
fn a_box_that_is_used_up_is_widened_and_that_is_said() {
    let space = r#"{"layers": {"type": "int", "low": 1, "high": 9}}"#;
    let mut study = Study::new("local", r#"{"width": 0.01}"#, space, 7);
    // The centre, 5, and the values to either side.
    study.run(3, 1, |config| Ok(vec![(number(config, "layers") - 5.0).abs()]));
    let mut layers: Vec<_> = study.configs().map(|config| number(config, "layers")).collect();
    layers.sort_by(f64::total_cmp);
    assert_eq!(layers, [4.0, 5.0, 6.0]);
    let Next::Start { note: Some(note), .. } = study.ask() else { panic!("no note") };
    assert!(note.contains("widened"), "{note}");
}

#[test]
fn a_point_that_is_not_of_the_space_is_refused_by_name() {
    let space = r#"{
        "optimizer": {"type": "choice", "values": ["adamw", "sgd"]},
        "momentum": {"type": "float", "low": 0, "high": 0.99, "when": {"optimizer": "sgd"}}
    }"#;
    for (around, expected) in [
        (r#"{"momentun": 0.9}"#, "the space has no parameter `momentun`"),
        (r#"{"optimizer": "adamw", "momentum": 0.9}"#, "`momentum` does not exist beside"),
        (r#"{"optimizer": "lion"}"#, "`optimizer` = lion is not in adamw, sgd"),
    ] {
        let mut study = Study::new("local", &format!(r#"{{"around": {around}}}"#), space, 7);
        let asked = study.strategy.ask(
            &study.space,
            &study.history,
            &mut temper_core::stream(study.seed, 0),
        );
        let error = asked.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
