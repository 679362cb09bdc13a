//! Repeats, and winners that are confirmed.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::lab::Lab;
use crate::lab::trials::trials;
use crate::trainer::{TRAIN, train_lab};

const STUDY: &str = r#"[study]
name = "noisy"
metric = "loss"
trials = 5
seed = 3

[objective]
kind = "command"
command = ["sh", "trial.sh", "{x}"]

[confirm]
seeds = 4
top = 2

[space]
x = { type = "float", low = 0.0, high = 1.0, default = 0.9 }
"#;

/// A parabola and the noise of the seed, a hundredth of its last two digits.
const TRIAL: &str = r#"
noise=$(printf %s "$TEMPER_SEED" | tail -c 2)
echo "$TEMPER_TRIAL" >> ran.log
awk "BEGIN { print \"{\\\"loss\\\": \" ($1 - 0.3) ^ 2 + $noise / 100 \"}\" }"
"#;

fn lab(study: &str) -> Lab {
    let lab = Lab::with_study(study);
    lab.write("trial.sh", TRIAL);
    lab
}

fn origins(trials: &BTreeMap<u64, Value>, origin: &str) -> Vec<Value> {
    trials.values().filter(|trial| trial["origin"] == origin).cloned().collect()
}

#[test]
fn the_winner_is_confirmed_and_shown_with_its_table_by_run_best_and_show() {
    let lab = lab(STUDY);
    let checked = lab.temper(&["check", "study.toml"]).ok().stdout;
    let line = "then the best 2 and the default configuration run under 4 fresh seeds";
    assert!(checked.contains(line), "{checked}");
    let run = lab.temper(&["run", "study.toml"]).ok();
    let best = lab.temper(&["best", "study.toml"]).ok().stdout;
    assert_eq!(best, run.stdout);
    let config: toml::Table = best.parse().expect("it is TOML");
    let json = lab.temper(&["best", "study.toml", "--json"]).ok().json();
    assert_eq!(json["best"]["params"]["x"].as_f64(), config["x"].as_float());
    let confirmation = &json["confirmation"];
    let candidates = confirmation["candidates"].as_array().unwrap();
    assert_eq!(confirmation["is_over"], true);
    assert_eq!(candidates.len(), 3);
    // The noise is the seed's alone, so the differences are without noise and decide at once.
    assert!(candidates[1..].iter().all(|it| it["dropped"].is_string()), "{candidates:?}");
    assert_eq!(
        (&candidates[0]["is_winner"], &candidates[0]["chance"]),
        (&true.into(), &1.0.into())
    );
    let shown = lab.show();
    assert_eq!(shown["confirmation"], *confirmation);
    assert_eq!(shown["best"]["id"], json["best"]["id"]);
    let confirming = origins(&trials(&lab), "confirmation");
    assert_eq!(confirming.len(), 9, "three seeds of three");
    assert!(confirming.iter().all(|trial| trial["seed"].as_u64() < Some(1 << 31)));
    let id = confirming[0]["id"].to_string();
    let told = lab.temper(&["show", "study.toml", &id]).ok().stdout;
    assert!(told.contains("seed 1 of 4 to confirm trial"), "{told}");
    lab.temper(&["replay", "study.toml"]).ok();
    let title = best.lines().next().unwrap();
    assert!(title.contains("of study noisy, confirmed under 3 fresh seeds: loss "), "{title}");
    let header = best.lines().nth(1).unwrap();
    let columns = ["runs", "loss", "95 % interval", "in the search", "better than the default"];
    assert!(columns.iter().all(|column| header.contains(column)), "{header}");
    assert!(best.contains("# default (trial 0) was dropped: worse than the leader"), "{best}");
}

#[test]
fn a_default_that_nothing_beats_wins_and_this_is_said_plainly() {
    let lab = lab(&STUDY.replace("default = 0.9", "default = 0.3"));
    let run = lab.temper(&["run", "study.toml"]).ok();
    assert!(run.stderr.contains("nothing beat the default configuration: loss"), "{}", run.stderr);
    let best = lab.temper(&["best", "study.toml"]).ok().stdout;
    assert!(best.starts_with("# the default configuration of study noisy, confirmed"), "{best}");
    assert!(best.contains("\nx = 0.3\n"), "{best}");
}

