//! Studies in stages.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lab::Lab;
use crate::lab::trials::{assert_all_completed, trials};

const STUDY: &str = r#"[study]
metric = "loss"
trials = 12
seed = 3

[objective]
kind = "command"
command = ["sh", "trial.sh", "{x}", "{steps}"]

[space]
x = { type = "float", low = 0.0, high = 10.0, default = 9.0 }
kind = { type = "choice", values = ["a", "b"], default = "a" }

[[stage]]
name = "coarse"
trials = 5
strategy = { name = "sobol" }
space = { kind = "a" }
settings = { steps = 10 }

[[stage]]
name = "fine"
around = "best"
shrink = 0.2
settings = { steps = 100, max_steps = 7 }
"#;

const TRIAL: &str = r#"
echo "$1 $2 $TEMPER_SETTING_STEPS $TEMPER_MAX_STEPS" > "$TEMPER_TRIAL_DIR/given"
echo "{\"loss\": $(echo "$1 $2" | awk '{ print ($1 - 3) * ($1 - 3) + $2 }')}"
"#;

fn lab() -> Lab {
    let lab = Lab::with_study(STUDY);
    lab.write("trial.sh", TRIAL);
    lab
}

fn in_stage<'a>(trials: &'a BTreeMap<u64, Value>, stage: &str) -> Vec<&'a Value> {
    trials.values().filter(|trial| trial["stage"] == stage).collect()
}

#[test]
fn a_program_gets_the_settings_of_its_stage_and_the_table_says_which_it_is() {
    let lab = lab();
    let checked = lab.temper(&["check", "study.toml"]).ok().stdout;
    insta::assert_snapshot!(checked.split("first trial").nth(1).unwrap_or_default());
    let ran = lab.temper(&["run", "study.toml"]).ok();
    let begins: Vec<_> = ran.stderr.lines().filter(|line| line.starts_with("stage ")).collect();
    let wanted = [
        "stage coarse begins: sobol, with steps=10",
        "stage fine begins: auto, with max_steps=7 steps=100",
    ];
    assert_eq!(begins, wanted);
    let trials = assert_all_completed(&lab, 12);
    assert_eq!((in_stage(&trials, "coarse").len(), in_stage(&trials, "fine").len()), (5, 7));
    assert!(lab.read("study.trials/0001/given").ends_with(" 10 10 \n"));
    assert!(lab.read("study.trials/0007/given").ends_with(" 100 100 7\n"));
    // All losses of the first stage are lower, and none of them is the best.
    assert_eq!(lab.show()["best"]["stage"], "fine");
    let table = lab.temper(&["show", "study.toml"]).ok().stdout;
    let first = table.lines().nth(1).expect("it has rows");
    assert!(table.lines().next().is_some_and(|head| head.contains("stage")), "{table}");
    assert!(first.contains("fine"), "{table}");
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn a_study_that_is_killed_goes_on_in_its_stage() {
    let whole = lab();
    whole.temper(&["run", "study.toml"]).ok();
    let lab = lab();
    for wanted in [2, 5, 8] {
        let running = lab.start(&["run", "study.toml"]);
        crate::lab::wait_until("some trials are over", || {
            lab.path("study.db").exists()
                && lab.temper(&["show", "study.toml", "--json"]).code == Some(0)
                && crate::lab::trials::completed(&lab).len() >= wanted
        });
        running.kill();
    }
    lab.temper(&["resume", "study.toml"]).ok();
    let params = |lab: &Lab| -> Vec<Value> {
        trials(lab).values().map(|trial| trial["params"].clone()).collect()
    };
    assert_eq!(params(&lab), params(&whole));
    lab.temper(&["replay", "study.toml"]).ok();
}

#[test]
fn the_example_in_stages_runs_from_coarse_to_fine() {
    let example = include_str!("../../examples/coarse_to_fine.toml");
    let mut small = example.to_owned();
    for (from, to) in [
        (
            "data = [\"../crates/**/*.rs\", \"../xtask/**/*.rs\", \"../*.md\", \"../examples/*.toml\"]",
            "data = [\"*.txt\"]",
        ),
        ("trials = 22", "trials = 8"),
        ("trials = 9", "trials = 3"),
        ("trials = 8\naround", "trials = 3\naround"),
        ("max_steps = 400", "max_steps = 6"),
        ("max_steps = 60 ", "max_steps = 2 "),
        ("max_steps = 200", "max_steps = 4"),
        ("hidden_size = 64", "hidden_size = 16"),
        ("eval_tokens = 20_000", "eval_tokens = 500"),
    ] {
        assert!(small.contains(from), "`{from}` is not in the example");
        small = small.replacen(from, to, 1);
    }
    let lab = Lab::with_study(&small);
    lab.write("text.txt", &"to be or not to be, that is the question\n".repeat(200));
    let best = lab.temper(&["run", "study.toml"]).ok().stdout;
    assert!(best.contains("max_steps = 6"), "the best trial is one of the last stage: {best}");
    let trials = assert_all_completed(&lab, 8);
    let steps = |stage: &str| -> Vec<u64> {
        let last = |trial: &&Value| trial["reports"].as_array()?.last()?["step"].as_u64();
        in_stage(&trials, stage).iter().filter_map(last).collect()
    };
    assert_eq!(
        (steps("coarse"), steps("fine"), steps("local")),
        (vec![2; 3], vec![4; 3], vec![6; 2])
    );
    lab.temper(&["replay", "study.toml"]).ok();
}
