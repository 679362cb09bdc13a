//! Trials that pause at rungs and go on from their checkpoints.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::trainer::{TRAIN, train_lab};

/// The trainer's study with twelve trials of 18 steps, which pause at steps 1, 2 and 6.
fn promoting() -> String {
    let steps = "max_steps = 18\neval_steps = 1";
    let pruner = "[pruner]\nname = \"asha\"\nmode = \"promote\"\n\n[space]";
    let study = TRAIN.replace("max_steps = 4", steps).replace("[space]", pruner);
    study.replace("trials = 2", "trials = 12\nseed = 3\nworkers = 2")
}

/// The losses by step, as they were reported.
fn losses(reports: &[Value]) -> BTreeMap<u64, f64> {
    let point = |report: &Value| {
        let loss = report.get("value").or_else(|| report.get("eval_loss"));
        Some((report["step"].as_u64()?, loss?.as_f64()?))
    };
    reports.iter().filter_map(point).collect()
}

#[test]
fn a_promoted_trial_of_the_trainer_has_the_losses_of_one_that_never_paused_bit_for_bit() {
    let lab = train_lab();
    lab.write("study.toml", &promoting());
    lab.temper(&["run", "study.toml", "--quiet"]).ok();
    let study = lab.show();
    let trials = study["trials"].as_array().unwrap();
    let completed: Vec<_> = trials.iter().filter(|it| it["state"] == "completed").collect();
    assert!(!completed.is_empty() && completed.len() < 6, "{}", completed.len());
    let steps: u64 =
        trials.iter().filter_map(|it| it["reports"].as_array()?.last()?["step"].as_u64()).sum();
    assert!(steps < 12 * 18 / 2, "{steps} steps");
    for trial in completed {
        let paused = losses(trial["reports"].as_array().unwrap());
        assert!(trial["attempts"].as_u64() > Some(1), "{trial}");
        let config = format!("study.trials/{:04}/config.toml", trial["id"].as_u64().unwrap());
        let ended = lab.temper(&["train", &config, "--json"]).ok();
        let lines = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
        let alone = losses(&lines.collect::<Vec<Value>>());
        assert!(paused.keys().eq(alone.keys()), "{paused:?}");
        for (step, loss) in &paused {
            assert_eq!(loss.to_bits(), alone[step].to_bits(), "step {step}");
        }
    }
    lab.temper(&["replay", "study.toml"]).ok();
    let told = lab.temper(&["show", "study.toml", "0"]).ok().stdout;
    assert!(told.contains("step 1, paused: it reached step 1\n"), "{told}");
}

#[test]
fn a_trial_that_is_not_there_can_not_be_shown() {
    let lab = train_lab();
    lab.write("study.toml", &promoting());
    lab.temper(&["run", "study.toml", "--quiet", "--trials", "1"]).ok();
    let refused = lab.temper(&["show", "study.toml", "7"]).with_code(2).stderr;
    assert!(refused.contains("there is no trial 7"), "{refused}");
}

#[test]
fn stages_of_the_trainer_promote_to_their_own_last_steps_and_a_later_study_begins_with_them() {
    let lab = train_lab();
    let coarse = "[[stage]]\nname = \"coarse\"\ntrials = 6\nsettings = { max_steps = 6 }\n";
    let fine = "[[stage]]\nname = \"fine\"\naround = \"best\"\n";
    lab.write("study.toml", &format!("{}\n{coarse}\n{fine}", promoting()));
    lab.temper(&["run", "study.toml", "--quiet"]).ok();
    let study = lab.show();
    for (stage, last) in [("coarse", 6), ("fine", 18)] {
        let trials = study["trials"].as_array().unwrap().iter().filter(|it| it["stage"] == stage);
        let completed: Vec<_> = trials.filter(|it| it["state"] == "completed").collect();
        assert!(!completed.is_empty() && completed.len() < 6, "{stage}: {}", completed.len());
        for trial in completed {
            let steps = losses(trial["reports"].as_array().unwrap());
            assert!(steps.into_keys().eq(1..=last), "{stage}: {trial}");
        }
    }
    assert_eq!(study["best"]["stage"], "fine");
    lab.temper(&["replay", "study.toml"]).ok();
    let warm = "[warm_start]\nfrom = \"study.db\"\n\n[pruner]";
    lab.write("later.toml", &promoting().replace("[pruner]", warm));
    lab.temper(&["run", "later.toml", "--quiet"]).ok();
    let later = lab.temper(&["show", "later.toml", "--json"]).ok().json();
    let trials = later["trials"].as_array().unwrap();
    let (taken, own): (Vec<_>, Vec<_>) = trials.iter().partition(|it| it["origin"] == "observed");
    assert!(!taken.is_empty() && taken.iter().all(|it| it["state"] == "completed"));
    assert_eq!(own.len(), 12);
    assert!(own.iter().any(|it| it["state"] == "completed"));
    lab.temper(&["replay", "later.toml"]).ok();
}

#[test]
fn a_budget_for_less_than_one_trial_is_spent_at_its_first_pause_and_goes_on_with_more() {
    let lab = train_lab();
    let budget = "[budget]\ntrain_tokens = 1\n\n[pruner]";
    lab.write("study.toml", &promoting().replace("workers = 2", "").replace("[pruner]", budget));
    let ended = lab.temper(&["run", "study.toml"]).with_code(1);
    let said = "the budget of 1 tokens is spent: trials took 32; to go on with more: temper resume";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(ended.stderr.contains("no trial completed"), "{}", ended.stderr);
    let study = lab.show();
    assert_eq!(study["trials"].as_array().unwrap().len(), 1);
    assert_eq!(study["trials"][0]["state"], "paused");
    lab.write("study.toml", &promoting());
    lab.temper(&["resume", "study.toml", "--quiet"]).ok();
    assert_eq!(lab.show()["trials"].as_array().unwrap().len(), 12);
    lab.temper(&["replay", "study.toml"]).ok();
}
