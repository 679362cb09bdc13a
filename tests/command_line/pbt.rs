//! Populations: of the trainer, whose copies go on bit for bit, and what is shown of schedules.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lab::Lab;
use crate::lab::trials::trials;
use crate::trainer::{TRAIN, train_lab};

/// The trainer's study as a population of four that is compared at steps 4 and 8 of 12.
fn population(space: &str) -> String {
    let study = TRAIN.replace("max_steps = 4", "max_steps = 12\neval_steps = 1");
    let study = study.replace("trials = 2", "trials = 4\nseed = 3\nworkers = 2");
    let strategy = "[strategy]\nname = \"pbt\"\ninterval = 4\n\n[space]";
    study.replace("[space]", strategy) + space
}

fn run(study: &str) -> (Lab, BTreeMap<u64, Value>) {
    let lab = train_lab();
    lab.write("study.toml", study);
    lab.temper(&["run", "study.toml", "--quiet"]).ok();
    lab.temper(&["replay", "study.toml"]).ok();
    let trials = trials(&lab);
    (lab, trials)
}

/// The losses by step, as they were reported, bit for bit.
fn losses(trial: &Value, after: u64) -> BTreeMap<u64, u64> {
    let reports = trial["reports"].as_array().expect("a list").iter();
    let point = |report: &Value| {
        (report["step"].as_u64().expect("a step"), report["value"].as_f64().expect("a number"))
    };
    let points = reports.map(point).filter(|(step, _)| *step > after);
    points.map(|(step, loss)| (step, loss.to_bits())).collect()
}

#[test]
fn a_copy_whose_changes_have_no_effect_has_the_losses_of_the_original_bit_for_bit() {
    let threshold = "divergence_threshold = { type = \"float\", low = 50.0, high = 90.0 }\n";
    let study = population(threshold);
    let study =
        study.replace("interval = 4", "interval = 4\nparameters = [\"divergence_threshold\"]");
    let (_, trials) = run(&study);
    let copies: Vec<_> = trials.values().filter(|it| !it["fork"].is_null()).collect();
    assert_eq!(copies.len(), 2);
    let mut compared = 0;
    for copy in copies {
        let original = &trials[&copy["fork"]["from"].as_u64().unwrap()];
        let step = copy["fork"]["step"].as_u64().unwrap();
        assert!([4, 8].contains(&step));
        assert_ne!(copy["params"], original["params"]);
        assert_eq!(copy["params"]["learning_rate"], original["params"]["learning_rate"]);
        let (own, other) = (losses(copy, 0), losses(original, step));
        assert_eq!(own.keys().next(), Some(&(step + 1)));
        for (step, loss) in &own {
            // One of them may have been replaced before the other.
            if let Some(other) = other.get(step) {
                assert_eq!(loss, other, "step {step}");
                compared += 1;
            }
        }
    }
    assert!(compared >= 8, "{compared}");
}

#[test]
fn a_copy_trains_on_as_a_fork_by_hand_does_with_its_settings() {
    let (lab, trials) = run(&population(""));
    let copy = trials.values().find(|it| it["fork"]["step"] == 4).expect("one copies at step 4");
    let id = |value: &Value| format!("study.trials/{:04}/config.toml", value.as_u64().unwrap());
    let (from, own) = (id(&copy["fork"]["from"]), id(&copy["id"]));
    assert_ne!(lab.read(&from), lab.read(&own));
    lab.temper(&["train", &from, "--json", "--checkpoints", "kept", "--pause-at", "4"]);
    let forked = lab.temper(&["train", &own, "--json", "--fork", "kept"]).ok().stdout;
    let by_hand: BTreeMap<u64, u64> = forked
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|line| Some((line["step"].as_u64()?, line["eval_loss"].as_f64()?.to_bits())))
        .collect();
    let told = losses(copy, 0);
    assert!(told.len() >= 4, "{told:?}");
    assert!(
        told.iter().all(|(step, loss)| by_hand.get(step) == Some(loss)),
        "{told:?} {by_hand:?}"
    );
}

#[test]
fn the_schedule_of_a_copy_is_shown_as_a_table_and_a_curve() {
    let (lab, trials) = run(&population(""));
    let copy = trials.values().find(|it| !it["fork"].is_null()).unwrap();
    let segments = copy["schedule"].as_array().unwrap();
    assert!(segments.len() > 1);
    assert_eq!(segments.last().unwrap()["trial"], copy["id"]);
    let shown = lab.temper(&["show", "study.toml", &copy["id"].to_string()]).ok().stdout;
    let step = copy["fork"]["step"].as_u64().unwrap();
    for part in [
        format!("the strategy: in place of trial {} (eval_loss ", copy["fork"]["replaces"]),
        format!("it began with the checkpoint of trial {} at step {step}", copy["fork"]["from"]),
        format!("step {step}, went on: it has what trial {} had saved", copy["fork"]["from"]),
        format!("1-{}", segments[0]["until"]),
        "learning_rate\n".to_owned(),
        " ┤".to_owned(),
    ] {
        assert!(shown.contains(&part), "{part}: {shown}");
    }
    let replaced = copy["fork"]["replaces"].as_u64().unwrap();
    assert_eq!(trials[&replaced]["state"], "pruned");
    let shown = lab.temper(&["show", "study.toml", &replaced.to_string()]).ok().stdout;
    assert!(shown.contains(&format!("stopped: trial {} takes its place", copy["id"])), "{shown}");
    let best = lab.temper(&["best", "study.toml"]).ok().stdout;
    assert!(best.parse::<toml::Table>().is_ok(), "{best}");
    let is_copy = trials[&lab.show()["best"]["id"].as_u64().unwrap()]["fork"].is_object();
    assert_eq!(best.contains("# it was trained by this schedule"), is_copy, "{best}");
}

#[test]
fn shapes_are_inherited_by_copies() {
    let (_, trials) = run(&population("num_layers = { type = \"int\", low = 1, high = 2 }\n")
        .replace("num_layers = 1\n", ""));
    let copies: Vec<_> = trials.values().filter(|it| !it["fork"].is_null()).collect();
    assert!(!copies.is_empty());
    for copy in copies {
        let original = &trials[&copy["fork"]["from"].as_u64().unwrap()];
        assert_eq!(copy["params"]["num_layers"], original["params"]["num_layers"]);
        assert_ne!(copy["state"], "failed", "{copy}");
    }
}