#[test]
fn losses_that_are_the_same_under_all_seeds_raise_the_question_whether_the_seed_is_used() {
    let lab = lab(STUDY);
    lab.write("trial.sh", "echo \"{\\\"loss\\\": $1}\"\n");
    let best = lab.temper(&["run", "study.toml"]).ok().stdout;
    assert!(best.contains("the same under all seeds: is the seed used?"), "{best}");
}

#[test]
fn a_study_of_which_each_configuration_runs_several_times_goes_by_the_means() {
    let study = STUDY.replace("[confirm]\nseeds = 4\ntop = 2\n", "");
    let lab = lab(&study.replace("seed = 3", "seed = 3\nrepeat = 3\nworkers = 2"));
    let checked = lab.temper(&["check", "study.toml"]).ok().stdout;
    assert!(checked.contains("runs 3 times and counts by the mean"), "{checked}");
    let run = lab.temper(&["run", "study.toml"]).ok();
    assert!(run.stdout.contains("(mean of 3 runs, standard error "), "{}", run.stdout);
    let trials = trials(&lab);
    assert_eq!(trials.len(), 15);
    let repeats = origins(&trials, "repeat");
    assert_eq!(repeats.len(), 10);
    let shown = lab.show();
    let mut lowest = f64::INFINITY;
    for (id, trial) in trials.iter().filter(|(_, trial)| trial["origin"] != "repeat") {
        let own = repeats.iter().filter(|it| it["repeats"] == *id);
        let values: Vec<f64> =
            own.chain([trial]).map(|run| run["value"].as_f64().unwrap()).collect();
        let mean = values.iter().sum::<f64>() / 3.0;
        assert_eq!((values.len(), trial["runs"].as_u64()), (3, Some(3)), "{trial}");
        assert!((trial["mean"].as_f64().unwrap() - mean).abs() < 1e-9, "{trial}");
        lowest = lowest.min(mean);
    }
    assert!((shown["best"]["mean"].as_f64().unwrap() - lowest).abs() < 1e-9);
    let table = lab.temper(&["show", "study.toml"]).ok().stdout;
    assert!(table.contains("repeats  runs"), "{table}");
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn a_confirmation_that_is_killed_again_and_again_runs_nothing_twice_that_has_completed() {
    let whole = lab(STUDY);
    whole.temper(&["run", "study.toml"]).ok();
    let lab = lab(&STUDY.replace("seed = 3", "seed = 3\nworkers = 2"));
    lab.write("trial.sh", &format!("sleep 0.05\n{TRIAL}"));
    lab.temper(&["run", "study.toml", "--trials", "1"]).ok();
    let is_over = |lab: &Lab| lab.show()["confirmation"]["is_over"] == true;
    let mut kills = 0;
    loop {
        let before = trials(&lab);
        let mut runner = lab.start(&["resume", "study.toml", "--quiet"]);
        if kills == 12 {
            assert!(runner.wait().success());
            break;
        }
        thread::sleep(Duration::from_millis(60 + 35 * kills));
        runner.kill();
        for (id, trial) in before.iter().filter(|(_, trial)| trial["state"] == "completed") {
            assert_eq!(trials(&lab).get(id), Some(trial), "trial {id} was touched");
        }
        kills += 1;
    }
    assert!(is_over(&lab));
    let confirming = origins(&trials(&lab), "confirmation");
    let mut runs: Vec<String> =
        confirming.iter().map(|it| format!("{} {}", it["params"], it["seed"])).collect();
    let count = runs.len();
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), count);
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn repeats_of_the_trainer_have_seeds_of_their_own_whatever_the_file_fixes() {
    let lab = train_lab();
    let study = TRAIN.replace("trials = 2", "trials = 1\nrepeat = 3");
    lab.write("study.toml", &study.replace("max_steps = 4", "max_steps = 4\nseed = 5"));
    lab.temper(&["run", "study.toml", "--quiet"]).ok();
    let trials = trials(&lab);
    let mut values: Vec<String> = trials.values().map(|it| it["value"].to_string()).collect();
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 3, "{values:?}");
    let seed = |id: u64| {
        let config = lab.read(&format!("study.trials/{id:04}/config.toml"));
        config.parse::<toml::Table>().unwrap()["seed"].as_integer().unwrap()
    };
    assert_eq!(seed(0), 5);
    assert_eq!(Some(seed(1)), trials[&1]["seed"].as_i64());
}
